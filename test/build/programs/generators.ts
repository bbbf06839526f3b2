/** Programs of test/fixtures/build/generators.py. */
import type { Operation } from "../../../src/graph/operation.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

const { Generator } = tf.random;
type Source = tf.random.Generator;
type Made = { readonly seed?: number | bigint | readonly number[]; readonly alg?: string };
type Drawn = Tensor | readonly Tensor[];

/** What `draw` gives of a generator whose state is a resource variable. */
const generator =
  (draw: (g: Source) => Drawn, { seed = 1234, alg }: Made = {}): Program =>
  () => {
    tf.enableResourceVariables();
    try {
      return draw(Generator.fromSeed(seed, ...(alg === undefined ? [] : [alg])));
    } finally {
      tf.disableResourceVariables();
    }
  };

/** Draws one after another: each waits for those before it. */
function after(fetches: readonly (() => Tensor)[]): Tensor[] {
  const done: (Tensor | Operation)[] = [];
  for (const fetch of fetches) done.push(tf.controlDependencies([...done], fetch));
  return done as Tensor[];
}

const generators: Record<string, Program> = {
  generator_normal: generator((g) => g.normal([2, 3])),
  generator_normal_options: generator((g) =>
    g.normal(tf.constant([4]), { mean: 2, stddev: [1, 2, 3, 4], dtype: tf.float64, name: "n" }),
  ),
  generator_truncated: generator((g) => g.truncatedNormal([5], 1, 2)),
  generator_uniform: generator((g) => g.uniform([2, 2], -1, 1)),
  generator_uniform_int: generator((g) => g.uniform([6], 3, 17, tf.int32)),
  generator_uniform_bits: generator((g) => g.uniform([3], null, null, tf.int64)),
  generator_full_int: generator((g) => g.uniformFullInt([3])),
  generator_scalar: generator((g) => g.normal([])),
  generator_binomial: generator((g) =>
    g.binomial([4], {
      counts: tf.constant([10, 20, 5, 7], { dtype: tf.float32, name: "binomial/counts" }),
      probs: [0.3, 0.5, 0.9, 0.1],
    }),
  ),
  generator_key: generator((g) => [g.key, g.state.value()]),
  generator_seeds: generator((g) => g.makeSeeds(3)),
  generator_skip: generator((g) => after([() => g.skip(5), () => g.normal([2])])),
  generator_seed_long: generator((g) => g.normal([2]), { seed: 2n ** 70n + 3n }),
  generator_seed_list: generator((g) => g.normal([2]), { seed: [7, 8] }),
  generator_philox: generator((g) => g.normal([2]), { alg: "philox" }),
  generator_auto: generator((g) => g.normal([2]), { alg: "auto_select" }),
  generator_state: generator(() => Generator.fromState([1, 2, 3], 1).normal([3])),
  generator_key_counter: generator(() => Generator.fromKeyCounter(5, [6, 7], "philox").normal([3])),
  generator_reset: generator((g) =>
    after([
      () => {
        g.reset([1, 2, 3]);
        return g.state.value();
      },
      () => g.normal([2]),
    ]),
  ),
  rng_state: () => [
    tf.random.createRngState(5, "philox"),
    tf.random.createRngState([1, 2, 3, 4], 1),
    tf.random.experimental.createRngState(1, tf.random.Algorithm.AUTO_SELECT),
  ],
};

type S = { readonly seed: Tensor };
const experimental = tf.random.experimental;

const seeds: Record<string, Program> = {
  fold_in: ({ seed }: S) => tf.random.foldIn(seed, 7),
  split: ({ seed }: S) => tf.random.split(seed, 3),
  fold_in_alg: ({ seed }: S) => experimental.statelessFoldIn(seed, 7, "auto_select"),
  stateless_shuffle: ({ seed }: S) => experimental.statelessShuffle(tf.range(7), seed),
  index_shuffle: () => Array.from({ length: 10 }, (_, i) => experimental.indexShuffle(i, [1, 2], 9)),
  index_shuffle_vector: ({ seed }: S) => experimental.indexShuffle(tf.range(12), seed, 11),
  index_shuffle_large: ({ seed }: S) =>
    experimental.indexShuffle(tf.constant([0n, 5n, 123456789012n], tf.int64), seed, 2 ** 40),
  stateless_parameterized: ({ seed }: S) =>
    tf.random.statelessParameterizedTruncatedNormal([4, 2], seed, [0, 10], [1, 3], [-1, 9], [2, 30]),
  stateless_parameterized_defaults: ({ seed }: S) => tf.random.statelessParameterizedTruncatedNormal([5], seed),
  sobol: () => [
    tf.math.sobolSample(3, 5),
    tf.math.sobolSample(2, 4, 3, tf.float64, "s"),
    tf.math.sobolSample(40, 3, { skip: 17 }),
  ],
  get_seed: () =>
    [null, 5].map((seed) => {
      const [a, b] = tf.random.getSeed(seed);
      return tf.constant([a ?? 0, b ?? 0], tf.int64);
    }),
};

export const random: Readonly<Record<string, Program>> = { ...generators, ...seeds };
