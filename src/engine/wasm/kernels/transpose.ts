/** Planes of 4-byte elements with rows and columns exchanged, in blocks that fit the cache. */

import type { Local } from "../assembler.ts";
import { add, ge, load, lt, mul, shuffle, sub } from "../instructions.ts";
import { defineKernel } from "./define.ts";
import { min } from "./product/blocks.ts";

/** Rows of x read side by side: what they give fills whole cache lines of the result. */
const blockRows = 16;

/**
 * out[c, r] = x[r, c] for planes whose places (in x, in out, in bytes) are in a table; `xRow` and `outRow` are bytes from one row to the
 * next, columns of x and of out lie side by side.
 */
export const transposePlanes = defineKernel(
  "transpose_planes",
  { params: ["x", "out", "table", "planes", "rows", "columns", "xRow", "outRow"] },
  (f, { x, out, table, planes, rows, columns, xRow, outRow }) => {
    const [r, c, i] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const whole = f.let(sub(columns, 3));
    f.while(planes, () => {
      const from = f.let(add(x, load("i32", table)));
      const to = f.let(add(out, load("i32", table, 4)));
      f.for(r, { from: 0, to: rows, step: blockRows }, () => {
        const high = min(f, blockRows, sub(rows, r));
        f.set(c, 0);
        f.while(lt(c, whole), () => {
          const source = f.let(add(add(from, mul(r, xRow)), mul(c, 4)));
          const target = f.let(add(add(to, mul(c, outRow)), mul(r, 4)));
          const left = f.let(high);
          f.while(ge(left, 4), () => {
            block(source, target);
            f.set(source, add(source, mul(xRow, 4)));
            f.set(target, add(target, 16));
            f.set(left, sub(left, 4));
          });
          f.while(left, () => {
            for (let n = 0; n < 4; n++) f.store("i32", add(target, mul(outRow, n)), load("i32", source, 4 * n));
            f.set(source, add(source, xRow));
            f.set(target, add(target, 4));
            f.set(left, sub(left, 1));
          });
          f.set(c, add(c, 4));
        });
        f.while(lt(c, columns), () => {
          f.for(i, { from: r, to: add(r, high) }, () => {
            const value = load("i32", add(add(from, mul(i, xRow)), mul(c, 4)));
            f.store("i32", add(add(to, mul(c, outRow)), mul(i, 4)), value);
          });
          f.set(c, add(c, 1));
        });
      });
      f.set(table, add(table, 8));
      f.set(planes, sub(planes, 1));
    });

    function block(source: Local, target: Local): void {
      const [a, b, d, e] = [0, 1, 2, 3].map((n) => f.let(load("i32x4", add(source, mul(xRow, n))))) as [
        Local,
        Local,
        Local,
        Local,
      ];
      const ab = [f.let(shuffle(a, b, [0, 4, 1, 5])), f.let(shuffle(a, b, [2, 6, 3, 7]))] as const;
      const de = [f.let(shuffle(d, e, [0, 4, 1, 5])), f.let(shuffle(d, e, [2, 6, 3, 7]))] as const;
      [0, 1].forEach((h) => {
        f.store("i32x4", add(target, mul(outRow, 2 * h)), shuffle(ab[h]!, de[h]!, [0, 1, 4, 5]));
        f.store("i32x4", add(target, mul(outRow, 2 * h + 1)), shuffle(ab[h]!, de[h]!, [2, 3, 6, 7]));
      });
    }
  },
);
