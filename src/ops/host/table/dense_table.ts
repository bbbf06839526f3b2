/**
 * A table with open addressing, in two arrays of rows: keys (empty ones hold the empty key, removed ones the deleted key) and values.
 * Export gives the arrays as they are, so that their layout is TensorFlow's: bucket = hash & (buckets - 1), then 1, 2, 3 … further on.
 * Source: lookup_table_op.cc, MutableDenseHashTable
 */
import { invalidArgument } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { elementCount, type FullShape, formatShape, sameShape } from "../../../core/shape.ts";
import { hash64 } from "../../compute/string/fingerprint.ts";
import { rowOf, stackRows, zeros } from "../arrays.ts";
import { batchShape, checkValues, findAll, type Key, keyAt, type Table, type TableTypes, valueRows } from "./table.ts";

const mask64 = (1n << 64n) - 1n;

const combine = (a: bigint, b: bigint): bigint =>
  (a ^ ((b + 0x9e3779b97f4a7800n + (a << 10n) + (a >> 4n)) & mask64)) & mask64;

export interface DenseOptions extends TableTypes {
  readonly emptyKey: NdArray;
  readonly deletedKey: NdArray;
  readonly buckets: number;
  readonly maxLoad: number;
}

interface Bucket {
  readonly key: NdArray;
  readonly id: Key;
  /** What lies in the bucket, of a removed key too. */
  readonly value: NdArray | null;
  readonly isUsed: boolean;
}

export class DenseHashTable implements Table {
  readonly keyDtype: Table["keyDtype"];
  readonly valueDtype: Table["valueDtype"];
  readonly keyShape: FullShape;
  readonly valueShape: FullShape;
  readonly #empty: Bucket;
  readonly #deleted: Bucket;
  readonly #maxLoad: number;
  #buckets: Bucket[] = [];
  #size = 0;

  constructor(options: DenseOptions) {
    const { emptyKey, deletedKey, buckets, maxLoad } = options;
    this.keyDtype = options.keyDtype;
    this.valueDtype = options.valueDtype;
    this.keyShape = options.keyShape;
    this.valueShape = options.valueShape;
    this.#empty = { key: emptyKey, id: this.#idOf(emptyKey), value: null, isUsed: false };
    this.#deleted = { key: deletedKey, id: this.#idOf(deletedKey), value: null, isUsed: false };
    if (this.#empty.id === this.#deleted.id) throw invalidArgument("Empty and deleted keys cannot be equal");
    if (!(maxLoad > 0 && maxLoad < 1)) {
      throw invalidArgument(`max_load_factor must be between 0 and 1, got: ${Number(maxLoad.toPrecision(6))}`);
    }
    this.#maxLoad = maxLoad;
    this.#allocate(buckets);
  }

  get size(): number {
    return this.#size;
  }

  #allocate(n: number): void {
    if (n < 4 || 2 ** Math.round(Math.log2(n)) !== n) {
      throw invalidArgument(`Number of buckets must be at least 4 and a power of 2, got: ${n}`);
    }
    this.#buckets = new Array<Bucket>(n).fill(this.#empty);
    this.#size = 0;
  }

