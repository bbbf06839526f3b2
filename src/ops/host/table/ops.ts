/** What is done with tables, through handles of both versions. Source: lookup_ops.cc, lookup_table_op.cc, lookup_table_init_op.cc */
import type { DType } from "../../../core/dtype.ts";
import { FailedPreconditionError, invalidArgument } from "../../../core/error.ts";
import { after, flow } from "../../../core/flow/maybe.ts";
import { type NdArray, ndarray } from "../../../core/nd_array.ts";
import { compatible, formatShape, mergeShapes, type Shape, withRank } from "../../../core/shape.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import type { ShapeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { textOf } from "../arrays.ts";
import { type HandleArg, isText } from "../resource.ts";
import type { HashTable } from "./hash_table.ts";
import { tableOf } from "./make.ts";
import { checkTypes } from "./table.ts";
import { readTextTable } from "./text_file.ts";

/** The value's shape for a lookup of these keys, or null where the handle's maker did not say. Throws for other dtypes or shapes. */
function lookupShape(context: ShapeContext, keys: Shape, key: DType, value: DType, isLookup: boolean): Shape {
  const known = context.handle("table_handle");
  if (known?.length !== 2) return null;
  const [keyData, valueData] = known;
  for (const [want, got] of [
    [keyData!.dtype, key],
    [valueData!.dtype, value],
  ] as const) {
    if (want !== got) {
      throw invalidArgument(`Trying to read value with wrong dtype. Expected ${cppName(want)} got ${cppName(got)}`);
    }
  }
  if (!isLookup || keys === null || keyData!.shape === null) return null;
  const at = keys.length - keyData!.shape.length;
  if (at < 0 || !compatible(keys.slice(at), keyData!.shape)) {
    throw invalidArgument(
      `Expected keys to have suffix ${formatShape(keyData!.shape)} but saw shape: ${formatShape(keys)}`,
    );
  }
  return valueData!.shape === null ? null : [...keys.slice(0, at), ...valueData!.shape];
}

