/** Seeds of random ops. */

/**
 * [seed, seed2] of a random op from the graph's seed and its own; [null, null] when nothing is seeded. An op without a seed of its own takes
 * the number of such requests so far. Source: tensorflow/python/framework/random_seed.py.
 */
export function seedAttrs(
  graphSeed: number | bigint | null,
  opSeed: number | bigint | null | undefined,
  nextRequest: () => number,
): readonly [number, number] | readonly [null, null] {
  const limit = 2n ** 31n - 1n;
  const truncate = (seed: number | bigint): number => Number(((BigInt(seed) % limit) + limit) % limit);
  if (graphSeed === null && (opSeed === null || opSeed === undefined)) return [null, null];
  const seeds: [number, number] =
    graphSeed === null ? [87654321, truncate(opSeed!)] : [truncate(graphSeed), truncate(opSeed ?? nextRequest())];
  return seeds[0] === 0 && seeds[1] === 0 ? [0, 2147483647] : seeds;
}
