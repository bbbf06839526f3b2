/** Pooling with ratios that are no whole numbers. Source: nn_ops.cc, fractional_max_pool_op.cc, fractional_avg_pool_op.cc, nn_grad.py. */
import { int64 } from "../../../../core/dtype.ts";
import { invalidArgument, UnimplementedError } from "../../../../core/error.ts";
import { type NdArray, setElement } from "../../../../core/nd_array.ts";
import * as philox from "../../../../core/philox.ts";
import { elementCount, type FullShape, formatShape, type Shape, sameShape, withRank } from "../../../../core/shape.ts";
import type { ComputeContext, InferredShapes } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byName, type Rest } from "../../../options.ts";
import { rounder } from "../../../rounding.ts";
import { emptyArray, integerArray, toNumbers } from "../../array/basic/elements.ts";
import type { Named } from "../../array/basic/names.ts";
import { takeBlocks } from "../../random/source.ts";
import { poolingSequence } from "./pooling_sequence.ts";

const outputs = ["output: T", "row_pooling_sequence: int64", "col_pooling_sequence: int64"] as const;
const attrs = [
  "pooling_ratio: list(float) >= 4",
  "pseudo_random: bool = false",
  "overlapping: bool = false",
  "deterministic: bool = false",
  "seed: int = 0",
  "seed2: int = 0",
  "T: {float, double, int32, int64}",
] as const;

interface Attrs {
  readonly pooling_ratio: readonly number[];
  readonly pseudo_random: boolean;
  readonly overlapping: boolean;
  readonly deterministic: boolean;
  readonly seed: number | bigint;
  readonly seed2: number | bigint;
}

function shapes(value: Shape, { pooling_ratio: ratios }: Attrs): InferredShapes {
  const input = withRank(value, 4);
  if (ratios.length !== 4) throw invalidArgument("pooling_ratio field must specify 4 dimensions");
  for (const ratio of ratios)
    if (ratio < 1) throw invalidArgument(`pooling_ratio cannot be smaller than 1, got: ${ratio}`);
  const output = input.map((d, i) => (d === null ? null : Math.floor(d / ratios[i]!)));
  // The sequences are one longer; TensorFlow infers this.
  return [output, [output[1]!], [output[2]!]];
}

/** The rows and columns of each cell, by the places where cells begin. */
interface Cells {
  readonly input: FullShape;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly overlapping: boolean;
}

/** Calls `visit(output, positions)` for each cell and channel: positions of elements of the input. */
function forEachCell(
  { input, rows, columns, overlapping }: Cells,
  visit: (output: number, positions: readonly number[]) => void,
): void {
  const [batch, height, width, depth] = input as readonly [number, number, number, number];
  const end = (places: readonly number[], i: number, size: number): number =>
    Math.min(places[i + 1]! + (overlapping ? 1 : 0), size);
  let output = 0;
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < rows.length - 1; i++) {
      for (let j = 0; j < columns.length - 1; j++) {
        const pixels: number[] = [];
        for (let r = rows[i]!; r < end(rows, i, height); r++) {
          for (let c = columns[j]!; c < end(columns, j, width); c++) pixels.push((b * height + r) * width + c);
        }
        for (let d = 0; d < depth; d++)
          visit(
            output++,
            pixels.map((pixel) => pixel * depth + d),
          );
      }
    }
  }
}

/** Draws the cells, and pools them. */
function pool(
  value: NdArray,
  op: Attrs,
  words: string,
  context: ComputeContext,
  pooled: (values: ArrayLike<number>, positions: readonly number[]) => number,
): NdArray[] {
  const { pooling_ratio: ratios, deterministic, seed, seed2 } = op;
  if (ratios[0] !== 1 || ratios[3] !== 1)
    throw new UnimplementedError(
      `Fractional ${words} pooling is not yet supported on the batch nor channel dimension.`,
    );
  const isSeeded = Number(seed) !== 0 || Number(seed2) !== 0;
  if (!deterministic && isSeeded) throw invalidArgument("Both seed and seed2 should be 0 if deterministic is false.");
  const { shape, dtype } = value;
  if (shape.length !== 4) throw invalidArgument("tensor_in must be 4-dimensional");
  for (const [i, d] of shape.entries()) {
    if (d < ratios[i]!) {
      throw invalidArgument(
        `Pooling ratio is higher than input dimension size for dimension ${i}. Input dim size: ${d} pooling ratio: ${ratios[i]}`,
      );
    }
  }
  const blocks = Math.ceil(shape[1]! / 4) + Math.ceil(shape[2]! / 4);
  const state = isSeeded ? philox.philoxState(seed, seed2) : takeBlocks(context, deterministic ? 0 : blocks);
  const [rows, columns] = [1, 2].map((axis) =>
    poolingSequence(shape[axis]!, Math.floor(shape[axis]! / ratios[axis]!), state, op.pseudo_random),
  ) as [number[], number[]];
  const output = emptyArray(dtype, [shape[0]!, rows.length - 1, columns.length - 1, shape[3]!]);
  const values = toNumbers(value);
  forEachCell({ input: shape, rows, columns, overlapping: op.overlapping }, (at, positions) =>
    setElement(dtype, output.data, at, pooled(values, positions)),
  );
  return [output, integerArray(int64, rows), integerArray(int64, columns)];
}

