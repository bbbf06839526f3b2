/** Moving blocks between space and batch or depth: SpaceToBatch(ND), BatchToSpace(ND), SpaceToDepth, DepthToSpace. */

import { int64 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { type Dim, type FullShape, type Shape, withRank, withRankAtLeast } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { type Name, type Named, nameOf } from "../basic/names.ts";
import { divided, numbersFromInput } from "../basic/shape_input.ts";

const product = (values: readonly number[]): number => values.reduce((n, d) => n * d, 1);

/** Source: array_ops.cc, SpaceToBatchShapeHelper. */
function toBatchShape(
  input: Shape,
  block: readonly number[] | null,
  paddings: readonly number[] | null,
  blockShape: Shape,
): Shape[] {
  const count = block?.length ?? blockShape?.[0];
  if (count === undefined || count === null) return [input === null ? null : new Array<Dim>(input.length).fill(null)];
  withRankAtLeast(input, count + 1);
  if (input === null) return [null];
  if (!block) return [input.map((n, i) => (i > count ? n : null))];
  if (block.some((n) => n < 1)) throw invalidArgument("block_shape must be positive");
  return [
    input.map((n, i) => {
      if (n === null) return null;
      if (i === 0) return n * product(block);
      if (i > count) return n;
      if (!paddings) return null;
      const [low, high] = [paddings[2 * i - 2]!, paddings[2 * i - 1]!];
      if (low < 0 || high < 0) throw invalidArgument("paddings cannot be negative");
      return divided(n + low + high, block[i - 1]!);
    }),
  ];
}

/** Source: array_ops.cc, BatchToSpaceShapeHelper. */
function toSpaceShape(
  input: Shape,
  block: readonly number[] | null,
  crops: readonly number[] | null,
  blockShape: Shape,
): Shape[] {
  const count = block?.length ?? blockShape?.[0];
  if (count === undefined || count === null) return [input === null ? null : new Array<Dim>(input.length).fill(null)];
  withRankAtLeast(input, count + 1);
  if (input === null) return [null];
  if (!block) return [input.map((n, i) => (i > count ? n : null))];
  if (block.some((n) => n < 1)) throw invalidArgument("block_shape must be positive");
  return [
    input.map((n, i) => {
      if (n === null) return null;
      if (i === 0) return divided(n, product(block));
      if (i > count) return n;
      if (!crops) return null;
      const [low, high] = [crops[2 * i - 2]!, crops[2 * i - 1]!];
      if (low < 0 || high < 0) throw invalidArgument("crops cannot be negative");
      const size = n * block[i - 1]! - low - high;
      if (size < 0)
        throw invalidArgument(`Negative dimension size caused by subtracting ${low + high} from ${n * block[i - 1]!}`);
      return size;
    }),
  ];
}

function checkBlock(x: Value, block: readonly number[], amounts: readonly number[], what: string): void {
  const count = block.length;
  if (x.shape.length < count + 1)
    throw new InvalidArgumentError(`input rank should be >= ${count + 1} instead of ${x.shape.length}`);
  if (amounts.length !== 2 * count)
    throw new InvalidArgumentError(`${what} should have shape [${count}, 2] instead of [${amounts.length / 2},2]`);
  for (const n of block)
    if (n < 1)
      throw new InvalidArgumentError(
        `All values in block_shape must be positive, got value, ${n} at index ${block.indexOf(n)}.`,
      );
  if (amounts.some((n) => n < 0)) throw new InvalidArgumentError(`All ${what} must be non-negative`);
}

/** [n, h, w, …] padded and cut in blocks: block entries go to the front of the batch. Source: spacetobatch_op.cc. */
function spaceToBatchLowered(p: Lowering, input: Value, block: readonly number[], paddings: readonly number[]): Value {
  checkBlock(input, block, paddings, "paddings");
  const count = block.length;
  const pads = (k: 0 | 1) => input.shape.map((_, i) => (i > 0 && i <= count ? paddings[2 * (i - 1) + k]! : 0));
  const x = p.pad(input, pads(0), pads(1));
  const batch = x.shape[0]!;
  const rest = x.shape.slice(count + 1);
  const cut: number[] = [];
  for (let i = 0; i < count; i++) {
    const n = x.shape[i + 1]!;
    if (n % block[i]! !== 0)
      throw new InvalidArgumentError(`padded_shape[${i}]=${n} is not divisible by block_shape[${i}]=${block[i]}`);
    cut.push(n / block[i]!);
  }
  const split = p.reshape(x, [batch, ...cut.flatMap((n, i) => [n, block[i]!]), ...rest]);
  const blocks = cut.map((_, i) => 2 + 2 * i);
  const cells = cut.map((_, i) => 1 + 2 * i);
  const tail = rest.map((_, i) => 1 + 2 * count + i);
  return p.reshape(p.transpose(split, [...blocks, 0, ...cells, ...tail]), [batch * product(block), ...cut, ...rest]);
}

function batchToSpaceLowered(p: Lowering, input: Value, block: readonly number[], crops: readonly number[]): Value {
  checkBlock(input, block, crops, "crops");
  const count = block.length;
  const total = input.shape[0]!;
  if (total % product(block) !== 0) {
    throw new InvalidArgumentError(
      `Input batch dimension (${total}) is not divisible by product of block sizes (${product(block)})`,
    );
  }
  const batch = total / product(block);
  const space = input.shape.slice(1, count + 1);
  const rest = input.shape.slice(count + 1);
  const split = p.reshape(input, [...block, batch, ...space, ...rest]);
  const woven = space.flatMap((_, i) => [count + 1 + i, i]);
  const tail = rest.map((_, i) => 2 * count + 1 + i);
  const whole = [batch, ...space.map((n, i) => n * block[i]!), ...rest];
  const x = p.reshape(p.transpose(split, [count, ...woven, ...tail]), whole);
  const begin = whole.map((_, i) => (i > 0 && i <= count ? crops[2 * (i - 1)]! : 0));
  const size = whole.map((n, i) => (i > 0 && i <= count ? n - crops[2 * (i - 1)]! - crops[2 * (i - 1) + 1]! : n));
  const bad = size.findIndex((n) => n < 0);
  if (bad >= 0) throw new InvalidArgumentError(`cropped_shape[${bad - 1}]=${size[bad]} must be non-negative`);
  return p.slice(x, begin, size);
}

const pair = (size: number): number[] => [size, size];

/** Source: array_ops.cc, spacetobatch_op.cc, array_grad.py. */
export const spaceToBatchOp = defineOp("SpaceToBatch", {
  inputs: ["input: T", "paddings: Tpaddings"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tpaddings: {int32, int64} = DT_INT32", "block_size: int >= 2"],
  shape: ({ input, block_size }, context) =>
    toBatchShape(withRank(input, 4), pair(block_size), numbersFromInput(context, "paddings"), [2]),
  lower: (p, { input, paddings, block_size }) => spaceToBatchLowered(p, input, pair(block_size), p.numbers(paddings)),
  gradient: (tf, { paddings, block_size }, dy) => ({ input: tf.batchToSpace(dy!, paddings, block_size) }),
});

/** output[(block, n), h, w, …] = padded input[n, h * block + …]; block_shape: [m], paddings: [m, 2]. */
export const spaceToBatchNDOp = defineOp("SpaceToBatchND", {
  inputs: ["input: T", "block_shape: Tblock_shape", "paddings: Tpaddings"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tblock_shape: {int32, int64} = DT_INT32", "Tpaddings: {int32, int64} = DT_INT32"],
  shape: ({ input, block_shape }, context) =>
    toBatchShape(input, numbersFromInput(context, "block_shape"), numbersFromInput(context, "paddings"), block_shape),
  lower: (p, { input, block_shape, paddings }) =>
    spaceToBatchLowered(p, input, p.numbers(block_shape), p.numbers(paddings)),
  gradient: (tf, { block_shape, paddings }, dy) => ({ input: tf.batchToSpaceNd(dy!, block_shape, paddings) }),
});

export const batchToSpaceOp = defineOp("BatchToSpace", {
  inputs: ["input: T", "crops: Tidx"],
  outputs: ["output: T"],
  attrs: ["T: type", "block_size: int >= 2", "Tidx: {int32, int64} = DT_INT32"],
  shape: ({ input, block_size }, context) =>
    toSpaceShape(withRank(input, 4), pair(block_size), numbersFromInput(context, "crops"), [2]),
  lower: (p, { input, crops, block_size }) => batchToSpaceLowered(p, input, pair(block_size), p.numbers(crops)),
  gradient: (tf, { crops, block_size }, dy) => ({ input: tf.spaceToBatch(dy!, crops, block_size) }),
});

/** The inverse of SpaceToBatchND: blocks of the batch woven back into space, then cropped. */
export const batchToSpaceNDOp = defineOp("BatchToSpaceND", {
  inputs: ["input: T", "block_shape: Tblock_shape", "crops: Tcrops"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tblock_shape: {int32, int64} = DT_INT32", "Tcrops: {int32, int64} = DT_INT32"],
  shape: ({ input, block_shape }, context) =>
    toSpaceShape(input, numbersFromInput(context, "block_shape"), numbersFromInput(context, "crops"), block_shape),
  lower: (p, { input, block_shape, crops }) => batchToSpaceLowered(p, input, p.numbers(block_shape), p.numbers(crops)),
  gradient: (tf, { block_shape, crops }, dy) => ({ input: tf.spaceToBatchNd(dy!, block_shape, crops) }),
});

/** Height, width and depth of an image batch in either layout. */
const axesOf = (format: string): { h: number; w: number; c: number } =>
  format === "NHWC" ? { h: 1, w: 2, c: 3 } : { h: 2, w: 3, c: 1 };

function checkFormat(format: string): void {
  if (format === "NCHW_VECT_C") throw new InvalidArgumentError("NCHW_VECT_C needs qint8 data and a GPU kernel");
}

/** output[n, h / b, w / b, (bh, bw, c)] = input[n, h, w, c]. Source: spacetodepth_op.cc. */
export const spaceToDepthOp = defineOp("SpaceToDepth", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: type", "block_size: int >= 2", "data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC'"],
  shape({ input, block_size: b, data_format }) {
    const { h, w, c } = axesOf(data_format);
    return [
      withRank(input, 4).map((n, i) => {
        if (n === null) return null;
        return i === h || i === w ? divided(n, b) : i === c ? n * b * b : n;
      }),
    ];
  },
  lower(p, { input, block_size: b, data_format }) {
    checkFormat(data_format);
    const { h, w, c } = axesOf(data_format);
    const { shape } = input;
    if (shape.length !== 4) throw new InvalidArgumentError(`Input rank should be: 4 instead of: ${shape.length}`);
    if (shape[h]! % b !== 0 || shape[w]! % b !== 0) {
      throw new InvalidArgumentError(
        `Image width ${shape[w]} and height ${shape[h]} should be divisible by block_size: ${b}`,
      );
    }
    const [rows, columns] = [shape[h]! / b, shape[w]! / b];
    const depth = shape[c]!;
    if (data_format === "NHWC") {
      const split = p.reshape(input, [shape[0]!, rows, b, columns, b, depth]);
      return p.reshape(p.transpose(split, [0, 1, 3, 2, 4, 5]), [shape[0]!, rows, columns, b * b * depth]);
    }
    const split = p.reshape(input, [shape[0]!, depth, rows, b, columns, b]);
    return p.reshape(p.transpose(split, [0, 3, 5, 1, 2, 4]), [shape[0]!, b * b * depth, rows, columns]);
  },
  gradient: (tf, { block_size, data_format }, dy) => ({
    input: tf.depthToSpace(dy!, block_size, { dataFormat: data_format }),
  }),
});

export const depthToSpaceOp = defineOp("DepthToSpace", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: type", "block_size: int >= 2", "data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC'"],
  shape({ input, block_size: b, data_format }) {
    const { h, w, c } = axesOf(data_format);
    return [
      withRank(input, 4).map((n, i) => {
        if (n === null) return null;
        return i === h || i === w ? n * b : i === c ? divided(n, b * b) : n;
      }),
    ];
  },
  lower(p, { input, block_size: b, data_format }) {
    checkFormat(data_format);
    const { h, w, c } = axesOf(data_format);
    const { shape } = input;
    if (shape.length !== 4) throw new InvalidArgumentError(`Input rank should be: 4 instead of: ${shape.length}`);
    if (shape[c]! % (b * b) !== 0) {
      throw new InvalidArgumentError(`Input depth dimension ${shape[c]} should be divisible by: ${b * b}`);
    }
    const depth = shape[c]! / (b * b);
    const [rows, columns] = [shape[h]!, shape[w]!];
    if (data_format === "NHWC") {
      const split = p.reshape(input, [shape[0]!, rows, columns, b, b, depth]);
      return p.reshape(p.transpose(split, [0, 1, 3, 2, 4, 5]), [shape[0]!, rows * b, columns * b, depth]);
    }
    const split = p.reshape(input, [shape[0]!, b, b, depth, rows, columns]);
    return p.reshape(p.transpose(split, [0, 3, 4, 1, 5, 2]), [shape[0]!, depth, rows * b, columns * b]);
  },
  gradient: (tf, { block_size, data_format }, dy) => ({
    input: tf.spaceToDepth(dy!, block_size, { dataFormat: data_format }),
  }),
});

const int64Pair = (size: number): NdArray => new NdArray(int64, [2], new BigInt64Array([BigInt(size), BigInt(size)]));

const rank4 = (tensor: Tensor): Tensor => {
  tensor.setShape(tensor.shape === null ? [null, null, null, null] : (withRank(tensor.shape, 4) as FullShape));
  return tensor;
};

/** Square blocks of [n, h, w, c] moved to the batch. Source: array_ops.py. */
export const spaceToBatch = byKeyword(
  ["input", "paddings"],
  function spaceToBatch(input: TensorLike, paddings: TensorLike, blockSize: number, name?: Name): Tensor {
    return rank4(spaceToBatchNd(input, int64Pair(blockSize), paddings, name));
  },
);

/** Blocks of the dimensions behind the batch, padded, moved into it. */
export const spaceToBatchNd = byKeyword(
  ["input", "blockShape", "paddings"],
  function spaceToBatchNd(input: TensorLike, blockShape: TensorLike, paddings: TensorLike, name?: Name): Tensor {
    return spaceToBatchNDOp({ input, block_shape: blockShape, paddings }, nameOf(name));
  },
);

/** Blocks of the batch laid out in height and width: [n, h, w, c] with n divided by blockSize². */
export const batchToSpace = byKeyword(
  ["input", "crops", "blockSize"],
  function batchToSpace(input: TensorLike, crops: TensorLike, blockSize: number, name?: Name): Tensor {
    return rank4(batchToSpaceNd(input, int64Pair(blockSize), crops, name));
  },
);

/** Blocks of the batch laid out in the dimensions behind it, crops cut off. */
export const batchToSpaceNd = byKeyword(
  ["input", "blockShape", "crops"],
  function batchToSpaceNd(input: TensorLike, blockShape: TensorLike, crops: TensorLike, name?: Name): Tensor {
    return batchToSpaceNDOp({ input, block_shape: blockShape, crops }, nameOf(name));
  },
);

export interface DepthOptions extends Named {
  readonly dataFormat?: string;
}

/** Blocks of pixels moved into the channels. */
export const spaceToDepth = byKeyword(
  ["input", "blockSize"],
  function spaceToDepth(
    input: TensorLike,
    blockSize: number,
    ...rest: Rest<DepthOptions, typeof depthToSpacePlaces>
  ): Tensor {
    const options = byName<DepthOptions>(rest, depthToSpacePlaces);
    return spaceToDepthOp({ input, block_size: blockSize, data_format: options.dataFormat ?? "NHWC" }, options.name);
  },
);

const depthToSpacePlaces = ["name", "dataFormat"] as const;

/** Channels laid out as blocks of pixels. */
export const depthToSpace = byKeyword(
  ["input", "blockSize"],
  function depthToSpace(
    input: TensorLike,
    blockSize: number,
    ...rest: Rest<DepthOptions, typeof depthToSpacePlaces>
  ): Tensor {
    const options = byName<DepthOptions>(rest, depthToSpacePlaces);
    return depthToSpaceOp({ input, block_size: blockSize, data_format: options.dataFormat ?? "NHWC" }, options.name);
  },
);
