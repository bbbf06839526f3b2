/** tf.queue. Written by scripts/api.mjs. */
export { QueueBase } from "../ops/host/queue/classes/base.ts";
export { FIFOQueue, PaddingFIFOQueue, PriorityQueue, RandomShuffleQueue } from "../ops/host/queue/classes/queues.ts";
