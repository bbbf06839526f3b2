/** A MetaGraphDef's nodes and collections into the default graph. Source: meta_graph.py, import_scoped_meta_graph. */

import { RuntimeError, ValueError } from "../../core/error.ts";
import * as logging from "../../core/text/logging.ts";
import { importGraphDefinition } from "../../graph/def/import.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { fromGraphProto } from "../../proto/graph_def.ts";
import { decode, encode, fromLong, mapEntries, pb } from "../../proto/messages.ts";
import { GraphKeys } from "../collections.ts";
import { Variable } from "../variables/variable.ts";
import { formOf, isVariableCollection } from "./collections.ts";
import { prependNameScope } from "./scope_names.ts";

export interface ImportMetaGraphOptions {
  readonly clearDevices?: boolean | undefined;
  readonly importScope?: string | undefined;
  readonly inputMap?: Readonly<Record<string, Tensor>> | undefined;
  /** The collection that names inputs which must be in inputMap; null for none. */
  readonly unboundInputsColName?: string | null | undefined;
  /** Only collections for whose names it is true. */
  readonly restoreCollectionsPredicate?: ((key: string) => boolean) | undefined;
}

const decoder = new TextDecoder();

/** What was imported: the scope that was opened for it ("" for none). */
export interface Imported {
  readonly scope: string;
}

function checkUnbound(
  collections: readonly (readonly [string, pb.CollectionDef.$Properties])[],
  key: string | null,
  inputMap: Readonly<Record<string, Tensor>>,
): void {
  const unbound = collections.find(([name]) => name === key)?.[1].bytesList?.value ?? [];
  const names = unbound.map((bytes) => decoder.decode(bytes));
  const given = Object.keys(inputMap);
  if (names.length === 0 || (given.length > 0 && [...names].sort().join() === given.sort().join())) return;
  throw new ValueError(
    `Graph contains unbound inputs: ${names.join(",")}. Must provide these inputs through input_map.`,
  );
}

/** Did writers of this version say which variables are trainable? */
function saysTrainable(version: string | null | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  return !version || major > 1 || (major === 1 && minor >= 9);
}

/**
 * Adds nodes and collections; messages of collections that nothing reads stay bytes. Throws ValueError where inputs are missing that the
 * export left out, RuntimeError in eager execution.
 */
export function importMetaGraphDef(
  metaGraph: pb.MetaGraphDef.$Properties,
  options: ImportMetaGraphOptions = {},
): Imported {
  const { clearDevices = false, importScope, inputMap = {} } = options;
  const { unboundInputsColName = "unbound_inputs", restoreCollectionsPredicate = () => true } = options;
  const graph = getDefaultGraph();
  if (graph.isEager) {
    throw new RuntimeError(
      "Exporting/importing meta graphs is not supported when eager execution is enabled. No graph exists when eager execution is enabled.",
    );
  }
  const { TRAINABLE_VARIABLES } = GraphKeys;
  const collections = mapEntries(metaGraph.collectionDef);
  checkUnbound(collections, unboundInputsColName, inputMap);
  const definition = fromGraphProto(metaGraph.graphDef ?? {});
  const nodes = clearDevices ? definition.nodes.map((node) => ({ ...node, device: "" })) : definition.nodes;
  let scope = importScope ?? "";
  if (importScope) scope = graph.nameScope(importScope, (opened) => opened.slice(0, -1));
  importGraphDefinition({ ...definition, nodes }, { name: scope ? `${scope}/` : "", inputMap });
  const hasTrainable = saysTrainable(metaGraph.metaInfoDef?.tensorflowVersion);
  const known = new Map<string, Variable>();
  const order = (key: string): string => (key === TRAINABLE_VARIABLES ? "" : key);
  for (const [key, collection] of collections.sort(([a], [b]) => (order(a) < order(b) ? -1 : 1))) {
    if (key === unboundInputsColName || !restoreCollectionsPredicate(key)) continue;
    const form = formOf(key);
    if (form && collection.bytesList) {
      for (const bytes of collection.bytesList.value ?? []) {
        const same = isVariableCollection(key) ? known.get(byteKey(bytes)) : undefined;
        const definite =
          hasTrainable || !isVariableCollection(key) ? bytes : withTrainable(bytes, key === TRAINABLE_VARIABLES);
        const item = same ?? form.fromBytes(definite, scope || undefined);
        if (item instanceof Variable) known.set(byteKey(bytes), item);
        graph.addToCollection(key, item);
      }
      continue;
    }
    const items = itemsOf(collection, scope);
    if (!items) logging.error(`Cannot identify data type for collection ${key}. Skipping.`);
    for (const item of items ?? []) graph.addToCollection(key, item);
  }
  return { scope };
}

const withTrainable = (bytes: Uint8Array, trainable: boolean): Uint8Array =>
  encode(pb.VariableDef, { ...decode(pb.VariableDef, bytes), trainable });

const byteKey = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

function itemsOf(collection: pb.CollectionDef.$Properties, scope: string): readonly unknown[] | null {
  const scoped = (name: string): string => prependNameScope(name, scope);
  if (collection.nodeList)
    return (collection.nodeList.value ?? []).map((name) => getDefaultGraph().asGraphElement(scoped(name)));
  // Messages of kinds that nothing here reads (queue runners) stay as they are, for the next export.
  if (collection.bytesList)
    return (collection.bytesList.value ?? []).map((bytes) => {
      const item = textOrBytes(bytes);
      return typeof item === "string" ? scoped(item) : item;
    });
  if (collection.int64List) return (collection.int64List.value ?? []).map((value) => fromLong(value));
  if (collection.floatList) return collection.floatList.value ?? [];
  if (collection.anyList) return collection.anyList.value ?? [];
  return null;
}

/** Text where the bytes are text. */
function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  const text = decoder.decode(bytes);
  const isText = !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text);
  return isText ? text : bytes;
}
