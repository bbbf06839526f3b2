/**
 * Queue runners: enqueue operations that async loops run until the queue's input ends or the coordinator stops. They live in a collection
 * of the graph, which MetaGraphDefs carry. Source: tensorflow/python/training/queue_runner_impl.py.
 */
import { GraphKeys } from "../../build/collections.ts";
import { registerCollectionForm } from "../../build/meta_graph/collections.ts";
import { prependNameScope, stripNameScope } from "../../build/meta_graph/scope_names.ts";
import { OutOfRangeError, RuntimeError, TypeError, ValueError } from "../../core/error.ts";
import {
  type ErrorClass,
  errorCodeFromExceptionType,
  exceptionTypeFromErrorCode,
} from "../../core/text/error_codes.ts";
import * as logging from "../../core/text/logging.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { defaultSession, type FeedDict, type SessionLike } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { QueueBase } from "../../ops/host/queue/classes/base.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { decode, encode, pb } from "../../proto/messages.ts";
import type { Coordinator } from "./coordinator.ts";
import { giveWay, Thread } from "./thread.ts";

/** What a runner needs of a session; one that makes callables is spared the look-up of each run. */
interface RunnerSession extends SessionLike {
  makeCallable?(fetch: Operation | Tensor): () => unknown;
}

/** What a loop runs; a conditional enqueue is the tensor that `cond` gives. */
type Enqueue = Operation | Tensor;

/** The queue of a runner; for one that a MetaGraph brought, its node. */
type NamedQueue = { readonly name: string };

export interface QueueRunnerOptions {
  /** Closes the queue and lets waiting enqueues finish; made when it is not given. */
  readonly closeOp?: Operation | undefined;
  /** Closes the queue and cancels waiting enqueues; made when it is not given. */
  readonly cancelOp?: Operation | null | undefined;
  /** Errors of an enqueue that say that there is no more input: [OutOfRangeError] by default. */
  readonly queueClosedExceptionTypes?: readonly ErrorClass[] | undefined;
}

export interface CreateThreadsOptions {
  /** Gets the errors, and says when to stop; a further thread closes the queue then. */
  readonly coord?: Coordinator | null | undefined;
  /** Taken as in Python: no thread here keeps the process alive. */
  readonly daemon?: boolean | undefined;
  readonly start?: boolean | undefined;
}

/** The parts of a runner, when it is made from a message. */
class Recreated {
  readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }
}

interface Parts {
  readonly queue: NamedQueue;
  readonly enqueueOps: readonly Enqueue[];
  readonly closeOp: Operation;
  readonly cancelOp: Operation;
  readonly closedTypes: readonly ErrorClass[];
}

/** Threads that fill a queue: one for each enqueue operation, until the coordinator stops or the input ends. */
export class QueueRunner {
  readonly queue: NamedQueue;
  readonly enqueueOps: readonly Enqueue[];
  readonly closeOp: Operation;
  readonly cancelOp: Operation;
  readonly queueClosedExceptionTypes: readonly ErrorClass[];
  readonly #runs = new WeakMap<object, number>();
  #errors: unknown[] = [];

  /** Throws ValueError without a queue or enqueue operations, TypeError when the error types are none. */
  constructor(queue: QueueBase, enqueueOps: readonly Enqueue[], options: QueueRunnerOptions = {}) {
    if (getDefaultGraph().isEager) {
      throw new RuntimeError(
        "QueueRunners are not supported when eager execution is enabled. Instead, please use tf.data to get data into your model.",
      );
    }
    const parts = (queue as unknown) instanceof Recreated ? (queue as unknown as Recreated).parts : null;
    const made = parts ?? fromArguments(queue, enqueueOps, options);
    this.queue = made.queue;
    this.enqueueOps = made.enqueueOps;
    this.closeOp = made.closeOp;
    this.cancelOp = made.cancelOp;
    this.queueClosedExceptionTypes = made.closedTypes;
  }

  get name(): string {
    return this.queue.name;
  }

  /** Errors of threads that have no coordinator. */
  get exceptionsRaised(): readonly unknown[] {
    return this.#errors;
  }

