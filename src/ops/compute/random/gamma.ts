/** Gamma and Poisson numbers. Source: random_ops.cc, random_op.cc (RandomGammaOp), random_poisson_op.cc, random_grad.py, random_ops.py. */
import { type DType, float32, int32, toDtype } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { allocateElements, NdArray, setElement } from "../../../core/nd_array.ts";
import type { PhiloxState } from "../../../core/philox.ts";
import { elementCount, type FullShape, formatShape, type Shape, withRank } from "../../../core/shape.ts";
import type { ComputeContext, ShapeContext } from "../../../graph/definition.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import type { GradientTools } from "../../gradient_tools.ts";
import * as tf from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { toNumbers } from "../array/basic/elements.ts";
import { inScope } from "../array/basic/names.ts";
import { shapeFromInput } from "../array/basic/shape_input.ts";
import type { RandomOptions } from "./draws.ts";
import { gammaSample, poissonSample } from "./samples.ts";
import { checkEndsIn, dimsOf, seedAttrs } from "./shape.ts";
import { blocksPerOutput, stateOfOutput, takeBlocks } from "./source.ts";
import { keyedState, seededState, seedShape } from "./stateless/seed.ts";

/** The shape input, then the dimensions of the parameter. */
function samplesShape(context: ShapeContext, shape: Shape, parameter: Shape): Shape {
  const outer = shapeFromInput(context, "shape", shape);
  return outer === null || parameter === null ? null : [...outer, ...parameter];
}

/** A draw for each output; those of one parameter have numbers next to each other, and stand apart in the result. */
function drawEach(
  state: PhiloxState,
  shape: FullShape,
  parameters: ArrayLike<number>,
  dtype: DType,
  sampler: (parameter: number) => (state: PhiloxState) => number,
): NdArray {
  const total = elementCount(shape);
  const data = allocateElements(dtype, total);
  const count = parameters.length;
  const perParameter = count === 0 ? 0 : total / count;
  for (let k = 0; k < count; k++) {
    const sample = sampler(parameters[k]!);
    for (let i = 0; i < perParameter; i++) {
      const drawn = sample(stateOfOutput(state, k * perParameter + i));
      setElement(dtype, data, i * count + k, dtype.isInteger ? Math.trunc(drawn) : drawn);
    }
  }
  return new NdArray(dtype, shape, data);
}

function stateful(
  context: ComputeContext,
  shape: NdArray,
  parameter: NdArray,
): { state: PhiloxState; shape: FullShape } {
  const full = [...dimsOf(shape), ...parameter.shape];
  return { state: takeBlocks(context, BigInt(blocksPerOutput) * BigInt(elementCount(full))), shape: full };
}

/** output [...shape, ...alpha]: numbers of the gamma distributions with these shape parameters and scale 1. */
export const randomGammaOp = defineOp("RandomGamma", {
  inputs: ["shape: S", "alpha: T"],
  outputs: ["output: T"],
  attrs: ["seed: int = 0", "seed2: int = 0", "S: {int32, int64}", "T: {half, float, double}"],
  stateful: true,
  shape: ({ shape, alpha }, context) => [samplesShape(context, shape, alpha)],
  compute({ shape, alpha, T }, context) {
    if (shape.shape.length !== 1)
      throw invalidArgument(`shape must be a vector of {int32,int64}, got shape ${formatShape(shape.shape)}`);
    const made = stateful(context, shape, alpha);
    return drawEach(made.state, made.shape, toNumbers(alpha), T, gammaSample);
  },
  gradient: (tf, { shape, alpha, output }, dy) =>
    getDefaultGraph().controlDependencies([dy!], () => {
      return { alpha: alphaGradient(tf, alpha, output, dy!, () => tf.shape(shape).at(0)) };
    }),
});

