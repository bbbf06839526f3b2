/** Rows moved and changed by index. An index out of range stores (position, index, limit) as doubles at `report` and returns `failure`. */
import type { FunctionBuilder, Local } from "../assembler.ts";
import {
  add,
  allTrue,
  and,
  convert,
  copyBytes,
  div,
  eq,
  eqz,
  fillBytes,
  fmax,
  fmin,
  geU,
  gt,
  gtU,
  load,
  loadSplat,
  lt,
  ltU,
  mul,
  shl,
  shrU,
  sub,
  xor,
} from "../instructions.ts";
import { constant, type Expr, type Lanes, laneBytes, type Operand, type Scalar, vectorOf } from "../lanes.ts";
import { defineKernel } from "./define.ts";
import type { Kernel } from "./kernel.ts";

export type IndexType = "int32" | "int64";
export type ScatterFunction = "update" | "add" | "sub" | "mul" | "div" | "max" | "min";

const indexSize = (type: IndexType): number => (type === "int32" ? 4 : 8);
const loadIndex = (type: IndexType, address: Expr): Expr => load(type === "int32" ? "i32" : "i64", address);
const toDouble = (x: Operand): Expr => {
  const value = typeof x === "object" ? x : constant("i32", x);
  return convert(value.type === "i64" ? "i64ToF64" : "i32ToF64", value);
};

interface Report {
  readonly report: Local;
  readonly failure: Local;
}

function fail(f: FunctionBuilder, { report, failure }: Report, position: Expr, value: Expr, limit: Operand): void {
  f.store("f64", report, toDouble(position), 0);
  f.store("f64", report, toDouble(value), 8);
  f.store("f64", report, toDouble(limit), 16);
  f.return(failure);
}

/** index < limit, both seen as unsigned: false for negative ones. */
const isInside = (index: Expr, limit: Expr): Expr =>
  ltU(index, index.type === "i64" ? convert("extend", limit) : limit);

const asOffset = (index: Expr): Expr => (index.type === "i64" ? convert("wrap", index) : index);

/** Moves bytes; few of them without the call that memory.copy is. */
function moveBytes(f: FunctionBuilder, to: Expr, from: Expr, bytes: Expr): void {
  f.if(
    gtU(bytes, 256),
    () => f.do(copyBytes(to, from, bytes)),
    () => {
      const [p, q, end] = [f.let(from), f.let(to), f.let(add(from, bytes))];
      for (const [kind, size] of [
        ["i32x4", 16],
        ["i32", 4],
        ["u8", 1],
      ] as const) {
        f.while(geU(sub(end, p), size), () => {
          f.store(kind === "u8" ? "i8" : kind, q, load(kind, p));
          f.set(p, add(p, size));
          f.set(q, add(q, size));
        });
      }
    },
  );
}

export const gatherParams = [
  ...(["params", "indices", "out", "batch", "outer", "limit", "count", "rowBytes", "outBytes"] as const),
  ...(["report", "failure"] as const),
];

/**
 * params [outer, limit] rows of `rowBytes`, for each of `batch`; out rows lie `outBytes` apart. `failure` 0: an index out of range gives zeros.
 */
export const gather = (type: IndexType): Kernel =>
  defineKernel(
    `gather_${type}`,
    {
      params: gatherParams,
      result: "i32",
    },
    (f, { params, indices, out, batch, outer, limit, count, rowBytes, outBytes, report, failure }) => {
      const size = indexSize(type);
      const [b, o, i] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const planeBytes = f.let(mul(limit, rowBytes));
      const index = f.local(type === "int32" ? "i32" : "i64");
      f.for(b, { from: 0, to: batch }, () => {
        f.for(o, { from: 0, to: outer }, () => {
          f.for(i, { from: 0, to: count }, () => {
            f.set(index, loadIndex(type, add(indices, mul(i, size))));
            f.if(
              isInside(index, limit),
              () => moveBytes(f, out, add(params, mul(asOffset(index), rowBytes)), rowBytes),
              () => {
                f.if(failure, () => fail(f, { report, failure }, add(mul(b, count), i), index, limit));
                const p = f.local("i32");
                f.for(p, { from: 0, to: rowBytes }, () => f.store("i8", add(out, p), 0));
              },
            );
            f.set(out, add(out, outBytes));
          });
          f.set(params, add(params, planeBytes));
        });
        f.set(indices, add(indices, mul(count, size)));
      });
      f.return(0);
    },
  );

/** An index out of range among `count` ends the run, as it would in a gather. */
export const checkIndices = (type: IndexType): Kernel =>
  defineKernel(
    `check_indices_${type}`,
    { params: ["indices", "count", "limit", "report", "failure"], result: "i32" },
    (f, { indices, count, limit, report, failure }) => {
      const i = f.local("i32");
      const index = f.local(type === "int32" ? "i32" : "i64");
      f.for(i, { from: 0, to: count }, () => {
        f.set(index, loadIndex(type, add(indices, mul(i, indexSize(type)))));
        f.unless(isInside(index, limit), () => fail(f, { report, failure }, i, index, limit));
      });
      f.return(0);
    },
  );

/** How an element changes; null where no instruction does it. */
function change(fn: ScatterFunction, type: Scalar): ((old: Expr, update: Expr) => Expr) | null {
  const isFloat = type[0] === "f";
  switch (fn) {
    case "update":
      return (_, update) => update;
    case "add":
      return add;
    case "sub":
      return sub;
    case "mul":
      return mul;
    case "div":
      return isFloat ? div : null;
    case "max":
      return isFloat ? fmax : null;
    case "min":
      return isFloat ? fmin : null;
  }
}

export const canScatter = (fn: ScatterFunction, type: Scalar): boolean => change(fn, type) !== null;

