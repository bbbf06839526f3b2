/** Random orders from seeds. Source: stateless_random_ops.py. */
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { type AlgorithmLike, keyCounter } from "./algorithm.ts";

/** What stands before the two numbers of a seed. */
const indexShuffleSalt = 498247692;

/** The places of `index` in a permutation of 0 … maxIndex that the seed chooses: two numbers, or two for each index. */
export function indexShuffle(index: TensorLike, seed: TensorLike, maxIndex: TensorLike): Tensor {
  const given = convertToTensor(seed);
  const inner = new Array<readonly number[]>(Math.max(0, (given.shape?.length ?? 1) - 1)).fill([0, 0]);
  const padded = tf.pad(given, [[1, 0], ...inner], { constantValues: indexShuffleSalt });
  return tf.randomIndexShuffleOp({ index, seed: padded, max_index: maxIndex, rounds: 4 });
}

/** The op: places in a permutation, from three numbers of seed. */
export const randomIndexShuffle = byKeyword(
  ["index", "seed", "maxIndex"],
  function randomIndexShuffle(
    index: TensorLike,
    seed: TensorLike,
    maxIndex: TensorLike,
    ...rest: Rest<{ readonly rounds?: number } & Named, ["rounds", "name"]>
  ): Tensor {
    const { rounds = 4, name } = byName<{ readonly rounds?: number } & Named>(rest, ["rounds", "name"]);
    return tf.randomIndexShuffleOp({ index, seed, max_index: maxIndex, rounds }, name);
  },
);

export interface StatelessShuffleOptions extends Named {
  readonly alg?: AlgorithmLike;
}

/** The rows of value in the order that the seed (two numbers) chooses. */
export const statelessShuffle = (
  value: TensorLike,
  seed: TensorLike,
  ...rest: Rest<StatelessShuffleOptions, ["alg", "name"]>
): Tensor => {
  const options = byName<StatelessShuffleOptions>(rest, ["alg", "name"]);
  return inScope(options.name, "stateless_shuffle", () =>
    tf.statelessShuffleOp({ value, ...keyCounter(seed, options.alg) }),
  );
};
