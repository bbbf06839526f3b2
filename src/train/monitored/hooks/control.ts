/** Hooks that decide when training begins and ends, and what is fed. Source: basic_session_run_hooks.py. */
import { OutOfRangeError, ValueError } from "../../../core/error.ts";
import * as logging from "../../../core/text/logging.ts";
import type { FeedDict } from "../../../graph/scopes.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Fetches } from "../../../session/fetch.ts";
import type { Session } from "../../../session/session.ts";
import { asStep, globalStepRead, stepValue } from "./global_step_read.ts";
import { SessionRunArgs, type SessionRunContext, SessionRunHook, type SessionRunValues } from "./session_run_hook.ts";

export interface StopOptions {
  /** So many steps more. */
  readonly numSteps?: number | null | undefined;
  /** At this global step. */
  readonly lastStep?: number | null | undefined;
}

const stopPlaces = ["numSteps", "lastStep"] as const;

/** Throws ValueError unless exactly one of numSteps and lastStep is given. */
export class StopAtStepHook extends SessionRunHook {
  readonly #numSteps: number | null;
  #lastStep: number | null;
  #step!: Tensor;

  constructor(...given: Rest<StopOptions, typeof stopPlaces>) {
    super();
    const { numSteps = null, lastStep = null } = byName<StopOptions>(given, stopPlaces);
    if (numSteps === null && lastStep === null)
      throw new ValueError("One of num_steps or last_step must be specified.");
    if (numSteps !== null && lastStep !== null) {
      throw new ValueError("Only one of num_steps or last_step can be specified.");
    }
    this.#numSteps = numSteps;
    this.#lastStep = lastStep;
  }

  override begin(): void {
    this.#step = globalStepRead("StopAtStepHook");
  }

  override async afterCreateSession(session: Session): Promise<void> {
    this.#lastStep ??= (await stepValue(session, this.#step)) + this.#numSteps!;
  }

  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(this.#step);
  }

  override async afterRun(runContext: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    // The step of this run may have been read before or after it was counted.
    if (asStep(results) + 1 < this.#lastStep!) return;
    if ((await stepValue(runContext.session, this.#step)) >= this.#lastStep!) runContext.requestStop();
  }
}

const waitMs = 500;

/** Waits with the first run until other workers have come to a step. */
export class GlobalStepWaiterHook extends SessionRunHook {
  readonly #waitUntilStep: number;
  #isStarted = false;
  #step!: Tensor;

  constructor(waitUntilStep: number) {
    super();
    this.#waitUntilStep = waitUntilStep;
  }

  override begin(): void {
    this.#isStarted = false;
    this.#step = globalStepRead("_GlobalStepWaiterHook");
  }

  override async beforeRun(runContext: SessionRunContext): Promise<null> {
    if (this.#isStarted || this.#waitUntilStep <= 0) {
      this.#isStarted = true;
      return null;
    }
    logging.info("Waiting for global step %d before starting training.", this.#waitUntilStep);
    let logged = 0;
    for (;;) {
      const current = await stepValue(runContext.session, this.#step);
      if (current >= this.#waitUntilStep) {
        this.#isStarted = true;
        return null;
      }
      if (current - logged > 1000) {
        const text = "Waiting for global step %d before starting training. Current step is %d.";
        logging.info(text, this.#waitUntilStep, current);
        logged = current;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

interface FinalOptions {
  readonly finalOpsFeedDict?: FeedDict | null | undefined;
}

const finalPlaces = ["finalOpsFeedDict"] as const;

/** Runs once more at the end: its values stay in `finalOpsValues`. */
export class FinalOpsHook extends SessionRunHook {
  readonly #finalOps: Fetches | null;
  readonly #feedDict: FeedDict | null;
  #values: unknown = null;

  constructor(finalOps: Fetches | null, ...given: Rest<FinalOptions, typeof finalPlaces>) {
    super();
    const options = byName<FinalOptions>(given, finalPlaces);
    this.#finalOps = finalOps;
    this.#feedDict = options.finalOpsFeedDict ?? null;
  }

  get finalOpsValues(): unknown {
    return this.#values;
  }

  override async end(session: Session): Promise<void> {
    if (this.#finalOps === null) return;
    try {
      this.#values = await session.run(this.#finalOps as never, this.#feedDict ? { feedDict: this.#feedDict } : {});
    } catch (error) {
      if (error instanceof OutOfRangeError) {
        logging.warn(
          "An OutOfRangeError or StopIteration exception is raised by the code in FinalOpsHook: what it fetches reads another batch of the input.",
        );
      }
      throw error;
    }
  }
}

/** Feeds what a function gives, in each run. */
export class FeedFnHook extends SessionRunHook {
  readonly feedFn: () => FeedDict;

  constructor(feedFn: () => FeedDict) {
    super();
    this.feedFn = feedFn;
  }

  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(null, { feedDict: this.feedFn() });
  }
}
