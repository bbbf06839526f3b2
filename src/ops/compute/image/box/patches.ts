/** Windows of images and volumes laid out along the channels. Source: array_ops.cc, extract_image_patches_op.cc, array_grad.py. */

import { float32, int64 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, OutOfRangeError, UnimplementedError, ValueError } from "../../../../core/error.ts";
import { type Dim, formatShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byName, type Rest } from "../../../options.ts";
import type { Named } from "../../array/basic/names.ts";
import { type Padding, slideAxis, staticOutput } from "../../nn/window.ts";

interface PatchAttrs {
  readonly ksizes: readonly number[];
  readonly strides: readonly number[];
  readonly rates?: readonly number[];
  readonly padding: string;
}

function checkCount(op: string, attr: string, list: readonly number[], count: number): void {
  if (list.length !== count) {
    throw new InvalidArgumentError(
      `${op} requires the ${attr} attribute to contain ${count} values, but got: ${list.length}`,
    );
  }
}

/** [batch, output sizes …, window size * channels]. */
function patchesShape(op: string, images: Shape, attrs: PatchAttrs, rank: number): Dim[] {
  const shape = withRank(images, rank);
  checkCount(op, "ksizes", attrs.ksizes, rank);
  checkCount(op, "strides", attrs.strides, rank);
  if (attrs.rates) checkCount(op, "rates", attrs.rates, rank);
  const spatial = shape.slice(1, -1).map((size, i) => {
    const [filter, rate] = [attrs.ksizes[i + 1]!, attrs.rates?.[i + 1] ?? 1];
    const slide = { stride: attrs.strides[i + 1]!, dilation: 1, padding: attrs.padding as Padding };
    return staticOutput(size!, filter + (filter - 1) * (rate - 1), slide);
  });
  const window = attrs.ksizes.reduce((a, b) => a * b, 1);
  const channels = shape.at(-1)!;
  return [shape[0]!, ...spatial, channels === null && window !== 0 ? null : (channels ?? 0) * window];
}

/** Throws what the kernels say about attrs that reach beyond space. */
function checkSpatial(name: string, list: readonly number[]): void {
  if (list[0] !== 1 || list.at(-1) !== 1) throw new UnimplementedError(`Only support ${name} across space.`);
  if (list.some((n) => n < 1)) throw new OutOfRangeError(`${name} is out of range.`);
}

function lowerPatches(p: Lowering, images: Value, attrs: PatchAttrs): Value {
  const rank = attrs.ksizes.length;
  if (images.shape.length !== rank)
    throw new InvalidArgumentError(`input must be ${rank}-dimensional${formatShape(images.shape)}`);
  checkSpatial("ksizes", attrs.ksizes);
  checkSpatial("strides", attrs.strides);
  if (attrs.rates) checkSpatial("rates", attrs.rates);
  const axes = Array.from({ length: rank - 2 }, (_, i) => {
    const slide = { stride: attrs.strides[i + 1]!, dilation: attrs.rates?.[i + 1] ?? 1 };
    return slideAxis(images.shape[i + 1]!, attrs.ksizes[i + 1]!, { ...slide, padding: attrs.padding as Padding });
  });

  const low = new Array<number>(rank).fill(0);
  const high = new Array<number>(rank).fill(0);
  const positions = axes.map(({ input, output, filter, stride, dilation, padBefore }, i) => {
    const reach = Math.max((output - 1) * stride + (filter - 1) * dilation + 1, 0);
    low[i + 1] = padBefore;
    high[i + 1] = Math.max(reach - padBefore - input, 0);
    return Array.from({ length: output * filter }, (_, k) => Math.floor(k / filter) * stride + (k % filter) * dilation);
  });
  let patches = low.some((n) => n > 0) || high.some((n) => n > 0) ? p.pad(images, low, high) : images;
  for (const [i, list] of positions.entries()) patches = p.gather(patches, p.list(list), { axis: i + 1 });

  const [batch, channels] = [images.shape[0]!, images.shape.at(-1)!];
  const windows = axes.map((_, i) => 2 + 2 * i);
  const split = p.reshape(patches, [batch, ...axes.flatMap(({ output, filter }) => [output, filter]), channels]);
  const last = 1 + 2 * axes.length;
  const ordered = p.transpose(split, [0, ...windows.map((w) => w - 1), ...windows, last]);
  const size = axes.reduce((n, { filter }) => n * filter, channels);
  return p.reshape(ordered, [batch, ...axes.map(({ output }) => output), size]);
}

