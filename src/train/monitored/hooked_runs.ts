/** Runs of a session with hooks around them. Source: monitored_session.py, _HookedSession. */
import { RuntimeError } from "../../core/error.ts";
import type { Fetches } from "../../session/fetch.ts";
import type { RunArguments, Session } from "../../session/session.ts";
import { RunMetadata, RunOptions } from "../../session/trace.ts";
import { SessionRunArgs, SessionRunContext, type SessionRunHook, SessionRunValues } from "./hooks/session_run_hook.ts";

type Feed = readonly [unknown, unknown];

export class HookedRuns {
  readonly #sess: Session;
  readonly #hooks: readonly SessionRunHook[];
  #stopRequested = false;

  constructor(sess: Session, hooks: readonly SessionRunHook[]) {
    this.#sess = sess;
    this.#hooks = hooks;
  }

  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  /** Throws RuntimeError after a hook has asked to stop, and where two feed one tensor. */
  async run(fetches: Fetches, args: RunArguments): Promise<unknown> {
    if (this.#stopRequested) throw new RuntimeError("Run called even after should_stop requested.");
    const context = new SessionRunContext(new SessionRunArgs(fetches, { feedDict: args.feedDict }), this.#sess);
    const requests: (SessionRunArgs | null)[] = [];
    for (const hook of this.#hooks) requests.push((await hook.beforeRun(context)) ?? null);
    const all: Record<string, unknown> = { caller: fetches };
    for (const [i, request] of requests.entries()) {
      if (request && request.fetches !== null) all[`hook ${i}`] = request.fetches;
    }
    const options = mergedOptions(args.options, requests);
    const isTraced = options.traceLevel !== undefined && options.traceLevel !== RunOptions.NO_TRACE;
    const runMetadata = args.runMetadata ?? (isTraced ? new RunMetadata() : null);
    const feedDict = mergedFeeds(args.feedDict, requests);
    const results = (await this.#sess.run(all as never, {
      ...args,
      ...(feedDict ? { feedDict: feedDict as never } : {}),
      options,
      ...(runMetadata ? { runMetadata } : {}),
    })) as Record<string, unknown>;
    for (const [i, hook] of this.#hooks.entries()) {
      await hook.afterRun(context, new SessionRunValues(results[`hook ${i}`] ?? null, options, runMetadata));
    }
    this.#stopRequested ||= context.stopRequested;
    return results.caller;
  }
}

/** The most that anybody wants to be traced. */
function mergedOptions(own: RunOptions | undefined, requests: readonly (SessionRunArgs | null)[]): RunOptions {
  const levels = [RunOptions.NO_TRACE, RunOptions.SOFTWARE_TRACE, RunOptions.HARDWARE_TRACE, RunOptions.FULL_TRACE];
  const all = [own, ...requests.map((request) => request?.options)];
  const level = Math.max(0, ...all.map((options) => levels.indexOf(options?.traceLevel ?? RunOptions.NO_TRACE)));
  const timeoutInMs = Math.max(0, ...all.map((options) => options?.timeoutInMs ?? 0));
  return new RunOptions({ traceLevel: levels[level]!, ...(timeoutInMs ? { timeoutInMs } : {}) });
}

function mergedFeeds(own: RunArguments["feedDict"], requests: readonly (SessionRunArgs | null)[]): Feed[] | undefined {
  const hooked: Feed[] = [];
  for (const request of requests) {
    const feeds = [...(request?.feedDict ?? [])] as Feed[];
    checkApart(hooked, feeds, "Same tensor is fed by two hooks.");
    hooked.push(...feeds);
  }
  const given = [...(own ?? [])] as Feed[];
  checkApart(given, hooked, "Same tensor is fed by a SessionRunHook and user.");
  const all = [...hooked, ...given];
  return all.length > 0 ? all : undefined;
}

function checkApart(a: readonly Feed[], b: readonly Feed[], message: string): void {
  const keys = new Set(a.map(([key]) => key));
  const both = b.filter(([key]) => keys.has(key)).map(([key]) => String(key));
  if (both.length > 0) throw new RuntimeError(`${message} Conflict(s): [${both.join(", ")}]`);
}
