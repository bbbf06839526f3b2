/** What the lookup tables have in common: keys and values of fixed dtypes and shapes, and the checks of calls. Source: lookup_interface.cc */
import type { DType } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { elementCount, type FullShape, formatShape, sameShape } from "../../../core/shape.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import { copyElements, rowOf, zeros } from "../arrays.ts";

/** A key that JavaScript compares by value: numbers and bigints as they are, bytes as text of their codes. */
export type Key = string | number | bigint;

export interface TableTypes {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  readonly keyShape: FullShape;
  readonly valueShape: FullShape;
}

export interface Table extends TableTypes {
  readonly size: number;
  find(keys: NdArray, defaultValue: NdArray): NdArray;
  insert(keys: NdArray, values: NdArray): void;
  remove(keys: NdArray): void;
  /** All keys and values. */
  export(): readonly [NdArray, NdArray];
  /** Replaces everything. */
  import(keys: NdArray, values: NdArray): void;
}

/** The i-th scalar key of an array. */
export function keyAt(keys: NdArray, i: number): Key {
  const item = keys.data[i]!;
  return typeof item === "object" ? textOfBytes(item) : item;
}

const textOfBytes = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

/** How a message shows a key. */
export const shownKey = (key: Key): string => String(key);

/** The leading dimensions of keys. Throws INVALID_ARGUMENT when the last ones are not the table's key shape. */
export function batchShape(table: TableTypes, keys: NdArray): FullShape {
  const { keyShape } = table;
  const at = keys.shape.length - keyShape.length;
  if (at < 0 || !sameShape(keys.shape.slice(at), keyShape)) {
    throw invalidArgument(
      `Input key shape ${formatShape(keys.shape)} must end with the table's key shape ${formatShape(keyShape)}`,
    );
  }
  return keys.shape.slice(0, at);
}

/** Throws INVALID_ARGUMENT unless values has one value for each key. */
export function checkValues(table: TableTypes, keys: NdArray, values: NdArray): void {
  const want = [...batchShape(table, keys), ...table.valueShape];
  if (!sameShape(want, values.shape)) {
    throw invalidArgument(`Expected shape ${formatShape(want)} for value, got ${formatShape(values.shape)}`);
  }
}

/** The values of keys: those that are there, else the default, which is one value or one for each key. */
export function findAll(
  table: TableTypes,
  keys: NdArray,
  defaultValue: NdArray,
  find: (i: number) => NdArray | undefined,
): NdArray {
  const batch = batchShape(table, keys);
  const { valueShape, valueDtype } = table;
  const shape = [...batch, ...valueShape];
  const isOne = sameShape(defaultValue.shape, valueShape);
  if (!isOne && !sameShape(defaultValue.shape, shape)) {
    throw invalidArgument(
      `Expected shape ${formatShape(valueShape)} or ${formatShape(shape)} for default value, got ${formatShape(defaultValue.shape)}`,
    );
  }
  const result = zeros(valueDtype, shape);
  const step = elementCount(valueShape);
  const rows = isOne ? null : new NdArray(valueDtype, [elementCount(batch), ...valueShape], defaultValue.data);
  for (let i = 0; i < elementCount(batch); i++) {
    copyElements(find(i) ?? (rows ? rowOf(rows, i) : defaultValue), result.data, i * step);
  }
  return result;
}

/** Rows of values, one for each key. */
export function valueRows(table: TableTypes, keys: NdArray, values: NdArray): NdArray[] {
  const n = elementCount(batchShape(table, keys));
  const rows = new NdArray(values.dtype, [n, ...table.valueShape], values.data);
  return Array.from({ length: n }, (_, i) => rowOf(rows, i));
}

/** Throws INVALID_ARGUMENT in the words of a kernel that is called with other dtypes than the table's. */
export function checkTypes(
  table: TableTypes,
  handle: "resource" | "string_ref",
  got: readonly DType[],
  wantsValue: boolean,
  hasOutput: boolean,
): void {
  const want = wantsValue ? [table.keyDtype, table.valueDtype] : [table.keyDtype];
  if (want.every((dtype, i) => dtype === got[i])) return;
  const text = (dtypes: readonly DType[]): string =>
    `${[handle, ...dtypes.map(cppName)].join(", ")}->${hasOutput ? cppName(dtypes[1]!) : ""}`;
  throw invalidArgument(`Signature mismatch, have: ${text(got)} expected: ${text(want)}`);
}
