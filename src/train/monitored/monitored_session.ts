/**
 * Sessions with hooks: they initialize or restore, start queue runners, call hooks around each run, stop together, and are made anew when a
 * server is lost. Python makes the session in the constructor; here making it begins there, and whoever runs waits for it.
 * Source: tensorflow/python/training/monitored_session.py.
 */

import { GraphKeys } from "../../build/collections.ts";
import { AbortedError, OutOfRangeError, RuntimeError, UnavailableError, ValueError } from "../../core/error.ts";
import * as logging from "../../core/text/logging.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { FeedDict } from "../../graph/scopes.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Fetched, Fetches } from "../../session/fetch.ts";
import { type RunArguments, runArguments, type Session } from "../../session/session.ts";
import { Coordinator } from "../queue/coordinator.ts";
import { startQueueRunners } from "../queue/queue_runner.ts";
import { HookedRuns } from "./hooked_runs.ts";
import type { SessionRunHook } from "./hooks/session_run_hook.ts";
import { type ChiefOptions, ChiefSessionCreator, type SessionCreator } from "./session_creator.ts";

/** A lost server: the session is made anew. */
const isPreemption = (error: unknown): boolean => error instanceof AbortedError || error instanceof UnavailableError;

/** What `requestStop` of a step function throws: an ordinary end. */
class StopIteration extends Error {
  override name = "StopIteration";
}

interface Live {
  readonly sess: Session;
  readonly coord: Coordinator;
  readonly runs: HookedRuns;
}

/** What a step function gets. */
export interface StepContext {
  /** The session itself, without hooks. */
  readonly session: Session;
  runWithHooks<const F extends Fetches>(fetches: F, args?: RunArguments | FeedDict): Promise<Fetched<F>>;
  /** Leaves the step function; training is over. */
  requestStop(): never;
}

export interface MonitoredOptions {
  readonly sessionCreator?: SessionCreator | null | undefined;
  readonly hooks?: readonly SessionRunHook[] | null | undefined;
  readonly stopGracePeriodSecs?: number | undefined;
}

class MonitoredSessionBase {
  /** Queue runners of it are started already. */
  readonly isMonitored = true;
  readonly #graph: Graph;
  readonly #wasFinalized: boolean;
  readonly #hooks: readonly SessionRunHook[];
  readonly #creator: SessionCreator;
  readonly #recovers: boolean;
  readonly #graceSecs: number;
  #making: Promise<Live>;
  #live: Live | null = null;
  #isClosed = false;

  constructor(options: MonitoredOptions, recovers: boolean) {
    this.#graph = getDefaultGraph();
    this.#wasFinalized = this.#graph.finalized;
    this.#hooks = options.hooks ?? [];
    this.#recovers = recovers;
    this.#graceSecs = options.stopGracePeriodSecs ?? 120;
    for (const hook of this.#hooks) hook.begin();
    this.#creator = options.sessionCreator ?? new ChiefSessionCreator();
    this.#making = this.#make();
  }

  /** Nobody may be waiting yet: the error is thrown to the first who does. */
  #make(): Promise<Live> {
    const making = this.#create();
    making.catch(() => {});
    return making;
  }

