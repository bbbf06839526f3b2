/** A node as text: TensorFlow's NodeDef in protobuf's text format, and attrs as error messages print them. */
import type { DType } from "../../core/dtype.ts";
import { elementAt, type NdArray } from "../../core/nd_array.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import { toNodeProto } from "../../proto/graph_def.ts";
import { encode, pb } from "../../proto/messages.ts";
import { printText } from "../../proto/text_format.ts";
import type { AttrValue, FunctionRef } from "../attr.ts";
import type { Operation } from "../operation.ts";
import { nodeDefinition } from "./graph_def.ts";

export const nodeText = (op: Operation): string =>
  printText("NodeDef", encode(pb.NodeDef, toNodeProto(nodeDefinition(op))), { str: true });

const enumNames: Readonly<Record<string, string>> = { float32: "FLOAT", float64: "DOUBLE", float16: "HALF" };

/** `DT_FLOAT`, `DT_INT32_REF`. */
export const enumName = (dtype: DType): string =>
  `DT_${enumNames[dtype.base] ?? dtype.base.toUpperCase()}${dtype.isRef ? "_REF" : ""}`;

/** C++ names of dtypes in messages: `float`, `double`, `half`, and Python's for the rest. */
export const cppName = (dtype: DType): string => (enumNames[dtype.base] ?? dtype.base).toLowerCase();

const maxListed = 50;

/** An attr as TensorFlow summarizes it: `DT_FLOAT`, `"SAME"`, `[1, 2, 2, 1]`. Source: attr_value_util.cc, SummarizeAttrValue. */
export function attrText(attr: AttrValue): string {
  if (attr.kind !== "list") return plainText(attr.kind, (attr as { value?: unknown }).value);
  const items = (attr.value as readonly unknown[]).map((item) => plainText(attr.of, item));
  if (items.length <= maxListed) return `[${items.join(", ")}]`;
  return `[${[...items.slice(0, 5), "...", ...items.slice(-5)].join(", ")}]`;
}

function plainText(kind: string, value: unknown): string {
  switch (kind) {
    case "string":
      return `"${typeof value === "string" ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"') : new TextDecoder().decode(value as Uint8Array)}"`;
    case "float":
      return String(Number((value as number).toPrecision(6)));
    case "type":
      return enumName(value as DType);
    case "shape":
      return formatShape(value as Shape);
    case "tensor":
      return tensorText(value as NdArray);
    case "func":
      return (value as FunctionRef).name;
    default:
      return String(value);
  }
}

function tensorText(array: NdArray): string {
  const shown = Array.from({ length: Math.min(array.size, 3) }, (_, i) => String(elementAt(array, i)));
  return `Tensor<type: ${cppName(array.dtype)} shape: ${formatShape(array.shape)} values: ${shown.join(" ")}${array.size > 3 ? "..." : ""}>`;
}