const maximumAt = (values: ArrayLike<number>, positions: readonly number[]): number => {
  let best = positions[0]!;
  for (const position of positions) if (values[position]! > values[best]!) best = position;
  return best;
};

/** output [batch, rows, columns, depth] = the maxima of cells of the image, and where the cells begin and end. */
export const fractionalMaxPoolOp = defineOp("FractionalMaxPool", {
  inputs: ["value: T"],
  outputs,
  attrs,
  shape: (op) => shapes(op.value, op),
  compute: (op, context) =>
    pool(op.value, op, "max", context, (values, positions) => values[maximumAt(values, positions)]!),
  gradient: (tf, { value, output, row_pooling_sequence, col_pooling_sequence, overlapping }, dy) => ({
    value: tf.fractionalMaxPoolGradOp({
      orig_input: value,
      orig_output: output,
      out_backprop: dy!,
      row_pooling_sequence,
      col_pooling_sequence,
      overlapping,
    }),
  }),
});

/** output = out_backprop at the maxima of the cells; of orig_input's shape. */
export const fractionalMaxPoolGradOp = defineOp("FractionalMaxPoolGrad", {
  inputs: [
    "orig_input: T",
    "orig_output: T",
    "out_backprop: T",
    "row_pooling_sequence: int64",
    "col_pooling_sequence: int64",
  ],
  outputs: ["output: T"],
  attrs: ["overlapping: bool = false", "T: {float, double, int32, int64}"],
  shape: ({ orig_input }): [Shape] => [withRank(orig_input, 4)],
  compute({ orig_input, orig_output, out_backprop, row_pooling_sequence, col_pooling_sequence, overlapping }) {
    for (const [name, array] of Object.entries({ orig_input, orig_output })) {
      if (array.shape.length !== 4)
        throw invalidArgument(`${name} should be a tensor of rank 4, got ${formatShape(array.shape)}`);
    }
    for (const [name, array] of Object.entries({ row_pooling_sequence, col_pooling_sequence })) {
      if (array.shape.length !== 1)
        throw invalidArgument(`${name} must be a vector, received shape ${formatShape(array.shape)}`);
    }
    const { shape, dtype } = orig_input;
    const [rows, columns] = [row_pooling_sequence, col_pooling_sequence].map((places) =>
      Array.from(toNumbers(places)),
    ) as [number[], number[]];
    const pooledShape = [shape[0]!, rows.length - 1, columns.length - 1, shape[3]!];
    const isSame =
      sameShape(orig_output.shape, pooledShape) &&
      sameShape(out_backprop.shape, pooledShape) &&
      [...rows, ...columns].every((n) => n >= 0);
    if (!isSame) throw invalidArgument("tensor_out_dup is not the same as tensor_out");
    const [values, pooled, gradients] = [toNumbers(orig_input), toNumbers(orig_output), toNumbers(out_backprop)];
    const [sums, rounded] = [new Float64Array(elementCount(shape)), rounder(dtype)];
    forEachCell({ input: shape, rows, columns, overlapping }, (at, positions) => {
      const best = maximumAt(values, positions);
      if (!(values[best] === pooled[at])) throw invalidArgument("tensor_out_dup is not the same as tensor_out");
      sums[best] = rounded(sums[best]! + gradients[at]!);
    });
    const result = emptyArray(dtype, shape);
    for (let i = 0; i < sums.length; i++) setElement(dtype, result.data, i, sums[i]);
    return result;
  },
  gradient: "unregistered",
});

/** output [batch, rows, columns, depth] = the means of cells of the image, and where the cells begin and end. */
export const fractionalAvgPoolOp = defineOp("FractionalAvgPool", {
  inputs: ["value: T"],
  outputs,
  attrs,
  shape: (op) => shapes(op.value, op),
  compute(op, context) {
    const rounded = rounder(op.value.dtype);
    return pool(op.value, op, "average", context, (values, positions) => {
      let sum = 0;
      for (const position of positions) sum = rounded(sum + values[position]!);
      const mean = sum / positions.length;
      return op.value.dtype.isInteger ? Math.trunc(mean) : mean;
    });
  },
  gradient: (tf, { value, row_pooling_sequence, col_pooling_sequence, overlapping }, dy) => ({
    value: tf.fractionalAvgPoolGradOp({
      orig_input_tensor_shape: tf.shape(value, { outType: int64 }),
      out_backprop: dy!,
      row_pooling_sequence,
      col_pooling_sequence,
      overlapping,
    }),
  }),
});

