/** The values of node attributes, as a tagged union beside TensorFlow's AttrValue message. */
import { type DType, dtypeOfNumber } from "../core/dtype.ts";
import { InvalidArgumentError } from "../core/error.ts";
import type { NdArray } from "../core/nd_array.ts";
import type { Shape } from "../core/shape.ts";
import { fromLong, mapEntries, pb, sortedMap, toLong } from "./messages.ts";
import { fromShapeProto, toShapeProto } from "./shape_proto.ts";
import { fromTensorProto, toTensorProto } from "./tensor_proto.ts";

/** A function by name, with the attributes that its call binds. */
export interface NameAttrList {
  readonly name: string;
  readonly attrs: ReadonlyMap<string, AttrValue>;
}

interface Kinds {
  readonly int: number | bigint;
  readonly float: number;
  readonly bool: boolean;
  /** Text where the bytes are UTF-8, else the bytes. */
  readonly string: string | Uint8Array;
  readonly type: DType;
  readonly shape: Shape;
  readonly tensor: NdArray;
  readonly func: NameAttrList;
}
export type AttrKind = keyof Kinds;

type Single = { [K in AttrKind]: { readonly kind: K; readonly value: Kinds[K] } }[AttrKind];
type List = {
  [K in AttrKind]: { readonly kind: "list"; readonly of: K; readonly value: readonly Kinds[K][] };
}[AttrKind];

/** `placeholder` names an attribute of the surrounding function; `none` is a message without a member; an empty list has no element kind on the wire. */
export type AttrValue =
  | Single
  | List
  | { readonly kind: "list"; readonly of: "empty"; readonly value: readonly [] }
  | { readonly kind: "placeholder"; readonly value: string }
  | { readonly kind: "none" };

type Plain = pb.AttrValue.$Properties;
type ListValue = pb.AttrValue.ListValue.$Properties;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const toBytes = (value: string | Uint8Array): Uint8Array => (typeof value === "string" ? encoder.encode(value) : value);

function fromBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return decoder.decode(bytes);
  } catch {
    return new Uint8Array(bytes);
  }
}

function typeOf(number: number): DType {
  const dtype = dtypeOfNumber(number);
  if (!dtype) throw new InvalidArgumentError(`attribute has the unknown type ${number}`);
  return dtype;
}

export const toFuncProto = ({ name, attrs }: NameAttrList): pb.NameAttrList.$Properties => ({
  name,
  attr: sortedMap(attrs, toAttrProto),
});

export const fromFuncProto = (proto: pb.NameAttrList.$Properties): NameAttrList => ({
  name: proto.name ?? "",
  attrs: fromAttrMap(proto.attr),
});

export const fromAttrMap = (map: { readonly [key: string]: Plain } | null | undefined): Map<string, AttrValue> =>
  new Map(mapEntries(map).map(([key, value]) => [key, fromAttrProto(value)]));

export function toAttrProto(attr: AttrValue): Plain {
  switch (attr.kind) {
    case "int":
      return { i: toLong(attr.value) };
    case "float":
      return { f: attr.value };
    case "bool":
      return { b: attr.value };
    case "string":
      return { s: toBytes(attr.value) };
    case "type":
      return { type: attr.value.number };
    case "shape":
      return { shape: toShapeProto(attr.value) };
    case "tensor":
      return { tensor: toTensorProto(attr.value) };
    case "func":
      return { func: toFuncProto(attr.value) };
    case "placeholder":
      return { placeholder: attr.value };
    case "list":
      return { list: toListProto(attr) };
    case "none":
      return {};
  }
}

function toListProto(attr: Extract<AttrValue, { kind: "list" }>): ListValue {
  switch (attr.of) {
    case "int":
      return { i: attr.value.map((v) => toLong(v)) };
    case "float":
      return { f: [...attr.value] };
    case "bool":
      return { b: [...attr.value] };
    case "string":
      return { s: attr.value.map(toBytes) };
    case "type":
      return { type: attr.value.map((v) => v.number) };
    case "shape":
      return { shape: attr.value.map(toShapeProto) };
    case "tensor":
      return { tensor: attr.value.map(toTensorProto) };
    case "func":
      return { func: attr.value.map(toFuncProto) };
    case "empty":
      return {};
  }
}

/** INVALID_ARGUMENT for unknown dtypes, impossible shapes and broken tensors. */
export function fromAttrProto(proto: Plain): AttrValue {
  if (proto.type != null && isSet(proto, "type")) return { kind: "type", value: typeOf(proto.type) };
  if (proto.s != null && isSet(proto, "s")) return { kind: "string", value: fromBytes(proto.s) };
  if (proto.list) return fromListProto(proto.list);
  if (proto.shape) return { kind: "shape", value: fromShapeProto(proto.shape) };
  if (proto.tensor) return { kind: "tensor", value: fromTensorProto(proto.tensor) };
  if (proto.func) return { kind: "func", value: fromFuncProto(proto.func) };
  if (proto.i != null && isSet(proto, "i")) return { kind: "int", value: fromLong(proto.i) };
  if (proto.f != null && isSet(proto, "f")) return { kind: "float", value: proto.f };
  if (proto.b != null && isSet(proto, "b")) return { kind: "bool", value: proto.b };
  if (proto.placeholder != null && isSet(proto, "placeholder"))
    return { kind: "placeholder", value: proto.placeholder };
  return { kind: "none" };
}

/** Members of a oneof that were not in the message are defaults of the class, not own properties. */
const isSet = (proto: Plain, name: keyof Plain): boolean => Object.hasOwn(proto, name);

function fromListProto(list: ListValue): AttrValue {
  if (list.type?.length) return { kind: "list", of: "type", value: list.type.map(typeOf) };
  if (list.s?.length) return { kind: "list", of: "string", value: list.s.map(fromBytes) };
  if (list.i?.length) return { kind: "list", of: "int", value: list.i.map(fromLong) };
  if (list.shape?.length) return { kind: "list", of: "shape", value: list.shape.map(fromShapeProto) };
  if (list.f?.length) return { kind: "list", of: "float", value: list.f };
  if (list.b?.length) return { kind: "list", of: "bool", value: list.b };
  if (list.tensor?.length) return { kind: "list", of: "tensor", value: list.tensor.map(fromTensorProto) };
  if (list.func?.length) return { kind: "list", of: "func", value: list.func.map(fromFuncProto) };
  return { kind: "list", of: "empty", value: [] };
}

/** Equal on the wire: floats as float32, bytes as bytes, empty lists of any kind. */
export function sameAttr(a: AttrValue, b: AttrValue): boolean {
  const x = pb.AttrValue.encode(toAttrProto(a)).finish();
  const y = pb.AttrValue.encode(toAttrProto(b)).finish();
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}
