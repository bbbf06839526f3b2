/** Epochs over batches: what fit, evaluate and predict have in common. Source: tf_keras/src/engine/training_arrays_v1.py. */
import { Dataset } from "../../../build/data/dataset.ts";
import { OutOfRangeError } from "../../../core/error.ts";
import { log, writeStdout } from "../../../core/host.ts";
import { allocateElements, type Elements, NdArray } from "../../../core/nd_array.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { permutation, takeRows } from "../../batches.ts";
import { getSession } from "../backend.ts";
import { arraysFor, type Data, rowsBetween, type Slot, sampleCount } from "./data.ts";

/** Batches of one epoch after another; null at the end of one. */
export interface Source {
  /** Of one epoch, when that is known. */
  readonly samples: number | null;
  readonly steps: number | null;
  /** Starts an epoch. */
  start(epoch: number): Promise<void> | void;
  /** The arrays of the next batch and how many examples they are; null after the last one. */
  next(): Promise<Batch | null> | Batch | null;
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

/** Elements of a dataset, or of anything that is iterated: [x], [x, y] or [x, y, weights] each. */
export type Stream = Dataset | Iterable<unknown> | AsyncIterable<unknown>;

export const isElements = (x: unknown): x is Stream =>
  x instanceof Dataset || (typeof x === "object" && x !== null && (Symbol.asyncIterator in x || "next" in x));

export interface ElementSourceOptions {
  readonly steps: number | null;
  readonly inputs: readonly Slot[];
  readonly targets: readonly Slot[];
  readonly weights: readonly Slot[];
}

/** Batches from a dataset or an iterator, a step each. */
export function elementSource(given: Stream, options: ElementSourceOptions): Source {
  const pull = given instanceof Dataset ? datasetElements(given) : iteratorElements(given);
  let taken = 0;
  let steps = options.steps;
  return {
    samples: null,
    get steps() {
      return steps;
    },
    async start(epoch) {
      taken = 0;
      await pull.start(epoch, options.steps === null);
    },
    async next() {
      if (options.steps !== null && taken >= options.steps) return null;
      const element = await pull.next();
      if (element === null) {
        if (options.steps !== null) {
          log(
            "WARNING",
            `Your dataset ran out of data; interrupting training. Make sure that your dataset can generate at least \`steps_per_epoch * epochs\` batches (in this case, ${options.steps} batches). You may need to use the repeat() function when building your dataset.`,
          );
        } else steps = taken;
        return null;
      }
      taken++;
      const [x, y, w] = Array.isArray(element) && !(element[0] instanceof Number) ? element : [element];
      const arrays = arraysFor(x as Data, options.inputs, "input");
      if (y !== undefined) arrays.push(...arraysFor(y as Data, options.targets, "target"));
      if (w !== undefined) arrays.push(...arraysFor(w as Data, options.weights, "target"));
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

function iteratorElements(given: Iterable<unknown> | AsyncIterable<unknown>): Pull {
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
