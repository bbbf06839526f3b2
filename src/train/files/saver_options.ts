/** What a Saver and its saves are asked for. */
import { prependNameScope } from "../../build/meta_graph/scope_names.ts";
import type { SavedVariables } from "../../build/saver_nodes.ts";
import { Variable } from "../../build/variables/variable.ts";
import { Tensor } from "../../graph/tensor.ts";
import type { pb } from "../../proto/messages.ts";

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
  /** The format of the checkpoint: `tf.train.SaverDef.V2`, or V1. */
  readonly writeVersion?: pb.SaverDef.CheckpointFormatVersion | undefined;
  /** Taken and not looked at, as by TensorFlow: all is restored at once. */
  readonly restoreSequentially?: boolean | undefined;
  /** Taken and not looked at: who makes the nodes. */
  readonly builder?: null | undefined;
  /** Other keys in the checkpoint than the names of the variables. */
  readonly keys?: ReadonlyMap<string, string> | undefined;
}

/** Python's order after varList. */
export const saverOrder = [
  "reshape",
  "sharded",
  "maxToKeep",
  "keepCheckpointEveryNHours",
  "name",
  "restoreSequentially",
  "saverDef",
  "builder",
  "deferBuild",
  "allowEmpty",
  "writeVersion",
  "padStepNumber",
  "saveRelativePaths",
  "filename",
] as const;

/** Python's order of what a save takes after the path, and of what an export takes after the file. */
export const saveOrder = [
  "globalStep",
  "latestFilename",
  "metaGraphSuffix",
  "writeMetaGraph",
  "writeState",
  "stripDefaultAttrs",
] as const;
export const exportOrder = [
  "collectionList",
  "asText",
  "exportScope",
  "clearDevices",
  "clearExtraneousSavers",
  "stripDefaultAttrs",
] as const;

/** What is said at each save in the format of the first version. */
export const deprecatedFormat: readonly string[] = [
  "*******************************************************",
  "TensorFlow's V1 checkpoint format has been deprecated.",
  "Consider switching to the more efficient V2 format:",
  "   `tf.train.Saver(write_version=tf.train.SaverDef.V2)`",
  "now on by default.",
  "*******************************************************",
];

export interface SaveOptions {
  /** Appended to the prefix: a number, or a tensor or its name, whose value is fetched. */
  readonly globalStep?: number | bigint | Tensor | Variable | string | null | undefined;
  /** The state file's name, `checkpoint` by default. */
  readonly latestFilename?: string | null | undefined;
  readonly metaGraphSuffix?: string | undefined;
  readonly writeMetaGraph?: boolean | undefined;
  readonly writeState?: boolean | undefined;
  /** The graph beside it has no attrs that have their default. */
  readonly stripDefaultAttrs?: boolean | undefined;
  /** Files that belong to the checkpoint, by their suffixes: `{ ".state.json": bytes }`. They are there before the index is. */
  readonly beside?: Readonly<Record<string, Uint8Array>> | undefined;
  /** Reads everything back before it counts; true by default. */
  readonly verify?: boolean | undefined;
  /** Called when the values of this moment are copied: variables may change from here on. */
  readonly copied?: (() => void) | undefined;
  /** Keeps checksums of files that carry none in `.tsflow-sums`; false by default, so that a folder holds what TensorFlow leaves. */
  readonly sums?: boolean | undefined;
}

const optionNames: ReadonlySet<string> = new Set<keyof SaverOptions>(["varList", ...saverOrder]);

/** An object is variables by name unless it has an option's name with what is no variable. */
export function isOptions(value: SavedVariables | SaverOptions): value is SaverOptions {
  if (Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, item]) => optionNames.has(name) && !(item instanceof Variable || item instanceof Tensor),
  );
}

/** A SaverDef whose nodes lie in a scope. */
export const inScope = (def: pb.SaverDef.$Properties, scope: string | undefined): pb.SaverDef.$Properties => ({
  ...def,
  filenameTensorName: prependNameScope(def.filenameTensorName, scope),
  saveTensorName: prependNameScope(def.saveTensorName, scope),
  restoreOpName: prependNameScope(def.restoreOpName, scope),
});
