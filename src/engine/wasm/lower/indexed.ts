/** Steps that move or change rows by index, and kernels along one axis. */
import { dtypeOf } from "../../../core/dtype.ts";
import { elementCount, rowMajorStrides } from "../../../core/shape.ts";
import type {
  ArgReduceStep,
  CheckStep,
  DynamicSliceStep,
  FirstEqualStep,
  GatherStep,
  OrderStep,
  Place,
  ScanStep,
  ScatterStep,
} from "../../step.ts";
import { add } from "../instructions.ts";
import { inPieces } from "../kernels/define.ts";
import {
  canScatter,
  check,
  checkIndices,
  dynamicSlice,
  firstEqual,
  gather,
  gatherParams,
  scatter,
} from "../kernels/indexed.ts";
import type { Kernel } from "../kernels/kernel.ts";
import { argReduce, lineParams, scan } from "../kernels/lines.ts";
import { order, orderParams } from "../kernels/order.ts";
import type { Expr, Operand, Scalar } from "../lanes.ts";
import { isHeld } from "../loop/elements.ts";
import { addressOf, isShared, type Part, productType, type Scratch } from "./part.ts";

type Arguments = (base: Expr) => readonly Operand[];

/** Addresses of places, then numbers, then where a failure reports and what it returns. */
const args =
  (places: readonly Place[], numbers: readonly number[], failure?: { site: number; scratch: Scratch }): Arguments =>
  (base) => {
    const front = [...places.map((place) => addressOf(place, base)), ...numbers];
    return failure ? [...front, add(base, failure.scratch.reportOffset), 1 + failure.site] : front;
  };

/** A piece of so many lines for each thread, and some more for those that are done early. */
const perPiece = (lines: number, { threads }: Scratch): number => Math.ceil(lines / (4 * threads));

export function lowerGather(step: GatherStep, scratch: Scratch): readonly Part[] {
  const { batch, outer, limit, count, inner, outStride, sizeBytes, indexDtype, site } = step;
  if (batch * outer * count === 0) return [];
  const numbers = [batch, outer, limit, count, inner * sizeBytes, outStride * sizeBytes];
  const places = [step.params, step.indices, step.out];
  const kernel = gather(indexDtype);
  if (batch * outer > 1 || !isShared(8 * count * inner, scratch))
    return [{ kernel, args: args(places, numbers, { site, scratch }) }];
  const checked = { kernel: checkIndices(indexDtype), args: args([step.indices], [count, limit], { site, scratch }) };
  const pieces = inPieces(kernel, { params: gatherParams, lines: "count", moved: ["indices", "out"] });
  const lines = [perPiece(count, scratch), dtypeOf(indexDtype).sizeBytes, outStride * sizeBytes];
  // no failure: indices out of range, which are none, would give zeros
  const shared = { kernel: pieces, args: args(places, [...numbers, 0, 0, ...lines, 0, scratch.job]) };
  return site >= 0 ? [checked, shared] : [shared];
}

const rawTypes: Readonly<Record<number, Scalar | undefined>> = { 4: "i32", 8: "i64" };

export function lowerScatter(step: ScatterStep, scratch: Scratch): readonly Part[] | null {
  const { fn, dtype, rows, inner, count, scalar, indexDtype, site } = step;
  const { sizeBytes } = dtypeOf(dtype);
  const type = fn === "update" ? rawTypes[sizeBytes] : productType(dtype);
  if (!type || !canScatter(fn, type)) return null;
  const places = [step.target, step.indices, step.updates];
  const numbers = [rows, count, inner * sizeBytes];
  return [{ kernel: scatter(fn, type, indexDtype, scalar), args: args(places, numbers, { site, scratch }) }];
}