function opsOf(version: "" | "V2", handle: HandleArg<"table_handle">) {
  const stateful = version === "V2";
  const spelled = isText(handle) ? "string_ref" : "resource";
  const find = defineOp(`LookupTableFind${version}`, {
    inputs: [handle, "keys: Tin", "default_value: Tout"],
    outputs: ["values: Tout"],
    attrs: ["Tin: type", "Tout: type"],
    stateful,
    shape: ({ keys, Tin, Tout }, context) => [lookupShape(context, keys, Tin, Tout, true)],
    compute({ table_handle, keys, default_value, Tin, Tout }, context) {
      const table = tableOf(context, table_handle);
      checkTypes(table, spelled, [Tin, Tout], true, true);
      return table.find(keys, default_value);
    },
    gradient: "none",
  });
  const insert = defineOp(`LookupTableInsert${version}`, {
    inputs: [handle, "keys: Tin", "values: Tout"],
    attrs: ["Tin: type", "Tout: type"],
    stateful,
    shape: () => [],
    compute({ table_handle, keys, values, Tin, Tout }, context) {
      const table = tableOf(context, table_handle);
      checkTypes(table, spelled, [Tin, Tout], true, false);
      table.insert(keys, values);
    },
    gradient: "none",
  });
  const size = defineOp(`LookupTableSize${version}`, {
    inputs: [handle],
    outputs: ["size: int64"],
    stateful,
    shape: () => [[]],
    compute: ({ table_handle }, context) => ndarray(tableOf(context, table_handle).size, "int64", []),
    gradient: "none",
  });
  const exportAll = defineOp(`LookupTableExport${version}`, {
    inputs: [handle],
    outputs: ["keys: Tkeys", "values: Tvalues"],
    attrs: ["Tkeys: type", "Tvalues: type"],
    stateful,
    shape({ Tkeys, Tvalues }, context) {
      lookupShape(context, null, Tkeys, Tvalues, false);
      return [null, null];
    },
    compute({ table_handle, Tkeys, Tvalues }, context) {
      const table = tableOf(context, table_handle);
      checkTypes(table, spelled, [Tkeys, Tvalues], true, false);
      return table.export();
    },
    gradient: "unregistered",
  });
  const importAll = defineOp(`LookupTableImport${version}`, {
    inputs: [handle, "keys: Tin", "values: Tout"],
    attrs: ["Tin: type", "Tout: type"],
    stateful,
    shape: () => [],
    compute({ table_handle, keys, values, Tin, Tout }, context) {
      const table = tableOf(context, table_handle);
      checkTypes(table, spelled, [Tin, Tout], true, false);
      table.import(keys, values);
    },
    gradient: "unregistered",
  });
  const initialize = defineOp(`InitializeTable${version}`, {
    inputs: [handle, "keys: Tkey", "values: Tval"],
    attrs: ["Tkey: type", "Tval: type"],
    stateful,
    shape({ keys, values }) {
      mergeShapes(withRank(keys, 1), values);
      return [];
    },
    compute({ table_handle, keys, values, Tkey, Tval }, context) {
      const table = tableOf<HashTable>(context, table_handle);
      checkTypes(table, spelled, [Tkey, Tval], true, false);
      table.initialize(keys, values);
    },
    gradient: "none",
  });
  const fromTextFile = defineOp(`InitializeTableFromTextFile${version}`, {
    inputs: [handle, "filename: string"],
    attrs: [
      "key_index: int >= -2",
      "value_index: int >= -2",
      "vocab_size: int >= -1 = -1",
      "delimiter: string = '\t'",
      "offset: int = 0",
    ],
    stateful,
    shape({ filename }) {
      withRank(filename, 0);
      return [];
    },
    access: "input",
    run({ table_handle, filename, key_index, value_index, vocab_size, delimiter, offset }, context) {
      const table = tableOf<HashTable>(context, table_handle);
      if (delimiter.length !== 1) throw invalidArgument("delimiter should be only 1 char");
      const path = oneFile(filename);
      if (table.isInitialized) return;
      context.permit(path);
      const options = { keyIndex: key_index, valueIndex: value_index, vocabSize: vocab_size, delimiter, offset };
      return after(flow(readTextTable(path, options, table.keyDtype, table.valueDtype)), ([keys, values]) => {
        // Another run may have filled it while this one read.
        if (!table.isInitialized) table.initialize(keys, values);
      });
    },
    gradient: "none",
  });
  return { find, insert, size, exportAll, importAll, initialize, fromTextFile };
}

function oneFile(filename: NdArray): string {
  if (filename.size === 1) return textOf(filename);
  throw new FailedPreconditionError(`filename should be a single string, but got ${formatShape(filename.shape)}`);
}

const texts = opsOf("", "table_handle: Ref(string)");
const resources = opsOf("V2", "table_handle: resource");

export const lookupTableFindOp = texts.find;
export const lookupTableFindV2Op = resources.find;
export const lookupTableInsertOp = texts.insert;
export const lookupTableInsertV2Op = resources.insert;
export const lookupTableSizeOp = texts.size;
export const lookupTableSizeV2Op = resources.size;
export const lookupTableExportOp = texts.exportAll;
export const lookupTableExportV2Op = resources.exportAll;
export const lookupTableImportOp = texts.importAll;
export const lookupTableImportV2Op = resources.importAll;
export const initializeTableOp = texts.initialize;
export const initializeTableV2Op = resources.initialize;
export const initializeTableFromTextFileOp = texts.fromTextFile;
export const initializeTableFromTextFileV2Op = resources.fromTextFile;

export const lookupTableRemoveV2Op = defineOp("LookupTableRemoveV2", {
  inputs: ["table_handle: resource", "keys: Tin"],
  attrs: ["Tin: type"],
  stateful: true,
  shape: () => [],
  compute({ table_handle, keys, Tin }, context) {
    const table = tableOf(context, table_handle);
    checkTypes(table, "resource", [Tin], false, false);
    table.remove(keys);
  },
  gradient: "unregistered",
});
