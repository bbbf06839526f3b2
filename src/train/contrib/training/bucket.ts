/** `tf.contrib.training.bucket`: batches of examples that are alike. Source: contrib/training bucket_ops.py. */

import { cond } from "../../../build/control_flow/branch/cond.ts";
import { scalar } from "../../../build/summary.ts";
import { float32, int32 } from "../../../core/dtype.ts";
import { CancelledError, OutOfRangeError, TypeError, ValueError } from "../../../core/error.ts";
import type { Shape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import type { QueueBase } from "../../../ops/host/queue/classes/base.ts";
import { FIFOQueue, PaddingFIFOQueue } from "../../../ops/host/queue/classes/queues.ts";
import {
  cast,
  constant,
  equal,
  getStaticValue,
  group,
  less,
  lessEqual,
  logicalAnd,
  noOp,
  reduceMin,
  where,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { type Batched, type BatchInputs, exampleShapes, inForm, inputList, keepTensor } from "../../queue/batch.ts";
import { addQueueRunner, QueueRunner } from "../../queue/queue_runner.ts";
import { asItems, type BatchItem, restoreSparse, smartCond, storeSparse } from "../../queue/sparse_batch.ts";

export interface BucketOptions {
  /** Loops that put examples in; 1 by default. */
  readonly numThreads?: number | undefined;
  /** Of each bucket and of the queue of batches; 32 by default. */
  readonly capacity?: number | undefined;
  /** One for each bucket. */
  readonly bucketCapacities?: readonly number[] | null | undefined;
  readonly shapes?: readonly Shape[] | null | undefined;
  /** Examples may differ in size; a batch is filled up with zeros. */
  readonly dynamicPad?: boolean | undefined;
  /** The last batch of a bucket may be smaller. */
  readonly allowSmallerFinalBatch?: boolean | undefined;
  readonly keepInput?: TensorLike | undefined;
  readonly sharedName?: string | null | undefined;
  readonly name?: string | null | undefined;
}

const places = [
  "numThreads",
  "capacity",
  "bucketCapacities",
  "shapes",
  "dynamicPad",
  "allowSmallerFinalBatch",
  "keepInput",
  "sharedName",
  "name",
] as const;
type BucketRest = Rest<BucketOptions, typeof places>;

const ends = [OutOfRangeError, CancelledError];
const cancelled = { cancelPendingEnqueues: true };

interface Buckets {
  readonly queues: readonly QueueBase[];
  readonly top: QueueBase;
}

/** A queue for each bucket, and one for whole batches and where they come from. */
function makeQueues(
  tensors: readonly Tensor[],
  batch: { readonly rows: number | null; readonly count: number },
  options: BucketOptions,
): Buckets {
  const { capacity = 32, sharedName, dynamicPad = false } = options;
  const capacities = options.bucketCapacities ?? new Array<number>(batch.count).fill(capacity);
  const types = tensors.map(({ dtype }) => dtype);
  const shapes = options.shapes ?? exampleShapes([tensors], false);
  const queues = capacities.map((size, i) => {
    const named = { name: `bucket_queue_${i}`, ...(sharedName ? { sharedName: `${sharedName}_${i}` } : {}) };
    return dynamicPad
      ? new PaddingFIFOQueue(size, types, shapes, named)
      : new FIFOQueue(size, types, { shapes, ...named });
  });
  const batches = queues[0]!.shapes.map((shape): Shape => shape && [batch.rows, ...shape]);
  const top = new PaddingFIFOQueue(capacity, [int32, ...types], [[], ...batches], {
    name: "top_queue",
    ...(sharedName ? { sharedName } : {}),
  });
  return { queues, top };
}

function summarize({ queues, top }: Buckets, capacity: number): void {
  const size = (): Tensor => cast(top.size(), float32);
  for (const queue of queues) scalar(`bucket/${queue.name}/size`, size());
  scalar(`bucket/${top.name}/fraction_of_${capacity}_full`, size().mul(1 / capacity));
}

/** The known sizes as numbers. */
const knownSizes = (sizes: readonly TensorLike[]): (number | Tensor)[] =>
  sizes.map((size) => {
    const given = convertToTensor(size, { dtype: int32, name: "batch_size" });
    const known = getStaticValue(given);
    return known ? Number(known.item()) : given;
  });

/**
 * Puts each example in the bucket whichBucket [] and gives batches of one bucket: [which bucket, the batch in the form of the inputs].
 * batchSize is one for all or a list. Adds the queues, their runners and summaries of them. Throws ValueError for lists that have not
 * numBuckets elements.
 */
export function bucket(
  tensors: BatchInputs,
  whichBucket: TensorLike,
  batchSize: TensorLike | readonly TensorLike[],
  numBuckets: number,
  ...rest: BucketRest
): [which: Tensor, batch: Batched] {
  const [which, items] = bucketItems(tensors, whichBucket, batchSize, numBuckets, byName<BucketOptions>(rest, places));
  return [which, inForm(tensors, items)];
}

function bucketItems(
  tensors: BatchInputs,
  whichBucket: TensorLike,
  batchSize: TensorLike | readonly TensorLike[],
  count: number,
  options: BucketOptions,
): [which: Tensor, items: BatchItem[]] {
  const { capacity = 32, bucketCapacities, allowSmallerFinalBatch = false, numThreads = 1 } = options;
  const isEach = Array.isArray(batchSize);
  if (isEach && batchSize.length !== count) {
    throw new ValueError("If batch_size is a list it must have num_buckets elements");
  }
  const wanted = isEach ? (batchSize as TensorLike[]) : new Array<TensorLike>(count).fill(batchSize as TensorLike);
  if (bucketCapacities && bucketCapacities.length !== count) {
    throw new ValueError(
      `The list bucket_capacities ([${bucketCapacities.join(", ")}]) must have exactly num_buckets (${count}) elements.`,
    );
  }
  return getDefaultGraph().nameScope(options.name || "bucket", () => {
    const items = asItems(inputList(tensors));
    if (items.length === 0) throw new ValueError("Expected at least one tensor in bucket().");
    const keep = keepTensor(options.keepInput ?? true, false);
    const { tensors: list, infos } = storeSparse(items, false, keep);
    const sizes = knownSizes(wanted);
    const which = convertToTensor(whichBucket, { dtype: int32, name: "which_bucket" });
    const last = sizes.at(-1)!;
    const rows = allowSmallerFinalBatch || isEach || typeof last !== "number" ? null : last;
    const buckets = makeQueues(list, { rows, count }, options);
    const { queues, top } = buckets;
    const put = (): Operation => {
      const enqueues = queues.map((queue, i) =>
        cond(
          equal(which, i),
          () => queue.enqueue(list) as never,
          () => noOp() as never,
        ),
      );
      return group(...enqueues, { name: "group_enqueues" });
    };
    const enqueue = smartCond<Operation>(keep, put, () => noOp());
    const toTop = queues.map((queue, i) => {
      const from = constant(i);
      const named = { name: `read_bucket_${i}` };
      const read = allowSmallerFinalBatch ? queue.dequeueUpTo(sizes[i]!, named) : queue.dequeueMany(sizes[i]!, named);
      return top.enqueue([from, ...[read].flat()] as Tensor[], { name: `enqueue_from_bucket_${i}` });
    });
    const closeTop = top.close();
    const cancelTop = top.close(cancelled);
    addQueueRunner(
      new QueueRunner(queues[0]!, toTop, { closeOp: closeTop, cancelOp: cancelTop, queueClosedExceptionTypes: ends }),
    );
    const closeOp = group(...queues.map((queue) => queue.close()));
    const cancelOp = group(...queues.map((queue) => queue.close(cancelled)));
    addQueueRunner(
      new QueueRunner(top, new Array<Operation | Tensor>(numThreads).fill(enqueue), {
        closeOp,
        cancelOp,
        queueClosedExceptionTypes: ends,
      }),
    );
    summarize(buckets, capacity);
    const [from, ...batch] = top.dequeue({ name: "dequeue_top" }) as Tensor[];
    return [from!, restoreSparse(batch, infos)];
  });
}

function checkBoundaries(boundaries: readonly number[]): void {
  if (!Array.isArray(boundaries)) {
    throw new TypeError(`bucket_boundaries must be a list or tuple, but received: ${boundaries}`);
  }
  if (boundaries.length === 0) throw new ValueError("bucket_boundaries must not be empty");
  for (const [i, end] of boundaries.slice(1).entries()) {
    const start = boundaries[i] as number;
    if (!Number.isInteger(start) || !Number.isInteger(end)) {
      throw new TypeError(`bucket boundaries must be integers, but saw: ${start} and ${end}`);
    }
    if (start >= end) {
      throw new ValueError(`Buckets must contain sequential increasing lengths, but saw: ${start} before ${end}`);
    }
  }
}

/**
 * Batches of examples of like length: the buckets are lengths below, between and from the boundaries on. [lengths, the batch in the form of
 * the inputs]. Throws TypeError or ValueError for boundaries that do not increase.
 */
export function bucketBySequenceLength(
  inputLength: TensorLike,
  tensors: BatchInputs,
  batchSize: TensorLike | readonly TensorLike[],
  bucketBoundaries: readonly number[],
  ...rest: BucketRest
): [lengths: Tensor, batch: Batched] {
  const { name, shapes, ...options } = byName<BucketOptions>(rest, places);
  checkBoundaries(bucketBoundaries);
  return getDefaultGraph().nameScope(name || "bucket_by_sequence_length", () => {
    const length = convertToTensor(inputLength, { dtype: int32, name: "input_length" });
    const from = lessEqual([-(2 ** 31), ...bucketBoundaries], length);
    const isInside = logicalAnd(from, less(length, [...bucketBoundaries, 2 ** 31 - 1]));
    const which = cast(reduceMin(where(isInside)), int32);
    const inputs = [length, ...inputList(tensors)];
    const all = shapes ? [[], ...shapes] : null;
    const [, items] = bucketItems(inputs, which, batchSize, bucketBoundaries.length + 1, { ...options, shapes: all });
    const [lengths, ...batch] = items;
    return [lengths as Tensor, inForm(tensors, batch)];
  });
}
