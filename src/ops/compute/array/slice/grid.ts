/** Compositions of the ops beside: grids, repeats, masks of lengths. Source: array_ops.py. */
import { bool, type DType, int32 } from "../../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../../core/error.ts";
import { compatibleDims, elementCount, formatShape, isFull } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { ones } from "../basic/fill.ts";
import { inScope, type Named } from "../basic/names.ts";
import { expandDims, reshape } from "../basic/reshape.ts";
import { rank as rankOf, shape as shapeOf, size } from "../basic/shape.ts";
import { concat } from "../join/concat.ts";
import { stack } from "../join/pack.ts";
import { booleanMask } from "../lookup/where.ts";
import { allAxes } from "../order/transpose.ts";
import { broadcastTo, tile } from "./tile.ts";

export interface MeshgridOptions extends Named {
  /** "xy": the first two axes are exchanged, as in a picture; "ij": as in a matrix. */
  readonly indexing?: "xy" | "ij";
}

const isOptions = (value: unknown): value is MeshgridOptions =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Vectors as arguments, as Python has them, or as one list. */
function vectorsOf(given: readonly (TensorLike | readonly TensorLike[] | MeshgridOptions)[]): readonly TensorLike[] {
  const values = given.filter((value) => !isOptions(value)) as TensorLike[];
  const [list] = values;
  const isVector = (value: unknown): boolean => typeof value === "object" && value !== null;
  return values.length === 1 && Array.isArray(list) && list.every(isVector) ? (list as TensorLike[]) : values;
}

/**
 * Coordinates of a grid: for vectors x, y, … one tensor each, of the grid's shape. `tf.meshgrid(x, y, { indexing: "ij" })`, or the vectors
 * as one list.
 */
export function meshgrid(...given: readonly (TensorLike | readonly TensorLike[] | MeshgridOptions)[]): Tensor[] {
  const vectors = vectorsOf(given);
  const last = given.at(-1);
  const { indexing = "xy", name } = isOptions(last) ? last : {};
  if (indexing !== "xy" && indexing !== "ij")
    throw new ValueError(`Argument \`indexing\` parameter must be either 'xy' or 'ij', got '${indexing}'`);
  return inScope(name, "meshgrid", () => {
    const n = vectors.length;
    if (n === 0) return [];
    const along = (i: number): number[] => Array.from({ length: n }, (_, d) => (d === i ? -1 : 1));
    const columns = vectors.map((x, i) => reshape(stack(x), along(i)));
    const sizes = vectors.map((x) => size(x));
    const { dtype } = convertToTensor(vectors[0]!);
    if (indexing === "xy" && n > 1) {
      columns[0] = reshape(columns[0]!, along(1));
      columns[1] = reshape(columns[1]!, along(0));
      [sizes[0], sizes[1]] = [sizes[1]!, sizes[0]!];
    }
    const full = ones(sizes, dtype.baseDtype);
    return columns.map((x) => ops.multiply(x, full, { name: "mul" }));
  });
}

type SequenceMaskOptions = { readonly maxlen?: TensorLike | null; readonly dtype?: DType | null } & Named;
const sequenceMaskPlaces = ["maxlen", "dtype", "name"] as const;

/** mask[…, j] = j < lengths[…], with `maxlen` columns: the greatest length by default. */
export function sequenceMask(
  lengths: TensorLike,
  ...rest: Rest<SequenceMaskOptions, typeof sequenceMaskPlaces>
): Tensor {
  const { maxlen = null, dtype = bool, name } = byName<SequenceMaskOptions>(rest, sequenceMaskPlaces);
  return inScope(name, "SequenceMask", () => {
    const counts = convertToTensor(lengths);
    let limit: Tensor;
    if (maxlen === null) {
      const most = ops.maxOp({ input: counts, reduction_indices: allAxes(counts) });
      limit = ops.maximum(constant(0, { dtype: most.dtype.baseDtype }), most);
    } else limit = convertToTensor(maxlen);
    if (limit.shape !== null && limit.shape.length !== 0) {
      throw new ValueError(
        `Argument \`maxlen\` must be scalar for sequence_mask, received \`maxlen\` = ${limit} with shape '${formatShape(limit.shape)}' instead`,
      );
    }
    const start = constant(0, { dtype: limit.dtype.baseDtype });
    const row = ops.rangeOp({ start, limit, delta: constant(1, { dtype: limit.dtype.baseDtype }) });
    const column = ops.castOp({ x: expandDims(counts, -1), DstT: limit.dtype.baseDtype });
    const result = ops.less(row, column);
    return dtype === null || dtype.baseDtype.isBool ? result : ops.castOp({ x: result, DstT: dtype });
  });
}

type RepeatOptions = { readonly axis?: number | null } & Named;
const repeatPlaces = ["axis", "name"] as const;

