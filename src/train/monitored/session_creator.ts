/** What makes the session of a monitored session. Source: monitored_session.py. */
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Session, SessionConfig } from "../../session/session.ts";
import { Scaffold } from "./scaffold.ts";
import { SessionManager } from "./session_manager.ts";

/** Makes a session, and again when one is lost. */
export abstract class SessionCreator {
  /** Finalizes the default graph at once; the session comes later. */
  abstract createSession(): Promise<Session>;
}

export interface CreatorOptions {
  readonly scaffold?: Scaffold | null | undefined;
  readonly master?: string | undefined;
  readonly config?: SessionConfig | null | undefined;
}

const managerOf = (scaffold: Scaffold, graph: Graph): SessionManager =>
  new SessionManager({
    localInitOp: scaffold.localInitOp,
    localInitFeedDict: scaffold.localInitFeedDict,
    readyOp: scaffold.readyOp,
    readyForLocalInitOp: scaffold.readyForLocalInitOp,
    graph,
  });

export interface ChiefOptions extends CreatorOptions {
  readonly checkpointDir?: string | null | undefined;
  readonly checkpointFilenameWithPath?: string | null | undefined;
}

const chiefPlaces = ["scaffold", "master", "config", "checkpointDir", "checkpointFilenameWithPath"] as const;

/** Restores the newest checkpoint, or initializes. */
export class ChiefSessionCreator extends SessionCreator {
  readonly #options: ChiefOptions;
  readonly #scaffold: Scaffold;
  #manager: SessionManager | null = null;

  constructor(...given: Rest<ChiefOptions, typeof chiefPlaces>) {
    super();
    const options = byName<ChiefOptions>(given, chiefPlaces);
    this.#options = options;
    this.#scaffold = options.scaffold ?? new Scaffold();
  }

  override createSession(): Promise<Session> {
    const scaffold = this.#scaffold.finalize();
    this.#manager ??= managerOf(scaffold, getDefaultGraph());
    const { master = "", config, checkpointDir, checkpointFilenameWithPath } = this.#options;
    return this.#manager.prepareSession(master, {
      saver: scaffold.saver,
      checkpointDir,
      checkpointFilenameWithPath,
      config,
      initOp: scaffold.initOp,
      initFeedDict: scaffold.initFeedDict,
      initFn: scaffold.initFn,
    });
  }
}

export interface WorkerOptions extends CreatorOptions {
  /** 1800 by default. */
  readonly maxWaitSecs?: number | undefined;
}

const workerPlaces = ["scaffold", "master", "config", "maxWaitSecs"] as const;

/** Waits until a chief has made the model ready. */
export class WorkerSessionCreator extends SessionCreator {
  readonly #options: WorkerOptions;
  readonly #scaffold: Scaffold;
  #manager: SessionManager | null = null;

  constructor(...given: Rest<WorkerOptions, typeof workerPlaces>) {
    super();
    const options = byName<WorkerOptions>(given, workerPlaces);
    this.#options = options;
    this.#scaffold = options.scaffold ?? new Scaffold();
  }

  override createSession(): Promise<Session> {
    const scaffold = this.#scaffold.finalize();
    this.#manager ??= managerOf(scaffold, getDefaultGraph());
    const { master = "", config = null, maxWaitSecs = 30 * 60 } = this.#options;
    return this.#manager.waitForSession(master, { config, maxWaitSecs });
  }
}
