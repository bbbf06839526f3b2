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
import { canScatter, check, dynamicSlice, firstEqual, gather, scatter } from "../kernels/indexed.ts";
import { argReduce, scan } from "../kernels/lines.ts";
import { order } from "../kernels/order.ts";
import type { Expr, Operand, Scalar } from "../lanes.ts";
import { isHeld } from "../loop/elements.ts";
import { addressOf, type Part, productType, type Scratch } from "./part.ts";

type Arguments = (base: Expr) => readonly Operand[];

/** Addresses of places, then numbers, then where a failure reports and what it returns. */
const args =
  (places: readonly Place[], numbers: readonly number[], failure?: { site: number; scratch: Scratch }): Arguments =>
  (base) => {
    const front = [...places.map((place) => addressOf(place, base)), ...numbers];
    return failure ? [...front, add(base, failure.scratch.reportOffset), 1 + failure.site] : front;
  };

export function lowerGather(step: GatherStep, scratch: Scratch): readonly Part[] {
  const { batch, outer, limit, count, inner, outStride, sizeBytes, indexDtype, site } = step;
  if (batch * outer * count === 0) return [];
  const numbers = [batch, outer, limit, count, inner * sizeBytes, outStride * sizeBytes];
  const places = [step.params, step.indices, step.out];
  return [{ kernel: gather(indexDtype), args: args(places, numbers, { site, scratch }) }];
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

export function lowerArgReduce(step: ArgReduceStep): readonly Part[] | null {
  const { fn, dtype, outDtype, outer, n, inner } = step;
  if (!isHeld(dtype)) return null;
  return [{ kernel: argReduce(fn, dtype, outDtype), args: args([step.x, step.out], [outer, n, inner]) }];
}

export function lowerScan(step: ScanStep): readonly Part[] | null {
  const { fn, dtype, outer, n, inner, exclusive, reverse } = step;
  if (!isHeld(dtype) || dtype === "bool") return null;
  return [{ kernel: scan(fn, dtype, { exclusive, reverse }), args: args([step.x, step.out], [outer, n, inner]) }];
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
  const room = scratch.block("order", 4 * n);
  return [{ kernel: order(dtype, descending), args: args([x, out], [rows, n, room]) }];
}
