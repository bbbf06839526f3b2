/** Initial values of variables: functions from a shape to the nodes that make the value. Source: tensorflow/python/ops/init_ops.py. */
import { type DType, float32 } from "../core/dtype.ts";
import { TypeError, ValueError } from "../core/error.ts";
import { allocateElements, NdArray } from "../core/nd_array.ts";
import { elementCount, type FullShape } from "../core/shape.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { constantTensor } from "../ops/constant.ts";
import { type Literal, literalToArray } from "../ops/convert.ts";
import {
  constant,
  diagPart,
  expandDims,
  eye,
  matrixTranspose,
  multiply,
  ones,
  qrOp,
  randomNormal,
  randomUniform,
  reshape,
  scatterNd,
  sign,
  slice,
  truncatedNormal,
  zeros,
} from "../ops/index.ts";
import { type Arguments, argumentsOf } from "../ops/options.ts";
import { splat } from "../proto/tensor_proto.ts";
import type { Initializer } from "./variables/store.ts";

export interface DtypeOption {
  readonly dtype?: DType;
}

export interface SeedOptions extends DtypeOption {
  readonly seed?: number | bigint | null;
}

const floatDtype = (dtype: DType): DType => {
  if (!dtype.isFloating)
    throw new ValueError(`Argument \`dtype\` is expected to be floating point. Received: ${dtype}.`);
  return dtype;
};

/** False and empty strings count as zeros. */
export const zerosInitializer =
  (own: DtypeOption = {}): Initializer =>
  (shape, { dtype = own.dtype ?? float32 } = {}) =>
    zeros(shape, dtype);

export const onesInitializer =
  (own: DtypeOption = {}): Initializer =>
  (shape, { dtype = own.dtype ?? float32 } = {}) =>
    ones(shape, dtype);

/** A number fills the shape; a list gives the elements in order, its last one repeated where the shape has more. */
export const constantInitializer =
  (value: Literal = 0, own: DtypeOption & { readonly verifyShape?: boolean } = {}): Initializer =>
  (shape, { dtype = own.dtype ?? float32 } = {}) => {
    const array = literalToArray(value, dtype);
    if (own.verifyShape && (array.shape.length !== shape.length || array.shape.some((d, i) => d !== shape[i]))) {
      throw new TypeError(`Expected Tensor's shape: (${shape.join(", ")}), got (${array.shape.join(", ")}).`);
    }
    const count = elementCount(shape);
    return array.size > 1 && array.size < count
      ? constantTensor(splat(shape, array))
      : constant(array, { dtype, shape });
  };

/** An initializer's own arguments; none where it stands uncalled for an initializer and is given a shape. */
const ownOptions = <O>(rest: Arguments<O>, names: readonly (keyof O)[]): O =>
  Array.isArray(rest[0]) ? ({} as O) : argumentsOf<O>(rest, names);

interface UniformOptions extends SeedOptions {
  readonly minval?: number;
  readonly maxval?: number;
}

export function randomUniformInitializer(...rest: Arguments<UniformOptions>): Initializer {
  const own = ownOptions<UniformOptions>(rest, ["minval", "maxval", "seed"]);
  return (shape, { dtype = own.dtype ?? float32 } = {}) =>
    randomUniform(shape, {
      // A number 0 would be left out of the graph; here it is a node, as TensorFlow's 0.0.
      minval: own.minval ?? new NdArray(dtype, [], allocateElements(dtype, 1)),
      ...(own.maxval === undefined ? {} : { maxval: own.maxval }),
      dtype,
      seed: own.seed ?? null,
    });
}

interface NormalOptions extends SeedOptions {
  readonly mean?: number;
  readonly stddev?: number;
}

export function randomNormalInitializer(...rest: Arguments<NormalOptions>): Initializer {
  const own = ownOptions<NormalOptions>(rest, ["mean", "stddev", "seed"]);
  const fallback = floatDtype(own.dtype ?? float32);
  return (shape, { dtype = fallback } = {}) =>
    randomNormal(shape, { mean: own.mean ?? 0, stddev: own.stddev ?? 1, dtype, seed: own.seed ?? null });
}

