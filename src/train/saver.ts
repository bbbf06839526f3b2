/** `tf.train.Saver`: checkpoints of variables, the newest few kept. Source: tensorflow/python/training/saver.py. */
import { basename, dirname, relative, resolve } from "node:path";
import { GraphKeys } from "../build/collections.ts";
import { registerCollectionForm } from "../build/meta_graph/collections.ts";
import { makeSaverNodes, type SavedVariables } from "../build/saver_nodes.ts";
import { Variable } from "../build/variables/variable.ts";
import {
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  type OpError,
  opError,
  RuntimeError,
  TypeError,
  ValueError,
} from "../core/error.ts";
import { log, nowSeconds } from "../core/host.ts";
import { elementAt, NdArray } from "../core/nd_array.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import { Tensor } from "../graph/tensor.ts";
import { makeFolderOf } from "../io/checkpoint/bundle_writer.ts";
import { nodeFiles, removeQuietly } from "../io/file_system.ts";
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
import { type ExportMetaGraphOptions, exportMetaGraph } from "./meta_graph.ts";

export interface SaverOptions {
  /** Variables, or variables by their names in the checkpoint; all global variables by default. */
  readonly varList?: SavedVariables | null | undefined;
  /** Restores a variable from a tensor of another shape with as many elements. */
  readonly reshape?: boolean | undefined;
  /** One data file for each device. */
  readonly sharded?: boolean | undefined;
  /** How many of the newest checkpoints stay; 0 or null: all, and the state file names the last only. 5 by default. */
  readonly maxToKeep?: number | null | undefined;
  /** Keeps one more for every so many hours; 10,000 by default. */
  readonly keepCheckpointEveryNHours?: number | undefined;
  /** The scope of the nodes, `save` by default. With saverDef the scope of its names. */
  readonly name?: string | undefined;
  /** The names of the nodes of a saver that the graph has already. */
  readonly saverDef?: pb.SaverDef.$Properties | null | undefined;
  /** The nodes are made by `build()`. */
  readonly deferBuild?: boolean | undefined;
  /** A saver of no variables saves and restores nothing. */
  readonly allowEmpty?: boolean | undefined;
  /** `model-00000020`. */
  readonly padStepNumber?: boolean | undefined;
  /** The state file has relative paths even for absolute ones. */
  readonly saveRelativePaths?: boolean | undefined;
  /** The default of the prefix that is fed. */
  readonly filename?: string | undefined;
}

export interface SaveOptions {
  /** Appended to the prefix: a number, or a tensor or its name, whose value is fetched. */
  readonly globalStep?: number | bigint | Tensor | Variable | string | null | undefined;
  /** The state file's name, `checkpoint` by default. */
  readonly latestFilename?: string | null | undefined;
  readonly metaGraphSuffix?: string | undefined;
  readonly writeMetaGraph?: boolean | undefined;
  readonly writeState?: boolean | undefined;
}

interface Written {
  readonly prefix: string;
  readonly seconds: number;
  /** Named by a state file, not written by this saver: deleted only where this saver writes. */
  readonly isRecovered: boolean;
}

const formatV2 = pb.SaverDef.CheckpointFormatVersion.V2;
const optionNames: ReadonlySet<string> = new Set<keyof SaverOptions>([
  "varList",
  "reshape",
  "sharded",
  "maxToKeep",
  "keepCheckpointEveryNHours",
  "name",
  "saverDef",
  "deferBuild",
  "allowEmpty",
  "padStepNumber",
  "saveRelativePaths",
  "filename",
]);

