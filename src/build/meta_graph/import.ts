/** A MetaGraphDef's nodes and collections into the default graph. Source: meta_graph.py, import_scoped_meta_graph. */
import { log } from "../../core/host.ts";
import { importGraphDefinition } from "../../graph/def/import.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { fromGraphProto } from "../../proto/graph_def.ts";
import { fromLong, mapEntries, type pb } from "../../proto/messages.ts";
import { Variable } from "../variables/variable.ts";
import { formOf, isVariableCollection } from "./collections.ts";

export interface ImportMetaGraphOptions {
  readonly clearDevices?: boolean | undefined;
  readonly importScope?: string | undefined;
  readonly inputMap?: Readonly<Record<string, Tensor>> | undefined;
}

const decoder = new TextDecoder();

/** What was imported: the scope that was opened for it ("" for none). */
export interface Imported {
  readonly scope: string;
}

/** Adds nodes and collections; messages of collections that nothing reads stay bytes. */
export function importMetaGraphDef(
  metaGraph: pb.MetaGraphDef.$Properties,
  options: ImportMetaGraphOptions = {},
): Imported {
  const { clearDevices = false, importScope, inputMap = {} } = options;
  const graph = getDefaultGraph();
  const definition = fromGraphProto(metaGraph.graphDef ?? {});
  const nodes = clearDevices ? definition.nodes.map((node) => ({ ...node, device: "" })) : definition.nodes;
  let scope = importScope ?? "";
  if (importScope) scope = graph.nameScope(importScope, (opened) => opened.slice(0, -1));
  importGraphDefinition({ ...definition, nodes }, { name: scope ? `${scope}/` : "", inputMap });
  const known = new Map<string, Variable>();
  for (const [key, collection] of mapEntries(metaGraph.collectionDef).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const form = formOf(key);
    if (form && collection.bytesList) {
      for (const bytes of collection.bytesList.value ?? []) {
        const same = isVariableCollection(key) ? known.get(byteKey(bytes)) : undefined;
        const item = same ?? form.fromBytes(bytes, scope || undefined);
        if (item instanceof Variable) known.set(byteKey(bytes), item);
        graph.addToCollection(key, item);
      }
      continue;
    }
    const items = itemsOf(collection, scope);
    if (!items) log("ERROR", `tensorflow: Cannot identify data type for collection ${key}. Skipping.`);
    for (const item of items ?? []) graph.addToCollection(key, item);
  }
  return { scope };
}

const byteKey = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

function itemsOf(collection: pb.CollectionDef.$Properties, scope: string): readonly unknown[] | null {
  const scoped = (name: string): string => (scope ? `${scope}/${name}` : name);
  if (collection.nodeList)
    return (collection.nodeList.value ?? []).map((name) => getDefaultGraph().asGraphElement(scoped(name)));
  // Messages of kinds that nothing here reads (queue runners) stay as they are, for the next export.
  if (collection.bytesList) return (collection.bytesList.value ?? []).map(textOrBytes);
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
