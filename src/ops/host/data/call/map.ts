/** Datasets that call a function for each element: map, filter, takeWhile, scan. Source: map_dataset_op.cc, parallel_map_dataset_op.cc, filter_dataset_op.cc, take_while_dataset_op.cc, scan_dataset_op.cc */

import { after } from "../../../../core/flow/maybe.ts";
import { type Call, captured, truth } from "../runtime/captured.ts";
import { type DataIterator, type Dataset, type Element, type Runtime, unknown } from "../runtime/dataset.ts";
import { datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { scalar } from "../runtime/element.ts";
import { again, pull } from "../runtime/pull.ts";
import { mapIterator, parallelism } from "./apply.ts";

const one = "input_dataset: variant" as const;
const others = ["other_arguments: Targuments"] as const;
const captures = "Targuments: list(type) >= 0" as const;

interface MapOp {
  readonly input_dataset: Parameters<typeof datasetOf>[0];
  readonly other_arguments: Element;
  readonly f: Parameters<typeof captured>[0];
  readonly preserve_cardinality: boolean;
}

function mapBehaviour(op: MapOp, title: string, atOnce: number) {
  const input = datasetOf(op.input_dataset);
  const call = captured(op.f, op.other_arguments, title);
  const keepsCount = op.preserve_cardinality;
  return {
    isMapped: true,
    cardinality: () => (keepsCount ? input.cardinality() : unknown),
    iterate: (runtime: Runtime) => mapIterator(input, call, runtime, { keepsCount, atOnce }),
    ...(input.at
      ? {
          at: (runtime: Runtime, index: number) =>
            after(input.at!(runtime, index), (element) => call(runtime, element)),
        }
      : {}),
  };
}

const mapFacts = ["use_inter_op_parallelism: bool = true", "preserve_cardinality: bool = false"] as const;

export const mapDatasetOp = defineDataset("MapDataset", {
  inputs: [one, ...others],
  attrs: ["f: func", captures, ...typed, ...mapFacts, "force_synchronous: bool = false", metadata],
  make: (op, title) => mapBehaviour(op, title, 1),
});

export const experimentalMapDatasetOp = defineDataset("ExperimentalMapDataset", {
  inputs: [one, ...others],
  attrs: ["f: func", captures, ...typed, ...mapFacts, "force_synchronous: bool = false"],
  make: (op, title) => mapBehaviour(op, title, 1),
});

export const parallelMapDatasetOp = defineDataset("ParallelMapDataset", {
  inputs: [one, ...others, "num_parallel_calls: int32"],
  attrs: [
    "f: func",
    captures,
    ...typed,
    "use_inter_op_parallelism: bool = true",
    "sloppy: bool = false",
    "preserve_cardinality: bool = false",
    metadata,
  ],
  make: (op, title) => mapBehaviour(op, title, parallelism(scalar(op.num_parallel_calls, "num_parallel_calls"))),
});

export const parallelMapDatasetV2Op = defineDataset("ParallelMapDatasetV2", {
  inputs: [one, ...others, "num_parallel_calls: int64"],
  attrs: [
    "f: func",
    captures,
    ...typed,
    "use_inter_op_parallelism: bool = true",
    "deterministic: string = 'default'",
    "preserve_cardinality: bool = false",
    "use_unbounded_threadpool: bool = false",
    metadata,
  ],
  make: (op, title) => mapBehaviour(op, title, parallelism(scalar(op.num_parallel_calls, "num_parallel_calls"))),
});

function filtered(input: Dataset, call: Call) {
  return {
    cardinality: () => (input.cardinality() === 0 ? 0 : unknown),
    iterate(runtime: Runtime): DataIterator {
      const inner = input.iterate(runtime);
      return {
        next: () =>
          pull<Element | null>(inner, (element) =>
            element === null ? null : after(call(runtime, element), (result) => (truth(result) ? element : again)),
          ),
        close: () => inner.close(),
      };
    },
  };
}

export const filterDatasetOp = defineDataset("FilterDataset", {
  inputs: [one, ...others],
  attrs: ["predicate: func", captures, ...typed, metadata],
  make: (op, title) => filtered(datasetOf(op.input_dataset), captured(op.predicate, op.other_arguments, title)),
});

export const parallelFilterDatasetOp = defineDataset("ParallelFilterDataset", {
  inputs: [one, ...others, "num_parallel_calls: int64"],
  attrs: ["predicate: func", "deterministic: string = 'default'", captures, ...typed, metadata],
  make(op, title) {
    parallelism(scalar(op.num_parallel_calls, "num_parallel_calls"));
    return filtered(datasetOf(op.input_dataset), captured(op.predicate, op.other_arguments, title));
  },
});

function takenWhile(input: Dataset, call: Call) {
  return {
    cardinality: () => unknown,
    iterate(runtime: Runtime): DataIterator {
      const inner = input.iterate(runtime);
      let isDone = false;
      const end = (): null => {
        isDone = true;
        return null;
      };
      return {
        next: () =>
          isDone
            ? null
            : after(inner.next(), (element) =>
                element === null ? end() : after(call(runtime, element), (result) => (truth(result) ? element : end())),
              ),
        close: () => inner.close(),
      };
    },
  };
}

export const takeWhileDatasetOp = defineDataset("TakeWhileDataset", {
  inputs: [one, ...others],
  attrs: ["predicate: func", captures, ...typed, metadata],
  make: (op) => takenWhile(datasetOf(op.input_dataset), captured(op.predicate, op.other_arguments)),
});

export const experimentalTakeWhileDatasetOp = defineDataset("ExperimentalTakeWhileDataset", {
  inputs: [one, ...others],
  attrs: ["predicate: func", captures, ...typed],
  make: (op) => takenWhile(datasetOf(op.input_dataset), captured(op.predicate, op.other_arguments)),
});

interface ScanOp extends MapOp {
  readonly initial_state: Element;
}

function scanned(op: ScanOp) {
  const input = datasetOf(op.input_dataset);
  const call = captured(op.f, op.other_arguments);
  const width = op.initial_state.length;
  return {
    cardinality: () => (op.preserve_cardinality ? input.cardinality() : unknown),
    iterate(runtime: Runtime): DataIterator {
      let state = op.initial_state;
      return mapIterator(
        input,
        (own, element) =>
          after(call(own, [...state, ...element]), (result) => {
            state = result.slice(0, width);
            return result.slice(width);
          }),
        runtime,
        { keepsCount: op.preserve_cardinality },
      );
    },
  };
}

const scanInputs = [one, "initial_state: Tstate", ...others] as const;

export const scanDatasetOp = defineDataset("ScanDataset", {
  inputs: scanInputs,
  attrs: [
    "f: func",
    "Tstate: list(type) >= 1",
    captures,
    ...typed,
    "preserve_cardinality: bool = false",
    "use_default_device: bool = true",
    metadata,
  ],
  make: scanned,
});

export const experimentalScanDatasetOp = defineDataset("ExperimentalScanDataset", {
  inputs: scanInputs,
  attrs: ["f: func", "Tstate: list(type) >= 1", captures, ...typed, "preserve_cardinality: bool = false"],
  make: scanned,
});
