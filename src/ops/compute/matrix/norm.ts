/** Norms of vectors and matrices, and what Python composes of decompositions. Source: linalg_ops.py, linalg_impl.py. */
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import * as ops from "../../index.ts";
import { byName, type Rest } from "../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../array/basic/names.ts";

export interface NormOptions extends Named {
  /** "euclidean" (by default), "fro", 1, 2, Infinity, or any positive number for vectors. */
  readonly ord?: "euclidean" | "fro" | number;
  /** One axis for vectors, two for matrices; all elements as one vector when null. */
  readonly axis?: number | readonly [number, number] | null;
  readonly keepdims?: boolean;
  readonly keepDims?: boolean;
}

function checkOptions(ord: string | number, axis: NormOptions["axis"]): void {
  if (Array.isArray(axis)) {
    if (axis.length !== 2 || axis[0] === axis[1] || !axis.every(Number.isInteger)) {
      throw new ValueError(
        `'axis' must be None, an integer, or a tuple of 2 unique integers, got ${JSON.stringify(axis)}`,
      );
    }
    if (!["euclidean", "fro", 1, 2, Number.POSITIVE_INFINITY].includes(ord)) {
      throw new ValueError(`'ord' must be a supported matrix norm in ['euclidean', 'fro', 1, 2, inf], got ${ord}`);
    }
    return;
  }
  const isVectorNorm = ord === "euclidean" || (typeof ord === "number" && ord > 0);
  if (!isVectorNorm) throw new ValueError(`'ord' must be a supported vector norm, got ${ord}`);
}

/** The norm of vectors along `axis`, or of matrices along two axes. Throws ValueError for norms that do not exist. */
export function norm(tensor: TensorLike, ...rest: Rest<NormOptions, ["ord", "axis", "keepdims", "name"]>): Tensor {
  const options: NormOptions = byName(rest, ["ord", "axis", "keepdims", "name"]);
  const { ord = "euclidean", axis = null, name } = options;
  const keepdims = options.keepdims ?? options.keepDims ?? false;
  checkOptions(ord, axis);
  const axes = axis === null ? null : typeof axis === "number" ? [axis] : [...axis];
  return inScope(name, "norm", () => {
    const x = convertToTensor(tensor);
    const kept = lengthOf(x, ord, axes);
    return keepdims ? kept : ops.squeeze(kept, { axis: axes });
  });
}

function lengthOf(x: Tensor, ord: string | number, axes: readonly number[] | null): Tensor {
  const isMatrix = axes?.length === 2;
  if (ord === 2 && isMatrix) return spectralNorm(x, axes as [number, number]);
  if (ord === "euclidean" || ord === "fro" || ord === 2) {
    return ops.sqrt(ops.reduceSum(x.mul(ops.conj(x)), { axis: axes, keepdims: true }));
  }
  const size = ops.abs(x);
  if (ord === 1) {
    const sums = ops.reduceSum(size, { axis: axes && axes[0]!, keepdims: true });
    return isMatrix ? ops.reduceMax(sums, { axis: axes.at(-1)!, keepdims: true }) : sums;
  }
  if (ord === Number.POSITIVE_INFINITY) {
    const sums = isMatrix ? ops.reduceSum(size, { axis: axes[1]!, keepdims: true }) : size;
    return ops.reduceMax(sums, { axis: axes && axes[0]!, keepdims: true });
  }
  const power = ops.reduceSum(ops.pow(size, ord), { axis: axes, keepdims: true });
  return ops.pow(power, 1 / Number(ord));
}

/** The largest singular value of the matrices along two axes. */
function spectralNorm(x: Tensor, axes: readonly [number, number]): Tensor {
  if (x.shape === null) return spectralNormOfAnyRank(x, axes);
  const rank = x.shape.length;
  const last = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  const before = [...x.shape.keys()].filter((axis) => !last.includes(axis));
  const perm = [...before, ...last];
  const largest = largestValue(ops.transpose(x, { perm }));
  const backwards = perm.map((_, axis) => perm.indexOf(axis));
  return ops.transpose(largest, { perm: backwards });
}

function spectralNormOfAnyRank(x: Tensor, axes: readonly [number, number]): Tensor {
  const rank = ops.rank(x);
  const last = ops.floormod(ops.constant(axes), rank);
  const { out: before } = ops.listDiffOp({ x: ops.range(rank), y: last });
  const perm = ops.concat([before, last], 0);
  return ops.transpose(largestValue(ops.transpose(x, { perm })), { perm: ops.invertPermutation(perm) });
}

/** [..., m, n] -> [..., 1, 1] */
function largestValue(matrices: Tensor): Tensor {
  const values = ops.abs(ops.svdOp({ input: matrices, compute_uv: false }).s);
  return ops.expandDims(ops.reduceMax(values, { axis: -1, keepdims: true }), -1);
}

/** The logarithm of the determinant of positive definite matrices. */
export const logdet = (matrix: TensorLike, name?: Name): Tensor =>
  inScope(nameOf(name), "logdet", () => {
    const chol = ops.choleskyOp({ input: matrix });
    return ops.reduceSum(ops.log(ops.real(ops.matrixDiagPart(chol))), { axis: [-1] }).rmul(2);
  });

type NormalizeOptions = Omit<NormOptions, "keepdims" | "keepDims">;
const normalizePlaces = ["ord", "axis", "name"] as const;

/** The tensor divided by its norm, and that norm with its axes kept. */
export const normalize = (
  tensor: TensorLike,
  ...rest: Rest<NormalizeOptions, typeof normalizePlaces>
): { readonly normalized: Tensor; readonly norm: Tensor } => {
  const options = byName<NormalizeOptions>(rest, normalizePlaces);
  return inScope(options.name, "normalize", () => {
    const x = convertToTensor(tensor);
    const { ord = "euclidean", axis = null } = options;
    const length = ops.cast(norm(x, { ord, axis, keepdims: true }), x.dtype.baseDtype);
    return { normalized: x.div(length), norm: length };
  });
};
