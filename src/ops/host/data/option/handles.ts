/** Handles that datasets share: memory caches, generators of seeds, thread pools. Source: cache_ops.cc, random_seed_ops.cc, threadpool_dataset_op.cc */
import type { NdArray } from "../../../../core/nd_array.ts";
import type { ComputeContext } from "../../../../graph/definition.ts";
import { defineOp } from "../../../define.ts";
import { variantOf } from "../../../variant/value.ts";
import { namedObject } from "../../resource.ts";

import { MemoryCache } from "../runtime/memory_cache.ts";
import { SeedGenerator } from "../runtime/random.ts";
import type { Dummy } from "./shared.ts";

function fresh<T>(context: ComputeContext, kind: string, create: () => T): NdArray {
  return context.makeResource({ container: "", kind, name: `${kind}${context.nextId()}`, create }).handle;
}

const dummy = <const T extends string>(type: T) =>
  defineOp(type, {
    outputs: ["handle: resource"],
    stateful: true,
    shape: () => [[]],
    compute: (_, context) => fresh(context, type, (): Dummy => ({ isDummy: true })),
    gradient: "unregistered",
  });

export const dummyMemoryCacheOp = dummy("DummyMemoryCache");
export const dummySeedGeneratorOp = dummy("DummySeedGenerator");

export const anonymousMemoryCacheOp = defineOp("AnonymousMemoryCache", {
  outputs: ["handle: resource", "deleter: variant"],
  stateful: true,
  shape: () => [[], []],
  compute(_, context) {
    const handle = fresh(context, "AnonymousMemoryCache", () => new MemoryCache());
    return [handle, variantOf({ deletes: handle })];
  },
  gradient: "unregistered",
});

const seeds = ["seed: int64", "seed2: int64"] as const;

function makeSeedGenerator(seed: NdArray, seed2: NdArray, reshuffles: boolean, context: ComputeContext): NdArray[] {
  const [a, b] = [BigInt(seed.data[0] as bigint), BigInt(seed2.data[0] as bigint)];
  const handle = fresh(context, "AnonymousSeedGenerator", () => new SeedGenerator(a, b, reshuffles));
  return [handle, variantOf({ deletes: handle })];
}

export const anonymousRandomSeedGeneratorOp = defineOp("AnonymousRandomSeedGenerator", {
  inputs: seeds,
  outputs: ["handle: resource", "deleter: variant"],
  stateful: true,
  shape: () => [[], []],
  compute: ({ seed, seed2 }, context) => makeSeedGenerator(seed, seed2, true, context),
  gradient: "unregistered",
});

export const anonymousSeedGeneratorOp = defineOp("AnonymousSeedGenerator", {
  inputs: [...seeds, "reshuffle: bool"],
  outputs: ["handle: resource", "deleter: variant"],
  stateful: true,
  shape: () => [[], []],
  compute: ({ seed, seed2, reshuffle }, context) => makeSeedGenerator(seed, seed2, reshuffle.data[0] === 1, context),
  gradient: "unregistered",
});

const deletes = <const T extends string>(type: T) =>
  defineOp(type, {
    inputs: ["handle: resource", "deleter: variant"],
    stateful: true,
    shape: () => [],
    compute({ handle }, context) {
      context.deleteResource(handle);
    },
    gradient: "unregistered",
  });

export const deleteMemoryCacheOp = deletes("DeleteMemoryCache");
export const deleteRandomSeedGeneratorOp = deletes("DeleteRandomSeedGenerator");
export const deleteSeedGeneratorOp = deletes("DeleteSeedGenerator");

const pool = <const T extends string>(type: T) =>
  defineOp(type, {
    outputs: ["handle: resource"],
    attrs: [
      "num_threads: int",
      "max_intra_op_parallelism: int = 1",
      "display_name: string",
      "container: string = ''",
      "shared_name: string = ''",
    ],
    stateful: true,
    shape: () => [[]],
    compute: (op, context) =>
      namedObject(context, {
        kind: "ThreadPool",
        container: op.container,
        sharedName: op.shared_name,
        asText: false,
        create: () => ({ threads: op.num_threads }),
      }),
    gradient: "unregistered",
  });

/** A pool of threads in name only: everything runs on one. */
export const threadPoolHandleOp = pool("ThreadPoolHandle");
export const experimentalThreadPoolHandleOp = pool("ExperimentalThreadPoolHandle");

const statistics = <const T extends string>(type: T) =>
  defineOp(type, {
    outputs: ["handle: resource"],
    attrs: ["container: string = ''", "shared_name: string = ''"],
    stateful: true,
    shape: () => [[]],
    compute: (op, context) =>
      namedObject(context, {
        kind: "StatsAggregator",
        container: op.container,
        sharedName: op.shared_name,
        asText: false,
        create: () => ({}),
      }),
    gradient: "unregistered",
  });

export const statsAggregatorHandleOp = statistics("StatsAggregatorHandle");
export const experimentalStatsAggregatorHandleOp = statistics("ExperimentalStatsAggregatorHandle");
