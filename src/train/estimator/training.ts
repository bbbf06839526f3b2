/** `tf.estimator.trainAndEvaluate`: training, with an evaluation of each checkpoint. Source: tensorflow_estimator/python/estimator/training.py. */
import { GraphKeys } from "../../build/collections.ts";
import { named } from "../../build/feature_column/arguments.ts";
import { RuntimeError, TypeError, ValueError } from "../../core/error.ts";
import * as logging from "../../core/text/logging.ts";
import type { Session } from "../../session/session.ts";
import { CheckpointSaverListener } from "../monitored/hooks/saving.ts";
import { SessionRunHook } from "../monitored/hooks/session_run_hook.ts";
import { SecondOrStepTimer } from "../monitored/hooks/timer.ts";
import { Estimator } from "./estimator.ts";
import type { Metrics } from "./run/evaluation.ts";
import type { ByName, InputFn } from "./run/functions.ts";

export interface TrainSpecOptions {
  /** Until this global step; until the input ends by default. */
  readonly maxSteps?: number | null | undefined;
  readonly hooks?: readonly SessionRunHook[] | null | undefined;
  readonly savingListeners?: readonly CheckpointSaverListener[] | null | undefined;
}

export interface EvalSpecOptions {
  /** Batches of one evaluation, 100 by default; null: all. */
  readonly steps?: number | null | undefined;
  readonly name?: string | null | undefined;
  readonly hooks?: readonly SessionRunHook[] | null | undefined;
  /** Called with each result. */
  readonly exporters?: Exporter | readonly Exporter[] | null | undefined;
  readonly startDelaySecs?: number | undefined;
  /** At least so long between evaluations: 600. */
  readonly throttleSecs?: number | undefined;
}

export interface ExportArguments {
  readonly estimator: Estimator;
  readonly exportPath: string;
  readonly checkpointPath: string;
  readonly evalResult: Metrics;
  readonly isTheFinalExport: boolean;
}

/** Makes something of each evaluated checkpoint. */
export abstract class Exporter {
  abstract get name(): string;
  abstract export(given: ExportArguments): unknown;
}

function checkedInput(inputFn: unknown): InputFn {
  if (typeof inputFn === "function") return inputFn as InputFn;
  throw new TypeError(`\`input_fn\` must be callable, given: ${String(inputFn)}`);
}

function checkedHooks(hooks: readonly SessionRunHook[] | null | undefined): readonly SessionRunHook[] {
  for (const hook of hooks ?? []) {
    if (hook instanceof SessionRunHook) continue;
    throw new TypeError(`All hooks must be \`SessionRunHook\` instances, given: ${String(hook)}`);
  }
  return [...(hooks ?? [])];
}

/** What to train with. Throws TypeError for an input that is no function, ValueError for no steps. */
export class TrainSpec {
  readonly inputFn: InputFn;
  readonly maxSteps: number | null;
  readonly hooks: readonly SessionRunHook[];
  readonly savingListeners: readonly CheckpointSaverListener[];

  constructor(inputFn: InputFn | ByName<TrainSpecOptions>, ...more: readonly unknown[]) {
    const names = ["inputFn", "maxSteps", "hooks", "savingListeners"] as const;
    const given = named<ByName<TrainSpecOptions>>([inputFn, ...more], names);
    this.inputFn = checkedInput(given.inputFn);
    this.maxSteps = given.maxSteps ?? null;
    if (this.maxSteps !== null && this.maxSteps <= 0) {
      throw new ValueError(`Must specify max_steps > 0, given: ${this.maxSteps}`);
    }
    this.hooks = checkedHooks(given.hooks);
    this.savingListeners = [...(given.savingListeners ?? [])];
    for (const listener of this.savingListeners) {
      if (listener instanceof CheckpointSaverListener) continue;
      throw new TypeError(
        `All saving_listeners must be \`CheckpointSaverListener\` instances, given: ${String(listener)}`,
      );
    }
  }
}

function checkedExporters(given: EvalSpecOptions["exporters"]): readonly Exporter[] {
  const exporters = given instanceof Exporter ? [given] : [...((given ?? []) as readonly Exporter[])];
  const seen = new Set<string>();
  const all = (): string => `[${exporters.map(({ name }) => `'${name}'`).join(", ")}]`;
  for (const exporter of exporters) {
    if (!((exporter as unknown) instanceof Exporter)) {
      throw new TypeError(
        `\`exporters\` must be an Exporter, an iterable of Exporter, or \`None\`, found ${String(given)}.`,
      );
    }
    if (!exporter.name) {
      throw new ValueError(`An Exporter cannot have a name that is \`None\` or empty. All exporter names: ${all()}`);
    }
    if (seen.has(exporter.name)) {
      throw new ValueError(
        `\`exporters\` must have unique names. Such a name cannot be \`None\`. All exporter names: ${all()}`,
      );
    }
    seen.add(exporter.name);
  }
  return exporters;
}

/** What to evaluate with, and how often. */
export class EvalSpec {
  readonly inputFn: InputFn;
  readonly steps: number | null;
  readonly name: string | null;
  readonly hooks: readonly SessionRunHook[];
  readonly exporters: readonly Exporter[];
  readonly startDelaySecs: number;
  readonly throttleSecs: number;

