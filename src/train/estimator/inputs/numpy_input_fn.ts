/** `tf.estimator.inputs.numpyInputFn`: arrays in memory as an input function. Source: inputs/numpy_io.py, inputs/queues/feeding_functions.py. */
import { scalar } from "../../../build/summary.ts";
import { type DType, float32, int64 } from "../../../core/dtype.ts";
import { OutOfRangeError, TypeError, ValueError } from "../../../core/error.ts";
import { allocateElements, type Elements, NdArray } from "../../../core/nd_array.ts";
import { elementCount, formatShapePython } from "../../../core/shape.ts";
import * as logging from "../../../core/text/logging.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { FeedDict } from "../../../graph/scopes.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { type Literal, literalToArray } from "../../../ops/convert.ts";
import { cast, FIFOQueue, maximum, multiply, placeholder, RandomShuffleQueue } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { addQueueRunner } from "../../queue/queue_runner.ts";
import type { InputFeatures, InputResult, Labels } from "../run/input.ts";
import { FeedingQueueRunner } from "./feeding_queue_runner.ts";

type ByName = Readonly<Record<string, Literal>>;
/** An array, or arrays by name, of as many examples. */
export type Arrays = Literal | ByName;

export interface NumpyInputOptions {
  /** The labels; none by default. */
  readonly y?: Arrays | null | undefined;
  /** 128 by default. */
  readonly batchSize?: number | undefined;
  /** How often the data is read; null: for ever. 1 by default. */
  readonly numEpochs?: number | null | undefined;
  /** Must be said: true to train, false to evaluate and predict. */
  readonly shuffle: boolean;
  /** 1000 by default. */
  readonly queueCapacity?: number | undefined;
  readonly numThreads?: number | undefined;
}

/** In Python's order. */
const places = ["y", "batchSize", "numEpochs", "shuffle", "queueCapacity", "numThreads"] as const;

