/** `tf.keras.callbacks`: what runs between the steps of a fit. Source: tf_keras/src/callbacks.py. */
import { ValueError } from "../../core/error.ts";
import { log, writeStdout } from "../../core/host.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { nodeFiles, readFile, writeFileAtomic } from "../../io/file_system.ts";
import { FileWriter } from "../file_writer.ts";
import type { Logs } from "./run/progress.ts";

/** What callbacks see of a model. */
export interface CallbackModel {
  stopTraining: boolean;
  getLearningRate(): Promise<number>;
  setLearningRate(rate: number): Promise<void>;
  saveWeights(path: string): Promise<void>;
  getWeights(): Promise<NdArray[]>;
  setWeights(weights: readonly NdArray[]): Promise<void>;
}

export interface FitParams {
  readonly epochs: number;
  readonly steps: number | null;
  readonly samples: number | null;
  readonly batchSize: number | null;
  readonly verbose: number;
  readonly doValidation: boolean;
  readonly metrics: readonly string[];
}

type Hook = void | Promise<void>;

/** A callback of one's own overrides what it wants to see. */
export abstract class Callback {
  model!: CallbackModel;
  params!: FitParams;
  onTrainBegin(_logs: Logs): Hook {}
  onTrainEnd(_logs: Logs): Hook {}
  onEpochBegin(_epoch: number, _logs: Logs): Hook {}
  onEpochEnd(_epoch: number, _logs: Logs): Hook {}
  onBatchBegin(_batch: number, _logs: Logs): Hook {}
  onBatchEnd(_batch: number, _logs: Logs): Hook {}
}

/** What fit returns: the numbers of all epochs, by name. */
export class History extends Callback {
  readonly epoch: number[] = [];
  readonly history: Record<string, number[]> = {};

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      this.history[name].push(value);
    }
  }
}

/** Functions in place of a class. */
export class LambdaCallback extends Callback {
  constructor(
    hooks: Partial<
      Pick<Callback, "onTrainBegin" | "onTrainEnd" | "onEpochBegin" | "onEpochEnd" | "onBatchBegin" | "onBatchEnd">
    >,
  ) {
    super();
    Object.assign(this, hooks);
  }
}

/** Stops at the first loss that is no number. */
export class TerminateOnNaN extends Callback {
  override onBatchEnd(batch: number, logs: Logs): void {
    if (logs.loss === undefined || Number.isFinite(logs.loss)) return;
    writeStdout(`Batch ${batch}: Invalid loss, terminating training\n`);
    this.model.stopTraining = true;
  }
}

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
  protected best: number;
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

  protected isBetter(value: number): boolean {
    return this.#isMax ? value - this.#minDelta > this.best : value + this.#minDelta < this.best;
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
}

/** Stops when a number has not become better for `patience` epochs. */
export class EarlyStopping extends Monitor {
  stoppedEpoch = 0;
  readonly #options: EarlyStoppingOptions;
  #wait = 0;
  #weights: NdArray[] | null = null;

  constructor(options: EarlyStoppingOptions = {}) {
    super(options);
    this.#options = options;
  }