/** output = out_backprop spread evenly over each cell; of the shape that is given. */
export const fractionalAvgPoolGradOp = defineOp("FractionalAvgPoolGrad", {
  inputs: [
    "orig_input_tensor_shape: int64",
    "out_backprop: T",
    "row_pooling_sequence: int64",
    "col_pooling_sequence: int64",
  ],
  outputs: ["output: T"],
  attrs: ["overlapping: bool = false", "T: {float, double, int32, int64}"],
  shape({ orig_input_tensor_shape: given }, context): [Shape] {
    withRank(given, 1);
    const known = context.value("orig_input_tensor_shape");
    return [known ? Array.from(toNumbers(known)) : [null, null, null, null]];
  },
  compute({ orig_input_tensor_shape: given, out_backprop, row_pooling_sequence, col_pooling_sequence, overlapping }) {
    if (given.shape.length !== 1 || given.size !== 4)
      throw invalidArgument("original input tensor shape must be1-dimensional and 4 elements");
    if (out_backprop.shape.length !== 4) throw invalidArgument("out_backprop must be 4-dimensional");
    const shape = Array.from(toNumbers(given));
    const [rows, columns] = (
      [
        ["row", "Row", row_pooling_sequence],
        ["col", "Column", col_pooling_sequence],
      ] as const
    ).map(([short, long, places], i) => {
      const wanted = out_backprop.shape[i + 1]! + 1;
      const list = Array.from(toNumbers(places));
      if (list.length < wanted) {
        throw invalidArgument(
          `Given out_backprop shape ${formatShape(out_backprop.shape)}, ${short}_seq_tensor must have at least ${wanted} elements, but got ${list.length}`,
        );
      }
      if (list.some((n) => n < 0))
        throw invalidArgument(
          `${long} sequence tensor values must not be negative, got ${list.map((n) => String(n).padStart(2)).join(" ")}`,
        );
      return list.slice(0, wanted);
    }) as [number[], number[]];
    for (const [axis, word] of [
      [1, "Rows"],
      [2, "Columns"],
    ] as const)
      if (shape[axis] === 0) throw invalidArgument(`${word} dimension of input must not be 0`);
    const gradients = toNumbers(out_backprop);
    const sums = new Float64Array(elementCount(shape));
    forEachCell({ input: shape, rows, columns, overlapping }, (at, positions) => {
      for (const position of positions) sums[position] = sums[position]! + gradients[at]! / positions.length;
    });
    const { dtype } = out_backprop;
    const result = emptyArray(dtype, shape);
    for (let i = 0; i < sums.length; i++)
      setElement(dtype, result.data, i, dtype.isInteger ? Math.trunc(sums[i]!) : sums[i]);
    return result;
  },
  gradient: "unregistered",
});

export interface FractionalPoolOptions extends Named {
  /** For each axis, at least 1; 1 for the batch and the channels. */
  readonly poolingRatio: readonly number[];
  readonly pseudoRandom?: boolean;
  readonly overlapping?: boolean;
  readonly deterministic?: boolean;
  readonly seed?: number;
  readonly seed2?: number;
}

const fractionalPlaces = [
  "poolingRatio",
  "pseudoRandom",
  "overlapping",
  "deterministic",
  "seed",
  "seed2",
  "name",
] as const;

export interface FractionalPool {
  readonly output: Tensor;
  readonly rowPoolingSequence: Tensor;
  readonly colPoolingSequence: Tensor;
}

const publicPool =
  (op: typeof fractionalMaxPoolOp | typeof fractionalAvgPoolOp) =>
  (value: TensorLike, ...rest: Rest<FractionalPoolOptions, typeof fractionalPlaces>): FractionalPool => {
    const options = byName<FractionalPoolOptions>(rest, fractionalPlaces);
    const {
      poolingRatio,
      pseudoRandom = false,
      overlapping = false,
      deterministic = false,
      seed = 0,
      seed2 = 0,
      name,
    } = options;
    const found = op(
      { value, pooling_ratio: poolingRatio, pseudo_random: pseudoRandom, overlapping, deterministic, seed, seed2 },
      name,
    );
    return {
      output: found.output,
      rowPoolingSequence: found.row_pooling_sequence,
      colPoolingSequence: found.col_pooling_sequence,
    };
  };

/** Maxima over cells of random sizes. Source: nn_ops.py. */
export const fractionalMaxPool = publicPool(fractionalMaxPoolOp);
/** Means over cells of random sizes. Source: nn_ops.py. */
export const fractionalAvgPool = publicPool(fractionalAvgPoolOp);
