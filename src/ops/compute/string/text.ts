/** Strings joined, trimmed, cut and measured. Source: string_ops.cc and its kernels. */
import { int32 } from "../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import {
  broadcastShapes,
  compatible,
  type FullShape,
  formatShape,
  mergeShapes,
  rowMajorStrides,
  type Shape,
} from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { toNumbers } from "../array/basic/elements.ts";
import { type Name, type Named, nameOf } from "../array/basic/names.ts";
import { joinBytes, mapStrings, stringArray, stringsOf, toBytes, toText } from "./bytes.ts";

/** output = the inputs' elements joined place by place; scalars go with every place. Source: string_join_op.cc. */
export const stringJoinOp = defineOp("StringJoin", {
  inputs: ["inputs: N * string"],
  outputs: ["output: string"],
  attrs: ["N: int >= 0", "separator: string = ''"],
  shape({ inputs }) {
    if (inputs.some((shape) => shape === null)) return [null];
    let shape: Shape = [];
    for (const input of inputs)
      if (input?.length !== 0) shape = shape?.length === 0 ? input : mergeShapes(shape, input);
    return [shape];
  },
  compute({ inputs, separator }) {
    let shape: FullShape = [];
    for (const input of inputs) {
      if (input.shape.length === 0) continue;
      if (shape.length && shape.join() !== input.shape.join()) {
        throw new InvalidArgumentError(
          `Input shapes do not match: ${formatShape(shape)} vs. ${formatShape(input.shape)}`,
        );
      }
      shape = input.shape;
    }
    const between = toBytes(separator);
    const count = shape.reduce((n, d) => n * d, 1);
    const parts = (i: number) => inputs.map((input) => stringsOf(input)[input.shape.length === 0 ? 0 : i]!);
    return stringArray(
      shape,
      Array.from({ length: count }, (_, i) => joinBytes(parts(i), between)),
    );
  },
  gradient: "none",
});

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

function stripped(bytes: Uint8Array): Uint8Array {
  let from = 0;
  let to = bytes.length;
  while (from < to && isSpace(bytes[from]!)) from++;
  while (to > from && isSpace(bytes[to - 1]!)) to--;
  return bytes.subarray(from, to);
}

export const stringStripOp = defineOp("StringStrip", {
  inputs: ["input: string"],
  outputs: ["output: string"],
  shape: ({ input }) => [input],
  compute: ({ input }) => mapStrings(input, stripped),
  gradient: "unregistered",
});

/** ASCII letters alone, or all of Unicode with encoding "utf-8". */
function cased(bytes: Uint8Array, encoding: string, isUpper: boolean): Uint8Array {
  if (encoding === "utf-8") return toBytes(isUpper ? toText(bytes).toUpperCase() : toText(bytes).toLowerCase());
  const first = isUpper ? 97 : 65;
  return bytes.map((byte) => (byte >= first && byte < first + 26 ? byte ^ 32 : byte));
}

function checkEncoding(encoding: string): void {
  if (encoding !== "" && encoding !== "utf-8")
    throw new InvalidArgumentError(`only utf-8 or '' (no encoding) is supported, received ${encoding}`);
}

export const stringLowerOp = defineOp("StringLower", {
  inputs: ["input: string"],
  outputs: ["output: string"],
  attrs: ["encoding: string = ''"],
  shape: ({ input }) => [input],
  compute({ input, encoding }) {
    checkEncoding(encoding);
    return mapStrings(input, (bytes) => cased(bytes, encoding, false));
  },
  gradient: "unregistered",
});

export const stringUpperOp = defineOp("StringUpper", {
  inputs: ["input: string"],
  outputs: ["output: string"],
  attrs: ["encoding: string = ''"],
  shape: ({ input }) => [input],
  compute({ input, encoding }) {
    checkEncoding(encoding);
    return mapStrings(input, (bytes) => cased(bytes, encoding, true));
  },
  gradient: "unregistered",
});

const isLead = (byte: number): boolean => (byte & 0xc0) !== 0x80;

/** output = the length in bytes, or in characters of UTF-8. */
export const stringLengthOp = defineOp("StringLength", {
  inputs: ["input: string"],
  outputs: ["output: int32"],
  attrs: ["unit: {'BYTE', 'UTF8_CHAR'} = 'BYTE'"],
  shape: ({ input }) => [input],
  compute({ input, unit }) {
    const count = (bytes: Uint8Array) =>
      unit === "BYTE" ? bytes.length : bytes.reduce((n, byte) => n + (isLead(byte) ? 1 : 0), 0);
    return new NdArray(int32, input.shape, Int32Array.from(stringsOf(input), count));
  },
  gradient: "unregistered",
});

/** Where each unit begins, and the end. */
function unitStarts(bytes: Uint8Array, unit: string): ArrayLike<number> | null {
  if (unit === "BYTE") return null;
  const starts: number[] = [];
  for (let i = 0; i < bytes.length; i++) if (isLead(bytes[i]!)) starts.push(i);
  starts.push(bytes.length);
  return starts;
}

