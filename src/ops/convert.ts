/** From JavaScript values to tensors, by Python's rules with JavaScript's one kind of number. Source: constant_op.py, ops.py. */
import {
  bool,
  type DType,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  string,
  uint8,
  uint16,
  uint32,
  uint64,
} from "../core/dtype.ts";
import { TypeError, ValueError } from "../core/error.ts";
import { allocateElements, elementAt, NdArray, setElement } from "../core/nd_array.ts";
import { printValue, reprValue } from "../core/print.ts";
import { elementCount, type FullShape, formatShapePython } from "../core/shape.ts";
import { cppName } from "../graph/def/node_text.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import { asTensor, isTensorConvertible, Tensor, type TensorConvertible } from "../graph/tensor.ts";
import { constantTensor } from "./constant.ts";
import { byKeyword } from "./options.ts";

export type Literal = number | bigint | boolean | string | Uint8Array | NdArray | NumberArrayLike | readonly Literal[];
type NumberArrayLike =
  | Float32Array
  | Float64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** What stands where a tensor is wanted. Lists may hold tensors: they are packed. */
export type TensorLike = Tensor | TensorConvertible | Literal | readonly TensorLike[];

export const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;
export const isSymbolic = (value: unknown): value is Tensor | TensorConvertible =>
  value instanceof Tensor || isTensorConvertible(value);

export interface ConvertOptions {
  /** The dtype wanted; a tensor of another one is an error. */
  readonly dtype?: DType | undefined;
  /** The dtype for literals when nothing decides. */
  readonly preferredDtype?: DType | undefined;
  readonly name?: string | undefined;
  readonly asRef?: boolean;
}

/** A tensor in the default graph. Throws ValueError or TypeError in Python's words when the value does not convert. */
export const convertToTensor = byKeyword(
  ["value"],
  function convertToTensor(value: TensorLike, options: ConvertOptions = {}): Tensor {
    const { dtype, asRef = false } = options;
    if (value instanceof Tensor) {
      checkDtype(value, dtype, value);
      return value.here();
    }
    if (isTensorConvertible(value)) {
      const tensor = value[asTensor]({ dtype, asRef, name: options.name });
      checkDtype(tensor, dtype, value);
      return tensor;
    }
    if (Array.isArray(value) && containsTensor(value)) return packing.pack(value as TensorLike[], dtype, options.name);
    return constantTensor(constantArray(value as Literal, dtype, options.preferredDtype), options.name ?? "Const");
  },
);

/** Packs lists that hold tensors; set by the family of array ops (a list of tensors becomes a Pack). */
export const packing: {
  pack: (values: readonly TensorLike[], dtype: DType | undefined, name: string | undefined) => Tensor;
} = {
  pack: () => {
    throw new Error("bug: the array ops are not loaded");
  },
};

function checkDtype(tensor: Tensor, dtype: DType | undefined, shown: unknown): void {
  if (dtype && tensor.dtype.baseDtype !== dtype.baseDtype) {
    throw new ValueError(
      `Tensor conversion requested dtype ${dtype.baseDtype.name} for Tensor with dtype ${tensor.dtype.baseDtype.name}: ${shown instanceof Tensor ? shown.repr() : String(shown)}`,
    );
  }
}

/** Ops and functions of ragged tensors: which values those are, and what ops and functions make of them; set by build/ragged. */
export const composites: {
  has: (value: unknown) => boolean;
  apply: (<R>(record: Record<string, unknown>, run: (record: Record<string, unknown>) => R) => R) | null;
  /** By the function's name. */
  readonly calls: Partial<Record<string, (...args: never[]) => unknown>>;
} = { has: () => false, apply: null, calls: {} };

/** What the function of that name makes of ragged arguments; undefined where none is. */
export function compositeCall<R>(name: string, value: unknown, ...others: readonly unknown[]): R | undefined {
  if (composites.apply === null) return undefined;
  const { has } = composites;
  const isOne = has(value) || (Array.isArray(value) && value.some(has)) || others.some(has);
  return isOne ? (composites.calls[name]?.(...([value, ...others] as never[])) as R | undefined) : undefined;
}

const containsTensor = (value: readonly unknown[]): boolean =>
  value.some((item) => isSymbolic(item) || (Array.isArray(item) && containsTensor(item)));

/** The dtype that a literal takes by itself: whole numbers int32 (int64 beyond), others float32. */
export function literalDtype(value: Literal): DType {
  if (value instanceof NdArray) return value.dtype;
  if (ArrayBuffer.isView(value)) return typedArrayDtype(value);
  let found: DType | undefined;
  const visit = (item: unknown): void => {
    if (Array.isArray(item)) {
      for (const inner of item as readonly unknown[]) visit(inner);
      return;
    }
    // A typed array has the dtype of its kind, whatever its elements are.
    const isTyped = ArrayBuffer.isView(item) && !(item instanceof Uint8Array);
    const own = isTyped ? typedArrayDtype(item) : scalarDtype(item);
    found = found === undefined ? own : joined(found, own, value);
  };
  visit(value);
  return found ?? float32;
}

