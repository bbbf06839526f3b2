/** tf.nest: structures of lists and records around values. Records go by sorted keys. Source: tensorflow/python/util/nest.py. */
import { TypeError, ValueError } from "../../core/error.ts";
import { printValue } from "../../core/print.ts";
import { checkSameStructure, flatten as leaves, type Nested, pack } from "../control_flow/structure.ts";

export const flatten = (structure: unknown): unknown[] => leaves(structure as Nested<unknown>);

const isRecord = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Is it a list or a record? */
export const isNested = (value: unknown): boolean =>
  Array.isArray(value) || (isRecord(value) && !(flatten(value).length === 1 && flatten(value)[0] === value));

/** Throws ValueError, saying where, when two structures differ. */
export const assertSameStructure = (nest1: unknown, nest2: unknown): void => checkSameStructure(nest1, nest2);

const text = (value: unknown): string => printValue([value]).slice(1, -1);

/** The values in this structure. Throws ValueError when there are too few or too many, TypeError for what is no list. */
export function packSequenceAs(structure: unknown, flatSequence: readonly unknown[]): unknown {
  if (!Array.isArray(flatSequence)) {
    throw new TypeError(
      `Attempted to pack value:\n  ${text(flatSequence)}\ninto a structure, but found incompatible type \`<class '${pythonClass(flatSequence)}'>\` instead.`,
    );
  }
  if (!isNested(structure)) {
    if (flatSequence.length === 1) return flatSequence[0];
    throw new ValueError(
      `The target structure is of type \`<class '${pythonClass(structure)}'>\`\n  ${text(structure)}\nHowever the input is a sequence (<class 'list'>) of length ${flatSequence.length}.\n  ${text(flatSequence)}\nnest cannot guarantee that it is safe to map one to the other.`,
    );
  }
  const atoms = flatten(structure).length;
  if (atoms !== flatSequence.length) {
    throw new ValueError(
      `Could not pack sequence. Structure had ${atoms} atoms, but flat_sequence had ${flatSequence.length} items.  Structure: ${text(structure)}, flat_sequence: ${text(flatSequence)}.`,
    );
  }
  return pack(structure as Nested<unknown>, flatSequence);
}

function pythonClass(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  return value === null || value === undefined ? "NoneType" : typeof value === "object" ? "dict" : typeof value;
}

/** f of the values at the same places of all structures, in the first one's form. Throws ValueError when their structures differ. */
export function mapStructure(func: (...values: never[]) => unknown, ...structures: readonly unknown[]): unknown {
  if (typeof func !== "function") throw new TypeError(`func must be callable, got: ${text(func)}`);
  const [first, ...others] = structures;
  if (structures.length === 0) throw new ValueError("Must provide at least one structure");
  for (const other of others) assertSameStructure(first, other);
  const columns = structures.map(flatten);
  const results = columns[0]!.map((_, i) => func(...(columns.map((column) => column[i]) as never[])));
  return packSequenceAs(first, results);
}
