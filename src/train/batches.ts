/** Batches from arrays in memory: shuffled anew each epoch by a seed, resumable at any step. */
import { invalidArgument, ValueError } from "../core/error.ts";
import { allocateElements, NdArray } from "../core/nd_array.ts";
import { fillUniformInt32, philoxState } from "../core/philox.ts";
import { elementCount } from "../core/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Literal, literalToArray } from "../ops/convert.ts";
import type { BatchSource, EvaluationData, Feed } from "./model.ts";

/** Placeholders with what feeds them, row by row, [n, ...] each: arrays, or numbers in lists. */
export type Columns = readonly (readonly [Tensor, NdArray | Literal])[];
type ArrayColumns = readonly (readonly [Tensor, NdArray])[];

const arraysOf = (columns: Columns): ArrayColumns =>
  columns.map(([tensor, values]) => [
    tensor,
    values instanceof NdArray ? values : literalToArray(values, tensor.dtype.baseDtype),
  ]);

export interface BatchOptions {
  readonly batchSize: number;
  /** Shuffles each epoch; without it the order of the rows is kept. */
  readonly seed?: number;
  /** Ends after so many epochs; endless without. */
  readonly epochs?: number;
}

function rowsOf(columns: ArrayColumns): number {
  const rows = columns[0]?.[1].shape[0];
  if (rows === undefined || rows === 0) throw new ValueError("batches need at least one row of data");
  for (const [tensor, array] of columns) {
    if (array.shape[0] !== rows)
      throw invalidArgument(`${tensor.name} has ${array.shape[0]} rows of data, the others ${rows}`);
  }
  return rows;
}

/** The order of the rows in an epoch: Fisher and Yates with Philox words, so that it depends on seed and epoch alone. */
export function permutation(rows: number, seed: number | undefined, epoch: number): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  if (seed === undefined) return order;
  const draws = new Int32Array(rows);
  fillUniformInt32(philoxState(seed, epoch), draws, 0, 2 ** 31 - 1);
  for (let i = rows - 1; i > 0; i--) {
    const j = draws[i]! % (i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

export function takeRows(array: NdArray, order: Int32Array, from: number, count: number): NdArray {
  const size = elementCount(array.shape.slice(1));
  const data = allocateElements(array.dtype, count * size) as Float32Array;
  const source = array.data as Float32Array;
  for (let i = 0; i < count; i++) {
    const row = order[from + i]! * size;
    for (let k = 0; k < size; k++) data[i * size + k] = source[row + k]!;
  }
  return new NdArray(array.dtype, [count, ...array.shape.slice(1)], data);
}

interface ArrayState {
  readonly epoch: number;
  readonly batch: number;
  /** Rows of the epoch that were given. */
  readonly rows?: number;
}

/** An endless (or `epochs` long) stream of batches of one size; what is left of an epoch opens the next batch's epoch. */
export function arrayBatches(given: Columns, { batchSize, seed, epochs }: BatchOptions): BatchSource {
  const columns = arraysOf(given);
  const rows = rowsOf(columns);
  if (batchSize < 1 || batchSize > rows)
    throw invalidArgument(`batch_size ${batchSize} is not between 1 and the ${rows} rows of data`);
  const perEpoch = Math.floor(rows / batchSize);
  let epoch = 0;
  let batch = 0;
  let order = permutation(rows, seed, epoch);
  return {
    batchSize,
    next(): Feed | null {
      if (batch >= perEpoch) {
        epoch++;
        batch = 0;
        if (epochs === undefined || epoch < epochs) order = permutation(rows, seed, epoch);
      }
      if (epochs !== undefined && epoch >= epochs) return null;
      const from = batch++ * batchSize;
      return columns.map(([tensor, array]) => [tensor, takeRows(array, order, from, batchSize)] as const);
    },
    state: () => ({ epoch, batch, rows: batch * batchSize, shuffle_seed: seed ?? null }),
    restore(state) {
      // With another batch size than before it goes on behind the rows that were seen.
      const { epoch: kept, batch: batches, rows: seen = batches * batchSize } = state as ArrayState;
      epoch = kept;
      batch = Math.ceil(seen / batchSize);
      order = permutation(rows, seed, epoch);
    },
  };
}

/** One pass over the arrays in their order, `batchSize` rows a feed and the rest in the last. */
export function arrayEvaluation(about: string, given: Columns, batchSize: number, also: Feed = []): EvaluationData {
  const columns = arraysOf(given);
  const rows = rowsOf(columns);
  const order = permutation(rows, undefined, 0);
  return {
    about,
    *batches() {
      for (let from = 0; from < rows; from += batchSize) {
        const count = Math.min(batchSize, rows - from);
        yield {
          feed: [...columns.map(([tensor, array]) => [tensor, takeRows(array, order, from, count)] as const), ...also],
          count,
        };
      }
    },
  };
}

/** The same feeds added to every batch: a keep probability, a phase. */
export const withFeed = (source: BatchSource, also: Feed): BatchSource => ({
  ...source,
  next: () => {
    const feed = source.next();
    return feed && [...feed, ...also];
  },
});
