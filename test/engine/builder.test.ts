/** What a builder leaves out of a program, and what the session learns from it. */
import { describe, expect, test } from "vitest";
import { invalidArgument } from "../../src/core/error.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import { NeedsValue } from "../../src/engine/builder.ts";
import type { Lowering } from "../../src/engine/lowering.ts";
import type { Value } from "../../src/engine/primitive.ts";
import { createReferenceEngine } from "../../src/engine/reference_engine.ts";
import { f32, i32 } from "./cases/case.ts";
import { build, execute, variable } from "./support.ts";

const matrix = f32([
  [1, 2, 3],
  [4, 5, 6],
]);

/** Kinds of the program of one fed matrix. */
const kinds = (body: (p: Lowering, x: Value) => Value): string[] =>
  build({ inputs: [matrix] }, (p, [x]) => [body(p, x!)]).program.values.map(({ primitive }) =>
    "fn" in primitive ? primitive.fn : primitive.kind,
  );

describe("simplification", () => {
  const nothing: Record<string, (p: Lowering, x: Value) => Value> = {
    "x * 1": (p, x) => p.mul(x, p.scalar(1, "float32")),
    "x - 0": (p, x) => p.sub(x, p.scalar(0, "float32")),
    "x + -0": (p, x) => p.add(x, p.scalar(-0, "float32")),
    "x / 1": (p, x) => p.div(x, p.scalar(1, "float32")),
    "-(-x)": (p, x) => p.neg(p.neg(x)),
    "transpose of transpose": (p, x) => p.transpose(p.transpose(x, [1, 0]), [1, 0]),
    "reshape back": (p, x) => p.reshape(p.reshape(x, [6]), [2, 3]),
    "whole slice": (p, x) => p.slice(x, [0, 0], [2, 3]),
    "cast to its own dtype": (p, x) => p.cast(x, "float32"),
    "pad by nothing": (p, x) => p.pad(x, [0, 0], [0, 0]),
    "concat with nothing": (p, x) => p.concat([x, p.slice(x, [0, 0], [0, 3])], 0),
    "sum over no axis": (p, x) => p.sum(x, []),
    "select by a constant": (p, x) => p.select(p.fill(true, "bool", [2, 3]), x, p.neg(x)),
  };
  test.each(Object.entries(nothing))("%s is x", (_, body) => {
    expect(kinds(body)).toEqual(["input"]);
  });

  test("x + 0 stays, because -0 + 0 is 0", () => {
    expect(kinds((p, x) => p.add(x, p.scalar(0, "float32")))).toContain("add");
  });

  test("division by a power of two is a product, by three it is not", () => {
    expect(kinds((p, x) => p.div(x, p.scalar(8, "float32")))).toContain("mul");
    expect(kinds((p, x) => p.div(x, p.scalar(3, "float32")))).toContain("div");
  });

  test("arithmetic on a repeated scalar runs once", () => {
    const { program } = build({ inputs: [f32(2)] }, (p, [x]) => [p.exp(p.broadcast(x!, [100, 100]))]);
    const exp = program.values.find(({ primitive }) => primitive.kind === "unary")!;
    expect(exp.shape).toEqual([]);
  });

  test("equal values are shared", () => {
    expect(kinds((p, x) => p.mul(p.exp(x), p.exp(x)))).toEqual(["input", "exp", "mul"]);
  });

  test("constants fold, unused values go", () => {
    const result = kinds((p, x) => {
      p.exp(x);
      return p.add(x, p.exp(p.scalar(0, "float32")));
    });
    expect(result).toEqual(["input", "constant", "broadcast", "add"]);
  });

  test("a sum over repeats is a multiple", () => {
    expect(kinds((p, x) => p.sum(p.broadcast(x, [5, 2, 3]), [0]))).not.toContain("sum");
  });
});

