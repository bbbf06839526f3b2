/**
 * Dilation without a dilated kernel: the image is cut into as many images as the dilation has phases, convolved, and put together.
 * Source: array_ops.py (required_space_to_batch_paddings), nn_ops.py (_WithSpaceToBatch).
 */

import { int32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { elementAt, NdArray } from "../../../../core/nd_array.ts";
import type { FullShape } from "../../../../core/shape.ts";
import { constantValue } from "../../../../graph/infer.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { type PaddingLike, paddingAttrs } from "../pool/options.ts";

const numbersOf = (tensor: Tensor): number[] | null => {
  const value = constantValue(tensor);
  return value && Array.from({ length: value.size }, (_, i) => Number(elementAt(value, i)));
};

const matrix = (rows: readonly (readonly number[])[]): NdArray =>
  new NdArray(int32, [rows.length, 2], Int32Array.from(rows.flat()));

type RequiredSpaceToBatchPaddingsOptions = { readonly basePaddings?: TensorLike | null } & Named;
const requiredSpaceToBatchPaddingsPlaces = ["basePaddings", "name"] as const;

/** Paddings and crops, [m, 2] each, that make every spatial size a multiple of the block. */
export const requiredSpaceToBatchPaddings = byKeyword(
  ["inputShape", "blockShape"],
  function requiredSpaceToBatchPaddings(
    inputShape: TensorLike,
    blockShape: TensorLike,
    ...rest: Rest<RequiredSpaceToBatchPaddingsOptions, typeof requiredSpaceToBatchPaddingsPlaces>
  ): [paddings: Tensor, crops: Tensor] {
    const options = byName<RequiredSpaceToBatchPaddingsOptions>(rest, requiredSpaceToBatchPaddingsPlaces);
    return inScope(options.name, "required_space_to_batch_paddings", () => {
      const sizes = convertToTensor(inputShape, { dtype: int32, name: "input_shape" });
      const block = convertToTensor(blockShape, { dtype: int32, name: "block_shape" });
      const m = block.shape?.[0];
      if (typeof m !== "number") throw new ValueError(`Shape ${block.shape} is not fully defined`);
      if (m === 0) return [tf.zeros([0, 2], int32), tf.zeros([0, 2], int32)];
      const base =
        options.basePaddings === undefined || options.basePaddings === null
          ? tf.zeros([m, 2], int32)
          : convertToTensor(options.basePaddings, { dtype: int32, name: "base_paddings" });
      const known = [numbersOf(sizes), numbersOf(block), numbersOf(base)];
      if (known.every((list) => list !== null)) {
        const [n, by, pads] = known as [number[], number[], number[]];
        const extra = n.map((size, i) => (by[i]! - ((size + pads[2 * i]! + pads[2 * i + 1]!) % by[i]!)) % by[i]!);
        const paddings = matrix(extra.map((more, i) => [pads[2 * i]!, pads[2 * i + 1]! + more]));
        const crops = matrix(extra.map((more) => [0, more]));
        return [convertToTensor(paddings, { name: "paddings" }), convertToTensor(crops, { name: "crops" })];
      }
      const start = base.at(":", 0);
      const oldEnd = base.at(":", 1);
      const full = sizes.add(start).add(oldEnd);
      const extra = block.sub(full.mod(block)).mod(block);
      const end = oldEnd.add(extra);
      const all = Array.from({ length: m }, (_, i) => i);
      const paddings = tf.stack(
        all.map((i) => [start.at(i), end.at(i)]),
        { name: "paddings" },
      );
      return [
        paddings,
        tf.stack(
          all.map((i) => [0, extra.at(i)]),
          { name: "crops" },
        ),
      ];
    });
  },
);

export interface SpaceToBatchOptions {
  readonly rate: readonly number[];
  readonly padding: PaddingLike;
  /** The filter's shape: numbers where it is known, else a tensor; asked for SAME padding alone. */
  readonly filterShape: () => Tensor;
  readonly dataFormat: string | null;
}

/** Runs `op` on the image, or where the rate is not 1 on its phases with VALID padding. */
export function withSpaceToBatch(
  input: Tensor,
  options: SpaceToBatchOptions,
  op: (x: Tensor, padding: PaddingLike) => Tensor,
): Tensor {
  const { rate, padding, dataFormat } = options;
  const block = convertToTensor([...rate], { dtype: int32, name: "dilation_rate" });
  const n = rate.length;
  if (rate.some((r) => r < 1))
    throw new ValueError(`\`dilation_rate\` must be positive. Received: dilation_rate=[${rate.join(" ")}]`);
  if (rate.every((r) => r === 1)) return op(input, padding);
  const isFirst = dataFormat?.startsWith("NC") ?? false;
  const spatial = rate.map((_, i) => i + (isFirst ? 2 : 1));
  const base = basePaddings(padding, rate, options.filterShape, isFirst);
  const known = input.shape && spatial.map((axis) => input.shape![axis] ?? null);
  const sizes: TensorLike = known?.every((d) => d !== null)
    ? (known as FullShape as number[])
    : dynamicSizes(input, spatial);
  const [paddings, crops] = requiredSpaceToBatchPaddings(sizes, block, { basePaddings: base });
  const from = spatial[0]!;
  const blocks = adjusted(block, 1, from, n);
  const x = tf.spaceToBatchNd(input, blocks, adjusted(paddings, 0, from, n));
  return tf.batchToSpaceNd(op(x, "VALID"), adjusted(block, 1, from, n), adjusted(crops, 0, from, n));
}

function dynamicSizes(input: Tensor, spatial: readonly number[]): Tensor {
  const shape = tf.shape(input);
  return tf.stack(spatial.map((axis) => shape.at(axis)));
}

function basePaddings(
  padding: PaddingLike,
  rate: readonly number[],
  filterShape: () => Tensor,
  isFirst: boolean,
): TensorLike {
  const { padding: kind, explicit_paddings } = paddingAttrs(padding, rate.length + 2);
  if (kind === "VALID") return matrix(rate.map(() => [0, 0]));
  if (kind === "EXPLICIT") {
    const pairs = Array.from({ length: rate.length + 2 }, (_, i) => explicit_paddings.slice(2 * i, 2 * i + 2));
    return matrix(isFirst ? pairs.slice(2) : pairs.slice(1, -1));
  }
  const filter = filterShape();
  const sizes = numbersOf(filter);
  if (sizes) {
    const pairs = rate.map((r, i) => {
      const extra = (sizes[i]! - 1) * r;
      return [Math.floor(extra / 2), extra - Math.floor(extra / 2)];
    });
    return tf.stack(pairs);
  }
  const extra = filter
    .at(`:${rate.length}`)
    .sub(1)
    .mul([...rate]);
  const start = extra.floordiv(2);
  const end = extra.sub(start);
  return tf.stack(rate.map((_, i) => [start.at(i), end.at(i)]));
}

/** Rows for the axes before the spatial ones, where there are any between batch and them. */
function adjusted(rows: Tensor, fill: number, from: number, n: number): TensorLike {
  const value = constantValue(rows);
  const width = rows.shape!.length === 2 ? 2 : 1;
  if (value) {
    const data = Int32Array.from([
      ...new Array<number>((from - 1) * width).fill(fill),
      ...Array.from(value.data as Int32Array),
    ]);
    return new NdArray(int32, width === 2 ? [from - 1 + n, 2] : [from - 1 + n], data);
  }
  const before = new Array(from - 1).fill(width === 2 ? [fill, fill] : fill) as TensorLike[];
  const own = rows.at(`0:${n}`);
  return tf.concat(before.length ? [before, own] : [own], 0);
}
