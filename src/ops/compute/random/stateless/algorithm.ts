/** Which algorithm makes random numbers, and what it starts with. Source: random_ops_util.py. */
import { uint32, uint64 } from "../../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../../core/error.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";

/** How random numbers are made. The CPU has Philox alone, which it also selects by itself. */
export const Algorithm = { PHILOX: 1, THREEFRY: 2, AUTO_SELECT: 3 } as const;

/** "philox", "threefry", "auto_select", one of `Algorithm` or a tensor that holds it. */
export type AlgorithmLike = string | number | Tensor;

const byText: Readonly<Record<string, number>> = { philox: 1, threefry: 2, autoselect: 3 };

/** What Python says of an algorithm that there is not. */
export function unsupportedAlgorithm(alg: string | number): ValueError {
  const known = typeof alg === "number" ? [1, 2, 3] : ["philox", "threefry", "auto_select"];
  return new ValueError(
    `Argument \`alg\` got unsupported value ${alg}. Supported values are ${known[0]} for the Philox algorithm, ${known[1]} for the ThreeFry algorithm, and ${known[2]} for auto-selection.`,
  );
}

/** The algorithm's number. Throws ValueError for a text that names none, TypeError for anything else. */
export function algorithmNumber<A extends AlgorithmLike>(alg: A): A extends Tensor ? number | Tensor : number;
export function algorithmNumber(alg: AlgorithmLike): number | Tensor {
  if (typeof alg === "number" || alg instanceof Tensor) return alg;
  if (typeof alg !== "string")
    throw new TypeError(`Can't convert argument \`alg\` (of value ${String(alg)} and type ${typeof alg}) to int.`);
  const found = byText[alg.trim().toLowerCase().replace(/[-_]/g, "")];
  if (found === undefined) throw unsupportedAlgorithm(alg);
  return found;
}

interface KeyCounter {
  readonly key: Tensor;
  readonly counter: Tensor;
  readonly alg: number | Tensor;
}

const joined = (x: Tensor): Tensor => {
  const low = tf.cast(x.at(0), uint64) as Tensor;
  const high = tf.cast(x.at(1), uint64) as Tensor;
  const half = tf.constant(32n, uint64);
  return tf.bitwiseOr(low, tf.leftShift(high, half));
};

/** Where the scrambling of Philox' seeds begins. */
const scrambleKey = 0x02461e293ec8f720n;

function scrambled(seed: TensorLike): Omit<KeyCounter, "alg"> {
  const key = tf.constant([scrambleKey], uint64);
  const counter = tf.cast(seed, uint64) as Tensor;
  const alg = Algorithm.PHILOX;
  const mix = tf.statelessRandomUniformFullIntV2Op({ shape: [4], key, counter, dtype: uint32, alg });
  return {
    key: tf.reshape(joined(mix.at(":2")), [1]),
    counter: tf.stack([0, joined(mix.at("2:"))], { axis: 0 }),
  };
}

/** The key [1], the counter [2] and the number of the algorithm that a seed [2] stands for. */
export function keyCounter(seed: TensorLike, alg: AlgorithmLike = Algorithm.AUTO_SELECT): KeyCounter {
  const number = algorithmNumber(alg);
  if (number === Algorithm.AUTO_SELECT) return { ...tf.statelessRandomGetKeyCounterOp({ seed }), alg: number };
  if (number === Algorithm.PHILOX) return { ...scrambled(seed), alg: number };
  if (number !== Algorithm.THREEFRY) throw unsupportedAlgorithm(number as number);
  return {
    key: tf.reshape(joined(tf.cast(seed, uint32) as Tensor), [1]),
    counter: tf.zeros([1], uint64),
    alg: number,
  };
}