function scalarDtype(item: unknown): DType {
  if (item === null || item === undefined) throw new ValueError("None values not supported.");
  if (typeof item === "boolean") return bool;
  if (typeof item === "bigint") return int64;
  if (typeof item === "string" || item instanceof Uint8Array) return string;
  if (item instanceof NdArray) return item.dtype;
  if (typeof item === "number") {
    if (!Number.isInteger(item) || Object.is(item, -0)) return float32;
    return Math.abs(item) < 2 ** 31 || item === -(2 ** 31) ? int32 : Number.isSafeInteger(item) ? int64 : float32;
  }
  throw new TypeError(
    `Failed to convert object of type ${describeType(item)} to Tensor. Contents: ${String(item)}. Consider casting elements to a supported type.`,
  );
}

function joined(a: DType, b: DType, whole: Literal): DType {
  if (a === b) return a;
  const numeric = [int32, int64, float32];
  if (numeric.includes(a) && numeric.includes(b)) return numeric[Math.max(numeric.indexOf(a), numeric.indexOf(b))]!;
  throw new TypeError(
    `Failed to convert elements of ${printValue(whole)} to Tensor. Consider casting elements to a supported type. See https://www.tensorflow.org/api_docs/python/tf/dtypes for supported TF dtypes.`,
  );
}

export function typedArrayDtype(value: ArrayBufferView): DType {
  const name = value.constructor.name;
  const dtype = typedArrays[name];
  if (!dtype) {
    if (value instanceof Uint8Array) return string;
    throw new TypeError(`a ${name} does not convert to a tensor`);
  }
  return dtype;
}

const typedArrays: Record<string, DType> = {
  Float32Array: float32,
  Float64Array: float64,
  Int32Array: int32,
  Int16Array: int16,
  Int8Array: int8,
  Uint16Array: uint16,
  Uint32Array: uint32,
  BigInt64Array: int64,
  BigUint64Array: uint64,
};

const describeType = (value: unknown): string =>
  value === null ? "null" : typeof value === "object" ? (value.constructor?.name ?? "object") : typeof value;

/**
 * A literal as an array of `dtype` (or the dtype it takes by itself, or `preferred` when the literal fits it). A Uint8Array is one
 * string unless dtype is uint8. Throws ValueError for ragged lists, TypeError for values that do not fit the dtype.
 */
export function literalToArray(value: Literal, dtype?: DType, preferred?: DType): NdArray {
  const wanted = dtype?.baseDtype;
  if (value instanceof NdArray) return wanted && wanted !== value.dtype ? castArray(value, wanted) : value;
  if (value instanceof Uint8Array && wanted && wanted.base !== "string") {
    return castArray(new NdArray(uint8, [value.length], value), wanted);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof Uint8Array)) {
    const own = typedArrayDtype(value);
    const array = new NdArray(own, [value.length], (value as Float32Array).slice());
    return wanted && wanted !== own ? castArray(array, wanted) : array;
  }
  const target = wanted ?? preferredFor(value, preferred?.baseDtype) ?? literalDtype(value);
  const { shape, flat } = flatten(value, target);
  const data = allocateElements(target, flat.length);
  for (let i = 0; i < flat.length; i++) {
    checkFits(flat[i], target);
    setElement(target, data, i, flat[i]);
  }
  return new NdArray(target, shape, data);
}

/** As literalToArray, and in eager execution in its words. Source: pywrap_tensor.cc, py_seq_tensor.cc. */
export function constantArray(value: Literal, dtype?: DType, preferred?: DType): NdArray {
  try {
    return literalToArray(value, dtype, preferred);
  } catch (error) {
    if (!getDefaultGraph().isEager) throw error;
    if (error instanceof TypeError && dtype) {
      throw new TypeError(`Cannot convert ${reprValue(value)} to EagerTensor of dtype ${cppName(dtype)}`);
    }
    if (error instanceof ValueError && Array.isArray(value)) {
      const kind = hasEvenDepth(value) ? "non-rectangular Python sequence" : "Python sequence with mixed types";
      throw new ValueError(`Can't convert ${kind} to Tensor.`);
    }
    throw error;
  }
}

/** Whether all leaves lie equally deep. */
function hasEvenDepth(list: readonly unknown[]): boolean {
  for (let level = list; level.length > 0; level = level.flatMap((item) => [...(item as readonly unknown[])])) {
    const lists = level.filter(isNested).length;
    if (lists < level.length) return lists === 0;
  }
  return true;
}

