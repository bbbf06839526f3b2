/**
 * TensorProto ⇄ NdArray. A TensorProto holds its elements either as raw little-endian bytes (`tensor_content`) or in the list of its
 * dtype (`float_val`, `int_val` …), where fewer values than elements mean that the last one repeats and none mean zeros.
 * Source: tensorflow/core/framework/tensor.cc, tensorflow/python/framework/tensor_util.py
 */
import { type DType, type DTypeName, dtypeOfNumber } from "../core/dtype.ts";
import { InvalidArgumentError, ResourceExhaustedError, UnimplementedError, ValueError } from "../core/error.ts";
import { memoryLimitBytes } from "../core/host.ts";
import { allocateElements, type Elements, NdArray, type NumberArray, viewElements } from "../core/nd_array.ts";
import { elementCount, type FullShape, formatShape } from "../core/shape.ts";
import { longToBigInt, type pb } from "./messages.ts";
import { fromFullShapeProto, toShapeProto } from "./shape_proto.ts";

type Plain = pb.TensorProto.$Properties;

const bytesMax = 2 ** 31;

/** The dtypes whose arrays Python writes as bytes once they have two elements; all others go into lists. */
const asContent: ReadonlySet<DTypeName> = new Set<DTypeName>([
  "float32",
  "float64",
  "int32",
  "uint8",
  "int16",
  "int8",
  "int64",
  "qint8",
  "quint8",
  "qint16",
  "quint16",
  "qint32",
  "uint32",
  "uint64",
  "float16",
  "bfloat16",
]);

type ListName =
  | "floatVal"
  | "doubleVal"
  | "intVal"
  | "scomplexVal"
  | "int64Val"
  | "boolVal"
  | "dcomplexVal"
  | "halfVal"
  | "uint32Val"
  | "uint64Val";

const lists: Partial<Record<DTypeName, ListName>> = {
  float32: "floatVal",
  float64: "doubleVal",
  int32: "intVal",
  uint8: "intVal",
  int16: "intVal",
  int8: "intVal",
  complex64: "scomplexVal",
  int64: "int64Val",
  bool: "boolVal",
  qint8: "intVal",
  quint8: "intVal",
  qint32: "intVal",
  bfloat16: "halfVal",
  qint16: "intVal",
  quint16: "intVal",
  uint16: "intVal",
  complex128: "dcomplexVal",
  float16: "halfVal",
  uint32: "uint32Val",
  uint64: "uint64Val",
};

/** The given values of arrays whose last value repeats, by array. */
const repeated = new WeakMap<NdArray, Elements>();

/**
 * An array of `shape` that begins with the elements of `values` and repeats the last of them (zeros if there is none). Its elements are made
 * when `.data` is first read, RESOURCE_EXHAUSTED if memory does not hold them; in a TensorProto it stays the short list that it is.
 */
export function splat(shape: FullShape, values: NdArray): NdArray {
  const count = elementCount(shape);
  if (count <= values.size) {
    const numbers = values.dtype.isComplex ? 2 * count : count;
    return new NdArray(values.dtype, shape, count < values.size ? values.data.slice(0, numbers) : values.data);
  }
  return splatElements(values.dtype, shape, values.data);
}

/** Whether an array was made by `splat` or read from a list shorter than its shape. */
export const isSplat = (array: NdArray): boolean => repeated.has(array);

function splatElements(dtype: DType, shape: FullShape, given: Elements): NdArray {
  const array = new NdArray(dtype, shape, given);
  repeated.set(array, given);
  const define = (property: PropertyDescriptor) =>
    Object.defineProperty(array, "data", { configurable: true, enumerable: true, ...property });
  define({
    get() {
      const value = repeatLast(dtype, shape, given);
      define({ value, writable: false });
      return value;
    },
  });
  return array;
}

function repeatLast(dtype: DType, shape: FullShape, given: Elements): Elements {
  const count = elementCount(shape);
  if (count * dtype.sizeBytes > memoryLimitBytes()) throw outOfMemory(dtype, shape);
  let data: Elements;
  try {
    data = allocateElements(dtype, count);
  } catch (cause) {
    throw outOfMemory(dtype, shape, cause);
  }
  const width = dtype.isComplex ? 2 : 1;
  if (given.length === 0) return data;
  if (!ArrayBuffer.isView(data)) {
    const strings = given as readonly Uint8Array[];
    return (data as Uint8Array[]).map((_, i) => strings[Math.min(i, strings.length - 1)]!);
  }
  const target = data as Float64Array;
  target.set(given as Float64Array);
  if (width === 1) return target.fill(given[given.length - 1] as number, given.length);
  for (let i = given.length; i < target.length; i++) target[i] = given[given.length - width + (i % width)] as number;
  return target;
}

const outOfMemory = (dtype: DType, shape: FullShape, cause?: unknown) =>
  new ResourceExhaustedError(`OOM when allocating tensor with shape${formatShape(shape)} and type ${dtype.name}`, {
    cause,
  });

