/** Normal numbers between bounds of one's own. Source: random_ops.cc, parameterized_truncated_normal_op.cc. */
import type { DType } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { allocateElements, NdArray, setElement } from "../../../core/nd_array.ts";
import * as philox from "../../../core/philox.ts";
import { broadcastShapes, elementCount, type FullShape, formatShape, withRankAtMost } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { rounder } from "../../rounding.ts";
import { toNumbers } from "../array/basic/elements.ts";
import { shapeFromInput } from "../array/basic/shape_input.ts";
import { checkEndsIn, dimsOf, spread } from "./shape.ts";
import { takeBlocks } from "./source.ts";
import { seededState, seedShape } from "./stateless/seed.ts";

const maxIterations = 1000;
/** Bounds at least this many deviations beyond the mean are met by drawing normal numbers. */
const insideBounds = 1.3;
/** Elements of a batch where all batches have the same parameters. */
const desiredBatch = 100;

interface Parameters {
  readonly mean: number;
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
}

/** Blocks of floats: four of float32 and halves, two of float64, with rounding to the dtype after each step. */
interface Source {
  uniform(): ArrayLike<number>;
  normal(): ArrayLike<number>;
  round(x: number): number;
}

function sourceOf(state: philox.PhiloxState, dtype: DType): Source {
  if (dtype.base === "float64") {
    const out = new Float64Array(2);
    const fill = (fn: (s: philox.PhiloxState, out: Float64Array) => void) => () => {
      fn(state, out);
      return out.slice();
    };
    return { uniform: fill(philox.fillUniformFloat64), normal: fill(philox.fillNormalFloat64), round: (x) => x };
  }
  const isHalf = dtype.base === "float16";
  const round = rounder(dtype);
  const blockOf =
    (
      fill32: (s: philox.PhiloxState, out: Float32Array) => void,
      fill16: (s: philox.PhiloxState, out: Uint16Array) => void,
    ) =>
    () => {
      if (!isHalf) {
        const out = new Float32Array(4);
        fill32(state, out);
        return out;
      }
      const out = new Uint16Array(4);
      fill16(state, out);
      return toNumbers(new NdArray(dtype, [4], out));
    };
  return {
    uniform: blockOf(philox.fillUniformFloat32, philox.fillUniformHalf),
    normal: blockOf(philox.fillNormalFloat32, philox.fillNormalHalf),
    round,
  };
}

/** Fills samples [from, to) of one batch by the method that its bounds ask for. */
function drawBatch(source: Source, given: Parameters, out: Float64Array, from: number, to: number): void {
  const { round: r } = source;
  let { deviation, min, max } = given;
  const { mean } = given;
  if (!(deviation > 0 && min < max && (Number.isFinite(min) || Number.isFinite(max))))
    throw invalidArgument("Invalid parameters");
  if (min === Number.NEGATIVE_INFINITY || max < mean) {
    [min, max] = [max, min];
    deviation = -deviation;
  }
  const low = r(r(min - mean) / deviation);
  const high = r(r(max - mean) / deviation);
  const root = r(Math.sqrt(r(r(low * low) + 4)));
  const cutoff = r(r(2 * r(Math.exp(r(0.5 + r(r(low * r(low - root)) / 4))))) / r(low + root));
  const span = r(high - low);
  let at = from;
  let tries = 0;
  const take = (z: number): boolean => {
    out[at++] = r(r(z * deviation) + mean);
    tries = 0;
    return at >= to;
  };
  if ((low < -insideBounds && high >= 0) || (high > insideBounds && low <= 0)) {
    while (at < to) {
      for (const z of Array.from(source.normal())) if (z >= low && z <= high && take(z)) break;
    }
    return;
  }
  if (span < cutoff) {
    const plus = low < 0 ? 0 : r(low * low);
    while (at < to) {
      const zs = Array.from(source.uniform(), (u) => r(r(u * span) + low));
      const us = source.uniform();
      for (const [i, z] of zs.entries()) {
        const g = r(r(plus - r(z * z)) / 2);
        if (us[i]! <= r(Math.exp(g)) || tries + 1 >= maxIterations) {
          if (take(z)) break;
        } else tries++;
      }
    }
    return;
  }
  const alpha = r(r(low + root) / 2);
  while (at < to) {
    const us = source.uniform();
    for (let i = 0; i < us.length; i += 2) {
      const z = r(r(-r(Math.log(us[i]!)) / alpha) + low);
      const x = low < alpha ? r(alpha - z) : r(low - alpha);
      const g = r(Math.exp(r(r(-x * x) / 2)));
      if ((us[i + 1]! <= g && z < high) || tries + 1 >= maxIterations) {
        if (take(z)) break;
      } else tries++;
    }
  }
}

interface Given {
  readonly means: NdArray;
  readonly stdevs: NdArray;
  readonly minvals: NdArray;
  readonly maxvals: NdArray;
}

