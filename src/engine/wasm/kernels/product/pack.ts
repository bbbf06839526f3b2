/**
 * Copies operands of a product into the order in which tile.ts reads them: step after step of k, the elements of a step side by side.
 * Only bytes move, so element types of one size share the code.
 */

import type { FunctionBuilder, Local } from "../../assembler.ts";
import { add, eq, ge, load, mul, shuffle, sub } from "../../instructions.ts";
import type { Expr } from "../../lanes.ts";
import type { Kernel } from "../kernel.ts";

const kernelCache = new Map<string, Kernel>();

function cached(name: string, make: () => Kernel): Kernel {
  const known = kernelCache.get(name);
  if (known) return known;
  const made = make();
  kernelCache.set(name, made);
  return made;
}

/**
 * packRows(to, toStep, s0, s1, s2, s3, count): four rows whose elements lie one after the other; element p of row r goes to
 * to + p * toStep + r * size.
 */
export const packRows = (size: 4 | 8): Kernel =>
  cached(`pack_rows_${size}`, () => {
    const params = new Array<"i32">(7).fill("i32");
    const name = `pack_rows_${size}`;
    return {
      name,
      params,
      result: null,
      build(m) {
        m.function(
          name,
          params,
          null,
          (f, to, toStep, s0, s1, s2, s3, count) => {
            const sources = [s0!, s1!, s2!, s3!];
            const block = size === 4 ? 4 : 2;
            f.while(ge(count!, block), () => {
              const steps = size === 4 ? transposed4(f, sources) : transposed2(f, sources);
              const at = f.let(to!);
              steps.forEach((vectors, p) => {
                if (p > 0) f.set(at, add(at, toStep!));
                vectors.forEach((v, j) => {
                  f.store("i32x4", at, v, 16 * j);
                });
              });
              f.set(to!, add(at, toStep!));
              for (const s of sources) f.set(s, add(s, 16));
              f.set(count!, sub(count!, block));
            });
            const scalar = size === 4 ? "i32" : "i64";
            f.while(count!, () => {
              sources.forEach((s, r) => {
                f.store(scalar, to!, load(scalar, s), r * size);
                f.set(s, add(s, size));
              });
              f.set(to!, add(to!, toStep!));
              f.set(count!, sub(count!, 1));
            });
          },
          { export: true },
        );
      },
    };
  });

/** Four vectors of 4 become four steps of one vector. */
function transposed4(f: FunctionBuilder, sources: readonly Local[]): Expr[][] {
  const [a, b, c, d] = sources.map((s) => f.let(load("i32x4", s))) as [Local, Local, Local, Local];
  const ab = [f.let(shuffle(a, b, [0, 4, 1, 5])), f.let(shuffle(a, b, [2, 6, 3, 7]))] as const;
  const cd = [f.let(shuffle(c, d, [0, 4, 1, 5])), f.let(shuffle(c, d, [2, 6, 3, 7]))] as const;
  return [0, 1].flatMap((h) => [[shuffle(ab[h]!, cd[h]!, [0, 1, 4, 5])], [shuffle(ab[h]!, cd[h]!, [2, 3, 6, 7])]]);
}

/** Four vectors of 2 become two steps of two vectors. */
function transposed2(f: FunctionBuilder, sources: readonly Local[]): Expr[][] {
  const [a, b, c, d] = sources.map((s) => f.let(load("i32x4", s))) as [Local, Local, Local, Local];
  const pick = (h: number) => (h === 0 ? [0, 1, 4, 5] : [2, 3, 6, 7]);
  return [0, 1].map((h) => [shuffle(a, b, pick(h)), shuffle(c, d, pick(h))]);
}

/**
 * packColumns(to, from, fromStep, columns, count): steps of `width` bytes from rows `fromStep` bytes apart, of which only `columns`
 * elements are there; the others become 0.
 */