export function lowerDynamicSlice(step: DynamicSliceStep, scratch: Scratch): readonly Part[] {
  const { shape, size, sizeBytes, indexDtype, site } = step;
  const strides = rowMajorStrides(shape);
  // dimensions taken whole at the end are one piece with the dimension before them
  let split = shape.length;
  while (split > 0 && size[split - 1] === shape[split - 1]) split--;
  const whole = Math.max(0, split - 1);
  const rows: number[] = [];
  const visit = (d: number, offset: number): void => {
    if (d === whole) rows.push(offset * sizeBytes);
    else for (let i = 0; i < size[d]!; i++) visit(d + 1, offset + i * strides[d]!);
  };
  if (elementCount(size) > 0) visit(0, 0);
  const bounds = shape.flatMap((n, d) => [n, size[d]!, strides[d]! * sizeBytes]);
  const rowBytes = elementCount(size.slice(whole)) * sizeBytes;
  const tables = [scratch.table(bounds), shape.length, scratch.table(rows), rows.length, rowBytes];
  const places = [step.x, step.begin, step.out];
  return [{ kernel: dynamicSlice(indexDtype), args: args(places, tables, { site, scratch }) }];
}

export const lowerCheck = ({ condition, count, site }: CheckStep, scratch: Scratch): readonly Part[] => [
  { kernel: check, args: args([condition], [count], { site, scratch }) },
];

/** A kernel of lines.ts whose elements have these sizes: threads share the outer lines, or the inner ones of a single outer one. */
function ofLines(
  kernel: Kernel,
  step: ArgReduceStep | ScanStep,
  sizes: { readonly x: number; readonly out: number; readonly outLine: number },
  scratch: Scratch,
): Part {
  const { outer, n, inner } = step;
  const places = [step.x, step.out];
  const numbers = [outer, n, inner, inner];
  const lines = outer === 1 ? inner : outer;
  if (lines === 1 || !isShared(4 * outer * n * inner, scratch)) return { kernel, args: args(places, numbers) };
  const pieces = { params: lineParams, lines: outer === 1 ? "columns" : "outer", moved: ["x", "out"] } as const;
  const moves = outer === 1 ? [sizes.x, sizes.out] : [n * inner * sizes.x, sizes.outLine * inner * sizes.out];
  return {
    kernel: inPieces(kernel, pieces),
    args: args(places, [...numbers, perPiece(lines, scratch), ...moves, 0, scratch.job]),
  };
}

export function lowerArgReduce(step: ArgReduceStep, scratch: Scratch): readonly Part[] | null {
  const { fn, dtype, outDtype } = step;
  if (!isHeld(dtype)) return null;
  const sizes = { x: dtypeOf(dtype).sizeBytes, out: dtypeOf(outDtype).sizeBytes, outLine: 1 };
  return [ofLines(argReduce(fn, dtype, outDtype), step, sizes, scratch)];
}

export function lowerScan(step: ScanStep, scratch: Scratch): readonly Part[] | null {
  const { fn, dtype, exclusive, reverse } = step;
  if (!isHeld(dtype) || dtype === "bool") return null;
  const { sizeBytes } = dtypeOf(dtype);
  const sizes = { x: sizeBytes, out: sizeBytes, outLine: step.n };
  return [ofLines(scan(fn, dtype, { exclusive, reverse }), step, sizes, scratch)];
}

export function lowerFirstEqual({ dtype, n, x, out }: FirstEqualStep, scratch: Scratch): readonly Part[] {
  // a power of two, at most half full
  const bits = Math.max(4, Math.ceil(Math.log2(2 * n + 1)));
  const table = scratch.block("hash", 4 * 2 ** bits);
  return [{ kernel: firstEqual(dtype === "int32" ? "i32" : "i64"), args: args([x, out], [n, table, 32 - bits]) }];
}

export function lowerOrder(
  { dtype, descending, rows, n, x, out }: OrderStep,
  scratch: Scratch,
): readonly Part[] | null {
  if (!isHeld(dtype)) return null;
  const kernel = order(dtype, descending);
  const comparisons = rows * n * Math.ceil(Math.log2(n + 1));
  if (rows === 1 || !isShared(4 * comparisons, scratch)) {
    const room = scratch.block("order", 4 * n);
    return [{ kernel, args: args([x, out], [rows, n, room]) }];
  }
  const room = scratch.block("order", 4 * n * scratch.threads);
  const pieces = inPieces(kernel, { params: orderParams, lines: "rows", moved: ["x", "out"], own: "room" });
  const lines = [perPiece(rows, scratch), n * dtypeOf(dtype).sizeBytes, 4 * n, 4 * n];
  return [{ kernel: pieces, args: args([x, out], [rows, n, room, ...lines, scratch.job]) }];
}
