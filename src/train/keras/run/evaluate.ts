/** evaluate, predict, and single batches. Source: tf_keras/src/engine/training_arrays_v1.py. */
import { ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { type Callback, CallbackList, type CallbackModel, type FitParams } from "../callbacks/callback.ts";
import type { Trainer } from "./compile.ts";
import { arraysFor, type Data } from "./data.ts";
import { arraySource, elementSource, isElements, joined, knownSteps, type Source } from "./loop.ts";
import { logsOf, numbers, passOver, shown } from "./passes.ts";
import { type ClassWeight, prepare, prepareElement, type SampleWeight } from "./prepare.ts";
import { Progress } from "./progress.ts";

/** 0: nothing, 1: a bar, 2: a line for each epoch. */
export type Verbose = 0 | 1 | 2;

export interface EvaluateOptions {
  /** 32. */
  readonly batchSize?: number | undefined;
  readonly verbose?: Verbose | undefined;
  readonly sampleWeight?: SampleWeight | undefined;
  readonly steps?: number | undefined;
  readonly callbacks?: readonly Callback[] | undefined;
}

export interface PredictOptions {
  readonly batchSize?: number | undefined;
  readonly verbose?: Verbose | undefined;
  readonly steps?: number | undefined;
  readonly callbacks?: readonly Callback[] | undefined;
}

export interface BatchOptions {
  readonly sampleWeight?: SampleWeight | undefined;
  readonly classWeight?: ClassWeight | undefined;
  /** False gathers metrics over the batches before, too. */
  readonly resetMetrics?: boolean | undefined;
}

/** The order of options in Python. */
export const evaluatePlaces = ["batchSize", "verbose", "sampleWeight", "steps", "callbacks"] as const;
export const predictPlaces = ["batchSize", "verbose", "steps", "callbacks"] as const;
export const trainPlaces = ["sampleWeight", "classWeight", "resetMetrics"] as const;
export const testPlaces = ["sampleWeight", "resetMetrics"] as const;

export interface SourceOptions {
  readonly batchSize?: number | undefined;
  readonly steps?: number | undefined;
  /** Of one pass over a dataset from its beginning, where steps are not given. */
  readonly knownSteps?: number | null | undefined;
  /** Each pass begins at the dataset's beginning. */
  readonly restart?: boolean | undefined;
  readonly shuffle?: boolean | undefined;
  readonly isPrediction?: boolean | undefined;
  readonly classWeight?: ClassWeight | undefined;
}

/** Batches of arrays, or a stream's elements. */
export function sourceOf(
  training: Trainer,
  x: unknown,
  arrays: () => readonly NdArray[],
  options: SourceOptions,
): Source {
  const { batchSize = 32, steps = null, shuffle = false, isPrediction = false, classWeight } = options;
  if (!isElements(x)) return arraySource(arrays(), { batchSize, shuffle });
  const made = (element: unknown): readonly NdArray[] => prepareElement(training, element, isPrediction, classWeight);
  return elementSource(x, {
    steps,
    knownSteps: options.knownSteps ?? null,
    restart: options.restart ?? false,
    shuffle,
    prepare: made,
  });
}

const listFor = (model: CallbackModel, params: FitParams, callbacks: readonly Callback[] | undefined): CallbackList => {
  const list = new CallbackList(callbacks);
  list.setModel(model);
  list.setParams(params);
  return list;
};

const paramsOf = (
  source: Source,
  verbose: number,
  batchSize: number | null,
  metrics: readonly string[],
): FitParams => ({
  epochs: 1,
  steps: source.steps,
  samples: source.samples,
  batchSize,
  verbose,
  doValidation: false,
  metrics,
});

/** The loss, or the loss and the metrics, over the data. */
export async function evaluateModel(
  model: CallbackModel,
  training: Trainer,
  x: unknown,
  y: Data | null,
  options: EvaluateOptions,
): Promise<number | number[]> {
  const known = isElements(x) ? await knownSteps(x, options.steps, "steps") : null;
  const arrays = () => prepare(training, x as Data, y, options.sampleWeight);
  const source = sourceOf(training, x, arrays, { ...options, knownSteps: known });
  const run = await training.function("test");
  const unit = source.samples === null ? "step" : "sample";
  const { verbose = 1 } = options;
  const names = training.metricsNames;
  const progress = new Progress({ target: source.samples ?? source.steps, verbose, unit });
  const params = paramsOf(source, verbose, options.batchSize ?? 32, names);
  const callbacks = listFor(model, params, options.callbacks);
  await callbacks.call("onTestBegin", {});
  const done = await passOver(training, run, source, 0, {
    mode: "Test",
    callbacks,
    onProgress: (count, steps, logs) => progress.update(unit === "step" ? steps : count, logs),
  });
  await callbacks.call("onTestEnd", {});
  progress.finish(unit === "step" ? done.steps : done.count, logsOf(names, done.values));
  return shown(done.values);
}

/** The outputs for all of the data. */
export async function predictModel(
  model: CallbackModel,
  training: Trainer,
  x: unknown,
  options: PredictOptions,
): Promise<NdArray[]> {
  const arrays = () => arraysFor(x as Data, training.slots("predict"), "input");
  const source = sourceOf(training, x, arrays, { ...options, isPrediction: true });
  const run = await training.function("predict");
  const parts: NdArray[][] = [];
  const { verbose = 0 } = options;
  const unit = source.samples === null ? "step" : "sample";
  const progress = new Progress({ target: source.samples ?? source.steps, verbose, unit });
  const callbacks = listFor(model, paramsOf(source, verbose, options.batchSize ?? 32, []), options.callbacks);
  await source.start(0);
  await callbacks.call("onPredictBegin", {});
  let [count, steps] = [0, 0];
  for (let batch = await source.next(); batch; batch = await source.next()) {
    const logs = { batch: steps, size: batch.size };
    await callbacks.call("onPredictBatchBegin", steps, logs);
    const results = await run(batch.arrays);
    for (const [i, result] of results.entries()) {
      parts[i] ??= [];
      parts[i].push(result);
    }
    await callbacks.call("onPredictBatchEnd", steps, { ...logs, outputs: results });
    steps++;
    count += source.samples === null ? 1 : batch.size;
    progress.update(count, {});
  }
  await callbacks.call("onPredictEnd", {});
  if (parts.length === 0) throw new ValueError("There was no data to predict on.");
  progress.finish(count, {});
  return parts.map((each) => joined(each));
}

/** One batch: the loss, or the loss and the metrics. */
export async function batchOf(
  training: Trainer,
  mode: "train" | "test",
  x: Data,
  y: Data | null,
  options: BatchOptions,
): Promise<number | number[]> {
  const arrays = prepare(training, x, y, options.sampleWeight, options.classWeight);
  const run = await training.function(mode);
  const values = numbers(await run(arrays));
  if (options.resetMetrics ?? true) await training.resetMetrics();
  return shown(values);
}
