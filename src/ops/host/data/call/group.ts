/** Groups by a key, folded or as windows, and the fold of a whole dataset. Source: group_by_window_dataset_op.cc, group_by_reducer_dataset_op.cc, reduce_dataset_op.cc */
import { int64, variant } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { after, flow, type Maybe, now, type Steps } from "../../../../core/flow/maybe.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { FunctionRef } from "../../../../graph/attr.ts";
import { defineOp } from "../../../define.ts";
import { variantOf } from "../../../variant/value.ts";
import { datasetOfElements } from "../batch/elements.ts";
import { iteratorRuntime } from "../iterator/runtime.ts";
import { captured, datasetFrom } from "../runtime/captured.ts";
import { type DataIterator, type Element, forEachElement, type Runtime, unknown } from "../runtime/dataset.ts";
import { type Behaviour, datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";

const keyArray = (key: bigint): NdArray => new NdArray(int64, [], BigInt64Array.of(key));

/** The int64 that a key function gave. */
function keyOf(result: Element): bigint {
  const [key] = result;
  if (result.length !== 1 || key!.dtype !== int64 || key!.shape.length !== 0)
    throw invalidArgument("`key_func` must return a scalar int64.");
  return (key!.data as BigInt64Array)[0]!;
}

interface ByWindow {
  readonly input_dataset: NdArray;
  readonly key_func_other_arguments: Element;
  readonly reduce_func_other_arguments: Element;
  readonly window_size_func_other_arguments: Element;
  readonly key_func: FunctionRef;
  readonly reduce_func: FunctionRef;
  readonly window_size_func: FunctionRef;
}

function groupedByWindow(op: ByWindow): Behaviour {
  const input = datasetOf(op.input_dataset);
  const keyFunction = captured(op.key_func, op.key_func_other_arguments);
  const reduce = captured(op.reduce_func, op.reduce_func_other_arguments);
  const sizeFunction = captured(op.window_size_func, op.window_size_func_other_arguments);
  return {
    cardinality: () => unknown,
    iterate(runtime): DataIterator {
      const inner = input.iterate(runtime);
      const groups = new Map<bigint, Element[]>();
      const sizes = new Map<bigint, number>();
      let current: DataIterator | null = null;
      let hasInput = true;
      const sizeOf = function* (key: bigint): Steps<number> {
        let size = sizes.get(key);
        if (size === undefined) {
          const [answer] = yield* now(sizeFunction(runtime, [keyArray(key)]));
          if (answer!.dtype !== int64 || answer!.shape.length !== 0)
            throw invalidArgument("`window_size_func` must return a scalar int64.");
          size = Number(answer!.data[0]);
          if (size <= 0) throw invalidArgument(`Window size must be greater than zero, but got ${size}.`);
          sizes.set(key, size);
        }
        return size;
      };
      const flush = function* (key: bigint): Steps<void> {
        const elements = groups.get(key)!;
        groups.delete(key);
        const group = datasetOfElements(elements, {
          dtypes: input.dtypes,
          shapes: input.shapes,
          title: "WindowDataset",
        });
        const result = yield* now(reduce(runtime, [keyArray(key), variantOf(group)]));
        if (result.length !== 1 || result[0]!.dtype !== variant || result[0]!.shape.length !== 0)
          throw invalidArgument("`reduce_func` must return a single dataset.");
        current = datasetFrom(result).iterate(runtime);
      };
      /** Reads on until a group is full, or flushes the one with the smallest key at the end. */
      const advance = function* (): Steps<void> {
        while (hasInput) {
          const element = yield* now(inner.next());
          if (element === null) {
            hasInput = false;
            break;
          }
          const key = keyOf(yield* now(keyFunction(runtime, element)));
          const size = yield* sizeOf(key);
          const group = groups.get(key) ?? [];
          groups.set(key, group);
          group.push(element);
          if (group.length === size) return yield* flush(key);
        }
        if (groups.size > 0) yield* flush([...groups.keys()].reduce((a, b) => (a < b ? a : b)));
      };
      return {
        next: () =>
          flow(function* (): Steps<Element | null> {
            for (;;) {
              if (current) {
                const element: Element | null = yield* now(current.next());
                if (element !== null) return element;
                current.close();
                current = null;
              }
              yield* advance();
              if (!current) return null;
            }
          }),
        close() {
          current?.close();
          inner.close();
        },
      };
    },
  };
}

const windowInputs = [
  "input_dataset: variant",
  "key_func_other_arguments: Tkey_func_other_arguments",
  "reduce_func_other_arguments: Treduce_func_other_arguments",
  "window_size_func_other_arguments: Twindow_size_func_other_arguments",
] as const;
const windowAttrs = [
  "key_func: func",
  "reduce_func: func",
  "window_size_func: func",
  "Tkey_func_other_arguments: list(type) >= 0",
  "Treduce_func_other_arguments: list(type) >= 0",
  "Twindow_size_func_other_arguments: list(type) >= 0",
  ...typed,
] as const;

export const groupByWindowDatasetOp = defineDataset("GroupByWindowDataset", {
  inputs: windowInputs,
  attrs: [...windowAttrs, metadata],
  make: groupedByWindow,
});

export const experimentalGroupByWindowDatasetOp = defineDataset("ExperimentalGroupByWindowDataset", {
  inputs: windowInputs,
  attrs: windowAttrs,
  make: groupedByWindow,
});

const byReducer = <const T extends string>(type: T) =>
  defineDataset(type, {
    inputs: [
      "input_dataset: variant",
      "key_func_other_arguments: Tkey_func_other_arguments",
      "init_func_other_arguments: Tinit_func_other_arguments",
      "reduce_func_other_arguments: Treduce_func_other_arguments",
      "finalize_func_other_arguments: Tfinalize_func_other_arguments",
    ],
    attrs: [
      "key_func: func",
      "init_func: func",
      "reduce_func: func",
      "finalize_func: func",
      "Tkey_func_other_arguments: list(type) >= 0",
      "Tinit_func_other_arguments: list(type) >= 0",
      "Treduce_func_other_arguments: list(type) >= 0",
      "Tfinalize_func_other_arguments: list(type) >= 0",
      ...typed,
    ],
    stateful: true,
    make(op) {
      const input = datasetOf(op.input_dataset);
      const keyFunction = captured(op.key_func, op.key_func_other_arguments);
      const start = captured(op.init_func, op.init_func_other_arguments);
      const reduce = captured(op.reduce_func, op.reduce_func_other_arguments);
      const finish = captured(op.finalize_func, op.finalize_func_other_arguments);
      return {
        cardinality: () => unknown,
        iterate: (runtime) => {
          const states = new Map<bigint, Element>();
          let keys: bigint[] | null = null;
          const take = (element: Element): Maybe<void> =>
            flow(function* () {
              const key = keyOf(yield* now(keyFunction(runtime, element)));
              const state = states.get(key) ?? (yield* now(start(runtime, [keyArray(key)])));
              states.set(key, yield* now(reduce(runtime, [...state, ...element])));
            });
          const read = (): Maybe<bigint[]> =>
            after(forEachElement(input, runtime, take), () => [...states.keys()].sort((a, b) => (a < b ? -1 : 1)));
          return {
            next: () =>
              after(keys ?? read(), (sorted) => {
                keys = sorted;
                const key = sorted.shift();
                return key === undefined ? null : finish(runtime, states.get(key)!);
              }),
            close() {},
          };
        },
      };
    },
  });

export const groupByReducerDatasetOp = byReducer("GroupByReducerDataset");
export const experimentalGroupByReducerDatasetOp = byReducer("ExperimentalGroupByReducerDataset");

/** The state after the function has been called with it and each element. */
export const reduceDatasetOp = defineOp("ReduceDataset", {
  inputs: ["input_dataset: variant", "initial_state: Tstate", "other_arguments: Targuments"],
  outputs: ["components: output_types"],
  attrs: [
    "f: func",
    "Tstate: list(type) >= 1",
    "Targuments: list(type) >= 0",
    ...typed,
    "use_inter_op_parallelism: bool = true",
    metadata,
  ],
  stateful: true,
  shape: ({ output_shapes }) => output_shapes,
  run(op, context) {
    const runtime: Runtime = iteratorRuntime(context);
    const call = captured(op.f, op.other_arguments);
    let state: Element = op.initial_state;
    const done = forEachElement(datasetOf(op.input_dataset), runtime, (element) =>
      after(call(runtime, [...state, ...element]), (next) => {
        state = next;
      }),
    );
    return after(done, () => state);
  },
  gradient: "none",
});
