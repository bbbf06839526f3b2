/** Datasets of datasets: flatMap and interleave. Source: flat_map_dataset_op.cc, interleave_dataset_op.cc, parallel_interleave_dataset_op.cc */
import { invalidArgument } from "../../../../core/error.ts";
import { flow, type Maybe, now, type Steps } from "../../../../core/flow/maybe.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import type { FunctionRef } from "../../../../graph/attr.ts";
import { captured, datasetFrom } from "../runtime/captured.ts";
import { type DataIterator, type Element, type Runtime, unknown } from "../runtime/dataset.ts";
import { type Behaviour, datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { scalar } from "../runtime/element.ts";

interface InterleaveOp {
  readonly input_dataset: NdArray;
  readonly other_arguments: Element;
  readonly f: FunctionRef;
}

interface Turns {
  /** Datasets that are open at a time. */
  readonly cycle: number;
  /** Elements that each one gives in turn. */
  readonly block: number;
  /** A place takes its next dataset as soon as one is done, not when its turn comes again; a place without one does not begin a block. */
  readonly fillsAtOnce?: boolean;
}

function interleaved(op: InterleaveOp, title: string | undefined, turns: Turns): Behaviour {
  const input = datasetOf(op.input_dataset);
  const call = captured(op.f, op.other_arguments, title);
  return {
    cardinality: () => (input.cardinality() === 0 ? 0 : unknown),
    iterate: (runtime) => new Interleaved(input.iterate(runtime), (element) => call(runtime, element), runtime, turns),
  };
}

class Interleaved implements DataIterator {
  readonly #inner: DataIterator;
  readonly #call: (element: Element) => Maybe<Element>;
  readonly #runtime: Runtime;
  readonly #turns: Turns;
  readonly #open: (DataIterator | null)[];
  #openCount = 0;
  #hasInput = true;
  #hasBegun = false;
  #place = 0;
  #given = 0;
  #made = 0;

  constructor(inner: DataIterator, call: (element: Element) => Maybe<Element>, runtime: Runtime, turns: Turns) {
    this.#inner = inner;
    this.#call = call;
    this.#runtime = runtime;
    this.#turns = turns;
    this.#open = new Array(turns.cycle).fill(null);
  }

  next(): Maybe<Element | null> {
    const current = this.#open[this.#place];
    if (!current) return flow(this.#waiting(undefined));
    const element = current.next();
    return element === null || element instanceof Promise ? flow(this.#waiting(element)) : this.#give(element);
  }

  *#waiting(first: Maybe<Element | null> | undefined): Steps<Element | null> {
    if (!this.#hasBegun) yield* this.#begin();
    let made = first;
    while (this.#hasInput || this.#openCount > 0) {
      const current = this.#open[this.#place];
      if (current) {
        if (made === undefined) made = current.next();
        const element: Element | null = yield* now(made);
        made = undefined;
        if (element !== null) return this.#give(element);
        yield* this.#end(current);
      } else if (this.#turns.fillsAtOnce) this.#place = this.#nextPlace;
      else if (this.#hasInput) yield* this.#openNext();
      else this.#advance();
    }
    return null;
  }

  *#begin(): Steps<void> {
    this.#hasBegun = true;
    if (!this.#turns.fillsAtOnce) return;
    for (; this.#place < this.#turns.cycle && this.#hasInput; this.#place++) yield* this.#openNext();
    this.#place = 0;
  }

  *#end(current: DataIterator): Steps<void> {
    current.close();
    this.#open[this.#place] = null;
    this.#openCount--;
    if (!this.#turns.fillsAtOnce) return this.#advance();
    if (this.#hasInput) yield* this.#openNext();
    if (this.#open[this.#place]) this.#advance();
    else this.#place = this.#nextPlace;
  }

  *#openNext(): Steps<void> {
    const element = yield* now(this.#inner.next());
    if (element === null) {
      this.#hasInput = false;
      return;
    }
    const dataset = datasetFrom(yield* now(this.#call(element)));
    const prefix = `${this.#runtime.prefix}[${this.#made++}]`;
    this.#open[this.#place] = dataset.iterate({ ...this.#runtime, prefix });
    this.#openCount++;
  }

  get #nextPlace(): number {
    return (this.#place + 1) % this.#turns.cycle;
  }

  #advance(): void {
    this.#given = 0;
    this.#place = this.#nextPlace;
  }

  #give(element: Element): Element {
    if (++this.#given === this.#turns.block) this.#advance();
    return element;
  }

  close(): void {
    for (const iterator of this.#open) iterator?.close();
    this.#inner.close();
  }
}

const ownChoice = 16;

const mapInputs = ["input_dataset: variant", "other_arguments: Targuments"] as const;
const mapAttrs = ["f: func", "Targuments: list(type) >= 0", ...typed] as const;

export const flatMapDatasetOp = defineDataset("FlatMapDataset", {
  inputs: mapInputs,
  attrs: [...mapAttrs, metadata],
  make: (op, title) => interleaved(op, title, { cycle: 1, block: 1 }),
});

const lengths = ["cycle_length: int64", "block_length: int64"] as const;

/** As many open datasets as asked for; -1 leaves it to us. */
function cycleOf(array: NdArray): number {
  return scalar(array, "cycle_length") === -1 ? ownChoice : checked(array, "cycle_length");
}

function checked(array: NdArray, name: string): number {
  const n = scalar(array, name);
  if (n <= 0) throw invalidArgument(`${name} must be greater than zero.`);
  return n;
}

export const interleaveDatasetOp = defineDataset("InterleaveDataset", {
  inputs: [...mapInputs, ...lengths],
  attrs: [...mapAttrs, metadata],
  make: (op, title) =>
    interleaved(op, title, { cycle: cycleOf(op.cycle_length), block: checked(op.block_length, "block_length") }),
});

interface Lengths extends InterleaveOp {
  readonly cycle_length: NdArray;
  readonly block_length: NdArray;
}

interface Buffers extends Lengths {
  readonly buffer_output_elements: NdArray;
  readonly prefetch_input_elements: NdArray;
}

/** -1 leaves the number of open datasets to us. */
function ownCycle(array: NdArray): number {
  const n = scalar(array, "cycle_length");
  if (n === -1) return ownChoice;
  if (n <= 0) throw invalidArgument(`\`cycle_length\` must be \`tf.data.AUTOTUNE\` or greater than 0 but is ${n}`);
  return n;
}

function parallelInterleaved(op: Lengths & { readonly num_parallel_calls: NdArray }, title: string): Behaviour {
  const cycle = ownCycle(op.cycle_length);
  const block = checked(op.block_length, "`block_length`");
  const calls = scalar(op.num_parallel_calls, "num_parallel_calls");
  if (scalar(op.cycle_length, "cycle_length") !== -1 && calls > cycle)
    throw invalidArgument(
      `If \`cycle_length\` is set to a fixed value, \`num_parallel_calls\` must be either \`tf.data.AUTOTUNE\` or a value less than or equal to \`cycle_length\`. However, \`num_parallel_calls\` is ${calls} and \`cycle_length\` is ${cycle}`,
    );
  if (calls !== -1 && calls <= 0) throw invalidArgument(`num_parallel_calls must be greater than zero.`);
  return interleaved(op, title, { cycle, block });
}

function checkBuffers(op: Buffers): void {
  for (const name of ["buffer_output_elements", "prefetch_input_elements"] as const) {
    const n = scalar(op[name], name);
    if (n < (name === "buffer_output_elements" ? 1 : 0) && n !== -1)
      throw invalidArgument(
        name === "buffer_output_elements"
          ? `\`buffer_output_elements\` must be > 0`
          : `\`prefetch_input_elements\` must be >= 0`,
      );
  }
}

function legacyInterleaved(op: Buffers): Behaviour {
  const cycle = scalar(op.cycle_length, "cycle_length");
  if (cycle <= 0) throw invalidArgument("`cycle_length` must be > 0");
  const block = scalar(op.block_length, "block_length");
  if (block <= 0) throw invalidArgument("`block_length` must be > 0");
  checkBuffers(op);
  return interleaved(op, undefined, { cycle, block, fillsAtOnce: true });
}

const buffers = ["buffer_output_elements: int64", "prefetch_input_elements: int64"] as const;
const deterministic = "deterministic: string = 'default'" as const;

export const parallelInterleaveDatasetOp = defineDataset("ParallelInterleaveDataset", {
  inputs: [...mapInputs, ...lengths, "sloppy: bool", ...buffers],
  attrs: [...mapAttrs, metadata],
  make: legacyInterleaved,
});

export const experimentalParallelInterleaveDatasetOp = defineDataset("ExperimentalParallelInterleaveDataset", {
  inputs: [...mapInputs, ...lengths, "sloppy: bool", ...buffers],
  attrs: mapAttrs,
  make: legacyInterleaved,
});

export const legacyParallelInterleaveDatasetV2Op = defineDataset("LegacyParallelInterleaveDatasetV2", {
  inputs: [...mapInputs, ...lengths, ...buffers],
  attrs: ["f: func", deterministic, "Targuments: list(type) >= 0", ...typed, metadata],
  make: legacyInterleaved,
});

export const parallelInterleaveDatasetV2Op = defineDataset("ParallelInterleaveDatasetV2", {
  inputs: [...mapInputs, ...lengths, "num_parallel_calls: int64"],
  attrs: [...mapAttrs, "sloppy: bool = false", metadata],
  make: parallelInterleaved,
});

export const parallelInterleaveDatasetV3Op = defineDataset("ParallelInterleaveDatasetV3", {
  inputs: [...mapInputs, ...lengths, "num_parallel_calls: int64"],
  attrs: ["f: func", deterministic, "Targuments: list(type) >= 0", ...typed, metadata],
  make: parallelInterleaved,
});

export const parallelInterleaveDatasetV4Op = defineDataset("ParallelInterleaveDatasetV4", {
  inputs: [...mapInputs, ...lengths, ...buffers, "num_parallel_calls: int64"],
  attrs: ["f: func", deterministic, "Targuments: list(type) >= 0", ...typed, metadata],
  make: parallelInterleaved,
});
