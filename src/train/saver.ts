/** `tf.train.Saver`: checkpoints of variables, the newest few kept. Source: tensorflow/python/training/saver.py. */
import { basename, dirname } from "node:path";
import { GraphKeys } from "../build/collections.ts";
import { registerCollectionForm } from "../build/meta_graph/collections.ts";
import { stripNameScope } from "../build/meta_graph/scope_names.ts";
import { makeSaverNodes, type SavedVariables, savedNames } from "../build/saver_nodes.ts";
import type { Variable } from "../build/variables/variable.ts";
import {
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  OpError,
  RuntimeError,
  TypeError,
  ValueError,
} from "../core/error.ts";
import { nowSeconds } from "../core/host.ts";
import { elementAt, NdArray } from "../core/nd_array.ts";
import { elementCount, isFull } from "../core/shape.ts";
import * as logging from "../core/text/logging.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { makeFolderOf } from "../io/checkpoint/bundle_writer.ts";
import { CheckpointCommit } from "../io/checkpoint/save/commit.ts";
import { nodeFiles, removeQuietly, withoutTemporaryNames } from "../io/file_system.ts";
import { isInside } from "../io/paths.ts";
import { byName, type Rest } from "../ops/options.ts";
import { SaverDef } from "../proto/classes.ts";
import { decode, encode, pb } from "../proto/messages.ts";
import { printText } from "../proto/text_format.ts";
import { Session } from "../session/session.ts";
import {
  checkpointExists,
  getCheckpointMtimes,
  metaGraphFilename,
  removeCheckpoint,
  updateCheckpointState,
} from "./checkpoint_state.ts";
import { checkNames, explained, keysByName } from "./files/object_keys.ts";
import {
  deprecatedFormat,
  exportOrder,
  inScope,
  isOptions,
  type SaveOptions,
  type SaverOptions,
  saveOrder,
  saverOrder,
} from "./files/saver_options.ts";
import { type ExportMetaGraphOptions, exportMetaGraph } from "./meta_graph.ts";
import { type NamedVariables, SaverAtOnce } from "./trackable/saver.ts";

export type { SaveOptions, SaverOptions };

interface Written {
  readonly prefix: string;
  readonly seconds: number;
  /** Named by a state file, not written by this saver: deleted only where this saver writes. */
  readonly isRecovered: boolean;
}

const { V1, V2 } = pb.SaverDef.CheckpointFormatVersion;
/**
 * Makes the nodes that save and restore variables in the default graph. `new Saver()`, `new Saver(variables)`, `new Saver({ maxToKeep })` or
 * both: `new Saver(variables, options)`. Throws ValueError `No variables to save`, TypeError for what is no variable.
 */
export class Saver {
  saverDef: pb.SaverDef.$Properties | null;
  readonly #options: SaverOptions;
  readonly #variables: SavedVariables | null;
  #isBuilt = false;
  #isEmpty = false;
  #last: Written[] = [];
  readonly #outdated: Written[] = [];
  #nextKeptSeconds = 0;
  /** Reads checkpoints of objects under their keys. */
  #ofObjects: Saver | null = null;

