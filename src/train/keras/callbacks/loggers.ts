/** `tf.keras.callbacks`: those that write what happens, end what goes wrong, and set the learning rate. Source: tf_keras/src/callbacks.py. */

import { ValueError } from "../../../core/error.ts";
import { nodeFiles, readFile, writeFileAtomic } from "../../../io/file_system.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { FileWriter } from "../../file_writer.ts";
import { printMessage } from "../messages.ts";
import { Progress } from "../run/progress.ts";
import { Callback, type Logs } from "./callback.ts";

interface VerboseOptions {
  readonly verbose?: number;
}
interface CSVOptions {
  readonly separator?: string;
  readonly append?: boolean;
}
interface TensorBoardOptions {
  readonly logDir?: string;
}

/** The lines that fit prints: a bar over samples or steps, or a line for each epoch. */
export class ProgbarLogger extends Callback {
  readonly #unit: "sample" | "step";
  readonly #stateful: readonly string[];
  #progress: Progress | null = null;
  #seen = 0;

  constructor(
    countMode: "samples" | "steps" = "samples",
    options: { readonly statefulMetrics?: readonly string[] } = {},
  ) {
    super();
    this.#unit = countMode === "samples" ? "sample" : "step";
    this.#stateful = options.statefulMetrics ?? [];
  }

  override onEpochBegin(epoch: number): void {
    const { epochs, verbose, samples, steps } = this.params;
    if (verbose && epochs > 1) printMessage(`Epoch ${epoch + 1}/${epochs}\n`);
    const target = this.#unit === "sample" ? samples : steps;
    this.#progress = new Progress({
      target,
      verbose: verbose as 0 | 1 | 2,
      unit: this.#unit,
      statefulMetrics: this.#stateful,
    });
    this.#seen = 0;
  }

  override onTrainBatchEnd(_batch: number, { batch, size = 1, ...logs }: Logs): void {
    this.#seen += this.#unit === "sample" ? size : 1;
    this.#progress?.update(this.#seen, logs);
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.#progress?.finish(this.#seen, logs);
  }
}

/** Stops at the first loss that is no number. */
export class TerminateOnNaN extends Callback {
  override onBatchEnd(batch: number, logs: Logs): void {
    if (logs.loss === undefined || Number.isFinite(logs.loss)) return;
    printMessage(`Batch ${batch}: Invalid loss, terminating training\n`);
    this.model.stopTraining = true;
  }
}

/** The learning rate of each epoch, from a function of the epoch and the rate so far. */
export class LearningRateScheduler extends Callback {
  readonly #schedule: (epoch: number, rate: number) => number;
  readonly #verbose: number;

  constructor(schedule: (epoch: number, rate: number) => number, ...rest: Rest<VerboseOptions, ["verbose"]>) {
    const options = byName<VerboseOptions>(rest, ["verbose"]);
    super();
    this.#schedule = schedule;
    this.#verbose = options.verbose ?? 0;
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    const rate = this.#schedule(epoch, await this.model.getLearningRate());
    if (typeof rate !== "number") {
      throw new ValueError(`The output of the "schedule" function should be float. Got: ${rate}`);
    }
    await this.model.setLearningRate(rate);
    if (this.#verbose > 0)
      printMessage(`\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${rate}.\n`);
  }

  override async onEpochEnd(_epoch: number, logs: Logs): Promise<void> {
    logs.lr = await this.model.getLearningRate();
  }
}

/** The numbers of each epoch as lines of a CSV file. */
export class CSVLogger extends Callback {
  readonly #path: string;
  readonly #separator: string;
  readonly #isAppended: boolean;
  #keys: string[] | null = null;
  #text = "";

  constructor(path: string, ...rest: Rest<CSVOptions, ["separator", "append"]>) {
    const options = byName<CSVOptions>(rest, ["separator", "append"]);
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
      const keys = Object.keys(logs).sort();
      const isValidated = keys.some((key) => key.startsWith("val_"));
      this.#keys = isValidated ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
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

  constructor(...rest: Rest<TensorBoardOptions, ["logDir"]>) {
    const options = byName<TensorBoardOptions>(rest, ["logDir"]);
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