/**
 * target [limit] rows of `rowBytes`, changed in the order of the indices; updates lie row after row, or are one element for all
 * (isScalar). `failure` 0: rows out of range are left out.
 */
export const scatter = (fn: ScatterFunction, type: Scalar, indexType: IndexType, isScalar: boolean): Kernel =>
  defineKernel(
    `scatter_${fn}_${type}_${indexType}${isScalar ? "_scalar" : ""}`,
    { params: ["target", "indices", "updates", "limit", "count", "rowBytes", "report", "failure"], result: "i32" },
    (f, { target, indices, updates, limit, count, rowBytes, report, failure }) => {
      const vector = vectorOf(type);
      const changed = change(fn, type)!;
      const i = f.local("i32");
      const index = f.local(indexType === "int32" ? "i32" : "i64");
      const [p, u, end] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const row = (kind: Lanes, size: number) =>
        f.while(geU(sub(end, p), size), () => {
          const update = !isScalar ? load(kind, u) : kind === vector ? loadSplat(vector, u) : load(kind, u);
          f.store(kind, p, changed(load(kind, p), update));
          f.set(p, add(p, size));
          if (!isScalar) f.set(u, add(u, size));
        });
      f.for(i, { from: 0, to: count }, () => {
        f.set(index, loadIndex(indexType, indices));
        f.set(indices, add(indices, indexSize(indexType)));
        f.if(
          isInside(index, limit),
          () => {
            f.set(p, add(target, mul(asOffset(index), rowBytes)));
            f.set(end, add(p, rowBytes));
            f.set(u, updates);
            row(vector, 16);
            row(type, laneBytes(type));
          },
          () => f.if(failure, () => fail(f, { report, failure }, i, index, limit)),
        );
        if (!isScalar) f.set(updates, add(updates, rowBytes));
      });
      f.return(0);
    },
  );

/**
 * Copies rows whose places (from the slice's first element) are in a table. `bounds` holds, for each dimension, its extent, the slice's extent and
 * the bytes of one step; begin[d] is checked against them.
 */
export const dynamicSlice = (type: IndexType): Kernel =>
  defineKernel(
    `dynamic_slice_${type}`,
    {
      params: ["x", "begin", "out", "bounds", "rank", "rowTable", "rows", "rowBytes", "report", "failure"],
      result: "i32",
    },
    (f, { x, begin, out, bounds, rank, rowTable, rows, rowBytes, report, failure }) => {
      const d = f.local("i32");
      const from = f.local(type === "int32" ? "i32" : "i64");
      const start = f.let(x);
      f.for(d, { from: 0, to: rank }, () => {
        f.set(from, loadIndex(type, add(begin, mul(d, indexSize(type)))));
        const extent = f.let(load("i32", bounds));
        const room = f.let(sub(extent, load("i32", bounds, 4)));
        const isBad = type === "int32" ? gtU(from, room) : gtU(from, convert("extend", room));
        f.if(isBad, () => fail(f, { report, failure }, d, from, extent));
        f.set(start, add(start, mul(asOffset(from), load("i32", bounds, 8))));
        f.set(bounds, add(bounds, 12));
      });
      f.while(rows, () => {
        moveBytes(f, out, add(start, load("i32", rowTable)), rowBytes);
        f.set(out, add(out, rowBytes));
        f.set(rowTable, add(rowTable, 4));
        f.set(rows, sub(rows, 1));
      });
      f.return(0);
    },
  );

/** Fails with the position of the first byte that is 0. */
export const check: Kernel = defineKernel(
  "check",
  { params: ["condition", "count", "report", "failure"], result: "i32" },
  (f, { condition, count, report, failure }) => {
    const i = f.local("i32", 0);
    f.block((found) => {
      f.loop((again) => {
        f.brIf(found, lt(sub(count, i), 16));
        f.brIf(found, eqz(allTrue(load("i8x16", add(condition, i)))));
        f.set(i, add(i, 16));
        f.br(again);
      });
    });
    f.while(gt(count, i), () => {
      f.unless(load("u8", add(condition, i)), () => fail(f, { report, failure }, i, constant("i32", 0), 0));
      f.set(i, add(i, 1));
    });
    f.return(0);
  },
);

/**
 * For each element the position of the first one that equals it. `table` is room for 2^(32 - shift) numbers, more than there are elements:
 * positions + 1, by a hash of the element, the next free place after it where two collide.
 */
export const firstEqual = (type: "i32" | "i64"): Kernel =>
  defineKernel(`first_equal_${type}`, { params: ["x", "out", "count", "table", "shift"] }, (f, args) => {
    const { x, out, count, table, shift } = args;
    const size = laneBytes(type);
    const bytes = f.let(shl(4, sub(32, shift)));
    const [i, place, entry] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const value = f.local(type);
    f.do(fillBytes(table, 0, bytes));
    f.for(i, { from: 0, to: count }, () => {
      f.set(value, load(type, add(x, mul(i, size))));
      const word = type === "i32" ? value : convert("wrap", xor(value, shrU(value, 32)));
      f.set(place, shl(shrU(mul(word, 0x9e3779b1 | 0), shift), 2));
      f.block((found) => {
        f.loop((again) => {
          f.set(entry, load("i32", add(table, place)));
          f.unless(entry, () => {
            f.store("i32", add(table, place), add(i, 1));
            f.set(entry, add(i, 1));
            f.br(found);
          });
          f.brIf(found, eq(load(type, add(x, mul(sub(entry, 1), size))), value));
          f.set(place, and(add(place, 4), sub(bytes, 1)));
          f.br(again);
        });
      });
      f.store("i32", add(out, mul(i, 4)), sub(entry, 1));
    });
  });
