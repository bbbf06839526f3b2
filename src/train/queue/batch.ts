/** `tf.train.batch` and its kin: single examples in, batches out, through a queue and its runner. Source: tensorflow/python/training/input.py. */

import { scalar } from "../../build/summary.ts";
import { type DType, float32, int32 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { compatible, formatShapePython, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import type { QueueBase } from "../../ops/host/queue/classes/base.ts";
import { FIFOQueue, PaddingFIFOQueue, RandomShuffleQueue } from "../../ops/host/queue/classes/queues.ts";
import { cast, dynamicPartition, maximum, noOp } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { addQueueRunner, QueueRunner } from "./queue_runner.ts";
import {
  asItems,
  type BatchInput,
  type BatchItem,
  restoreSparse,
  type SparseInfo,
  smartCond,
  storeSparse,
  storeSparseJoin,
} from "./sparse_batch.ts";

/** One example, or a batch of them: a list, or a record by name. */
export type BatchInputs = readonly BatchInput[] | { readonly [name: string]: BatchInput };

/** What comes out: in the form of what went in; a list of one is that one. */
// biome-ignore lint/suspicious/noExplicitAny: the form follows from the inputs
export type Batched = any;

export interface BatchCallOptions {
  /** Loops that run the enqueue; 1 by default. */
  readonly numThreads?: number | undefined;
  /** Of the queue; 32 by default. */
  readonly capacity?: number | undefined;
  /** The inputs are batches of examples. */
  readonly enqueueMany?: boolean | undefined;
  /** Of the examples, where the inputs do not say them. */
  readonly shapes?: readonly Shape[] | undefined;
  /** Examples may differ in size; a batch is filled up with zeros. */
  readonly dynamicPad?: boolean | undefined;
  /** The last batch may be smaller. */
  readonly allowSmallerFinalBatch?: boolean | undefined;
  readonly sharedName?: string | undefined;
  readonly name?: string | undefined;
}

export interface ShuffleCallOptions extends Omit<BatchCallOptions, "dynamicPad" | "capacity"> {
  readonly seed?: number | bigint | null | undefined;
}

interface Wanted extends BatchCallOptions {
  readonly batchSize: TensorLike;
  readonly keepInput: TensorLike;
  readonly seed?: number | bigint | null | undefined;
  /** A shuffling queue that keeps so many. */
  readonly minAfterDequeue?: number | undefined;
}

const isRecord = (inputs: BatchInputs): inputs is { readonly [name: string]: BatchInput } => !Array.isArray(inputs);

/** What is given by place or by name, as a list. */
export const inputList = (inputs: BatchInputs): readonly BatchInput[] =>
  isRecord(inputs)
    ? Object.keys(inputs)
        .sort()
        .map((key) => inputs[key]!)
    : inputs;

function inputLists(lists: readonly BatchInputs[]): (readonly BatchInput[])[] {
  const [first] = lists;
  if (!first) throw new ValueError("Expected at least one set of tensors");
  if (isRecord(first)) {
    const keys = Object.keys(first).sort().join();
    if (lists.some((list) => Object.keys(list).sort().join() !== keys)) {
      throw new ValueError("All dictionaries in tensors_list must have the same keys");
    }
  }
  return lists.map(inputList);
}

/** Items in the form of what was given: a record by sorted names; a list of one is that one. */
export function inForm(inputs: BatchInputs, items: readonly BatchItem[]): Batched {
  if (!isRecord(inputs)) return items.length === 1 ? items[0] : items;
  return Object.fromEntries(
    Object.keys(inputs)
      .sort()
      .map((key, i) => [key, items[i]]),
  );
}

/** The bool that says what is kept. Throws ValueError for a rank that cannot be. */
export function keepTensor(keepInput: TensorLike, enqueueMany: boolean): Tensor {
  const keep = convertToTensor(keepInput);
  if (keep.shape === null) throw new ValueError("`keep_input` dimensions must be known at graph construction.");
  if (!enqueueMany && keep.shape.length === 1) {
    throw new ValueError("`keep_input` cannot be a vector when `enqueue_many=False`.");
  }
  if (keep.shape.length > 1) throw new ValueError("`keep_input` must be 0 or 1 dimensions.");
  return keep;
}

function commonTypes(lists: readonly (readonly Tensor[])[]): readonly DType[] {
  const [types, ...others] = lists.map((list) => list.map((tensor) => tensor.dtype));
  const names = (dtypes: readonly DType[]): string => dtypes.map((dtype) => dtype.name).join(", ");
  for (const other of others) {
    if (names(other) !== names(types!)) {
      throw new TypeError(`Expected types to be consistent: ${names(types!)} vs. ${names(other)}.`);
    }
  }
  return types!;
}

/** Shapes of the examples: those of the first list; the others must go with them. */
export function exampleShapes(lists: readonly (readonly Tensor[])[], enqueueMany: boolean): Shape[] {
  for (const list of lists) {
    for (const tensor of list) if (tensor.shape === null) throw new ValueError(`Cannot infer Tensor's rank: ${tensor}`);
  }
  return lists[0]!.map((_, i) => {
    const shapes = lists.map((list) => list[i]!.shape!);
    for (const shape of enqueueMany ? shapes : []) {
      if (shape.length === 0) throw new ValueError(`Shape ${formatShapePython(shape)} must have rank at least 1`);
    }
    const [first, ...others] = shapes.map((shape) => (enqueueMany ? shape.slice(1) : shape));
    for (const other of others) {
      if (!compatible(first!, other)) {
        throw new ValueError(`Shapes ${formatShapePython(first!)} and ${formatShapePython(other)} are not compatible`);
      }
    }
    return first!;
  });
}

/** An operation that puts a list in, as far as it is kept. */
function enqueueOf(
  queue: QueueBase,
  tensors: readonly Tensor[],
  enqueueMany: boolean,
  keep: Tensor,
): Operation | Tensor {
  const enqueue = (list: readonly Tensor[]): Operation => (enqueueMany ? queue.enqueueMany(list) : queue.enqueue(list));
  if (keep.shape!.length === 1) {
    const chosen = cast(keep, int32);
    return enqueue(tensors.map((tensor) => dynamicPartition(tensor, chosen, 2)[1]!));
  }
  return smartCond<Operation>(
    keep,
    () => enqueue(tensors),
    () => noOp(),
  );
}

function makeQueue(wanted: Wanted, types: readonly DType[], shapes: readonly Shape[]): QueueBase {
  const { capacity = 32, minAfterDequeue, sharedName, seed, dynamicPad = false } = wanted;
  if (minAfterDequeue !== undefined) {
    return new RandomShuffleQueue(capacity, minAfterDequeue, types, { shapes, sharedName, seed });
  }
  if (dynamicPad) return new PaddingFIFOQueue(capacity, types, shapes, { sharedName });
  return new FIFOQueue(capacity, types, { shapes, sharedName });
}

/** How full the queue is, beyond what it keeps to mix. */
function summarize(queue: QueueBase, { capacity = 32, minAfterDequeue }: Wanted): void {
  if (minAfterDequeue === undefined) {
    scalar(`fraction_of_${capacity}_full`, cast(queue.size(), float32).mul(1 / capacity));
    return;
  }
  const room = capacity - minAfterDequeue;
  const full = cast(maximum(0, queue.size().sub(minAfterDequeue)), float32).mul(1 / room);
  scalar(`fraction_over_${minAfterDequeue}_of_${room}_full`, full);
}

function checkShuffle({ capacity = 32, minAfterDequeue }: Wanted): void {
  if (minAfterDequeue !== undefined && capacity <= minAfterDequeue) {
    throw new ValueError(`capacity ${capacity} must be bigger than min_after_dequeue ${minAfterDequeue}.`);
  }
}

function dequeued(queue: QueueBase, wanted: Wanted, name: string, infos: readonly SparseInfo[]): BatchItem[] {
  const given = wanted.allowSmallerFinalBatch
    ? queue.dequeueUpTo(wanted.batchSize, { name })
    : queue.dequeueMany(wanted.batchSize, { name });
  return restoreSparse(Array.isArray(given) ? given : [given], infos);
}

function batchOf(inputs: BatchInputs, wanted: Wanted, scope: string): Batched {
  if (getDefaultGraph().isEager) throw new ValueError(noPipelines);
  return getDefaultGraph().nameScope(wanted.name || scope, (name) => {
    const { enqueueMany = false, numThreads = 1 } = wanted;
    checkShuffle(wanted);
    const items = asItems(inputList(inputs));
    if (items.length === 0) throw new ValueError("Expected at least one tensor in batch().");
    const keep = keepTensor(wanted.keepInput, enqueueMany);
    const { tensors, infos } = storeSparse(items, enqueueMany, keep);
    const types = commonTypes([tensors]);
    const queue = makeQueue(wanted, types, wanted.shapes ?? exampleShapes([tensors], enqueueMany));
    const enqueue = enqueueOf(queue, tensors, enqueueMany, keep);
    addQueueRunner(new QueueRunner(queue, new Array<Operation | Tensor>(numThreads).fill(enqueue)));
    summarize(queue, wanted);
    return inForm(inputs, dequeued(queue, wanted, name, infos));
  });
}

/** Queues wait, which nothing does where ops run at once. */
export const noPipelines =
  "Input pipelines based on Queues are not supported when eager execution is enabled. Please use tf.data to ingest data into your model instead.";

function batchOfLists(lists: readonly BatchInputs[], wanted: Wanted, scope: string): Batched {
  if (getDefaultGraph().isEager) throw new ValueError(noPipelines);
  const all = inputLists(lists);
  return getDefaultGraph().nameScope(wanted.name || scope, (name) => {
    const { enqueueMany = false } = wanted;
    checkShuffle(wanted);
    const items = all.map(asItems);
    const keep = keepTensor(wanted.keepInput, enqueueMany);
    const { tensors, infos } = storeSparseJoin(items, enqueueMany, keep);
    const types = commonTypes(tensors);
    const queue = makeQueue(wanted, types, wanted.shapes ?? exampleShapes(tensors, enqueueMany));
    const enqueues = tensors.map((list) => enqueueOf(queue, list, enqueueMany, keep));
    addQueueRunner(new QueueRunner(queue, enqueues));
    summarize(queue, wanted);
    return inForm(lists[0]!, dequeued(queue, wanted, name, infos));
  });
}

type Sized<O> = O & { readonly batchSize: TensorLike };
type Shuffled<O> = Sized<O> & { readonly capacity: number; readonly minAfterDequeue: number };

const rest = ["enqueueMany", "shapes"] as const;
const names = ["allowSmallerFinalBatch", "sharedName", "name"] as const;
const joinPlaces = ["batchSize", "capacity", ...rest, "dynamicPad", ...names] as const;
const batchPlaces = ["batchSize", "numThreads", "capacity", ...rest, "dynamicPad", ...names] as const;
const sizes = ["batchSize", "capacity", "minAfterDequeue"] as const;
const shufflePlaces = [...sizes, "numThreads", "seed", ...rest, ...names] as const;
const maybeShufflePlaces = [...sizes, "keepInput", "numThreads", "seed", ...rest, ...names] as const;
const shuffleJoinPlaces = [...sizes, "seed", ...rest, ...names] as const;
const maybeShuffleJoinPlaces = [...sizes, "keepInput", "seed", ...rest, ...names] as const;

type Kept<O> = O & { readonly keepInput: TensorLike };
type JoinOptions = Omit<BatchCallOptions, "numThreads">;

type ShuffleJoinOptions = Omit<ShuffleCallOptions, "numThreads">;

/**
 * Batches of examples. `inputs` is one example (or with enqueueMany several): dense and sparse tensors, a list or a record. Adds a queue,
 * its runner and a summary of how full it is. Throws ValueError or TypeError in Python's words for inputs that do not go together.
 */
export const batch = (inputs: BatchInputs, ...given: Rest<Sized<BatchCallOptions>, typeof batchPlaces>): Batched =>
  batchOf(inputs, { ...byName<Sized<BatchCallOptions>>(given, batchPlaces), keepInput: true }, "batch");

/** `batch` of the examples for which keepInput (a bool, with enqueueMany also one for each) is true. */
export const maybeBatch = (
  inputs: BatchInputs,
  keepInput: TensorLike,
  ...given: Rest<Sized<BatchCallOptions>, typeof batchPlaces>
): Batched => batchOf(inputs, { ...byName<Sized<BatchCallOptions>>(given, batchPlaces), keepInput }, "batch");

/** Batches of examples from several sources at once, each with a loop of its own. */
export const batchJoin = (
  lists: readonly BatchInputs[],
  ...given: Rest<Sized<JoinOptions>, typeof joinPlaces>
): Batched => batchOfLists(lists, { ...byName<Sized<JoinOptions>>(given, joinPlaces), keepInput: true }, "batch_join");

/** `batchJoin` of the examples for which keepInput is true. */
export const maybeBatchJoin = (
  lists: readonly BatchInputs[],
  keepInput: TensorLike,
  ...given: Rest<Sized<JoinOptions>, typeof joinPlaces>
): Batched => batchOfLists(lists, { ...byName<Sized<JoinOptions>>(given, joinPlaces), keepInput }, "batch_join");

/** Batches of examples in random order: the queue holds up to capacity of them, and keeps minAfterDequeue to mix with. */
export const shuffleBatch = (
  inputs: BatchInputs,
  ...given: Rest<Shuffled<ShuffleCallOptions>, typeof shufflePlaces>
): Batched => {
  const wanted = byName<Shuffled<ShuffleCallOptions>>(given, shufflePlaces);
  return batchOf(inputs, { ...wanted, keepInput: true }, "shuffle_batch");
};

/** `shuffleBatch` of the examples for which keepInput is true. */
export const maybeShuffleBatch = (
  inputs: BatchInputs,
  ...given: Rest<Kept<Shuffled<ShuffleCallOptions>>, typeof maybeShufflePlaces>
): Batched => batchOf(inputs, byName<Kept<Shuffled<ShuffleCallOptions>>>(given, maybeShufflePlaces), "shuffle_batch");

/** `shuffleBatch` of examples from several sources at once. */
export const shuffleBatchJoin = (
  lists: readonly BatchInputs[],
  ...given: Rest<Shuffled<ShuffleJoinOptions>, typeof shuffleJoinPlaces>
): Batched => {
  const wanted = byName<Shuffled<ShuffleJoinOptions>>(given, shuffleJoinPlaces);
  return batchOfLists(lists, { ...wanted, keepInput: true }, "shuffle_batch_join");
};

/** `shuffleBatchJoin` of the examples for which keepInput is true. */
export const maybeShuffleBatchJoin = (
  lists: readonly BatchInputs[],
  ...given: Rest<Kept<Shuffled<ShuffleJoinOptions>>, typeof maybeShuffleJoinPlaces>
): Batched => {
  const wanted = byName<Kept<Shuffled<ShuffleJoinOptions>>>(given, maybeShuffleJoinPlaces);
  return batchOfLists(lists, wanted, "shuffle_batch_join");
};
