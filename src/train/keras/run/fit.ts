/** fit. Source: tf_keras/src/engine/training_arrays_v1.py, training_generator_v1.py. */
import { Dataset } from "../../../build/data/dataset.ts";
import { ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import type { Literal } from "../../../ops/convert.ts";
import { type Callback, CallbackList, type CallbackModel, History } from "../callbacks/callback.ts";
import { ProgbarLogger } from "../callbacks/loggers.ts";
import { Sequence } from "../data/sequence.ts";
import type { Trainer } from "./compile.ts";
import { type Data, rowsBetween, sampleCount } from "./data.ts";
import { sourceOf, type Verbose } from "./evaluate.ts";
import { arraySource, isElements, knownSteps, printTrainInfo, type Source, type Stream } from "./loop.ts";
import { logsOf, type Pass, passOver } from "./passes.ts";
import { type ClassWeight, prepare, type SampleWeight } from "./prepare.ts";

export interface FitOptions {
  /** 32. */
  readonly batchSize?: number | undefined;
  readonly epochs?: number | undefined;
  readonly verbose?: Verbose | undefined;
  readonly callbacks?: readonly Callback[] | undefined;
  /** The part of the arrays, taken from their end, that is kept for validation. */
  readonly validationSplit?: number | undefined;
  readonly validationData?:
    | readonly [Data, Data | null]
    | readonly [Data, Data | null, SampleWeight]
    | Stream
    | undefined;
  readonly shuffle?: boolean | undefined;
  readonly classWeight?: ClassWeight | undefined;
  readonly sampleWeight?: SampleWeight | undefined;
  readonly initialEpoch?: number | undefined;
  readonly stepsPerEpoch?: number | undefined;
  readonly validationSteps?: number | undefined;
  /** Validate after every so many epochs, or after those of a list, counted from 1. */
  readonly validationFreq?: number | readonly number[] | undefined;
}

/** The order of options in Python. */
export const fitPlaces = [
  "batchSize",
  "epochs",
  "verbose",
  "callbacks",
  "validationSplit",
  "validationData",
  "shuffle",
  "classWeight",
  "sampleWeight",
  "initialEpoch",
  "stepsPerEpoch",
  "validationSteps",
  "validationFreq",
] as const;
export const fitGeneratorPlaces = [
  "stepsPerEpoch",
  "epochs",
  "verbose",
  "callbacks",
  "validationData",
  "validationSteps",
  "validationFreq",
  "classWeight",
] as const;

type Parts = { readonly train: readonly NdArray[]; readonly validation: readonly NdArray[] | null };

function split(arrays: readonly NdArray[], part: number): Parts {
  if (!part) return { train: arrays, validation: null };
  if (!(part > 0 && part < 1)) throw new ValueError(`\`validation_split\` must be between 0 and 1, received: ${part}`);
  const samples = sampleCount(arrays);
  const at = Math.floor(samples * (1 - part));
  if (at === 0) throw new ValueError("Empty training data.");
  if (at === samples) {
    throw new ValueError(
      `Training data contains ${samples} samples, which is not sufficient to split it into a validation and training set as specified by \`validation_split=${part}\`. Either provide more data, or a different value for the \`validation_split\` argument.`,
    );
  }
  return {
    train: arrays.map((array) => rowsBetween(array, 0, at)),
    validation: arrays.map((array) => rowsBetween(array, at, samples)),
  };
}

/** A batch size for the validation of arrays beside batches that come from elsewhere: that of the last one. */
type ValidationSource = (lastSize: number) => Source;

async function validationSource(
  training: Trainer,
  options: FitOptions,
  kept: readonly NdArray[] | null,
  isStream: boolean,
): Promise<ValidationSource | null> {
  const { validationData, batchSize = 32, validationSteps: steps } = options;
  const ofArrays =
    (arrays: readonly NdArray[]): ValidationSource =>
    (lastSize) => {
      const source = arraySource(arrays, { batchSize: isStream ? lastSize : batchSize, shuffle: false });
      return isStream ? { ...source, samples: null } : source;
    };
  if (validationData === undefined) return kept && ofArrays(kept);
  if (isElements(validationData)) {
    const known = await knownSteps(validationData, steps, "validation_steps");
    const source = sourceOf(training, validationData, () => [], { steps, knownSteps: known, restart: true });
    return () => source;
  }
  const [x, y, weights] = validationData as readonly [Data, Data, Literal?];
  return ofArrays(prepare(training, x, y, weights));
}

const isValidated = (frequency: number | readonly number[], epoch: number): boolean =>
  typeof frequency === "number" ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);