/** An object is variables by name unless it has an option's name with what is no variable. */
function isOptions(value: SavedVariables | SaverOptions): value is SaverOptions {
  if (Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, item]) => optionNames.has(name) && !(item instanceof Variable || item instanceof Tensor),
  );
}

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

  constructor(variables?: SavedVariables | SaverOptions | null, options?: SaverOptions) {
    const given = variables && !options && isOptions(variables) ? null : ((variables as SavedVariables) ?? null);
    this.#options = options ?? (given === null ? ((variables as SaverOptions) ?? {}) : {});
    this.#variables = given ?? this.#options.varList ?? null;
    this.saverDef = this.#options.saverDef ? { ...this.#options.saverDef } : null;
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
    if (this.saverDef) this.#putInScope(this.saverDef, name);
    else {
      const variables = this.#variables ?? savedByDefault();
      if (Object.keys(variables).length === 0) {
        if (!this.#options.allowEmpty) throw new ValueError("No variables to save");
        this.#isEmpty = true;
        return;
      }
      const nodes = makeSaverNodes(variables, { name, filename: this.#options.filename, sharded, reshape });
      this.saverDef = {
        filenameTensorName: nodes.filename.name,
        saveTensorName: nodes.save.name,
        restoreOpName: nodes.restore.name,
        maxToKeep: maxToKeep ?? 0,
        sharded,
        keepCheckpointEveryNHours,
        version: formatV2,
      };
    }
    if (!this.saverDef.saveTensorName)
      throw new ValueError(`saver_def must specify the save_tensor_name: ${this.#defText()}`);
    if (!this.saverDef.restoreOpName)
      throw new ValueError(`saver_def must specify the restore_op_name: ${this.#defText()}`);
    this.#nextKeptSeconds = nowSeconds() + this.#keepEverySeconds;
  }

  #putInScope(def: pb.SaverDef.$Properties, scope: string | undefined): void {
    if (!scope) return;
    const prefix = scope.endsWith("/") ? scope : `${scope}/`;
    def.filenameTensorName = prefix + def.filenameTensorName;
    def.saveTensorName = prefix + def.saveTensorName;
    def.restoreOpName = prefix + def.restoreOpName;
  }

  #defText(): string {
    return printText("SaverDef", encode(pb.SaverDef, this.saverDef!));
  }

  get #keepEverySeconds(): number {
    return (this.saverDef?.keepCheckpointEveryNHours ?? 10_000) * 3600;
  }

  /**
   * Writes the values of the variables in the session and the graph beside them. The prefix of the checkpoint (null for an empty saver):
   * `restore` takes it. Order on disk: graph, data, index, state file; then the oldest checkpoint beyond maxToKeep goes. The folder is made
   * when its parent is there. Throws ValueError without,  FAILED_PRECONDITION for variables without a value.
   */
  async save(sess: Session, savePath: string, options: SaveOptions = {}): Promise<string | null> {
    const { metaGraphSuffix = "meta", writeMetaGraph = true, writeState = true } = options;
    const latestFilename = options.latestFilename ?? "checkpoint";
    if (!this.#isBuilt) throw new RuntimeError("`build()` should be called before save if defer_build==True");
    if (basename(latestFilename) !== latestFilename)
      throw new ValueError("'latest_filename' must not contain path components");
    if (!(sess instanceof Session)) throw new TypeError(`'sess' must be a Session; ${String(sess)}`);
    const checkpoint = await this.#prefixFor(sess, savePath, latestFilename, options.globalStep ?? null);
    const parent = dirname(savePath);
    const metaGraphFile = metaGraphFilename(checkpoint, metaGraphSuffix);
    const isMetaNew = writeMetaGraph && !nodeFiles.stat(metaGraphFile);
    try {
      makeFolderOf(savePath);
      if (writeMetaGraph) sess.graph.asDefault(() => this.exportMetaGraph(metaGraphFile));
      if (this.#isEmpty) return null;
      const prefix = await this.#run(sess, checkpoint);
      if (writeState) this.#afterSave(prefix, parent, latestFilename, metaGraphSuffix);
      return prefix;
    } catch (error) {
      if (isMetaNew) removeQuietly(nodeFiles, metaGraphFile);
      const isFolderError = error instanceof FailedPreconditionError || error instanceof NotFoundError;
      if (isFolderError && !nodeFiles.stat(parent)?.isDirectory)
        throw new ValueError(`Parent directory of ${savePath} doesn't exist, can't save.`, { cause: error });
      throw error;
    }
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

  async #run(sess: Session, checkpoint: string): Promise<string> {
    const { saveTensorName, filenameTensorName } = this.saverDef!;
    const saved: unknown = await sess.run(saveTensorName!, { feedDict: [[filenameTensorName!, checkpoint]] });
    return new TextDecoder().decode(((saved as NdArray).data as readonly Uint8Array[])[0]);
  }

  /** The state file first, so that it never names what is deleted. */
  #afterSave(prefix: string, parent: string, latestFilename: string, metaGraphSuffix: string): void {
    this.#record(prefix);
    updateCheckpointState(parent, prefix, {
      allModelCheckpointPaths: this.lastCheckpoints,
      latestFilename,
      saveRelativePaths: this.#options.saveRelativePaths,
    });
    this.#deleteOutdated(parent, metaGraphSuffix);
  }

  #record(prefix: string): void {
    const { maxToKeep } = this.saverDef!;
    if (!maxToKeep) return;
    this.#last = this.#last.filter((each) => each.prefix !== prefix);
    this.#last.push({ prefix, seconds: nowSeconds(), isRecovered: false });
    const surplus = Math.max(0, this.#last.length - maxToKeep);
    this.#outdated.push(...this.#last.splice(0, surplus));
  }

  #deleteOutdated(parent: string, metaGraphSuffix: string): void {
    for (const each of this.#outdated.splice(0)) this.#deleteUnlessKept(each, parent, metaGraphSuffix);
  }

  #deleteUnlessKept(oldest: Written, parent: string, metaGraphSuffix: string): void {
    if (oldest.seconds > this.#nextKeptSeconds) {
      this.#nextKeptSeconds += this.#keepEverySeconds;
      return;
    }
    if (oldest.isRecovered && isOutside(parent, oldest.prefix)) return;
    try {
      removeCheckpoint(oldest.prefix, metaGraphSuffix);
    } catch (error) {
      log("WARNING", `tensorflow: Ignoring: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Gives the variables their values from a checkpoint. Throws ValueError when there is none, NOT_FOUND and INVALID_ARGUMENT when it does not fit the graph. */
  async restore(sess: Session, savePath: string | null): Promise<void> {
    if (this.#isEmpty) return;
    if (savePath === null || savePath === undefined) throw new ValueError("Can't load save_path when it is None.");
    if (!checkpointExists(savePath))
      throw new ValueError(`The passed save_path is not a valid checkpoint: ${savePath}`);
    const { restoreOpName, filenameTensorName } = this.saverDef!;
    try {
      await sess.run(restoreOpName!, { feedDict: [[filenameTensorName!, savePath]] });
    } catch (error) {
      if (error instanceof NotFoundError) throw explained(error, "a Variable name or other graph key that is missing");
      if (error instanceof InvalidArgumentError)
        throw explained(error, "a mismatch between the current graph and the graph");
      throw error;
    }
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

  asSaverDef(): pb.SaverDef.$Properties | null {
    return this.saverDef;
  }

  /** Its SaverDef; null when it lies outside the scope that is exported. */
  toProto(exportScope?: string): pb.SaverDef.$Properties | null {
    if (!exportScope || !this.saverDef) return this.saverDef;
    const { filenameTensorName, saveTensorName, restoreOpName } = this.saverDef;
    if (![filenameTensorName, saveTensorName, restoreOpName].every((name) => name!.startsWith(exportScope)))
      return null;
    const stripped = (name: string): string => name.slice(exportScope.length + 1);
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
    options: Omit<ExportMetaGraphOptions, "saverDef"> = {},
  ): pb.MetaGraphDef.$Properties {
    return exportMetaGraph(filename, { ...options, saverDef: this.saverDef });
  }
}

function savedByDefault(): SavedVariables {
  const graph = getDefaultGraph();
  return [
    ...graph.getCollection<Variable>(GraphKeys.GLOBAL_VARIABLES),
    ...graph.getCollection<Variable>(GraphKeys.SAVEABLE_OBJECTS),
  ];
}

function isOutside(folder: string, prefix: string): boolean {
  const inside = relative(resolve(folder), resolve(prefix));
  return inside.startsWith("..") || resolve(inside) === inside;
}

function explained(error: OpError, cause: string): OpError {
  const wrapped = opError(
    error.code,
    `Restoring from checkpoint failed. This is most likely due to ${cause} from the checkpoint. Please ensure that you have not altered the graph expected based on the checkpoint. Original error:\n\n${error.message}`,
    { cause: error },
  );
  wrapped.op = error.op;
  wrapped.madeAt = error.madeAt;
  return wrapped;
}

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
