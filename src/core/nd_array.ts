/** Values: a dtype, a full shape, and the elements in row-major order. */
import { type DType, dtypeOf } from "./dtype.ts";
import { ResourceExhaustedError, RuntimeError, TypeError } from "./error.ts";
import { memoryLimitBytes } from "./host.ts";
import { printArray, reprArray } from "./print.ts";
import { elementCount, type FullShape } from "./shape.ts";
import { inspectKey, isOutermost } from "./text/inspect.ts";

export type NumberArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array;

/** Elements of strings are bytes. float16 and bfloat16 hold bit patterns, complex numbers pairs, bools 0 or 1, handles int32. */
export type Elements = NumberArray | readonly Uint8Array[];

type ElementsConstructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => NumberArray;

const arrays: Record<string, ElementsConstructor> = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int8: Int8Array,
  string: Int32Array,
  complex64: Float32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  qint8: Int8Array,
  quint8: Uint8Array,
  qint32: Int32Array,
  bfloat16: Uint16Array,
  qint16: Int16Array,
  quint16: Uint16Array,
  uint16: Uint16Array,
  complex128: Float64Array,
  float16: Uint16Array,
  resource: Int32Array,
  variant: Int32Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
};

/** A typed array over `count` elements of a dtype at a byte offset (complex ones take two numbers each). Alignment is the caller's. */
export function viewElements(dtype: DType, buffer: ArrayBufferLike, byteOffset: number, count: number): NumberArray {
  return new arrays[dtype.base]!(buffer, byteOffset, dtype.isComplex ? 2 * count : count);
}

/** Zeros (or empty strings, or variants that hold nothing) for `count` elements. */
export function allocateElements(dtype: DType, count: number): Elements {
  if (dtype.base === "variant") return new Array(count).fill(null);
  if (dtype.base === "string") return new Array<Uint8Array>(count).fill(new Uint8Array(0));
  const bytes = count * dtype.sizeBytes;
  if (bytes >= largeBytes && bytes > memoryLimitBytes()) throw outOfMemory(dtype, count);
  try {
    return new (arrays[dtype.base] as unknown as new (n: number) => NumberArray)(dtype.isComplex ? 2 * count : count);
  } catch (error) {
    if (error instanceof RangeError) throw outOfMemory(dtype, count, error);
    throw error;
  }
}

/** From here on an array is checked against what the process may take. */
const largeBytes = 2 ** 24;

const outOfMemory = (dtype: DType, count: number, cause?: unknown) =>
  new ResourceExhaustedError(
    `OOM when allocating ${count} elements of type ${dtype.name}, ${count * dtype.sizeBytes} bytes: the limit is ${memoryLimitBytes()}`,
    { cause },
  );

/** One value of a run. Prints as numpy 1 does; an array of one element converts by `+x` and in `${x}` of its own shape. */
export class NdArray {
  readonly dtype: DType;
  readonly shape: FullShape;
  readonly data: Elements;

  constructor(dtype: DType, shape: FullShape, data: Elements) {
    this.dtype = dtype.baseDtype;
    this.shape = shape;
    this.data = data;
  }

  get size(): number {
    return elementCount(this.shape);
  }

  /** The single element: a number (bigint beyond 2^53), a boolean, a string, or [re, im]. Throws for another count. */
  item(): Item {
    if (this.size !== 1) throw new TypeError("only length-1 arrays can be converted to Python scalars");
    return elementAt(this, 0);
  }

  /** Nested arrays of items; the item itself for a scalar. */
  toList(): Nested {
    const build = (axis: number, from: number, count: number): Nested => {
      if (axis === this.shape.length) return elementAt(this, from);
      const n = this.shape[axis]!;
      const step = n === 0 ? 0 : count / n;
      return Array.from({ length: n }, (_, i) => build(axis + 1, from + i * step, step));
    };
    return build(0, 0, this.size);
  }

  /** `toList` by numpy's name. */
  tolist(): Nested {
    return this.toList();
  }

  /** The little-endian row-major bytes of the elements. Throws for strings. */
  tobytes(): Uint8Array {
    if (!ArrayBuffer.isView(this.data)) throw new RuntimeError("an array of strings has no fixed-size bytes");
    return new Uint8Array(this.data.buffer as ArrayBuffer, this.data.byteOffset, this.data.byteLength).slice();
  }

