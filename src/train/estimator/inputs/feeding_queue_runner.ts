/** A queue runner whose enqueue operations are fed by functions. Source: inputs/queues/feeding_queue_runner.py. */
import { CancelledError, OutOfRangeError, ValueError } from "../../../core/error.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { FeedDict } from "../../../graph/scopes.ts";
import type { QueueBase } from "../../../ops/host/queue/classes/base.ts";
import { QueueRunner } from "../../queue/queue_runner.ts";

/** A function that throws OUT_OF_RANGE ends its loop; the last one closes the queue. */
export class FeedingQueueRunner extends QueueRunner {
  readonly #feeds: readonly (() => FeedDict)[];

  /** Throws ValueError unless there is a function for each operation. */
  constructor(queue: QueueBase, enqueueOps: readonly Operation[], feeds: readonly (() => FeedDict)[]) {
    super(queue, enqueueOps, { queueClosedExceptionTypes: [OutOfRangeError, CancelledError] });
    if (feeds.length !== enqueueOps.length) {
      throw new ValueError("If feed_fns is not None, it must have the same length as enqueue_ops.");
    }
    this.#feeds = feeds;
  }

  protected override feedsOf(i: number): () => FeedDict {
    return this.#feeds[i]!;
  }

  /** Functions cannot be written: a MetaGraph goes without this runner. */
  override toProto(): null {
    return null;
  }
}
