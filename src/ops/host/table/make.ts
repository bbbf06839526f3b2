/** What makes tables, under a name or without one. Source: lookup_ops.cc, lookup_table_op.h */
import type { DType } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { type FullShape, formatShape, isFull, mergeShapes, type Shape } from "../../../core/shape.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import type { ComputeContext, HandleData } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { copyArray } from "../arrays.ts";
import { type HandleArg, handleShape, isText, namedObject, objectOf } from "../resource.ts";
import { DenseHashTable } from "./dense_table.ts";
import { HashTable, MutableHashTable } from "./hash_table.ts";
import type { Table } from "./table.ts";

const kind = "lookup table";

export const tableOf = <T extends Table = Table>(context: ComputeContext, handle: NdArray): T =>
  objectOf<T>(context, handle, kind);

type TableHandle = HandleArg<"table_handle">;

const names = ["container: string = ''", "shared_name: string = ''", "use_node_name_sharing: bool = false"] as const;
const types = ["key_dtype: type", "value_dtype: type"] as const;
const valueShape = "value_shape: shape = []";
const density = ["initial_num_buckets: int = 131072", "max_load_factor: float = 0.800000011920929"] as const;

interface MakerAttrs {
  readonly container: string;
  readonly shared_name: string;
  readonly use_node_name_sharing: boolean;
  readonly key_dtype: DType;
  readonly value_dtype: DType;
}

function make(context: ComputeContext, handle: TableHandle, attrs: MakerAttrs, create: () => Table): NdArray {
  const { key_dtype: key, value_dtype: value, use_node_name_sharing } = attrs;
  const sharedName = attrs.shared_name || (use_node_name_sharing ? context.node.name : "");
  return namedObject<Table>(context, {
    kind,
    container: attrs.container,
    sharedName,
    asText: isText(handle),
    create,
    check(table) {
      if (table.keyDtype === key && table.valueDtype === value) return;
      throw invalidArgument(
        `Conflicting key/value dtypes ${cppName(key)}->${cppName(value)} with ${cppName(table.keyDtype)}-${cppName(table.valueDtype)} for table ${sharedName}`,
      );
    },
  });
}

/** A table of its own for each run of the node. */
function makeAnonymous(context: ComputeContext, create: () => Table): NdArray {
  const name = `anonymous_${context.nextId()}`;
  return context.makeResource({ container: "", kind, name, create }).handle;
}

/** For shapes of lookups: what the keys and the values are. */
const contents = (key: DType, keyShape: Shape, value: DType, shape: Shape): readonly HandleData[] => [
  { dtype: key, shape: keyShape },
  { dtype: value, shape },
];

function fullShape(shape: Shape): FullShape {
  if (!isFull(shape)) throw invalidArgument(`Shape ${formatShape(shape)} is not fully defined`);
  return shape;
}

const checkVector = (shape: FullShape): FullShape => {
  if (shape.length > 1) throw invalidArgument(`Default value must be a vector, got shape ${formatShape(shape)}`);
  return shape;
};

const hashTable = (op: { readonly key_dtype: DType; readonly value_dtype: DType }) => () =>
  new HashTable({ keyDtype: op.key_dtype, valueDtype: op.value_dtype });

const mutableTable =
  (op: { readonly key_dtype: DType; readonly value_dtype: DType }, shape: FullShape) => (): MutableHashTable =>
    new MutableHashTable({ keyDtype: op.key_dtype, valueDtype: op.value_dtype, valueShape: shape });

interface DenseRecord {
  readonly empty_key: NdArray;
  readonly key_dtype: DType;
  readonly value_dtype: DType;
  readonly value_shape: Shape;
  readonly initial_num_buckets: number;
  readonly max_load_factor: number;
}

const denseTable = (op: DenseRecord, deletedKey: NdArray) => (): DenseHashTable =>
  new DenseHashTable({
    keyDtype: op.key_dtype,
    valueDtype: op.value_dtype,
    keyShape: op.empty_key.shape,
    valueShape: fullShape(op.value_shape),
    emptyKey: copyArray(op.empty_key),
    deletedKey: copyArray(deletedKey),
    buckets: op.initial_num_buckets,
    maxLoad: op.max_load_factor,
  });

