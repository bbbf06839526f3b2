/** Gather, scatter, sorting and running sums on dense arrays, by their definitions. */
import type { DTypeName } from "../../core/dtype.ts";
import type { NumberArray } from "../../core/nd_array.ts";
import { formatOf, type Scalar } from "./format.ts";
import { Failure } from "./loops.ts";
import { binaryOf } from "./scalar.ts";

export interface GatherShape {
  readonly batch: number;
  readonly outer: number;
  readonly limit: number;
  readonly inner: number;
  readonly count: number;
  readonly site: number;
}

/** params [batch, outer, limit, inner], indices [batch, count]. Calls `move(row of out, row of params or -1)` for each row of `inner` elements. */
export function gatherRows(
  { batch, outer, limit, count, site }: Omit<GatherShape, "inner">,
  indices: NumberArray,
  move: (to: number, from: number) => void,
): void {
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < count; i++) {
        const index = Number(indices[b * count + i]);
        const inside = index >= 0 && index < limit;
        if (!inside && site >= 0) throw new Failure(site, b * count + i, index, limit);
        move((b * outer + o) * count + i, inside ? (b * outer + o) * limit + index : -1);
      }
    }
  }
}

export interface ScatterShape {
  readonly fn: "update" | "add" | "sub" | "mul" | "div" | "max" | "min";
  readonly dtype: DTypeName;
  readonly rows: number;
  readonly inner: number;
  readonly count: number;
  readonly scalar: boolean;
  readonly site: number;
}

/** Changes target [rows, inner] in the order of indices [count]; integer division by zero leaves 0. */
export function scatter(
  { fn, dtype, rows, inner, count, scalar, site }: ScatterShape,
  target: NumberArray,
  indices: NumberArray,
  updates: NumberArray,
): void {
  const format = formatOf(dtype);
  const f = fn === "update" ? null : binaryOf(fn, dtype);
  const divides = fn === "div" && (format.class === "integer" || format.class === "big");
  for (let i = 0; i < count; i++) {
    const row = Number(indices[i]);
    if (row < 0 || row >= rows) {
      if (site >= 0) throw new Failure(site, i, row, rows);
      continue;
    }
    for (let c = 0; c < inner; c++) {
      const update = format.read(updates, scalar ? 0 : i * inner + c);
      const at = row * inner + c;
      if (!f) format.write(target, at, update);
      else if (divides && Number(update) === 0) format.write(target, at, format.zero);
      else format.write(target, at, f(format.read(target, at), update));
    }
  }
}

/** Checks where a slice of `size` begins in `shape`, and returns it as numbers. */
export function checkedBegin(
  shape: readonly number[],
  size: readonly number[],
  begin: NumberArray,
  site: number,
): number[] {
  return shape.map((n, d) => {
    const from = Number(begin[d]);
    if (from < 0 || from + size[d]! > n) throw new Failure(site, d, from, n);
    return from;
  });
}

export interface LineShape {
  readonly dtype: DTypeName;
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** The first position of the extreme value along n; it must beat -infinity (the lowest integer), which NaN never does. */
export function argReduce(fn: "max" | "min", { dtype, outer, n, inner }: LineShape, x: NumberArray): number[] {
  const format = formatOf(dtype);
  const positions: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < inner; c++) {
      let best = fn === "max" ? format.lowest : format.highest;
      let position = 0;
      for (let i = 0; i < n; i++) {
        const value = format.read(x, (o * n + i) * inner + c);
        if (fn === "max" ? value > best : value < best) {
          best = value;
          position = i;
        }
      }
      positions.push(position);
    }
  }
  return positions;
}

/** Indices that sort each row of x [rows, n] stably; NaN comes last, whatever the direction. */
export function order(dtype: DTypeName, descending: boolean, rows: number, n: number, x: NumberArray): Int32Array {
  const format = formatOf(dtype);
  const out = new Int32Array(rows * n);
  const before = (a: Scalar, b: Scalar): number => {
    const nans = Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    if (nans !== 0) return nans;
    if (a < b) return descending ? 1 : -1;
    if (a > b) return descending ? -1 : 1;
    return 0;
  };
  for (let row = 0; row < rows; row++) {
    const values = Array.from({ length: n }, (_, i) => format.read(x, row * n + i));
    const sorted = values.map((_, i) => i).sort((i, j) => before(values[i]!, values[j]!) || i - j);
    out.set(sorted, row * n);
  }
  return out;
}

/** The position of the first element that equals each one. */
export function firstEqual(x: Int32Array | BigInt64Array): Int32Array {
  const first = new Map<number | bigint, number>();
  const out = new Int32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const known = first.get(x[i]!);
    if (known === undefined) first.set(x[i]!, i);
    out[i] = known ?? i;
  }
  return out;
}

/** Running sums or products along n, each rounded to the dtype. */
export function scan(
  fn: "sum" | "prod",
  { dtype, outer, n, inner }: LineShape,
  { exclusive, reverse }: { readonly exclusive: boolean; readonly reverse: boolean },
  x: NumberArray,
): Scalar[] {
  const format = formatOf(dtype);
  const f = binaryOf(fn === "sum" ? "add" : "mul", dtype);
  const out = new Array<Scalar>(outer * n * inner);
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < inner; c++) {
      let running = fn === "sum" ? format.zero : format.one;
      for (let step = 0; step < n; step++) {
        const at = (o * n + (reverse ? n - 1 - step : step)) * inner + c;
        const next = f(running, format.read(x, at));
        out[at] = exclusive ? running : next;
        running = next;
      }
    }
  }
  return out;
}
