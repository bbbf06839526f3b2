/**
 * Pooling over [batch, pixels, channels] of floats: tables say which input pixels each window has.
 *     starts[p] … starts[p + 1]   the entries of window p
 *     entries                     byte offsets of input pixels
 */
import type { FunctionBuilder, Local } from "../assembler.ts";
import { add, and, atLeast, convert, div, eq, geU, load, mul, not, or, select, splat, sub } from "../instructions.ts";
import { constant, type Expr, type Lanes, laneBytes, type Vector, vectorOf } from "../lanes.ts";
import { defineShared } from "./define.ts";
import type { Kernel } from "./kernel.ts";

type Float = "f32" | "f64";

const windowParams = ["x", "out", "starts", "entries", "pixels", "pixelBytes", "batch", "xBytes"] as const;
const gradientParams = [...windowParams, "y", "dy", "outBytes"] as const;

/** Channels as vectors, then one by one: the body gets the type and the bytes before them. */
function overChannels(
  f: FunctionBuilder,
  type: Float,
  pixelBytes: Local,
  body: (kind: Lanes, at: Local) => void,
): void {
  const at = f.local("i32", 0);
  for (const [kind, size] of [
    [vectorOf(type), 16],
    [type, laneBytes(type)],
  ] as const) {
    f.while(geU(sub(pixelBytes, at), size), () => {
      body(kind, at);
      f.set(at, add(at, size));
    });
  }
}

interface Tables {
  readonly starts: Local;
  readonly entries: Local;
}

/** Calls the body with the byte offset of each input pixel of window p. */
function overWindow(f: FunctionBuilder, { starts, entries }: Tables, p: Local, body: (offset: Expr) => void): void {
  const place = f.let(add(starts, mul(p, 4)));
  const e = f.let(add(entries, mul(load("i32", place), 4)));
  const end = f.let(add(entries, mul(load("i32", place, 4), 4)));
  f.forAddress(e, { from: e, to: end, step: 4 }, () => body(load("i32", e)));
}

/** The number of pixels of window p, as a float of a type. */
function sizeOf(f: FunctionBuilder, type: Float, starts: Local, p: Local): Local {
  const place = f.let(add(starts, mul(p, 4)));
  const count = sub(load("i32", place, 4), load("i32", place));
  return f.let(convert(type === "f32" ? "i32ToF32" : "i32ToF64", count));
}

const spread = (kind: Lanes, x: Expr): Expr => (kind === x.type ? x : splat(kind as Vector, x));

/** The largest (NaN never is; -infinity if there is nothing else), or the average of each window. */
export const window = (fn: "max" | "average", type: Float): Kernel =>
  defineShared(
    `window_${fn}_${type}`,
    { params: windowParams, count: "batch" },
    (f, { x, out, starts, entries, pixels, pixelBytes, xBytes }, image) => {
      const p = f.local("i32");
      f.set(x, add(x, mul(image, xBytes)));
      f.set(out, add(out, mul(image, mul(pixels, pixelBytes))));
      f.for(p, { from: 0, to: pixels }, () => {
        const size = fn === "average" ? sizeOf(f, type, starts, p) : null;
        overChannels(f, type, pixelBytes, (kind, at) => {
          const from = f.let(add(x, at));
          const total = f.local(kind, constant(kind, size ? 0 : Number.NEGATIVE_INFINITY));
          overWindow(f, { starts, entries }, p, (offset) => {
            const value = load(kind, add(from, offset));
            f.set(total, size ? add(total, value) : atLeast(total, f.let(value)));
          });
          f.store(kind, add(out, at), size ? div(total, spread(kind, size)) : total);
        });
        f.set(out, add(out, pixelBytes));
      });
    },
  );

/**
 * max: each dy goes to the first input of its window that equals y. average: dy / size goes to all of them. `out` has the shape of x and is
 * 0 before; `outBytes` are the bytes of one image of y.
 */
export const windowGradient = (fn: "max" | "average", type: Float): Kernel =>
  defineShared(
    `window_gradient_${fn}_${type}`,
    { params: gradientParams, count: "batch" },
    (f, { x, out, starts, entries, pixels, pixelBytes, xBytes, y, dy, outBytes }, image) => {
      const p = f.local("i32");
      for (const place of [x, out]) f.set(place, add(place, mul(image, xBytes)));
      for (const place of [y, dy]) f.set(place, add(place, mul(image, outBytes)));
      f.for(p, { from: 0, to: pixels }, () => {
        const size = fn === "average" ? sizeOf(f, type, starts, p) : null;
        const place = f.let(mul(p, pixelBytes));
        overChannels(f, type, pixelBytes, (kind, at) => {
          const given = f.let(load(kind, add(add(dy, place), at)));
          const to = f.let(add(out, at));
          if (size) {
            const share = f.let(div(given, spread(kind, size)));
            overWindow(f, { starts, entries }, p, (offset) => {
              const target = f.let(add(to, offset));
              f.store(kind, target, add(load(kind, target), share));
            });
            return;
          }
          const best = f.let(load(kind, add(add(y, place), at)));
          const from = f.let(add(x, at));
          const zero = constant(kind, 0);
          const done = f.let(eq(zero, constant(kind, 1)));
          overWindow(f, { starts, entries }, p, (offset) => {
            const here = f.let(offset);
            const isBest = f.let(eq(load(kind, add(from, here)), best));
            const target = f.let(add(to, here));
            const isFirst = kind === type ? and(isBest, eq(done, 0)) : and(isBest, not(done));
            f.store(kind, target, add(load(kind, target), select(isFirst, given, zero)));
            f.set(done, or(done, isBest));
          });
        });
      });
    },
  );
