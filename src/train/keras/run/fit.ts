/** fit, evaluate and predict. Source: tf_keras/src/engine/training_arrays_v1.py, training_generator_v1.py. */
import { float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { writeStdout } from "../../../core/host.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { type Literal, literalToArray } from "../../../ops/convert.ts";
import { type Callback, type CallbackModel, History } from "../callbacks.ts";
import type { BatchFunction, Trainer } from "./compile.ts";
import { arraysFor, type Data, rowsBetween, sampleCount } from "./data.ts";
import {
  Aggregate,
  arraySource,
  elementSource,
  isElements,
  joined,
  printTrainInfo,
  type Source,
  type Stream,
} from "./loop.ts";
import { type Logs, Progress } from "./progress.ts";

type Verbose = 0 | 1 | 2;

export interface EvaluateOptions {
  /** 32. */
  readonly batchSize?: number | undefined;
  /** 0: nothing, 1: a bar, 2: a line for each epoch. */
  readonly verbose?: Verbose | undefined;
  /** How much each example counts: [samples]. */
  readonly sampleWeight?: Literal | undefined;
  readonly steps?: number | undefined;
}

export interface PredictOptions {
  readonly batchSize?: number | undefined;
  readonly verbose?: Verbose | undefined;
  readonly steps?: number | undefined;
}

export interface FitOptions {
  readonly batchSize?: number | undefined;
  readonly epochs?: number | undefined;
  readonly verbose?: Verbose | undefined;
  readonly callbacks?: readonly Callback[] | undefined;
  /** The part of the arrays, taken from their end, that is kept for validation. */
  readonly validationSplit?: number | undefined;
  readonly validationData?: readonly [Data, Data] | readonly [Data, Data, Literal] | Stream | undefined;
  readonly shuffle?: boolean | undefined;
  /** How much the examples of each class count, by the class's number. */
  readonly classWeight?: Readonly<Record<number, number>> | undefined;
  readonly sampleWeight?: Literal | undefined;
  readonly initialEpoch?: number | undefined;
  readonly stepsPerEpoch?: number | undefined;
  readonly validationSteps?: number | undefined;
  /** Validate after every so many epochs. */
  readonly validationFreq?: number | undefined;
}

const numbers = (results: readonly NdArray[]): number[] => results.map((value) => Number(value.item()));
const shown = (values: readonly number[]): number | number[] => (values.length === 1 ? values[0]! : [...values]);
const logsOf = (names: readonly string[], values: readonly number[], prefix = ""): Logs =>
  Object.fromEntries(names.map((name, i) => [`${prefix}${name}`, values[i]!]));

interface Prepared {
  readonly arrays: readonly NdArray[];
}

/** Inputs, targets and weights as arrays. */
function prepare(
  training: Trainer,
  x: Data,
  y: Data | null,
  weights: Literal | undefined,
  classWeight?: FitOptions["classWeight"],
): Prepared {
  const inputs = arraysFor(x, training.slots("predict"), "input");
  const slots = training.targets.map(({ slot }) => slot);
  if (y === null && slots.length) throw new ValueError("No targets were given: pass them as the second argument.");
  const targets = y === null ? [] : arraysFor(y, slots, "target");
  const samples = sampleCount([...inputs, ...targets]);
  const given = weights === undefined ? null : literalToArray(weights, float32);
  if (given && given.shape[0] !== samples) {
    throw new ValueError(
      `Found a sample_weight array with shape (${given.shape.join(", ")}) for an input of ${samples} samples. sample_weight cannot be broadcast.`,
    );
  }
  const ofClass = classWeight && targets[0] ? classWeights(targets[0], classWeight) : null;
  const each = Float32Array.from(
    { length: samples },
    (_, i) => (given ? Number(given.data[i]) : 1) * (ofClass?.[i] ?? 1),
  );
  const weightArrays = slots.map(() => new NdArray(float32, [samples], each));
  return { arrays: [...inputs, ...targets, ...weightArrays] };
}

/** The weight of each example's class: of the label, or of the place of the largest number. */
function classWeights(target: NdArray, weights: Readonly<Record<number, number>>): number[] {
  const [n = 0, width = 1] = target.shape;
  return Array.from({ length: n }, (_, i) => {
    const row = Array.from({ length: width }, (__, k) => Number(target.data[i * width + k]));
    const label = width === 1 ? row[0]! : row.indexOf(Math.max(...row));
    const weight = weights[label];
    if (weight === undefined)
      throw new ValueError(
        `\`class_weight\` must contain all classes in the data. The classes {${label}} exist in the data but not in \`class_weight\`.`,
      );
    return weight;
  });
}

function sourceOf(
  training: Trainer,
  x: unknown,
  arrays: () => readonly NdArray[],
  options: { readonly batchSize?: number | undefined; readonly steps?: number | undefined; readonly shuffle?: boolean },
  isPrediction = false,
): Source {
  if (!isElements(x))
    return arraySource(arrays(), { batchSize: options.batchSize ?? 32, shuffle: options.shuffle ?? false });
  const targets = isPrediction ? [] : training.targets;
  return elementSource(x, {
    steps: options.steps ?? null,
    inputs: training.slots("predict"),
    targets: targets.map(({ slot }) => slot),
    weights: targets.map(({ weights }) => weights),
  });
}

/** Weights of one where an element has none. */
function completed(training: Trainer, arrays: readonly NdArray[], size: number): readonly NdArray[] {
  const wanted = training.slots("train").length;
  const missing = wanted - arrays.length;
  if (missing <= 0) return arrays;
  if (missing > training.targets.length)
    throw new ValueError("An element of the data has no targets: it should be [x, y] or [x, y, weights].");
  const ones = new NdArray(float32, [size], new Float32Array(size).fill(1));
  return [...arrays, ...new Array<NdArray>(missing).fill(ones)];
}

interface Pass {
  readonly values: number[];
  readonly count: number;
  readonly steps: number;
}

interface PassHooks {
  onBatchBegin?(batch: number, size: number): void | Promise<void>;
  onBatchEnd?(batch: number, size: number, values: readonly number[], count: number): void | Promise<void>;
  isStopped?(): boolean;
}

/** One time through the data. */
async function passOver(
  training: Trainer,
  run: BatchFunction,
  source: Source,
  epoch: number,
  hooks: PassHooks = {},
): Promise<Pass> {
  const aggregate = new Aggregate(training.metricsNames, training.statefulNames, source.samples === null);
  await training.resetMetrics();
  await source.start(epoch);
  let [count, steps] = [0, 0];
  for (let batch = await source.next(); batch; batch = await source.next()) {
    await hooks.onBatchBegin?.(steps, batch.size);
    const results = run(completed(training, batch.arrays, batch.size));
    const values = numbers(results instanceof Promise ? await results : results);
    aggregate.take(values, batch.size);
    count += batch.size;
    steps++;
    await hooks.onBatchEnd?.(steps - 1, batch.size, values, count);
    if (hooks.isStopped?.()) break;
  }
  return { values: aggregate.values, count, steps };
}

export async function evaluateModel(
  training: Trainer,
  x: unknown,
  y: Data | null,
  options: EvaluateOptions,
): Promise<number | number[]> {
  const source = sourceOf(training, x, () => prepare(training, x as Data, y, options.sampleWeight).arrays, options);
  const run = await training.function("test");
  const unit = source.samples === null ? "step" : "sample";
  const progress = new Progress({ target: source.samples ?? source.steps, verbose: options.verbose ?? 1, unit });
  const done = await passOver(training, run, source, 0, {
    onBatchEnd: (batch, _, values, count) =>
      progress.update(unit === "step" ? batch + 1 : count, logsOf(training.metricsNames, values)),
  });
  progress.finish(unit === "step" ? done.steps : done.count, logsOf(training.metricsNames, done.values));
  return shown(done.values);
}

export async function predictModel(training: Trainer, x: unknown, options: PredictOptions): Promise<NdArray[]> {
  const source = sourceOf(training, x, () => arraysFor(x as Data, training.slots("predict"), "input"), options, true);
  const run = await training.function("predict");
  const parts: NdArray[][] = [];
  await source.start(0);
  let count = 0;
  const progress = new Progress({
    target: source.samples ?? source.steps,
    verbose: options.verbose ?? 0,
    unit: source.samples === null ? "step" : "sample",
  });
  for (let batch = await source.next(); batch; batch = await source.next()) {
    const results = await run(batch.arrays.slice(0, training.slots("predict").length));
    for (const [i, result] of results.entries()) {
      parts[i] ??= [];
      parts[i].push(result);
    }
    count += source.samples === null ? 1 : batch.size;
    progress.update(count, {});
  }
  if (parts.length === 0) throw new ValueError("There was no data to predict on.");
  progress.finish(count, {});
  return parts.map((each) => joined(each));
}

export async function batchOf(
  training: Trainer,
  mode: "train" | "test",
  x: Data,
  y: Data,
  options: { readonly sampleWeight?: Literal; readonly resetMetrics?: boolean },
): Promise<number | number[]> {
  const { arrays } = prepare(training, x, y, options.sampleWeight);
  const run = await training.function(mode);
  if (options.resetMetrics ?? true) await training.resetMetrics();
  return shown(numbers(await run(arrays)));
}

type Parts = { readonly train: readonly NdArray[]; readonly validation: readonly NdArray[] | null };

function split(arrays: readonly NdArray[], part: number): Parts {
  if (!part) return { train: arrays, validation: null };
  if (!(part > 0 && part < 1)) throw new ValueError(`\`validation_split\` must be between 0 and 1, received: ${part}`);
  const samples = sampleCount(arrays);
  const at = Math.floor(samples * (1 - part));
  if (at === 0 || at === samples) {
    throw new ValueError(
      `Training data contains ${samples} samples, which is not sufficient to split it into a validation and training set as specified by \`validation_split=${part}\`. Either provide more data, or a different value for the \`validation_split\` argument.`,
    );
  }
  return {
    train: arrays.map((array) => rowsBetween(array, 0, at)),
    validation: arrays.map((array) => rowsBetween(array, at, samples)),
  };
}

function validationSource(training: Trainer, options: FitOptions, kept: readonly NdArray[] | null): Source | null {
  const { validationData, batchSize = 32, validationSteps } = options;
  if (validationData === undefined) return kept && arraySource(kept, { batchSize, shuffle: false });
  if (isElements(validationData)) return sourceOf(training, validationData, () => [], { steps: validationSteps });
  const [x, y, weights] = validationData as readonly [Data, Data, Literal?];
  return arraySource(prepare(training, x, y, weights).arrays, { batchSize, shuffle: false });
}

export async function fitModel(
  model: CallbackModel,
  training: Trainer,
  x: unknown,
  y: Data | null,
  options: FitOptions,
): Promise<History> {
  const { epochs = 1, initialEpoch = 0, verbose = 1, validationFreq = 1, batchSize = 32 } = options;
  const isStream = isElements(x);
  const parts = isStream
    ? null
    : split(
        prepare(training, x as Data, y, options.sampleWeight, options.classWeight).arrays,
        options.validationData ? 0 : (options.validationSplit ?? 0),
      );
  const source = isStream
    ? sourceOf(training, x, () => [], { steps: options.stepsPerEpoch })
    : arraySource(parts!.train, { batchSize, shuffle: options.shuffle ?? true });
  const validation = validationSource(training, options, parts?.validation ?? null);
  const train = await training.function("train");
  const test = validation ? await training.function("test") : null;
  const history = new History();
  const callbacks = [history, ...(options.callbacks ?? [])];
  const names = training.metricsNames;
  const params = {
    epochs,
    steps: source.steps,
    samples: source.samples,
    batchSize: isStream ? null : batchSize,
    verbose,
    doValidation: validation !== null,
    metrics: [...names, ...(validation ? names.map((name) => `val_${name}`) : [])],
  };
  for (const callback of callbacks) Object.assign(callback, { model, params });
  if (verbose)
    printTrainInfo(
      source.samples ?? source.steps,
      isStream ? "steps" : "samples",
      validation && (validation.samples ?? validation.steps),
    );
  model.stopTraining = false;
  for (const callback of callbacks) await callback.onTrainBegin({});
  let logs: Logs = {};
  for (let epoch = initialEpoch; epoch < epochs && !model.stopTraining; epoch++) {
    if (verbose) printEpoch(epoch, epochs);
    for (const callback of callbacks) await callback.onEpochBegin(epoch, {});
    const progress = new Progress({
      target: source.samples ?? source.steps,
      verbose,
      unit: isStream ? "step" : "sample",
    });
    const done = await passOver(training, train, source, epoch, {
      onBatchBegin: async (batch, size) => {
        for (const callback of callbacks) await callback.onBatchBegin(batch, { batch, size });
      },
      onBatchEnd: async (batch, size, values, count) => {
        const batchLogs = { batch, size, ...logsOf(names, values) };
        for (const callback of callbacks) await callback.onBatchEnd(batch, batchLogs);
        progress.update(isStream ? batch + 1 : count, logsOf(names, values));
      },
      isStopped: () => model.stopTraining,
    });
    logs = logsOf(names, done.values);
    if (validation && test && (epoch + 1) % validationFreq === 0) {
      const tested = await passOver(training, test, validation, 0);
      logs = { ...logs, ...logsOf(names, tested.values, "val_") };
    }
    progress.finish(isStream ? done.steps : done.count, logs);
    for (const callback of callbacks) await callback.onEpochEnd(epoch, logs);
  }
  for (const callback of callbacks) await callback.onTrainEnd(logs);
  return history;
}

function printEpoch(epoch: number, epochs: number): void {
  writeStdout(`Epoch ${epoch + 1}/${epochs}\n`);
}
