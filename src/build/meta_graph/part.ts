/**
 * A part of a graph for export: the nodes of one scope, without nodes of other savers, without devices, without attrs that have their
 * default. Inputs from outside get names that tell what is to be put there:
 *     $unbound_inputs_other/x:0
 * Source: tensorflow/python/framework/meta_graph.py.
 */

import { type AttrValue, wrapAttr } from "../../graph/attr.ts";
import { definitionIn } from "../../graph/def/library.ts";
import { findDefinition } from "../../graph/op/registry.ts";
import { toAttrProto } from "../../proto/attr_value.ts";
import { fromNodeProto, type GraphDefinition, type NodeDefinition, toNodeProto } from "../../proto/graph_def.ts";
import { encode, pb } from "../../proto/messages.ts";
import { stripNameScope } from "./scope_names.ts";

const unboundPrefix = "$unbound_inputs_";

export interface Part {
  readonly exportScope?: string | undefined;
  readonly excluded?: ReadonlySet<string> | undefined;
  readonly clearDevices?: boolean | undefined;
}

/** Does a node of this name, or an item of a collection with this name, belong to the part? */
export const isInPart = (name: string, { exportScope, excluded }: Part): boolean =>
  !excluded?.has(name) && (name.startsWith(unboundPrefix) || !exportScope || name.startsWith(exportScope));

/** The part of a graph, and the names of its inputs that lie outside. */
export function partOf(
  graph: GraphDefinition,
  part: Part,
): { readonly definition: GraphDefinition; readonly unbound: readonly string[] } {
  const unbound: string[] = [];
  const nodes = graph.nodes.filter((node) => isInPart(node.name, part)).map((node) => cut(node, part, unbound));
  return { definition: { ...graph, nodes }, unbound };
}

function cut(node: NodeDefinition, { exportScope, clearDevices }: Part, unbound: string[]): NodeDefinition {
  const inputs = node.inputs.map((input) => {
    if (!exportScope || input.replace(/^\^+/, "").startsWith(exportScope)) return stripNameScope(input, exportScope);
    const outside = input.replace(/^\^?/, (mark) => mark + unboundPrefix);
    unbound.push(outside);
    return outside;
  });
  const attrs = new Map<string, AttrValue>();
  for (const [name, value] of node.attrs) attrs.set(name, cutAttr(name, value, exportScope));
  const device = clearDevices ? "" : node.device;
  return { ...node, name: stripNameScope(node.name, exportScope), inputs, attrs, device };
}

function cutAttr(name: string, attr: AttrValue, scope: string | undefined): AttrValue {
  if (!scope) return attr;
  if (name === "_class" && attr.kind === "list" && attr.of === "string") {
    const inside = attr.value.map(String).filter((each) => each.split("@")[1]?.startsWith(scope));
    return { ...attr, value: inside.map((each) => stripNameScope(each, scope)) };
  }
  if (name === "frame_name" && attr.kind === "string")
    return { ...attr, value: stripNameScope(String(attr.value), scope) };
  return attr;
}

const scopeOf = (name: string): string => name.slice(0, Math.max(name.lastIndexOf("/"), 0));
const nodeOf = (tensorOrInput: string): string => tensorOrInput.replace(/^\^/, "").replace(/:\d+$/, "");

/** Nodes in the scopes of other savers than this one. */
export function extraneousSaverNodes(
  { nodes, library }: GraphDefinition,
  saver: pb.SaverDef.$Properties | null,
): Set<string> {
  const kept = saver ? [saver.saveTensorName, saver.restoreOpName].map((name) => scopeOf(nodeOf(name ?? ""))) : [];
  const saving = nodes.filter(({ op }) => definitionIn(library, op).access === "checkpoint").map(({ name }) => name);
  const scopes = new Set(saving.map(scopeOf));
  for (const name of [...saving, ...kept]) scopes.delete(name);
  const prefixes = [...scopes].map((scope) => `${scope}/`);
  const extraneous = nodes.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
  return new Set(extraneous.map(({ name }) => name));
}

const sameAttr = (a: AttrValue, b: AttrValue): boolean => {
  const [x, y] = [a, b].map((attr) => encode(pb.AttrValue, toAttrProto(attr)));
  return Buffer.compare(x!, y!) === 0;
};

/** A node without the attrs that have the default of its op; calls of functions stay as they are. */
function withoutDefaults(node: NodeDefinition): NodeDefinition {
  const attrs = new Map(node.attrs);
  for (const definition of findDefinition(node.op)?.attrs ?? []) {
    const value = attrs.get(definition.name);
    const { defaultValue } = definition;
    if (value && defaultValue !== undefined && sameAttr(value, wrapAttr(definition, defaultValue)))
      attrs.delete(definition.name);
  }
  return { ...node, attrs };
}

/** The graph without attrs that have their default, in nodes and in the bodies of functions. */
export function withoutDefaultAttrs({ nodes, library, versions }: GraphDefinition): GraphDefinition {
  const functions = library?.function?.map((each) => ({
    ...each,
    nodeDef: each.nodeDef?.map((node) => toNodeProto(withoutDefaults(fromNodeProto(node)))),
  }));
  return {
    nodes: nodes.map(withoutDefaults),
    library: functions ? { ...library, function: functions } : library,
    versions,
  };
}
