/** Hooks that end training early, by the metrics of evaluations beside it. Source: tensorflow_estimator/python/estimator/early_stopping.py. */

import { GraphKeys } from "../../../build/collections.ts";
import { named } from "../../../build/feature_column/arguments.ts";
import { getGlobalStep } from "../../../build/global_step.ts";
import { constantInitializer } from "../../../build/initializers.ts";
import { AUTO_REUSE, getVariable, variableScope } from "../../../build/variables/scope.ts";
import { assign } from "../../../build/variables/state.ts";
import type { Updated } from "../../../build/variables/updated.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { bool } from "../../../core/dtype.ts";
import { DataLossError, TypeError, ValueError } from "../../../core/error.ts";
import * as logging from "../../../core/text/logging.ts";
import { Glob } from "../../files/gfile.ts";
import { summaryIterator } from "../../files/summary_iterator.ts";
import { StopAtStepHook } from "../../monitored/hooks/control.ts";
import { asStep } from "../../monitored/hooks/global_step_read.ts";
import {
  SessionRunArgs,
  type SessionRunContext,
  SessionRunHook,
  type SessionRunValues,
} from "../../monitored/hooks/session_run_hook.ts";
import { SecondOrStepTimer } from "../../monitored/hooks/timer.ts";
import { Estimator } from "../estimator.ts";

interface HowOften {
  /** 60 by default; null where steps decide. */
  readonly runEverySecs?: number | null | undefined;
  readonly runEverySteps?: number | null | undefined;
}

type ShouldStop = () => boolean | Promise<boolean>;

/** Asks a function now and then whether training is to end, and keeps the answer in the variable `signal_early_stopping/STOP`. */
class StopOnPredicateHook extends SessionRunHook {
  readonly #shouldStop: ShouldStop;
  readonly #timer: SecondOrStepTimer;
  #step!: Variable;
  #stop!: Updated;

  constructor(shouldStop: ShouldStop, { runEverySecs = 60, runEverySteps = null }: HowOften) {
    super();
    if (typeof shouldStop !== "function") throw new TypeError("`should_stop_fn` must be callable.");
    this.#shouldStop = shouldStop;
    this.#timer = new SecondOrStepTimer({ everySecs: runEverySecs, everySteps: runEverySteps });
  }

  override begin(): void {
    this.#step = getGlobalStep()!;
    const variable = variableScope("signal_early_stopping", { reuse: AUTO_REUSE }, () =>
      getVariable("STOP", {
        shape: [],
        dtype: bool,
        initializer: constantInitializer(false),
        collections: [GraphKeys.GLOBAL_VARIABLES],
        trainable: false,
      }),
    );
    this.#stop = assign(variable, true);
  }

  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(this.#step);
  }

