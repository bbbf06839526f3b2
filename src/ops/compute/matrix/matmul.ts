/** Matrix products. */
import { invalidArgument } from "../../../core/error.ts";
import { compatibleDims, withRank } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";

const swapIf = <T>(isSwapped: boolean, [a, b]: readonly T[]): [T, T] => (isSwapped ? [b!, a!] : [a!, b!]);

/** product = a @ b with a: [m, k], b: [k, n], either one transposed first. Source: math_ops.cc, math_grad.py. */
export const matMulOp = defineOp("MatMul", {
  inputs: ["a: T", "b: T"],
  outputs: ["product: T"],
  attrs: [
    "transpose_a: bool = false",
    "transpose_b: bool = false",
    "T: {bfloat16, half, float, double, int32, int64, uint8, uint16, uint32, uint64, complex64, complex128}",
    "grad_a: bool = false",
    "grad_b: bool = false",
  ],
  shape({ a, b, transpose_a, transpose_b }) {
    const [m, k] = swapIf(transpose_a, withRank(a, 2));
    const [k2, n] = swapIf(transpose_b, withRank(b, 2));
    if (!compatibleDims(k, k2)) throw invalidArgument(`Dimensions must be equal, but are ${k} and ${k2}`);
    return [[m, n]];
  },
  lower: (p, { a, b, transpose_a, transpose_b }) => p.matmul(a, b, { transposeA: transpose_a, transposeB: transpose_b }),
  gradient(_tf, { a, b, transpose_a: ta, transpose_b: tb }, dy) {
    const ofA = (x: Tensor, y: Tensor, transpose_a: boolean, transpose_b: boolean): Tensor =>
      product(x, y, { transpose_a, transpose_b, grad_a: true });
    const ofB = (x: Tensor, y: Tensor, transpose_a: boolean, transpose_b: boolean): Tensor =>
      product(x, y, { transpose_a, transpose_b, grad_b: true });
    if (!ta && !tb) return { a: ofA(dy!, b, false, true), b: ofB(a, dy!, true, false) };
    if (!ta && tb) return { a: ofA(dy!, b, false, false), b: ofB(dy!, a, true, false) };
    if (ta && !tb) return { a: ofA(b, dy!, false, true), b: ofB(a, dy!, false, false) };
    return { a: ofA(b, dy!, true, true), b: ofB(dy!, a, true, true) };
  },
});

interface ProductAttrs {
  readonly transpose_a: boolean;
  readonly transpose_b: boolean;
  readonly grad_a?: boolean;
  readonly grad_b?: boolean;
}

function product(a: Tensor, b: Tensor, attrs: ProductAttrs): Tensor {
  return matMulOp({ a, b, ...attrs });
}

export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly name?: string;
}

/** a @ b for matrices [m, k] and [k, n]; numbers of one dtype. */
export function matmul(a: TensorLike, b: TensorLike, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, name } = options;
  return matMulOp({ a, b, transpose_a: transposeA, transpose_b: transposeB }, name);
}
