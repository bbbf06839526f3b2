/** Datasets that pass elements on: zip, concatenate, repeat, take, skip, shard. Source: zip_dataset_op.cc, concatenate_dataset_op.cc, repeat_dataset_op.cc, take_dataset_op.cc, skip_dataset_op.cc, shard_dataset_op.cc */

import { invalidArgument } from "../../../../core/error.ts";
import type { Maybe } from "../../../../core/flow/maybe.ts";
import type { Shape } from "../../../../core/shape.ts";
import { type DataIterator, type Element, emptyIterator, infinite, type Runtime, unknown } from "../runtime/dataset.ts";
import { datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { scalar } from "../runtime/element.ts";
import { again, pull } from "../runtime/pull.ts";

/** The smaller of two numbers of elements. */
const fewer = (a: number, b: number): number => {
  if (a === infinite) return b;
  if (b === infinite) return a;
  return a === unknown || b === unknown ? unknown : Math.min(a, b);
};

export const zipDatasetOp = defineDataset("ZipDataset", {
  inputs: ["input_datasets: N * variant"],
  attrs: [...typed, "N: int >= 1", metadata],
  make({ input_datasets }) {
    const inputs = input_datasets.map(datasetOf);
    return {
      cardinality: () => inputs.map((input) => input.cardinality()).reduce(fewer),
      iterate: (runtime) => zipped(inputs.map((input) => input.iterate(runtime))),
      ...(inputs.every((input) => input.at)
        ? {
            at: async (runtime: Runtime, index: number) => {
              const parts: Element[] = [];
              for (const input of inputs) parts.push(await input.at!(runtime, index));
              return parts.flat();
            },
          }
        : {}),
    };
  },
});

function zipped(iterators: readonly DataIterator[]): DataIterator {
  let isDone = false;
  const rest = async (first: Promise<Element | null>, parts: (Element | null)[]): Promise<Element | null> => {
    parts.push(await first);
    while (parts.length < iterators.length) {
      const made = iterators[parts.length]!.next();
      parts.push(made instanceof Promise ? await made : made);
    }
    return joined(parts);
  };
  const joined = (parts: readonly (Element | null)[]): Element | null => {
    if (parts.every((part) => part !== null)) return parts.flat();
    isDone = true;
    return null;
  };
  return {
    next() {
      if (isDone) return null;
      const parts: (Element | null)[] = [];
      for (const iterator of iterators) {
        const made = iterator.next();
        if (made instanceof Promise) return rest(made, parts);
        parts.push(made);
      }
      return joined(parts);
    },
    close() {
      for (const iterator of iterators) iterator.close();
    },
  };
}

/** What both shapes have in common. */
const common = (a: Shape, b: Shape): Shape =>
  a === null || b === null || a.length !== b.length ? null : a.map((n, d) => (n === b[d] ? n : null));

export const concatenateDatasetOp = defineDataset("ConcatenateDataset", {
  inputs: ["input_dataset: variant", "another_dataset: variant"],
  attrs: [...typed, metadata],
  make({ input_dataset, another_dataset }) {
    const inputs = [datasetOf(input_dataset), datasetOf(another_dataset)] as const;
    const [a, b] = inputs;
    if (a.dtypes.length !== b.dtypes.length || a.dtypes.some((dtype, i) => dtype !== b.dtypes[i]))
      throw invalidArgument(
        `input dataset and dataset to be concatenated have different output_types ${a.dtypes.join(", ")} vs. ${b.dtypes.join(", ")}`,
      );
    const sum = (): number => {
      const [m, n] = [a.cardinality(), b.cardinality()];
      if (m === infinite || n === infinite) return infinite;
      return m === unknown || n === unknown ? unknown : m + n;
    };
    return {
      dtypes: a.dtypes,
      shapes: a.shapes.map((shape, i) => common(shape, b.shapes[i]!)),
      cardinality: sum,
      iterate: (runtime) =>
        restarting(inputs.length, (i) => inputs[i]!.iterate({ ...runtime, prefix: `${runtime.prefix}[${i}]` })),
      ...(a.at && b.at && a.cardinality() >= 0
        ? {
            at: (runtime: Runtime, index: number) => {
              const n = a.cardinality();
              return index < n ? a.at!(runtime, index) : b.at!(runtime, index - n);
            },
          }
        : {}),
    };
  },
});

/** Iterators one after another: the next one begins when the last is done. An infinite repetition ends with an empty one. */
function restarting(count: number, make: (i: number) => DataIterator): DataIterator {
  if (count === 0) return emptyIterator;
  let current: DataIterator | null = null;
  let i = 0;
  let isFresh = true;
  const open = (): DataIterator => {
    current ??= make(i);
    return current;
  };
  /** Is there another one after the end of this one? */
  const ended = (): boolean => {
    current!.close();
    current = null;
    const isEmpty = isFresh;
    isFresh = true;
    i++;
    return count < 0 ? !isEmpty : i < count;
  };
  let isDone = false;
  const waiting = async (first: Promise<Element | null>): Promise<Element | null> => {
    let element = await first;
    for (;;) {
      if (element !== null) {
        isFresh = false;
        return element;
      }
      if (!ended()) {
        isDone = true;
        return null;
      }
      const made = open().next();
      element = made instanceof Promise ? await made : made;
    }
  };
  return {
    next() {
      for (;;) {
        if (isDone) return null;
        const made = open().next();
        if (made instanceof Promise) return waiting(made);
        if (made !== null) {
          isFresh = false;
          return made;
        }
        if (!ended()) isDone = true;
      }
    },
    close: () => current?.close(),
  };
}

export const repeatDatasetOp = defineDataset("RepeatDataset", {
  inputs: ["input_dataset: variant", "count: int64"],
  attrs: [...typed, metadata],
  make({ input_dataset, count }) {
    const input = datasetOf(input_dataset);
    const times = scalar(count, "count");
    return {
      cardinality: () => timesOf(input.cardinality(), times),
      iterate: (runtime) => restarting(times, () => input.iterate(runtime)),
      ...(input.at && input.cardinality() > 0
        ? { at: (runtime: Runtime, index: number) => input.at!(runtime, index % input.cardinality()) }
        : {}),
    };
  },
});

function timesOf(n: number, count: number): number {
  if (count === 0 || n === 0) return 0;
  if (count < 0) return infinite;
  return n < 0 ? n : n * count;
}

export const takeDatasetOp = defineDataset("TakeDataset", {
  inputs: ["input_dataset: variant", "count: int64"],
  attrs: [...typed, metadata],
  make({ input_dataset, count }) {
    const input = datasetOf(input_dataset);
    const limit = scalar(count, "count");
    return {
      cardinality: () => (limit < 0 ? input.cardinality() : fewer(input.cardinality(), limit)),
      iterate(runtime) {
        if (limit === 0) return emptyIterator;
        const inner = input.iterate(runtime);
        if (limit < 0) return inner;
        let taken = 0;
        return { next: () => (taken++ < limit ? inner.next() : null), close: () => inner.close() };
      },
      ...(input.at ? { at: input.at.bind(input) } : {}),
    };
  },
});

export const skipDatasetOp = defineDataset("SkipDataset", {
  inputs: ["input_dataset: variant", "count: int64"],
  attrs: [...typed, metadata],
  make({ input_dataset, count }) {
    const input = datasetOf(input_dataset);
    const skipped = scalar(count, "count");
    return {
      cardinality() {
        const n = input.cardinality();
        if (skipped < 0) return 0;
        return n < 0 ? n : Math.max(0, n - skipped);
      },
      iterate(runtime) {
        if (skipped < 0) return emptyIterator;
        const inner = input.iterate(runtime);
        let left = skipped;
        return {
          next: () => (left === 0 ? inner.next() : pull(inner, (element) => (element && left-- > 0 ? again : element))),
          close: () => inner.close(),
        };
      },
      ...(input.at ? { at: (runtime: Runtime, index: number) => input.at!(runtime, index + skipped) } : {}),
    };
  },
});

export const shardDatasetOp = defineDataset("ShardDataset", {
  inputs: ["input_dataset: variant", "num_shards: int64", "index: int64"],
  attrs: ["require_non_empty: bool = false", ...typed, metadata],
  make({ input_dataset, num_shards, index, require_non_empty }) {
    const input = datasetOf(input_dataset);
    const shards = scalar(num_shards, "num_shards");
    const own = scalar(index, "index");
    if (shards <= 0)
      throw invalidArgument(`Number of shards must be greater than zero (currently num_shards = ${shards}).`);
    if (own < 0 || own >= shards)
      throw invalidArgument(`Index must be between 0 and ${shards - 1} (currently index = ${own}).`);
    return {
      cardinality() {
        const n = input.cardinality();
        return n < 0 ? n : Math.floor(n / shards) + (own < n % shards ? 1 : 0);
      },
      iterate: (runtime) => sharded(input.iterate(runtime), shards, own, require_non_empty),
    };
  },
});

function sharded(inner: DataIterator, shards: number, own: number, requireNonEmpty: boolean): DataIterator {
  let place = 0;
  /** Goes on to the place of the next first shard: every shard has an element then. */
  const checkAll = (element: Element): Maybe<Element> => {
    let left = shards - place;
    return pull(inner, (other) => {
      if (other === null)
        throw invalidArgument(
          `Could not apply FILE based sharding: the dataset only has ${place} file(s), which is not enough for the required ${shards} shards/workers. If you are using datasets with distribution strategy, consider setting the auto sharding policy to either DATA or OFF using the \`experimental_distribute.auto_shard_policy\` option of \`tf.data.Options()\`. Or, split your input files into a larger number of small files such that number of files is greater than number of shards/workers.`,
        );
      if (--left > 0) return again;
      place = shards;
      return element;
    });
  };
  return {
    next: () =>
      pull<Element | null>(inner, (element) => {
        if (element === null) return null;
        if (place++ % shards !== own) return again;
        return requireNonEmpty && place < shards ? checkAll(element) : element;
      }),
    close: () => inner.close(),
  };
}
