/** Dropout, with Python's nodes, so that the same seeds drop the same units. Source: nn_ops.py. */
import type { DType } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { Dim } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { constant } from "../../constant.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../convert.ts";
import * as tf from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { inScope, type Named } from "../array/basic/names.ts";
import type { AlgorithmLike } from "../random/stateless/algorithm.ts";

export interface DropoutOptions extends Named {
  /** The share of units to keep; TensorFlow prefers `rate`. */
  readonly keepProb?: TensorLike | null;
  /** The share of units to drop, in [0, 1): a number or a scalar tensor. */
  readonly rate?: TensorLike | null;
  /** The shape of the mask, which broadcasts to x; null stands for x's own dimension. */
  readonly noiseShape?: TensorLike | readonly Dim[] | null;
  readonly seed?: number | bigint | null;
}

const places = ["keepProb", "noiseShape", "seed", "name", "rate"] as const;

/**
 * x with some units set to 0 and the others divided by the share kept; x is floating. `dropout(x, keepProb)` or `dropout(x, { rate })`.
 * Throws ValueError for a rate outside [0, 1) or an integer x.
 */
export const dropout = byKeyword(
  ["x"],
  function dropout(x: TensorLike, ...rest: Rest<DropoutOptions, typeof places>): Tensor {
    const options = byName<DropoutOptions>(rest, places);
    const { keepProb, noiseShape, seed, name } = options;
    const fromKeepProb = keepProb === null || keepProb === undefined ? null : complement(keepProb);
    if (options.rate !== null && options.rate !== undefined && fromKeepProb !== null) {
      throw new ValueError("Cannot specify both 'keep_prob' and 'rate'.");
    }
    const rate = options.rate ?? fromKeepProb;
    if (rate === null) throw new ValueError("`rate` must be provided. Received: rate=None");
    return dropped(x, {
      rate,
      noiseShape: noiseShape ?? null,
      scope: name ?? "dropout",
      draw: (shape, dtype) => tf.randomUniform(shape, { dtype, seed: seed ?? null }),
      whenKept: () => getDefaultGraph().takeSeeds(seed),
    });
  },
);

/** Numbers in [0, 1) of a shape. */
type Uniform = (shape: TensorLike, dtype: DType) => Tensor;

interface Dropped {
  readonly rate: TensorLike;
  readonly noiseShape: TensorLike | readonly Dim[] | null;
  readonly scope: string;
  readonly draw: Uniform;
  /** Runs where nothing is dropped. */
  readonly whenKept?: () => void;
}

const dropped = (x: TensorLike, { rate, noiseShape, scope, draw, whenKept }: Dropped): Tensor =>
  inScope(scope, scope, () => {
    if (typeof rate === "number" && (rate < 0 || rate >= 1)) {
      throw new ValueError(`\`rate\` must be a scalar tensor or a float in the range [0, 1). Received: rate=${rate}`);
    }
    const input = convertToTensor(x, { name: "x" });
    const dtype = input.dtype.baseDtype;
    if (!dtype.isFloating) {
      throw new ValueError(
        `\`x.dtype\` must be a floating point tensor as \`x\` will be scaled. Received: x_dtype=${dtype}`,
      );
    }
    if (rate === 0) {
      whenKept?.();
      return input;
    }
    const { kept, threshold } = scaled(input, rate);
    const noise = draw(noiseDims(input, noiseShape), dtype);
    const isKept = tf.greaterEqual(noise, threshold);
    const result = tf.selectV2Op({ condition: isKept, t: kept, e: constant(0, { dtype }) });
    result.setShape(input.shape);
    return result;
  });

interface NoiseOptions extends Named {
  readonly noiseShape?: TensorLike | readonly Dim[] | null;
}

interface StatelessDropoutOptions extends NoiseOptions {
  readonly rngAlg?: AlgorithmLike | null;
}

const statelessPlaces = ["rngAlg", "noiseShape", "name"] as const;

/** Dropout whose units the seed (two numbers) chooses: the same seed, the same units. */
export function statelessDropout(
  x: TensorLike,
  rate: TensorLike,
  seed: TensorLike,
  ...rest: Rest<StatelessDropoutOptions, typeof statelessPlaces>
): Tensor {
  const { rngAlg, noiseShape = null, name } = byName<StatelessDropoutOptions>(rest, statelessPlaces);
  const alg = rngAlg ?? "auto_select";
  const draw: Uniform = (shape, dtype) => tf.statelessUniform(shape, { seed, dtype, alg });
  return dropped(x, { rate, noiseShape, scope: name ?? "stateless_dropout", draw });
}

/** Dropout with a source of numbers in [0, 1) of one's own, which gets `{ shape, dtype }`. */
export function generalDropout(
  x: TensorLike,
  rate: TensorLike,
  uniformSampler: (wanted: { readonly shape: TensorLike; readonly dtype: DType }) => Tensor,
  ...rest: Rest<NoiseOptions, ["noiseShape", "name"]>
): Tensor {
  const { noiseShape = null, name } = byName<NoiseOptions>(rest, ["noiseShape", "name"]);
  const draw: Uniform = (shape, dtype) => uniformSampler({ shape, dtype });
  return dropped(x, { rate, noiseShape, scope: name ?? "general_dropout", draw });
}

/** 1 - keepProb. */
function complement(keepProb: TensorLike): TensorLike {
  if (typeof keepProb === "number") return 1 - keepProb;
  const y = convertToTensor(keepProb);
  return inScope(null, "sub", (scope) =>
    tf.subOp({ x: convertToTensor(1, { dtype: y.dtype.baseDtype, name: "x" }), y }, scope),
  );
}

/** x / (1 - rate), and what the noise is compared with. */
function scaled(x: Tensor, rate: TensorLike): { kept: Tensor; threshold: TensorLike } {
  const dtype = x.dtype.baseDtype;
  if (!isSymbolic(rate)) {
    const scale = convertToTensor(1 / (1 - Number(rate)), { dtype });
    return { kept: tf.mulOp({ x, y: scale }), threshold: rate };
  }
  const given = convertToTensor(rate);
  if (given.shape !== null && given.shape.length !== 0) throw new ValueError(`Shape ${given.shape} must have rank 0`);
  if (given.dtype.baseDtype !== dtype) {
    throw new ValueError(
      `\`x.dtype\` must be compatible with \`rate.dtype\`. Received: x.dtype=${dtype} and rate.dtype=${given.dtype}`,
    );
  }
  const one = constant(1, { dtype });
  return { kept: tf.realDivOp({ x, y: tf.subOp({ x: one, y: given }) }), threshold: given };
}

function noiseDims(x: Tensor, noiseShape: TensorLike | readonly Dim[] | null): TensorLike {
  if (noiseShape === null) return tf.shape(x);
  if (!Array.isArray(noiseShape) || noiseShape.some((d) => d instanceof Tensor)) return noiseShape as TensorLike;
  const dims = noiseShape as readonly Dim[];
  if (x.shape?.length !== dims.length) return dims as TensorLike;
  return dims.map((d, i) => d ?? x.shape![i]!) as TensorLike;
}
