/** Functions of the bits of integers. Shifts by less than 0 or more than the width are those by the nearest of them. Source: bitwise_ops.cc. */
import { uint8 } from "../../../../core/dtype.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { Named } from "../../array/basic/names.ts";
import {
  type BinaryCall,
  type BinaryOp,
  binary,
  callBinary,
  callUnary,
  type UnaryCall,
  type UnaryOp,
  unary,
  wholes,
} from "../elementwise/table.ts";

export const bitwiseAndOp: BinaryOp = binary("BitwiseAnd", wholes, {
  lower: (p, x, y) => p.bitAnd(x, y),
  gradient: "none",
});
export const bitwiseOrOp: BinaryOp = binary("BitwiseOr", wholes, {
  lower: (p, x, y) => p.bitOr(x, y),
  gradient: "none",
});
export const bitwiseXorOp: BinaryOp = binary("BitwiseXor", wholes, {
  lower: (p, x, y) => p.bitXor(x, y),
  gradient: "none",
});
export const leftShiftOp: BinaryOp = binary("LeftShift", wholes, {
  lower: (p, x, y) => p.shiftLeft(x, y),
  gradient: "none",
});
export const rightShiftOp: BinaryOp = binary("RightShift", wholes, {
  lower: (p, x, y) => p.shiftRight(x, y),
  gradient: "none",
});
export const invertOp: UnaryOp = unary("Invert", wholes, { lower: "bitNot", gradient: "none" });

/** y = the number of ones among the bits of x. */
export const populationCountOp = defineOp("PopulationCount", {
  inputs: ["x: T"],
  outputs: ["y: uint8"],
  attrs: ["T: {int8, int16, int32, int64, uint8, uint16, uint32, uint64}"],
  shape: ({ x }) => [x],
  compute({ x }) {
    const { data, dtype } = x;
    const bytes = new Uint8Array(
      (data as Int32Array).buffer,
      (data as Int32Array).byteOffset,
      (data as Int32Array).byteLength,
    );
    const counts = new Uint8Array(x.size);
    for (let i = 0; i < bytes.length; i++) counts[Math.floor(i / dtype.sizeBytes)]! += ones(bytes[i]!);
    return new NdArray(uint8, x.shape, counts);
  },
  gradient: "none",
});

function ones(byte: number): number {
  let n = 0;
  for (let bits = byte; bits; bits &= bits - 1) n++;
  return n;
}

/** The bits that x and y both have, element by element; shapes broadcast, dtypes are equal: integers. */
export const bitwiseAnd: BinaryCall = callBinary(bitwiseAndOp);
/** The bits that x or y has, element by element; shapes broadcast, dtypes are equal: integers. */
export const bitwiseOr: BinaryCall = callBinary(bitwiseOrOp);
/** The bits that one of x and y has, element by element; shapes broadcast, dtypes are equal: integers. */
export const bitwiseXor: BinaryCall = callBinary(bitwiseXorOp);
/** x shifted left by y bits, element by element; shapes broadcast, dtypes are equal: integers. */
export const leftShift: BinaryCall = callBinary(leftShiftOp);
/** x shifted right by y bits, the sign kept, element by element; shapes broadcast, dtypes are equal: integers. */
export const rightShift: BinaryCall = callBinary(rightShiftOp);
/** All bits of x flipped, element by element; shape and dtype are those of x, of integers. */
export const invert: UnaryCall = callUnary(invertOp);
export const populationCount = (x: TensorLike, options: Named = {}): Tensor => populationCountOp({ x }, options.name);