/** A part of a string, or null when pos is outside. */
function part(bytes: Uint8Array, pos: number, length: number, unit: string): Uint8Array | null {
  const starts = unitStarts(bytes, unit);
  const count = starts ? starts.length - 1 : bytes.length;
  const from = pos < 0 ? pos + count : pos;
  if (from < 0 || from > count) return null;
  const to = Math.min(count, from + Math.max(0, length));
  return starts ? bytes.subarray(starts[from]!, starts[to]!) : bytes.subarray(from, to);
}

/** Position of an element of a broadcast operand. */
function broadcastAt(shape: FullShape, result: FullShape): (i: number) => number {
  const strides = rowMajorStrides(shape);
  const all = rowMajorStrides(result);
  const lead = result.length - shape.length;
  return (i) => {
    let at = 0;
    for (let d = 0; d < shape.length; d++) {
      if (shape[d] !== 1) at += (Math.floor(i / all[d + lead]!) % shape[d]!) * strides[d]!;
    }
    return at;
  };
}

/** output = input[pos : pos + len] in bytes or characters; pos and len are scalars or broadcast. Source: substr_op.cc. */
export const substrOp = defineOp("Substr", {
  inputs: ["input: string", "pos: T", "len: T"],
  outputs: ["output: string"],
  attrs: ["T: {int32, int64}", "unit: {'BYTE', 'UTF8_CHAR'} = 'BYTE'"],
  shape({ input, pos, len }) {
    if (pos !== null && len !== null && pos.length !== len.length) {
      throw invalidArgument(`pos and len must have same rank: ${formatShape(pos)} vs ${formatShape(len)}`);
    }
    if (!compatible(pos, len))
      throw invalidArgument(`pos and len shapes must match: ${formatShape(pos)} vs ${formatShape(len)}`);
    return [broadcastShapes(input, pos)];
  },
  compute({ input, pos, len, unit }) {
    if (pos.shape.join() !== len.shape.join())
      throw new InvalidArgumentError(
        `pos and len should have the same shape, got: ${formatShape(pos.shape)} vs. ${formatShape(len.shape)}`,
      );
    const shape = broadcastShapes(input.shape, pos.shape) as FullShape;
    const [atInput, atPos] = [broadcastAt(input.shape, shape), broadcastAt(pos.shape, shape)];
    const [positions, lengths] = [toNumbers(pos), toNumbers(len)];
    const count = shape.reduce((n, d) => n * d, 1);
    const output = Array.from({ length: count }, (_, i) => {
      const bytes = stringsOf(input)[atInput(i)]!;
      const from = positions[atPos(i)]!;
      const result = part(bytes, from, lengths[atPos(i)]!, unit);
      if (!result)
        throw new InvalidArgumentError(`pos ${from} out of range for string b'${toText(bytes)}' at index ${i}`);
      return result;
    });
    return stringArray(shape, output);
  },
  gradient: "unregistered",
});

type StringJoinArguments = { readonly separator?: string } & Named;

/** The strings joined place by place. Source: string_ops.py. */
export const stringJoin = (
  inputs: readonly TensorLike[],
  ...rest: Rest<StringJoinArguments, ["separator", "name"]>
): Tensor => {
  const options: StringJoinArguments = byName(rest, ["separator", "name"]);
  return stringJoinOp({ inputs, separator: options.separator ?? "" }, options.name);
};

/** Each string without white space at both ends. */
export const stringStrip = (input: TensorLike, name?: Name): Tensor => stringStripOp({ input }, nameOf(name));

export interface EncodingOptions extends Named {
  readonly encoding?: string;
}

const stringLowerPlaces = ["encoding", "name"] as const;

/** Each string in small letters. */
export const stringLower = (input: TensorLike, ...rest: Rest<EncodingOptions, typeof stringLowerPlaces>): Tensor => {
  const options = byName<EncodingOptions>(rest, stringLowerPlaces);
  return stringLowerOp({ input, encoding: options.encoding ?? "" }, options.name);
};

/** Each string in capital letters. */
export const stringUpper = (input: TensorLike, ...rest: Rest<EncodingOptions, typeof stringLowerPlaces>): Tensor => {
  const options = byName<EncodingOptions>(rest, stringLowerPlaces);
  return stringUpperOp({ input, encoding: options.encoding ?? "" }, options.name);
};

export interface UnitOptions extends Named {
  readonly unit?: "BYTE" | "UTF8_CHAR";
}

const stringLengthPlaces = ["name", "unit"] as const;

/** The length of each string in bytes or, with unit UTF8_CHAR, characters, int32. */
export const stringLength = (input: TensorLike, ...rest: Rest<UnitOptions, typeof stringLengthPlaces>): Tensor => {
  const options = byName<UnitOptions>(rest, stringLengthPlaces);
  return stringLengthOp({ input, unit: options.unit ?? "BYTE" }, options.name);
};

/** Part of each string. */
export const substr = byKeyword(
  ["input", "pos", "len"],
  function substr(
    input: TensorLike,
    pos: TensorLike,
    len: TensorLike,
    ...rest: Rest<UnitOptions, typeof stringLengthPlaces>
  ): Tensor {
    const options = byName<UnitOptions>(rest, stringLengthPlaces);
    return substrOp({ input, pos, len, unit: options.unit ?? "BYTE" }, options.name);
  },
);
