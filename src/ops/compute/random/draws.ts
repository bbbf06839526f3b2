/** Random numbers of a shape. The streams are TensorFlow's: same seeds, same numbers. Source: random_ops.cc, random_ops.py. */
import { type DTypeLike, float32, int32, int64, toDtype } from "../../../core/dtype.ts";
import { invalidArgument, TypeError, ValueError } from "../../../core/error.ts";
import { elementCount, withRank } from "../../../core/shape.ts";
import type { CheckNumbers, Distribution } from "../../../engine/primitive.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as tf from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { shapeFromInput } from "../array/basic/shape_input.ts";
import { drawnDims, seedAttrs, shapeTensor } from "./shape.ts";

const draw = (type: string, distribution: Distribution) =>
  defineOp(type, {
    inputs: ["shape: T"],
    outputs: ["output: dtype"],
    attrs: ["seed: int = 0", "seed2: int = 0", "dtype: {half, bfloat16, float, double}", "T: {int32, int64}"],
    stateful: true,
    shape: ({ shape }, context) => [shapeFromInput(context, "shape", shape)],
    lower: (p, { shape, dtype }) => p.random(distribution, dtype.base, drawnDims(p, shape)),
    gradient: "none",
  });

/** output in [0, 1). */
export const randomUniformOp = draw("RandomUniform", "uniform");
/** output from the normal distribution of mean 0 and deviation 1. */
export const randomStandardNormalOp = draw("RandomStandardNormal", "normal");
/** As RandomStandardNormal, values beyond two deviations drawn again. */
export const truncatedNormalOp = draw("TruncatedNormal", "truncated");

/** output in [minval, maxval), whole numbers. Throws INVALID_ARGUMENT `Need minval < maxval, got 5 >= 5`. */
export const randomUniformIntOp = defineOp("RandomUniformInt", {
  inputs: ["shape: T", "minval: Tout", "maxval: Tout"],
  outputs: ["output: Tout"],
  attrs: ["seed: int = 0", "seed2: int = 0", "Tout: {int32, int64}", "T: {int32, int64}"],
  stateful: true,
  shape({ shape, minval, maxval }, context) {
    withRank(minval, 0);
    withRank(maxval, 0);
    return [shapeFromInput(context, "shape", shape)];
  },
  lower(p, { shape, minval, maxval, Tout }) {
    if (minval.shape.length) throw invalidArgument(`minval must be 0-D, got shape [${minval.shape}]`);
    if (maxval.shape.length) throw invalidArgument(`maxval must be 0-D, got shape [${maxval.shape}]`);
    const dims = drawnDims(p, shape);
    if (elementCount(dims) === 0) return p.fill(0, Tout.base, dims);
    const words = ({ details }: CheckNumbers): Error =>
      invalidArgument(`Need minval < maxval, got ${details?.[0]} >= ${details?.[1]}`);
    p.check(p.lt(minval, maxval), words, [minval, maxval]);
    return p.random("integers", Tout.base, dims, [minval, maxval]);
  },
  gradient: "unregistered",
});

/** output = value with its rows in random order. */
export const randomShuffleOp = defineOp("RandomShuffle", {
  inputs: ["value: T"],
  outputs: ["output: T"],
  attrs: ["seed: int = 0", "seed2: int = 0", "T: type"],
  stateful: true,
  shape: ({ value }) => [value],
  lower(p, { value }) {
    const n = value.shape[0] ?? 1;
    if (n <= 1 || elementCount(value.shape) <= 1) return value;
    return p.gather(value, p.random("shuffle", "int32", [n]));
  },
  gradient: "none",
});

export interface RandomOptions {
  readonly dtype?: DTypeLike;
  readonly seed?: number | bigint | null;
  readonly name?: string;
}

export interface NormalOptions extends RandomOptions {
  readonly mean?: TensorLike;
  readonly stddev?: TensorLike;
}