  override async afterRun(context: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    const step = asStep(results);
    if (!this.#timer.shouldTriggerForStep(step)) return;
    this.#timer.updateLastTriggeredStep(step);
    if (!(await this.#shouldStop())) return;
    logging.info("Requesting early stopping at global step %d", step);
    await context.session.run(this.#stop as never);
    context.requestStop();
  }
}

/** A hook that ends training once `shouldStopFn` gives true. Throws TypeError for what is no estimator, ValueError for both seconds and steps. */
export function makeEarlyStoppingHook(
  estimator: Estimator,
  shouldStopFn: ShouldStop,
  options: HowOften = {},
): SessionRunHook {
  if (!((estimator as unknown) instanceof Estimator)) {
    throw new TypeError(`\`estimator\` must have type \`tf.estimator.Estimator\`. Got: ${String(estimator)}`);
  }
  const { runEverySecs = 60, runEverySteps = null } = options;
  if (runEverySecs !== null && runEverySteps !== null) {
    throw new ValueError("Only one of `run_every_secs` and `run_every_steps` must be set.");
  }
  return new StopOnPredicateHook(shouldStopFn, { runEverySecs, runEverySteps });
}

/** The simple values of all event files of a folder, by step; a damaged file ends where the damage is, with a warning. */
function readEvalMetrics(evalDir: string): Map<number, Map<string, number>> {
  const found = new Map<number, Map<string, number>>();
  for (const path of Glob(`${evalDir}/*.tfevents.*`)) {
    try {
      for (const event of summaryIterator(path)) {
        const values = event.summary?.value ?? [];
        for (const value of values) {
          if (value.whichOneof("value") !== "simple_value") continue;
          const step = Number(event.step);
          const known = found.get(step) ?? new Map<string, number>();
          found.set(step, known.set(value.tag, value.simpleValue));
        }
      }
    } catch (error) {
      if (!(error instanceof DataLossError)) throw error;
      logging.warn(
        "Skipping rest of the file due to encountering data corruption error; file path: %s; original error raised by `tf.train.summary_iterator`: %s",
        path,
        error.message,
      );
    }
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

interface Watched extends HowOften {
  readonly estimator: Estimator;
  readonly metricName: string;
  /** The estimator's own folder of evaluations by default. */
  readonly evalDir?: string | null | undefined;
  /** Nothing stops before this step; 0 by default. */
  readonly minSteps?: number | undefined;
}

/** Values of a metric from minSteps on. */
function* valuesOf({
  estimator,
  metricName,
  evalDir,
  minSteps = 0,
}: Watched): Generator<[step: number, value: number]> {
  for (const [step, metrics] of readEvalMetrics(evalDir ?? estimator.evalDir())) {
    if (step >= minSteps) yield [step, metrics.get(metricName) ?? Number.NaN];
  }
}

interface Threshold extends Watched {
  readonly threshold: number;
}

function thresholdHook(given: Threshold, isHigherBetter: boolean): SessionRunHook {
  const { estimator, metricName, threshold } = given;
  const isBeyond = (): boolean => {
    for (const [step, value] of valuesOf(given)) {
      if (!(isHigherBetter ? value > threshold : value < threshold)) continue;
      logging.info(
        'At step %s, metric "%s" has value %s which is %s the configured threshold (%s) for early stopping.',
        step,
        metricName,
        value,
        isHigherBetter ? "greater than" : "less than",
        threshold,
      );
      return true;
    }
    return false;
  };
  return makeEarlyStoppingHook(estimator, isBeyond, given);
}

interface Steps extends Watched {
  readonly steps: number;
}

function improvementHook(given: Steps, isHigherBetter: boolean): SessionRunHook {
  const { estimator, metricName, steps } = given;
  const isStuck = (): boolean => {
    let best: readonly [step: number, value: number] | null = null;
    for (const [step, value] of valuesOf(given)) {
      if (best === null || (isHigherBetter ? value > best[1] : value < best[1])) best = [step, value];
      if (step - best[0] < steps) continue;
      logging.info(
        'No %s in metric "%s" for %s steps, which is greater than or equal to max steps (%s) configured for early stopping.',
        isHigherBetter ? "increase" : "decrease",
        metricName,
        step - best[0],
        steps,
      );
      return true;
    }
    return false;
  };
  return makeEarlyStoppingHook(estimator, isStuck, given);
}

type Options = Omit<Watched, "estimator" | "metricName">;
const names = ["estimator", "metricName", "threshold"] as const;
const thresholdOf = (given: readonly unknown[]): Threshold => named<Threshold>(given, [...names]);

/** Ends training once an evaluation's metric is above the threshold: `stopIfHigherHook(estimator, "accuracy", 0.9)`. */
export const stopIfHigherHook = (
  ...given: readonly [Estimator, string, number, Options?] | readonly [Threshold]
): SessionRunHook => thresholdHook(thresholdOf(given.filter((item) => item !== undefined)), true);

/** Ends training once an evaluation's metric is below the threshold. */
export const stopIfLowerHook = (
  ...given: readonly [Estimator, string, number, Options?] | readonly [Threshold]
): SessionRunHook => thresholdHook(thresholdOf(given.filter((item) => item !== undefined)), false);

type WithoutIncrease = Watched & { readonly maxStepsWithoutIncrease: number };
type WithoutDecrease = Watched & { readonly maxStepsWithoutDecrease: number };

/** Ends training once the metric has not grown for so many steps. */
export function stopIfNoIncreaseHook(
  ...given: readonly [Estimator, string, number, Options?] | readonly [WithoutIncrease]
): SessionRunHook {
  const values = given.filter((item) => item !== undefined);
  const own = named<WithoutIncrease>(values, ["estimator", "metricName", "maxStepsWithoutIncrease"]);
  return improvementHook({ ...own, steps: own.maxStepsWithoutIncrease }, true);
}

/** Ends training once the metric has not fallen for so many steps. */
export function stopIfNoDecreaseHook(
  ...given: readonly [Estimator, string, number, Options?] | readonly [WithoutDecrease]
): SessionRunHook {
  const values = given.filter((item) => item !== undefined);
  const own = named<WithoutDecrease>(values, ["estimator", "metricName", "maxStepsWithoutDecrease"]);
  return improvementHook({ ...own, steps: own.maxStepsWithoutDecrease }, false);
}

/** A hook that ends training at a step. One process is its own chief, so that no other one's checkpoints are waited for. */
export function makeStopAtCheckpointStepHook(_estimator: Estimator, lastStep: number): SessionRunHook {
  return new StopAtStepHook({ lastStep });
}