/** The gradient of the samples for alpha, added up over the dimensions before alpha's. */
function alphaGradient(tf: GradientTools, alpha: Tensor, sample: Tensor, dy: Tensor, outer: () => Tensor): Tensor {
  const count = outer();
  const ones = tf.ones(tf.stack([count]), int32);
  const spread = tf.reshape(alpha, tf.concat([ones, tf.shape(alpha)], 0));
  const partial = tf.randomGammaGradOp({ alpha: spread, sample });
  return tf.reduceSum(dy.mul(partial), { axis: tf.range(count) });
}

const poissonTypes = "{half, float, double, int32, int64}";

/** output [...shape, ...rate]: numbers of the Poisson distributions with these rates. */
export const randomPoissonV2Op = defineOp("RandomPoissonV2", {
  inputs: ["shape: S", "rate: R"],
  outputs: ["output: dtype"],
  attrs: [
    "seed: int = 0",
    "seed2: int = 0",
    "S: {int32, int64}",
    `R: ${poissonTypes} = DT_DOUBLE` as "R: type = DT_DOUBLE",
    `dtype: ${poissonTypes} = DT_INT64` as "dtype: type = DT_INT64",
  ],
  stateful: true,
  shape: ({ shape, rate }, context) => [samplesShape(context, shape, rate)],
  compute({ shape, rate, dtype }, context) {
    const made = stateful(context, shape, rate);
    return drawEach(made.state, made.shape, toNumbers(rate), dtype, (parameter) => poissonSample(parameter, dtype));
  },
  gradient: "unregistered",
});

/** The first form, of GraphDefs before version 25: rate and output have one dtype. */
export const randomPoissonOp = defineOp("RandomPoisson", {
  inputs: ["shape: S", "rate: dtype"],
  outputs: ["output: dtype"],
  attrs: ["seed: int = 0", "seed2: int = 0", "S: {int32, int64}", "dtype: {half, float, double}"],
  stateful: true,
  shape: ({ shape, rate }, context) => [samplesShape(context, shape, rate)],
  compute({ shape, rate, dtype }, context) {
    const made = stateful(context, shape, rate);
    return drawEach(made.state, made.shape, toNumbers(rate), dtype, (parameter) => poissonSample(parameter, dtype));
  },
  gradient: "unregistered",
});

/** As RandomGamma, from two seeds; the shape ends in alpha's. */
export const statelessRandomGammaV2Op = defineOp("StatelessRandomGammaV2", {
  inputs: ["shape: T", "seed: Tseed", "alpha: dtype"],
  outputs: ["output: dtype"],
  attrs: ["dtype: {half, float, double}", "T: {int32, int64}", "Tseed: {int32, int64} = DT_INT64"],
  shape({ shape, seed }, context) {
    seedShape(seed);
    return [shapeFromInput(context, "shape", shape)];
  },
  compute({ shape, seed, alpha, dtype }) {
    return drawEach(seededState(seed), endsIn(dimsOf(shape), alpha.shape), toNumbers(alpha), dtype, gammaSample);
  },
  gradient: (tf, { shape, alpha, output }, dy) =>
    getDefaultGraph().controlDependencies([dy!], () => {
      return { alpha: alphaGradient(tf, alpha, output, dy!, () => tf.shape(shape).at(0).sub(tf.rank(alpha))) };
    }),
});

/** As StatelessRandomGammaV2, from key, counter and algorithm. */
export const statelessRandomGammaV3Op = defineOp("StatelessRandomGammaV3", {
  inputs: ["shape: shape_dtype", "key: uint64", "counter: uint64", "alg: int32", "alpha: dtype"],
  outputs: ["output: dtype"],
  attrs: ["dtype: {half, float, double}", "shape_dtype: {int32, int64} = DT_INT32"],
  shape({ shape, key, counter, alg }, context) {
    withRank(key, 1);
    withRank(counter, 1);
    withRank(alg, 0);
    return [shapeFromInput(context, "shape", shape)];
  },
  compute({ shape, key, counter, alg, alpha, dtype }) {
    const state = keyedState(key, counter, alg);
    return drawEach(state, endsIn(dimsOf(shape), alpha.shape), toNumbers(alpha), dtype, gammaSample);
  },
  gradient: (tf, { shape, alpha, output }, dy) =>
    getDefaultGraph().controlDependencies([dy!], () => {
      return { alpha: alphaGradient(tf, alpha, output, dy!, () => tf.shape(shape).at(0).sub(tf.rank(alpha))) };
    }),
});

