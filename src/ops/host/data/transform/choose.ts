/** Elements by choice: one of several datasets at a time, each value once, errors left out. Source: directed_interleave_dataset_op.cc, unique_dataset_op.cc, ignore_errors_dataset_op.cc, choose_fastest_dataset_op.cc */
import { invalidArgument, OpError, OutOfRangeError } from "../../../../core/error.ts";
import { flow, now, type Steps } from "../../../../core/flow/maybe.ts";
import { log } from "../../../../core/host.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { variantOf } from "../../../variant/value.ts";
import { captured, datasetFrom } from "../runtime/captured.ts";
import { type DataIterator, type Element, unknown } from "../runtime/dataset.ts";
import { type Behaviour, datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { scalar } from "../runtime/element.ts";
import { again, pull } from "../runtime/pull.ts";

interface Directed {
  readonly selector_input_dataset: NdArray;
  readonly data_input_datasets: Element;
}

function directed(op: Directed, stopsAtEmpty: boolean): Behaviour {
  const selector = datasetOf(op.selector_input_dataset);
  const inputs = op.data_input_datasets.map(datasetOf);
  return {
    cardinality: () => unknown,
    iterate(runtime): DataIterator {
      const choices = selector.iterate(runtime);
      const open: (DataIterator | null)[] = inputs.map((input) => input.iterate(runtime));
      let isDone = false;
      const next = function* (): Steps<Element | null> {
        while (open.some((iterator) => iterator !== null)) {
          const choice = yield* now(choices.next());
          if (choice === null) break;
          const index = Number(choice[0]!.data[0]);
          if (index < 0 || index >= open.length)
            throw invalidArgument(`Selector index out of range: ${index} >= ${open.length}`);
          const element = yield* now(open[index]?.next() ?? null);
          if (element) return element;
          if (open[index] && stopsAtEmpty) break;
          open[index]?.close();
          open[index] = null;
        }
        isDone = true;
        return null;
      };
      return {
        next: () => (isDone ? null : flow(next)),
        close() {
          choices.close();
          for (const iterator of open) iterator?.close();
        },
      };
    },
  };
}

const directedInputs = ["selector_input_dataset: variant", "data_input_datasets: N * variant"] as const;

export const directedInterleaveDatasetOp = defineDataset("DirectedInterleaveDataset", {
  inputs: directedInputs,
  attrs: [...typed, "N: int >= 1", "stop_on_empty_dataset: bool = false"],
  make: (op) => directed(op, op.stop_on_empty_dataset),
});

export const experimentalDirectedInterleaveDatasetOp = defineDataset("ExperimentalDirectedInterleaveDataset", {
  inputs: directedInputs,
  attrs: [...typed, "N: int >= 1"],
  make: (op) => directed(op, false),
});

/** What tells values apart: their bytes. */
function keyOf({ data, shape }: NdArray): string {
  if (!ArrayBuffer.isView(data))
    return `${shape}|${data.map((bytes) => Buffer.from(bytes as Uint8Array).toString("latin1")).join("\u0000")}`;
  return `${shape}|${Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).toString("latin1")}`;
}

function uniqueValues(dataset: NdArray): Behaviour {
  const input = datasetOf(dataset);
  if (input.dtypes.length !== 1) throw invalidArgument("UniqueDataset only supports inputs with a single component.");
  const [dtype] = input.dtypes;
  if (!["int32", "int64", "string"].includes(dtype!.base))
    throw invalidArgument(
      `UniqueDataset only supports inputs with a single \`tf.int32\`, \`tf.int64\`, or \`tf.string\` component.`,
    );
  return {
    cardinality: () => unknown,
    iterate(runtime) {
      const inner = input.iterate(runtime);
      const seen = new Set<string>();
      return {
        next: () =>
          pull<Element | null>(inner, (element) => {
            if (element === null) return null;
            const key = keyOf(element[0]!);
            if (seen.has(key)) return again;
            seen.add(key);
            return element;
          }),
        close: () => inner.close(),
      };
    },
  };
}

export const uniqueDatasetOp = defineDataset("UniqueDataset", {
  inputs: ["input_dataset: variant"],
  attrs: [...typed, metadata],
  make: (op) => uniqueValues(op.input_dataset),
});

export const experimentalUniqueDatasetOp = defineDataset("ExperimentalUniqueDataset", {
  inputs: ["input_dataset: variant"],
  attrs: typed,
  make: (op) => uniqueValues(op.input_dataset),
});

const ignoreErrors = <const T extends string>(type: T) =>
  defineDataset(type, {
    inputs: ["input_dataset: variant"],
    attrs: [...typed, "log_warning: bool = false"],
    make({ input_dataset, log_warning }) {
      const input = datasetOf(input_dataset);
      return {
        cardinality: () => unknown,
        iterate(runtime) {
          const inner = input.iterate(runtime);
          return {
            next: () =>
              flow(function* (): Steps<Element | null> {
                for (;;) {
                  try {
                    return yield* now(inner.next());
                  } catch (error) {
                    if (!(error instanceof OpError) || error.code === "CANCELLED") throw error;
                    if (error instanceof OutOfRangeError) return null;
                    if (log_warning) log("WARNING", `Error raised with error message ${error.message}`);
                  }
                }
              }),
            close: () => inner.close(),
          };
        },
      };
    },
  });

export const ignoreErrorsDatasetOp = ignoreErrors("IgnoreErrorsDataset");
export const experimentalIgnoreErrorsDatasetOp = ignoreErrors("ExperimentalIgnoreErrorsDataset");

const fastest = <const T extends string>(type: T) =>
  defineDataset(type, {
    inputs: ["input_datasets: N * variant"],
    attrs: ["N: int >= 2", "num_experiments: int", ...typed],
    make({ input_datasets }) {
      const inputs = input_datasets.map(datasetOf);
      return {
        cardinality: () => inputs[0]!.cardinality(),
        iterate: (runtime) => inputs[0]!.iterate(runtime),
      };
    },
  });

/** Datasets of equal elements, of which any may be used: the first one is. */
export const chooseFastestDatasetOp = fastest("ChooseFastestDataset");
export const experimentalChooseFastestDatasetOp = fastest("ExperimentalChooseFastestDataset");

/** Branches that are functions from datasets to datasets of equal elements: the first one is used, on pieces of the input. */
export const chooseFastestBranchDatasetOp = defineDataset("ChooseFastestBranchDataset", {
  inputs: [
    "input_dataset: variant",
    "ratio_numerator: int64",
    "ratio_denominator: int64",
    "other_arguments: Targuments",
  ],
  attrs: [
    "Targuments: list(type) >= 0",
    "num_elements_per_branch: int >= 1",
    "branches: list(func) >= 1",
    "other_arguments_lengths: list(int) >= 1",
    ...typed,
  ],
  make(op) {
    const input = datasetOf(op.input_dataset);
    const [up, down] = [
      scalar(op.ratio_numerator, "ratio_numerator"),
      scalar(op.ratio_denominator, "ratio_denominator"),
    ];
    if (up <= 0) throw invalidArgument("`ratio_numerator` must be greater than zero.");
    if (down <= 0) throw invalidArgument("`ratio_denominator` must be greater than zero.");
    const call = captured(op.branches[0]!, op.other_arguments.slice(0, op.other_arguments_lengths[0]));
    return {
      cardinality: () => unknown,
      iterate(runtime): DataIterator {
        let current: DataIterator | null = null;
        return {
          next: () =>
            flow(function* (): Steps<Element | null> {
              current ??= datasetFrom(yield* now(call(runtime, [variantOf(input)]))).iterate(runtime);
              return yield* now(current.next());
            }),
          close: () => current?.close(),
        };
      },
    };
  },
});