  /** One key (a row) as something to compare. */
  #idOf(key: NdArray): Key {
    if (key.size === 1) return keyAt(key, 0);
    return Array.from({ length: key.size }, (_, i) => `${String(keyAt(key, i)).length}:${keyAt(key, i)}`).join("");
  }

  #hash(key: NdArray): bigint {
    const scalar = (i: number): bigint => {
      const item = key.data[i]!;
      return typeof item === "object" ? hash64(item) : BigInt.asUintN(64, BigInt(item));
    };
    if (key.size === 1) return scalar(0);
    let result = 0n;
    for (let i = 0; i < key.size; i++) result = combine(result, scalar(i));
    return result;
  }

  /** The place of the first bucket on a key's path that `isWanted`. */
  #probe(key: NdArray, isWanted: (bucket: Bucket) => boolean): number {
    const mask = this.#buckets.length - 1;
    let at = Number(this.#hash(key) & BigInt(mask));
    for (let step = 1; !isWanted(this.#buckets[at]!); step++) at = (at + step) & mask;
    return at;
  }

  #checkKey(id: Key): void {
    if (id === this.#empty.id) throw invalidArgument("Using the empty_key as a table key is not allowed");
    if (id === this.#deleted.id) throw invalidArgument("Using the deleted_key as a table key is not allowed");
  }

  #keyRows(keys: NdArray): NdArray[] {
    const n = elementCount(batchShape(this, keys));
    const rows = new NdArray(keys.dtype, [n, ...this.keyShape], keys.data);
    return Array.from({ length: n }, (_, i) => rowOf(rows, i));
  }

  find(keys: NdArray, defaultValue: NdArray): NdArray {
    const rows = this.#keyRows(keys);
    return findAll(this, keys, defaultValue, (i) => {
      const id = this.#idOf(rows[i]!);
      this.#checkKey(id);
      const bucket = this.#buckets[this.#probe(rows[i]!, (each) => each.id === id || each.id === this.#empty.id)]!;
      return bucket.isUsed ? bucket.value! : undefined;
    });
  }

  insert(keys: NdArray, values: NdArray): void {
    checkValues(this, keys, values);
    const rows = this.#keyRows(keys);
    this.#makeRoom(this.#size + rows.length);
    for (const [i, value] of valueRows(this, keys, values).entries()) {
      const id = this.#idOf(rows[i]!);
      this.#checkKey(id);
      this.#put({ key: rows[i]!, id, value, isUsed: true });
    }
  }

  #put(entry: Bucket): void {
    const at = this.#probe(entry.key, ({ id, isUsed }) => id === entry.id || !isUsed);
    if (!this.#buckets[at]!.isUsed) this.#size++;
    this.#buckets[at] = entry;
  }

  #makeRoom(entries: number): void {
    let n = this.#buckets.length;
    if (entries <= n * this.#maxLoad) return;
    while (entries > n * this.#maxLoad) n *= 2;
    const old = this.#buckets;
    this.#allocate(n);
    for (const bucket of old) if (bucket.isUsed) this.#put(bucket);
  }

  remove(keys: NdArray): void {
    for (const key of this.#keyRows(keys)) {
      const id = this.#idOf(key);
      this.#checkKey(id);
      const at = this.#probe(key, (bucket) => bucket.id === id || bucket.id === this.#empty.id);
      const { isUsed, value } = this.#buckets[at]!;
      if (!isUsed) continue;
      this.#buckets[at] = { ...this.#deleted, value };
      this.#size--;
    }
  }

  export(): readonly [NdArray, NdArray] {
    const none = zeros(this.valueDtype, this.valueShape);
    const keyShape = this.keyShape.length === 0 ? [1] : this.keyShape;
    const keys = this.#buckets.map(({ key }) => key);
    const values = this.#buckets.map(({ value }) => value ?? none);
    return [stackRows(this.keyDtype, keyShape, keys), stackRows(this.valueDtype, this.valueShape, values)];
  }

  /** The arrays of an export (keys [n, 1] for scalar ones): as many buckets, and each key in the place where it is. */
  import(keys: NdArray, values: NdArray): void {
    const batch = keys.shape.slice(0, keys.shape.length - Math.max(1, this.keyShape.length));
    const want = [...batch, ...this.valueShape];
    if (!sameShape(want, values.shape)) {
      throw invalidArgument(`Expected shape ${formatShape(want)} for value, got ${formatShape(values.shape)}`);
    }
    const n = keys.shape[0] ?? 0;
    this.#allocate(n);
    const rows = new NdArray(keys.dtype, [n, ...this.keyShape], keys.data);
    const valueArray = new NdArray(values.dtype, [n, ...this.valueShape], values.data);
    for (let i = 0; i < n; i++) {
      const key = rowOf(rows, i);
      const id = this.#idOf(key);
      const isUsed = id !== this.#empty.id && id !== this.#deleted.id;
      this.#buckets[i] = { key, id, value: rowOf(valueArray, i), isUsed };
      if (isUsed) this.#size++;
    }
  }
}