export const packColumns = (size: 4 | 8, width: 16 | 32): Kernel =>
  cached(`pack_columns_${size}_${width}`, () => {
    const params = new Array<"i32">(5).fill("i32");
    const name = `pack_columns_${size}_${width}`;
    const vectors = Array.from({ length: width / 16 }, (_, j) => 16 * j);
    return {
      name,
      params,
      result: null,
      build(m) {
        m.function(
          name,
          params,
          null,
          (f, to, from, fromStep, columns, count) => {
            const step = (body: () => void) => () => {
              body();
              f.set(to!, add(to!, width));
              f.set(from!, add(from!, fromStep!));
              f.set(count!, sub(count!, 1));
            };
            const whole = step(() => {
              for (const at of vectors) f.store("i32x4", to!, load("i32x4", from!, at), at);
            });
            const fourWhole = () => {
              for (let p = 0; p < 4; p++) {
                for (const at of vectors) f.store("i32x4", to!, load("i32x4", from!, at), p * width + at);
                f.set(from!, add(from!, fromStep!));
              }
              f.set(to!, add(to!, 4 * width));
              f.set(count!, sub(count!, 4));
            };
            const scalar = size === 4 ? "i32" : "i64";
            const bytes = f.let(mul(columns!, size));
            const j = f.local("i32");
            const partial = step(() => {
              for (const at of vectors) f.store("i32x4", to!, 0, at);
              f.for(j, { from: 0, to: bytes, step: size }, () =>
                f.store(scalar, add(to!, j), load(scalar, add(from!, j))),
              );
            });
            f.if(
              eq(bytes, width),
              () => {
                f.while(ge(count!, 4), fourWhole);
                f.while(count!, whole);
              },
              () => f.while(count!, partial),
            );
          },
          { export: true },
        );
      },
    };
  });

/**
 * packPair(to, toNext, from, fromStep, count): steps of 32 bytes of two panels that lie side by side in rows `fromStep` bytes apart, the first
 * one to `to`, the second one to `toNext`. A line of the cache is fetched once for both.
 */
export const packPair: Kernel = {
  name: "pack_pair",
  params: new Array<"i32">(5).fill("i32"),
  result: null,
  build(m) {
    m.function(
      "pack_pair",
      new Array<"i32">(5).fill("i32"),
      null,
      (f, to, toNext, from, fromStep, count) => {
        const steps = (n: number) => () => {
          for (let p = 0; p < n; p++) {
            for (const at of [0, 16]) {
              f.store("i32x4", to!, load("i32x4", from!, at), 32 * p + at);
              f.store("i32x4", toNext!, load("i32x4", from!, 32 + at), 32 * p + at);
            }
            f.set(from!, add(from!, fromStep!));
          }
          f.set(to!, add(to!, 32 * n));
          f.set(toNext!, add(toNext!, 32 * n));
          f.set(count!, sub(count!, n));
        };
        f.while(ge(count!, 2), steps(2));
        f.while(count!, steps(1));
      },
      { export: true },
    );
  },
};

/**
 * packGathered(to, s0, s1, s2, s3, fromStep, count): four rows of any places, whose elements lie `fromStep` bytes apart, in steps of 4.
 */
export const packGathered = (size: 4 | 8): Kernel =>
  cached(`pack_gathered_${size}`, () => {
    const params = new Array<"i32">(7).fill("i32");
    const name = `pack_gathered_${size}`;
    const scalar = size === 4 ? "i32" : "i64";
    return {
      name,
      params,
      result: null,
      build(m) {
        m.function(
          name,
          params,
          null,
          (f, to, s0, s1, s2, s3, fromStep, count) => {
            f.while(count!, () => {
              [s0!, s1!, s2!, s3!].forEach((s, r) => {
                f.store(scalar, to!, load(scalar, s), r * size);
                f.set(s, add(s, fromStep!));
              });
              f.set(to!, add(to!, 4 * size));
              f.set(count!, sub(count!, 1));
            });
          },
          { export: true },
        );
      },
    };
  });
