/** A graph, or a part of it, with its collections as a MetaGraphDef. Source: tensorflow/python/framework/meta_graph.py. */

import { RuntimeError } from "../../core/error.ts";
import * as logging from "../../core/text/logging.ts";
import { graphDefinition } from "../../graph/def/graph_def.ts";
import { opListOf } from "../../graph/def/op_def.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import { findDefinition } from "../../graph/op/registry.ts";
import type { SaverDef } from "../../proto/classes.ts";
import { fromGraphProto, type GraphDefinition, toGraphProto } from "../../proto/graph_def.ts";
import { encode, pb, toLong } from "../../proto/messages.ts";
import { GraphKeys } from "../collections.ts";
import { formOf } from "./collections.ts";
import { extraneousSaverNodes, isInPart, type Part, partOf, withoutDefaultAttrs } from "./part.ts";
import { stripNameScope } from "./scope_names.ts";

/** The TensorFlow whose graphs these are. */
const tensorflowVersion = "2.21.0";

export interface MetaGraphOptions {
  readonly graph?: Graph | undefined;
  /** In place of the graph's own nodes. */
  readonly graphDef?: pb.GraphDef.$Properties | null | undefined;
  /** What is to be said of the graph beside its version and ops: tags, anyInfo. */
  readonly metaInfoDef?: pb.MetaGraphDef.MetaInfoDef.$Properties | null | undefined;
  readonly saverDef?: pb.SaverDef.$Properties | SaverDef | null | undefined;
  /** Only these collections; all by default. */
  readonly collectionList?: readonly string[] | null | undefined;
  /** Only what lies in this scope, named without it; inputs from outside are listed in the collection `unbound_inputs`. */
  readonly exportScope?: string | null | undefined;
  /** The collection of inputs from outside; null keeps none. */
  readonly unboundInputsColName?: string | null | undefined;
  /** Leaves out the nodes' devices. */
  readonly clearDevices?: boolean | undefined;
  /** Leaves out the nodes and definitions of other savers than saverDef's. */
  readonly clearExtraneousSavers?: boolean | undefined;
  /** Leaves out attrs that have their default. */
  readonly stripDefaultAttrs?: boolean | undefined;
  readonly addShapes?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
}

/**
 * Items that have no form of a MetaGraphDef leave their collection out, with a warning. Throws RuntimeError in eager execution without a
 * graph and a GraphDef.
 */
export function createMetaGraphDef(options: MetaGraphOptions = {}): pb.MetaGraphDef.$Properties {
  const graph = options.graph ?? getDefaultGraph();
  const { graphDef, metaInfoDef, clearDevices = false, clearExtraneousSavers = false } = options;
  const given = options.saverDef ?? null;
  const saverDef = given && "toPlain" in given ? given.toPlain() : given;
  if (graph.isEager && !(graphDef && options.graph)) {
    throw new RuntimeError(
      "Exporting/importing meta graphs is not supported when eager execution is enabled. No graph exists when eager execution is enabled.",
    );
  }
  let definition = graphDef
    ? fromGraphProto(graphDef)
    : graphDefinition(graph, { addShapes: options.addShapes ?? true });
  const excluded = clearExtraneousSavers ? extraneousSaverNodes(definition, saverDef) : undefined;
  const part: Part = { exportScope: options.exportScope ?? undefined, excluded, clearDevices };
  if (part.exportScope || clearExtraneousSavers || clearDevices) {
    const cut = partOf(graphDef ? definition : withNumberedLoops(definition), part);
    definition = cut.definition;
    const { unboundInputsColName: key = "unbound_inputs" } = options;
    if (key) {
      graph.clearCollection(key);
      for (const input of cut.unbound) graph.addToCollection(key, input);
    }
  }
  const ops = opListOf(definition);
  if (options.stripDefaultAttrs) definition = withoutDefaultAttrs(definition);
  const collectionDef: Record<string, pb.CollectionDef.$Properties> = Object.create(null);
  for (const key of [...(options.collectionList ?? graph.getAllCollectionKeys())].sort()) {
    const isSaver = clearExtraneousSavers && key === GraphKeys.SAVERS;
    const collection = isSaver ? onlySaver(saverDef) : collectionToProto(graph, key, part);
    if (collection) collectionDef[key] = collection;
  }
  return {
    metaInfoDef: {
      ...metaInfoDef,
      tensorflowVersion,
      tags: [...(metaInfoDef?.tags ?? []), ...(options.tags ?? [])],
      strippedOpList: metaInfoDef?.strippedOpList?.op?.length ? metaInfoDef.strippedOpList : { op: ops },
      ...(options.stripDefaultAttrs ? { strippedDefaultAttrs: true } : {}),
    },
    graphDef: toGraphProto(definition),
    ...(saverDef ? { saverDef } : {}),
    collectionDef,
  };
}

/** Edges back to the start of loops are written `name:0` where nodes are taken one by one. */
function withNumberedLoops(definition: GraphDefinition): GraphDefinition {
  const before = new Set<string>();
  const nodes = definition.nodes.map((node) => {
    before.add(node.name);
    if (findDefinition(node.op)?.flow !== "merge") return node;
    const inputs = node.inputs.map((input) => (/[:^]/.test(input) || before.has(input) ? input : `${input}:0`));
    return { ...node, inputs };
  });
  return { ...definition, nodes };
}

const onlySaver = (saver: pb.SaverDef.$Properties | null): pb.CollectionDef.$Properties | null =>
  saver && { bytesList: { value: [encode(pb.SaverDef, saver)] } };

function collectionToProto(graph: Graph, key: string, part: Part): pb.CollectionDef.$Properties | null {
  const items = graph.getCollection(key).filter((item) => {
    const name = typeof item === "string" ? item : (item as { name?: unknown } | null)?.name;
    return typeof name !== "string" || isInPart(name, part);
  });
  if (items.length === 0) return null;
  try {
    return graph.asDefault(() => itemsToProto(key, items, part.exportScope));
  } catch (error) {
    logging.warn(
      `Issue encountered when serializing ${key}.\nType is unsupported, or the types of the items don't match field type in CollectionDef. Note this is a warning and probably safe to ignore.\n${error instanceof Error ? error.message : String(error)}`,
    );
    return null;
  }
}

const encoder = new TextEncoder();

function itemsToProto(key: string, items: readonly unknown[], scope: string | undefined): pb.CollectionDef.$Properties {
  const form = formOf(key);
  if (form) {
    const value = items.map((item) => form.toBytes(item, scope)).filter((bytes) => bytes !== null);
    return { bytesList: { value } };
  }
  const [first] = items;
  if (typeof first === "string") return { bytesList: { value: items.map((item) => encoder.encode(item as string)) } };
  if (first instanceof Uint8Array) return { bytesList: { value: items as Uint8Array[] } };
  if (typeof first === "bigint" || (typeof first === "number" && Number.isInteger(first))) {
    return { int64List: { value: items.map((item) => toLong(item as number)) } };
  }
  if (typeof first === "number") return { floatList: { value: items as number[] } };
  return { nodeList: { value: items.map((item) => stripNameScope(nameOf(item), scope)) } };
}

function nameOf(item: unknown): string {
  const { name } = item as { name?: unknown };
  if (typeof name !== "string") throw new TypeError(`'${typeof item}' object has no attribute 'name'`);
  return name;
}