/**
 * The TensorProto that Python's make_tensor_proto writes: bytes for two and more numbers, else the dtype's list; a splat stays short.
 * ValueError for 2 GiB and more, UNIMPLEMENTED for resources and variants.
 */
export function toTensorProto(array: NdArray): Plain {
  const { dtype, shape } = array;
  const head = { dtype: dtype.number, tensorShape: toShapeProto(shape) };
  const given = repeated.get(array);
  const data = given ?? array.data;
  if (!ArrayBuffer.isView(data)) return { ...head, stringVal: data as Uint8Array[] };
  const list = lists[dtype.base];
  if (list === undefined)
    throw new UnimplementedError(`a tensor of type ${dtype.name} cannot be written as a TensorProto`);
  if (data.byteLength >= bytesMax) {
    throw new ValueError("Cannot create a tensor proto whose content is larger than 2GB.");
  }
  const numbers = data as NumberArray;
  if (!given && numbers.length > 1 && asContent.has(dtype.base)) {
    return { ...head, tensorContent: new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength) };
  }
  if (list === "boolVal") return { ...head, boolVal: Array.from(numbers as Uint8Array, (v) => v !== 0) };
  return { ...head, [list]: Array.from(numbers as Float64Array) };
}

/**
 * The array of a TensorProto. Every size is checked against the message before memory is taken; a short list becomes a splat.
 * INVALID_ARGUMENT for an unknown dtype, an impossible shape, or bytes that do not match the shape.
 */
export function fromTensorProto(proto: Plain): NdArray {
  const dtype = dtypeOfNumber(proto.dtype ?? 0)?.baseDtype;
  if (!dtype) throw new InvalidArgumentError(`Cannot parse tensor from proto: dtype ${proto.dtype ?? 0} is unknown`);
  const shape = fromFullShapeProto(proto.tensorShape);
  const count = elementCount(shape);
  const content = proto.tensorContent;
  if (content && content.length > 0) {
    if (dtype.base === "string") return new NdArray(dtype, shape, stringContent(content, shape));
    if (!lists[dtype.base]) throw unreadable(dtype);
    if (content.length !== count * dtype.sizeBytes) {
      throw new InvalidArgumentError(
        `Cannot parse tensor from proto: ${content.length} bytes of tensor_content for ${dtype.name} of shape ${formatShape(shape)}`,
      );
    }
    const copy = content.buffer.slice(content.byteOffset, content.byteOffset + content.length);
    return new NdArray(dtype, shape, viewElements(dtype, copy, 0, count));
  }
  const given = listElements(proto, dtype);
  const width = dtype.isComplex ? 2 : 1;
  const values = given.length / width;
  if (values > count) {
    throw new InvalidArgumentError(
      `Cannot parse tensor from proto: ${values} values for ${dtype.name} of shape ${formatShape(shape)}`,
    );
  }
  return values === count ? new NdArray(dtype, shape, given) : splatElements(dtype, shape, given);
}

const unreadable = (dtype: DType) =>
  new UnimplementedError(`a tensor of type ${dtype.name} cannot be read from a TensorProto`);

function listElements(proto: Plain, dtype: DType): Elements {
  if (dtype.base === "string") return (proto.stringVal ?? []).map((bytes) => new Uint8Array(bytes));
  const list = lists[dtype.base];
  if (list === undefined) throw unreadable(dtype);
  const values = (proto[list] ?? []) as readonly (
    | number
    | boolean
    | { low: number; high: number; unsigned: boolean }
  )[];
  const width = dtype.isComplex ? 2 : 1;
  if (values.length % width !== 0) {
    throw new InvalidArgumentError("Cannot parse tensor from proto: a complex number without its imaginary part");
  }
  const data = allocateElements(dtype, values.length / width) as NumberArray;
  if (list === "int64Val" || list === "uint64Val") {
    const target = data as BigInt64Array;
    for (let i = 0; i < values.length; i++) target[i] = longToBigInt(values[i] as number);
  } else {
    for (let i = 0; i < values.length; i++) data[i] = Number(values[i]);
  }
  return data;
}

/** Strings as servers send them: the length of each as a varint, then all bytes. */
function stringContent(content: Uint8Array, shape: FullShape): Uint8Array[] {
  const count = elementCount(shape);
  const bad = () =>
    new InvalidArgumentError(
      `Cannot parse tensor from proto: tensor_content does not hold the strings of shape ${formatShape(shape)}`,
    );
  if (count > content.length) throw bad();
  const lengths: number[] = [];
  let at = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    let length = 0;
    let factor = 1;
    for (let byte = 0x80; byte & 0x80; factor *= 128) {
      if (at >= content.length || factor > 2 ** 35) throw bad();
      byte = content[at++]!;
      length += (byte & 0x7f) * factor;
    }
    lengths.push(length);
    total += length;
  }
  if (at + total !== content.length) throw bad();
  return lengths.map((length) => {
    at += length;
    return new Uint8Array(content.subarray(at - length, at));
  });
}
