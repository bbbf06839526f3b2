/** Variables that begin with the values of another model's checkpoint. Source: tensorflow/python/training/warm_starting_util.py. */
import { GraphKeys } from "../../../build/collections.ts";
import { named } from "../../../build/feature_column/arguments.ts";
import { representation } from "../../../build/feature_column/column.ts";
import { zerosInitializer } from "../../../build/initializers.ts";
import { assign } from "../../../build/variables/state.ts";
import type { Initializer } from "../../../build/variables/store.ts";
import { Variable } from "../../../build/variables/variable.ts";
import { float32 } from "../../../core/dtype.ts";
import { NotFoundError, ValueError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import * as logging from "../../../core/text/logging.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { readTextFile } from "../../../io/text_file.ts";
import { assignVariableOp, constant, where } from "../../../ops/index.ts";
import { initFromCheckpoint, loadCheckpoint } from "../../files/checkpoint_reader.ts";

export interface VocabInfoOptions {
  /** The file of the vocabulary here, and how many of its lines count. */
  readonly newVocab: string;
  readonly newVocabSize: number;
  readonly numOovBuckets: number;
  /** The file of the vocabulary of the checkpoint. */
  readonly oldVocab: string;
  /** -1: all lines. */
  readonly oldVocabSize?: number | undefined;
  /** For words that the checkpoint does not know; zeros by default. */
  readonly backupInitializer?: Initializer | null | undefined;
  /** The axis that the vocabulary numbers. */
  readonly axis?: 0 | 1 | undefined;
}

/** How rows (or columns) of a variable follow from those of a checkpoint with another vocabulary. Throws ValueError for another axis. */
export class VocabInfo {
  readonly newVocab: string;
  readonly newVocabSize: number;
  readonly numOovBuckets: number;
  readonly oldVocab: string;
  readonly oldVocabSize: number;
  readonly backupInitializer: Initializer | null;
  readonly axis: 0 | 1;

  constructor(...args: readonly unknown[]) {
    const given = named<VocabInfoOptions>(args, [
      "newVocab",
      "newVocabSize",
      "numOovBuckets",
      "oldVocab",
      "oldVocabSize",
      "backupInitializer",
      "axis",
    ]);
    this.newVocab = given.newVocab;
    this.newVocabSize = given.newVocabSize;
    this.numOovBuckets = given.numOovBuckets;
    this.oldVocab = given.oldVocab;
    this.oldVocabSize = given.oldVocabSize ?? -1;
    this.backupInitializer = given.backupInitializer ?? null;
    this.axis = given.axis ?? 0;
    if (this.axis !== 0 && this.axis !== 1) {
      throw new ValueError(
        `The only supported values for the axis argument are 0 and 1.  Provided axis: ${String(this.axis)}`,
      );
    }
  }
}

type Wanted = string | readonly string[] | readonly Variable[] | null;

export interface WarmStartOptions {
  /** A pattern for names of trainable variables, patterns for names of all variables, variables, or null for vocabularies only. */
  readonly varsToWarmStart?: Wanted | undefined;
  readonly varNameToVocabInfo?: Readonly<Record<string, VocabInfo>> | undefined;
  /** Names in the checkpoint where they are others. */
  readonly varNameToPrevVarName?: Readonly<Record<string, string>> | undefined;
}

/** Where values come from, and which. Throws ValueError without a checkpoint. */
export class WarmStartSettings {
  readonly ckptToInitializeFrom: string;
  readonly varsToWarmStart: Wanted;
  readonly varNameToVocabInfo: Readonly<Record<string, VocabInfo>>;
  readonly varNameToPrevVarName: Readonly<Record<string, string>>;

  constructor(...args: readonly unknown[]) {
    const given = named<{ readonly ckptToInitializeFrom: string } & WarmStartOptions>(args, [
      "ckptToInitializeFrom",
      "varsToWarmStart",
      "varNameToVocabInfo",
      "varNameToPrevVarName",
    ]);
    if (!given.ckptToInitializeFrom) {
      throw new ValueError("`ckpt_to_initialize_from` MUST be set in WarmStartSettings");
    }
    this.ckptToInitializeFrom = given.ckptToInitializeFrom;
    this.varsToWarmStart = given.varsToWarmStart === undefined ? ".*" : given.varsToWarmStart;
    this.varNameToVocabInfo = given.varNameToVocabInfo ?? {};
    this.varNameToPrevVarName = given.varNameToPrevVarName ?? {};
  }

  toString(): string {
    const names = Object.entries(this.varNameToPrevVarName).map(([a, b]) => `'${a}': '${b}'`);
    return `WarmStartSettings(ckpt_to_initialize_from=${representation(this.ckptToInitializeFrom)}, vars_to_warm_start=${representation(this.varsToWarmStart)}, var_name_to_vocab_info={}, var_name_to_prev_var_name={${names.join(", ")}})`;
  }
}

/** Throws ValueError for what is neither a path nor settings. */
export function warmStartSettings(given: string | WarmStartSettings | null): WarmStartSettings | null {
  if (given === null || given instanceof WarmStartSettings) return given;
  if (typeof given === "string") return new WarmStartSettings({ ckptToInitializeFrom: given });
  throw new ValueError(`warm_start_from must be a string or a WarmStartSettings, instead got ${typeof given}`);
}

/** The name in checkpoints: that of the whole for a part. */
const savedName = (variable: Variable): string => variable.saveSliceInfo?.fullName ?? variable.op.name;

function wantedVariables(wanted: Wanted): Map<string, Variable[]> {
  const graph = getDefaultGraph();
  let list: Variable[];
  if (typeof wanted === "string" || wanted === null) {
    logging.info("Warm-starting variables only in TRAINABLE_VARIABLES.");
    list = graph.getCollection<Variable>(GraphKeys.TRAINABLE_VARIABLES, wanted ?? "");
  } else if (wanted.every((item) => typeof item === "string")) {
    list = wanted.flatMap((pattern) => graph.getCollection<Variable>(GraphKeys.GLOBAL_VARIABLES, pattern as string));
  } else if (wanted.every((item) => item instanceof Variable)) {
    list = [...(wanted as readonly Variable[])];
  } else {
    throw new ValueError("If `vars_to_warm_start` is a list, it must be all `Variable` or all `str`.");
  }
  const grouped = new Map<string, Variable[]>();
  for (const variable of list) {
    const name = savedName(variable);
    grouped.set(name, [...(grouped.get(name) ?? []), variable]);
  }
  return grouped;
}

const namesList = (names: Iterable<string>): string =>
  `dict_keys([${[...names].map((name) => `'${name}'`).join(", ")}])`;

/** Variables of the default graph begin with a checkpoint's values. Throws ValueError for names in the settings that no variable has. */
export function warmStart(
  given: string | WarmStartSettings | ({ readonly ckptToInitializeFrom: string } & WarmStartOptions),
  options: WarmStartOptions = {},
): void {
  const settings =
    given instanceof WarmStartSettings
      ? given
      : new WarmStartSettings(typeof given === "string" ? { ckptToInitializeFrom: given, ...options } : given);
  const source = settings.ckptToInitializeFrom;
  logging.info("Warm-starting from: %s", source);
  const grouped = wantedVariables(settings.varsToWarmStart);
  const previous = settings.varNameToPrevVarName;
  const vocabularies = settings.varNameToVocabInfo;
  const plain: [string, Variable | Variable[]][] = [];
  let count = 0;
  for (const [name, parts] of grouped) {
    const from = previous[name] ?? name;
    const vocabulary = vocabularies[name];
    if (vocabulary) for (const part of parts) remap(part, source, from, vocabulary);
    else if (settings.varsToWarmStart) plain.push([from, parts.length === 1 ? parts[0]! : parts]);
    else continue;
    count++;
  }
  if (plain.length > 0) initFromCheckpoint(source, plain);
  logging.info("Warm-started %d variables.", count);
  const unused = (names: Readonly<Record<string, unknown>>, what: string): void => {
    const left = Object.keys(names).filter((name) => !grouped.has(name));
    if (left.length === 0) return;
    throw new ValueError(
      `You provided the following variables in ${what} that were not used: {${left.map((name) => `'${name}'`).join(", ")}}. ${what === "var_name_to_vocab_info" ? " " : ""} Perhaps you misspelled them?  Here is the list of viable variable names: ${namesList(grouped.keys())}`,
    );
  };
  unused(previous, "var_name_to_prev_var_name");
  unused(vocabularies, "var_name_to_vocab_info");
}

function linesOf(path: string, size: number): string[] {
  const lines = readTextFile(path).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return size < 0 ? lines : lines.slice(0, size);
}

/** Rows or columns of words that both vocabularies have come from the checkpoint, others from the backup initializer. */
function remap(variable: Variable, source: string, from: string, info: VocabInfo): void {
  const [rows, columns] = variable.shape as readonly [number, number];
  const reader = loadCheckpoint(source);
  if (!reader.hasTensor(from)) throw new NotFoundError(`Key ${from} not found in checkpoint`);
  const old = reader.getTensor(from);
  const oldColumns = old.shape[1]!;
  const oldIds = new Map(linesOf(info.oldVocab, info.oldVocabSize).map((word, i) => [word, i]));
  const newIds = linesOf(info.newVocab, info.newVocabSize).map((word) => oldIds.get(word) ?? -1);
  const offset = variable.saveSliceInfo?.varOffset[0] ?? 0;
  const values = new Float32Array(rows * columns);
  const isKnown = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const oldRow = info.axis === 0 ? (newIds[row + offset] ?? -1) : row + offset;
      const oldColumn = info.axis === 1 ? (newIds[column] ?? -1) : column;
      if (oldRow < 0 || oldColumn < 0 || oldRow >= old.shape[0]! || oldColumn >= oldColumns) continue;
      values[row * columns + column] = Number((old.data as Float32Array)[oldRow * oldColumns + oldColumn]);
      isKnown[row * columns + column] = 1;
    }
  }
  const initializer = info.backupInitializer ?? zerosInitializer();
  const known = constant(new NdArray(float32, [rows, columns], values));
  const mask = constant(
    Array.from({ length: rows }, (_, r) => Array.from(isKnown.slice(r * columns, (r + 1) * columns), Boolean)),
  );
  const value = where(mask, known, initializer([rows, columns], { dtype: float32 }));
  variable.initializeWith(assigned(variable, value), value);
}

function assigned(variable: Variable, value: Tensor): Operation {
  if (variable.isResource) return assignVariableOp({ resource: variable.handle, value });
  const result = assign(variable, value) as Tensor | Operation;
  return result instanceof Operation ? result : result.op;
}
