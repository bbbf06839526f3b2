/** Seeds of stateless ops as Philox states. Source: stateless_random_ops.cc, stateless_random_ops_v2.cc. */
import { invalidArgument } from "../../../../core/error.ts";
import { elementAt, type NdArray } from "../../../../core/nd_array.ts";
import * as philox from "../../../../core/philox.ts";
import { type FullShape, formatShape, type Shape, withRank } from "../../../../core/shape.ts";

const whole = (array: NdArray, i: number): bigint => BigInt(elementAt(array, i) as number | bigint);

/** The state that two seeds stand for. */
export function seededState(seed: NdArray): philox.PhiloxState {
  checkSeed(seed.shape);
  return philox.statelessState(whole(seed, 0), whole(seed, 1));
}

export function checkSeed(shape: FullShape): void {
  if (shape.length !== 1 || shape[0] !== 2)
    throw invalidArgument(`seed must have shape [2], not ${formatShape(shape)}`);
}

export function seedShape(seed: Shape): void {
  const [n] = withRank(seed, 1);
  if (n !== null && n !== 2) throw invalidArgument(`Dimension must be 2 but is ${n}`);
}

/** Philox, or whichever the device has. */
const philoxIds = new Set([1, 3]);

/** Throws unless the algorithm is one that the CPU has. */
export function checkAlgorithm(alg: number): void {
  if (!philoxIds.has(alg)) throw invalidArgument(`Unsupported algorithm id: ${alg}`);
}

/** The state of a key [1], a counter [2] and an algorithm. */
export function keyedState(key: NdArray, counter: NdArray, alg: NdArray): philox.PhiloxState {
  checkKey(key.shape, counter.shape, alg.shape);
  checkAlgorithm(Number(elementAt(alg, 0)));
  return philox.philoxStateOf(whole(key, 0), whole(counter, 0), whole(counter, 1));
}

export function checkKey(key: FullShape, counter: FullShape, alg: FullShape): void {
  if (key.length !== 1 || key[0]! < 1) throw invalidArgument(`key must have shape [1], not ${formatShape(key)}`);
  if (counter.length !== 1 || counter[0]! < 2) {
    throw invalidArgument(
      `counter must be a vector with length at least 2 for the Philox algorithm; got shape: ${formatShape(counter)}`,
    );
  }
  if (alg.length) throw invalidArgument(`algorithm must be of shape [], not ${formatShape(alg)}`);
}