const isByName = (value: unknown): value is ByName => {
  if (typeof value !== "object" || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
};

const asArray = (value: Literal): NdArray => (value instanceof NdArray ? value : literalToArray(value));

const byKey = (arrays: ByName): [string, NdArray][] =>
  Object.keys(arrays)
    .sort()
    .map((key) => [key, asArray(arrays[key]!)]);

function featuresOf(x: Arrays): [string, NdArray][] {
  if (isByName(x)) {
    if (Object.keys(x).length === 0) throw new ValueError("x cannot be an empty dict");
    return byKey(x);
  }
  if (typeof x !== "object" || x === null) throw new TypeError(`x must be a dict or array; got ${typeof x}`);
  const array = asArray(x);
  if (array.size === 0) throw new ValueError("x cannot be an empty array");
  return [["__direct_np_input__", array]];
}

function targetKeyBeside(keys: readonly string[]): string {
  let key = "__target_key__";
  while (keys.includes(key)) key += "_n";
  return key;
}

const shapesText = (columns: readonly (readonly [string, NdArray])[]): string =>
  `{${columns.map(([key, { shape }]) => `'${key}': ${formatShapePython(shape)}`).join(", ")}}`;

function checkLengths(
  features: readonly (readonly [string, NdArray])[],
  targets: readonly (readonly [string, NdArray])[],
  y: Arrays | null | undefined,
): void {
  const lengths = new Set([...features, ...targets].map(([, array]) => array.shape[0]));
  if (lengths.size === 1) return;
  const ofY = isByName(y) ? shapesText(targets) : targets[0] ? formatShapePython(targets[0][1].shape) : "None";
  throw new ValueError(
    `Length of tensors in x and y is mismatched. All elements in x and y must have the same length.\nShapes in x: ${shapesText(features)}\nShapes in y: ${ofY}\n`,
  );
}

/** All by name. A null in the place of numEpochs is one that was said. */
function argumentsIn(first: unknown, rest: readonly unknown[]): { readonly x: Arrays } & NumpyInputOptions {
  if (rest.length === 0 || rest[0] === undefined) return first as { readonly x: Arrays } & NumpyInputOptions;
  const endless = rest[2] === null ? { numEpochs: null } : {};
  return { ...byName<NumpyInputOptions>(rest, places), ...endless, x: first as Arrays };
}

/**
 * An input function that gives batches of arrays: features in the form of x, with labels in the form of y. Throws ValueError where shuffle is
 * not said; the input function does for arrays of different lengths.
 */
export function numpyInputFn(options: { readonly x: Arrays } & NumpyInputOptions): () => InputResult;
export function numpyInputFn(x: Arrays, ...rest: Rest<NumpyInputOptions, typeof places>): () => InputResult;
export function numpyInputFn(
  first: Arrays | ({ readonly x: Arrays } & NumpyInputOptions),
  ...rest: readonly unknown[]
): () => InputResult {
  const options = argumentsIn(first, rest);
  const { x, y, batchSize = 128, numEpochs = 1, shuffle } = options;
  if (typeof shuffle !== "boolean") {
    throw new ValueError(
      `shuffle must be provided and explicitly set as boolean (it is recommended to set it as True for training); got ${shuffle ?? "None"}`,
    );
  }
  return () => {
    const features = featuresOf(x);
    const keys = features.map(([key]) => key);
    const targets = targetsOf(y, keys);
    checkLengths(features, targets, y);
    const queue = enqueueData([...features, ...targets], {
      capacity: options.queueCapacity ?? 1000,
      shuffle,
      numThreads: options.numThreads ?? 1,
      enqueueSize: batchSize,
      numEpochs,
    });
    const [, ...batch] = (numEpochs === null ? queue.dequeueMany(batchSize) : queue.dequeueUpTo(batchSize)) as Tensor[];
    const given: InputFeatures = isByName(x) ? Object.fromEntries(keys.map((key, i) => [key, batch[i]!])) : batch[0]!;
    if (targets.length === 0) return given;
    const labels: Labels = isByName(y)
      ? Object.fromEntries(targets.map(([key], i) => [key, batch[keys.length + i]!]))
      : batch.at(-1)!;
    return [given, labels];
  };
}

function targetsOf(y: Arrays | null | undefined, featureKeys: readonly string[]): [string, NdArray][] {
  if (y === null || y === undefined) return [];
  if (!isByName(y)) return [[targetKeyBeside(featureKeys), asArray(y)]];
  if (Object.keys(y).length === 0) throw new ValueError("y cannot be empty dict, use None instead.");
  const both = Object.keys(y).filter((key) => featureKeys.includes(key));
  if (both.length > 0) {
    throw new ValueError(
      `${both.length} duplicate keys are found in both x and y: {${both.map((key) => `'${key}'`).join(", ")}}`,
    );
  }
  return byKey(y);
}

interface EnqueueOptions {
  readonly capacity: number;
  readonly shuffle: boolean;
  readonly numThreads: number;
  readonly enqueueSize: number;
  readonly numEpochs: number | null;
}

/** A queue of the arrays' rows, after each one's number, and the runner that fills it. */
function enqueueData(columns: readonly (readonly [string, NdArray])[], options: EnqueueOptions) {
  const { capacity, shuffle, numThreads, enqueueSize, numEpochs } = options;
  const arrays = columns.map(([, array]) => array);
  return getDefaultGraph().nameScope("enqueue_input", () => {
    const dtypes: DType[] = [int64, ...arrays.map(({ dtype }) => dtype)];
    const shapes = [[], ...arrays.map(({ shape }) => shape.slice(1))];
    warnOfThreads(options);
    const least = shuffle ? Math.trunc(capacity / 4) : 0;
    const queue = shuffle
      ? new RandomShuffleQueue(capacity, least, dtypes, { shapes })
      : new FIFOQueue(capacity, dtypes, { shapes });
    const places: Tensor[][] = [];
    const enqueueOps = Array.from({ length: numThreads }, (_, i) => {
      places[i] = dtypes.map((dtype) => placeholder(dtype));
      return queue.enqueueMany(places[i]!);
    });
    const feeds = places.map((each) => rowsFor(each, arrays, { enqueueSize, numEpochs, isRandom: shuffle }));
    addQueueRunner(new FeedingQueueRunner(queue, enqueueOps, feeds));
    const waiting = cast(maximum(0, queue.size().sub(least)), float32);
    const full = multiply(waiting, 1 / (capacity - least), { name: "mul" });
    scalar(`queue/${queue.name}fraction_over_${least}_of_${capacity - least}_full`, full);
    return queue;
  });
}

function warnOfThreads({ numThreads, numEpochs, shuffle }: EnqueueOptions): void {
  if (numThreads <= 1) return;
  if (numEpochs !== null) {
    logging.warn(
      "enqueue_data was called with num_epochs and num_threads > 1. num_epochs is applied per thread, so this will produce more epochs than you probably intend. If you want to limit epochs, use one thread.",
    );
  }
  if (shuffle && numEpochs !== null) {
    logging.warn(
      "enqueue_data was called with shuffle=True, num_threads > 1, and num_epochs. This will create multiple threads, all reading the array/dataframe in order adding to the same shuffling queue; the results will likely not be sufficiently shuffled.",
    );
  }
  if (!shuffle) {
    logging.warn(
      "enqueue_data was called with shuffle=False and num_threads > 1. This will create multiple threads, all reading the array/dataframe in order. If you want examples read in order, use one thread; if you want multiple threads, enable shuffling.",
    );
  }
}

/** Rows of an array by their numbers. */
function take({ dtype, shape, data }: NdArray, rows: readonly number[]): NdArray {
  const inner = shape.slice(1);
  const size = elementCount(inner) * (dtype.isComplex ? 2 : 1);
  const taken = allocateElements(dtype, rows.length * elementCount(inner));
  const from = data as Elements & ArrayLike<never>;
  for (const [i, row] of rows.entries()) {
    for (let k = 0; k < size; k++) (taken as never[])[i * size + k] = from[row * size + k]!;
  }
  return new NdArray(dtype, [rows.length, ...inner], taken);
}

interface RowOptions {
  readonly enqueueSize: number;
  readonly numEpochs: number | null;
  /** Begins anywhere. */
  readonly isRandom: boolean;
}

const randomBelow = (n: number): number => crypto.getRandomValues(new Uint32Array(1))[0]! % n;

/** Feeds the next rows in each call, round and round. Throws OUT_OF_RANGE after the last epoch. */
function rowsFor(places: readonly Tensor[], arrays: readonly NdArray[], options: RowOptions): () => FeedDict {
  const { enqueueSize, numEpochs, isRandom } = options;
  const length = arrays[0]!.shape[0]!;
  let next = isRandom ? randomBelow(length) : 0;
  const last = (next + length - 1) % length;
  let epoch = 0;
  return () => {
    if (numEpochs !== null && epoch >= numEpochs) throw new OutOfRangeError(`Already emitted ${epoch} epochs.`);
    const rows: number[] = [];
    for (let i = 0; i < enqueueSize && (numEpochs === null || epoch < numEpochs); i++) {
      rows.push(next);
      if (next === last) epoch++;
      next = (next + 1) % length;
    }
    const index = new NdArray(int64, [rows.length], BigInt64Array.from(rows, BigInt));
    return [[places[0], index], ...arrays.map((array, i): [Tensor, NdArray] => [places[i + 1]!, take(array, rows)])];
  };
}
