/** Epochs over batches: what fit, evaluate and predict have in common. Source: tf_keras/src/engine/training_arrays_v1.py. */
import { Dataset } from "../../../build/data/dataset.ts";
import { cardinality } from "../../../build/data/experimental.ts";
import { OutOfRangeError, ValueError } from "../../../core/error.ts";
import { log, writeStdout } from "../../../core/host.ts";
import { allocateElements, type Elements, NdArray } from "../../../core/nd_array.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Rest } from "../../../ops/options.ts";
import { permutation, takeRows } from "../../batches.ts";
import { getSession } from "../backend.ts";
import { Sequence } from "../data/sequence.ts";
import { type Data, isByName, placed, rowsBetween, sampleCount } from "./data.ts";

/** Batches of one epoch after another; null at the end of one. */
export interface Source {
  /** Of one epoch, when that is known. */
  readonly samples: number | null;
  readonly steps: number | null;
  /** Starts an epoch. */
  start(epoch: number): Promise<void> | void;
  /** The arrays of the next batch and how many examples they are; null after the last one. */
  next(): Promise<Batch | null> | Batch | null;
  /** Steps stand for examples in what callbacks hear. */
  readonly isByStep?: boolean;
  /** True when there were fewer batches than were asked for. */
  ranOut?: boolean;
}

export interface Batch {
  readonly arrays: readonly NdArray[];
  readonly size: number;
}

export interface ArraySourceOptions {
  readonly batchSize: number;
  readonly shuffle: boolean;
}

/** Batches from arrays in memory. */
export function arraySource(arrays: readonly NdArray[], { batchSize, shuffle }: ArraySourceOptions): Source {
  const samples = sampleCount(arrays);
  const { seed } = getDefaultGraph();
  const base = shuffle ? Number(seed ?? crypto.getRandomValues(new Uint32Array(1))[0]) : undefined;
  let order: Int32Array | null = null;
  let at = 0;
  return {
    samples,
    steps: Math.ceil(samples / batchSize),
    start(epoch) {
      at = 0;
      order = base === undefined ? null : permutation(samples, base, epoch);
    },
    next() {
      if (at >= samples) return null;
      const [from, to] = [at, Math.min(at + batchSize, samples)];
      at = to;
      const rows = (array: NdArray): NdArray =>
        order ? takeRows(array, order, from, to - from) : rowsBetween(array, from, to);
      return { arrays: arrays.map(rows), size: to - from };
    },
  };
}

/** Elements of a dataset, of a Sequence, or of anything that is iterated: [x], [x, y] or [x, y, weights] each. */
export type Stream = Dataset | Sequence | Iterable<unknown> | AsyncIterable<unknown>;

export const isElements = (x: unknown): x is Stream =>
  x instanceof Dataset ||
  x instanceof Sequence ||
  (typeof x === "object" && x !== null && (Symbol.asyncIterator in x || "next" in x));

export interface ElementSourceOptions {
  readonly steps: number | null;
  /** Of one pass from the beginning, where that is known. */
  readonly knownSteps?: number | null;
  /** Each pass begins at the dataset's beginning, also when steps are given. */
  readonly restart?: boolean;
  /** Batches of a Sequence in another order in each epoch. */
  readonly shuffle?: boolean;
  /** The arrays of an element. */
  prepare(element: unknown): readonly NdArray[];
}

/**
 * The number of elements of one pass over a stream, or null when nobody knows. Throws ValueError for a dataset without end when no
 * number of steps is given.
 */
export async function knownSteps(x: Stream, steps: number | undefined, name: string): Promise<number | null> {
  if (steps !== undefined) return steps;
  if (!(x instanceof Dataset)) return stepsOf(x, null);
  const count = cardinality(x);
  const value = getDefaultGraph().isEager
    ? (count as Tensor & { numpy(): NdArray }).numpy()
    : await getSession().run(count);
  const size = Number((value as NdArray).item());
  if (size === -1) {
    throw new ValueError(`When passing an infinitely repeating dataset, you must specify the \`${name}\` argument.`);
  }
  return size < 0 ? null : size;
}

/** The number of batches of a Sequence is known; else that of the options. */
const stepsOf = (given: Stream, steps: number | null): number | null =>
  steps ?? (given instanceof Sequence ? given.length : null);

/** Batches from a dataset or an iterator, a step each. */
export function elementSource(given: Stream, options: ElementSourceOptions): Source {
  const pull =
    given instanceof Dataset
      ? datasetElements(given)
      : given instanceof Sequence
        ? sequenceElements(given, options.shuffle ?? false)
        : iteratorElements(given);
  let taken = 0;
  const wanted = stepsOf(given, options.steps);
  let steps = wanted ?? options.knownSteps ?? null;
  return {
    samples: null,
    isByStep: given instanceof Dataset,
    get steps() {
      return steps;
    },
    async start(epoch) {
      taken = 0;
      await pull.start(epoch, options.restart || wanted === null);
    },
    async next() {
      if (wanted !== null && taken >= wanted) return null;
      const element = await pull.next();
      if (element === null) {
        if (wanted !== null) {
          this.ranOut = true;
          log(
            "WARNING",
            `Your dataset ran out of data; interrupting training. Make sure that your dataset can generate at least \`steps_per_epoch * epochs\` batches (in this case, ${wanted} batches). You may need to use the repeat() function when building your dataset.`,
          );
        } else steps = taken;
        return null;
      }
      taken++;
      const arrays = options.prepare(element);
      return { arrays, size: sampleCount(arrays) };
    },
  };
}

