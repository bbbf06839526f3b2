/** `tf.keras.backend`: values, shapes, parts and orders of tensors. Source: tf_keras/src/backend.py. */
import type { DType } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { Dim } from "../../../core/shape.ts";
import { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type Literal, type TensorLike } from "../../../ops/convert.ts";
import * as ops from "../../../ops/index.ts";
import { type Constraint, Variable } from "../../variables/variable.ts";
import { comesFromLayers, historyOf } from "../layers/history.ts";
import { floatx, getUid } from "../state.ts";
import { type Axis, axisOf } from "./math.ts";

export interface Made {
  readonly dtype?: DType | null | undefined;
  readonly name?: string | undefined;
}

/** A constant of the default float dtype, or of another. */
export const constant = (value: Literal, options: Made & { readonly shape?: readonly number[] } = {}): Tensor => {
  const { shape, name } = options;
  return ops.constant(value, {
    dtype: options.dtype ?? floatx(),
    ...(shape ? { shape } : {}),
    ...(name ? { name } : {}),
  });
};

/** A variable that starts with a value. */
export const variable = (
  value: Literal | Tensor,
  options: Made & { readonly constraint?: Constraint | null } = {},
): Variable => {
  const { dtype, name, constraint } = options;
  return new Variable(value, {
    dtype: dtype ?? floatx(),
    useResource: true,
    ...(name ? { name } : {}),
    ...(constraint ? { constraint } : {}),
  });
};

/** Where data comes in: by its shape, or by the number of its axes. Throws ValueError without either. */
export function placeholder(
  options: Made & { readonly shape?: readonly Dim[] | null; readonly ndim?: number } = {},
): Tensor {
  const { shape, ndim, dtype } = options;
  const known = shape ?? (ndim === undefined ? null : new Array<null>(ndim).fill(null));
  return ops.placeholder(dtype ?? floatx(), known, options.name ? { name: options.name } : {});
}

export const zeros = (shape: readonly number[], options: Made = {}): Variable =>
  variable(ops.zeros(shape, options.dtype ?? floatx()), options);
export const ones = (shape: readonly number[], options: Made = {}): Variable =>
  variable(ops.ones(shape, options.dtype ?? floatx()), options);
export const eye = (size: number, options: Made = {}): Variable =>
  variable(ops.eye(size, { dtype: options.dtype ?? floatx() }), options);
export const zerosLike = (x: TensorLike, options: Made = {}): Tensor =>
  ops.zerosLike(x, options.dtype ? { dtype: options.dtype } : {});
export const onesLike = (x: TensorLike, options: Made = {}): Tensor =>
  ops.onesLike(x, options.dtype ? { dtype: options.dtype } : {});

export const cast = (x: TensorLike, dtype: DType): Tensor => ops.cast(convertToTensor(x), dtype) as Tensor;
export const dtype = (x: Tensor | Variable): string => x.dtype.baseDtype.name;
export const shape = (x: TensorLike): Tensor => ops.shape(x);
/** The static shape; null where it is unknown. */
export const intShape = (x: Tensor | Variable): readonly Dim[] | null => x.shape as readonly Dim[] | null;
/** The number of axes. */
export const ndim = (x: Tensor | Variable): number | null => (x.shape as readonly Dim[] | null)?.length ?? null;
/** How many numbers a variable holds. */
export const countParams = (x: Tensor | Variable): number =>
  ((x.shape ?? []) as readonly Dim[]).reduce((n: number, d) => n * (d ?? 1), 1);
/** Did a layer make this tensor? Throws ValueError for what is no tensor. */
export function isKerasTensor(x: Tensor): boolean {
  if (!x?.op) {
    throw new ValueError(
      `Unexpectedly found an instance of type \`${x === null ? "None" : typeof x}\`. Expected a symbolic tensor instance.`,
    );
  }
  return historyOf(x) !== undefined || comesFromLayers(x);
}
export const isSparse = (x: unknown): boolean => x instanceof SparseTensor;
export const toDense = (x: Tensor | SparseTensor): Tensor =>
  x instanceof SparseTensor ? ops.sparseTensorToDense(x) : x;

export const reshape = (x: TensorLike, shape: TensorLike): Tensor => ops.reshape(x, shape);
export const flatten = (x: TensorLike): Tensor => ops.reshape(x, [-1]);
/** Each example as a row. */
export const batchFlatten = (x: TensorLike): Tensor => {
  const given = convertToTensor(x);
  const rest = given.shape?.slice(1);
  const width = rest?.every((d) => d !== null) ? rest.reduce((a: number, b) => a * b!, 1) : null;
  const sizes = ops.shape(given);
  return ops.reshape(given, ops.stack([-1, width ?? ops.reduceProd(sizes.at({ start: 1 }))]));
};
export const expandDims = (x: TensorLike, axis?: Axis): Tensor => ops.expandDims(x, axisOf(axis, -1));
export const squeeze = (x: TensorLike, axis: number): Tensor => ops.squeeze(x, { axis });
export const stack = (x: readonly TensorLike[], axis?: Axis): Tensor => ops.stack(x, { axis: axisOf(axis, 0) });
export function concatenate(tensors: readonly TensorLike[], axis?: Axis): Tensor {
  const parts = tensors.map((each) => convertToTensor(each));
  const at = axisOf(axis, -1);
  return ops.concat(parts, at < 0 ? at + (parts[0]?.shape?.length ?? 0) : at);
}
export const transpose = (x: TensorLike): Tensor => ops.transpose(x);
export const permuteDimensions = (x: TensorLike, pattern: readonly number[]): Tensor =>
  ops.transpose(x, { perm: pattern });
