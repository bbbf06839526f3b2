/** Attr values in memory: tagged as on the wire, unwrapped for op code. */
import type { DType } from "../core/dtype.ts";
import type { Shape } from "../core/shape.ts";
import type { AttrValue, NameAttrList } from "../proto/attr_value.ts";
import type { AttrDefinition, AttrKind, AttrPlain, OpDefinition } from "./definition.ts";
import { plainShape, TensorShape } from "./tensor_shape.ts";

export type { AttrValue } from "../proto/attr_value.ts";

/** A function of the graph's library with the attrs of the call. */
export type FunctionRef = NameAttrList;

/** Wraps an op author's plain value as the attr kind of its definition. */
export function wrapAttr(definition: Pick<AttrDefinition, "kind" | "isList">, plain: AttrPlain): AttrValue {
  if (definition.isList) return { kind: "list", of: definition.kind, value: plain as never } as AttrValue;
  return tagged(definition.kind, plain);
}

const tagged = (kind: AttrKind, plain: AttrPlain): AttrValue =>
  ({ kind, value: plain instanceof TensorShape ? plainShape(plain) : plain }) as AttrValue;

/** The plain value inside. */
export const unwrapAttr = (attr: AttrValue): AttrPlain => (attr as { value: AttrPlain }).value;

/** May an attr of its operations hold an array, which nobody should keep longer than they do? */
export const holdsTensor = ({ attrs }: OpDefinition): boolean => attrs.some(({ kind }) => kind === "tensor");

export const typeAttr = (value: DType): AttrValue => ({ kind: "type", value: value.baseDtype });
export const shapeAttr = (value: Shape): AttrValue => ({ kind: "shape", value });
export const boolAttr = (value: boolean): AttrValue => ({ kind: "bool", value });
export const stringAttr = (value: string): AttrValue => ({ kind: "string", value });
export const stringsAttr = (value: readonly string[]): AttrValue => ({ kind: "list", of: "string", value });

/** The attr that says in which container of the session an op's object lives. */
export const containerAttr = "container";

/** Does an op with these attrs take one of the scope around it? A container only where it could be in one and names none. */
export function takesScopeAttr(attrs: ReadonlyMap<string, AttrValue>, name: string): boolean {
  if (name !== containerAttr) return !attrs.has(name);
  const own = attrs.get(name);
  return own !== undefined && String(unwrapAttr(own)) === "";
}
