/** The checkpoints of a run: saved under the folder's lock, never with a value that is not finite; some may fail, not many in a row. */
import { basename, dirname, join, resolve } from "node:path";
import type { DType } from "../../core/dtype.ts";
import { InvalidArgumentError, OpError, ResourceExhaustedError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { BundleReader } from "../../io/checkpoint/bundle_reader.ts";
import { roomFor } from "../../io/checkpoint/save/commit.ts";
import { checkpointFiles } from "../../io/checkpoint/state.ts";
import { errnoOf, nodeFiles } from "../../io/file_system.ts";
import type { FolderLock } from "../../io/folder_lock.ts";
import type { Session } from "../../session/session.ts";
import { getCheckpointState } from "../checkpoint_state.ts";
import type { Report, Untimed } from "../report.ts";
import { Saver } from "../saver.ts";
import { encodeQueues, queuesSuffix } from "./input/kept_inputs.ts";
import type { Fit } from "./restore.ts";
import { bytesOfFiles, checkpointName, stepOfPrefix } from "./run_directory.ts";
import type { RunMemory } from "./state/memory.ts";
import { encodeRunState } from "./state/run_state.ts";
import { VariableSnapshot } from "./state/snapshot.ts";

/** A save of more bytes is written while training goes on. */
const largeBytes = 4e6;

export interface CheckpointOptions {
  readonly modelDir: string;
  readonly maxToKeep: number;
  readonly keepEveryHours: number | null;
  readonly keepsBest: boolean;
  /** Saves that may fail one after another before the run ends. */
  readonly maxFailedSaves: number;
  readonly allowNan: boolean;
  readonly verifies: boolean;
  readonly lock: FolderLock | null;
}

export class RunCheckpoints {
  /** The newest, of this process or the one before. */
  last: { step: number; prefix: string } | null = null;
  readonly #sess: Session;
  readonly #options: CheckpointOptions;
  readonly #report: (report: Untimed<Report>) => void;
  readonly #saver: Saver;
  readonly #bestSaver: Saver | null;
  #failed = 0;
  /** A large save that is being written; another waits for it. */
  #inFlight: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  /** Makes the savers' nodes in the default graph. */
  constructor(options: CheckpointOptions, session: Session, report: (report: Untimed<Report>) => void) {
    this.#options = options;
    this.#sess = session;
    this.#report = report;
    const { maxToKeep, keepEveryHours } = options;
    this.#saver = new Saver({
      maxToKeep,
      saveRelativePaths: true, // the folder may be moved
      ...(keepEveryHours === null ? {} : { keepCheckpointEveryNHours: keepEveryHours }),
    });
    this.#bestSaver = options.keepsBest ? new Saver({ maxToKeep: 1, saveRelativePaths: true }) : null;
  }

  /** Gives the variables their values; with `fit`, those alone that the checkpoint has. */
  async restore(prefix: string, fit?: Fit): Promise<void> {
    await this.settle();
    if (fit && fit.missing.length > 0) {
      const reader = BundleReader.open(prefix);
      try {
        for (const variable of fit.known) {
          const { state } = this.#sess;
          state.writeVariable(state.variableOf(variable.op), await reader.read(variable.op.name));
        }
      } finally {
        reader.close();
      }
    } else await this.#saver.restore(this.#sess, prefix);
    const known = getCheckpointState(this.#options.modelDir)?.allModelCheckpointPaths;
    this.#saver.recoverLastCheckpoints([...(known ?? [])]);
    const isOurs = resolve(dirname(prefix)) === resolve(this.#options.modelDir);
    this.last = { step: isOurs ? (stepOfPrefix(prefix) ?? -1) : -1, prefix };
  }

  /**
   * Saves, unless the newest is of this step. Throws INVALID_ARGUMENT for values that are not finite. A save that fails is reported, and
   * thrown when it `mustSucceed`, when too many failed in a row, or when another process holds the lock. A large one that need not succeed
   * is over here when its values are copied: `settle` waits for its end, and throws what the save would have thrown.
   */
  async save(step: number, memory: () => RunMemory, { mustSucceed }: { mustSucceed: boolean }): Promise<void> {
    await this.settle();
    if (this.last?.step === step) return;
    const bad = this.#options.allowNan ? null : this.nonFinite();
    if (bad) throw await this.refuse(step, `variable ${bad} is not finite`);
    this.#options.lock?.assertHeld();
    const kept = memory();
    if (mustSucceed || VariableSnapshot.bytesOf(this.#sess.state) < largeBytes)
      return this.#save(step, kept, { mustSucceed });
    await new Promise<void>((copied) => {
      this.#inFlight = this.#save(step, kept, { mustSucceed, copied })
        .catch((error: unknown) => {
          this.#failure = { error };
        })
        .finally(() => {
          this.#inFlight = null;
          copied();
        });
    });
  }

  /** Lets a save in flight go on for so long, and at least for one turn. */
  async giveTurns(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (this.#inFlight) {
      await new Promise((resolve) => setImmediate(resolve));
      if (performance.now() >= until) return;
    }
  }

  /** Waits for a save in flight. Throws what it would have thrown. */
  async settle(): Promise<void> {
    await this.#inFlight;
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure.error;
  }

  async #save(
    step: number,
    memory: RunMemory,
    { mustSucceed, copied }: { readonly mustSucceed: boolean; readonly copied?: () => void },
  ): Promise<void> {
    const started = performance.now();
    const path = join(this.#options.modelDir, checkpointName);
    const prefix = `${path}-${step}`;
    try {
      await this.#write(this.#saver, path, step, { memory, copied });
    } catch (error) {
      this.#failed++;
      if (!(error instanceof OpError)) throw error;
      const told = this.#asToUser(error, prefix);
      if (mustSucceed || this.#failed >= this.#options.maxFailedSaves) throw told;
      this.#report({ event: "warn", message: `save of step ${step} failed: ${told.message}; training goes on` });
      return;
    }
    this.#failed = 0;
    this.last = { step, prefix };
    const bytes = bytesOfFiles(checkpointFiles(prefix));
    this.#report({ event: "save", step, path: prefix, bytes, ms: Math.round(performance.now() - started) });
  }

  async saveBest(step: number, memory: RunMemory): Promise<void> {
    if (!this.#bestSaver) return;
    await this.settle();
    try {
      await this.#write(this.#bestSaver, join(this.#options.modelDir, "best", checkpointName), step, { memory });
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
      this.#report({ event: "warn", message: `the best checkpoint was not kept: ${error.message}` });
    }
  }

  /** After an fsync that failed the system has dropped the bytes: all files are written anew, once, unless the variables have changed since. */
  async #write(
    saver: Saver,
    path: string,
    step: number,
    { memory: { state, arrays }, copied }: { readonly memory: RunMemory; readonly copied?: (() => void) | undefined },
  ): Promise<void> {
    nodeFiles.mkdir(dirname(path));
    const beside = {
      ...(arrays.length > 0 ? { [queuesSuffix]: encodeQueues(arrays) } : {}),
      ".state.json": encodeRunState(state),
    };
    const options = { globalStep: step, beside, sums: true, verify: this.#options.verifies, copied };
    try {
      await saver.save(this.#sess, path, options);
    } catch (error) {
      if (errnoOf(error) !== "EIO" || copied) throw error;
      await saver.save(this.#sess, path, options);
    }
  }

  /** The failure of a save, with what is left: path, free space, the checkpoint before. Exit code 1, whatever the cause. */
  #asToUser(error: OpError, prefix: string): OpError {
    const { modelDir } = this.#options;
    const intact = this.last ? `. ${basename(this.last.prefix)} is intact` : "";
    if (error.code !== "RESOURCE_EXHAUSTED") {
      error.message = `cannot save ${prefix}: ${error.message}${intact}`;
      return Object.assign(error, { exit: 1 });
    }
    const needed = shownBytes(roomFor(VariableSnapshot.bytesOf(this.#sess.state)));
    const free = shownBytes(freeBytes(modelDir));
    const message = `disk full while saving ${basename(prefix)} (${needed} needed, ${free} free in ${modelDir})${intact}`;
    return Object.assign(new ResourceExhaustedError(message, { cause: error }), { exit: 1 });
  }

  /** The name of a variable that holds a NaN or an infinity. */
  nonFinite(): string | null {
    for (const variable of this.#sess.state.variables) {
      const value = this.#sess.state.readVariable(variable);
      if (value && holdsNonFinite(value, variable.dtype)) return variable.value.name;
    }
    return null;
  }

  /** Keeps a state that is not finite beside the checkpoints, in `nan-N`, which nothing lists; the error to end with. */
  async refuse(
    step: number,
    what: string,
    { hint, cause }: { hint?: string; cause?: () => Promise<string | null> } = {},
  ): Promise<InvalidArgumentError> {
    const path = join(this.#options.modelDir, "nan");
    let kept = `; the state is in ${path}-${step}, which no run goes on from`;
    try {
      this.#options.lock?.assertHeld();
      nodeFiles.mkdir(this.#options.modelDir);
      await this.#saver.save(this.#sess, path, { globalStep: step, writeState: false, verify: false });
    } catch (error) {
      if (!(error instanceof OpError)) throw error; // A full disk does not hide the cause.
      kept = "";
    }
    const last = this.last ? `last good checkpoint ${basename(this.last.prefix)}` : "no checkpoint was saved";
    const advice =
      hint ?? "Try a smaller --learning_rate, or tf.clip_by_value before tf.log; find it with --check_numerics";
    const found = await cause?.();
    const where = found ? ` (first bad op: ${found})` : "";
    const error = new InvalidArgumentError(`${what} at step ${step}${where}; ${last}`, { hint: `${advice}${kept}` });
    return Object.assign(error, { exit: 5 });
  }
}

function freeBytes(folder: string): number {
  try {
    return nodeFiles.freeBytes(folder);
  } catch {
    return 0;
  }
}

function shownBytes(bytes: number): string {
  const [unit, size] = bytes < 1000 ? ["B", 1] : bytes < 1e6 ? ["kB", 1e3] : bytes < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  return `${Number((bytes / (size as number)).toPrecision(3))} ${unit}`;
}

function holdsNonFinite(value: NdArray, dtype: DType): boolean {
  const { data } = value;
  if (data instanceof Float32Array || data instanceof Float64Array) {
    // x * 0 is 0 for a finite x, and NaN for any other.
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += data[i]! * 0;
    return sum !== 0;
  }
  const exponent = dtype.base === "float16" ? 0x7c00 : dtype.base === "bfloat16" ? 0x7f80 : 0;
  return exponent !== 0 && (data as Uint16Array).some((bits) => (bits & exponent) === exponent);
}
