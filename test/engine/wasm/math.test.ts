import { describe, expect, test } from "vitest";
import type { FunctionBuilder } from "../../../src/engine/wasm/assembler.ts";
import { add, load, ltU } from "../../../src/engine/wasm/instructions.ts";
import type { Expr } from "../../../src/engine/wasm/lanes.ts";
import * as double from "../../../src/engine/wasm/math/double.ts";
import * as float from "../../../src/engine/wasm/math/float.ts";
import { erf, erfc, mathImports, pow } from "../../../src/engine/wasm/math/imports.ts";
import { instantiate, newMemory } from "./harness.ts";

/** Name, code, and how many units in the last place it may be off. */
const functions: [string, (f: FunctionBuilder, x: Expr) => Expr, number][] = [
  ["exp", float.exp, 1],
  ["log", float.log, 1],
  ["tanh", float.tanh, 2],
  ["sigmoid", float.sigmoid, 2],
  ["log1p", double.log1p, 1],
  ["expm1", double.expm1, 1],
  ["softplus", double.softplus, 1],
  ["erf", double.erf, 2],
];

const count = 1 << 17;

/** Distance of neighbouring float32 numbers around x. */
function ulp(x: number): number {
  const size = Math.abs(x);
  if (size < 2 ** -126) return 2 ** -149;
  const exponent = Math.floor(Math.log2(size));
  const e = 2 ** exponent > size ? exponent - 1 : 2 ** (exponent + 1) <= size ? exponent + 1 : exponent;
  return 2 ** (e - 23);
}

describe.each(functions)("%s of float32", (name, code, limit) => {
  const memory = newMemory(64);
  const { scalar, vector } = instantiate((m) => {
    for (const [kind, lanes, size] of [
      ["scalar", "f32", 4],
      ["vector", "f32x4", 16],
    ] as const) {
      m.function(
        kind,
        ["i32", "i32", "i32"],
        null,
        (f, x, y, end) => {
          f.doWhile(ltU(x, end), () => {
            f.store(lanes, y, code(f, f.let(load(lanes, x))));
            f.set(x, add(x, size));
            f.set(y, add(y, size));
          });
        },
        { export: true },
      );
    }
  }, memory);
  const [x, y, z] = [0, 1, 2].map((k) => new Float32Array(memory.buffer, 4 * count * k, count));
  const [xBits, yBits, zBits] = [0, 1, 2].map((k) => new Uint32Array(memory.buffer, 4 * count * k, count));
  const run = () => {
    scalar(0, 4 * count, 4 * count);
    vector(0, 8 * count, 4 * count);
  };
  const worst = () => {
    let most = 0;
    for (let i = 0; i < count; i++) {
      const exact = mathImports[name]!(x![i]!);
      const got = y![i]!;
      if (Number.isNaN(exact) ? Number.isNaN(got) : Math.fround(exact) === got) continue;
      most = Math.max(most, Number.isNaN(got) ? Number.POSITIVE_INFINITY : Math.abs(got - exact) / ulp(exact));
    }
    return most;
  };

  test(`is within ${limit} ulp over all floats`, () => {
    for (const offset of [0, 16381]) {
      for (let i = 0; i < count; i++) xBits![i] = (i * 32768 + offset) >>> 0;
      run();
      expect(worst()).toBeLessThanOrEqual(limit);
    }
  });

  test.each([0.02, 1.5, 6, 20, 180, 210])(`is within ${limit} ulp in a range of %d around 0`, (range) => {
    for (let i = 0; i < count; i++) x![i] = ((i + 0.37) / count - 0.5) * range;
    run();
    expect(worst()).toBeLessThanOrEqual(limit);
  });

  test("gives equal bits in scalars and vectors", () => {
    for (let i = 0; i < count; i++) xBits![i] = Math.imul(i, 0x9e3779b1);
    run();
    for (let i = 0; i < count; i++) {
      if (yBits![i] !== zBits![i] && !(Number.isNaN(y![i]!) && Number.isNaN(z![i]!))) {
        expect([x![i], y![i]]).toEqual([x![i], z![i]]);
      }
    }
  });

  test("is right at zeros, infinities, NaN and the ends of the range", () => {
    const special = [0, -0, Infinity, -Infinity, NaN, 2 ** -149, -(2 ** -149), 3.4e38, -3.4e38];
    x!.set(special);
    run();
    const expected = special.map((v) => Math.fround(mathImports[name]!(Math.fround(v))));
    expect([...y!.subarray(0, special.length)]).toEqual(expected);
  });
});

describe("functions from JavaScript", () => {
  // Source: Abramowitz and Stegun, table 7.1
  test("erf and erfc are those of the tables", () => {
    expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 15);
    expect(erf(1)).toBeCloseTo(0.8427007929497149, 15);
    expect(erf(-2)).toBeCloseTo(-0.9953222650189527, 15);
    expect(erfc(3) / 2.209049699858544e-5).toBeCloseTo(1, 13);
    expect(erfc(10) / 2.088487583762545e-45).toBeCloseTo(1, 13);
    expect([erf(Infinity), erfc(-Infinity), erfc(30), erf(NaN)]).toEqual([1, 2, 0, NaN]);
  });

  test("pow follows C where JavaScript does not", () => {
    expect([pow(1, NaN), pow(-1, Infinity), pow(2, 10), pow(NaN, 0)]).toEqual([1, 1, 1024, 1]);
  });
});