  /** One thread for each enqueue operation; none while threads of an earlier call still run in this session. */
  createThreads(sess: RunnerSession, options: CreateThreadsOptions = {}): Thread[] {
    const { coord = null, start = false } = options;
    if ((this.#runs.get(sess) ?? 0) > 0) return [];
    this.#runs.set(sess, this.enqueueOps.length);
    this.#errors = [];
    const threads = this.enqueueOps.map(
      (op, i) =>
        new Thread(`QueueRunnerThread-${this.name}-${op.name}`, () => this.#run(sess, op, coord, this.feedsOf(i))),
    );
    if (coord) {
      threads.push(
        new Thread(`QueueRunnerThread-${this.name}-close_on_stop`, async () => {
          await coord.waitForStop();
          await quietly(() => sess.run(this.cancelOp));
        }),
      );
    }
    for (const thread of threads) {
      coord?.registerThread(thread);
      if (start) thread.start();
    }
    return threads;
  }

  /** What is fed to the runs of an enqueue operation: nothing, unless a runner of another kind says so. */
  protected feedsOf(_i: number): (() => FeedDict) | null {
    return null;
  }

  /** Runs the operation until there is no more input; the last loop closes the queue. */
  async #run(
    sess: RunnerSession,
    op: Enqueue,
    coord: Coordinator | null,
    feeds: (() => FeedDict) | null,
  ): Promise<void> {
    try {
      const plain = sess.makeCallable ? sess.makeCallable(op) : () => sess.run(op);
      const enqueue = feeds ? () => sess.run(op, { feedDict: feeds() }) : plain;
      while (!coord?.shouldStop()) {
        await enqueue();
        const turn = giveWay();
        if (turn) await turn;
      }
      this.#endRun(sess);
    } catch (error) {
      const left = this.#endRun(sess);
      if (this.queueClosedExceptionTypes.some((type) => error instanceof type)) {
        if (left === 0) await quietly(() => sess.run(this.closeOp));
      } else if (coord) coord.requestStop(error);
      else {
        logging.error("Exception in QueueRunner: %s", error instanceof Error ? error.message : String(error));
        this.#errors.push(error);
      }
    }
  }

  #endRun(sess: RunnerSession): number {
    const left = this.#runs.get(sess)! - 1;
    this.#runs.set(sess, left);
    return left;
  }

  /** Null when the queue lies outside the scope. */
  toProto(exportScope?: string): pb.QueueRunnerDef.$Properties | null {
    if (exportScope && !this.name.startsWith(exportScope)) return null;
    const inner = (name: string): string => stripNameScope(name, exportScope);
    return {
      queueName: inner(this.name),
      enqueueOpName: this.enqueueOps.map((op) => inner(op.name)),
      closeOpName: inner(this.closeOp.name),
      cancelOpName: inner(this.cancelOp.name),
      queueClosedExceptionTypes: this.queueClosedExceptionTypes.map(errorCodeFromExceptionType),
    };
  }

  /** Throws KeyError when the graph lacks one of the nodes. */
  static fromProto(definition: pb.QueueRunnerDef.$Properties, importScope?: string): QueueRunner {
    const graph = getDefaultGraph();
    const node = (name: string | null | undefined): Operation =>
      graph.asGraphElement(prependNameScope(name, importScope)) as Operation;
    const types = (definition.queueClosedExceptionTypes ?? []).map(exceptionTypeFromErrorCode);
    const parts: Parts = {
      queue: node(definition.queueName),
      enqueueOps: (definition.enqueueOpName ?? []).map(node),
      closeOp: node(definition.closeOpName),
      cancelOp: node(definition.cancelOpName),
      closedTypes: types.length ? types : [OutOfRangeError],
    };
    return new QueueRunner(new Recreated(parts) as unknown as QueueBase, []);
  }
}

function fromArguments(queue: QueueBase, enqueueOps: readonly Enqueue[], options: QueueRunnerOptions): Parts {
  if (!(queue instanceof QueueBase) || !enqueueOps?.length) {
    throw new ValueError("Must provide queue and enqueue_ops.");
  }
  const { queueClosedExceptionTypes: types } = options;
  if (types !== undefined && !(Array.isArray(types) && types.length > 0)) {
    throw new TypeError(
      `queue_closed_exception_types, when provided, must be a tuple of tf.error types, but saw: ${String(types)}`,
    );
  }
  return {
    queue,
    enqueueOps,
    closeOp: options.closeOp ?? queue.close(),
    cancelOp: options.cancelOp ?? queue.close({ cancelPendingEnqueues: true }),
    closedTypes: types ?? [OutOfRangeError],
  };
}

/** Closing a queue that is closed, or that of a closed session, is no concern of anybody's. */
async function quietly(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    logging.debug("Ignored exception: %s", error instanceof Error ? error.message : String(error));
  }
}

/** Puts a runner where `startQueueRunners` finds it. */
export function addQueueRunner(qr: QueueRunner, collection: string = GraphKeys.QUEUE_RUNNERS): void {
  getDefaultGraph().addToCollection(collection, qr);
}

export interface StartQueueRunnersOptions extends CreateThreadsOptions {
  /** The default session when it is not given. */
  readonly sess?: SessionLike | null | undefined;
  readonly collection?: string | undefined;
}

/**
 * Starts the threads of all runners in the collection of the session's graph; [] with a warning when there are none. Throws ValueError
 * without a session, TypeError for something else in its place.
 */
export function startQueueRunners(...rest: Rest<StartQueueRunnersOptions, ["sess", "coord"]>): Thread[] {
  const options: StartQueueRunnersOptions = byName(rest, ["sess", "coord"]);
  const { coord, daemon = true, start = true, collection = GraphKeys.QUEUE_RUNNERS } = options;
  const sess = options.sess ?? defaultSession();
  if (!sess) {
    throw new ValueError(
      "Cannot start queue runners: No default session is registered. Use `with sess.as_default()` or pass an explicit session to tf.start_queue_runners(sess=sess)",
    );
  }
  if ("isMonitored" in sess) return [];
  if (typeof sess.run !== "function" || !sess.graph) {
    throw new TypeError(`sess must be a \`tf.Session\` object. Given class: ${(sess as object).constructor?.name}`);
  }
  if (getDefaultGraph().getCollection(collection).length === 0) {
    logging.warn(
      "`tf.train.start_queue_runners()` was called when no queue runners were defined. You can safely remove the call to this deprecated function.",
    );
  }
  return sess.graph
    .getCollection<QueueRunner>(collection)
    .flatMap((runner) => runner.createThreads(sess, { coord, daemon, start }));
}

registerCollectionForm(GraphKeys.QUEUE_RUNNERS, {
  toBytes(item, exportScope) {
    if (!(item instanceof QueueRunner)) throw new TypeError(`${String(item)} is no queue runner`);
    const definition = item.toProto(exportScope);
    return definition && encode(pb.QueueRunnerDef, definition);
  },
  fromBytes: (bytes, importScope) => QueueRunner.fromProto(decode(pb.QueueRunnerDef, bytes), importScope),
});
