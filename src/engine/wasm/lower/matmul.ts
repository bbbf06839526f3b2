/** Matrix products: blocked, or row by row where one side is a vector. */
import { dtypeOf } from "../../../core/dtype.ts";
import { alignment } from "../../heap.ts";
import type { Body, MatmulStep, Place, View } from "../../step.ts";
import type { Kernel } from "../kernels/kernel.ts";
import { areaBytesFor, blockRows } from "../kernels/product/blocks.ts";
import {
  blockColumns,
  columnUnit,
  kc,
  markBytes,
  matmul,
  packedBytesFor,
  wholeBytesFor,
} from "../kernels/product/matmul.ts";
import { rowDots, rowSums } from "../kernels/product/matrix_vector.ts";
import { tileRows } from "../kernels/product/tile.ts";
import { type Expr, i32, type Scalar } from "../lanes.ts";
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
  const vectors = vectorProduct(step, type);
  if (vectors) return [vectors, ...after];
  const start = k <= kc && step.epilogue ? startOf(step, step.epilogue) : null;
  return start ? [product(step, type, scratch, start)] : [product(step, type, scratch, nowhere), ...after];
}

/** What a product is added to: rows of n elements, `row` elements apart, and the bytes from one batch to the next. */
interface Start {
  readonly place: Place | null;
  readonly row: number;
  readonly next: number;
}

const nowhere: Start = { place: null, row: 0, next: 0 };

/**
 * Where a sum of the product and a matrix or a row of n elements is all that the epilogue computes, its other operand: an accumulated
 * gradient, a bias. Each element of the product is one sum then (k <= KC), so that the bits are those of product and epilogue.
 */
function startOf({ batch, n, dtype }: MatmulStep, { extents, loads, nodes, stores }: Body): Start | null {
  const [store, ...more] = stores;
  const sum = nodes[store!.node]!;
  if (more.length > 0 || nodes.length !== 3 || sum.kind !== "binary" || sum.fn !== "add") return null;
  const kinds = [nodes[sum.x]!, nodes[sum.y]!].map(({ kind }) => kind).sort();
  if (kinds.join() !== "load,product" || loads.length !== 1 || loads[0]!.dtype !== dtype) return null;
  const [view] = loads as readonly [View];
  const isSame = (strides: readonly number[]) =>
    view.strides.every((stride, d) => stride === strides[d] || extents[d] === 1);
  if (isSame(store!.view.strides)) return { place: view.place, row: n, next: n };
  const isRow = batch === 1 && extents.length === 2 && extents[1] === n && isSame([0, 1]);
  return isRow ? { place: view.place, row: 0, next: 0 } : null;
}

/** Threads pack the right matrix each for itself where its bytes times the square of their number, for memory and for work, stay below it. */
const ownMost = 1024 * 1024;

/** Pieces for each thread: the fewer rows a piece has, the more often the panels of b come through the cache. */
const piecesEach = 4;

/** What a piece computes: rows of c, or all rows of some columns, where so few rows meet so many columns that each thread had better have its own. */
function pieceOf(
  { m, n }: MatmulStep,
  type: Scalar,
  { shared, scratch }: { readonly shared: number; readonly scratch: Scratch },
): readonly [rows: number, columns: number] {
  if (!shared) return [blockRows, 0];
  const units = Math.floor(Math.min(n, blockColumns(type)) / columnUnit(type) / (2 * scratch.threads));
  if (m <= blockRows && units > 0) return [blockRows, units * columnUnit(type)];
  const inTiles = Math.ceil(m / (piecesEach * scratch.threads) / tileRows) * tileRows;
  return [Math.min(blockRows, Math.max(inTiles, 2 * tileRows)), 0];
}

const placesAt =
  (...places: Place[]) =>
  (base: Expr) =>
    places.map((place) => addressOf(place, base));

/** Byte strides of both operands. */
function stridesOf({ dtype, lda, ldb, transposeA, transposeB }: MatmulStep) {
  const { sizeBytes: size } = dtypeOf(dtype);
  const [aRow, aCol] = transposeA ? [size, lda * size] : [lda * size, size];
  const [bRow, bCol] = transposeB ? [size, ldb * size] : [ldb * size, size];
  return { size, aRow, aCol, bRow, bCol };
}

/** Where one side is a vector that lies in one piece. */
function vectorProduct(step: MatmulStep, type: Scalar): KernelCall | null {
  const { batch, m, n, k, a, b, c } = step;
  const { size, aRow, aCol, bRow, bCol } = stridesOf(step);
  const vector = (kernel: Kernel, places: Place[], row: number, rows: number, columns: number): KernelCall => ({
    kernel,
    args(base) {
      const [matrix, x, y] = placesAt(...places)(base);
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
  return null;
}

/** Bytes before a right matrix that is kept: those of its int32. */
const keptMark = alignment;

function product(step: MatmulStep, type: Scalar, scratch: Scratch, start: Start): KernelCall {
  const { batch, m, n, k, a, b, c, strideA, strideB, strideC } = step;
  const { size, aRow, aCol, bRow, bCol } = stridesOf(step);
  const shared = isShared(2 * m * n * k, scratch);
  const piece = pieceOf(step, type, { shared, scratch });
  const areaBytes = areaBytesFor(Math.min(piece[0], m), Math.min(k, kc), size);
  const take = scratch.room(step);
  const { kept = null } = step;
  if (kept !== null) scratch.keep(keptMark + wholeBytesFor(n, k, type));
  const packedBytes = packedBytesFor(n, k, type);
  const sharers = shared ? scratch.threads : 1;
  const ownBytes = kept === null && piece[1] === 0 && packedBytes <= ownMost / sharers ** 2 ? packedBytes : 0;
  const packed = kept === null ? take(ownBytes > 0 ? ownBytes * sharers : packedBytes) : () => i32(kept + keptMark);
  const marks = ownBytes > 0 ? scratch.block("marks", markBytes * (sharers + 1)) : 0;
  const areas = take(areaBytes * sharers);
  return {
    kernel: matmul(type),
    args(base) {
      const [x, y, z] = placesAt(a, b, c)(base);
      const from = start.place ? addressOf(start.place, base) : 0;
      const next = [strideA, strideB, strideC, start.next && strideC].map((stride) => stride * size);
      const work = [scratch.job, packed(base), areas(base), areaBytes, ...piece, ownBytes, marks, kept ?? 0, shared];
      return [x!, aRow, aCol, y!, bRow, bCol, z!, from, start.row * size, batch, ...next, m, n, k, ...work];
    },
  };
}
