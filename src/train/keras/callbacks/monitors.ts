/** `tf.keras.callbacks`: those that watch one number. Source: tf_keras/src/callbacks.py. */

import { KeyError, ValueError } from "../../../core/error.ts";
import { log } from "../../../core/host.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { printMessage } from "../messages.ts";
import { Callback, type Logs } from "./callback.ts";

export interface MonitorOptions {
  readonly monitor?: string | undefined;
  /** "auto" takes the larger of accuracies, the smaller of everything else. */
  readonly mode?: "auto" | "min" | "max" | undefined;
  readonly minDelta?: number | undefined;
  readonly verbose?: number | undefined;
}

/** Watches one number of the logs. */
abstract class Monitor extends Callback {
  protected readonly monitor: string;
  protected readonly verbose: number;
  best: number;
  readonly #isMax: boolean;
  readonly #minDelta: number;

  constructor(options: MonitorOptions) {
    super();
    this.monitor = options.monitor ?? "val_loss";
    this.verbose = options.verbose ?? 0;
    const { mode = "auto" } = options;
    this.#isMax = mode === "max" || (mode === "auto" && /acc|auc/.test(this.monitor));
    this.#minDelta = Math.abs(options.minDelta ?? 0);
    this.best = this.#isMax ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  protected forget(): void {
    this.best = this.#isMax ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  protected isBetter(value: number, than = this.best): boolean {
    return this.#isMax ? value - this.#minDelta > than : value + this.#minDelta < than;
  }

  /** The number that is watched; a warning when the logs lack it. */
  protected watched(logs: Logs, what: string): number | null {
    const value = logs[this.monitor];
    if (value !== undefined) return value;
    log(
      "WARNING",
      `${what} conditioned on metric \`${this.monitor}\` which is not available. Available metrics are: ${Object.keys(logs).join(",")}`,
    );
    return null;
  }
}

export interface EarlyStoppingOptions extends MonitorOptions {
  readonly patience?: number | undefined;
  readonly baseline?: number | null | undefined;
  readonly restoreBestWeights?: boolean | undefined;
  /** Epochs before this one are not judged. */
  readonly startFromEpoch?: number | undefined;
}

const stoppingPlaces = [
  "monitor",
  "minDelta",
  "patience",
  "verbose",
  "mode",
  "baseline",
  "restoreBestWeights",
] as const;

/** Stops when a number has not become better for `patience` epochs. */
export class EarlyStopping extends Monitor {
  stoppedEpoch = 0;
  bestEpoch = 0;
  readonly #options: EarlyStoppingOptions;
  #wait = 0;
  #weights: NdArray[] | null = null;

  constructor(...rest: Rest<EarlyStoppingOptions, typeof stoppingPlaces>) {
    const options = byName<EarlyStoppingOptions>(rest, stoppingPlaces);
    super(options);
    this.#options = options;
  }