export const reverse = (x: TensorLike, axes: number | readonly number[]): Tensor =>
  ops.reverse(convertToTensor(x), typeof axes === "number" ? [axes] : axes);
export const tile = (x: TensorLike, n: number | readonly number[]): Tensor =>
  ops.tile(x, typeof n === "number" ? [n] : n);
export const gather = (reference: TensorLike | Variable, indices: TensorLike): Tensor =>
  ops.gather(reference as TensorLike, indices);
export const oneHot = (indices: TensorLike, numClasses: number): Tensor =>
  ops.oneHot(indices, numClasses, { axis: -1 });
/** [n, c] to [n, times, c]. */
export const repeat = (x: TensorLike, n: number): Tensor => ops.tile(ops.expandDims(x, 1), ops.stack([1, n, 1]));
/** Each element along an axis several times. */
export const repeatElements = (x: TensorLike, rep: number, axis: number): Tensor => ops.repeat(x, rep, { axis });
/** Zeros before and after the steps of [n, t, c]. */
export const temporalPadding = (x: TensorLike, padding: readonly [number, number] = [1, 1]): Tensor =>
  ops.pad(x, [[0, 0], padding, [0, 0]]);

type Ends = readonly (readonly [number, number])[];
const around = (x: TensorLike, padding: Ends, dataFormat: string | null | undefined): Tensor =>
  ops.pad(x, dataFormat === "channels_first" ? [[0, 0], [0, 0], ...padding] : [[0, 0], ...padding, [0, 0]]);
export interface SpatialPadding {
  readonly padding?: Ends | undefined;
  readonly dataFormat?: string | null | undefined;
}
/** Zeros around images. */
export const spatial2dPadding = (x: TensorLike, options: SpatialPadding = {}): Tensor =>
  around(x, options.padding ?? [[1, 1], [1, 1]], options.dataFormat); // biome-ignore format: as pairs
/** Zeros around volumes. */
export const spatial3dPadding = (x: TensorLike, options: SpatialPadding = {}): Tensor =>
  around(x, options.padding ?? [[1, 1], [1, 1], [1, 1]], options.dataFormat); // biome-ignore format: as pairs

/** A random name's number: for variables of random values. */
const named = (name: string | undefined, kind: string): string => name ?? `${kind}_${getUid(kind)}`;

interface Drawn extends Made {
  readonly seed?: number | null | undefined;
}
const seeded = ({ seed }: Drawn): { seed: number } => ({ seed: seed ?? Math.trunc(getUid("seed") * 7919) % 1000000 });

/** Uniform numbers in [minval, maxval). */
export const randomUniform = (
  shape: TensorLike,
  options: Drawn & { readonly minval?: number; readonly maxval?: number } = {},
): Tensor => {
  const { minval = 0, maxval = 1 } = options;
  return ops.randomUniform(shape, { minval, maxval, dtype: options.dtype ?? floatx(), ...seeded(options) });
};
interface Normal extends Drawn {
  readonly mean?: number | undefined;
  readonly stddev?: number | undefined;
}
export const randomNormal = (shape: TensorLike, options: Normal = {}): Tensor => {
  const { mean = 0, stddev = 1 } = options;
  return ops.randomNormal(shape, { mean, stddev, dtype: options.dtype ?? floatx(), ...seeded(options) });
};
/** Numbers further than two standard deviations from the mean are drawn again. */
export const truncatedNormal = (shape: TensorLike, options: Normal = {}): Tensor => {
  const { mean = 0, stddev = 1 } = options;
  return ops.truncatedNormal(shape, { mean, stddev, dtype: options.dtype ?? floatx(), ...seeded(options) });
};
/** Ones with probability p, else zeros. */
export const randomBernoulli = (shape: TensorLike, options: Drawn & { readonly p?: number } = {}): Tensor => {
  const dtype = options.dtype ?? floatx();
  const draws = ops.randomUniform(shape, { dtype, ...seeded(options) });
  return ops.where(ops.lessEqual(draws, options.p ?? 0), ops.ones(shape, dtype), ops.zeros(shape, dtype)) as Tensor;
};
export const randomBinomial = randomBernoulli;
export const randomUniformVariable = (
  shape: readonly number[],
  low: number,
  high: number,
  options: Drawn = {},
): Variable =>
  variable(randomUniform(shape, { ...options, minval: low, maxval: high }), {
    ...options,
    name: named(options.name, "random_uniform"),
  });
export const randomNormalVariable = (
  shape: readonly number[],
  mean: number,
  scale: number,
  options: Drawn = {},
): Variable =>
  variable(randomNormal(shape, { ...options, mean, stddev: scale }), {
    ...options,
    name: named(options.name, "random_normal"),
  });

type Change = ReturnType<Variable["assign"]>;
/** The operation that gives a variable another value. */
export const update = (x: Variable, value: TensorLike): Change => x.assign(value);
export const updateAdd = (x: Variable, increment: TensorLike): Change => x.assignAdd(increment);
export const updateSub = (x: Variable, decrement: TensorLike): Change => x.assignSub(decrement);
/** x moves towards a value: x · momentum + value · (1 - momentum). */
export const movingAverageUpdate = (x: Variable, value: TensorLike, momentum: number): Change =>
  x.assignSub(ops.multiply(ops.subtract(x.value(), value), 1 - momentum));