function normal(type: "random_normal" | "truncated_normal", shape: TensorLike, options: NormalOptions): Tensor {
  const { seed, name, mean = 0, stddev = 1 } = options;
  const dtype = toDtype(options.dtype ?? float32);
  if (dtype.isInteger && !(options.mean && options.stddev)) {
    const lacking = options.mean ? "1.0" : "0.0";
    throw new TypeError(`Expected ${dtype.name}, but got ${lacking} of type 'float'.`);
  }
  const drawn = type === "random_normal" ? randomStandardNormalOp : truncatedNormalOp;
  return getDefaultGraph().nameScope(name ?? type, (scope) => {
    const dims = shapeTensor(shape);
    const y = convertToTensor(mean, { dtype, name: "mean" });
    const deviation = convertToTensor(stddev, { dtype, name: "stddev" });
    const x = tf.mulOp({ x: drawn({ shape: dims, dtype, ...seedAttrs(seed) }), y: deviation }, "mul");
    return tf.addV2Op({ x, y }, scope);
  });
}

const normalPlaces = ["mean", "stddev", "dtype", "seed", "name"] as const;
type NormalPlaces = typeof normalPlaces;

/** Normal numbers of `shape` (a list or an int vector); mean and stddev broadcast. */
export const randomNormal = byKeyword(
  ["shape"],
  function randomNormal(shape: TensorLike, ...rest: Rest<NormalOptions, NormalPlaces>): Tensor {
    return normal("random_normal", shape, byName(rest, normalPlaces));
  },
);

/** As randomNormal, with values beyond two deviations drawn again. */
export const truncatedNormal = byKeyword(
  ["shape"],
  function truncatedNormal(shape: TensorLike, ...rest: Rest<NormalOptions, NormalPlaces>): Tensor {
    return normal("truncated_normal", shape, byName(rest, normalPlaces));
  },
);

export interface UniformOptions extends RandomOptions {
  readonly minval?: TensorLike;
  /** 1 for floating dtypes; integers need it. */
  readonly maxval?: TensorLike;
}

const uniformPlaces = ["minval", "maxval", "dtype", "seed", "name"] as const;
type UniformPlaces = typeof uniformPlaces;

/** Numbers in [minval, maxval) of `shape`; whole numbers for int32 and int64. Throws ValueError for integers without maxval. */
export const randomUniform = byKeyword(
  ["shape"],
  function randomUniform(shape: TensorLike, ...rest: Rest<UniformOptions, UniformPlaces>): Tensor {
    const options = byName<UniformOptions>(rest, uniformPlaces);
    const { seed, name, minval = 0, maxval: given } = options;
    const dtype = toDtype(options.dtype ?? float32);
    if (!(dtype.isFloating || dtype === int32 || dtype === int64)) {
      throw new ValueError(
        `Argument \`dtype\` got invalid value ${dtype}. Accepted dtypes are (tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.int32, tf.int64).`,
      );
    }
    if (given === undefined && dtype.isInteger)
      throw new ValueError(`Must specify maxval for integer dtype tf.${dtype.name}`);
    const maxval = given ?? 1;
    return getDefaultGraph().nameScope(name ?? "random_uniform", (scope) => {
      const dims = shapeTensor(shape);
      const isZero = minval === 0;
      const isPlain = isZero && maxval === 1 && !dtype.isInteger;
      const min = isPlain ? null : convertToTensor(minval, { dtype, name: "min" });
      const max = isPlain ? null : convertToTensor(maxval, { dtype, name: "max" });
      const seeds = seedAttrs(seed);
      if (dtype.isInteger) return randomUniformIntOp({ shape: dims, minval: min!, maxval: max!, ...seeds }, scope);
      const drawn = randomUniformOp({ shape: dims, dtype, ...seeds });
      if (isPlain) return drawn;
      if (isZero) return tf.mulOp({ x: drawn, y: max! });
      const range = tf.subOp({ x: max!, y: min! }, "sub");
      return tf.addV2Op({ x: tf.mulOp({ x: drawn, y: range }, "mul"), y: min! }, scope);
    });
  },
);

/** The rows of value in random order. */
export const randomShuffle = byKeyword(
  ["value"],
  function randomShuffle(value: TensorLike, ...rest: Rest<Omit<RandomOptions, "dtype">, ["seed", "name"]>): Tensor {
    const { seed, name } = byName<Omit<RandomOptions, "dtype">>(rest, ["seed", "name"]);
    return randomShuffleOp({ value, ...seedAttrs(seed) }, name);
  },
);