  valueOf(): number | bigint | string | boolean | this {
    if (this.size !== 1) return this;
    const item = elementAt(this, 0);
    return Array.isArray(item) ? this : (item as number | bigint | string | boolean);
  }

  [Symbol.toPrimitive](hint: string): number | bigint | string | boolean {
    if (hint === "string") return this.toString();
    if (this.size === 1) {
      const item = elementAt(this, 0);
      if (!Array.isArray(item)) return item as number | bigint | string | boolean;
    }
    if (hint === "number") throw new TypeError("only length-1 arrays can be converted to Python scalars");
    return this.toString();
  }

  toString(): string {
    return printArray(this);
  }

  [inspectKey](depth?: number | null, options?: { depth?: number | null }): string {
    return isOutermost(depth, options) ? this.toString() : reprArray(this);
  }
}

export type Item = number | bigint | boolean | string | readonly [number, number];
export type Nested = Item | readonly Nested[];

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Element i in row-major order as a plain value: 64-bit integers are numbers where safe, strings decoded as UTF-8. */
export function elementAt(array: NdArray, i: number): Item {
  const { data, dtype } = array;
  if (!ArrayBuffer.isView(data)) return decoder.decode(data[i]!);
  switch (dtype.base) {
    case "bool":
      return data[i] !== 0;
    case "int64":
    case "uint64": {
      const value = data[i] as bigint;
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value;
    }
    case "float16":
      return halfToNumber(data[i] as number);
    case "bfloat16":
      return bfloat16ToNumber(data[i] as number);
    case "complex64":
    case "complex128":
      return [data[2 * i] as number, data[2 * i + 1] as number];
    default:
      return data[i] as number;
  }
}

const word = new Uint32Array(1);
const wordAsFloat = new Float32Array(word.buffer);

export function bfloat16ToNumber(bits: number): number {
  word[0] = bits << 16;
  return wordAsFloat[0]!;
}

/** Rounds to the nearest bfloat16, ties to even; returns its bits. */
export function numberToBfloat16(value: number): number {
  wordAsFloat[0] = value;
  const bits = word[0]!;
  if (Number.isNaN(value)) return 0x7fc0;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Rounds to the nearest float16, ties to even; returns its bits. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const x = Math.abs(value);
  if (x >= 65520) return sign | 0x7c00;
  if (x < 2 ** -14) return sign | roundHalfEven(x * 2 ** 24);
  const exponent = Math.floor(Math.log2(x));
  const e = 2 ** exponent > x ? exponent - 1 : exponent;
  return sign | (((e + 15) << 10) + roundHalfEven((x / 2 ** e - 1) * 1024));
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** An array of a dtype from nested JS values, of the shape given by the nesting or by `shape`; numbers are converted as numpy does. */
export function ndarray(values: unknown, dtypeName: string, shape?: FullShape): NdArray {
  const dtype = dtypeOf(dtypeName);
  const flat: unknown[] = [];
  const inferred: number[] = [];
  const visit = (v: unknown, depth: number): void => {
    if (Array.isArray(v) && !(dtype.isComplex && typeof v[0] === "number" && v.length === 2)) {
      if (flat.length === 0 && inferred.length === depth) inferred.push(v.length);
      for (const item of v) visit(item, depth + 1);
    } else flat.push(v);
  };
  visit(values, 0);
  const full = shape ?? inferred;
  const data = allocateElements(dtype, elementCount(full));
  for (let i = 0; i < flat.length; i++) setElement(dtype, data, i, flat[i]);
  return new NdArray(dtype, full, data);
}

const encoder = new TextEncoder();

/** Writes one plain value into elements of a dtype. */
export function setElement(dtype: DType, data: Elements, i: number, value: unknown): void {
  if (!ArrayBuffer.isView(data)) {
    (data as Uint8Array[])[i] = typeof value === "string" ? encoder.encode(value) : (value as Uint8Array);
    return;
  }
  switch (dtype.base) {
    case "int64":
    case "uint64":
      (data as BigInt64Array)[i] = BigInt(value as number);
      break;
    case "float16":
      data[i] = numberToHalf(Number(value));
      break;
    case "bfloat16":
      data[i] = numberToBfloat16(Number(value));
      break;
    case "complex64":
    case "complex128": {
      const [re, im] = Array.isArray(value) ? (value as [number, number]) : [Number(value), 0];
      data[2 * i] = re;
      data[2 * i + 1] = im;
      break;
    }
    default:
      data[i] = Number(value);
  }
}
