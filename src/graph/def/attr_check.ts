/** Whether the attrs of a node from a file are of the kinds that its op declares. Source: attr_value_util.cc, op_def_util.cc */
import type { DType } from "../../core/dtype.ts";
import { InvalidArgumentError } from "../../core/error.ts";
import type { AttrValue } from "../../proto/attr_value.ts";
import type { AttrDefinition } from "../definition.ts";

/** Throws INVALID_ARGUMENT in TensorFlow's words; `where` names the node and its op. */
export function checkAttr(definition: AttrDefinition, attr: AttrValue, where: () => string): void {
  const wrong = kindFault(definition, attr);
  if (wrong) throw new InvalidArgumentError(`${wrong}\n\t for attr '${definition.name}'\n\t; ${where()}`);
  const least = leastFault(definition, attr);
  if (least) throw new InvalidArgumentError(`${least}\n\t; ${where()}`);
}

const kindText = (attr: AttrValue): string => (attr.kind === "list" ? `list(${attr.of})` : attr.kind);

function kindFault({ kind, isList }: AttrDefinition, attr: AttrValue): string | null {
  const expected = isList ? `list(${kind})` : kind;
  if (attr.kind === "none") return `AttrValue missing value with expected type '${expected}'`;
  const isEmpty = attr.kind === "list" && attr.value.length === 0;
  if (kindText(attr) !== expected && !(isList && isEmpty))
    return `AttrValue had value with type '${kindText(attr)}' when '${expected}' expected`;
  if (kind !== "type") return null;
  const types = (attr.kind === "list" ? attr.value : [(attr as { value: DType }).value]) as readonly DType[];
  const ref = types.find((dtype) => dtype.isRef);
  return ref ? `AttrValue must not have reference type value of ${ref.name}` : null;
}

function leastFault({ name, kind, isList, minimum }: AttrDefinition, attr: AttrValue): string | null {
  if (minimum === undefined) return null;
  if (isList) {
    const { length } = (attr as { value: readonly unknown[] }).value;
    return length < minimum ? `Length for attr '${name}' of ${length} must be at least minimum ${minimum}` : null;
  }
  const { value } = attr as { value: number | bigint };
  return kind === "int" && value < minimum
    ? `Value for attr '${name}' of ${value} must be at least minimum ${minimum}`
    : null;
}
