/**
 * Running results of a reduction. Elements are folded into partial results in the element's own dtype, and those, every so often, into a
 * total: sums and products of floats have a float64 total, so that long ones lose nothing.
 */
import type { DTypeName } from "../../../core/dtype.ts";
import type { ReduceFunction } from "../../primitive.ts";
import type { FunctionBuilder, Local } from "../assembler.ts";
import {
  add,
  and,
  convert,
  fmax,
  fmin,
  gt,
  gtU,
  imax,
  imaxU,
  imin,
  iminU,
  lane,
  lt,
  ltU,
  mul,
  or,
  select,
  shuffle,
} from "../instructions.ts";
import { constant, type Expr, isVector, type Lanes, laneCount } from "../lanes.ts";
import { constantOf, isFloat, isUnsigned, round, scalarType, typeOf, type Width } from "./elements.ts";

/** One fold of two values of a dtype (scalars or vectors). */
function fold(f: FunctionBuilder, fn: ReduceFunction, dtype: DTypeName, x: Expr, y: Expr): Expr {
  switch (fn) {
    case "sum":
      return add(x, y);
    case "prod":
      return mul(x, y);
    case "any":
      return or(x, y);
    case "all":
      return and(x, y);
    case "max":
    case "min":
      break;
  }
  const isMax = fn === "max";
  if (dtype === "bool") return isMax ? or(x, y) : and(x, y);
  if (isFloat(dtype)) return isMax ? fmax(x, y) : fmin(x, y);
  const unsigned = isUnsigned(dtype);
  if (x.type === "i32x4") return (isMax ? (unsigned ? imaxU : imax) : unsigned ? iminU : imin)(x, y);
  const [a, b] = [f.let(x), f.let(y)];
  const first = isMax ? (unsigned ? gtU : gt)(a, b) : (unsigned ? ltU : lt)(a, b);
  return select(first, a, b);
}

const lowest: Partial<Record<DTypeName, number | bigint>> = {
  int8: -128,
  int16: -32768,
  int32: -0x80000000,
  int64: -(2n ** 63n),
};
const highest: Partial<Record<DTypeName, number | bigint>> = {
  int8: 127,
  int16: 32767,
  int32: 0x7fffffff,
  int64: 2n ** 63n - 1n,
  uint8: 255,
  uint16: 65535,
  uint32: -1,
  uint64: -1n,
  bool: 1,
};

export function neutralOf(fn: ReduceFunction, dtype: DTypeName): number | bigint {
  switch (fn) {
    case "sum":
    case "any":
      return 0;
    case "prod":
    case "all":
      return 1;
    case "max":
      return isFloat(dtype) ? Number.NEGATIVE_INFINITY : (lowest[dtype] ?? 0);
    case "min":
      return isFloat(dtype) ? Number.POSITIVE_INFINITY : (highest[dtype] ?? 0);
  }
}

/** Whether vectors of this width fold. */
export const foldsAsVector = (fn: ReduceFunction, dtype: DTypeName, width: 2 | 4): boolean =>
  typeOf(dtype, width) !== null && (width === 4 || isFloat(dtype) || fn === "sum" || fn === "prod" || dtype === "bool");

const isPrecise = (fn: ReduceFunction, dtype: DTypeName): boolean => isFloat(dtype) && (fn === "sum" || fn === "prod");

const promoteHalf = (x: Expr, high: boolean): Expr => convert("promoteLow", high ? shuffle(x, x, [2, 3, 0, 1]) : x);

/**
 * One result for each lane: lanes of different results never meet, so scalar and vector code give equal bits. `partial` is folded
 * into the total by `flush`.
 */
export class LaneAccumulator {
  private readonly f: FunctionBuilder;
  private readonly fn: ReduceFunction;
  private readonly dtype: DTypeName;
  private readonly width: Width;
  private readonly partial: Local;
  /** float64 totals: none where the partial result is exact, two halves for a vector of 4. */
  private readonly totals: readonly Local[];

  /** `isLong`: many elements, so that a total is worth its while. */
  constructor(
    f: FunctionBuilder,
    { fn, dtype, width, isLong }: { fn: ReduceFunction; dtype: DTypeName; width: Width; isLong: boolean },
  ) {
    this.f = f;
    this.fn = fn;
    this.dtype = dtype;
    this.width = width;
    this.partial = f.local(typeOf(dtype, width)!);
    const kind: Lanes = width === 1 ? "f64" : "f64x2";
    const count = isLong && isPrecise(fn, dtype) ? (width === 4 ? 2 : 1) : 0;
    this.totals = Array.from({ length: count }, () => f.local(kind));
  }