describe("builder", () => {
  test("a needed value that is not constant is asked for", () => {
    build({ inputs: [i32([3, 4])] }, (p, [x]) => {
      const doubled = p.add(x!, x!);
      expect(() => p.numbers(doubled)).toThrow(NeedsValue);
      expect(p.constantOf(doubled)).toBeUndefined();
      expect(p.numbers(p.add(p.list([1, 2]), p.list([3, 4])))).toEqual([4, 6]);
      return [doubled];
    });
  });

  test("variables: reads, writes, and what they hold afterwards", () => {
    const setup = { variables: [{ dtype: "float32", value: matrix }, { dtype: "float32" }] } as const;
    const { program, builder } = build(setup, (p) => {
      const w = variable(0);
      expect(p.shapeOf(variable(1))).toBeNull();
      expect(() => p.read(variable(1))).toThrow("Attempting to use uninitialized value v1");
      p.write(variable(1), p.reduce("max", p.read(w), [0]));
      expect(p.shapeOf(variable(1))).toEqual([3]);
      return [p.read(variable(1))];
    });
    expect([...builder.reads()]).toEqual([0]);
    expect([...builder.written()]).toEqual([[1, { dtype: "float32", shape: [3] }]]);
    expect(program.values.map(({ primitive }) => primitive.kind)).toEqual(["read", "reduce", "write"]);
  });

  test("a write that another one follows is dropped, unless a check comes between", () => {
    const setup = { inputs: [f32([1])], variables: [{ dtype: "float32", value: f32([0]) }] } as const;
    const writes = (between: (p: Lowering, x: Value) => void) =>
      build(setup, (p, [x]) => {
        p.write(variable(0), p.neg(x!));
        between(p, x!);
        p.write(variable(0), p.exp(x!));
        return [];
      }).program.values.filter(({ primitive }) => primitive.kind === "write").length;
    expect(writes(() => undefined)).toBe(1);
    expect(writes((p, x) => p.check(p.gt(x, p.scalar(0, "float32")), () => invalidArgument("negative")))).toBe(2);
  });

  test("constant divisors and indices are checked while building", () => {
    const { program } = build({ inputs: [i32([4, 5])] }, (p, [x]) => [
      p.div(x!, p.scalar(2, "int32"), () => invalidArgument("Integer division by zero")),
      p.gather(x!, p.list([1, 0]), { onError: () => invalidArgument("out of range") }),
    ]);
    for (const { primitive } of program.values) if ("site" in primitive) expect(primitive.site).toBe(-1);
  });

  test("broken type rules are bugs", () => {
    build({ inputs: [matrix, i32([1])] }, (p, [x, i]) => {
      expect(() => p.add(x!, i!)).toThrow("bug: add of float32[2,3] and int32[1]");
      expect(() => p.exp(i!)).toThrow("bug: exp of int32[1]");
      expect(() => p.reshape(x!, [5])).toThrow("bug");
      expect(() => p.matmul(x!, x!)).toThrow("bug");
      expect(() => p.slice(x!, [1, 0], [2, 3])).toThrow("bug");
      return [];
    });
  });
});

describe("a part of a product", () => {
  const random = (m: number, n: number, seed: number) =>
    f32(Array.from({ length: m }, (_, i) => Array.from({ length: n }, (__, j) => Math.sin(seed + i * n + j))));
  const part = (x: NdArray, rows: [number, number], columns: [number, number]) =>
    (x.toList() as number[][]).slice(...rows).map((row) => row.slice(...columns));

  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("is the product of parts: transposeA %s, transposeB %s", (transposeA, transposeB) => {
    const inputs = [transposeA ? random(7, 6, 1) : random(6, 7, 1), transposeB ? random(9, 7, 2) : random(7, 9, 2)];
    const engine = createReferenceEngine();
    const [whole] = execute(
      engine,
      build({ inputs }, (p, [x, y]) => [p.matmul(x!, y!, { transposeA, transposeB })]),
      {
        inputs,
      },
    ).outputs;
    const built = build({ inputs }, (p, [x, y]) => [
      p.slice(p.matmul(x!, y!, { transposeA, transposeB }), [2, 3], [3, 5]),
    ]);
    const product = built.program.values.find(({ primitive }) => primitive.kind === "matmul")!;
    expect(product.shape).toEqual([3, 5]);
    expect(execute(engine, built, { inputs }).outputs[0]!.toList()).toEqual(part(whole!, [2, 5], [3, 8]));
  });

  test("is taken of the whole product where something else reads it", () => {
    const inputs = [random(4, 4, 1)];
    const { program } = build({ inputs }, (p, [x]) => {
      const y = p.matmul(x!, x!);
      return [p.slice(y, [0, 0], [4, 2]), p.exp(y)];
    });
    expect(program.values.find(({ primitive }) => primitive.kind === "matmul")!.shape).toEqual([4, 4]);
  });

  test("of one row is taken of the whole product, which sums in another order", () => {
    const inputs = [random(4, 4, 1)];
    const { program } = build({ inputs }, (p, [x]) => [p.slice(p.matmul(x!, x!), [0, 0], [1, 4])]);
    expect(program.values.find(({ primitive }) => primitive.kind === "matmul")!.shape).toEqual([4, 4]);
  });

  test("of a product with a variable is of the variable's old value after a write", () => {
    const setup = { inputs: [random(4, 4, 1)], variables: [{ dtype: "float32" as const, value: random(4, 4, 3) }] };
    const engine = createReferenceEngine();
    const built = build(setup, (p, [x]) => {
      const y = p.matmul(x!, p.read(variable(0))!);
      p.write(variable(0), x!);
      return [p.slice(y, [1, 1], [2, 2])];
    });
    const [expected] = execute(
      engine,
      build({ inputs: [...setup.inputs, setup.variables[0]!.value] }, (p, [x, y]) => [p.matmul(x!, y!)]),
      {
        inputs: [...setup.inputs, setup.variables[0]!.value],
      },
    ).outputs;
    expect(execute(engine, built, setup).outputs[0]!.toList()).toEqual(part(expected!, [1, 3], [1, 3]));
  });
});
