/** Matrix products: blocked, or row by row where one side is a vector. */
import { dtypeOf } from "../../../core/dtype.ts";
import type { MatmulStep, Place } from "../../step.ts";
import type { Kernel } from "../kernels/kernel.ts";
import { blockRows } from "../kernels/product/blocks.ts";
import { matmul, packedBytes } from "../kernels/product/matmul.ts";
import { rowDots, rowSums } from "../kernels/product/matrix_vector.ts";
import { tileRows } from "../kernels/product/tile.ts";
import type { Expr, Scalar } from "../lanes.ts";
import {
  addressOf,
  epilogueParts,
  fillZero,
  isShared,
  type KernelCall,
  type Part,
  productType,
  type Scratch,
} from "./part.ts";

export function lowerMatmul(step: MatmulStep, scratch: Scratch): readonly Part[] | null {
  const type = productType(step.dtype);
  const after = epilogueParts(step.dtype, step.epilogue);
  if (!type || !after) return null;
  const { batch, m, n, k } = step;
  if (batch * m * n === 0) return [];
  if (k === 0) return [fillZero(step.c, step.dtype, batch * m * n), ...after];
  return [product(step, type, scratch), ...after];
}

/** Enough pieces that no thread waits long for the last one. */
function rowsPerPiece(m: number, shared: number, { threads }: Scratch): number {
  if (!shared) return blockRows;
  const even = Math.ceil(m / (4 * threads) / tileRows) * tileRows;
  return Math.min(blockRows, Math.max(even, 2 * tileRows));
}

function product(step: MatmulStep, type: Scalar, scratch: Scratch): KernelCall {
  const { batch, m, n, k, a, b, c, lda, ldb, transposeA, transposeB, strideA, strideB, strideC } = step;
  const { sizeBytes: size } = dtypeOf(step.dtype);
  const [aRow, aCol] = transposeA ? [size, lda * size] : [lda * size, size];
  const [bRow, bCol] = transposeB ? [size, ldb * size] : [ldb * size, size];
  const at =
    (...places: Place[]) =>
    (base: Expr) =>
      places.map((place) => addressOf(place, base));
  const vector = (kernel: Kernel, places: Place[], row: number, rows: number, columns: number): KernelCall => ({
    kernel,
    args(base) {
      const [matrix, x, y] = at(...places)(base);
      return [matrix!, row, x!, y!, rows, columns];
    },
  });
  if (batch === 1 && n === 1 && (bRow === size || k === 1)) {
    if (aCol === size || k === 1) return vector(rowDots(type), [a, b, c], aRow, m, k);
    return vector(rowSums(type), [a, b, c], aCol, k, m);
  }
  if (batch === 1 && m === 1 && (aCol === size || k === 1)) {
    if (bCol === size || n === 1) return vector(rowSums(type), [b, a, c], bRow, k, n);
    return vector(rowDots(type), [b, a, c], bCol, n, k);
  }
  const shared = isShared(2 * m * n * k, scratch);
  const work = [
    scratch.job,
    scratch.block("packed", packedBytes),
    scratch.areas,
    rowsPerPiece(m, shared, scratch),
    shared,
  ];
  return {
    kernel: matmul(type),
    args(base) {
      const [x, y, z] = at(a, b, c)(base);
      const next = [strideA, strideB, strideC].map((stride) => stride * size);
      return [x!, aRow, aCol, y!, bRow, bCol, z!, batch, ...next, m, n, k, ...work];
    },
  };
}
