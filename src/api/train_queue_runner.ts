/** tf.train.queueRunner. Written by scripts/api.mjs. */
export { addQueueRunner, QueueRunner, startQueueRunners } from "../train/queue/queue_runner.ts";
