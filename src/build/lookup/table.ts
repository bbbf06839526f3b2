/** What all lookup tables offer, and the operation that fills them. Source: tensorflow/python/ops/lookup_ops.py. */
import type { DType } from "../../core/dtype.ts";
import { TypeError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { SparseTensor as SparseParts } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../ops/convert.ts";
import { group, lookupTableFindV2Op, lookupTableSizeV2Op, noOp, SparseTensor } from "../../ops/index.ts";
import { GraphKeys } from "../collections.ts";

export interface Named {
  readonly name?: string | undefined;
}

/** Keys: a tensor, or a sparse one, whose values are looked up. */
export type Keys = TensorLike | SparseParts;

/** The answer in the form of the keys. */
export type Found<K> = K extends SparseParts ? SparseParts : Tensor;

/** A table that looks up. */
export interface LookupTable {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  /** The last part of its node's name: names of the table's nodes begin with it. */
  readonly name: string;
  size(options?: Named): Tensor;
  lookup<K extends Keys>(keys: K, options?: Named): Found<K>;
}

/** A table of which the values of unknown keys are one value. */
export interface DefaultingTable extends LookupTable {
  readonly resourceHandle: Tensor;
  readonly defaultValue: Tensor;
  readonly initializer: Operation;
}

export const lastPart = (name: string): string => name.split("/").at(-1)!;

/** The tensor behind keys. Throws TypeError when its dtype is not the table's. */
export function keyTensor(keys: Keys, dtype: DType): Tensor {
  if (keys instanceof SparseParts) {
    checkKeys(keys.dtype, dtype);
    return keys.values;
  }
  if (!isSymbolic(keys)) return convertToTensor(keys, { dtype });
  const tensor = convertToTensor(keys);
  checkKeys(tensor.dtype, dtype);
  return tensor;
}

function checkKeys(got: DType, want: DType): void {
  if (got.baseDtype !== want) throw new TypeError(`Dtype of argument \`keys\` must be ${want}, received: ${got}`);
}

/** Values in the form of the keys. */
export function inFormOf<K extends Keys>(keys: K, values: Tensor): Found<K> {
  if (!(keys instanceof SparseParts)) return values as Found<K>;
  return new SparseTensor({ indices: keys.indices, values, denseShape: keys.denseShape }) as unknown as Found<K>;
}

export const inScope = <R>(name: string | undefined, otherwise: string, body: (scope: string) => R): R =>
  getDefaultGraph().nameScope(name || otherwise, body);

export const sizeOf = (table: { name: string; resourceHandle: Tensor }, options: Named): Tensor =>
  inScope(options.name, `${table.name}_Size`, () => lookupTableSizeV2Op({ table_handle: table.resourceHandle }));

export function findIn(table: DefaultingTable, keys: Tensor, options: Named): Tensor {
  const { name, resourceHandle, defaultValue } = table;
  const values = inScope(options.name, `${name}_Lookup`, () =>
    lookupTableFindV2Op({ table_handle: resourceHandle, keys, default_value: defaultValue }),
  );
  values.setShape(keys.shape);
  return values;
}

/** Throws TypeError where an initializer's dtypes are not the table's. */
export function checkTableDtypes(table: LookupTable, keyDtype: DType, valueDtype: DType): void {
  if (keyDtype.baseDtype !== table.keyDtype) {
    throw new TypeError(`Invalid key dtype for table, expected ${table.keyDtype} but got ${keyDtype}.`);
  }
  if (valueDtype.baseDtype !== table.valueDtype) {
    throw new TypeError(`Invalid value dtype for table, expected ${table.valueDtype} but got ${valueDtype}.`);
  }
}

/** Fills all tables of the default graph that have an initializer. The name may be given itself or as an option. */
export function tablesInitializer(options: string | Named = {}): Operation {
  const name = (typeof options === "string" ? options : options.name) ?? "init_all_tables";
  const initializers = getDefaultGraph().getCollection<Operation>(GraphKeys.TABLE_INITIALIZERS);
  return initializers.length > 0 ? group(...initializers, { name }) : noOp({ name });
}

export const initializeAllTables = tablesInitializer;
