/**
 * numpy's .npy files: 93 "NUMPY" | version | length of the header | a Python dict in ASCII, padded with blanks to a multiple of 64 | the elements.
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
 * Source: numpy/lib/format.py
 */
import { type DTypeName, dtypeOf } from "../core/dtype.ts";
import { DataLossError, ResourceExhaustedError, UnimplementedError } from "../core/error.ts";
import { allocateElements, type Elements, NdArray, viewElements } from "../core/nd_array.ts";
import { elementCount, type FullShape } from "../core/shape.ts";

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

const descriptors: Readonly<Record<string, DTypeName>> = {
  b1: "bool",
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
  c8: "complex64",
  c16: "complex128",
};

const rankMax = 254;
/** Texts of no size, of which a file could promise any number. */
const emptyMax = 2 ** 20;

/** What an array is beside its bytes: numpy's name of its type (`<f4`), the order of its elements, its shape. */
export interface ArrayLayout {
  readonly descr: string;
  readonly isFortran: boolean;
  readonly shape: FullShape;
}

interface Header extends ArrayLayout {
  readonly dataAt: number;
}

/** What stands before the elements, which begin at `dataAt`. DATA_LOSS for what is no .npy file. */
export function readHeader(bytes: Uint8Array, path: string): Header {
  const bad = (why: string) => new DataLossError(`${path}: ${why}`, { path });
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) throw bad("not a .npy file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isLong = bytes[6]! >= 2;
  if (isLong && bytes.length < 12) throw bad("the file ends inside its header");
  const start = isLong ? 12 : 10;
  const length = isLong ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > bytes.length - start) throw bad("the file ends inside its header");
  const text = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(text)?.[1];
  if (descr === undefined && /'descr'\s*:\s*\[/.test(text))
    throw new UnimplementedError(`${path}: structured arrays are not supported`, { path });
  if (descr === undefined || order === undefined || shape === undefined) throw bad("its header is none of a .npy file");
  const dims = shape
    .split(",")
    .map((d) => d.trim().replace(/L$/, ""))
    .filter((d) => d !== "")
    .map(Number);
  if (dims.length > rankMax) throw bad(`its shape has ${dims.length} dimensions`);
  if (dims.some((d) => !Number.isSafeInteger(d))) throw bad(`its shape is (${shape.slice(0, 200)})`);
  return { descr, isFortran: order === "True", shape: dims, dataAt: start + length };
}

/**
 * The array of a .npy file; texts become strings in UTF-8. DATA_LOSS for what is no such file or is cut off, UNIMPLEMENTED for dtypes
 * without a counterpart (objects, which would run code, too).
 */
export function readNpy(bytes: Uint8Array, path: string): NdArray {
  const header = readHeader(bytes, path);
  return arrayOf(header, bytes.subarray(header.dataAt), path);
}

/** The array of these bytes. Throws as readNpy. */
export function arrayOf({ descr, isFortran, shape }: ArrayLayout, data: Uint8Array, path: string): NdArray {
  const [, order, kind] = /^([<>|=])(.*)$/.exec(descr) ?? [];
  const wide = /^([SU])(\d{1,9})$/.exec(kind ?? "");
  const base = descriptors[kind ?? ""];
  if (!wide && base === undefined)
    throw new UnimplementedError(`${path}: arrays of type '${descr}' are not supported`, { path });
  const itemSize = wide ? Number(wide[2]) * (wide[1] === "U" ? 4 : 1) : dtypeOf(base!).sizeBytes;
  const size = shape.reduce((n, d) => n * BigInt(d), BigInt(itemSize));
  if (size > BigInt(data.length)) {
    throw new DataLossError(`${path}: ${data.length} bytes of data, ${descr} of shape (${shape}) has ${size}`, {
      path,
    });
  }
  if (!isCountable(shape)) throw new DataLossError(`${path}: its shape is (${shape.join(", ")})`, { path });
  const count = elementCount(shape);
  if (itemSize === 0 && count > emptyMax)
    throw new ResourceExhaustedError(`${path}: ${count} texts of no bytes`, { path });
  if (wide) {
    const items = stringItems(data, count, itemSize, wide[1] === "U", order === ">");
    return new NdArray(dtypeOf("string"), shape, isFortran ? transposed(items, shape, 1) : items);
  }
  const dtype = dtypeOf(base!);
  const content = data.subarray(0, Number(size));
  const word = dtype.isComplex ? dtype.sizeBytes / 2 : dtype.sizeBytes;
  const native = order === ">" ? swapped(content, word) : content.slice();
  const plain = new Uint8Array(native.length);
  plain.set(native);
  const elements = viewElements(dtype, plain.buffer, 0, count);
  return new NdArray(dtype, shape, isFortran ? transposed(elements, shape, dtype.isComplex ? 2 : 1) : elements);
}