/** Trains for some epochs; the numbers of all of them. */
export async function fitModel(
  model: CallbackModel & { history?: History | null },
  training: Trainer,
  x: unknown,
  y: Data | null,
  options: FitOptions,
): Promise<History> {
  const { epochs = 1, initialEpoch = 0, verbose = 1, validationFreq = 1, batchSize = 32, classWeight } = options;
  const isStream = isElements(x);
  if (x instanceof Dataset && y !== null) {
    throw new ValueError(
      `You passed a dataset or dataset iterator (${x}) as input \`x\` to your model. In that case, you should not specify a target (\`y\`) argument, since the dataset or dataset iterator generates both input data and target data. Received: ${y}`,
    );
  }
  const steps = isStream ? await knownSteps(x, options.stepsPerEpoch, "steps_per_epoch") : null;
  const { validationData, validationSplit = 0 } = options;
  const parts = isStream
    ? null
    : split(prepare(training, x as Data, y, options.sampleWeight, classWeight), validationData ? 0 : validationSplit);
  const shuffle = options.shuffle ?? true;
  const source = isStream
    ? sourceOf(training, x, () => [], { steps: options.stepsPerEpoch, knownSteps: steps, shuffle, classWeight })
    : arraySource(parts!.train, { batchSize, shuffle });
  const validation = await validationSource(training, options, parts?.validation ?? null, isStream);
  const train = await training.function("train");
  const test = validation ? await training.function("test") : null;
  const history = new History();
  const names = training.metricsNames;
  const bar = verbose ? [new ProgbarLogger(isStream ? "steps" : "samples", { statefulMetrics: names.slice(1) })] : [];
  const callbacks = new CallbackList([...(options.callbacks ?? []), history, ...bar]);
  callbacks.setModel(model);
  const first = validation?.(batchSize);
  callbacks.setParams({
    epochs,
    steps: isStream ? source.steps : null,
    samples: source.samples ?? source.steps,
    batchSize: isStream ? null : batchSize,
    verbose,
    doValidation: validation !== null,
    metrics: [...names, ...(validation ? names.map((name) => `val_${name}`) : [])],
  });
  if (verbose && (!isStream || x instanceof Dataset)) {
    const count = first ? (first.samples ?? first.steps) : null;
    printTrainInfo(source.samples ?? source.steps, isStream ? "steps" : "samples", count);
  }
  model.stopTraining = false;
  model.history = history;
  await callbacks.call("onTrainBegin", {});
  for (let epoch = initialEpoch; epoch < epochs && !model.stopTraining; epoch++) {
    await callbacks.call("onEpochBegin", epoch, {});
    const done: Pass = await passOver(training, train, source, epoch, {
      mode: "Train",
      callbacks,
      isStopped: () => model.stopTraining,
    });
    if (source.ranOut) model.stopTraining = true;
    let logs = logsOf(names, done.values);
    if (validation && test && isValidated(validationFreq, epoch) && !model.stopTraining) {
      await callbacks.call("onTestBegin", {});
      const tested = await passOver(training, test, validation(done.lastSize), 0, { mode: "Test", callbacks });
      await callbacks.call("onTestEnd", {});
      logs = { ...logs, ...logsOf(names, tested.values, "val_") };
    }
    await callbacks.call("onEpochEnd", epoch, logs);
    if (x instanceof Sequence) x.onEpochEnd();
  }
  await callbacks.call("onTrainEnd", {});
  return history;
}
