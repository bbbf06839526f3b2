/**
 * Kernels along one axis: x [outer, n, inner], each line of n elements by itself. Of the inner lines only `columns` are computed: all, or some
 * of them where outer is 1.
 */
import type { DTypeName } from "../../../core/dtype.ts";
import { dtypeOf } from "../../../core/dtype.ts";
import { add, convert, ge, gt, gtU, lt, ltU, mul, select, sub } from "../instructions.ts";
import { neutralOf } from "../loop/accumulate.ts";
import { constantOf, isUnsigned, loadElement, scalarType, storeElement, typeOf, type Width } from "../loop/elements.ts";
import { binary } from "../loop/functions.ts";
import { defineKernel } from "./define.ts";
import type { Kernel } from "./kernel.ts";

export const lineParams = ["x", "out", "outer", "n", "inner", "columns"] as const;

/** The first position of the extreme value; it must beat the neutral element, which NaN never does. */
export const argReduce = (fn: "max" | "min", dtype: DTypeName, outDtype: "int32" | "int64"): Kernel =>
  defineKernel(`arg_${fn}_${dtype}_${outDtype}`, { params: lineParams }, (f, { x, out, outer, n, inner, columns }) => {
    const { sizeBytes } = dtypeOf(dtype);
    const [o, c, i, p] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const best = f.local(scalarType(dtype));
    const position = f.local("i32");
    const step = f.let(mul(inner, sizeBytes));
    const beats = fn === "max" ? (isUnsigned(dtype) ? gtU : gt) : isUnsigned(dtype) ? ltU : lt;
    f.for(o, { from: 0, to: outer }, () => {
      f.for(c, { from: 0, to: columns }, () => {
        f.set(best, constantOf(dtype, 1, neutralOf(fn, dtype)));
        f.set(position, 0);
        f.set(p, add(x, mul(c, sizeBytes)));
        f.for(i, { from: 0, to: n }, () => {
          const value = f.let(loadElement(f, dtype, 1, { address: p, offset: 0 }));
          const isBetter = f.let(beats(value, best));
          f.set(best, select(isBetter, value, best));
          f.set(position, select(isBetter, i, position));
          f.set(p, add(p, step));
        });
        if (outDtype === "int32") f.store("i32", out, position);
        else f.store("i64", out, convert("extend", position));
        f.set(out, add(out, outDtype === "int32" ? 4 : 8));
      });
      f.set(x, add(x, mul(n, step)));
    });
  });

/** Running sums or products, one after the other, each rounded to the dtype. */
export const scan = (fn: "sum" | "prod", dtype: DTypeName, options: { exclusive: boolean; reverse: boolean }): Kernel =>
  defineKernel(
    `scan_${fn}_${dtype}${options.exclusive ? "_exclusive" : ""}${options.reverse ? "_reverse" : ""}`,
    { params: lineParams },
    (f, { x, out, outer, n, inner, columns }) => {
      const { sizeBytes } = dtypeOf(dtype);
      const [o, c, i, at] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
      const step = f.let(mul(inner, sizeBytes));
      const plane = f.let(mul(n, step));
      const emitter = {
        f,
        math: () => {
          throw new Error("bug: a scan needs no imported function");
        },
      };
      /** Lines side by side, in the lanes of a vector. */
      const lines = (width: Width) => {
        const running = f.local(typeOf(dtype, width)!);
        f.while(ge(sub(columns, c), width), () => {
          f.set(running, constantOf(dtype, width, neutralOf(fn, dtype)));
          f.set(at, mul(c, sizeBytes));
          if (options.reverse) f.set(at, add(at, sub(plane, step)));
          f.for(i, { from: 0, to: n }, () => {
            const value = loadElement(f, dtype, width, { address: add(x, at), offset: 0 });
            const next = f.let(binary(emitter, fn === "sum" ? "add" : "mul", dtype, running, value));
            storeElement(f, dtype, { address: add(out, at), offset: 0 }, options.exclusive ? running : next);
            f.set(running, next);
            f.set(at, options.reverse ? sub(at, step) : add(at, step));
          });
          f.set(c, add(c, width));
        });
      };
      const widths = ([4, 2] as const).filter((width) => typeOf(dtype, width) !== null);
      f.for(o, { from: 0, to: outer }, () => {
        f.set(c, 0);
        for (const width of [...widths, 1] as const) f.scope(() => lines(width));
        f.set(x, add(x, plane));
        f.set(out, add(out, plane));
      });
    },
  );
