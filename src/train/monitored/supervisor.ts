/** The forerunner of monitored sessions: a session, a coordinator, and threads that save and count. Source: tensorflow/python/training/supervisor.py. */
import { join } from "node:path";
import { GraphKeys } from "../../build/collections.ts";
import { tablesInitializer } from "../../build/lookup/table.ts";
import { createMetaGraphDef } from "../../build/meta_graph/export.ts";
import { mergeAll } from "../../build/summary.ts";
import {
  globalVariables,
  globalVariablesInitializer,
  localVariablesInitializer,
  reportUninitializedVariables,
} from "../../build/variables/initialize.ts";
import type { Variable } from "../../build/variables/variable.ts";
import { KeyError, RuntimeError } from "../../core/error.ts";
import { nowSeconds } from "../../core/host.ts";
import type { NdArray } from "../../core/nd_array.ts";
import * as logging from "../../core/text/logging.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { FeedDict } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { group } from "../../ops/index.ts";
import { encode, pb } from "../../proto/messages.ts";
import type { Session, SessionConfig } from "../../session/session.ts";
import { FileWriter } from "../file_writer.ts";
import { writeGraph } from "../meta_graph.ts";
import { Coordinator } from "../queue/coordinator.ts";
import { LooperThread } from "../queue/looper_thread.ts";
import type { QueueRunner } from "../queue/queue_runner.ts";
import type { Joinable, Thread } from "../queue/thread.ts";
import { globalStep, Saver } from "../saver.ts";
import { SessionManager } from "./session_manager.ts";

const { START, STOP, CHECKPOINT } = pb.SessionLog.SessionStatus;

type Step = Variable | Tensor;

export interface SupervisorOptions {
  readonly graph?: Graph | undefined;
  readonly isChief?: boolean | undefined;
  /** Of each operation: made (or taken from its collection) when it is not given; null for none. */
  readonly readyOp?: Tensor | null | undefined;
  readonly readyForLocalInitOp?: Tensor | null | undefined;
  readonly initOp?: Operation | null | undefined;
  readonly initFeedDict?: FeedDict | null | undefined;
  readonly localInitOp?: Operation | null | undefined;
  readonly initFn?: ((session: Session) => unknown) | null | undefined;
  readonly summaryOp?: Tensor | null | undefined;
  readonly saver?: Saver | null | undefined;
  readonly globalStep?: Step | null | undefined;
  /** Of checkpoints and events; without it nothing is written. */
  readonly logdir?: string | null | undefined;
  /** 120 by default; 0 for none. */
  readonly saveSummariesSecs?: number | undefined;
  /** 600 by default; 0 for none. */
  readonly saveModelSecs?: number | undefined;
  readonly recoveryWaitSecs?: number | undefined;
  readonly stopGraceSecs?: number | undefined;
  readonly checkpointBasename?: string | undefined;
  readonly sessionManager?: SessionManager | null | undefined;
  readonly summaryWriter?: FileWriter | null | undefined;
}

export interface SupervisedSessionOptions {
  readonly master?: string | undefined;
  readonly config?: SessionConfig | null | undefined;
  readonly startStandardServices?: boolean | undefined;
  readonly closeSummaryWriter?: boolean | undefined;
  readonly waitForCheckpoint?: boolean | undefined;
  readonly maxWaitSecs?: number | undefined;
}

/** The first item of a collection; else what is made, which joins it. */
function firstOr<T>(key: string, make: () => T | null): T | null {
  const graph = getDefaultGraph();
  const [found] = graph.getCollection<T>(key);
  if (found !== undefined) return found;
  const made = make();
  if (made !== null) graph.addToCollection(key, made);
  return made;
}

function defaultGlobalStep(): Step | null {
  try {
    const step = getDefaultGraph().getTensorByName("global_step:0");
    if (step.dtype.isInteger) return step;
    logging.warn("Found 'global_step' is not an int type: %s", step.dtype);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
  }
  return null;
}

/** Finalizes the graph; then sessions of it: `prepareOrWaitForSession`, or `managedSession` with a body. */
export class Supervisor {
  readonly coord = new Coordinator();
  readonly isChief: boolean;
  readonly sessionManager: SessionManager;
  readonly readyOp: Tensor | null;
  readonly readyForLocalInitOp: Tensor | null;
  readonly initOp: Operation | null;
  readonly initFeedDict: FeedDict | null;
  readonly localInitOp: Operation | null;
  readonly summaryOp: Tensor | null;
  readonly saver: Saver | null;
  readonly globalStep: Step | null;
  readonly summaryWriter: FileWriter | null;
  readonly saveSummariesSecs: number;
  readonly saveModelSecs: number;
  readonly savePath: string | null;
  readonly #graph: Graph;
  readonly #logdir: string | null;
  readonly #options: SupervisorOptions;
  #hasGraphEvent = false;

