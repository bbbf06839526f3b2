/** Shuffling by place, without a buffer. Source: random_index_shuffle_ops.cc, global_shuffle_dataset_op.cc */
import { FailedPreconditionError, invalidArgument } from "../../../../core/error.ts";
import { allocateElements, NdArray } from "../../../../core/nd_array.ts";
import { formatShape } from "../../../../core/shape.ts";
import { defineOp } from "../../../define.ts";
import { seedGeneratorOf } from "../option/shared.ts";
import { datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { wholeOf } from "../runtime/element.ts";
import { indexShuffle } from "../runtime/index_shuffle.ts";
import { SeedGenerator } from "../runtime/random.ts";

const low32 = (n: bigint): bigint => BigInt.asUintN(32, n);

/** output[i] = the place of index[i] in a permutation of 0 … max_index[i]; each input one for all, or one for each. */
export const randomIndexShuffleOp = defineOp("RandomIndexShuffle", {
  inputs: ["index: dtype", "seed: Tseed", "max_index: dtype"],
  outputs: ["output: dtype"],
  attrs: ["rounds: int = 4", "dtype: {int32, uint32, int64, uint64}", "Tseed: {int32, uint32, int64, uint64}"],
  shape({ index, seed, max_index }) {
    if (index === null || seed === null || max_index === null) return [null];
    if (index.length === 0 && seed.length === 1 && max_index.length === 0) return [[]];
    return [[index[0] ?? (seed.length > 1 ? seed[0]! : (max_index[0] ?? null))]];
  },
  compute({ index, seed, max_index, rounds, dtype }) {
    const n = Math.max(index.size, max_index.size, Math.floor(seed.size / 3));
    const fits = (array: NdArray): boolean =>
      array.shape.length === 0 || (array.shape.length === 1 && array.size === n);
    if (!fits(index)) throw invalidArgument("Index bust be a scalar or vector.");
    if (seed.shape.at(-1) !== 3 || (seed.shape.length === 2 ? seed.shape[0] !== n : seed.shape.length !== 1))
      throw invalidArgument(
        `Seed must be a vector of size [3] or a matrix of size [${n}, 3] but got ${formatShape(seed.shape)}.`,
      );
    if (!fits(max_index))
      throw invalidArgument(
        `Maxval must be a scalar or a vector of the same size as index but got ${formatShape(max_index.shape)}`,
      );
    const at = (array: NdArray, i: number): bigint => BigInt(array.data[array.size === 1 ? 0 : i] as number | bigint);
    const isScalar = index.shape.length === 0 && seed.shape.length === 1 && max_index.shape.length === 0;
    const data = allocateElements(dtype, n) as unknown as { [i: number]: number | bigint };
    for (let i = 0; i < n; i++) {
      const from = seed.shape.length === 1 ? 0 : 3 * i;
      const key = [0, 1, 2].map((k) => low32(BigInt(seed.data[from + k] as number | bigint)));
      const place = indexShuffle(key, at(max_index, i), rounds)(at(index, i));
      data[i] = dtype.sizeBytes === 8 ? place : Number(place);
    }
    return new NdArray(dtype, isScalar ? [] : [n], data as never);
  },
  gradient: "none",
});

const rounds = 8;

export const globalShuffleDatasetOp = defineDataset("GlobalShuffleDataset", {
  inputs: ["input_dataset: variant", "seed: int64", "seed2: int64", "seed_generator: resource"],
  attrs: ["reshuffle_each_iteration: bool = true", ...typed, metadata],
  stateful: true,
  make(op, _, context) {
    const input = datasetOf(op.input_dataset);
    const { at } = input;
    if (!at)
      throw new FailedPreconditionError(
        `\`global_shuffle\` requires all upstream transformations be compatible with random access. Got: FAILED_PRECONDITION: ${input.source.type} does not support random access.`,
      );
    const n = input.cardinality();
    if (n <= 0)
      throw invalidArgument(
        `\`global_shuffle\` requires the input dataset to have a non-empty finite cardinality. Got cardinality ${n} for dataset ${input.source.type}`,
      );
    const seeds =
      seedGeneratorOf(context, op.seed_generator) ??
      new SeedGenerator(wholeOf(op.seed), wholeOf(op.seed2), op.reshuffle_each_iteration);
    return {
      cardinality: () => n,
      iterate(runtime) {
        const key = [...runtime.draw(seeds), runtime.draw(seeds)[0]].map(low32);
        const place = indexShuffle(key, BigInt(n - 1), rounds);
        let i = 0;
        return { next: () => (i < n ? at(runtime, Number(place(BigInt(i++)))) : null), close() {} };
      },
    };
  },
});
