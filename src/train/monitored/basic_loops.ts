/** Loops around training and evaluation. Source: tensorflow/python/training/{basic_loops,checkpoint_utils}.py. */
import { AbortedError } from "../../core/error.ts";
import { nowSeconds } from "../../core/host.ts";
import * as logging from "../../core/text/logging.ts";
import { latestCheckpoint } from "../../io/checkpoint/state.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Session } from "../../session/session.ts";
import type { Supervisor } from "./supervisor.ts";

// biome-ignore lint/suspicious/noExplicitAny: a step takes what the loop is given
type TrainStep = (sess: Session, ...args: any[]) => unknown;

/** Runs steps in a supervisor's session until it stops; begins anew with a session that was aborted. */
export async function basicTrainLoop(
  supervisor: Supervisor,
  trainStepFn: TrainStep,
  options: { readonly args?: readonly unknown[] | null; readonly master?: string } = {},
): Promise<void> {
  const { args, master = "" } = options;
  for (let isAborted = true; isAborted; ) {
    isAborted = false;
    try {
      await supervisor.managedSession(
        async (sess) => {
          while (!supervisor.shouldStop()) await trainStepFn(sess, ...(args ?? []));
        },
        { master },
      );
    } catch (error) {
      if (!(error instanceof AbortedError)) throw error;
      isAborted = true;
    }
  }
}

const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

interface WaitOptions {
  readonly lastCheckpoint?: string | null | undefined;
  /** Between two looks; 1 by default. */
  readonly secondsToSleep?: number | undefined;
  /** Seconds until it gives up; never by default. */
  readonly timeout?: number | null | undefined;
}

const waitPlaces = ["lastCheckpoint", "secondsToSleep", "timeout"] as const;

/** The newest checkpoint of a folder as soon as it is another one than the last; null after the timeout. */
export async function waitForNewCheckpoint(
  folder: string,
  ...rest: Rest<WaitOptions, typeof waitPlaces>
): Promise<string | null> {
  const {
    lastCheckpoint: last = null,
    secondsToSleep: pause = 1,
    timeout = null,
  } = byName<WaitOptions>(rest, waitPlaces);
  logging.info("Waiting for new checkpoint at %s", folder);
  const end = timeout === null ? Number.POSITIVE_INFINITY : nowSeconds() + timeout;
  for (;;) {
    const path = latestCheckpoint(folder);
    if (path !== null && path !== last) {
      logging.info("Found new checkpoint at %s", path);
      return path;
    }
    if (nowSeconds() + pause > end) return null;
    await sleep(pause);
  }
}

export interface CheckpointsIteratorOptions {
  /** At most one checkpoint in so many seconds; 0 by default. */
  readonly minIntervalSecs?: number | undefined;
  /** Seconds to wait for a checkpoint; for ever by default. */
  readonly timeout?: number | null | undefined;
  /** Asked after each checkpoint and each timeout whether no more will come. */
  readonly timeoutFn?: (() => boolean) | null | undefined;
}

const iteratorPlaces = ["minIntervalSecs", "timeout", "timeoutFn"] as const;

/** Checkpoints of a folder as they come: `for await (const path of tf.train.checkpointsIterator(folder))`. */
export async function* checkpointsIterator(
  checkpointDir: string,
  ...rest: Rest<CheckpointsIteratorOptions, typeof iteratorPlaces>
): AsyncGenerator<string, void, void> {
  const options = byName<CheckpointsIteratorOptions>(rest, iteratorPlaces);
  const { minIntervalSecs = 0, timeout = null, timeoutFn = null } = options;
  let path: string | null = null;
  for (;;) {
    const found = await waitForNewCheckpoint(checkpointDir, { lastCheckpoint: path, timeout });
    if (found) {
      const start = nowSeconds();
      path = found;
      yield path;
      const rest = start + minIntervalSecs - nowSeconds();
      if (rest > 0) await sleep(rest);
    } else if (timeoutFn === null) {
      logging.info("Timed-out waiting for a checkpoint (without timeout_fn).");
      return;
    }
    if (timeoutFn?.()) {
      logging.info("Done. No new checkpoints will be generated.");
      return;
    }
  }
}