  private get neutral(): Expr {
    return constantOf(this.dtype, this.width, neutralOf(this.fn, this.dtype));
  }

  start(): void {
    this.f.set(this.partial, this.neutral);
    for (const total of this.totals) this.f.set(total, constant(total.type, neutralOf(this.fn, this.dtype)));
  }

  add(x: Expr): void {
    this.f.set(this.partial, fold(this.f, this.fn, this.dtype, this.partial, x));
  }

  flush(): void {
    if (this.totals.length === 0) return;
    this.totals.forEach((total, half) => {
      const part = this.doubles(half);
      this.f.set(total, this.fn === "sum" ? add(total, part) : mul(total, part));
    });
    this.f.set(this.partial, this.neutral);
  }

  private doubles(half: number): Expr {
    if (this.dtype === "float64") return this.partial;
    return this.width === 1 ? convert("promote", this.partial) : promoteHalf(this.partial, half === 1);
  }

  result(): Expr {
    const { f, dtype, totals } = this;
    if (totals.length === 0) return round(f, dtype, this.partial);
    if (dtype === "float64") return totals[0]!;
    const narrow =
      totals.length === 1
        ? convert("demote", totals[0]!)
        : shuffle(convert("demoteLow", totals[0]!), convert("demoteLow", totals[1]!), [0, 1, 4, 5]);
    return round(f, dtype, narrow);
  }
}

/** One result for all lanes. Partial results of a vector loop are folded in a fixed order. */
export class Total {
  private readonly f: FunctionBuilder;
  private readonly fn: ReduceFunction;
  private readonly dtype: DTypeName;
  private readonly total: Local;
  private readonly totalDtype: DTypeName;

  constructor(f: FunctionBuilder, fn: ReduceFunction, dtype: DTypeName) {
    this.f = f;
    this.fn = fn;
    this.dtype = dtype;
    this.totalDtype = isPrecise(fn, dtype) ? "float64" : dtype;
    this.total = f.local(scalarType(this.totalDtype));
  }

  start(): void {
    this.f.set(this.total, constantOf(this.totalDtype, 1, neutralOf(this.fn, this.dtype)));
  }

  private widen(x: Expr): Expr {
    return this.totalDtype !== this.dtype && x.type === "f32" ? convert("promote", x) : x;
  }

  /** One element. */
  add(x: Expr): void {
    this.f.set(this.total, fold(this.f, this.fn, this.totalDtype, this.total, this.widen(x)));
  }

  /** `count` partial vectors, begun anew. */
  partials(width: Width, count: number): Local[] {
    const neutral = () => constantOf(this.dtype, width, neutralOf(this.fn, this.dtype));
    return Array.from({ length: count }, () => this.f.local(typeOf(this.dtype, width)!, neutral()));
  }

  addTo(partial: Local, x: Expr): void {
    this.f.set(partial, fold(this.f, this.fn, this.dtype, partial, x));
  }

  /** Folds partial vectors pairwise, then their lanes pairwise, into the total. */
  collect(partials: readonly Local[]): void {
    let level: Expr[] = [...partials];
    while (level.length > 1) {
      const next: Expr[] = [];
      for (let i = 0; i < level.length; i += 2) {
        const pair = level[i + 1];
        next.push(pair ? this.f.let(fold(this.f, this.fn, this.dtype, level[i]!, pair)) : level[i]!);
      }
      level = next;
    }
    const vector = this.f.let(level[0]!);
    let lanes = Array.from({ length: laneCount(vector.type) }, (_, n) => this.lane(vector, n));
    while (lanes.length > 1) {
      lanes = Array.from({ length: lanes.length / 2 }, (_, i) =>
        fold(this.f, this.fn, this.totalDtype, lanes[2 * i]!, lanes[2 * i + 1]!),
      );
    }
    this.f.set(this.total, fold(this.f, this.fn, this.totalDtype, this.total, lanes[0]!));
  }

  private lane(vector: Expr, n: number): Expr {
    const x = lane(vector, n);
    if (this.dtype !== "bool") return this.widen(x);
    // a lane of a mask is 0 or -1
    return and(isVector(vector.type) && vector.type === "i64x2" ? convert("wrap", x) : x, 1);
  }

  result(): Expr {
    const narrow = this.totalDtype !== this.dtype && this.dtype !== "float64";
    return round(this.f, this.dtype, narrow ? convert("demote", this.total) : this.total);
  }
}
