/** Tables over a map: HashTable, which is filled once, and MutableHashTable, of scalars or vectors. Source: lookup_table_op.cc */
import { AbortedError, FailedPreconditionError, UnimplementedError } from "../../../core/error.ts";
import { elementAt, NdArray } from "../../../core/nd_array.ts";
import { elementCount } from "../../../core/shape.ts";
import { rowOf, stackRows, zeros } from "../arrays.ts";
import {
  batchShape,
  checkValues,
  findAll,
  type Key,
  keyAt,
  shownKey,
  type Table,
  type TableTypes,
  valueRows,
} from "./table.ts";

/** A key as it was given, and its value. */
type Entries = Map<Key, { readonly key: NdArray["data"][number]; readonly value: NdArray }>;

function exported(table: TableTypes, entries: Entries): readonly [NdArray, NdArray] {
  const keys = zeros(table.keyDtype, [entries.size]);
  const data = keys.data as unknown as unknown[];
  const values: NdArray[] = [];
  for (const { key, value } of entries.values()) {
    data[values.length] = key;
    values.push(value);
  }
  return [keys, stackRows(table.valueDtype, table.valueShape, values)];
}

function insertAll(table: TableTypes, entries: Entries, keys: NdArray, values: NdArray): void {
  checkValues(table, keys, values);
  for (const [i, value] of valueRows(table, keys, values).entries())
    entries.set(keyAt(keys, i), { key: keys.data[i]!, value });
}

export class MutableHashTable implements Table {
  readonly keyDtype: Table["keyDtype"];
  readonly valueDtype: Table["valueDtype"];
  readonly keyShape = [];
  readonly valueShape: Table["valueShape"];
  #entries: Entries = new Map();

  constructor({ keyDtype, valueDtype, valueShape }: Omit<TableTypes, "keyShape">) {
    this.keyDtype = keyDtype;
    this.valueDtype = valueDtype;
    this.valueShape = valueShape;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(keys: NdArray, defaultValue: NdArray): NdArray {
    return findAll(this, keys, defaultValue, (i) => this.#entries.get(keyAt(keys, i))?.value);
  }

  insert(keys: NdArray, values: NdArray): void {
    insertAll(this, this.#entries, keys, values);
  }

  remove(keys: NdArray): void {
    for (let i = 0; i < elementCount(batchShape(this, keys)); i++) this.#entries.delete(keyAt(keys, i));
  }

  export(): readonly [NdArray, NdArray] {
    return exported(this, this.#entries);
  }

  import(keys: NdArray, values: NdArray): void {
    const entries: Entries = new Map();
    insertAll(this, entries, keys, values);
    this.#entries = entries;
  }
}

/** A table that is filled once, before it can be asked. */
export class HashTable implements Table {
  readonly keyDtype: Table["keyDtype"];
  readonly valueDtype: Table["valueDtype"];
  readonly keyShape = [];
  readonly valueShape = [];
  #entries: Entries | null = null;

  constructor({ keyDtype, valueDtype }: Pick<TableTypes, "keyDtype" | "valueDtype">) {
    this.keyDtype = keyDtype;
    this.valueDtype = valueDtype;
  }

  get isInitialized(): boolean {
    return this.#entries !== null;
  }

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  find(keys: NdArray, defaultValue: NdArray): NdArray {
    const entries = this.#entries;
    if (!entries) throw new FailedPreconditionError("Table not initialized.");
    // As TensorFlow's kernel: the first default is that of all keys.
    const first = defaultValue.size
      ? rowOf(new NdArray(this.valueDtype, [defaultValue.size], defaultValue.data), 0)
      : undefined;
    return findAll(this, keys, defaultValue, (i) => entries.get(keyAt(keys, i))?.value ?? first);
  }

  /** Fills the table. A second time is FAILED_PRECONDITION unless there are as many entries; so is a key with two values. */
  initialize(keys: NdArray, values: NdArray): void {
    if (this.#entries) {
      if (keys.size === this.#entries.size) return;
      throw new FailedPreconditionError("Table was already initialized with different data.");
    }
    const entries: Entries = new Map();
    checkValues(this, keys, values);
    for (const [i, value] of valueRows(this, keys, values).entries()) {
      const key = keyAt(keys, i);
      const known = entries.get(key);
      if (known && elementAt(known.value, 0) !== elementAt(value, 0)) {
        throw new FailedPreconditionError(
          `HashTable has different value for same key. Key ${shownKey(key)} has ${elementAt(known.value, 0)} and trying to add value ${elementAt(value, 0)}`,
        );
      }
      entries.set(key, { key: keys.data[i]!, value });
    }
    this.#entries = entries;
  }

  insert(): void {
    throw new UnimplementedError("Insert not supported by InitializableLookupTable implementations");
  }

  remove(): void {
    throw new UnimplementedError("Remove not supported by InitializableLookupTable implementations");
  }

  export(): readonly [NdArray, NdArray] {
    if (!this.#entries) throw new AbortedError("HashTable is not initialized.");
    return exported(this, this.#entries);
  }

  import(keys: NdArray, values: NdArray): void {
    this.initialize(keys, values);
  }
}
