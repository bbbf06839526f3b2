/** `tf.estimator.Estimator`: trains, evaluates and predicts with a model function, each in a graph of its own. Source: estimator.py. */
import { join } from "node:path";
import { GraphKeys } from "../../build/collections.ts";
import { named } from "../../build/feature_column/arguments.ts";
import { createGlobalStep, getGlobalStep } from "../../build/global_step.ts";
import { setRandomSeed } from "../../build/scopes.ts";
import { scalar } from "../../build/summary.ts";
import type { Variable } from "../../build/variables/variable.ts";
import { OutOfRangeError, ValueError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import * as logging from "../../core/text/logging.ts";
import { Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { latestCheckpoint } from "../../io/checkpoint/state.ts";
import { group } from "../../ops/index.ts";
import { FileWriter } from "../file_writer.ts";
import { listVariables, loadVariable } from "../files/checkpoint_reader.ts";
import { StopAtStepHook } from "../monitored/hooks/control.ts";
import { globalStepRead } from "../monitored/hooks/global_step_read.ts";
import { LoggingTensorHook, NanTensorHook } from "../monitored/hooks/logging.ts";
import { CheckpointSaverHook, type CheckpointSaverListener } from "../monitored/hooks/saving.ts";
import type { SessionRunHook } from "../monitored/hooks/session_run_hook.ts";
import { MonitoredSession } from "../monitored/monitored_session.ts";
import { MonitoredTrainingSession } from "../monitored/monitored_training_session.ts";
import { Scaffold } from "../monitored/scaffold.ts";
import { ChiefSessionCreator } from "../monitored/session_creator.ts";
import { Saver } from "../saver.ts";
import {
  evaluateOnce,
  getOrCreateEvalStep,
  type Metrics,
  StopAfterNEvalsHook,
  writeMetrics,
} from "./run/evaluation.ts";
import {
  type ByName,
  checkedHooks,
  checkedListeners,
  type EstimatorRest,
  type EvaluateOptions,
  estimatorArguments,
  type GivenModel,
  type InputFn,
  type ModelFn,
  type Params,
  type Prediction,
  type PredictOptions,
  type TrainOptions,
} from "./run/functions.ts";
import { hasEnd, type InputFeatures, type InputResult, type Labels, parseInput } from "./run/input.ts";
import { checkpointFor, effectiveConfig } from "./run/model_folder.ts";
import { chosen, metricNodes, rowsOf } from "./run/results.ts";
import type { RunConfig } from "./run/run_config.ts";
import { EstimatorSpec, type Mode, ModeKeys } from "./run/spec.ts";
import { type WarmStartSettings, warmStart, warmStartSettings } from "./run/warm_start.ts";

export class Estimator {
  readonly #config: RunConfig;
  readonly #modelFn: ModelFn;
  readonly #params: Params;
  readonly #warmStart: WarmStartSettings | null;
  /** The files that results of evaluations go to, by folder. */
  readonly #writers = new Map<string, FileWriter>();

  /** Throws ValueError without a model function, and where modelDir and config name different folders. */
  constructor(modelFn: GivenModel, ...rest: EstimatorRest) {
    const given = estimatorArguments(modelFn, rest);
    this.#config = effectiveConfig(given.config ?? null, given.modelDir ?? null);
    logging.info("Using config: %s", String(this.#config));
    if (!given.modelFn) throw new ValueError("model_fn must be provided to Estimator.");
    this.#modelFn = given.modelFn;
    this.#params = { ...(given.params ?? {}) };
    this.#warmStart = warmStartSettings(given.warmStartFrom ?? null);
  }

  get modelDir(): string {
    return this.#config.modelDir!;
  }

  get config(): RunConfig {
    return this.#config;
  }

  /** Where variables begin, if not at their initial values. */
  get warmStartFrom(): WarmStartSettings | null {
    return this.#warmStart;
  }

  get params(): Params {
    return { ...this.#params };
  }

  /** The model function with these hyperparameters: `(features, labels, mode, config)`. */
  get modelFn(): (features: InputFeatures, labels: Labels, mode: Mode, config: RunConfig) => Promise<EstimatorSpec> {
    return (features, labels, mode, config) => this.#callModel(features, labels, mode, config);
  }

  #checkTrained(): void {
    if (latestCheckpoint(this.modelDir)) return;
    throw new ValueError(`Could not find trained model in model_dir: ${this.modelDir}.`);
  }

  /** A variable's value in the newest checkpoint. Throws ValueError without one. */
  getVariableValue(name: string): NdArray {
    this.#checkTrained();
    return loadVariable(this.modelDir, name);
  }

  /** All variables of the newest checkpoint. Throws ValueError without one. */
  getVariableNames(): string[] {
    this.#checkTrained();
    return listVariables(this.modelDir).map(([name]) => name);
  }

  /** The newest checkpoint, or null. */
  latestCheckpoint(): string | null {
    return latestCheckpoint(this.modelDir);
  }

  /** Where results of an evaluation of this name go. */
  evalDir(name?: string | null): string {
    return join(this.modelDir, name ? `eval_${name}` : "eval");
  }

  async #callInput(inputFn: InputFn, mode: Mode): Promise<InputResult> {
    const context = { mode, params: this.params, config: this.#config };
    return getDefaultGraph().device("/cpu:0", async () => inputFn(context));
  }

  async #callModel(
    features: InputFeatures,
    labels: Labels,
    mode: Mode,
    config: RunConfig = this.#config,
  ): Promise<EstimatorSpec> {
    logging.info("Calling model_fn.");
    const spec = await this.#modelFn(features, labels, mode, this.params, config);
    logging.info("Done calling model_fn.");
    if (!((spec as unknown) instanceof EstimatorSpec)) throw new ValueError("model_fn should return an EstimatorSpec.");
    return spec;
  }

  /** The seed and the global step of a new graph. */
  #begin(): Variable {
    const { tfRandomSeed } = this.#config;
    if (tfRandomSeed !== null) setRandomSeed(tfRandomSeed);
    return createGlobalStep();
  }

  /** Trains until the input ends, a hook stops it or the steps are done. Throws ValueError for both steps and maxSteps. */
  train(inputFn: InputFn | ByName<TrainOptions>, options?: TrainOptions): Promise<this>;
  async train(...given: readonly unknown[]): Promise<this> {
    const {
      inputFn,
      steps = null,
      maxSteps = null,
      hooks,
      savingListeners,
    } = named<ByName<TrainOptions>>(given, ["inputFn", "hooks", "steps", "maxSteps", "savingListeners"]);
    if (steps !== null && maxSteps !== null) throw new ValueError("Can not provide both steps and max_steps.");
    if (steps !== null && steps <= 0) throw new ValueError(`Must specify steps > 0, given: ${steps}`);
    if (maxSteps !== null && maxSteps <= 0) throw new ValueError(`Must specify max_steps > 0, given: ${maxSteps}`);
    if (maxSteps !== null && maxSteps <= this.#savedStep()) {
      logging.info("Skipping training since max_steps has already saved.");
      return this;
    }
    const all = checkedHooks(hooks);
    if (steps !== null || maxSteps !== null) all.push(new StopAtStepHook({ numSteps: steps, lastStep: maxSteps }));
    const listeners = checkedListeners(savingListeners);
    const loss = await new Graph().asDefault(() => this.#trainModel(inputFn, all, listeners));
    logging.info("Loss for final step: %s.", loss === null ? "None" : String(loss));
    return this;
  }

  /** The global step of the newest checkpoint; 0 without one. */
  #savedStep(): number {
    if (!latestCheckpoint(this.modelDir)) return 0;
    return Number(loadVariable(this.modelDir, GraphKeys.GLOBAL_STEP).item());
  }

  async #trainModel(
    inputFn: InputFn,
    hooks: readonly SessionRunHook[],
    listeners: readonly CheckpointSaverListener[],
  ): Promise<NdArray | null> {
    this.#begin();
    globalStepRead("Estimator");
    const input = parseInput(await this.#callInput(inputFn, ModeKeys.TRAIN));
    const spec = await this.#callModel(input.features, input.labels, ModeKeys.TRAIN);
    const graph = getDefaultGraph();
    if (this.#warmStart && !latestCheckpoint(this.modelDir)) {
      logging.info("Warm-starting with WarmStartSettings: %s", String(this.#warmStart));
      warmStart(this.#warmStart);
    }
    const loss = spec.loss!;
    const summaries = graph.getCollection<Tensor>(GraphKeys.SUMMARIES);
    if (!summaries.some(({ op }) => op.name === "loss")) scalar("loss", loss);
    graph.addToCollection(GraphKeys.LOSSES, loss);
    const { logStepCountSteps } = this.#config;
    const workerHooks = [...input.hooks, ...hooks, new NanTensorHook(loss)];
    if (logStepCountSteps !== null) {
      const step = getGlobalStep()! as unknown as Tensor;
      workerHooks.push(new LoggingTensorHook({ loss, step }, { everyNIter: logStepCountSteps }));
    }
    workerHooks.push(...spec.trainingHooks);
    if (!spec.scaffold.saver && graph.getCollection(GraphKeys.SAVERS).length === 0) this.#addSaver();
    const chiefOnlyHooks = [...this.#saverHooks(spec, workerHooks, listeners), ...spec.trainingChiefHooks];
    return this.#runSteps(spec, workerHooks, chiefOnlyHooks);
  }

  #addSaver(): void {
    const { keepCheckpointMax, keepCheckpointEveryNHours } = this.#config;
    const saver = new Saver({
      sharded: true,
      maxToKeep: keepCheckpointMax ?? 0,
      ...(keepCheckpointEveryNHours === null ? {} : { keepCheckpointEveryNHours }),
      deferBuild: true,
      saveRelativePaths: true,
    });
    getDefaultGraph().addToCollection(GraphKeys.SAVERS, saver);
  }

  /** The hook that saves, unless there is one. Throws ValueError for listeners without any. */
  #saverHooks(
    spec: EstimatorSpec,
    workerHooks: readonly SessionRunHook[],
    listeners: readonly CheckpointSaverListener[],
  ): SessionRunHook[] {
    const { saveCheckpointsSecs, saveCheckpointsSteps, checkpointSaveGraphDef } = this.#config;
    const known = [...workerHooks, ...spec.trainingChiefHooks].find((hook) => hook instanceof CheckpointSaverHook);
    if (known) {
      known.addListeners(listeners);
      return [];
    }
    if (saveCheckpointsSecs || saveCheckpointsSteps) {
      return [
        new CheckpointSaverHook(this.modelDir, {
          saveSecs: saveCheckpointsSecs,
          saveSteps: saveCheckpointsSteps,
          scaffold: spec.scaffold,
          saveGraphDef: checkpointSaveGraphDef,
          listeners,
        }),
      ];
    }
    if (listeners.length === 0) return [];
    throw new ValueError(
      "There should be a CheckpointSaverHook to use saving_listeners. Please set one of the RunConfig.save_checkpoints_steps or RunConfig.save_checkpoints_secs.",
    );
  }

  async #runSteps(
    spec: EstimatorSpec,
    hooks: readonly SessionRunHook[],
    chiefOnlyHooks: readonly SessionRunHook[],
  ): Promise<NdArray | null> {
    const config = this.#config;
    const session = MonitoredTrainingSession({
      master: config.master,
      isChief: config.isChief,
      checkpointDir: this.modelDir,
      scaffold: spec.scaffold,
      hooks,
      chiefOnlyHooks,
      saveCheckpointSecs: 0,
      saveSummariesSteps: config.saveSummarySteps,
      config: config.sessionConfig,
      maxWaitSecs: config.sessionCreationTimeoutSecs ?? 7200,
      logStepCountSteps: config.logStepCountSteps,
      saveGraphDef: config.checkpointSaveGraphDef,
    });
    let loss: NdArray | null = null;
    let steps = 0;
    await session.within(async (sess) => {
      while (!sess.shouldStop()) {
        steps++;
        const [, value] = await sess.run([spec.trainOp!, spec.loss!]);
        loss = value as NdArray;
      }
    });
    if (steps === 0) {
      logging.warn("Training with estimator made no steps. Perhaps input is empty or misspecified.");
    }
    return loss;
  }

  /** The metrics of the newest checkpoint (or the one given; fresh variables without any) over the input. */
  evaluate(inputFn: InputFn | ByName<EvaluateOptions>, options?: EvaluateOptions): Promise<Metrics>;
  async evaluate(...given: readonly unknown[]): Promise<Metrics> {
    const names = ["inputFn", "steps", "hooks", "checkpointPath", "name"] as const;
    const { inputFn, steps = null, hooks, checkpointPath, name } = named<ByName<EvaluateOptions>>(given, names);
    const all = checkedHooks(hooks);
    if (steps !== null) {
      if (steps <= 0) throw new ValueError(`Must specify steps > 0, given: ${steps}`);
      all.push(new StopAfterNEvalsHook(steps));
    }
    const path = checkpointFor("evaluate", this.modelDir, checkpointPath);
    const folder = this.evalDir(name);
    return new Graph().asDefault(async () => {
      const metrics = await this.#evaluateModel(inputFn, all, path);
      let writer = this.#writers.get(folder);
      if (!writer) {
        writer = new FileWriter(folder, getDefaultGraph());
        this.#writers.set(folder, writer);
      }
      writeMetrics(writer, metrics, path);
      return metrics;
    });
  }

  async #evaluateModel(inputFn: InputFn, hooks: SessionRunHook[], path: string | null): Promise<Metrics> {
    this.#begin();
    const input = parseInput(await this.#callInput(inputFn, ModeKeys.EVAL));
    const spec = await this.#callModel(input.features, input.labels, ModeKeys.EVAL);
    const { updateOp, values } = metricNodes(spec);
    const globalStep = getGlobalStep()!;
    this.#maybeWarmStart(path);
    let { scaffold } = spec;
    if (scaffold.localInitOp) {
      getOrCreateEvalStep();
      const localInitOp = group(scaffold.localInitOp, Scaffold.defaultLocalInitOp());
      scaffold = new Scaffold({ localInitOp, copyFromScaffold: scaffold });
    }
    return evaluateOnce({
      checkpointPath: path,
      master: this.#config.evaluationMaster,
      scaffold,
      updateOp,
      finalOps: { ...values, [GraphKeys.GLOBAL_STEP]: globalStep },
      hooks: [...input.hooks, ...hooks, ...spec.evaluationHooks],
      config: this.#config.sessionConfig,
    });
  }

  #maybeWarmStart(checkpointPath: string | null): void {
    if (checkpointPath || !this.#warmStart) return;
    logging.info("Warm-starting with WarmStartSettings: %s", String(this.#warmStart));
    warmStart(this.#warmStart);
  }

  /** The model's predictions, example by example: `for await (const p of estimator.predict(inputFn))`. */
  predict(inputFn: InputFn | ByName<PredictOptions>, options?: PredictOptions): AsyncGenerator<Prediction>;
  async *predict(...given: readonly unknown[]): AsyncGenerator<Prediction> {
    const names = ["inputFn", "predictKeys", "hooks", "checkpointPath", "yieldSingleExamples"] as const;
    const {
      inputFn,
      predictKeys,
      hooks,
      checkpointPath,
      yieldSingleExamples = true,
    } = named<ByName<PredictOptions>>(given, names);
    const all = checkedHooks(hooks);
    const path = checkpointFor("predict", this.modelDir, checkpointPath);
    const graph = new Graph();
    const opened = await graph.asDefault(() => this.#openPrediction(inputFn, all, { path, predictKeys }));
    const { session, predictions } = opened;
    try {
      while (!session.shouldStop()) {
        let values: NdArray | Readonly<Record<string, NdArray>>;
        try {
          values = (await graph.asDefault(() => session.run(predictions as never))) as never;
        } catch (error) {
          if (error instanceof OutOfRangeError) break;
          throw error;
        }
        if (!yieldSingleExamples) yield values;
        else yield* rowsOf(values);
      }
    } finally {
      await session.close();
    }
  }

  async #openPrediction(
    inputFn: InputFn,
    hooks: readonly SessionRunHook[],
    { path, predictKeys }: { path: string | null; predictKeys: PredictOptions["predictKeys"] },
  ) {
    this.#begin();
    const input = parseInput(await this.#callInput(inputFn, ModeKeys.PREDICT));
    if (!hasEnd(input.features)) {
      logging.warn(
        "Input graph does not use tf.data.Dataset or contain a QueueRunner. That means predict yields forever. This is probably a mistake.",
      );
    }
    const spec = await this.#callModel(input.features, null, ModeKeys.PREDICT);
    this.#maybeWarmStart(path);
    const predictions = chosen(spec.predictions, predictKeys);
    const session = new MonitoredSession({
      sessionCreator: new ChiefSessionCreator({
        checkpointFilenameWithPath: path,
        master: this.#config.master,
        scaffold: spec.scaffold,
        config: this.#config.sessionConfig,
      }),
      hooks: [...input.hooks, ...hooks, ...spec.predictionHooks],
    });
    return { session, predictions };
  }
}
