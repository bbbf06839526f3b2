/**
 * IDX files, in which MNIST comes: 00 00 | type | rank, then each dimension as a big-endian uint32, then the elements, big-endian.
 * Types: 08 uint8, 09 int8, 0b int16, 0c int32, 0d float32, 0e float64.
 */
import { type DTypeName, dtypeOf } from "../core/dtype.ts";
import { DataLossError, InvalidArgumentError } from "../core/error.ts";
import { NdArray, viewElements } from "../core/nd_array.ts";
import { elementCount } from "../core/shape.ts";
import { isCountable, swapped } from "./npy.ts";

const types: Readonly<Record<number, DTypeName>> = {
  8: "uint8",
  9: "int8",
  11: "int16",
  12: "int32",
  13: "float32",
  14: "float64",
};

/** Whether the bytes begin as an IDX file does. */
export const isIdx = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0 && bytes[2]! in types && bytes[3]! > 0;

/** The array of an IDX file. DATA_LOSS if it is none, is cut off or too long. */
export function readIdx(bytes: Uint8Array, path: string): NdArray {
  const bad = (why: string) => new DataLossError(`${path}: ${why}`, { path });
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || !(bytes[2]! in types)) throw bad("not an IDX file");
  const dtype = dtypeOf(types[bytes[2]!]!);
  const rank = bytes[3]!;
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw bad("the file ends inside its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((n, d) => n * BigInt(d), BigInt(dtype.sizeBytes));
  if (size !== BigInt(bytes.length - start))
    throw bad(`${bytes.length - start} bytes of data, [${shape}] ${dtype.name} has ${size}`);
  if (!isCountable(shape)) throw bad(`its shape is [${shape}]`);
  const data = swapped(bytes.subarray(start), dtype.sizeBytes);
  return new NdArray(dtype, shape, viewElements(dtype, data.buffer, 0, elementCount(shape)));
}

/** The bytes of an IDX file. INVALID_ARGUMENT for dtypes that the format lacks. */
export function writeIdx(array: NdArray): Uint8Array {
  const type = Object.entries(types).find(([, name]) => name === array.dtype.base);
  if (!type) throw new InvalidArgumentError(`IDX files have no type ${array.dtype.name}`);
  const { shape } = array;
  const header = new Uint8Array(4 + 4 * shape.length);
  header.set([0, 0, Number(type[0]), shape.length]);
  const view = new DataView(header.buffer);
  for (const [i, d] of shape.entries()) view.setUint32(4 + 4 * i, d);
  return new Uint8Array(Buffer.concat([header, swapped(array.tobytes(), array.dtype.sizeBytes)]));
}
