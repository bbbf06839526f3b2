/** Bytes as numbers: DecodeRaw, DecodePaddedRaw; compressed bytes; tensors as bytes. Source: decode_raw_op.cc, decode_padded_raw_op.cc. */

import type { DType } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray, viewElements } from "../../../core/nd_array.ts";
import { withRank } from "../../../core/shape.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { cutOff, inflateFile } from "../../../io/record/compression.ts";
import { decode, encode, pb } from "../../../proto/messages.ts";
import { fromTensorProto, toTensorProto } from "../../../proto/tensor_proto.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byName, type Rest } from "../../options.ts";
import { toNumbers } from "../array/basic/elements.ts";
import { type Name, type Named, nameOf } from "../array/basic/names.ts";
import { numbersFromInput } from "../array/basic/shape_input.ts";
import { mapStrings, stringArray, stringsOf } from "./bytes.ts";

/** Reverses the bytes of every number. */
function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

const partBytes = (dtype: DType): number => (dtype.isComplex ? dtype.sizeBytes / 2 : dtype.sizeBytes);

/** Rows of bytes, each of `width` numbers, as an array. */
function numbersOf(
  rows: readonly Uint8Array[],
  shape: readonly number[],
  dtype: DType,
  isLittle: boolean,
  sizeBytes: number,
): NdArray {
  const bytes = new Uint8Array(rows.length * sizeBytes);
  for (const [i, row] of rows.entries()) bytes.set(row.subarray(0, sizeBytes), i * sizeBytes);
  if (!isLittle) swapBytes(bytes, partBytes(dtype));
  const width = sizeBytes / dtype.sizeBytes;
  return new NdArray(dtype, [...shape, width], viewElements(dtype, bytes.buffer, 0, rows.length * width));
}

/** output[…, :] = the numbers whose bytes each string holds; all strings are equally long. */
export const decodeRawOp = defineOp("DecodeRaw", {
  inputs: ["bytes: string"],
  outputs: ["output: out_type"],
  attrs: [
    "out_type: {half, float, double, int32, uint16, uint8, int16, int8, int64, complex64, complex128, bool, bfloat16}",
    "little_endian: bool = true",
  ],
  shape: ({ bytes }) => [bytes && [...bytes, null]],
  compute({ bytes, out_type, little_endian }) {
    const rows = stringsOf(bytes);
    const size = rows[0]?.length ?? 0;
    const bad = rows.findIndex((row) => row.length !== size);
    if (bad >= 0) {
      throw new InvalidArgumentError(
        `DecodeRaw requires input strings to all be the same size, but element ${bad} has size ${size} != ${rows[bad]!.length}`,
      );
    }
    if (size % out_type.sizeBytes !== 0) {
      throw new InvalidArgumentError(
        `Input to DecodeRaw has length ${size} that is not a multiple of ${out_type.sizeBytes}, the size of ${cppName(out_type)}`,
      );
    }
    return numbersOf(rows, bytes.shape, out_type, little_endian, size);
  },
  gradient: "none",
});

/** As DecodeRaw, each string cut or filled with zeros to a number of bytes. */
export const decodePaddedRawOp = defineOp("DecodePaddedRaw", {
  inputs: ["input_bytes: string", "fixed_length: int32"],
  outputs: ["output: out_type"],
  attrs: [
    "out_type: {half, float, double, int32, uint16, uint8, int16, int8, int64, bfloat16}",
    "little_endian: bool = true",
  ],
  shape({ input_bytes, fixed_length, out_type }, context) {
    withRank(fixed_length, 0);
    const size = numbersFromInput(context, "fixed_length")?.[0];
    return [input_bytes && [...input_bytes, size === undefined ? null : size / out_type.sizeBytes]];
  },
  compute({ input_bytes, fixed_length, out_type, little_endian }) {
    const size = toNumbers(fixed_length)[0]!;
    if (size <= 0) throw new InvalidArgumentError(`fixed_length (${size}) must be greater than zero.`);
    if (size % out_type.sizeBytes !== 0)
      throw new InvalidArgumentError(
        `fixed_length (${size}) must be a multiple of the size of out_type (${out_type.sizeBytes})`,
      );
    return numbersOf(stringsOf(input_bytes), input_bytes.shape, out_type, little_endian, size);
  },
  gradient: "none",
});

