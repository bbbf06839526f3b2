/** Indices that sort rows: a stable merge sort from runs of one element upwards. */
import { type DTypeName, dtypeOf } from "../../../core/dtype.ts";
import type { FunctionBuilder, Local } from "../assembler.ts";
import { add, and, copyBytes, eq, gt, gtU, load, lt, ltU, mul, ne, or, select, shl, sub } from "../instructions.ts";
import type { Expr } from "../lanes.ts";
import { isFloat, isUnsigned, loadElement } from "../loop/elements.ts";
import { defineKernel } from "./define.ts";
import type { Kernel } from "./kernel.ts";
import { min } from "./product/blocks.ts";

/** Whether a comes strictly before b; NaN comes last, whatever the direction. */
function precedes(dtype: DTypeName, isDescending: boolean, a: Local, b: Local): Expr {
  if (!isFloat(dtype)) {
    const unsigned = isUnsigned(dtype);
    return (isDescending ? (unsigned ? gtU : gt) : unsigned ? ltU : lt)(a, b);
  }
  return or((isDescending ? gt : lt)(a, b), and(ne(b, b), eq(a, a)));
}

export const orderParams = ["x", "out", "rows", "n", "room"] as const;

/** order(x, out, rows, n, room): out int32 [rows, n]; `room` holds n numbers. */
export const order = (dtype: DTypeName, isDescending: boolean): Kernel =>
  defineKernel(
    `order_${isDescending ? "descending" : "ascending"}_${dtype}`,
    { params: orderParams },
    (f, { x, out, rows, n, room }) => {
      const { sizeBytes } = dtypeOf(dtype);
      const bytes = f.let(shl(n, 2));
      const element = (at: Expr) =>
        f.let(loadElement(f, dtype, 1, { address: add(x, mul(load("i32", at), sizeBytes)), offset: 0 }));
      const [i, width, start] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const [from, to, other] = [f.local("i32"), f.local("i32"), f.local("i32")];
      f.while(rows, () => {
        f.for(i, { from: 0, to: n }, () => f.store("i32", add(out, shl(i, 2)), i));
        f.set(from, out);
        f.set(to, room);
        f.set(width, 4);
        f.while(lt(width, bytes), () => {
          f.for(start, { from: 0, to: bytes, step: shl(width, 1) }, () => {
            const middle = min(f, add(start, width), bytes);
            const end = min(f, add(middle, width), bytes);
            merge(f, { from, to, start, middle, end }, (right, left) =>
              precedes(dtype, isDescending, element(right), element(left)),
            );
          });
          f.set(other, from);
          f.set(from, to);
          f.set(to, other);
          f.set(width, shl(width, 1));
        });
        f.if(ne(from, out), () => f.do(copyBytes(out, from, bytes)));
        f.set(x, add(x, mul(n, sizeBytes)));
        f.set(out, add(out, bytes));
        f.set(rows, sub(rows, 1));
      });
    },
  );

interface Runs {
  readonly from: Local;
  readonly to: Local;
  /** Bytes: two sorted runs, start … middle and middle … end. */
  readonly start: Local;
  readonly middle: Local;
  readonly end: Local;
}

/** Takes from the right run only what must come before the left one's next. */
function merge(f: FunctionBuilder, runs: Runs, isRightFirst: (right: Expr, left: Expr) => Expr): void {
  const { from, to, start, middle, end } = runs;
  const [left, right, at] = [f.let(start), f.let(middle), f.let(start)];
  const takesRight = f.local("i32");
  f.while(lt(at, end), () => {
    f.set(takesRight, eq(left, middle));
    f.if(and(lt(left, middle), lt(right, end)), () => {
      f.set(takesRight, isRightFirst(add(from, right), add(from, left)));
    });
    f.store("i32", add(to, at), load("i32", add(from, select(takesRight, right, left))));
    f.if(
      takesRight,
      () => f.set(right, add(right, 4)),
      () => f.set(left, add(left, 4)),
    );
    f.set(at, add(at, 4));
  });
}
