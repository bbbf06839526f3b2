/** A graph with its collections as a MetaGraphDef. Source: tensorflow/python/framework/meta_graph.py. */
import { log } from "../../core/host.ts";
import { graphDefinition } from "../../graph/def/graph_def.ts";
import { opListOf } from "../../graph/def/op_def.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import { toGraphProto } from "../../proto/graph_def.ts";
import { type pb, toLong } from "../../proto/messages.ts";
import { formOf } from "./collections.ts";

/** The TensorFlow whose graphs these are. */
const tensorflowVersion = "2.21.0";

export interface MetaGraphOptions {
  readonly graph?: Graph | undefined;
  readonly saverDef?: pb.SaverDef.$Properties | null | undefined;
  /** Only these collections; all by default. */
  readonly collectionList?: readonly string[] | undefined;
  /** Leaves out the nodes' devices. */
  readonly clearDevices?: boolean | undefined;
  /** Leaves out the saver's nodes of other savers than saverDef's. */
  readonly addShapes?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** Items that have no form of a MetaGraphDef leave their collection out, with a warning. */
export function createMetaGraphDef(options: MetaGraphOptions = {}): pb.MetaGraphDef.$Properties {
  const graph = options.graph ?? getDefaultGraph();
  const graphDef = toGraphProto(graphDefinition(graph, { addShapes: options.addShapes ?? true }));
  if (options.clearDevices) for (const node of graphDef.node ?? []) node.device = "";
  const collectionDef: Record<string, pb.CollectionDef.$Properties> = Object.create(null);
  for (const key of [...(options.collectionList ?? graph.getAllCollectionKeys())].sort()) {
    const collection = collectionToProto(graph, key);
    if (collection) collectionDef[key] = collection;
  }
  return {
    metaInfoDef: { tensorflowVersion, tags: [...(options.tags ?? [])], strippedOpList: { op: opListOf(graph) } },
    graphDef,
    ...(options.saverDef ? { saverDef: options.saverDef } : {}),
    collectionDef,
  };
}

function collectionToProto(graph: Graph, key: string): pb.CollectionDef.$Properties | null {
  const items = graph.getCollection(key);
  if (items.length === 0) return null;
  try {
    return graph.asDefault(() => itemsToProto(key, items));
  } catch (error) {
    log(
      "WARNING",
      `tensorflow: Issue encountered when serializing ${key}.\nType is unsupported, or the types of the items don't match field type in CollectionDef. Note this is a warning and probably safe to ignore.\n${error instanceof Error ? error.message : String(error)}`,
    );
    return null;
  }
}

const encoder = new TextEncoder();

function itemsToProto(key: string, items: readonly unknown[]): pb.CollectionDef.$Properties {
  const form = formOf(key);
  if (form) {
    const value = items.map((item) => form.toBytes(item, undefined)).filter((bytes) => bytes !== null);
    return { bytesList: { value } };
  }
  const [first] = items;
  if (typeof first === "string") return { bytesList: { value: items.map((item) => encoder.encode(item as string)) } };
  if (first instanceof Uint8Array) return { bytesList: { value: items as Uint8Array[] } };
  if (typeof first === "bigint" || (typeof first === "number" && Number.isInteger(first))) {
    return { int64List: { value: items.map((item) => toLong(item as number)) } };
  }
  if (typeof first === "number") return { floatList: { value: items as number[] } };
  return { nodeList: { value: items.map(nameOf) } };
}

function nameOf(item: unknown): string {
  const { name } = item as { name?: unknown };
  if (typeof name !== "string") throw new TypeError(`'${typeof item}' object has no attribute 'name'`);
  return name;
}