function namedOf(version: "" | "V2", handle: TableHandle) {
  const shapes = (data: readonly HandleData[]) => ({
    shapes: [handleShape(handle)],
    handles: [version === "V2" ? data : null],
  });
  return {
    hash: defineOp(`HashTable${version}`, {
      outputs: [handle],
      attrs: [...names, ...types],
      stateful: true,
      shape: () => [handleShape(handle)],
      compute: (op, context) => make(context, handle, op, hashTable(op)),
      gradient: "none",
    }),
    mutable: defineOp(`MutableHashTable${version}`, {
      outputs: [handle],
      attrs: [...names, ...types],
      stateful: true,
      shape: ({ key_dtype, value_dtype }) => shapes(contents(key_dtype, [], value_dtype, [])),
      compute: (op, context) => make(context, handle, op, mutableTable(op, [])),
      gradient: "none",
    }),
    tensors: defineOp(`MutableHashTableOfTensors${version}`, {
      outputs: [handle],
      attrs: [...names, ...types, valueShape],
      stateful: true,
      shape: (op) => shapes(contents(op.key_dtype, [], op.value_dtype, op.value_shape)),
      compute: (op, context) => make(context, handle, op, mutableTable(op, checkVector(fullShape(op.value_shape)))),
      gradient: "none",
    }),
  };
}

const texts = namedOf("", "table_handle: Ref(string)");
const resources = namedOf("V2", "table_handle: resource");

export const hashTableOp = texts.hash;
export const hashTableV2Op = resources.hash;
export const mutableHashTableOp = texts.mutable;
export const mutableHashTableV2Op = resources.mutable;
export const mutableHashTableOfTensorsOp = texts.tensors;
export const mutableHashTableOfTensorsV2Op = resources.tensors;

export const mutableDenseHashTableOp = defineOp("MutableDenseHashTable", {
  inputs: ["empty_key: key_dtype"],
  outputs: ["table_handle: Ref(string)"],
  attrs: [...names, ...types, valueShape, ...density],
  stateful: true,
  shape: () => [[2]],
  // The first version has no key for removed entries: a value next to the empty key stands for it.
  compute: (op, context) => make(context, "table_handle: Ref(string)", op, denseTable(op, nextKey(op.empty_key))),
  gradient: "none",
});

function nextKey(key: NdArray): NdArray {
  const next = copyArray(key);
  const data = next.data as unknown as (number | bigint | Uint8Array)[];
  const first = data[0]!;
  data[0] = typeof first === "object" ? Uint8Array.of(...first, 0) : typeof first === "bigint" ? first + 1n : first + 1;
  return next;
}

/** A table that grows by doubling its buckets; empty_key and deleted_key cannot be keys. */
export const mutableDenseHashTableV2Op = defineOp("MutableDenseHashTableV2", {
  inputs: ["empty_key: key_dtype", "deleted_key: key_dtype"],
  outputs: ["table_handle: resource"],
  attrs: [...names, ...types, valueShape, ...density],
  stateful: true,
  shape: (op) => ({
    shapes: [[]],
    handles: [contents(op.key_dtype, mergeShapes(op.empty_key, op.deleted_key), op.value_dtype, op.value_shape)],
  }),
  compute: (op, context) => make(context, "table_handle: resource", op, denseTable(op, op.deleted_key)),
  gradient: "none",
});

export const anonymousHashTableOp = defineOp("AnonymousHashTable", {
  outputs: ["table_handle: resource"],
  attrs: types,
  stateful: true,
  shape: () => [[]],
  compute: (op, context) => makeAnonymous(context, hashTable(op)),
  gradient: "unregistered",
});

export const anonymousMutableHashTableOp = defineOp("AnonymousMutableHashTable", {
  outputs: ["table_handle: resource"],
  attrs: types,
  stateful: true,
  shape: (op) => ({ shapes: [[]], handles: [contents(op.key_dtype, [], op.value_dtype, [])] }),
  compute: (op, context) => makeAnonymous(context, mutableTable(op, [])),
  gradient: "unregistered",
});

export const anonymousMutableHashTableOfTensorsOp = defineOp("AnonymousMutableHashTableOfTensors", {
  outputs: ["table_handle: resource"],
  attrs: [...types, valueShape],
  stateful: true,
  shape: (op) => ({ shapes: [[]], handles: [contents(op.key_dtype, [], op.value_dtype, op.value_shape)] }),
  compute: (op, context) => makeAnonymous(context, mutableTable(op, checkVector(fullShape(op.value_shape)))),
  gradient: "unregistered",
});

export const anonymousMutableDenseHashTableOp = defineOp("AnonymousMutableDenseHashTable", {
  inputs: ["empty_key: key_dtype", "deleted_key: key_dtype"],
  outputs: ["table_handle: resource"],
  attrs: [...types, valueShape, ...density],
  stateful: true,
  shape: (op) => ({
    shapes: [[]],
    handles: [contents(op.key_dtype, mergeShapes(op.empty_key, op.deleted_key), op.value_dtype, op.value_shape)],
  }),
  compute: (op, context) => makeAnonymous(context, denseTable(op, op.deleted_key)),
  gradient: "unregistered",
});
