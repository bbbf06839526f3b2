/**
 * Rows of named cells become features of tf.train.Example: which type each column has, and what its cells are worth.
 *
 *     int64    all cells whole numbers, or the words of a label, numbered in alphabetical order
 *     float    all cells numbers
 *     bytes    anything else, as UTF-8
 *
 * A cell that is empty or null is missing: its feature is left out of the record.
 */
import { invalidArgument } from "../../core/error.ts";

export type FeatureType = "float" | "int64" | "bytes";
export type Scalar = string | number | bigint | boolean | Uint8Array;
/** A cell: nothing, one value, or several. */
export type Cell = null | Scalar | readonly Scalar[];
export type Row = ReadonlyMap<string, Cell>;

export interface Column {
  readonly name: string;
  readonly type: FeatureType;
  /** Words of a label in the order of their numbers. */
  readonly classes?: readonly string[];
}

export type Value =
  | { readonly kind: "float"; readonly value: Float32Array }
  | { readonly kind: "int64"; readonly value: BigInt64Array }
  | { readonly kind: "bytes"; readonly value: Uint8Array[] };

const whole = /^[+-]?\d+$/;
const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?(nan|inf|infinity)$/i;
const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

const isWhole = (value: Scalar): boolean => {
  if (typeof value === "string") return whole.test(value) && BigInt(value) >= minInt64 && BigInt(value) <= maxInt64;
  return (
    typeof value === "bigint" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isSafeInteger(value))
  );
};

const isNumber = (value: Scalar): boolean =>
  typeof value === "string" ? number.test(value) : !(value instanceof Uint8Array);

const scalars = (cell: Cell): readonly Scalar[] =>
  cell === null ? [] : Array.isArray(cell) ? (cell as readonly Scalar[]) : [cell as Scalar];

/** Learns the columns of a source row by row. */
export class ColumnTypes {
  readonly #types: ReadonlyMap<string, FeatureType>;
  readonly #label: string | undefined;
  readonly #seen = new Map<string, { type: FeatureType | undefined; words: Set<string> }>();
  rows = 0;

  /** `types` are given and not inferred; `label` is a column that becomes numbers. */
  constructor(types: ReadonlyMap<string, FeatureType>, label?: string) {
    this.#types = types;
    this.#label = label;
  }

  add(row: Row): void {
    this.rows++;
    for (const [name, cell] of row) {
      let seen = this.#seen.get(name);
      if (!seen) {
        seen = { type: undefined, words: new Set() };
        this.#seen.set(name, seen);
      }
      for (const value of scalars(cell)) {
        if (seen.type !== "bytes") {
          const type = isWhole(value) ? "int64" : isNumber(value) ? "float" : "bytes";
          if (seen.type === undefined || type === "bytes" || (type === "float" && seen.type === "int64"))
            seen.type = type;
        }
        if (name === this.#label) seen.words.add(String(value));
      }
    }
  }

  /** The columns in the order of their appearance. Throws INVALID_ARGUMENT for a label or a type of no column. */
  columns(): Column[] {
    const known = [...this.#seen.keys()];
    for (const name of [...this.#types.keys(), ...(this.#label === undefined ? [] : [this.#label])]) {
      if (!this.#seen.has(name)) throw invalidArgument(`no column "${name}": there are ${known.join(", ")}`);
    }
    return known.map((name) => {
      const { type, words } = this.#seen.get(name)!;
      const given = this.#types.get(name);
      if (name !== this.#label || given || type === "int64") return { name, type: given ?? type ?? "bytes" };
      return { name, type: "int64", classes: [...words].sort() };
    });
  }
}

const encoder = new TextEncoder();

/** The feature of a cell; undefined for a missing one. Throws INVALID_ARGUMENT for what the column's type cannot hold. */
export function toValue(column: Column, cell: Cell, where: string): Value | undefined {
  const values = scalars(cell);
  if (values.length === 0 && !Array.isArray(cell)) return undefined;
  const refuse = (value: Scalar) =>
    invalidArgument(`${where}: column ${column.name}: "${String(value)}" is no ${column.type}`);
  switch (column.type) {
    case "bytes":
      return {
        kind: "bytes",
        value: values.map((value) => (value instanceof Uint8Array ? value : encoder.encode(String(value)))),
      };
    case "float":
      return {
        kind: "float",
        value: Float32Array.from(values, (value) => {
          if (!isNumber(value)) throw refuse(value);
          return typeof value === "string" ? parseNumber(value) : Number(value);
        }),
      };
    case "int64":
      return {
        kind: "int64",
        value: BigInt64Array.from(values, (value) => {
          if (column.classes) return BigInt(column.classes.indexOf(String(value)));
          if (!isWhole(value)) throw refuse(value);
          return BigInt(typeof value === "string" ? value.replace(/^\+/, "") : (value as number));
        }),
      };
  }
}

function parseNumber(text: string): number {
  const word = /^([+-]?)inf/i.exec(text);
  return word ? (word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : Number(text);
}