  override onTrainBegin(): void {
    this.#wait = 0;
    this.stoppedEpoch = 0;
    this.forget();
    if (this.#options.baseline !== undefined && this.#options.baseline !== null) this.best = this.#options.baseline;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const value = this.watched(logs, "Early stopping");
    if (value === null) return;
    const { patience = 0, restoreBestWeights = false } = this.#options;
    if (this.isBetter(value)) {
      this.best = value;
      this.#wait = 0;
      if (restoreBestWeights) this.#weights = await this.model.getWeights();
      return;
    }
    this.#wait++;
    if (this.#wait < patience) return;
    this.stoppedEpoch = epoch;
    this.model.stopTraining = true;
    if (this.#weights) await this.model.setWeights(this.#weights);
  }

  override onTrainEnd(): void {
    if (this.stoppedEpoch > 0 && this.verbose > 0) writeStdout(`Epoch ${this.stoppedEpoch + 1}: early stopping\n`);
  }
}

export interface ModelCheckpointOptions extends MonitorOptions {
  readonly saveBestOnly?: boolean | undefined;
  /** Save after so many epochs. */
  readonly period?: number | undefined;
}

/** Saves the weights after each epoch; the path may hold `{epoch:02d}` and names of the logs, `{val_loss:.2f}`. */
export class ModelCheckpoint extends Monitor {
  readonly #path: string;
  readonly #options: ModelCheckpointOptions;
  #since = 0;

  constructor(path: string, options: ModelCheckpointOptions = {}) {
    super(options);
    this.#path = path;
    this.#options = options;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { saveBestOnly = false, period = 1 } = this.#options;
    this.#since++;
    if (this.#since < period) return;
    this.#since = 0;
    const path = filled(this.#path, { epoch: epoch + 1, ...logs });
    if (saveBestOnly) {
      const value = this.watched(logs, "Can save best model only");
      if (value === null) return;
      if (!this.isBetter(value)) {
        if (this.verbose > 0)
          writeStdout(`\nEpoch ${epoch + 1}: ${this.monitor} did not improve from ${this.best.toFixed(5)}\n`);
        return;
      }
      if (this.verbose > 0) {
        writeStdout(
          `\nEpoch ${epoch + 1}: ${this.monitor} improved from ${Number.isFinite(this.best) ? this.best.toFixed(5) : this.best > 0 ? "inf" : "-inf"} to ${value.toFixed(5)}, saving model to ${path}\n`,
        );
      }
      this.best = value;
    } else if (this.verbose > 0) writeStdout(`\nEpoch ${epoch + 1}: saving model to ${path}\n`);
    await this.model.saveWeights(path);
  }
}

/** Python's str.format with names: {epoch:02d}, {loss:.3f}. Throws ValueError for names that the logs lack. */
function filled(template: string, values: Logs): string {
  return template.replace(/\{(\w+)(?::(0?)(\d*)(?:\.(\d+))?([dfeg]?))?\}/g, (_, name, zero, width, digits, kind) => {
    const value = values[name];
    if (value === undefined)
      throw new ValueError(`Failed to format this callback filepath: "${template}". Reason: '${name}'`);
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

/** Makes the learning rate smaller when a number has stopped becoming better. */
export class ReduceLROnPlateau extends Monitor {
  readonly #options: ReduceLROnPlateauOptions;
  #wait = 0;
  #cooldown = 0;

  /** Throws ValueError for a factor of 1 or more. */
  constructor(options: ReduceLROnPlateauOptions = {}) {
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
    if (this.verbose > 0) writeStdout(`\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${rate}.\n`);
    this.#cooldown = cooldown;
    this.#wait = 0;
  }
}

/** The learning rate of each epoch, from a function of the epoch and the rate so far. */
export class LearningRateScheduler extends Callback {
  readonly #schedule: (epoch: number, rate: number) => number;
  readonly #verbose: number;

  constructor(schedule: (epoch: number, rate: number) => number, options: { readonly verbose?: number } = {}) {
    super();
    this.#schedule = schedule;
    this.#verbose = options.verbose ?? 0;
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    const rate = this.#schedule(epoch, await this.model.getLearningRate());
    if (typeof rate !== "number") {
      throw new ValueError(`The output of the \`schedule\` function should be a float. Got: ${rate}`);
    }
    await this.model.setLearningRate(rate);
    if (this.#verbose > 0)
      writeStdout(`\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${rate}.\n`);
  }
}

/** The numbers of each epoch as lines of a CSV file. */
export class CSVLogger extends Callback {
  readonly #path: string;
  readonly #separator: string;
  readonly #isAppended: boolean;
  #keys: string[] | null = null;
  #text = "";

  constructor(path: string, options: { readonly separator?: string; readonly append?: boolean } = {}) {
    super();
    this.#path = path;
    this.#separator = options.separator ?? ",";
    this.#isAppended = options.append ?? false;
  }

  override onTrainBegin(): void {
    this.#text = this.#isAppended && nodeFiles.stat(this.#path) ? new TextDecoder().decode(readFile(this.#path)) : "";
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    if (!this.#keys) {
      this.#keys = Object.keys(logs).sort();
      if (!this.#text) this.#text = `${["epoch", ...this.#keys].join(this.#separator)}\r\n`;
    }
    this.#text += `${[epoch, ...this.#keys.map((key) => logs[key] ?? "NA")].join(this.#separator)}\r\n`;
    writeFileAtomic(this.#path, new TextEncoder().encode(this.#text));
  }
}

/** The numbers of each epoch in an event log: epoch_loss, epoch_accuracy, … */
export class TensorBoard extends Callback {
  readonly #folder: string;
  #writer: FileWriter | null = null;

  constructor(options: { readonly logDir?: string } = {}) {
    super();
    this.#folder = options.logDir ?? "logs";
  }

  override onTrainBegin(): void {
    this.#writer = new FileWriter(this.#folder);
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    for (const [name, value] of Object.entries(logs)) this.#writer!.addScalar(`epoch_${name}`, value, epoch);
    this.#writer!.flush();
  }

  override onTrainEnd(): void {
    this.#writer?.close();
  }
}