/** Each entry along the axis repeated: all the same number of times, or each as often as `repeats` says. Without an axis, elements of the flat tensor. */
export const repeat = byKeyword(
  ["input", "repeats"],
  function repeat(input: TensorLike, repeats: TensorLike, ...rest: Rest<RepeatOptions, typeof repeatPlaces>): Tensor {
    const options = byName<RepeatOptions>(rest, repeatPlaces);
    const { axis = null, name } = options;
    if (axis === null) return repeatAlong(reshape(input, [-1]), repeats, 0, name);
    return repeatAlong(input, repeats, axis, name);
  },
);

function intTensor(value: TensorLike, name: string): Tensor {
  const tensor = convertToTensor(value, { name, preferredDtype: int32 });
  if (!tensor.dtype.isInteger) {
    throw new TypeError(
      `Argument \`tensor\` (name: ${name}) must be of type integer. Received \`tensor\` = ${tensor} of dtype: ${tensor.dtype}`,
    );
  }
  return ops.castOp({ x: tensor, DstT: int32 });
}

function tileAxis(x: Tensor, axis: number, times: Tensor): Tensor {
  if (x.shape !== null)
    return tile(
      x,
      x.shape.map((_, d) => (d === axis ? times : 1)),
    );
  const all = ones(rankOf(x), int32);
  return tile(x, concat([all.at({ stop: axis }), [times], all.at({ start: axis + 1 })], 0));
}

function positiveAxis(axis: number, rank: number | undefined): number {
  if (rank !== undefined) {
    if (axis >= 0 && axis < rank) return axis;
    if (axis >= -rank && axis < 0) return axis + rank;
    throw new ValueError(`axis=${axis} out of bounds: expected ${-rank}<=axis<${rank}`);
  }
  if (axis < 0) throw new ValueError(`axis=${axis} may only be negative if rank(data) is statically known.`);
  return axis;
}

/** The data as it is, a scalar as a vector of one. */
function withAnAxis(data: Tensor): Tensor {
  if (data.shape !== null) return data.shape.length === 0 ? stack([data]) : data;
  const shape = shapeOf(data);
  const rank = rankOf(data);
  const widened = concat([[1], shape], 0);
  return reshape(data, widened.at({ start: ops.negative(rank, { name: "Neg" }) }));
}

function repeatAlong(input: TensorLike, repeats: TensorLike, axisGiven: number, name: string | undefined): Tensor {
  return inScope(name, "Repeat", () => {
    const given = convertToTensor(input, { name: "data" });
    let times = intTensor(repeats, "repeats");
    const data = withAnAxis(given);
    const shape = shapeOf(data, { outType: int32 });
    const axis = positiveAxis(axisGiven, data.shape?.length);
    if (times.shape !== null && isFull(times.shape) && elementCount(times.shape) === 1) {
      times = reshape(times, []);
      const tiled = tileAxis(expandDims(data, axis + 1), axis + 1, times);
      const before = shape.at({ stop: axis });
      const total = ops.multiply(times, shape.at(axis), { name: "mul" });
      return reshape(tiled, concat([before, [total], shape.at({ start: axis + 1 })], 0));
    }
    if (times.shape?.length === 1 && data.shape && !compatibleDims(data.shape[axis]!, times.shape[0]!)) {
      throw new ValueError(`Dimensions ${data.shape[axis]} and ${times.shape[0]} are not compatible`);
    }
    times = broadcastTo(times, [shape.at(axis)]);
    const original = times;
    if (times.shape?.length !== axis + 1) {
      const own = shapeOf(times);
      const rank = rankOf(times);
      const stop = ops.subtract(axis + 1, rank, { name: "sub" });
      times = broadcastTo(times, concat([shape.at({ stop }), own], 0));
      times.setShape(new Array(axis + 1).fill(null));
    }
    const most = ops.maxOp({ input: times, reduction_indices: allAxes(times) });
    const limit = ops.maximum(convertToTensor(0, { name: "zero", dtype: int32 }), most);
    const mask = sequenceMask(times, limit);
    const kept = booleanMask(tileAxis(expandDims(data, axis + 1), axis + 1, limit), mask);
    if (axis === 0) return withAxisUnknown(kept, data, axis);
    const total = ops.sumOp({
      input: original,
      reduction_indices: ops.rangeOp({ start: 0, limit: rankOf(original), delta: 1 }),
    });
    const result = reshape(kept, concat([shape.at({ stop: axis }), [total], shape.at({ start: axis + 1 })], 0));
    return withAxisUnknown(result, data, axis);
  });
}

function withAxisUnknown(result: Tensor, data: Tensor, axis: number): Tensor {
  if (data.shape) result.setShape(data.shape.map((d, i) => (i === axis ? null : d)));
  return result;
}