/** As RandomPoissonV2, from two seeds; the shape ends in the rate's. */
export const statelessRandomPoissonOp = defineOp("StatelessRandomPoisson", {
  inputs: ["shape: T", "seed: Tseed", "lam: Rtype"],
  outputs: ["output: dtype"],
  attrs: [
    `Rtype: ${poissonTypes}` as "Rtype: type",
    `dtype: ${poissonTypes}` as "dtype: type",
    "T: {int32, int64}",
    "Tseed: {int32, int64} = DT_INT64",
  ],
  shape({ shape, seed }, context) {
    seedShape(seed);
    return [shapeFromInput(context, "shape", shape)];
  },
  compute({ shape, seed, lam, dtype }) {
    return drawEach(seededState(seed), endsIn(dimsOf(shape), lam.shape), toNumbers(lam), dtype, (rate) =>
      poissonSample(rate, dtype),
    );
  },
  gradient: "none",
});

function endsIn(shape: FullShape, inner: FullShape): FullShape {
  checkEndsIn(shape, inner);
  return shape;
}

export interface GammaOptions extends RandomOptions {
  /** The inverse of the scale; 1 if not given. */
  readonly beta?: TensorLike | null;
}

/** The smallest normal number of a dtype. */
const tiny: Record<string, number> = { float16: 2 ** -14, float32: 2 ** -126, float64: 2 ** -1022 };

const gammaPlaces = ["beta", "dtype", "seed", "name"] as const;
const poissonPlaces = ["dtype", "seed", "name"] as const;

/** Gamma numbers of shape [...shape, ...alpha] with shape parameters alpha and inverse scales beta. */
export const randomGamma = byKeyword(
  ["shape", "alpha"],
  function randomGamma(shape: TensorLike, alpha: TensorLike, ...rest: Rest<GammaOptions, typeof gammaPlaces>): Tensor {
    const { beta, seed, name, ...options } = byName<GammaOptions>(rest, gammaPlaces);
    const dtype = toDtype(options.dtype ?? float32);
    return inScope(name, "random_gamma", () => {
      const dims = convertToTensor(shape, { dtype: int32, name: "shape" });
      const alphas = convertToTensor(alpha, { dtype, name: "alpha" });
      const betas = convertToTensor(beta ?? 1, { dtype, name: "beta" });
      const common = tf.broadcastDynamicShape(tf.shape(alphas), tf.shape(betas));
      const spread = tf.broadcastTo(alphas, common);
      const drawn = randomGammaOp({ shape: dims, alpha: spread, ...seedAttrs(seed) });
      return tf.maximum(tiny[dtype.base] ?? 0, drawn.div(betas));
    });
  },
);

/** Poisson numbers of shape [...shape, ...lam] with rates lam. */
export const randomPoisson = byKeyword(
  ["lam", "shape"],
  function randomPoisson(
    lam: TensorLike,
    shape: TensorLike,
    ...rest: Rest<RandomOptions, typeof poissonPlaces>
  ): Tensor {
    const { seed, name, ...options } = byName<RandomOptions>(rest, poissonPlaces);
    const dtype = toDtype(options.dtype ?? float32);
    return inScope(name, "random_poisson", () => {
      const dims = convertToTensor(shape, { dtype: int32, name: "shape" });
      return randomPoissonV2Op({ shape: dims, rate: lam, ...seedAttrs(seed), dtype });
    });
  },
);
