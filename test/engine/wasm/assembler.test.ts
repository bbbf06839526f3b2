import { describe, expect, test } from "vitest";
import { call } from "../../../src/engine/wasm/assembler.ts";
import * as w from "../../../src/engine/wasm/instructions.ts";
import { constant, type Lanes, signed, unsigned, vectorOf } from "../../../src/engine/wasm/lanes.ts";
import { instantiate, newMemory } from "./harness.ts";

describe("ModuleBuilder", () => {
  test("numbers are written in LEB128", () => {
    expect(unsigned(624485)).toEqual([0xe5, 0x8e, 0x26]);
    expect(signed(-123456)).toEqual([0xc0, 0xbb, 0x78]);
    expect(signed(64)).toEqual([0xc0, 0x00]);
    expect(signed(-(2n ** 63n))).toEqual([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]);
  });

  test("loops, branches and calls run as written", () => {
    const { sum, clamp } = instantiate((m) => {
      const square = m.function("square", ["i32"], "i32", (f, x) => f.return(w.mul(x, x)));
      m.function(
        "sum",
        ["i32"],
        "i32",
        (f, n) => {
          const i = f.local("i32");
          const total = f.local("i32");
          f.for(i, { from: 0, to: n }, () => f.set(total, w.add(total, call(square, i))));
          f.return(total);
        },
        { export: true },
      );
      m.function(
        "clamp",
        ["i32"],
        "i32",
        (f, x) => {
          f.block((leave) => {
            f.brIf(leave, w.ge(x, 0));
            f.set(x, 0);
          });
          f.if(
            w.gt(x, 10),
            () => f.return(10),
            () => f.return(x),
          );
        },
        { export: true },
      );
    });

    expect([0, 1, 5].map(sum)).toEqual([0, 0, 30]);
    expect([-3, 4, 12].map(clamp)).toEqual([0, 4, 10]);
  });

  test("a loop over addresses stores vectors and scalars", () => {
    const memory = newMemory(1);
    const { scale } = instantiate((m) => {
      m.function(
        "scale",
        ["i32", "i32", "f32"],
        null,
        (f, x, end, factor) => {
          const p = f.local("i32");
          f.forAddress(p, { from: x, to: end, step: 16 }, () =>
            f.store("f32x4", p, w.mul(w.load("f32x4", p), w.splat("f32x4", factor))),
          );
        },
        { export: true },
      );
    }, memory);
    const floats = new Float32Array(memory.buffer, 64, 8).fill(3);

    scale(64, 96, 0.5);

    expect([...floats]).toEqual(new Array(8).fill(1.5));
  });

  test("i64 constants keep all their bits", () => {
    const { big } = instantiate((m) => {
      m.function("big", [], "i64", (f) => f.return(constant("i64", 2n ** 53n + 1n)), { export: true });
    });
    expect(big()).toBe(2n ** 53n + 1n);
  });

  test("operands of two types are refused while building", () => {
    expect(() => w.add(constant("f32", 1), constant("i32", 1))).toThrow("add of f32 and i32");
    expect(() => w.load("i8x16", 0) && w.mul(constant("i8x16", 1), 2)).toThrow("no instruction i8x16.mul");
  });
});

/** Each instruction of a type, on scalars and in the first lane of vectors, against the same in JavaScript. */
describe("instructions", () => {
  const f = Math.fround;
  const ulpFree = { f32: f, f64: (x: number) => x, i32: (x: number) => x | 0 };
  const cases: [keyof typeof ulpFree, string, (x: number, y: number) => number][] = [
    ["f32", "add", (x, y) => x + y],
    ["f32", "sub", (x, y) => x - y],
    ["f32", "mul", (x, y) => x * y],
    ["f32", "div", (x, y) => x / y],
    ["f32", "fmin", Math.min],
    ["f32", "fmax", Math.max],
    ["f64", "add", (x, y) => x + y],
    ["f64", "sub", (x, y) => x - y],
    ["f64", "mul", (x, y) => x * y],
    ["f64", "div", (x, y) => x / y],
    ["f64", "fmin", Math.min],
    ["f64", "fmax", Math.max],
    ["i32", "add", (x, y) => x + y],
    ["i32", "sub", (x, y) => x - y],
    ["i32", "mul", Math.imul],
    ["i32", "and", (x, y) => x & y],
    ["i32", "or", (x, y) => x | y],
    ["i32", "xor", (x, y) => x ^ y],
  ];
  const ops: Record<string, typeof w.add> = {
    add: w.add,
    sub: w.sub,
    mul: w.mul,
    div: w.div,
    fmin: w.fmin,
    fmax: w.fmax,
    and: w.and,
    or: w.or,
    xor: w.xor,
  };
  const operands = [0, -0, 1, -1, 3.7, -2.25, 1e6, 7];

  test.each(cases)("%s.%s", (type, name, expected) => {
    const op = ops[name]!;
    const { scalar, vector } = instantiate((m) => {
      m.function("scalar", [type, type], type, (b, x, y) => b.return(op(x, y)), { export: true });
      const lanes = vectorOf(type as "f32") as Lanes & "f32x4";
      const body = (b: Parameters<Parameters<typeof m.function>[3]>[0], x: never, y: never) =>
        b.return(w.lane(op(w.splat(lanes, x), w.splat(lanes, y)), 1));
      m.function("vector", [type, type], type, body as never, { export: true });
    });
    const round = ulpFree[type];

    for (const x of operands) {
      for (const y of operands) {
        const want = round(expected(round(x), round(y)));
        expect([x, y, scalar(x, y)]).toEqual([x, y, want]);
        expect([x, y, vector(x, y)]).toEqual([x, y, want]);
      }
    }
  });

  test("conversions saturate and turn NaN into 0", () => {
    const { convert } = instantiate((m) => {
      m.function("convert", ["f64"], "i32", (b, x) => b.return(w.convert("f64ToI32", x)), { export: true });
    });
    expect([1.9, -1.9, 1e10, -1e10, Number.NaN].map(convert)).toEqual([1, -1, 2147483647, -2147483648, 0]);
  });

  test("shuffles take lanes of both vectors by number", () => {
    const memory = newMemory(1);
    const { run } = instantiate((m) => {
      m.function(
        "run",
        [],
        null,
        (b) => b.store("f32x4", 32, w.shuffle(w.load("f32x4", 0), w.load("f32x4", 16), [0, 4, 3, 7])),
        { export: true },
      );
    }, memory);
    const floats = new Float32Array(memory.buffer, 0, 12).map((_, i) => i);
    new Float32Array(memory.buffer).set(floats);

    run();

    expect([...new Float32Array(memory.buffer, 32, 4)]).toEqual([0, 4, 3, 7]);
  });
});
