/** `tf.train.CheckpointManager`: numbers checkpoints in a folder and deletes old ones. Source: checkpoint/checkpoint_management.py. */
import { isAbsolute, join } from "node:path";
import { Variable } from "../../build/variables/variable.ts";
import { ValueError } from "../../core/error.ts";
import { nowSeconds } from "../../core/host.ts";
import type { SessionLike } from "../../graph/scopes.ts";
import { deleteCheckpoint } from "../../io/checkpoint/state.ts";
import { nodeFiles } from "../../io/file_system.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { getCheckpointState, updateCheckpointState } from "../checkpoint_state.ts";
import type { Checkpoint, SaveOptions } from "./checkpoint.ts";

export interface ManagerOptions {
  /** How many are kept; null keeps all. */
  readonly maxToKeep: number | null;
  /** One of every so many hours is kept for ever. */
  readonly keepCheckpointEveryNHours?: number | null;
  readonly checkpointName?: string;
  /** Numbers checkpoints in place of the save counter, and with checkpointInterval decides when. */
  readonly stepCounter?: Variable | null;
  readonly checkpointInterval?: number | null;
  /** Called where there is nothing to restore. */
  readonly initFn?: (() => void) | null;
}

const managerOrder = [
  "maxToKeep",
  "keepCheckpointEveryNHours",
  "checkpointName",
  "stepCounter",
  "checkpointInterval",
  "initFn",
] as const;

interface ManagerSave extends SaveOptions {
  /** In place of the counter's. */
  readonly checkpointNumber?: number | Variable | null | undefined;
  /** Does the interval count? True by default. */
  readonly checkInterval?: boolean | undefined;
}
const saveOrder = ["checkpointNumber", "checkInterval", "options"] as const;

/** Saves checkpoints of objects under rising numbers, and deletes all but the newest `maxToKeep`. */
export class CheckpointManager {
  readonly checkpoint: Checkpoint;
  readonly directory: string;
  readonly checkpointInterval: number | null;
  readonly #options: ManagerOptions;
  readonly #prefix: string;
  /** Paths that may be deleted, with the time of each. */
  #kept = new Map<string, number>();
  #lastPreserved: number;
  #latest: string | null;
  #lastStep: number | null = null;

  /** Throws ValueError for maxToKeep below 1, or an interval without a counter. */
  constructor(checkpoint: Checkpoint, directory: string, ...rest: Rest<ManagerOptions, typeof managerOrder>) {
    const options: ManagerOptions = byName(rest, managerOrder);
    const { maxToKeep = null, checkpointInterval = null, stepCounter = null, checkpointName = "ckpt" } = options;
    if (maxToKeep !== null && maxToKeep <= 0) {
      throw new ValueError(`Expected a positive integer or \`None\` for \`max_to_keep\`, got ${maxToKeep}.`);
    }
    if (checkpointInterval !== null && stepCounter === null)
      throw new ValueError("`step_counter` should be passed if `checkpoint_interval` is not None.");
    this.checkpoint = checkpoint;
    this.directory = directory;
    this.checkpointInterval = checkpointInterval;
    this.#options = options;
    this.#prefix = join(directory, checkpointName);
    const state = nodeFiles.stat(directory) ? getCheckpointState(directory) : null;
    const now = nowSeconds();
    this.#latest = state ? state.modelCheckpointPath : null;
    this.#lastPreserved = state?.lastPreservedTimestamp ?? now;
    for (const [i, path] of (state?.allModelCheckpointPaths ?? []).entries())
      this.#kept.set(path, state!.allModelCheckpointTimestamps[i] ?? now);
    this.#sweep();
  }

  /** The path of the newest, or null. */
  get latestCheckpoint(): string | null {
    return this.#latest;
  }

  /** Paths of all that are kept, oldest first. */
  get checkpoints(): string[] {
    return [...this.#kept.keys()];
  }

  /** Saves, unless the interval says it is too early (then null); the path. */
  async save(...rest: Rest<ManagerSave, typeof saveOrder>): Promise<string | null> {
    const { checkpointNumber, checkInterval = true, session, options }: ManagerSave = byName(rest, saveOrder);
    const { stepCounter } = this.#options;
    if (this.checkpointInterval !== null && checkInterval && stepCounter) {
      const step = await numberOf(stepCounter, session);
      if (this.#lastStep !== null && step < this.#lastStep + this.checkpointInterval) return null;
      this.#lastStep = step;
    }
    const given = checkpointNumber ?? stepCounter ?? null;
    const path =
      given === null
        ? await this.checkpoint.save(this.#prefix, { session, options })
        : await this.checkpoint.write(`${this.#prefix}-${await numberOf(given, session)}`, { session, options });
    this.#latest = path;
    this.#kept.delete(path);
    this.#kept.set(path, nowSeconds());
    this.#sweep();
    this.#record();
    return path;
  }

  #sweep(): void {
    const { maxToKeep, keepCheckpointEveryNHours = null } = this.#options;
    if (maxToKeep === null) return;
    while (this.#kept.size > maxToKeep) {
      const [path, time] = this.#kept.entries().next().value!;
      this.#kept.delete(path);
      if (keepCheckpointEveryNHours !== null && time - keepCheckpointEveryNHours * 3600 >= this.#lastPreserved) {
        this.#lastPreserved = time;
        continue;
      }
      deleteCheckpoint(path);
    }
  }

  #record(): void {
    const inside = (path: string): string =>
      isAbsolute(path) || !isAbsolute(this.directory) ? path : join(this.directory, path);
    updateCheckpointState(this.directory, this.#latest!, {
      allModelCheckpointPaths: this.checkpoints.map(inside),
      allModelCheckpointTimestamps: [...this.#kept.values()],
      lastPreservedTimestamp: this.#lastPreserved,
      saveRelativePaths: true,
    });
  }

  /** Restores the newest; else calls initFn. The path restored, or null. */
  async restoreOrInitialize(): Promise<string | null> {
    if (this.#latest !== null) {
      await this.checkpoint.restore(this.#latest);
      if (this.#options.stepCounter) this.#lastStep = await numberOf(this.#options.stepCounter);
      return this.#latest;
    }
    this.#options.initFn?.();
    return null;
  }
}

/** A number, or the value of a counter: in the session given, or in the default one, where it lies in a graph. */
async function numberOf(value: number | Variable, session?: SessionLike | null): Promise<number> {
  if (!(value instanceof Variable)) return value;
  const found = value.graph.isEager ? value.numpy() : await value.eval(session ?? undefined);
  return Number(found.item());
}
