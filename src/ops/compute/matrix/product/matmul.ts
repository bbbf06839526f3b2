/** Matrix products. Source: math_ops.cc, matmul_op_impl.h, math_grad.py, math_ops.py. */
import { bfloat16, type DType, float32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument, ValueError } from "../../../../core/error.ts";
import { compatibleDims, type Dim, type FullShape, formatShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { alike } from "../../math/elementwise/operands.ts";

const swapIf = <T>(isSwapped: boolean, [a, b]: readonly T[]): [T, T] => (isSwapped ? [b!, a!] : [a!, b!]);

/** Throws the kernels' INVALID_ARGUMENT for matrices that do not multiply. */
export function checkInner(a: FullShape, b: FullShape, isASwapped: boolean, isBSwapped: boolean): void {
  const [, k] = swapIf(isASwapped, a.slice(-2));
  const [k2] = swapIf(isBSwapped, b.slice(-2));
  if (k === k2) return;
  throw new InvalidArgumentError(`Matrix size-incompatible: In[0]: ${formatShape(a)}, In[1]: ${formatShape(b)}`);
}

export function checkSameRank(a: FullShape, b: FullShape): void {
  if (a.length === b.length) return;
  throw new InvalidArgumentError(`In[0] and In[1] has different ndims: ${formatShape(a)} vs. ${formatShape(b)}`);
}

function productShape(a: Shape, b: Shape, isASwapped: boolean, isBSwapped: boolean): readonly Shape[] {
  const [m, k] = swapIf<Dim>(isASwapped, withRank(a, 2));
  const [k2, n] = swapIf<Dim>(isBSwapped, withRank(b, 2));
  if (!compatibleDims(k, k2)) throw invalidArgument(`Dimensions must be equal, but are ${k} and ${k2}`);
  return [[m, n]];
}

/** product = a @ b with a: [m, k], b: [k, n], either one transposed first. */
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
  shape: ({ a, b, transpose_a, transpose_b }) => productShape(a, b, transpose_a, transpose_b),
  lower(p, { a, b, transpose_a, transpose_b }) {
    checkSameRank(a.shape, b.shape);
    if (a.shape.length !== 2) throw new InvalidArgumentError(`In[0] and In[1] ndims must be == 2: ${a.shape.length}`);
    checkInner(a.shape, b.shape, transpose_a, transpose_b);
    return p.matmul(a, b, { transposeA: transpose_a, transposeB: transpose_b });
  },
  gradient(tf, op, dy): { a: Tensor; b: Tensor } {
    const { transpose_a: ta, transpose_b: tb } = op;
    const [a, b] = [tf.conj(op.a), tf.conj(op.b)];
    const product = (x: Tensor, y: Tensor, options: MatMulAttrs): Tensor => tf.matMulOp({ a: x, b: y, ...options });
    const [t, u] = [{ transpose_a: true }, { transpose_b: true }];
    const [ga, gb] = [{ grad_a: true }, { grad_b: true }];
    if (!ta && !tb) return { a: product(dy!, b, { ...u, ...ga }), b: product(a, dy!, { ...t, ...gb }) };
    if (!ta) return { a: product(dy!, b, ga), b: product(dy!, a, { ...t, ...gb }) };
    if (!tb) return { a: product(b, dy!, { ...u, ...ga }), b: product(a, dy!, gb) };
    return { a: product(b, dy!, { ...t, ...u, ...ga }), b: product(dy!, a, { ...t, ...u, ...gb }) };
  },
});

interface MatMulAttrs {
  readonly transpose_a?: boolean;
  readonly transpose_b?: boolean;
  readonly grad_a?: boolean;
  readonly grad_b?: boolean;
}

/** product = a @ b in float32, of float32 or bfloat16 matrices of which many elements may be 0. */
export const sparseMatMulOp = defineOp("SparseMatMul", {
  inputs: ["a: Ta", "b: Tb"],
  outputs: ["product: float"],
  attrs: [
    "transpose_a: bool = false",
    "transpose_b: bool = false",
    "a_is_sparse: bool = false",
    "b_is_sparse: bool = false",
    "Ta: {float, bfloat16} = DT_FLOAT",
    "Tb: {float, bfloat16} = DT_FLOAT",
  ],
  shape: ({ a, b, transpose_a, transpose_b }) => productShape(a, b, transpose_a, transpose_b),
  lower(p, { a, b, transpose_a, transpose_b }) {
    for (const [name, x] of [["a", a] as const, ["b", b] as const]) {
      if (x.shape.length !== 2) throw new InvalidArgumentError(`${name} is not a matrix`);
    }
    checkInner(a.shape, b.shape, transpose_a, transpose_b);
    const options = { transposeA: transpose_a, transposeB: transpose_b };
    return p.matmul(p.cast(a, "float32"), p.cast(b, "float32"), options);
  },
  gradient(tf, op, dy) {
    const { a, b, transpose_a: ta, transpose_b: tb } = op;
    const isSparse = new Map<Tensor, boolean>([
      [a, op.a_is_sparse],
      [b, op.b_is_sparse],
      [dy!, dy!.op.type === "ReluGrad"],
    ]);
    const product = (x: Tensor, y: Tensor, dtype: DType, transposeA: boolean, transposeB: boolean): Tensor => {
      const aIsSparse = isSparse.get(x)!;
      const bIsSparse = isSparse.get(y)!;
      const right = transposeB ? tf.transpose(y) : y;
      const result = tf.matmul(x, right, { transposeA, aIsSparse, bIsSparse });
      return result.dtype === dtype ? result : tf.cast(result, dtype);
    };
    const [da, db] = [a.dtype.baseDtype, b.dtype.baseDtype];
    if (!ta && !tb) return { a: product(dy!, b, da, false, true), b: product(a, dy!, db, true, false) };
    if (!ta) return { a: product(dy!, b, da, false, false), b: product(dy!, a, db, true, false) };
    if (!tb) return { a: product(b, dy!, da, false, true), b: product(a, dy!, db, false, false) };
    return { a: product(b, dy!, da, true, true), b: product(dy!, a, db, true, true) };
  },
});

