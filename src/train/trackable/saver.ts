/** Savers where ops run at once: variables by their names, in the files of tf.train.Saver. Source: saver.py; contrib/eager/python/saver.py. */
import { dirname } from "node:path";
import { Variable } from "../../build/variables/variable.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import { nowSeconds } from "../../core/host.ts";
import { BundleWriter } from "../../io/checkpoint/bundle_writer.ts";
import { openCheckpoint } from "../../io/checkpoint/open.ts";
import { deleteCheckpoint } from "../../io/checkpoint/state.ts";
import { checkpointExists, updateCheckpointState } from "../checkpoint_state.ts";

/** Variables, or those of a record under names of one's own. */
export type NamedVariables = readonly Variable[] | Variable | Readonly<Record<string, Variable>>;

interface SaverLimits {
  /** How many checkpoints are kept; 5 by default, all for null or 0. */
  readonly maxToKeep?: number | null | undefined;
}

interface Step {
  readonly globalStep?: number | Variable | null | undefined;
}

/** `tf.contrib.eager.Saver`. */
export class Saver {
  readonly #variables: ReadonlyMap<string, Variable>;
  readonly #maxToKeep: number;
  readonly #kept = new Map<string, number>();

  /** Throws RuntimeError without variables, ValueError for two of one name. */
  constructor(variables: NamedVariables | null | undefined, { maxToKeep = 5 }: SaverLimits = {}) {
    if (!variables) {
      throw new RuntimeError(
        "When eager execution is enabled, `var_list` must specify a list or dict of variables to save",
      );
    }
    const list =
      variables instanceof Variable
        ? [[variables.op.name, variables] as const]
        : Array.isArray(variables)
          ? (variables as readonly Variable[]).map((each) => [each.op.name, each] as const)
          : Object.entries(variables as Readonly<Record<string, Variable>>);
    if (new Set(list.map(([name]) => name)).size !== list.length) {
      const twice = list.find(([name], i) => list.findIndex(([other]) => other === name) !== i)!;
      throw new ValueError(`At least two variables have the same name: ${twice[0]}`);
    }
    this.#variables = new Map(list);
    this.#maxToKeep = maxToKeep ?? 0;
  }

  /** Writes `<prefix>`, or `<prefix>-<step>`, and names it in the folder's state file; its path. */
  async save(filePrefix: string, { globalStep = null }: Step = {}): Promise<string> {
    const step = globalStep instanceof Variable ? globalStep.numpy().item() : globalStep;
    const path = step === null ? filePrefix : `${filePrefix}-${step}`;
    const writer = new BundleWriter(path);
    try {
      for (const [name, variable] of [...this.#variables].sort(([a], [b]) => (a < b ? -1 : 1)))
        await writer.add(name, variable.numpy());
      await writer.finish();
    } catch (error) {
      writer.abort();
      throw error;
    }
    this.#kept.delete(path);
    this.#kept.set(path, nowSeconds());
    while (this.#maxToKeep > 0 && this.#kept.size > this.#maxToKeep) {
      const oldest = this.#kept.keys().next().value!;
      this.#kept.delete(oldest);
      deleteCheckpoint(oldest);
    }
    updateCheckpointState(dirname(path), path, {
      allModelCheckpointPaths: [...this.#kept.keys()],
      allModelCheckpointTimestamps: [...this.#kept.values()],
    });
    return path;
  }

  /** Sets the variables. Throws ValueError where there is no checkpoint, NOT_FOUND for a variable that it lacks. */
  async restore(path: string): Promise<void> {
    if (!checkpointExists(path)) throw new ValueError(`The passed save_path is not a valid checkpoint: ${path}`);
    const { reader } = openCheckpoint(path);
    try {
      for (const [name, variable] of this.#variables) variable.assign(await reader.read(name));
    } finally {
      reader.close();
    }
  }
}

/** A tf.train.Saver where ops run at once: it takes a session, as ever, and does not look at it. */
export class SaverAtOnce {
  readonly #saver: Saver;

  constructor(variables: NamedVariables | null, limits: SaverLimits) {
    this.#saver = new Saver(variables, limits);
  }

  save(_: unknown, savePath: string, options: Step = {}): Promise<string> {
    return this.#saver.save(savePath, options);
  }

  restore(_: unknown, savePath: string): Promise<void> {
    return this.#saver.restore(savePath);
  }
}
