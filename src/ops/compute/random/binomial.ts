/**
 * Binomial numbers. Source: stateless_random_ops.cc, random_binomial_op.cc; "The generation of binomial random variates", Hormann,
 * 1993 (BTRS), and sums of geometric numbers where the expectation is below 10.
 */

import type { DType } from "../../../core/dtype.ts";
import { allocateElements, NdArray, setElement } from "../../../core/nd_array.ts";
import type { PhiloxState } from "../../../core/philox.ts";
import { broadcastShapes, elementCount, type FullShape } from "../../../core/shape.ts";
import { checkEndsIn, spread } from "./shape.ts";
import { stateOfOutput, uniformSource } from "./source.ts";

/** Geometric numbers until they exceed count: how many before. */
function byInversion(count: number, probability: number, uniform: () => number): number {
  let sum = 0;
  for (let n = 0; ; n++) {
    sum += Math.ceil(Math.log(uniform()) / Math.log1p(-probability));
    if (sum > count) return n;
  }
}

const tails = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
  0.0138761288230707, 0.0118967099458917, 0.010411265261972, 0.00925546218271273, 0.00833056343336287,
];

/** What Stirling's formula leaves out of log(k!). */
function stirlingTail(k: number): number {
  if (k <= 9) return tails[k]!;
  const square = (k + 1) * (k + 1);
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}

/** Transformed rejection with squeeze. */
function byRejection(count: number, probability: number, uniform: () => number): number {
  const deviation = Math.sqrt(count * probability * (1 - probability));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * probability;
  const c = count * probability + 0.5;
  const limit = 0.92 - 4.2 / b;
  const r = probability / (1 - probability);
  const alpha = (2.83 + 5.1 / b) * deviation;
  const m = Math.floor((count + 1) * probability);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + c);
    if (us >= 0.07 && v <= limit) return k;
    if (k < 0 || k > count) continue;
    const bound =
      (m + 0.5) * Math.log((m + 1) / (r * (count - m + 1))) +
      (count + 1) * Math.log((count - m + 1) / (count - k + 1)) +
      (k + 0.5) * Math.log((r * (count - k + 1)) / (k + 1)) +
      stirlingTail(m) +
      stirlingTail(count - m) -
      stirlingTail(k) -
      stirlingTail(count - k);
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= bound) return k;
  }
}

/** Blocks between the states of two numbers, where geometric numbers are added up. */
const blocksOfInversion = 42;

/** Number `index` of successes in `count` tries. */
function sample(count: number, probability: number, state: PhiloxState, index: number): number {
  if (!(count > 0) || !(probability > 0)) return Number.isNaN(count) || Number.isNaN(probability) ? Number.NaN : 0;
  if (probability >= 1) return count;
  const draw = (p: number): number =>
    count * p >= 10
      ? byRejection(count, p, uniformSource(stateOfOutput(state, index)))
      : byInversion(count, p, uniformSource(stateOfOutput(state, index, blocksOfInversion)));
  return probability <= 0.5 ? draw(probability) : count - draw(1 - probability);
}

/** Numbers of the shape, which ends in what counts and probabilities broadcast to. */
export function binomials(
  state: PhiloxState,
  dtype: DType,
  shape: FullShape,
  counts: NdArray,
  probabilities: NdArray,
): NdArray {
  const inner = broadcastShapes(counts.shape, probabilities.shape) as FullShape;
  checkEndsIn(shape, inner);
  const [n, p] = [spread(counts, inner), spread(probabilities, inner)];
  const batches = elementCount(inner);
  const total = elementCount(shape);
  const perBatch = batches === 0 ? 0 : total / batches;
  const data = allocateElements(dtype, total);
  for (let b = 0; b < batches; b++) {
    for (let i = 0; i < perBatch; i++) {
      const drawn = sample(n(b), p(b), state, b * perBatch + i);
      setElement(dtype, data, i * batches + b, dtype.isInteger ? Math.trunc(drawn) : drawn);
    }
  }
  return new NdArray(dtype, shape, data);
}