export interface MatmulOptions extends Named {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Conjugated and transposed. */
  readonly adjointA?: boolean;
  readonly adjointB?: boolean;
  /** Many elements are 0. */
  readonly aIsSparse?: boolean;
  readonly bIsSparse?: boolean;
  readonly outputType?: DType | null;
  readonly gradA?: boolean;
  readonly gradB?: boolean;
}

const isByte = (dtype: DType): boolean => dtype.base === "int8" || dtype.base === "uint8";

const places = ["transposeA", "transposeB", "adjointA", "adjointB", "aIsSparse", "bIsSparse"] as const;

/**
 * a @ b for matrices [m, k] and [k, n], or for batches of them whose leading dimensions broadcast. Throws ValueError when one operand
 * is to be both transposed and adjoint.
 */
export const matmul = byKeyword(
  ["a", "b"],
  function matmul(left: TensorLike, right: TensorLike, ...rest: Rest<MatmulOptions, typeof places>): Tensor {
    const options: MatmulOptions = byName(rest, places);
    const { aIsSparse = false, bIsSparse = false, outputType = null } = options;
    let { transposeA = false, transposeB = false, adjointA = false, adjointB = false } = options;
    return inScope(options.name, "MatMul", (scope) => {
      for (const [operand, both, t, u] of [
        ["a", transposeA && adjointA, transposeA, adjointA] as const,
        ["b", transposeB && adjointB, transposeB, adjointB] as const,
      ]) {
        if (!both) continue;
        throw new ValueError(
          `Only one of \`transpose_${operand}\` and \`adjoint_${operand}\` can be True. Received \`transpose_${operand}\`=${python(t)}, \`adjoint_${operand}\`=${python(u)}.`,
        );
      }
      let [a, b] = alike(left, right, ["a", "b"]);
      const isWider = outputType !== null && (outputType !== a.dtype.baseDtype || outputType !== b.dtype.baseDtype);
      const grads = { grad_x: options.gradA ?? false, grad_y: options.gradB ?? false };
      const isBatch = (x: Tensor): boolean => x.shape === null || x.shape.length > 2;
      const isSparse = aIsSparse || bIsSparse;
      const batched = (adj_x: boolean, adj_y: boolean): Tensor =>
        isWider
          ? ops.batchMatMulV3Op({ x: a, y: b, adj_x, adj_y, Tout: outputType!, ...grads }, scope)
          : ops.batchMatMulV2Op({ x: a, y: b, adj_x, adj_y, ...grads }, scope);
      if (!isSparse && (isBatch(a) || isBatch(b))) {
        if (transposeA) [a, adjointA] = [ops.conj(a), true];
        if (transposeB) [b, adjointB] = [ops.conj(b), true];
        return batched(adjointA, adjointB);
      }
      if (adjointA) [a, transposeA] = [ops.conj(a), true];
      if (adjointB) [b, transposeB] = [ops.conj(b), true];
      const transposes = { transpose_a: transposeA, transpose_b: transposeB };
      const [da, db] = [a.dtype.baseDtype, b.dtype.baseDtype];
      const isMixed = da !== db && ((da === bfloat16 && !isByte(db)) || (db === bfloat16 && !isByte(da)));
      const allowed = [bfloat16, float32];
      if (isMixed || (isSparse && allowed.includes(da) && allowed.includes(db))) {
        const product = sparseMatMulOp({ a, b, ...transposes, a_is_sparse: aIsSparse, b_is_sparse: bIsSparse }, scope);
        return da === bfloat16 && db === bfloat16 ? ops.cast(product, bfloat16) : product;
      }
      if (isWider) return batched(adjointA || transposeA, adjointB || transposeB);
      return matMulOp({ a, b, ...transposes, grad_a: grads.grad_x, grad_b: grads.grad_y }, scope);
    });
  },
);

const python = (value: boolean): string => (value ? "True" : "False");

const matvecPlaces = ["transposeA", "adjointA", "aIsSparse", "bIsSparse", "name"] as const;

/** The matrix-vector product: [..., m, k] and [..., k] to [..., m]. */
export const matvec = (a: TensorLike, b: TensorLike, ...rest: Rest<MatmulOptions, typeof matvecPlaces>): Tensor => {
  const options = byName<MatmulOptions>(rest, matvecPlaces);
  return inScope(options.name, "MatVec", () => {
    const { name: _, ...others } = options;
    return ops.squeeze(matmul(a, ops.expandDims(b, -1), others), { axis: -1 });
  });
};

const sparseMatmulPlaces = ["transposeA", "transposeB", "aIsSparse", "bIsSparse", "name"] as const;

/** a @ b in float32 for matrices of many zeros. */
export const sparseMatmul = byKeyword(
  ["a", "b"],
  function sparseMatmul(a: TensorLike, b: TensorLike, ...rest: Rest<MatmulOptions, typeof sparseMatmulPlaces>): Tensor {
    const options = byName<MatmulOptions>(rest, sparseMatmulPlaces);
    const { transposeA = false, transposeB = false, aIsSparse = false, bIsSparse = false, name } = options;
    return sparseMatMulOp(
      { a, b, transpose_a: transposeA, transpose_b: transposeB, a_is_sparse: aIsSparse, b_is_sparse: bIsSparse },
      name,
    );
  },
);