  async #create(): Promise<Live> {
    for (;;) {
      try {
        const sess = await this.#session();
        const coord = new Coordinator({ cleanStopExceptionTypes: [] });
        if (this.#graph.getCollection(GraphKeys.QUEUE_RUNNERS).length > 0) {
          this.#graph.asDefault(() => startQueueRunners({ sess, coord }));
        }
        for (const hook of this.#hooks) await hook.afterCreateSession(sess, coord);
        this.#live = { sess, coord, runs: new HookedRuns(sess, this.#hooks) };
        return this.#live;
      } catch (error) {
        if (!this.#recovers || !isPreemption(error)) throw error;
        logging.info("An error was raised while a session was being created: %s", (error as Error).message);
      }
    }
  }

  /** The graph is the default one while the creator builds, not while it waits. */
  #session(): Promise<Session> {
    const made: Promise<Session>[] = [];
    this.#graph.asDefault(() => {
      made.push(this.#creator.createSession());
    });
    return made[0]!;
  }

  get graph(): Graph | null {
    return this.#isClosed ? null : this.#graph;
  }

  /** The session under the hooks, once it is there. */
  protected async session(): Promise<Session> {
    return (await this.#making).sess;
  }

  /** Is training over? Throws what a queue runner has reported, where the session does not recover. */
  shouldStop(): boolean {
    if (this.#isClosed) return true;
    const live = this.#live;
    if (!live) return false;
    try {
      live.coord.raiseRequestedException();
    } catch (error) {
      if (!this.#recovers) throw error;
      return !isPreemption(error);
    }
    return live.coord.shouldStop() || live.runs.stopRequested;
  }

  /** One run with the hooks. Throws RuntimeError once training should stop, or the session is closed. */
  run<const F extends Fetches>(fetches: F, args?: RunArguments | FeedDict): Promise<Fetched<F>> {
    return this.#recovering((live) => live.runs.run(fetches, runArguments(args) ?? {})) as Promise<never>;
  }

  /** Calls a function of one step, which may run several times. Throws ValueError for a function without a step context. */
  async runStepFn<R>(stepFn: (stepContext: StepContext) => R): Promise<Awaited<R>> {
    if (stepFn.length !== 1) {
      throw new ValueError(
        "`step_fn` may either have one `step_context` argument, or `self` and `step_context` arguments if it's an instance method.",
      );
    }
    return this.#recovering(async (live) =>
      stepFn({
        session: live.sess,
        runWithHooks: (fetches, args) => live.runs.run(fetches, runArguments(args) ?? {}) as Promise<never>,
        requestStop() {
          throw new StopIteration("step_fn has requested the iterations to stop.");
        },
      }),
    ) as Promise<Awaited<R>>;
  }

  async #recovering<R>(action: (live: Live) => Promise<R>): Promise<R> {
    for (;;) {
      if (this.#isClosed) throw new RuntimeError("Session is already closed.");
      const live = await this.#making;
      try {
        return await action(live);
      } catch (error) {
        const cause = this.#causeOf(error, live);
        if (!this.#recovers || !isPreemption(cause)) throw cause;
        logging.info("An error was raised, a new session will be created: %s", (cause as Error).message);
        await closeLive(live, this.#graceSecs).catch(() => {});
        this.#live = null;
        this.#making = this.#make();
      }
    }
  }

  /** A lost server that a queue runner has seen tells more than what the step sees of it. */
  #causeOf(error: unknown, { coord }: Live): unknown {
    try {
      coord.raiseRequestedException();
    } catch (reported) {
      if (isPreemption(reported)) return reported;
    }
    return error;
  }

  /** Calls the hooks' `end`, stops the queue runners and closes the session. Throws what a queue runner has reported. */
  close(): Promise<void> {
    return this.#close(true);
  }

  async #close(callsEnd: boolean): Promise<void> {
    if (this.#isClosed) throw new RuntimeError("Session is already closed.");
    this.#isClosed = true;
    try {
      const live = await this.#making;
      try {
        if (callsEnd) for (const hook of this.#hooks) await hook.end(live.sess);
      } finally {
        await closeLive(live, this.#graceSecs);
      }
    } finally {
      this.#live = null;
      if (!this.#wasFinalized) this.#graph.unfinalize();
    }
  }

  /** Python's `with`: calls body, then closes. The end of the input is an ordinary end. */
  async within<R>(body: (sess: this) => R): Promise<Awaited<R> | undefined> {
    let result: Awaited<R> | undefined;
    try {
      await this.#making;
      result = await body(this);
    } catch (error) {
      const isEnd = error instanceof OutOfRangeError || error instanceof StopIteration;
      if (!isEnd) {
        // The first error tells more than what closing meets.
        await this.#close(false).catch(() => {});
        throw error;
      }
    }
    await this.#close(true);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) await this.#close(true);
  }
}

async function closeLive({ sess, coord }: Live, stopGracePeriodSecs: number): Promise<void> {
  coord.requestStop();
  try {
    await coord.join([], { stopGracePeriodSecs, ignoreLiveThreads: true });
  } finally {
    sess.close();
  }
}

const monitoredPlaces = ["sessionCreator", "hooks", "stopGracePeriodSecs"] as const;

/** A session with hooks that is made anew when a server is lost. */
export class MonitoredSession extends MonitoredSessionBase {
  constructor(...given: Rest<MonitoredOptions, typeof monitoredPlaces>) {
    super(byName<MonitoredOptions>(given, monitoredPlaces), true);
  }
}

export interface SingularOptions extends ChiefOptions, Omit<MonitoredOptions, "sessionCreator"> {}

const singularPlaces = [
  "hooks",
  "scaffold",
  "master",
  "config",
  "checkpointDir",
  "stopGracePeriodSecs",
  "checkpointFilenameWithPath",
] as const;

/** A session with hooks that is made once. */
export class SingularMonitoredSession extends MonitoredSessionBase {
  constructor(...given: Rest<SingularOptions, typeof singularPlaces>) {
    const { hooks, stopGracePeriodSecs, ...chief } = byName<SingularOptions>(given, singularPlaces);
    super({ sessionCreator: new ChiefSessionCreator(chief), hooks, stopGracePeriodSecs }, false);
  }

  /** The session under the hooks, for savers and the like. */
  rawSession(): Promise<Session> {
    return this.session();
  }
}
