/** The checkpoints of a run: saved under the folder's lock, never with a value that is not finite; some may fail, not many in a row. */
import { basename, dirname, join } from "node:path";
import type { DType } from "../../core/dtype.ts";
import { InvalidArgumentError, OpError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { checkpointFiles } from "../../io/checkpoint/state.ts";
import { nodeFiles } from "../../io/file_system.ts";
import type { FolderLock } from "../../io/folder_lock.ts";
import type { Session } from "../../session/session.ts";
import { getCheckpointState } from "../checkpoint_state.ts";
import type { Report } from "../report.ts";
import { Saver } from "../saver.ts";
import { bytesOfFiles, checkpointName, type RunState, runStateFile, stepOfPrefix } from "./run_directory.ts";

export interface CheckpointOptions {
  readonly modelDir: string;
  readonly maxToKeep: number;
  readonly keepsBest: boolean;
  /** Saves that may fail one after another before the run ends. */
  readonly maxFailedSaves: number;
  readonly allowNan: boolean;
  readonly verifies: boolean;
  readonly lock: FolderLock | null;
}

type Untimed = { [K in Report["event"]]: Omit<Extract<Report, { event: K }>, "time"> }[Report["event"]];

export class RunCheckpoints {
  /** The newest, of this process or the one before. */
  last: { step: number; prefix: string } | null = null;
  readonly #sess: Session;
  readonly #options: CheckpointOptions;
  readonly #report: (report: Untimed) => void;
  readonly #saver: Saver;
  readonly #bestSaver: Saver | null;
  #failed = 0;

  /** Makes the savers' nodes in the default graph. */
  constructor(options: CheckpointOptions, session: Session, report: (report: Untimed) => void) {
    this.#options = options;
    this.#sess = session;
    this.#report = report;
    this.#saver = new Saver({ maxToKeep: options.maxToKeep });
    this.#bestSaver = options.keepsBest ? new Saver({ maxToKeep: 1 }) : null;
  }

  async restore(prefix: string): Promise<void> {
    await this.#saver.restore(this.#sess, prefix);
    const known = getCheckpointState(this.#options.modelDir)?.allModelCheckpointPaths;
    this.#saver.recoverLastCheckpoints([...(known ?? [])]);
    this.last = { step: stepOfPrefix(prefix) ?? -1, prefix };
  }

  /**
   * Saves, unless the newest is of this step. Throws INVALID_ARGUMENT for values that are not finite. A save that fails is reported, and
   * thrown when it `mustSucceed`, when too many failed in a row, or when another process holds the lock.
   */
  async save(step: number, state: () => RunState, { mustSucceed }: { mustSucceed: boolean }): Promise<void> {
    if (this.last?.step === step) return;
    const bad = this.#options.allowNan ? null : this.nonFinite();
    if (bad) throw await this.refuse(step, `variable ${bad} is not finite`);
    this.#options.lock?.assertHeld();
    const started = performance.now();
    const path = join(this.#options.modelDir, checkpointName);
    try {
      await this.#write(this.#saver, path, step, state());
    } catch (error) {
      this.#failed++;
      if (!(error instanceof OpError) || mustSucceed || this.#failed >= this.#options.maxFailedSaves) throw error;
      this.#report({ event: "warn", message: `save of step ${step} failed: ${error.message}; training goes on` });
      return;
    }
    this.#failed = 0;
    const prefix = `${path}-${step}`;
    this.last = { step, prefix };
    const bytes = bytesOfFiles(checkpointFiles(prefix));
    this.#report({ event: "save", step, path: prefix, bytes, ms: Math.round(performance.now() - started) });
  }

  async saveBest(step: number, state: RunState): Promise<void> {
    if (this.#bestSaver)
      await this.#write(this.#bestSaver, join(this.#options.modelDir, "best", checkpointName), step, state);
  }

  async #write(saver: Saver, path: string, step: number, state: RunState): Promise<void> {
    nodeFiles.mkdir(dirname(path));
    const { verifies } = this.#options;
    await saver.save(this.#sess, path, { globalStep: step, beside: runStateFile(state), sums: true, verify: verifies });
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
  async refuse(step: number, what: string): Promise<InvalidArgumentError> {
    const path = join(this.#options.modelDir, "nan");
    try {
      await this.#saver.save(this.#sess, path, { globalStep: step, writeState: false, verify: false });
    } catch (error) {
      if (!(error instanceof OpError)) throw error; // A full disk does not hide the cause.
    }
    const last = this.last ? `last good checkpoint ${basename(this.last.prefix)}` : "no checkpoint was saved";
    const error = new InvalidArgumentError(`${what} at step ${step}; ${last}`, {
      hint: `Try a smaller --learning_rate, or tf.clipByValue before tf.log; the state is in ${path}-${step}, which no run goes on from`,
    });
    return Object.assign(error, { exit: 5 });
  }
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
