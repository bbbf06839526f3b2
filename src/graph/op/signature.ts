/**
 * Reads signatures in the notation of TensorFlow's op definitions:
 *     inputs, outputs   "a: T"   "n: int32"   "values: N * T"   "components: Tcomponents"   "ref: Ref(T)"
 *     attrs             "T: type"   "T: {float, double} = DT_FLOAT"   "N: int >= 1"   "strides: list(int)"   "padding: {'SAME', 'VALID'}"
 */
import { type DType, dtypeOf, findDtype } from "../../core/dtype.ts";
import { ndarray } from "../../core/nd_array.ts";
import type { ArgDefinition, AttrDefinition, AttrKind, AttrPlain } from "../definition.ts";

/** Names of dtypes in op definitions that differ from Python's. */
const cppNames: Record<string, string> = { half: "float16", float: "float32", double: "float64" };

export const dtypeFromCpp = (name: string): DType => dtypeOf(cppNames[name] ?? name);

const realNumbers = "float double int32 uint8 int16 int8 int64 bfloat16 uint16 half uint32 uint64".split(" ");
const typeSets: Record<string, readonly string[]> = {
  numbertype:
    "float double int32 uint8 int16 int8 complex64 int64 qint8 quint8 qint32 bfloat16 qint16 quint16 uint16 complex128 half uint32 uint64".split(
      " ",
    ),
  realnumbertype: realNumbers,
  quantizedtype: ["qint8", "quint8", "qint32", "qint16", "quint16"],
};

function splitName(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon < 0) throw new Error(`bug: signature part without a colon: ${text}`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

export function parseAttr(text: string): AttrDefinition {
  const [name, rest] = splitName(text);
  const equals = rest.search(/(?<![<>])=(?!=)/);
  const beforeDefault = equals < 0 ? rest : rest.slice(0, equals).trim();
  const minimum = /^(.*?)\s*>=\s*(-?\d+)$/.exec(beforeDefault);
  const typeText = minimum ? minimum[1]!.trim() : beforeDefault;
  const list = /^list\((.*)\)$/.exec(typeText);
  const element = list ? list[1]!.trim() : typeText;
  const base: { kind: AttrKind; allowedTypes?: readonly DType[]; allowedStrings?: readonly string[] } =
    elementKind(element);
  const definition: AttrDefinition = {
    name,
    ...base,
    isList: list !== null,
    ...(minimum ? { minimum: Number(minimum[2]) } : {}),
  };
  if (equals < 0) return definition;
  return { ...definition, defaultValue: parseDefault(definition, rest.slice(equals + 1).trim()) };
}

function elementKind(text: string): {
  kind: AttrKind;
  allowedTypes?: readonly DType[];
  allowedStrings?: readonly string[];
} {
  if (text.startsWith("{")) {
    const items = text
      .slice(1, -1)
      .split(",")
      .map((item) => item.trim());
    if (/^['"]/.test(items[0]!)) return { kind: "string", allowedStrings: items.map((item) => item.slice(1, -1)) };
    return { kind: "type", allowedTypes: items.flatMap((item) => typeSets[item] ?? [item]).map(dtypeFromCpp) };
  }
  if (typeSets[text]) return { kind: "type", allowedTypes: typeSets[text].map(dtypeFromCpp) };
  return { kind: text as AttrKind };
}

function parseDefault(definition: AttrDefinition, text: string): AttrPlain {
  if (definition.isList) {
    const inner = text
      .replace(/^[[{]/, "")
      .replace(/[\]}]$/, "")
      .trim();
    if (inner === "") return [];
    return splitTop(inner).map((item) => parseScalar(definition.kind, item.trim()));
  }
  return parseScalar(definition.kind, text);
}

/** Splits at commas outside brackets and quotes. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "[" || c === "{") depth++;
    else if (c === "]" || c === "}") depth--;
    else if (c === "," && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

function parseScalar(kind: AttrKind, text: string): AttrPlain {
  switch (kind) {
    case "bool":
      return text === "true";
    case "int":
      return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
    case "float":
      return Number(text);
    case "string":
      return text.slice(1, -1);
    case "type":
      return dtypeFromCpp(text.replace(/^DT_/, "").toLowerCase());
    case "shape":
      return text === "unknown" || text.includes("unknown_rank")
        ? null
        : text
            .replace(/[[\]{}]/g, "")
            .split(",")
            .filter(Boolean)
            .map(Number);
    case "tensor": {
      // `uint8[255, 0, 0, 255]`
      const [dtype, values] = [text.slice(0, text.indexOf("[")), text.slice(text.indexOf("[") + 1, -1)];
      return ndarray(values.split(",").map(Number), dtype);
    }
    default:
      throw new Error(`bug: no default form for attr kind ${kind}`);
  }
}

export function parseArg(text: string, attrs: readonly AttrDefinition[]): ArgDefinition {
  const [name, rest] = splitName(text);
  const ref = /^Ref\((.*)\)$/.exec(rest);
  const body = ref ? ref[1]!.trim() : rest;
  const isRef = ref !== null;
  const times = /^(\w+)\s*\*\s*(\w+)$/.exec(body);
  const type = times ? times[2]! : body;
  const attr = attrs.find((a) => a.name === type);
  const number = times ? { numberAttr: times[1]! } : {};
  if (attr) return attr.isList ? { name, typeListAttr: type, isRef } : { name, typeAttr: type, ...number, isRef };
  const dtype = findDtype(cppNames[type] ?? type);
  if (!dtype) throw new Error(`bug: ${text}: no attr or dtype ${type}`);
  return { name, dtype, ...number, isRef };
}