/** Normal numbers within two standard deviations of the mean. */
export function truncatedNormalInitializer(...rest: Arguments<NormalOptions>): Initializer {
  const own = ownOptions<NormalOptions>(rest, ["mean", "stddev", "seed"]);
  const fallback = floatDtype(own.dtype ?? float32);
  return (shape, { dtype = fallback } = {}) =>
    truncatedNormal(shape, { mean: own.mean ?? 0, stddev: own.stddev ?? 1, dtype, seed: own.seed ?? null });
}

/** Uniform in ±factor · sqrt(3 / inputs), inputs being the product of all dimensions but the last. */
export const uniformUnitScalingInitializer =
  (own: SeedOptions & { readonly factor?: number } = {}): Initializer =>
  (shape, { dtype = own.dtype ?? float32, partitionInfo } = {}) => {
    const inputs = Math.max(1, elementCount((partitionInfo?.fullShape ?? shape).slice(0, -1)));
    const limit = Math.sqrt(3 / inputs) * (own.factor ?? 1);
    return randomUniform(shape, { minval: -limit, maxval: limit, dtype, seed: own.seed ?? null });
  };

export interface VarianceScalingOptions extends SeedOptions {
  readonly scale?: number;
  readonly mode?: "fan_in" | "fan_out" | "fan_avg";
  readonly distribution?: "normal" | "uniform" | "truncated_normal" | "untruncated_normal";
}

/** The standard deviation of a standard normal that is cut off at ±2. */
const truncatedDeviation = 0.87962566103423978;

/** Variance scale / n, n being the number of inputs, of outputs, or their mean. Throws ValueError for a scale or mode that is none. */
export function varianceScalingInitializer(own: VarianceScalingOptions = {}): Initializer {
  const { scale = 1, mode = "fan_in", seed = null } = own;
  const distribution = (own.distribution ?? "truncated_normal").toLowerCase();
  if (scale <= 0) throw new ValueError(`Argument \`scale\` must be a positive float. Received: ${scale}`);
  if (!["fan_in", "fan_out", "fan_avg"].includes(mode)) {
    throw new ValueError(`Argument \`mode\` should be one of ('fan_in', 'fan_out', 'fan_avg'). Received: ${mode}`);
  }
  if (!["normal", "uniform", "truncated_normal", "untruncated_normal"].includes(distribution)) {
    throw new ValueError(
      `Argument \`distribution\` should be one of ('normal', uniform', 'truncated_normal', 'untruncated_normal'). Received: ${distribution}`,
    );
  }
  const fallback = floatDtype(own.dtype ?? float32);
  return (shape, { dtype = fallback, partitionInfo } = {}) => {
    const { fanIn, fanOut } = fans(partitionInfo?.fullShape ?? shape);
    const n = mode === "fan_in" ? fanIn : mode === "fan_out" ? fanOut : (fanIn + fanOut) / 2;
    const variance = scale / Math.max(1, n);
    if (distribution === "uniform") {
      const limit = Math.sqrt(3 * variance);
      return randomUniform(shape, { minval: -limit, maxval: limit, dtype, seed });
    }
    const stddev = Math.sqrt(variance);
    return distribution === "untruncated_normal"
      ? randomNormal(shape, { mean: 0, stddev, dtype, seed })
      : truncatedNormal(shape, { mean: 0, stddev: stddev / truncatedDeviation, dtype, seed });
  };
}

/** Inputs and outputs of one unit: of a matrix its two dimensions, of a filter bank those times the filter's area. */
function fans(shape: FullShape): { fanIn: number; fanOut: number } {
  if (shape.length === 0) return { fanIn: 1, fanOut: 1 };
  if (shape.length === 1) return { fanIn: shape[0]!, fanOut: shape[0]! };
  const area = elementCount(shape.slice(0, -2));
  return { fanIn: shape.at(-2)! * area, fanOut: shape.at(-1)! * area };
}

export const glorotUniformInitializer = (own: SeedOptions = {}): Initializer =>
  varianceScalingInitializer({ scale: 1, mode: "fan_avg", distribution: "uniform", ...own });

export const glorotNormalInitializer = (own: SeedOptions = {}): Initializer =>
  varianceScalingInitializer({ scale: 1, mode: "fan_avg", distribution: "truncated_normal", ...own });

/** tf.contrib.layers.xavier_initializer. */
export const xavierInitializer = (own: SeedOptions & { readonly uniform?: boolean } = {}): Initializer => {
  const { uniform = true, ...options } = own;
  return uniform ? glorotUniformInitializer(options) : glorotNormalInitializer(options);
};