/** patches: [batch, output height, output width, window height * window width * channels]; rates spread a window's rows and columns. */
export const extractImagePatchesOp = defineOp("ExtractImagePatches", {
  inputs: ["images: T"],
  outputs: ["patches: T"],
  attrs: [
    "ksizes: list(int) >= 4",
    "strides: list(int) >= 4",
    "rates: list(int) >= 4",
    "T: {bfloat16, half, float, double, int8, int16, int32, int64, uint8, uint16, uint32, uint64, complex64, complex128, bool}",
    "padding: {'SAME', 'VALID'}",
  ],
  shape: (op) => [patchesShape("ExtractImagePatches", op.images, op, 4)],
  lower: (p, op) => lowerPatches(p, op.images, op),
  gradient(tf, op, dy) {
    const { ksizes, strides, rates, padding } = op;
    const [batch, rows, columns, channels] = tf.unstack(tf.shape(op.images, { outType: int64 })) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const outputShape = tf.shape(op.patches, { outType: int64 });
    const [rowsOut, columnsOut] = tf.unstack(outputShape.at("1:3")) as [Tensor, Tensor];
    const count = rows.mul(columns);
    const numbers = tf.range(1, count.add(1), { dtype: float32 });
    const places = tf.reshape(numbers, [1, rows, columns, 1]);
    const taken = tf.cast(tf.extractImagePatchesOp({ images: places, ksizes, strides, rates, padding }), int64);
    const [, windowRows, windowColumns] = ksizes as [number, number, number];
    const split = tf.reshape(dy!, [batch, rowsOut, columnsOut, windowRows, windowColumns, channels]);
    const expanded = tf.transpose(split, [1, 2, 3, 4, 0, 5]);
    const flat = tf.reshape(expanded, [-1, batch.mul(channels)]);
    const segments = tf.reshape(taken, [-1]).sub(1);
    const sums = tf.unsortedSegmentSum(flat, segments, count);
    return { images: tf.transpose(tf.reshape(sums, [rows, columns, batch, channels]), [2, 0, 1, 3]) };
  },
});

/** patches: [batch, output planes, height, width, window size * channels]. */
export const extractVolumePatchesOp = defineOp("ExtractVolumePatches", {
  inputs: ["input: T"],
  outputs: ["patches: T"],
  attrs: ["ksizes: list(int) >= 5", "strides: list(int) >= 5", "T: realnumbertype", "padding: {'SAME', 'VALID'}"],
  shape: (op) => [patchesShape("ExtractVolumePatches", op.input, op, 5)],
  lower: (p, op) => lowerPatches(p, op.input, op),
  gradient(tf, op, dy) {
    const { ksizes, strides, padding } = op;
    const [, planes, rows, columns] = sizesOf(op.input);
    const inputShape = tf.shape(op.input);
    const batch = inputShape.at(0);
    const channels = inputShape.at(4);
    const inputs = 1 + planes * rows * columns;
    const places = tf.reshape(tf.range(1, inputs, { dtype: int64 }), [1, planes, rows, columns, 1]);
    const taken = tf.extractVolumePatchesOp({ input: places, ksizes, strides, padding });
    const [, planesOut, rowsOut, columnsOut] = sizesOf(op.patches);
    const [, a, b, c] = ksizes as [number, number, number, number];
    const window = a * b * c;
    const outputs = planesOut * rowsOut * columnsOut * window;
    const outputPlaces = tf.reshape(tf.range(outputs, null, { dtype: int64 }), [
      1,
      planesOut,
      rowsOut,
      columnsOut,
      window,
    ]);
    const pairs = tf.concat([tf.expandDims(taken, -1), tf.expandDims(outputPlaces, -1)], -1);
    const indices = tf.reshape(pairs, [-1, 2]);
    const ones = tf.ones([outputs], dy!.dtype);
    const full = new tf.SparseTensor({ indices, values: ones, denseShape: [inputs, outputs] });
    const matrix = tf.sparseSlice(full, [1, 0], [inputs - 1, outputs]);
    const split = tf.reshape(dy!, [batch, planesOut, rowsOut, columnsOut, a, b, c, channels]);
    const expanded = tf.transpose(split, [1, 2, 3, 4, 5, 6, 0, 7]);
    const flat = tf.reshape(expanded, [-1, batch.mul(channels)]);
    const sums = tf.sparseTensorDenseMatmul(matrix, flat);
    return { input: tf.transpose(tf.reshape(sums, [planes, rows, columns, batch, channels]), [3, 0, 1, 2, 4]) };
  },
});

/** The static sizes of a volume, which its gradient needs: ValueError without. */
function sizesOf(volume: Tensor): [number, number, number, number] {
  const { shape } = volume;
  if (!shape?.slice(1, 4).every((d) => d !== null))
    throw new ValueError(`The gradient of ExtractVolumePatches needs the planes, rows and columns of ${volume.name}`);
  return shape as unknown as [number, number, number, number];
}

export interface PatchOptions extends Named {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly rates: readonly number[];
  readonly padding: "SAME" | "VALID";
}

const extractImagePatchesPlaces = ["sizes", "strides", "rates", "padding", "name"] as const;

/** Windows of images [n, h, w, c], each laid out along the channels; sizes, strides and rates are [1, rows, columns, 1]. */
export const extractImagePatches = (
  images: TensorLike,
  ...rest: Rest<PatchOptions, typeof extractImagePatchesPlaces>
): Tensor => {
  const { sizes, name, ...attrs } = byName<PatchOptions>(rest, extractImagePatchesPlaces);
  return extractImagePatchesOp({ images, ksizes: sizes, ...attrs }, name);
};

export interface VolumePatchOptions extends Named {
  readonly ksizes: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "SAME" | "VALID";
}

const extractVolumePatchesPlaces = ["ksizes", "strides", "padding", "name"] as const;

/** Windows of volumes [n, d, h, w, c]; ksizes and strides are [1, planes, rows, columns, 1]. */
export const extractVolumePatches = (
  input: TensorLike,
  ...rest: Rest<VolumePatchOptions, typeof extractVolumePatchesPlaces>
): Tensor => {
  const { name, ...attrs } = byName<VolumePatchOptions>(rest, extractVolumePatchesPlaces);
  return extractVolumePatchesOp({ input, ...attrs }, name);
};