/** Whether all products of dimensions from the first on are exact: a 0 at the end does not undo what went before. */
export function isCountable(shape: FullShape): boolean {
  let count = 1;
  return shape.every((d) => {
    count *= d;
    return count <= Number.MAX_SAFE_INTEGER;
  });
}

/** A copy with the bytes of each word turned round. */
export function swapped(bytes: Uint8Array, wordSize: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += wordSize) {
    for (let i = 0; i < wordSize; i++) out[at + i] = bytes[at + wordSize - 1 - i]!;
  }
  return out;
}

/** Texts of one size, filled up with zeros. */
function stringItems(data: Uint8Array, count: number, size: number, isUnicode: boolean, isBig: boolean): Uint8Array[] {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return Array.from({ length: count }, (_, i) => {
    const from = i * size;
    if (!isUnicode) {
      let end = from + size;
      while (end > from && data[end - 1] === 0) end--;
      return new Uint8Array(data.subarray(from, end));
    }
    let text = "";
    for (let at = from; at < from + size; at += 4) {
      const point = view.getUint32(at, !isBig);
      text += point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd";
    }
    return new TextEncoder().encode(text.replace(/\0+$/, ""));
  });
}

/** Column-major elements in row-major order; `width` numbers an element. */
function transposed(from: Elements, shape: FullShape, width: number): Elements {
  const count = elementCount(shape);
  const out = (ArrayBuffer.isView(from) ? from.slice() : [...from]) as unknown as number[];
  const source = from as unknown as readonly number[];
  const index = new Array<number>(shape.length).fill(0);
  for (let to = 0; to < count; to++) {
    let at = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) at = at * shape[axis]! + index[axis]!;
    for (let i = 0; i < width; i++) out[to * width + i] = source[at * width + i]!;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return out as unknown as Elements;
}

/** The bytes of a .npy file of version 1.0, as numpy.save writes it. Strings become `S`; bfloat16 is widened to float32, which numpy has. */
export function writeNpy(array: NdArray): Uint8Array {
  const { data, dtype, shape } = array;
  let descr: string;
  let content: Uint8Array;
  if (!ArrayBuffer.isView(data)) {
    const size = data.reduce((n, s) => Math.max(n, s.length), 1);
    descr = `|S${size}`;
    content = new Uint8Array(size * data.length);
    for (const [i, s] of data.entries()) content.set(s, i * size);
  } else if (dtype.base === "bfloat16") {
    return writeNpy(
      new NdArray(
        dtypeOf("float32"),
        shape,
        Float32Array.from(data as Uint16Array, (bits) => widened(bits)),
      ),
    );
  } else {
    const kind = Object.entries(descriptors).find(([, name]) => name === dtype.base)?.[0];
    if (kind === undefined) throw new UnimplementedError(`.npy files have no type ${dtype.name}`);
    descr = `${dtype.sizeBytes === 1 ? "|" : "<"}${kind}`;
    content = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  const shapeText = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shapeText}), }`;
  const padded = `${dict.padEnd(64 * Math.ceil((10 + dict.length + 1) / 64) - 11)}\n`;
  const header = new Uint8Array(10 + padded.length);
  header.set(magic);
  header.set([1, 0, padded.length & 0xff, padded.length >> 8], 6);
  header.set(new TextEncoder().encode(padded), 10);
  return new Uint8Array(Buffer.concat([header, content]));
}

const widened = (bits: number): number => {
  const word = allocateElements(dtypeOf("uint32"), 1) as Uint32Array;
  word[0] = bits << 16;
  return new Float32Array(word.buffer)[0]!;
};