export const heNormal = (own: SeedOptions = {}): Initializer =>
  varianceScalingInitializer({ scale: 2, mode: "fan_in", distribution: "truncated_normal", ...own });

export const heUniform = (own: SeedOptions = {}): Initializer =>
  varianceScalingInitializer({ scale: 2, mode: "fan_in", distribution: "uniform", ...own });

export const lecunNormal = (own: SeedOptions = {}): Initializer =>
  varianceScalingInitializer({ scale: 1, mode: "fan_in", distribution: "truncated_normal", ...own });

export const lecunUniform = (own: SeedOptions = {}): Initializer =>
  varianceScalingInitializer({ scale: 1, mode: "fan_in", distribution: "uniform", ...own });

/** The orthogonal factor of a matrix of normal numbers, its columns' signs those of R's diagonal. */
function orthogonalFactor(rows: number, columns: number, dtype: DType, seed: number | bigint | null): Tensor {
  const { q, r } = qrOp({ input: randomNormal([rows, columns], { dtype, seed }) });
  return multiply(q, sign(diagPart(r)), { name: "mul" });
}

/** A matrix [all dimensions but the last, last] with orthonormal rows or columns, times gain. Throws ValueError below two dimensions. */
export function orthogonalInitializer(own: SeedOptions & { readonly gain?: number } = {}): Initializer {
  const fallback = floatDtype(own.dtype ?? float32);
  return (shape, { dtype = fallback } = {}) => {
    if (shape.length < 2) throw tooFew("two", shape);
    const rows = elementCount(shape.slice(0, -1));
    const columns = shape.at(-1)!;
    const factor = orthogonalFactor(Math.max(rows, columns), Math.min(rows, columns), dtype, own.seed ?? null);
    const matrix = rows < columns ? matrixTranspose(factor) : factor;
    return scaled(own.gain ?? 1, reshape(matrix, shape));
  };
}

/** The node of Python's `gain * x`. */
const scaled = (gain: number, x: Tensor): Tensor =>
  getDefaultGraph().nameScope("mul", (scope) =>
    multiply(constant(gain, { dtype: x.dtype, name: "x" }), x, { name: scope }),
  );

const tooFew = (count: string, shape: FullShape): ValueError =>
  new ValueError(
    `The tensor to initialize, specified by argument \`shape\` must be at least ${count}-dimensional. Received shape=[${shape.join(", ")}]`,
  );

/** gain times the identity matrix of a shape of two dimensions. */
export function identityInitializer(own: DtypeOption & { readonly gain?: number } = {}): Initializer {
  const fallback = floatDtype(own.dtype ?? float32);
  return (shape, { dtype = fallback, partitionInfo } = {}) => {
    const full = partitionInfo?.fullShape ?? shape;
    if (full.length !== 2) throw tooFew("two", shape);
    const whole = eye(full[0]!, { numColumns: full[1]!, dtype });
    return scaled(own.gain ?? 1, partitionInfo ? slice(whole, partitionInfo.varOffset, shape) : whole);
  };
}

/** A filter bank whose middle tap is orthogonal and all others zero: [..., inputs, outputs] with one to three filter dimensions. */
export function convolutionalDeltaOrthogonal(own: SeedOptions & { readonly gain?: number } = {}): Initializer {
  const fallback = floatDtype(own.dtype ?? float32);
  return (shape, { dtype = fallback } = {}) => {
    if (shape.length < 3 || shape.length > 5) {
      throw new ValueError(
        `The tensor to initialize, specified by argument \`shape\` must be at least three-dimensional and at most five-dimensional. Received shape=[${shape.join(", ")}]`,
      );
    }
    const [inputs, outputs] = [shape.at(-2)!, shape.at(-1)!];
    if (inputs > outputs) {
      throw new ValueError(
        `In_filters, specified by shape[-2]=${inputs} cannot be greater than out_filters, specified by shape[-1]=${outputs}.`,
      );
    }
    const factor = orthogonalFactor(outputs, outputs, dtype, own.seed ?? null);
    const taps = multiply(slice(factor, [0, 0], [inputs, outputs]), constant(own.gain ?? 1, { dtype }));
    const middle = shape.slice(0, -2).map((d) => (d - 1) >> 1);
    return scatterNd(constant([middle]), expandDims(taps, 0), shape);
  };
}