  constructor(inputFn: InputFn | ByName<EvalSpecOptions>, ...more: readonly unknown[]) {
    const names = ["inputFn", "steps", "name", "hooks", "exporters", "startDelaySecs", "throttleSecs"] as const;
    const given = named<ByName<EvalSpecOptions>>([inputFn, ...more], names);
    this.inputFn = checkedInput(given.inputFn);
    this.steps = given.steps === undefined ? 100 : given.steps;
    if (this.steps !== null && this.steps <= 0) throw new ValueError(`Must specify steps > 0, given: ${this.steps}`);
    this.name = given.name ?? null;
    if (this.name !== null && typeof this.name !== "string") {
      throw new TypeError(`\`name\` must be string, given: ${String(this.name)}`);
    }
    this.hooks = checkedHooks(given.hooks);
    this.exporters = checkedExporters(given.exporters);
    this.startDelaySecs = given.startDelaySecs ?? 120;
    this.throttleSecs = given.throttleSecs ?? 600;
    if (this.startDelaySecs < 0) {
      throw new ValueError(`Must specify start_delay_secs >= 0, given: ${this.startDelaySecs}`);
    }
    if (this.throttleSecs < 0) throw new ValueError(`Must specify throttle_secs >= 0, given: ${this.throttleSecs}`);
  }
}

interface Evaluated {
  readonly metrics: Metrics;
  readonly exports: readonly unknown[];
}

/** Evaluates when a checkpoint was saved, unless the last time was not long ago; and at the end. */
class EvaluationListener extends CheckpointSaverListener {
  readonly #evaluate: () => Promise<Evaluated>;
  readonly #throttleSecs: number;
  #timer!: SecondOrStepTimer;
  #isFirst = true;
  result: Evaluated | null = null;

  constructor(evaluate: () => Promise<Evaluated>, throttleSecs: number) {
    super();
    this.#evaluate = evaluate;
    this.#throttleSecs = throttleSecs;
  }

  override begin(): void {
    this.#timer = new SecondOrStepTimer({ everySecs: this.#throttleSecs });
    this.#isFirst = true;
  }

  override async afterSave(_session: Session, globalStep: number): Promise<void> {
    // The first save is that of the variables as they begin.
    if (this.#isFirst) {
      this.#isFirst = false;
      return;
    }
    if (this.#timer.shouldTriggerForStep(globalStep)) await this.#run(globalStep);
    else {
      logging.info("Skip the current checkpoint eval due to throttle secs (%s secs).", this.#throttleSecs);
    }
  }

  override async end(_session: Session, globalStep: number): Promise<void> {
    if (globalStep !== this.#timer.lastTriggeredStep()) await this.#run(globalStep);
  }

  async #run(globalStep: number): Promise<void> {
    this.#timer.updateLastTriggeredStep(globalStep);
    this.result = await this.#evaluate();
  }
}

const fieldText = (value: number | null): string => (value === null ? "None" : String(value));

/** Evaluations of one run; each must find a checkpoint that the last one did not. */
function evaluator(estimator: Estimator, evalSpec: EvalSpec, maxSteps: number | null): () => Promise<Evaluated> {
  let previous: string | null = null;
  return async () => {
    const checkpointPath = estimator.latestCheckpoint();
    if (!checkpointPath || checkpointPath === previous) {
      const status = checkpointPath ? "no new checkpoint" : "missing checkpoint";
      throw new RuntimeError(`There was no new checkpoint after the training. Eval status: ${status}`);
    }
    const { inputFn, steps, name, hooks } = evalSpec;
    const metrics = await estimator.evaluate(inputFn, { steps, name, checkpointPath, hooks });
    const isTheFinalExport = maxSteps !== null && Number(metrics[GraphKeys.GLOBAL_STEP]!.item()) >= maxSteps;
    const exports: unknown[] = [];
    for (const exporter of evalSpec.exporters) {
      const exportPath = `${estimator.modelDir}/export/${exporter.name}`;
      const given = { estimator, exportPath, checkpointPath, evalResult: metrics, isTheFinalExport };
      exports.push(await exporter.export(given));
    }
    previous = checkpointPath;
    return { metrics, exports };
  };
}

/**
 * Trains, and evaluates when a checkpoint was saved: the metrics of the last evaluation and what exporters made of it; null where nothing
 * was trained. Throws TypeError for specs that are none.
 */
export async function trainAndEvaluate(
  estimator: Estimator,
  trainSpec: TrainSpec,
  evalSpec: EvalSpec,
): Promise<readonly [metrics: Metrics | null, exports: readonly unknown[] | null]> {
  const wrong = (what: string, type: string, given: unknown): TypeError =>
    new TypeError(`\`${what}\` must have type \`tf.estimator.${type}\`. Got: ${String(given)}`);
  if (!((evalSpec as unknown) instanceof EvalSpec)) throw wrong("eval_spec", "EvalSpec", evalSpec);
  if (!((estimator as unknown) instanceof Estimator)) throw wrong("estimator", "Estimator", estimator);
  if (!((trainSpec as unknown) instanceof TrainSpec)) throw wrong("train_spec", "TrainSpec", trainSpec);
  const { saveCheckpointsSteps, saveCheckpointsSecs } = estimator.config;
  logging.info("Running training and evaluation locally (non-distributed).");
  logging.info(
    "Start train and evaluate loop. The evaluate will happen after every checkpoint. Checkpoint frequency is determined based on RunConfig arguments: save_checkpoints_steps %s or save_checkpoints_secs %s.",
    fieldText(saveCheckpointsSteps),
    fieldText(saveCheckpointsSecs),
  );
  const listener = new EvaluationListener(evaluator(estimator, evalSpec, trainSpec.maxSteps), evalSpec.throttleSecs);
  await estimator.train(trainSpec.inputFn, {
    maxSteps: trainSpec.maxSteps,
    hooks: trainSpec.hooks,
    savingListeners: [...trainSpec.savingListeners, listener],
  });
  return [listener.result?.metrics ?? null, listener.result?.exports ?? null];
}