  constructor(options: SupervisorOptions = {}) {
    const graph = options.graph ?? getDefaultGraph();
    const o = options;
    const given = <T>(value: T | undefined, otherwise: () => T): T => (value === undefined ? otherwise() : value);
    this.#options = options;
    this.#graph = graph;
    this.isChief = o.isChief ?? true;
    this.initFeedDict = o.initFeedDict ?? null;
    [
      this.readyOp,
      this.readyForLocalInitOp,
      this.initOp,
      this.localInitOp,
      this.saver,
      this.summaryOp,
      this.globalStep,
    ] = graph.asDefault(() => [
      given(o.readyOp, () => firstOr(GraphKeys.READY_OP, () => reportUninitializedVariables())),
      given(o.readyForLocalInitOp, () => graph.getCollection<Tensor>(GraphKeys.READY_FOR_LOCAL_INIT_OP)[0] ?? null),
      given(o.initOp, () => firstOr(GraphKeys.INIT_OP, globalVariablesInitializer)),
      given(o.localInitOp, () =>
        firstOr(GraphKeys.LOCAL_INIT_OP, () => group(localVariablesInitializer(), tablesInitializer())),
      ),
      given(o.saver, () => firstOr(GraphKeys.SAVERS, () => (globalVariables().length > 0 ? new Saver() : null))),
      given(o.summaryOp, () => firstOr(GraphKeys.SUMMARY_OP, () => mergeAll())),
      given(o.globalStep, () => firstOr(GraphKeys.GLOBAL_STEP, defaultGlobalStep)),
    ]);
    this.#logdir = this.isChief ? (o.logdir ?? null) : null;
    this.saveSummariesSecs = o.saveSummariesSecs ?? 120;
    this.saveModelSecs = o.saveModelSecs ?? 600;
    this.savePath = this.#logdir ? join(this.#logdir, o.checkpointBasename ?? "model.ckpt") : null;
    this.summaryWriter = given(o.summaryWriter, () => (this.#logdir ? new FileWriter(this.#logdir) : null));
    this.sessionManager =
      o.sessionManager ??
      new SessionManager({
        localInitOp: this.localInitOp,
        readyOp: this.readyOp,
        readyForLocalInitOp: this.readyForLocalInitOp,
        graph,
        recoveryWaitSecs: o.recoveryWaitSecs,
      });
    graph.finalize();
  }

  /** A session with values, its queue runners started, and what saves and counts. */
  async prepareOrWaitForSession(options: SupervisedSessionOptions = {}): Promise<Session> {
    const { master = "", config = null, waitForCheckpoint, maxWaitSecs = 7200, startStandardServices = true } = options;
    this.coord.clearStop();
    this.summaryWriter?.reopen();
    let sess: Session;
    if (this.isChief) {
      sess = await this.sessionManager.prepareSession(master, {
        initOp: this.initOp,
        saver: this.saver,
        checkpointDir: this.#logdir,
        waitForCheckpoint,
        maxWaitSecs,
        config,
        initFeedDict: this.initFeedDict,
        initFn: this.#options.initFn,
      });
      this.#writeGraph();
      if (startStandardServices) {
        logging.info("Starting standard services.");
        await this.startStandardServices(sess);
      }
    } else sess = await this.sessionManager.waitForSession(master, { config, maxWaitSecs });
    if (startStandardServices) {
      logging.info("Starting queue runners.");
      this.startQueueRunners(sess);
    }
    return sess;
  }

  #writeGraph(): void {
    if (this.#logdir) writeGraph(this.#graph, this.#logdir, "graph.pbtxt", { addShapes: true });
    if (!this.summaryWriter || this.#hasGraphEvent) return;
    this.summaryWriter.addGraph(this.#graph);
    const saverDef = this.saver?.saverDef;
    this.summaryWriter.addMetaGraph(
      encode(pb.MetaGraphDef, createMetaGraphDef({ graph: this.#graph, saverDef, collectionList: [] })),
    );
    this.#hasGraphEvent = true;
  }

  /** Threads that write summaries, steps per second and checkpoints by the clock. Throws RuntimeError unless this is the chief. */
  async startStandardServices(sess: Session): Promise<Thread[]> {
    if (!this.isChief) {
      throw new RuntimeError(
        "Only chief supervisor can start standard services. Because only chief supervisors can write events.",
      );
    }
    if (!this.#logdir) {
      logging.warn("Standard services need a 'logdir' passed to the SessionManager");
      return [];
    }
    const { summaryWriter: writer, globalStep: step, summaryOp, saver } = this;
    if (step && writer) writer.addSessionLog({ status: START }, await globalStep(sess, step));
    const threads: Thread[] = [];
    const every = (seconds: number, target: () => Promise<void>): void => {
      threads.push(new LooperThread(this.coord, seconds, { target }));
    };
    if (this.saveSummariesSecs && writer) {
      if (summaryOp) every(this.saveSummariesSecs, async () => this.summaryComputed(sess, await sess.run(summaryOp)));
      if (step) every(this.saveSummariesSecs, this.#stepCounter(sess, step, writer));
    }
    if (saver && this.saveModelSecs) {
      every(this.saveModelSecs, async () => {
        logging.info("Saving checkpoint to path %s", this.savePath);
        await saver.save(sess, this.savePath!, { globalStep: step });
        if (step)
          writer?.addSessionLog({ status: CHECKPOINT, checkpointPath: this.savePath! }, await globalStep(sess, step));
      });
    }
    for (const thread of threads) thread.start();
    return threads;
  }

  #stepCounter(sess: Session, step: Step, writer: FileWriter): () => Promise<void> {
    const tag = `${step.op.name}/sec`;
    let last: { readonly step: number; readonly seconds: number } | null = null;
    return async () => {
      const now = { step: await globalStep(sess, step), seconds: nowSeconds() };
      if (last) writer.addScalar(tag, (now.step - last.step) / (now.seconds - last.seconds), now.step);
      last = now;
    };
  }

  startQueueRunners(sess: Session, queueRunners?: readonly QueueRunner[]): Thread[] {
    const runners = queueRunners ?? this.#graph.getCollection<QueueRunner>(GraphKeys.QUEUE_RUNNERS);
    return runners.flatMap((runner) => runner.createThreads(sess, { coord: this.coord, start: true }));
  }

  /** Calls target every so many seconds until the stop. */
  loop(
    timerIntervalSecs: number | null,
    target: (...args: never[]) => unknown,
    args: readonly unknown[] = [],
  ): LooperThread {
    return LooperThread.loop(this.coord, timerIntervalSecs, target, args);
  }

  /** Writes the value of a summary op; at the global step by default. Throws RuntimeError without a writer. */
  async summaryComputed(sess: Session, summary: NdArray | Uint8Array, step?: number | null): Promise<void> {
    if (!this.summaryWriter) throw new RuntimeError("Writing a summary requires a summary writer.");
    const at = step ?? (this.globalStep ? await globalStep(sess, this.globalStep) : null);
    this.summaryWriter.addSummary(summary, at);
  }

  requestStop(error?: unknown): void {
    this.coord.requestStop(error);
  }

  shouldStop(): boolean {
    return this.coord.shouldStop();
  }

  stopOnException(body: () => Promise<unknown>): Promise<void> {
    return this.coord.stopOnException(body);
  }

  waitForStop(): Promise<boolean> {
    return this.coord.waitForStop();
  }

  /** Stops all threads and waits for them. Throws what asked for the stop. */
  async stop(
    threads: readonly Joinable[] = [],
    options: { readonly closeSummaryWriter?: boolean; readonly ignoreLiveThreads?: boolean } = {},
  ): Promise<void> {
    this.coord.requestStop();
    try {
      const { ignoreLiveThreads = false } = options;
      await this.coord.join(threads, { stopGracePeriodSecs: this.#options.stopGraceSecs ?? 120, ignoreLiveThreads });
    } finally {
      if ((options.closeSummaryWriter ?? true) && this.summaryWriter) {
        this.summaryWriter.addSessionLog({ status: STOP });
        this.summaryWriter.close();
        this.#hasGraphEvent = false;
      }
    }
  }

  /** Python's `with sv.managed_session()`: calls body with a session, then stops everything. The end of the input is an ordinary end. */
  async managedSession(body: (sess: Session) => unknown, options: SupervisedSessionOptions = {}): Promise<void> {
    let sess: Session | null = null;
    try {
      sess = await this.prepareOrWaitForSession(options);
      await body(sess);
    } catch (error) {
      this.requestStop(error);
    } finally {
      try {
        await this.stop([], { closeSummaryWriter: options.closeSummaryWriter ?? true });
      } finally {
        sess?.close();
      }
    }
  }
}
