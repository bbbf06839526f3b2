/**
 * Cells become features of tf.train.Example: which type each column has, and what its cells are worth.
 *
 *     int64    all cells whole numbers, or the words of a label, numbered in alphabetical order
 *     float    all cells numbers
 *     bytes    anything else, as UTF-8
 *
 * A cell that is empty or null is missing: its feature is left out of the record.
 */
import { invalidArgument } from "../../core/error.ts";

/** `uint8` is one bytes value of whole numbers from 0 to 255, a byte each; it is only ever given, never inferred. */
export type FeatureType = "float" | "int64" | "bytes" | "uint8";
export type Scalar = string | number | bigint | boolean | Uint8Array;
/** A cell: nothing, one value, or several. */
export type Cell = null | Scalar | readonly Scalar[];
export type Row = readonly Cell[];

/** One kind of input: rows of cells, in pieces, as often as they are asked for. */
export interface Source {
  readonly path: string;
  /** Names of the cells of a row, in order. A source may add names at the end while it is read. */
  readonly names: readonly string[];
  rows(): AsyncIterable<readonly Row[]>;
}

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

const isWhole = (value: Scalar): boolean => {
  if (typeof value === "string")
    return whole.test(value) && (value.length < 18 || BigInt.asIntN(64, BigInt(value)) === BigInt(value));
  return (
    typeof value === "bigint" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isSafeInteger(value))
  );
};

const isNumber = (value: Scalar): boolean =>
  typeof value === "string" ? number.test(value) : !(value instanceof Uint8Array);

const isMissing = (cell: Cell | undefined): cell is null | undefined | "" =>
  cell === null || cell === undefined || cell === "";

const isList = (cell: Cell): cell is readonly Scalar[] => Array.isArray(cell);

/** The type that both cells and an earlier type fit. */
function widen(type: FeatureType | undefined, value: Scalar): FeatureType {
  const own = isWhole(value) ? "int64" : isNumber(value) ? "float" : "bytes";
  if (type === undefined || type === own) return own;
  return type === "bytes" || own === "bytes" ? "bytes" : "float";
}

/** Learns the types of columns row by row. */
export class ColumnTypes {
  readonly #given: ReadonlyMap<string, FeatureType>;
  readonly #label: string | undefined;
  readonly #types: (FeatureType | undefined)[] = [];
  readonly #words = new Set<string>();
  rows = 0;

  /** Types that are given are not inferred; `label` is a column that becomes numbers. */
  constructor(given: ReadonlyMap<string, FeatureType>, label?: string) {
    this.#given = given;
    this.#label = label;
  }

  add(names: readonly string[], row: Row): void {
    this.rows++;
    for (let i = 0; i < row.length; i++) {
      const cell = row[i];
      if (isMissing(cell)) continue;
      if (names[i] === this.#label) for (const value of isList(cell) ? cell : [cell]) this.#words.add(String(value));
      if (this.#types[i] === "bytes" || this.#given.has(names[i]!)) continue;
      if (isList(cell)) for (const value of cell) this.#types[i] = widen(this.#types[i], value);
      else this.#types[i] = widen(this.#types[i], cell);
    }
  }

  /** The columns in the order of their names. Throws INVALID_ARGUMENT for a label or a type of no column. */
  columns(names: readonly string[]): Column[] {
    for (const name of [...this.#given.keys(), ...(this.#label === undefined ? [] : [this.#label])]) {
      if (!names.includes(name)) throw invalidArgument(`no column "${name}": there are ${names.join(", ")}`);
    }
    return names.map((name, i) => {
      const given = this.#given.get(name);
      const type = given ?? this.#types[i] ?? "bytes";
      if (name !== this.#label || given || type === "int64") return { name, type };
      return { name, type: "int64", classes: [...this.#words].sort() };
    });
  }
}

const encoder = new TextEncoder();

/** The feature of a cell; undefined for a missing one. Throws INVALID_ARGUMENT for what the column's type cannot hold. */
export function toValue(column: Column, cell: Cell | undefined, where: string): Value | undefined {
  if (isMissing(cell)) return undefined;
  const values = isList(cell) ? cell : [cell];
  const refuse = (value: Scalar) =>
    invalidArgument(`${where}: column ${column.name}: "${String(value)}" is no ${column.type}`);
  switch (column.type) {
    case "bytes":
      return {
        kind: "bytes",
        value: values.map((value) => (value instanceof Uint8Array ? value : encoder.encode(String(value)))),
      };
    case "uint8":
      return {
        kind: "bytes",
        value: [
          Uint8Array.from(values, (value) => {
            if (!isWhole(value) || Number(value) < 0 || Number(value) > 255) throw refuse(value);
            return Number(value);
          }),
        ],
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

/**
 * A source with some of its columns, renamed or packed: `name`, `new=name`, and `new=from:to` for columns from (counted from 0)
 * up to before to as one feature of several values. Throws INVALID_ARGUMENT for a column that is not there.
 */
export function selectColumns(source: Source, choices: readonly string[]): Source {
  const parsed = choices.map((choice) => {
    const [, name, range] = /^([^=]*)(?:=(.*))?$/s.exec(choice)!;
    return { name: name!, range: range ?? name! };
  });
  const find = (range: string): readonly [number, number] | number => {
    const bounds = /^(\d+):(\d+)$/.exec(range);
    if (bounds) return [Number(bounds[1]), Number(bounds[2])];
    const at = source.names.indexOf(range);
    const index = at < 0 && /^\d+$/.test(range) ? Number(range) : at;
    if (index >= 0 && index < source.names.length) return index;
    throw invalidArgument(`${source.path}: no column "${range}": there are ${source.names.join(", ")}`);
  };
  return {
    path: source.path,
    names: parsed.map(({ name }) => name),
    async *rows() {
      for await (const rows of source.rows()) {
        const places = parsed.map(({ range }) => find(range));
        yield rows.map((row) =>
          places.map((place): Cell => {
            if (typeof place === "number") return row[place] ?? null;
            const cells = row.slice(...place);
            const missing = cells.findIndex(isMissing);
            if (missing >= 0 || cells.length < place[1] - place[0]) {
              const at = place[0] + (missing >= 0 ? missing : cells.length);
              throw invalidArgument(`${source.path}: column ${at} is empty, and cannot be packed with others`);
            }
            return cells as Scalar[];
          }),
        );
      }
    },
  };
}