/** Batches of the result: the first axis, or pieces of 100 where all have the same parameters. */
function batchesOf(shape: FullShape, given: Given): { batches: number; perBatch: number } {
  if (shape.length === 0)
    throw invalidArgument("Shape tensor must not be empty, got Tensor<type: int32 shape: [0] values: >");
  const all = Object.entries(given) as [string, NdArray][];
  if (all.every(([, { shape }]) => shape.length === 0 || shape[0] === 1)) {
    return { batches: Math.ceil(elementCount(shape) / desiredBatch), perBatch: desiredBatch };
  }
  for (const [name, { shape: own }] of all) {
    if (own.length && own[0] !== 1 && own[0] !== shape[0]) {
      throw invalidArgument(`Input ${name} should have length 1 or shape[0], got shape: ${formatShape(own)}`);
    }
  }
  return { batches: shape[0]!, perBatch: elementCount(shape.slice(1)) };
}

function draw(
  state: philox.PhiloxState,
  dtype: DType,
  shape: FullShape,
  given: Given,
  batches: number,
  perBatch: number,
): NdArray {
  const total = elementCount(shape);
  const out = new Float64Array(total);
  const source = sourceOf(state, dtype);
  const at = (array: NdArray, b: number): number => toNumbers(array)[array.size === 1 ? 0 : b]!;
  for (let b = 0; b < batches; b++) {
    const parameters = {
      mean: at(given.means, b),
      deviation: at(given.stdevs, b),
      min: at(given.minvals, b),
      max: at(given.maxvals, b),
    };
    const to = Math.min((b + 1) * perBatch, total);
    drawBatch(source, parameters, out, b * perBatch, to);
  }
  const data = allocateElements(dtype, total);
  for (let i = 0; i < total; i++) setElement(dtype, data, i, out[i]);
  return new NdArray(dtype, shape, data);
}

/** output: normal numbers in [minvals, maxvals], drawn again beyond them; parameters are scalars or one for each row of the result. */
export const parameterizedTruncatedNormalOp = defineOp("ParameterizedTruncatedNormal", {
  inputs: ["shape: T", "means: dtype", "stdevs: dtype", "minvals: dtype", "maxvals: dtype"],
  outputs: ["output: dtype"],
  attrs: ["seed: int = 0", "seed2: int = 0", "dtype: {half, bfloat16, float, double}", "T: {int32, int64}"],
  stateful: true,
  shape({ shape, means, stdevs, minvals, maxvals }, context) {
    for (const parameter of [means, stdevs, minvals, maxvals]) withRankAtMost(parameter, 1);
    return [shapeFromInput(context, "shape", shape)];
  },
  compute({ shape, dtype, means, stdevs, minvals, maxvals }, context) {
    const dims = dimsOf(shape);
    const given = { means, stdevs, minvals, maxvals };
    if (dims.length && elementCount(dims) === 0) return new NdArray(dtype, dims, allocateElements(dtype, 0));
    const { batches, perBatch } = batchesOf(dims, given);
    const state = takeBlocks(context, Math.floor((batches * 2 * maxIterations * (perBatch + 3)) / 4));
    return draw(state, dtype, dims, given, batches, perBatch);
  },
  gradient: "none",
});

/** As ParameterizedTruncatedNormal, from two seeds; the shape ends in what the parameters broadcast to. */
export const statelessParameterizedTruncatedNormalOp = defineOp("StatelessParameterizedTruncatedNormal", {
  inputs: ["shape: S", "seed: Tseed", "means: dtype", "stddevs: dtype", "minvals: dtype", "maxvals: dtype"],
  outputs: ["output: dtype"],
  attrs: ["S: {int32, int64}", "Tseed: {int32, int64} = DT_INT64", "dtype: {half, float, double}"],
  shape({ shape, seed, means, stddevs, minvals, maxvals }, context) {
    seedShape(seed);
    broadcastShapes(broadcastShapes(broadcastShapes(means, stddevs), minvals), maxvals);
    return [shapeFromInput(context, "shape", shape)];
  },
  compute({ shape, seed, means, stddevs, minvals, maxvals, dtype }) {
    const dims = dimsOf(shape);
    const parameters = [means, stddevs, minvals, maxvals];
    const inner = parameters.reduce<FullShape>((all, array) => broadcastShapes(all, array.shape) as FullShape, []);
    checkEndsIn(dims, inner);
    const readers = parameters.map((array) => spread(array, inner));
    const batches = elementCount(inner);
    const perBatch = batches === 0 ? 0 : elementCount(dims) / batches;
    const source = sourceOf(seededState(seed), dtype);
    const data = allocateElements(dtype, elementCount(dims));
    for (let b = 0; b < batches; b++) {
      const [mean, deviation, min, max] = readers.map((read) => read(b)) as [number, number, number, number];
      const drawn = new Float64Array(perBatch);
      if (perBatch > 0) drawBatch(source, { mean, deviation, min, max }, drawn, 0, perBatch);
      for (const [i, value] of drawn.entries()) setElement(dtype, data, i * batches + b, value);
    }
    return new NdArray(dtype, dims, data);
  },
  gradient: "unregistered",
});
