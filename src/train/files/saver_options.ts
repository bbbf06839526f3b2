/** What a Saver and its saves are asked for. */
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
}

export interface SaveOptions {
  /** Appended to the prefix: a number, or a tensor or its name, whose value is fetched. */
  readonly globalStep?: number | bigint | Tensor | Variable | string | null | undefined;
  /** The state file's name, `checkpoint` by default. */
  readonly latestFilename?: string | null | undefined;
  readonly metaGraphSuffix?: string | undefined;
  readonly writeMetaGraph?: boolean | undefined;
  readonly writeState?: boolean | undefined;
  /** Files that belong to the checkpoint, by their suffixes: `{ ".state.json": bytes }`. They are there before the index is. */
  readonly beside?: Readonly<Record<string, Uint8Array>> | undefined;
  /** Reads everything back before it counts; true by default. */
  readonly verify?: boolean | undefined;
  /** Called when the values of this moment are copied: variables may change from here on. */
  readonly copied?: (() => void) | undefined;
  /** Keeps checksums of files that carry none in `.tsflow-sums`; false by default, so that a folder holds what TensorFlow leaves. */
  readonly sums?: boolean | undefined;
}

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
export function isOptions(value: SavedVariables | SaverOptions): value is SaverOptions {
  if (Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, item]) => optionNames.has(name) && !(item instanceof Variable || item instanceof Tensor),
  );
}
