/** Hooks: what is called around the runs of a monitored session. Any method may be async. Source: tensorflow/python/training/session_run_hook.py. */
import type { FeedDict } from "../../../graph/scopes.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Session } from "../../../session/session.ts";
import type { RunMetadata, RunOptions } from "../../../session/trace.ts";
import type { Coordinator } from "../../queue/coordinator.ts";

export interface RunArgs {
  readonly feedDict?: FeedDict | null | undefined;
  readonly options?: RunOptions | null | undefined;
}

const runPlaces = ["feedDict", "options"] as const;

/** What a hook adds to a run: fetches, whose values `afterRun` gets, and feeds. */
export class SessionRunArgs {
  readonly fetches: unknown;
  readonly feedDict: FeedDict | null;
  readonly options: RunOptions | null;

  constructor(fetches: unknown, ...given: Rest<RunArgs, typeof runPlaces>) {
    const options = byName<RunArgs>(given, runPlaces);
    this.fetches = fetches ?? null;
    this.feedDict = options.feedDict ?? null;
    this.options = options.options ?? null;
  }
}

/** One run, as hooks see it. */
export class SessionRunContext {
  readonly originalArgs: SessionRunArgs;
  readonly session: Session;
  #stopRequested = false;

  constructor(originalArgs: SessionRunArgs, session: Session) {
    this.originalArgs = originalArgs;
    this.session = session;
  }

  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  /** This run is the last one. */
  requestStop(): void {
    this.#stopRequested = true;
  }
}

/** What a run gave to a hook: the values of its fetches in the form in which it asked. */
export class SessionRunValues {
  // biome-ignore lint/suspicious/noExplicitAny: the form follows from the hook's own fetches
  readonly results: any;
  readonly options: RunOptions;
  readonly runMetadata: RunMetadata | null;

  constructor(results: unknown, options: RunOptions, runMetadata: RunMetadata | null) {
    this.results = results;
    this.options = options;
    this.runMetadata = runMetadata;
  }
}

/** Does nothing; hooks override what they need. */
export class SessionRunHook {
  /** Before the session is made: the graph may still be changed. */
  begin(): void {}

  /** The session is there, its variables have values. */
  afterCreateSession(_session: Session, _coord: Coordinator): unknown {
    return undefined;
  }

  /** What the hook adds to the run that follows; null for nothing. */
  beforeRun(_runContext: SessionRunContext): SessionRunArgs | null | undefined | Promise<SessionRunArgs | null> {
    return null;
  }

  afterRun(_runContext: SessionRunContext, _runValues: SessionRunValues): unknown {
    return undefined;
  }

  /** The last run is over, without an error. */
  end(_session: Session): unknown {
    return undefined;
  }
}
