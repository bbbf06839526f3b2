/**
 * Datasets that say how their input is to be run, not what it is: options, models, thread pools, statistics. Here they pass elements on; what
 * they check is checked. Source: kernels/data/experimental
 */
import { FailedPreconditionError, invalidArgument } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { textsOf } from "../../arrays.ts";
import { type DataIterator, type Dataset, type Runtime, unknown } from "../runtime/dataset.ts";
import { type Behaviour, datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { scalar } from "../runtime/element.ts";

const one = "input_dataset: variant" as const;

/** The input itself. */
const same = (array: NdArray): Behaviour => {
  const input = datasetOf(array);
  const { at } = input;
  return {
    cardinality: () => input.cardinality(),
    iterate: (runtime) => input.iterate(runtime),
    ...(at ? { at } : {}),
  };
};

const plain = <const T extends string, const I extends readonly string[], const A extends readonly string[]>(
  type: T,
  inputs: I,
  attrs: A,
  stateful = false,
) =>
  defineDataset<readonly ["input_dataset: variant", ...I], A>(type, {
    inputs: [one, ...inputs],
    attrs,
    stateful,
    make: (op) => same((op as { input_dataset: NdArray }).input_dataset),
  });

export const optionsDatasetOp = plain("OptionsDataset", [], ["serialized_options: string", ...typed, metadata]);
export const modelDatasetOp = plain(
  "ModelDataset",
  [],
  ["algorithm: int = 0", "cpu_budget: int = 0", "ram_budget: int = 0", ...typed],
);
export const optimizeDatasetOp = plain(
  "OptimizeDataset",
  ["optimizations: string"],
  [...typed, "optimization_configs: list(string) = []"],
);
export const optimizeDatasetV2Op = plain(
  "OptimizeDatasetV2",
  ["optimizations_enabled: string", "optimizations_disabled: string", "optimizations_default: string"],
  [...typed, "optimization_configs: list(string) = []"],
);
export const finalizeDatasetOp = plain("FinalizeDataset", [], ["has_captured_ref: bool = false", ...typed]);
export const rewriteDatasetOp = plain("RewriteDataset", ["rewrite_name: string"], typed);
export const nonSerializableDatasetOp = plain("NonSerializableDataset", [], typed);
export const experimentalNonSerializableDatasetOp = plain("ExperimentalNonSerializableDataset", [], typed);
export const threadPoolDatasetOp = plain("ThreadPoolDataset", ["thread_pool: resource"], typed, true);
export const experimentalThreadPoolDatasetOp = plain(
  "ExperimentalThreadPoolDataset",
  ["thread_pool: resource"],
  typed,
  true,
);
export const latencyStatsDatasetOp = plain("LatencyStatsDataset", ["tag: string"], typed);
export const experimentalLatencyStatsDatasetOp = plain("ExperimentalLatencyStatsDataset", ["tag: string"], typed);
export const bytesProducedStatsDatasetOp = plain("BytesProducedStatsDataset", ["tag: string"], typed);
export const experimentalBytesProducedStatsDatasetOp = plain(
  "ExperimentalBytesProducedStatsDataset",
  ["tag: string"],
  typed,
);
const statistics = ["stats_aggregator: resource", "tag: string", "counter_prefix: string"] as const;
export const setStatsAggregatorDatasetOp = plain("SetStatsAggregatorDataset", statistics, typed, true);
export const experimentalSetStatsAggregatorDatasetOp = plain(
  "ExperimentalSetStatsAggregatorDataset",
  statistics,
  typed,
  true,
);

const threads = <const T extends string, const N extends string>(
  type: T,
  name: N,
  words: (n: number) => string | null,
) =>
  defineDataset<readonly ["input_dataset: variant", `${N}: int64`], typeof typed>(type, {
    inputs: [one, `${name}: int64`],
    attrs: typed,
    make(op) {
      const record = op as unknown as Record<string, NdArray>;
      const wrong = words(scalar(record[name]!, name));
      if (wrong) throw invalidArgument(wrong);
      return same(record.input_dataset!);
    },
  });

const intraOp = (n: number) => (n < 0 ? "`max_intra_op_parallelism` must be >= 0" : null);
const privatePool = (n: number) => (n < 0 ? "`num_threads` must be >= 0" : null);

export const maxIntraOpParallelismDatasetOp = threads(
  "MaxIntraOpParallelismDataset",
  "max_intra_op_parallelism",
  intraOp,
);
export const experimentalMaxIntraOpParallelismDatasetOp = threads(
  "ExperimentalMaxIntraOpParallelismDataset",
  "max_intra_op_parallelism",
  intraOp,
);
export const privateThreadPoolDatasetOp = threads("PrivateThreadPoolDataset", "num_threads", privatePool);
export const experimentalPrivateThreadPoolDatasetOp = threads(
  "ExperimentalPrivateThreadPoolDataset",
  "num_threads",
  privatePool,
);

/** Waits before each element. */
const sleeping = <const T extends string>(type: T) =>
  defineDataset(type, {
    inputs: [one, "sleep_microseconds: int64"],
    attrs: typed,
    make(op) {
      const input = datasetOf(op.input_dataset);
      const ms = scalar(op.sleep_microseconds, "sleep_microseconds") / 1000;
      return {
        cardinality: () => input.cardinality(),
        iterate(runtime): DataIterator {
          const inner = input.iterate(runtime);
          return {
            async next() {
              await new Promise((resolve) => setTimeout(resolve, ms));
              return inner.next();
            },
            close: () => inner.close(),
          };
        },
      };
    },
  });

export const sleepDatasetOp = sleeping("SleepDataset");
export const experimentalSleepDatasetOp = sleeping("ExperimentalSleepDataset");

/** How a dataset is called by those that check the transformations around them: `Map`, `BatchV2`. */
const transformationOf = (dataset: Dataset): string =>
  dataset.source.type.replace(/^Experimental/, "").replace("Dataset", "");

function inputOf(dataset: Dataset): Dataset | null {
  const input = dataset.source.record.input_dataset;
  return input === undefined ? null : datasetOf(input as NdArray);
}

/** The names must be those of the datasets before this one. What follows it, an optimizer would know: there is none here. */
const assertPrev = <const T extends string>(type: T, title: string) =>
  defineDataset(type, {
    inputs: [one, "transformations: string"],
    attrs: typed,
    make(op) {
      const wanted = textsOf(op.transformations);
      return {
        ...same(op.input_dataset),
        iterate(runtime) {
          let dataset: Dataset | null = datasetOf(op.input_dataset);
          for (const [i, name] of wanted.entries()) {
            if (dataset === null)
              throw invalidArgument(
                `${title} expected ${wanted.length} transformations before it but encountered only ${i}.`,
              );
            const found = transformationOf(dataset);
            if (!found.startsWith(name.replace(/Dataset(V\d+)?$/, "")))
              throw invalidArgument(`Asserted transformation matching '${name}', but found '${dataset.source.type}'.`);
            dataset = inputOf(dataset);
          }
          return datasetOf(op.input_dataset).iterate(runtime);
        },
      };
    },
  });

export const assertPrevDatasetOp = assertPrev("AssertPrevDataset", "AssertPrev");

/** The prefix holds the names of what comes after this dataset, innermost last. */
const assertNext = <const T extends string>(type: T) =>
  defineDataset(type, {
    inputs: [one, "transformations: string"],
    attrs: typed,
    make(op) {
      const wanted = textsOf(op.transformations);
      return {
        ...same(op.input_dataset),
        iterate(runtime: Runtime) {
          const names = runtime.prefix.split("::").slice(2, -1).reverse();
          if (names.length < wanted.length)
            throw invalidArgument(
              `Asserted next ${wanted.length} transformations but encountered only ${names.length}.`,
            );
          for (const [i, name] of wanted.entries()) {
            if (!new RegExp(`^(?:${name})`).test(names[i]!))
              throw invalidArgument(
                `Asserted transformation matching '${name}' at offset ${i} but encountered '${names[i]}' transformation instead.`,
              );
          }
          return datasetOf(op.input_dataset).iterate(runtime);
        },
      };
    },
  });

export const assertNextDatasetOp = assertNext("AssertNextDataset");
export const experimentalAssertNextDatasetOp = assertNext("ExperimentalAssertNextDataset");

export const assertCardinalityDatasetOp = defineDataset("AssertCardinalityDataset", {
  inputs: [one, "cardinality: int64"],
  attrs: typed,
  make(op) {
    const input = datasetOf(op.input_dataset);
    const wanted = scalar(op.cardinality, "cardinality");
    const words = (n: number): string => `${n < 0 ? "an infinite number of" : n} element${n === 1 ? "" : "s"}`;
    return {
      cardinality: () => wanted,
      iterate(runtime): DataIterator {
        const inner = input.iterate(runtime);
        let n = 0;
        return {
          async next() {
            const element = await inner.next();
            if (element === null) {
              if (n !== wanted)
                throw new FailedPreconditionError(
                  `Input dataset was expected to contain ${words(wanted)} but contained only ${words(n)}.`,
                );
              return null;
            }
            n++;
            if (wanted >= 0 && n > wanted)
              throw new FailedPreconditionError(
                `Input dataset was expected to contain ${words(wanted)} but contained at least ${words(n)}.`,
              );
            return element;
          },
          close: () => inner.close(),
        };
      },
    };
  },
});

interface Sharding {
  readonly input_dataset: NdArray;
  readonly num_workers: NdArray;
  readonly index: NdArray;
}

/** Every `num_workers`-th element from `index` on (policy OFF, -1: all of them). */
function autoSharded(op: Sharding, policy: number): Behaviour {
  const input = datasetOf(op.input_dataset);
  const workers = scalar(op.num_workers, "num_workers");
  const index = scalar(op.index, "index");
  if (workers < 1) throw invalidArgument(`Number of workers should be > 0 or -1: ${workers}`);
  if (index < 0 || index >= workers)
    throw invalidArgument(`index must be >= 0 and < num_workers: ${index}, ${workers}`);
  if (policy === -1 || workers === 1) return same(op.input_dataset);
  return {
    cardinality: () => unknown,
    iterate(runtime) {
      let place = 0;
      const inner = input.iterate(runtime);
      return {
        async next() {
          for (;;) {
            const element = await inner.next();
            if (element === null || place++ % workers === index) return element;
          }
        },
        close: () => inner.close(),
      };
    },
  };
}

const shardInputs = [one, "num_workers: int64", "index: int64"] as const;

export const autoShardDatasetOp = defineDataset("AutoShardDataset", {
  inputs: shardInputs,
  attrs: ["auto_shard_policy: int = 0", ...typed, "num_replicas: int = 0"],
  make: (op) => autoSharded(op, op.auto_shard_policy),
});

export const experimentalAutoShardDatasetOp = defineDataset("ExperimentalAutoShardDataset", {
  inputs: shardInputs,
  attrs: ["auto_shard_policy: int = 0", ...typed],
  make: (op) => autoSharded(op, op.auto_shard_policy),
});