function preferredFor(value: Literal, preferred: DType | undefined): DType | undefined {
  if (!preferred) return undefined;
  if (Array.isArray(value) && value.flat(Number.POSITIVE_INFINITY).length === 0) return preferred;
  const own = literalDtype(value);
  if (own === preferred) return preferred;
  const isNumber = own === int32 || own === int64;
  if (isNumber && (preferred.isInteger || preferred.isFloating || preferred.isComplex)) return preferred;
  if (own === float32 && (preferred.isFloating || preferred.isComplex)) return preferred;
  return undefined;
}

function flatten(value: Literal, dtype: DType): { shape: FullShape; flat: unknown[] } {
  const shape: number[] = [];
  const flat: unknown[] = [];
  const isComplexPair = (item: readonly unknown[]): boolean =>
    dtype.isComplex && item.length === 2 && typeof item[0] === "number" && typeof item[1] === "number";
  const measure = (item: unknown): void => {
    if (item instanceof NdArray) shape.push(...item.shape);
    else if (isNested(item) && !isComplexPair(item as readonly unknown[])) {
      const list = item as readonly unknown[];
      shape.push(list.length);
      if (list.length) measure(list[0]);
    }
  };
  measure(value);
  const visit = (item: unknown, depth: number): void => {
    if (item instanceof NdArray) {
      const list = item.toList();
      visit(list, depth);
      return;
    }
    if (isNested(item) && !isComplexPair(item as readonly unknown[])) {
      const list = item as readonly unknown[];
      if (depth >= shape.length || list.length !== shape[depth]) throw ragged(value);
      for (const inner of list) visit(inner, depth + 1);
      return;
    }
    if (depth !== shape.length) throw ragged(value);
    flat.push(item);
  };
  visit(value, 0);
  if (flat.length !== elementCount(shape)) throw ragged(value);
  return { shape, flat };
}

const isNested = (item: unknown): boolean =>
  Array.isArray(item) || (ArrayBuffer.isView(item) && !(item instanceof Uint8Array));

/** Of how many dimensions the lists are even, in numpy's words. */
function ragged(value: Literal): ValueError {
  const shape: number[] = [];
  let level: readonly unknown[] = [value];
  for (;;) {
    const lengths = level.map((item) => (isNested(item) ? (item as readonly unknown[]).length : -1));
    if (lengths.length === 0 || lengths[0] === -1 || lengths.some((n) => n !== lengths[0])) break;
    shape.push(lengths[0]!);
    level = level.flatMap((item) => [...(item as readonly unknown[])]);
  }
  return new ValueError(
    `setting an array element with a sequence. The requested array has an inhomogeneous shape after ${shape.length} dimensions. The detected shape was ${formatShapePython(shape)} + inhomogeneous part.`,
  );
}

function checkFits(item: unknown, dtype: DType): void {
  const isNumber = typeof item === "number" || typeof item === "bigint";
  const bad =
    dtype.base === "string"
      ? !(typeof item === "string" || item instanceof Uint8Array)
      : dtype.isBool
        ? typeof item !== "boolean"
        : dtype.isInteger
          ? !(typeof item === "boolean" || (isNumber && (typeof item === "bigint" || Number.isInteger(item))))
          : dtype.isFloating
            ? !(isNumber || typeof item === "boolean")
            : false;
  if (bad) {
    throw new TypeError(`Expected ${dtype.name}, but got ${printValue(item)} of type '${pythonType(item)}'.`);
  }
}

/** What Python calls the type of a value. */
function pythonType(item: unknown): string {
  if (typeof item === "string") return "str";
  if (typeof item === "boolean") return "bool";
  if (item instanceof Uint8Array) return "bytes";
  if (item === null || item === undefined) return "NoneType";
  return typeof item === "bigint" || Number.isInteger(item) ? "int" : "float";
}

/** Converts element by element, as numpy's astype. */
export function castArray(array: NdArray, dtype: DType): NdArray {
  const data = allocateElements(dtype, array.size);
  const source = array.data;
  const isWhole = dtype.isInteger;
  for (let i = 0; i < array.size; i++) {
    const item = array.dtype.isComplex ? [source[2 * i], source[2 * i + 1]] : elementNumber(array, i);
    setElement(dtype, data, i, isWhole && typeof item === "number" ? Math.trunc(item) : item);
  }
  return new NdArray(dtype, array.shape, data);
}

function elementNumber(array: NdArray, i: number): unknown {
  return ArrayBuffer.isView(array.data) && array.dtype.base !== "float16" && array.dtype.base !== "bfloat16"
    ? array.data[i]
    : elementAt(array, i);
}