/** output = the strings uncompressed: "ZLIB", "GZIP", or as they are for "". */
export const decodeCompressedOp = defineOp("DecodeCompressed", {
  inputs: ["bytes: string"],
  outputs: ["output: string"],
  attrs: ["compression_type: string = ''"],
  shape: ({ bytes }) => [bytes],
  compute({ bytes, compression_type: type }) {
    if (type === "") return bytes;
    if (type !== "ZLIB" && type !== "GZIP")
      throw new InvalidArgumentError("Only ZLIB, GZIP or NONE are supported compressions");
    return mapStrings(bytes, (input) => {
      if (input.length === 0) return input;
      const { bytes: content, torn } = inflateFile(input, type, "bytes");
      if (torn) throw cutOff(type, "bytes");
      return new Uint8Array(content);
    });
  },
  gradient: "unregistered",
});

/** serialized = the tensor as a TensorProto message. Source: parse_tensor_op.cc. */
export const serializeTensorOp = defineOp("SerializeTensor", {
  inputs: ["tensor: T"],
  outputs: ["serialized: string"],
  attrs: ["T: type"],
  shape: () => [[]],
  compute: ({ tensor }) => stringArray([], [serialized(tensor)]),
  gradient: "none",
});

/** A tensor as TensorFlow's kernels write it: numbers as raw bytes. */
export function serialized(tensor: NdArray): Uint8Array {
  const proto = toTensorProto(tensor);
  if (!ArrayBuffer.isView(tensor.data)) return encode(pb.TensorProto, proto);
  return encode(pb.TensorProto, {
    dtype: proto.dtype,
    tensorShape: proto.tensorShape,
    tensorContent: tensor.tobytes(),
  } as never);
}

/** The tensor of a TensorProto message. Throws INVALID_ARGUMENT when it is none or of another dtype. */
export function parsed(bytes: Uint8Array, dtype: DType): NdArray {
  let array: NdArray;
  try {
    array = fromTensorProto(decode(pb.TensorProto, bytes));
  } catch {
    throw new InvalidArgumentError(
      `Could not parse \`serialized\` as TensorProto, base64: ${Buffer.from(bytes).toString("base64")}`,
    );
  }
  if (array.dtype !== dtype) {
    throw new InvalidArgumentError(
      `Type mismatch between parsed tensor (${cppName(array.dtype)}) and dtype (${cppName(dtype)})`,
    );
  }
  return array;
}

export const parseTensorOp = defineOp("ParseTensor", {
  inputs: ["serialized: string"],
  outputs: ["output: out_type"],
  attrs: ["out_type: type"],
  shape: () => [null],
  compute({ serialized: input, out_type }) {
    if (input.shape.length !== 0)
      throw new InvalidArgumentError(`Expected \`serialized\` to be a scalar, got shape: [${input.shape.join(",")}]`);
    return parsed(stringsOf(input)[0]!, out_type);
  },
  gradient: "none",
});

export interface RawOptions extends Named {
  readonly littleEndian?: boolean;
}

type DecodeRawOptions = { readonly fixedLength?: TensorLike | null } & RawOptions;
const decodeRawPlaces = ["littleEndian", "name"] as const;

/** The numbers whose bytes the strings hold; with `fixedLength`, strings are cut or zero-padded to it. Source: parsing_ops.py. */
export function decodeRaw(
  input: TensorLike,
  outType: DType,
  ...rest: Rest<DecodeRawOptions, typeof decodeRawPlaces>
): Tensor {
  const options = byName<DecodeRawOptions>(rest, decodeRawPlaces);
  const { littleEndian: little_endian = true, fixedLength, name } = options;
  if (fixedLength !== undefined && fixedLength !== null) {
    return decodePaddedRawOp({ input_bytes: input, fixed_length: fixedLength, out_type: outType, little_endian }, name);
  }
  return decodeRawOp({ bytes: input, out_type: outType, little_endian }, name);
}

type DecodeCompressedOptions = { readonly compressionType?: string } & Named;
const decodeCompressedPlaces = ["compressionType", "name"] as const;

/** The bytes that were compressed by ZLIB or GZIP, element by element. */
export const decodeCompressed = (
  input: TensorLike,
  ...rest: Rest<DecodeCompressedOptions, typeof decodeCompressedPlaces>
): Tensor => {
  const options = byName<DecodeCompressedOptions>(rest, decodeCompressedPlaces);
  return decodeCompressedOp({ bytes: input, compression_type: options.compressionType ?? "" }, options.name);
};

/** The tensor as a string, and back. */
export const serializeTensor = (tensor: TensorLike, name?: Name): Tensor => serializeTensorOp({ tensor }, nameOf(name));
/** The tensor of a serialized TensorProto, a scalar string, of dtype outType. */
export const parseTensor = (serializedTensor: TensorLike, outType: DType, name?: Name): Tensor =>
  parseTensorOp({ serialized: serializedTensor, out_type: outType }, nameOf(name));