interface Pull {
  start(epoch: number, isAnew: boolean): Promise<void> | void;
  next(): Promise<unknown | null>;
}

function datasetElements(dataset: Dataset): Pull {
  const iterator = dataset.makeInitializableIterator();
  const next = iterator.getNext() as unknown as Tensor[];
  let isStarted = false;
  return {
    async start(_, isAnew) {
      if (isStarted && !isAnew) return;
      isStarted = true;
      await getSession().run(iterator.initializer);
    },
    async next() {
      try {
        return await getSession().run(next as never);
      } catch (error) {
        if (error instanceof OutOfRangeError) return null;
        throw error;
      }
    },
  };
}

function sequenceElements(sequence: Sequence, shuffle: boolean): Pull {
  const { seed } = getDefaultGraph();
  const base = shuffle ? Number(seed ?? crypto.getRandomValues(new Uint32Array(1))[0]) : null;
  let order: ArrayLike<number> | null = null;
  let at = 0;
  return {
    start(epoch) {
      at = 0;
      order = base === null ? null : permutation(sequence.length, base, epoch);
    },
    async next() {
      const i = at % sequence.length;
      at++;
      return await sequence.getItem(order ? order[i]! : i);
    },
  };
}

function iteratorElements(given: Exclude<Stream, Dataset | Sequence>): Pull {
  const open = () =>
    Symbol.asyncIterator in given ? given[Symbol.asyncIterator]() : (given as Iterable<unknown>)[Symbol.iterator]();
  const iterator = open();
  return {
    start: () => undefined,
    async next() {
      const { done, value } = await iterator.next();
      return done ? null : value;
    },
  };
}

/** Numbers over batches: those of one batch as a mean by examples (or steps), gathered ones as they stand. */
export class Aggregate {
  readonly #names: readonly string[];
  readonly #stateful: ReadonlySet<string>;
  readonly #bySteps: boolean;
  #sums: number[];
  #count = 0;

  constructor(names: readonly string[], stateful: ReadonlySet<string>, bySteps: boolean) {
    this.#names = names;
    this.#stateful = stateful;
    this.#bySteps = bySteps;
    this.#sums = names.map(() => 0);
  }

  take(values: readonly number[], size: number): void {
    const weight = this.#bySteps ? 1 : size;
    this.#count += weight;
    for (const [i, value] of values.entries()) {
      this.#sums[i] = this.#stateful.has(this.#names[i]!) ? value : this.#sums[i]! + value * weight;
    }
  }

  get values(): number[] {
    return this.#sums.map((sum, i) => (this.#stateful.has(this.#names[i]!) ? sum : sum / Math.max(this.#count, 1)));
  }
}

/** Arrays one after another along the first axis. */
export function joined(parts: readonly NdArray[]): NdArray {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 1), 0);
  const shape = [rows, ...first!.shape.slice(1)];
  const size = parts.reduce((sum, { data }) => sum + data.length, 0);
  if (!ArrayBuffer.isView(first!.data))
    return new NdArray(
      first!.dtype,
      shape,
      parts.flatMap(({ data }) => [...(data as readonly Uint8Array[])]),
    );
  const data = allocateElements(first!.dtype, first!.dtype.isComplex ? size / 2 : size) as Float32Array;
  let at = 0;
  for (const part of parts) {
    data.set(part.data as Float32Array, at);
    at += part.data.length;
  }
  return new NdArray(first!.dtype, shape, data as unknown as Elements);
}

export function printTrainInfo(count: number | null, unit: "samples" | "steps", validation: number | null): void {
  writeStdout(`Train on ${count} ${unit}${validation === null ? "" : `, validate on ${validation} ${unit}`}\n`);
}

/** Targets, then options by place or by name; a stream holds its targets itself, so that options may follow it. */
export type DataRest<O, K extends readonly PropertyKey[]> =
  | readonly [y?: Data | null, ...rest: Rest<O, K>]
  | readonly [options: O];

/** Targets and options. */
export function argumentsOf<O extends object>(
  x: Data | Stream,
  rest: readonly unknown[],
  places: readonly (keyof O)[],
): readonly [Data | null, O] {
  const [y, ...options] = rest;
  const isOptions =
    options.length === 0 && isByName(y) && (isElements(x) || Object.keys(y).some((key) => allOptions.has(key)));
  return isOptions ? [null, y as O] : [(y as Data | undefined) ?? null, placed<O>(options, places)];
}

/** Words that are options of fit and evaluate where one object follows the data, and no names of outputs. */
const allOptions = new Set(
  "batchSize epochs verbose callbacks validationSplit validationData shuffle stepsPerEpoch steps".split(" "),
);
