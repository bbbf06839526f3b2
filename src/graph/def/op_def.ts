/** Definitions as TensorFlow's OpDefs: what a MetaGraph says of the ops that it uses. Source: op_def.proto. */
import { toAttrProto } from "../../proto/attr_value.ts";
import type { GraphDefinition } from "../../proto/graph_def.ts";
import type { pb } from "../../proto/messages.ts";
import { wrapAttr } from "../attr.ts";
import type { ArgDefinition, AttrDefinition, OpDefinition } from "../definition.ts";
import { findDefinition } from "../op/registry.ts";
import { findFunction } from "./library.ts";

/** The ops of a graph, and of the functions that nodes call by name, each once, sorted by type. */
export function opListOf({ nodes, library }: GraphDefinition): pb.OpDef.$Properties[] {
  const used = new Set(nodes.map(({ op }) => op));
  for (const op of used) for (const node of findFunction(library, op)?.nodeDef ?? []) used.add(node.op ?? "");
  return [...used].sort().flatMap((op) => {
    const definition = findDefinition(op);
    return definition ? [toOpDef(definition)] : [];
  });
}

function toOpDef(definition: OpDefinition): pb.OpDef.$Properties {
  return {
    name: definition.type,
    inputArg: definition.inputs.map(toArg),
    outputArg: definition.outputs.map(toArg),
    attr: definition.attrs.map(toAttr),
    isStateful: definition.stateful,
  };
}

const toArg = ({
  name,
  dtype,
  typeAttr,
  numberAttr,
  typeListAttr,
  isRef,
}: ArgDefinition): pb.OpDef.ArgDef.$Properties => ({
  name,
  ...(dtype ? { type: dtype.number } : {}),
  ...(typeAttr ? { typeAttr } : {}),
  ...(numberAttr ? { numberAttr } : {}),
  ...(typeListAttr ? { typeListAttr } : {}),
  isRef,
});

function toAttr(attr: AttrDefinition): pb.OpDef.AttrDef.$Properties {
  const { name, kind, isList, defaultValue, allowedTypes, allowedStrings, minimum } = attr;
  return {
    name,
    type: isList ? `list(${kind})` : kind,
    ...(defaultValue !== undefined ? { defaultValue: toAttrProto(wrapAttr(attr, defaultValue)) } : {}),
    ...(minimum !== undefined ? { hasMinimum: true, minimum } : {}),
    ...(allowedTypes ? { allowedValues: toAttrProto({ kind: "list", of: "type", value: allowedTypes }) } : {}),
    ...(allowedStrings ? { allowedValues: toAttrProto({ kind: "list", of: "string", value: allowedStrings }) } : {}),
  } as pb.OpDef.AttrDef.$Properties;
}
