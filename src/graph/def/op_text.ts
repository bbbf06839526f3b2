/** An op's definition in one line, as messages about nodes name it. Source: op_def_util.cc, SummarizeOpDef. */
import { wrapAttr } from "../attr.ts";
import type { ArgDefinition, AttrDefinition, OpDefinition } from "../definition.ts";
import { attrText, cppName, enumName } from "./node_text.ts";

function argText({ name, dtype, typeAttr, numberAttr, typeListAttr, isRef }: ArgDefinition): string {
  if (typeListAttr) return `${name}:`;
  const type = `${numberAttr ? `${numberAttr}*` : ""}${typeAttr ?? cppName(dtype!)}`;
  return `${name}:${isRef ? `Ref(${type})` : type}`;
}

function attrDefinitionText(attr: AttrDefinition): string {
  const { name, kind, isList, defaultValue, allowedTypes, allowedStrings, minimum } = attr;
  const allowed = allowedTypes?.map(enumName) ?? allowedStrings?.map((text) => `"${text}"`);
  return [
    `${name}:${isList ? `list(${kind})` : kind}`,
    ...(defaultValue === undefined ? [] : [`default=${attrText(wrapAttr(attr, defaultValue))}`]),
    ...(minimum === undefined ? [] : [`min=${minimum}`]),
    ...(allowed ? [`allowed=[${allowed.join(", ")}]`] : []),
  ].join(",");
}

/** `Op<name=Placeholder; signature= -> output:dtype; attr=dtype:type; attr=shape:shape,default=<unknown>>`. */
export const opText = ({ type, inputs, outputs, attrs, stateful }: OpDefinition): string =>
  `Op<${[
    `name=${type}`,
    `signature=${inputs.map(argText).join(", ")} -> ${outputs.map(argText).join(", ")}`,
    ...attrs.map((attr) => `attr=${attrDefinitionText(attr)}`),
    ...(stateful ? ["is_stateful=true"] : []),
  ].join("; ")}>`;
