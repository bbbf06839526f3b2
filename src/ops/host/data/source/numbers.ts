/** Counted and random numbers. Source: range_dataset_op.cc, random_dataset_op.cc */
import { type DType, int64 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { allocateElements, NdArray, setElement } from "../../../../core/nd_array.ts";
import { seedGeneratorOf } from "../option/shared.ts";
import { type DataIterator, infinite, nothing } from "../runtime/dataset.ts";
import { defineDataset, metadata, typed } from "../runtime/define.ts";
import { wholeOf } from "../runtime/element.ts";
import { checkIndex, indexed } from "../runtime/indexed.ts";
import { type Seed, SeedGenerator, seedsOf, wordsOf } from "../runtime/random.ts";

/** A scalar of a dtype. */
function number(dtype: DType, value: bigint): NdArray {
  if (dtype === int64) return new NdArray(int64, [], BigInt64Array.of(value));
  const data = allocateElements(dtype, 1);
  setElement(dtype, data, 0, Number(value));
  return new NdArray(dtype, [], data);
}

export const rangeDatasetOp = defineDataset("RangeDataset", {
  inputs: ["start: int64", "stop: int64", "step: int64"],
  attrs: [...typed, metadata, "replicate_on_split: bool = false"],
  stateful: true,
  make({ start, stop, step, output_types }) {
    const [from, to, by] = [wholeOf(start), wholeOf(stop), wholeOf(step)];
    if (by === 0n) throw invalidArgument("step must be a non-zero integer.");
    const span = by > 0n ? to - from : from - to;
    const size = by > 0n ? by : -by;
    const n = span <= 0n ? 0 : Number((span + size - 1n) / size);
    const [dtype] = output_types;
    const element = (i: number) => [number(dtype!, from + BigInt(i) * by)];
    return {
      cardinality: () => n,
      iterate: () => indexed(n, element),
      at(_, index) {
        checkIndex(index, n);
        return element(index);
      },
    };
  },
});

/** 32 random bits each, as int64. */
function randomWords(seed: Seed, seed2: Seed): DataIterator {
  const next = wordsOf(seed, seed2);
  return { next: () => [new NdArray(int64, [], BigInt64Array.of(BigInt(next())))], close: nothing };
}

const randomDataset = <T extends "RandomDataset" | "ExperimentalRandomDataset">(type: T) =>
  defineDataset(type, {
    inputs: ["seed: int64", "seed2: int64"],
    attrs: type === "RandomDataset" ? [...typed, metadata] : typed,
    stateful: true,
    make({ seed, seed2 }) {
      const seeds = seedsOf(wholeOf(seed), wholeOf(seed2));
      return { cardinality: () => infinite, iterate: () => randomWords(...seeds) };
    },
  });

export const randomDatasetOp = randomDataset("RandomDataset");
export const experimentalRandomDatasetOp = randomDataset("ExperimentalRandomDataset");

export const randomDatasetV2Op = defineDataset("RandomDatasetV2", {
  inputs: ["seed: int64", "seed2: int64", "seed_generator: resource"],
  attrs: ["rerandomize_each_iteration: bool = false", ...typed, metadata],
  stateful: true,
  make({ seed, seed2, seed_generator, rerandomize_each_iteration }, _, context) {
    const seeds =
      seedGeneratorOf(context, seed_generator) ??
      new SeedGenerator(wholeOf(seed), wholeOf(seed2), rerandomize_each_iteration);
    return { cardinality: () => infinite, iterate: (runtime) => randomWords(...runtime.draw(seeds)) };
  },
});