  override onTrainBegin(): void {
    this.#wait = 0;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.#weights = null;
    this.forget();
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const value = this.watched(logs, "Early stopping");
    const { patience = 0, baseline = null, restoreBestWeights = false, startFromEpoch = 0 } = this.#options;
    if (value === null || epoch < startFromEpoch) return;
    const isBest = this.isBetter(value);
    if (restoreBestWeights && (isBest || !this.#weights)) {
      this.#weights = await this.model.getWeights();
      this.bestEpoch = epoch;
    }
    this.#wait++;
    if (isBest) {
      this.best = value;
      this.bestEpoch = epoch;
      if (baseline === null || this.isBetter(value, baseline)) this.#wait = 0;
      return;
    }
    if (this.#wait < patience || epoch === 0) return;
    this.stoppedEpoch = epoch;
    this.model.stopTraining = true;
  }

  override async onTrainEnd(): Promise<void> {
    if (this.stoppedEpoch > 0 && this.verbose > 0) printMessage(`Epoch ${this.stoppedEpoch + 1}: early stopping\n`);
    if (!this.#weights) return;
    if (this.verbose > 0) {
      printMessage(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.\n`);
    }
    await this.model.setWeights(this.#weights);
  }
}

export interface ModelCheckpointOptions extends MonitorOptions {
  readonly saveBestOnly?: boolean | undefined;
  /** Weights are all that this product saves. */
  readonly saveWeightsOnly?: boolean | undefined;
  /** "epoch", or a number of batches. */
  readonly saveFreq?: "epoch" | number | undefined;
  /** Save after so many epochs. */
  readonly period?: number | undefined;
}

const checkpointPlaces = ["monitor", "verbose", "saveBestOnly", "saveWeightsOnly", "mode", "saveFreq"] as const;

/** Saves the weights after each epoch; the path may hold `{epoch:02d}` and names of the logs, `{val_loss:.2f}`. */
export class ModelCheckpoint extends Monitor {
  readonly #path: string;
  readonly #options: ModelCheckpointOptions;
  #since = 0;
  #batches = 0;
  #epoch = 0;

  constructor(path: string, ...rest: Rest<ModelCheckpointOptions, typeof checkpointPlaces>) {
    const options = byName<ModelCheckpointOptions>(rest, checkpointPlaces);
    super(options);
    this.#path = path;
    this.#options = options;
  }

  override onTrainBegin(): void {
    this.#epoch = 0;
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override async onTrainBatchEnd(batch: number, logs: Logs): Promise<void> {
    const { saveFreq } = this.#options;
    if (typeof saveFreq !== "number") return;
    this.#batches++;
    if (this.#batches < saveFreq) return;
    this.#batches = 0;
    await this.#save(this.#epoch, { batch: batch + 1, ...logs });
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { saveFreq = "epoch", period = 1 } = this.#options;
    this.#since++;
    if (saveFreq !== "epoch" || this.#since < period) return;
    this.#since = 0;
    await this.#save(epoch, logs);
  }

  async #save(epoch: number, logs: Logs): Promise<void> {
    const path = filled(this.#path, { epoch: epoch + 1, ...logs });
    const say = (text: string): void => {
      if (this.verbose > 0) printMessage(`\nEpoch ${epoch + 1}: ${text}\n`);
    };
    if (!this.#options.saveBestOnly) say(`saving model to ${path}`);
    else {
      const value = logs[this.monitor];
      if (value === undefined) {
        log("WARNING", `Can save best model only with ${this.monitor} available, skipping.`);
        return;
      }
      if (!this.isBetter(value)) {
        say(`${this.monitor} did not improve from ${fixed(this.best)}`);
        return;
      }
      say(`${this.monitor} improved from ${fixed(this.best)} to ${fixed(value)}, saving model to ${path}`);
      this.best = value;
    }
    await this.model.saveWeights(path);
  }
}

/** As Python's .5f. */
const fixed = (value: number): string =>
  Number.isFinite(value) ? value.toFixed(5) : String(value).replace("Infinity", "inf").replace("NaN", "nan");

/** Python's str.format with names: {epoch:02d}, {loss:.3f}. Throws KeyError for names that the logs lack. */
function filled(template: string, values: Logs): string {
  return template.replace(/\{(\w+)(?::(0?)(\d*)(?:\.(\d+))?([dfeg]?))?\}/g, (_, name, zero, width, digits, kind) => {
    const value = values[name];
    if (value === undefined)
      throw new KeyError(`Failed to format this callback filepath: "${template}". Reason: '${name}'`);
    const text =
      kind === "e" ? value.toExponential(Number(digits || 6)) : digits ? value.toFixed(Number(digits)) : String(value);
    return text.padStart(Number(width || 0), zero ? "0" : " ");
  });
}

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  readonly factor?: number | undefined;
  readonly patience?: number | undefined;
  readonly cooldown?: number | undefined;
  readonly minLr?: number | undefined;
}

const plateauPlaces = ["monitor", "factor", "patience", "verbose", "mode", "minDelta", "cooldown", "minLr"] as const;

/** Makes the learning rate smaller when a number has stopped becoming better. */
export class ReduceLROnPlateau extends Monitor {
  readonly #options: ReduceLROnPlateauOptions;
  #wait = 0;
  #cooldown = 0;

  /** Throws ValueError for a factor of 1 or more. */
  constructor(...rest: Rest<ReduceLROnPlateauOptions, typeof plateauPlaces>) {
    const options = byName<ReduceLROnPlateauOptions>(rest, plateauPlaces);
    super({ minDelta: 1e-4, ...options });
    if ((options.factor ?? 0.1) >= 1) {
      throw new ValueError(`ReduceLROnPlateau does not support a factor >= 1.0. Got ${options.factor}`);
    }
    this.#options = options;
  }

  override onTrainBegin(): void {
    this.#wait = 0;
    this.#cooldown = 0;
    this.forget();
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    logs.lr = await this.model.getLearningRate();
    const value = this.watched(logs, "Learning rate reduction is");
    if (value === null) return;
    const { factor = 0.1, patience = 10, cooldown = 0, minLr = 0 } = this.#options;
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.#wait = 0;
    }
    if (this.isBetter(value)) {
      this.best = value;
      this.#wait = 0;
      return;
    }
    if (this.#cooldown > 0) return;
    this.#wait++;
    if (this.#wait < patience) return;
    const old = await this.model.getLearningRate();
    if (old <= Math.fround(minLr)) return;
    const rate = Math.max(old * factor, minLr);
    await this.model.setLearningRate(rate);
    if (this.verbose > 0) printMessage(`\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${rate}.\n`);
    this.#cooldown = cooldown;
    this.#wait = 0;
  }
}