  constructor(variables?: SavedVariables | SaverOptions | null, ...rest: Rest<SaverOptions, typeof saverOrder>) {
    const given =
      variables && rest.length === 0 && isOptions(variables) ? null : ((variables as SavedVariables) ?? null);
    this.#options =
      rest.length > 0 ? byName(rest, saverOrder) : given === null ? ((variables as SaverOptions) ?? {}) : {};
    this.#variables = given ?? this.#options.varList ?? null;
    this.saverDef = this.#options.saverDef ? { ...this.#options.saverDef } : null;
    if (getDefaultGraph().isEager) {
      // biome-ignore lint/correctness/noConstructorReturn: where ops run at once there is no graph to save with
      return new SaverAtOnce(this.#variables as NamedVariables | null, this.#options) as unknown as Saver;
    }
    if (this.#options.deferBuild) {
      if (this.#variables) {
        throw new ValueError(
          "If `var_list` is provided then build cannot be deferred. Either set defer_build=False or var_list=None.",
        );
      }
    } else this.build();
  }

  /** Makes the nodes, once. */
  build(): void {
    if (this.#isBuilt) return;
    this.#isBuilt = true;
    const { name, sharded = false, reshape = false, maxToKeep = 5, keepCheckpointEveryNHours = 10_000 } = this.#options;
    const { filename, keys, writeVersion = V2 } = this.#options;
    if (this.saverDef) this.saverDef = inScope(this.saverDef, name);
    else {
      const variables = this.#variables ?? savedByDefault();
      if (Object.keys(variables).length === 0) {
        if (!this.#options.allowEmpty) throw new ValueError("No variables to save");
        this.#isEmpty = true;
        return;
      }
      const nodes = makeSaverNodes(variables, {
        name,
        filename,
        sharded,
        reshape,
        keys,
        isFirstVersion: writeVersion === V1,
      });
      this.saverDef = {
        filenameTensorName: nodes.filename.name,
        saveTensorName: nodes.save.name,
        restoreOpName: nodes.restore.name,
        maxToKeep: maxToKeep ?? 0,
        sharded,
        keepCheckpointEveryNHours,
        version: writeVersion,
      };
    }
    if (!this.saverDef.saveTensorName)
      throw new ValueError(`saver_def must specify the save_tensor_name: ${this.#defText()}`);
    if (!this.saverDef.restoreOpName)
      throw new ValueError(`saver_def must specify the restore_op_name: ${this.#defText()}`);
    this.#nextKeptSeconds = nowSeconds() + this.#keepEverySeconds;
  }

  #defText(): string {
    return printText("SaverDef", encode(pb.SaverDef, this.saverDef!));
  }

  get #keepEverySeconds(): number {
    return (this.saverDef?.keepCheckpointEveryNHours ?? 10_000) * 3600;
  }

  /**
   * Writes the values of the variables in the session and the graph beside them. The prefix of the checkpoint (null for an empty saver):
   * `restore` takes it. When it resolves, the checkpoint is durable and the state file names it; a save that fails leaves everything as
   * it was. The folder is made when its parent is there. Throws ValueError without, FAILED_PRECONDITION for variables without a value,
   * RESOURCE_EXHAUSTED on a full disk.
   */
  async save(sess: Session, savePath: string, ...rest: Rest<SaveOptions, typeof saveOrder>): Promise<string | null> {
    const options: SaveOptions = byName(rest, saveOrder);
    const { metaGraphSuffix = "meta", writeMetaGraph = true, writeState = true, beside = {}, verify, sums } = options;
    const { stripDefaultAttrs = false } = options;
    const latestFilename = options.latestFilename ?? "checkpoint";
    if (!this.#isBuilt) throw new RuntimeError("`build()` should be called before save if defer_build==True");
    if (basename(latestFilename) !== latestFilename)
      throw new ValueError("'latest_filename' must not contain path components");
    if (!(sess instanceof Session))
      throw new TypeError(`'sess' must be a Session; ${sess === null ? "None" : String(sess)}`);
    const checkpoint = await this.#prefixFor(sess, savePath, latestFilename, options.globalStep ?? null);
    const parent = dirname(savePath);
    if (this.#options.writeVersion === V1) return this.#saveFirstVersion(sess, checkpoint, { ...options, parent });
    const kept = { last: this.#last, nextKeptSeconds: this.#nextKeptSeconds };
    let commit: CheckpointCommit | null = null;
    let deletes: readonly string[] = [];
    try {
      makeFolderOf(savePath);
      deletes = writeState ? this.#outdatedAfter(checkpoint, parent) : [];
      commit = new CheckpointCommit(checkpoint, { deletes, expectedBytes: this.#savedBytes(sess), verify, sums });
      const running = this.#isEmpty ? null : this.#run(sess, commit.pending);
      options.copied?.(); // nodes that wait got copies of their inputs
      await running;
      if (writeMetaGraph) {
        const metaGraph = sess.graph.asDefault(() => this.exportMetaGraph(null, { stripDefaultAttrs }));
        const suffix = metaGraphFilename(checkpoint, metaGraphSuffix).slice(checkpoint.length);
        await commit.addBeside(suffix, encode(pb.MetaGraphDef, metaGraph));
      }
      for (const [suffix, bytes] of Object.entries(beside)) await commit.addBeside(suffix, bytes);
      await commit.finish();
      if (writeState && !this.#isEmpty) this.#writeState(checkpoint, parent, latestFilename);
    } catch (error) {
      commit?.abort(latestFilename);
      this.#last = kept.last;
      this.#nextKeptSeconds = kept.nextKeptSeconds;
      if (error instanceof OpError) error.message = withoutTemporaryNames(error.message);
      const isFolderError = error instanceof FailedPreconditionError || error instanceof NotFoundError;
      if (isFolderError && !nodeFiles.stat(parent)?.isDirectory)
        throw new ValueError(`Parent directory of ${savePath} doesn't exist, can't save.`, { cause: error });
      throw error;
    }
    const warn = (error: unknown): void =>
      logging.warn(`Ignoring: ${error instanceof Error ? error.message : String(error)}`);
    commit.close(warn);
    if (metaGraphSuffix !== "meta")
      for (const prefix of deletes) removeQuietly(nodeFiles, metaGraphFilename(prefix, metaGraphSuffix));
    return this.#isEmpty ? null : checkpoint;
  }

  async #prefixFor(
    sess: Session,
    savePath: string,
    latestFilename: string,
    step: SaveOptions["globalStep"] | null,
  ): Promise<string> {
    if (step === null || step === undefined) {
      if (basename(savePath) === latestFilename && !this.#options.sharded) {
        throw new ValueError(`'latest_filename' collides with 'save_path': '${latestFilename}' and '${savePath}'`);
      }
      return savePath;
    }
    const count = typeof step === "number" || typeof step === "bigint" ? step : await globalStep(sess, step);
    return `${savePath}-${this.#options.padStepNumber ? String(count).padStart(8, "0") : count}`;
  }

  /** Saves in the format of the first version: one file, or one for each device. What is written has its own name at once. */
  async #saveFirstVersion(
    sess: Session,
    checkpoint: string,
    options: SaveOptions & { readonly parent: string },
  ): Promise<string | null> {
    const { parent, latestFilename, metaGraphSuffix = "meta", writeMetaGraph = true, writeState = true } = options;
    for (const line of deprecatedFormat) logging.warn(line);
    const { saveTensorName, filenameTensorName } = this.saverDef ?? {};
    let written: string | null = null;
    if (!this.#isEmpty) {
      if (!nodeFiles.stat(parent)?.isDirectory)
        throw new ValueError(`Parent directory of ${checkpoint} doesn't exist, can't save.`);
      const path = await sess.run(saveTensorName!, { feedDict: [[filenameTensorName!, checkpoint]] });
      written = String(path instanceof NdArray ? path.item() : path);
      if (writeState) {
        const outdated = this.#outdatedAfter(written, parent);
        this.#writeState(written, parent, latestFilename ?? "checkpoint");
        for (const prefix of outdated) removeCheckpoint(prefix, metaGraphSuffix);
      }
    }
    if (writeMetaGraph) {
      const file = metaGraphFilename(checkpoint, metaGraphSuffix);
      sess.graph.asDefault(() => this.exportMetaGraph(file, { stripDefaultAttrs: options.stripDefaultAttrs }));
    }
    return written;
  }

  /** Saves under a prefix; errors name the one that the caller gave. */
  async #run(sess: Session, pending: string): Promise<void> {
    const { saveTensorName, filenameTensorName } = this.saverDef!;
    await sess.run(saveTensorName!, { feedDict: [[filenameTensorName!, pending]] });
  }

  /** Bytes of the variables as far as their shapes are known. */
  #savedBytes(sess: Session): number {
    if (this.#isEmpty) return 0;
    const variables = sess.graph.getCollection<Variable>(GraphKeys.GLOBAL_VARIABLES);
    let bytes = 0;
    for (const { shape, dtype } of variables)
      if (shape && isFull(shape)) bytes += elementCount(shape) * dtype.baseDtype.sizeBytes;
    return bytes;
  }

  /** Counts the checkpoint among the kept ones; gives those that go for it. */
  #outdatedAfter(prefix: string, parent: string): string[] {
    this.#record(prefix);
    return this.#outdated
      .splice(0)
      .filter((each) => this.#isToGo(each, parent))
      .map((each) => each.prefix);
  }

  #record(prefix: string): void {
    const { maxToKeep } = this.saverDef!;
    if (!maxToKeep) return;
    const others = this.#last.filter((each) => each.prefix !== prefix);
    this.#last = [...others, { prefix, seconds: nowSeconds(), isRecovered: false }];
    const surplus = Math.max(0, this.#last.length - maxToKeep);
    this.#outdated.push(...this.#last.splice(0, surplus));
  }

  #isToGo(oldest: Written, parent: string): boolean {
    if (oldest.seconds > this.#nextKeptSeconds) {
      this.#nextKeptSeconds += this.#keepEverySeconds;
      return false;
    }
    return !oldest.isRecovered || isInside(parent, dirname(oldest.prefix));
  }

  #writeState(prefix: string, parent: string, latestFilename: string): void {
    updateCheckpointState(parent, prefix, {
      allModelCheckpointPaths: this.lastCheckpoints,
      latestFilename,
      saveRelativePaths: this.#options.saveRelativePaths,
    });
  }

  /** Gives the variables their values from a checkpoint. Throws ValueError when there is none, NOT_FOUND and INVALID_ARGUMENT when it does not fit the graph. */
  async restore(sess: Session, savePath: string | null): Promise<void> {
    if (this.#isEmpty) return;
    if (savePath === null || savePath === undefined) throw new ValueError("Can't load save_path when it is None.");
    if (!checkpointExists(savePath))
      throw new ValueError(`The passed save_path is not a valid checkpoint: ${savePath}`);
    logging.info("Restoring parameters from %s", savePath);
    const { restoreOpName, filenameTensorName } = this.saverDef!;
    try {
      await sess.run(restoreOpName!, { feedDict: [[filenameTensorName!, savePath]] });
    } catch (error) {
      if (error instanceof NotFoundError) return this.#restoreObjects(sess, savePath, error);
      if (error instanceof InvalidArgumentError)
        throw explained(error, "a mismatch between the current graph and the graph");
      throw error;
    }
  }

  /** Restores a checkpoint that tf.train.Checkpoint wrote, by the names that its variables had. */
  async #restoreObjects(sess: Session, savePath: string, error: NotFoundError): Promise<void> {
    const keys = await keysByName(savePath);
    if (!keys) throw explained(error, "a Variable name or other graph key that is missing");
    logging.warn(
      "Restoring an object-based checkpoint using a name-based saver. This may be somewhat fragile, and will re-build the Saver. Instead, consider loading object-based checkpoints using tf.train.Checkpoint().",
    );
    const variables = this.#variables ?? sess.graph.asDefault(savedByDefault);
    checkNames(savedNames(variables), keys);
    this.#ofObjects ??= sess.graph.asDefault(() => new Saver(variables, { keys }));
    await this.#ofObjects.restore(sess, savePath);
  }

  /** The prefixes that are not deleted yet, oldest first. */
  get lastCheckpoints(): string[] {
    return this.#last.map((each) => each.prefix);
  }

  /** These are never deleted by their age. */
  setLastCheckpoints(prefixes: readonly string[]): void {
    this.setLastCheckpointsWithTime(prefixes.map((prefix) => [prefix, Number.POSITIVE_INFINITY]));
  }

  setLastCheckpointsWithTime(checkpoints: readonly (readonly [prefix: string, seconds: number])[]): void {
    this.#last = checkpoints.map(([prefix, seconds]) => ({ prefix, seconds, isRecovered: true }));
  }

  /** Goes on counting the checkpoints of an earlier process, as far as they are there. */
  recoverLastCheckpoints(prefixes: readonly string[]): void {
    this.setLastCheckpointsWithTime(
      prefixes.flatMap((prefix) => getCheckpointMtimes([prefix]).map((seconds): [string, number] => [prefix, seconds])),
    );
  }

  /** Its SaverDef as a message; null before `build`. */
  asSaverDef(): SaverDef | null {
    return this.saverDef && new SaverDef(this.saverDef);
  }

  /** Its SaverDef; null when it lies outside the scope that is exported. */
  toProto(exportScope?: string): pb.SaverDef.$Properties | null {
    if (!exportScope || !this.saverDef) return this.saverDef;
    const { filenameTensorName, saveTensorName, restoreOpName } = this.saverDef;
    if (![filenameTensorName, saveTensorName, restoreOpName].every((name) => name!.startsWith(exportScope)))
      return null;
    const stripped = (name: string): string => stripNameScope(name, exportScope);
    return {
      ...this.saverDef,
      filenameTensorName: stripped(filenameTensorName!),
      saveTensorName: stripped(saveTensorName!),
      restoreOpName: stripped(restoreOpName!),
    };
  }

  static fromProto(saverDef: pb.SaverDef.$Properties, importScope?: string): Saver {
    return new Saver({ saverDef, name: importScope });
  }

  /** The default graph with this saver; also written to the file when one is named. */
  exportMetaGraph(
    filename?: string | null,
    ...rest: Rest<Omit<ExportMetaGraphOptions, "saverDef">, typeof exportOrder>
  ): pb.MetaGraphDef.$Properties {
    const options: Omit<ExportMetaGraphOptions, "saverDef"> = byName(rest, exportOrder);
    const isCut = options.exportScope || options.clearDevices || options.clearExtraneousSavers;
    const graphDef = isCut ? getDefaultGraph().asGraphDef({ addShapes: true }) : undefined;
    return exportMetaGraph(filename, { graphDef, ...options, saverDef: this.saverDef });
  }
}

const savedByDefault = (): SavedVariables =>
  [GraphKeys.GLOBAL_VARIABLES, GraphKeys.SAVEABLE_OBJECTS].flatMap((key) =>
    getDefaultGraph().getCollection<Variable>(key),
  );

/** The value of a global step in a session: of a variable, a tensor or a tensor's name. */
export async function globalStep(sess: Session, step: Variable | Tensor | string): Promise<number> {
  const value: unknown = await sess.run(step as Tensor);
  return Number(value instanceof NdArray ? elementAt(value, 0) : value);
}

registerCollectionForm(GraphKeys.SAVERS, {
  toBytes: (item, scope) => {
    const def = (item as Saver).toProto(scope);
    return def && encode(pb.SaverDef, def);
  },
  fromBytes: (bytes, scope) => Saver.fromProto(decode(pb.SaverDef, bytes), scope),
});
