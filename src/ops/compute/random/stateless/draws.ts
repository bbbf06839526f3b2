/** `tf.random`'s functions that take their seed as an input. Source: stateless_random_ops.py, random_ops_util.py. */
import { type DType, float32, int32, int64 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { shapeTensor } from "../shape.ts";
import { type AlgorithmLike, keyCounter } from "./algorithm.ts";

export interface StatelessOptions extends Named {
  /** int32 or int64, [2]. */
  readonly seed: TensorLike;
  readonly dtype?: DType;
  readonly alg?: AlgorithmLike;
}

export interface StatelessNormalOptions extends StatelessOptions {
  readonly mean?: TensorLike;
  readonly stddev?: TensorLike;
}

function normal(
  type: "stateless_random_normal" | "stateless_truncated_normal",
  shape: TensorLike,
  options: StatelessNormalOptions,
): Tensor {
  const { seed, dtype = float32, mean = 0, stddev = 1, name } = options;
  const draw = type === "stateless_random_normal" ? tf.statelessRandomNormalV2Op : tf.statelessTruncatedNormalV2Op;
  return inScope(name, type, (scope) => {
    const dims = shapeTensor(shape);
    const center = convertToTensor(mean, { dtype, name: "mean" });
    const deviation = convertToTensor(stddev, { dtype, name: "stddev" });
    const start = keyCounter(seed, options.alg);
    const drawn = draw({ shape: dims, ...start, dtype });
    return tf.add(drawn.mul(deviation), center, { name: scope });
  });
}

/** Normal numbers: the same seed gives the same numbers. */
export const statelessNormal = (
  shape: TensorLike,
  ...rest: Rest<StatelessNormalOptions, ["seed", "mean", "stddev", "dtype", "name", "alg"]>
): Tensor => normal("stateless_random_normal", shape, byName(rest, ["seed", "mean", "stddev", "dtype", "name", "alg"]));

/** Normal numbers within two deviations of the mean: the same seed gives the same numbers. */
export const statelessTruncatedNormal = (
  shape: TensorLike,
  ...rest: Rest<StatelessNormalOptions, ["seed", "mean", "stddev", "dtype", "name", "alg"]>
): Tensor =>
  normal("stateless_truncated_normal", shape, byName(rest, ["seed", "mean", "stddev", "dtype", "name", "alg"]));

export interface StatelessUniformOptions extends StatelessOptions {
  /** 0 if not given; null with whole numbers of all bits. */
  readonly minval?: TensorLike | null;
  /** 1 if not given, for floats. */
  readonly maxval?: TensorLike | null;
}

const drawable = new Set(["float16", "bfloat16", "float32", "float64", "int32", "int64", "uint32", "uint64"]);

/** Uniform numbers in [minval, maxval). Throws ValueError for dtypes and bounds that do not go together. */
export function statelessUniform(
  shape: TensorLike,
  ...rest: Rest<StatelessUniformOptions, ["seed", "minval", "maxval", "dtype", "name", "alg"]>
): Tensor {
  const options: StatelessUniformOptions = byName(rest, ["seed", "minval", "maxval", "dtype", "name", "alg"]);
  const { seed, dtype = float32, minval = 0, name } = options;
  let maxval = options.maxval ?? null;
  if (!drawable.has(dtype.base)) throw new ValueError(`Argument \`dtype\` got invalid value ${String(dtype)}.`);
  if (dtype.isInteger) {
    if ((minval === null) !== (maxval === null)) {
      throw new ValueError(
        `For integer \`dtype\` argument ${String(dtype)}, argument \`minval\` and \`maxval\` must be both None or not None. Got \`minval\`=${minval ?? "None"} and \`maxval\`=${maxval ?? "None"}.`,
      );
    }
    if (minval !== null && dtype.base.startsWith("u")) {
      throw new ValueError(
        `Argument \`dtype\` got invalid value ${String(dtype)} when argument \`minval\` is not None. Please don't use unsigned integers in this case.`,
      );
    }
  } else maxval ??= 1;
  return inScope(name, "stateless_random_uniform", (scope) => {
    const dims = shapeTensor(shape);
    if (minval === null || maxval === null) {
      const start = keyCounter(seed, options.alg);
      return tf.statelessRandomUniformFullIntV2Op({ shape: dims, ...start, dtype }, scope);
    }
    const min = convertToTensor(minval, { dtype, name: "min" });
    const max = convertToTensor(maxval, { dtype, name: "max" });
    const start = keyCounter(seed, options.alg);
    if (dtype.isInteger)
      return tf.statelessRandomUniformIntV2Op({ shape: dims, ...start, minval: min, maxval: max }, scope);
    const drawn = tf.statelessRandomUniformV2Op({ shape: dims, ...start, dtype });
    return tf.add(drawn.mul(max.sub(min)), min, { name: scope });
  });
}

export interface StatelessCategoricalOptions extends Named {
  readonly seed: TensorLike;
  readonly dtype?: DType;
  readonly outputDtype?: DType;
}

const classes =
  (type: string) =>
  (
    logits: TensorLike,
    numSamples: TensorLike,
    ...rest: Rest<StatelessCategoricalOptions, ["seed", "dtype", "name"]>
  ): Tensor => {
    const options = byName<StatelessCategoricalOptions>(rest, ["seed", "dtype", "name"]);
    return inScope(options.name, type, () =>
      tf.statelessMultinomialOp({
        logits: convertToTensor(logits, { name: "logits" }),
        num_samples: numSamples,
        seed: options.seed,
        output_dtype: options.dtype ?? options.outputDtype ?? int64,
      }),
    );
  };

/** Classes drawn for each row of logits: the same seed gives the same classes. */
export const statelessCategorical = classes("stateless_categorical");
/** statelessCategorical by its first name. */
export const statelessMultinomial = classes("stateless_multinomial");

export interface StatelessPoissonOptions extends StatelessOptions {
  readonly lam: TensorLike;
}

/** Poisson numbers of rate lam, whose shape ends the given shape. int32 if not said otherwise. */
export const statelessPoisson = (
  shape: TensorLike,
  ...rest: Rest<StatelessPoissonOptions, ["seed", "lam", "dtype", "name"]>
): Tensor => {
  const options = byName<StatelessPoissonOptions>(rest, ["seed", "lam", "dtype", "name"]);
  return inScope(options.name, "stateless_random_poisson", () =>
    tf.statelessRandomPoissonOp({
      shape: shapeTensor(shape),
      seed: options.seed,
      lam: options.lam,
      dtype: options.dtype ?? int32,
    }),
  );
};

export interface StatelessGammaOptions extends StatelessOptions {
  readonly alpha: TensorLike;
  readonly beta?: TensorLike | null;
}

/** The smallest normal number of each dtype. */
const tiny: Readonly<Record<string, number>> = { float16: 2 ** -14, float32: 2 ** -126, float64: 2 ** -1022 };

/** Gamma numbers of shape alpha and rate beta, whose shapes together end the given shape. */
export function statelessGamma(
  shape: TensorLike,
  ...rest: Rest<StatelessGammaOptions, ["seed", "alpha", "beta", "dtype", "name"]>
): Tensor {
  const options = byName<StatelessGammaOptions>(rest, ["seed", "alpha", "beta", "dtype", "name"]);
  const { seed, dtype = float32, name } = options;
  return inScope(name, "stateless_random_gamma", () => {
    const dims = shapeTensor(shape);
    const given = convertToTensor(options.alpha, { dtype, name: "alpha" });
    const beta = convertToTensor(options.beta ?? 1, { dtype, name: "beta" });
    const alpha = tf.broadcastTo(given, tf.broadcastDynamicShape(tf.shape(given), tf.shape(beta)));
    const start = keyCounter(seed, options.alg);
    const drawn = tf.statelessRandomGammaV3Op({ shape: dims, ...start, alpha });
    return tf.maximum(tiny[dtype.base]!, drawn.div(beta));
  });
}

export interface StatelessTruncatedOptions extends Named {
  readonly seed: TensorLike;
  readonly means?: TensorLike;
  readonly stddevs?: TensorLike;
  readonly minvals?: TensorLike;
  readonly maxvals?: TensorLike;
}
const truncatedPlaces = ["seed", "means", "stddevs", "minvals", "maxvals", "name"] as const;

/** Normal numbers between bounds of their own; the shape ends in what the parameters broadcast to. Mean 0, deviation 1, bounds -2 and 2 by default. */
export function statelessParameterizedTruncatedNormal(
  shape: TensorLike,
  ...rest: Rest<StatelessTruncatedOptions, typeof truncatedPlaces>
): Tensor {
  const {
    seed,
    means = 0,
    stddevs = 1,
    minvals = -2,
    maxvals = 2,
    name,
  } = byName<StatelessTruncatedOptions>(rest, truncatedPlaces);
  return inScope(name, "stateless_parameterized_truncated_normal", () => {
    const dims = shapeTensor(shape);
    const float = (value: TensorLike, called: string): Tensor =>
      convertToTensor(
        value,
        typeof value === "number" ? { dtype: float32, name: called } : { preferredDtype: float32, name: called },
      );
    return tf.statelessParameterizedTruncatedNormalOp({
      shape: dims,
      means: float(means, "means"),
      stddevs: float(stddevs, "stddevs"),
      minvals: float(minvals, "minvals"),
      maxvals: float(maxvals, "maxvals"),
      seed,
    });
  });
}

interface Seeded {
  readonly alg?: AlgorithmLike;
}

/** A seed made of another one and data, a whole number. */
export const randomFoldIn = byKeyword(
  ["seed", "data"],
  function randomFoldIn(seed: TensorLike, data: TensorLike, ...rest: Rest<Seeded, ["alg"]>): Tensor {
    const number = convertToTensor(data);
    return tf.stack([statelessUniform([], { seed, ...bitsOf(number), ...byName<Seeded>(rest, ["alg"]) }), number]);
  },
);

const bitsOf = ({ dtype }: Tensor) => ({ dtype: dtype.baseDtype, minval: null, maxval: null });

/** `num` seeds made of one, [num, 2]. */
export function randomSplit(
  seed: TensorLike,
  ...rest: Rest<{ readonly num?: number } & Seeded, ["num", "alg"]>
): Tensor {
  const { num = 2, alg } = byName<{ readonly num?: number } & Seeded>(rest, ["num", "alg"]);
  const given = convertToTensor(seed);
  return statelessUniform([num, 2], { seed: given, ...bitsOf(given), ...(alg === undefined ? {} : { alg }) });
}
