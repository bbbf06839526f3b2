/** Each primitive against values worked out by hand, by definition and as steps. Inputs are fed, so that nothing folds. */
import { describe, expect, test } from "vitest";
import { invalidArgument } from "../../src/core/error.ts";
import { createReferenceEngine } from "../../src/engine/reference_engine.ts";
import { createWasmEngine } from "../../src/engine/wasm_engine.ts";
import { f32, f64, i32, nan } from "./cases/case.ts";
import { heavy } from "./cases/dense.ts";
import { casts, elementwise } from "./cases/elementwise.ts";
import { indexed, movement, reductions } from "./cases/movement.ts";
import { build, execute, lists } from "./support.ts";

const families = { elementwise, casts, reductions, movement, heavy, indexed };
const engines = [createReferenceEngine(), createWasmEngine()];

describe.each(engines.map((engine) => [engine.name, engine] as const))("%s", (_, engine) => {
  for (const [family, cases] of Object.entries(families)) {
    test.each(cases.map((c) => [c.name, c] as const))(`${family}: %s`, (_, { inputs, body, expected }) => {
      expect(lists(engine, { inputs }, (p, xs) => [body(p, ...xs)])).toEqual([expected]);
    });
  }

  const transcendental = [
    "exp",
    "expm1",
    "log",
    "log1p",
    "sigmoid",
    "tanh",
    "erf",
    "erfc",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "asinh",
    "acosh",
    "atanh",
    "softplus",
  ] as const;
  const exact: Record<(typeof transcendental)[number], number> = {
    exp: 1.6487212707001282,
    expm1: 0.6487212707001282,
    log: -Math.LN2,
    log1p: 0.4054651081081644,
    sigmoid: 0.6224593312018546,
    tanh: 0.46211715726000974,
    erf: 0.5204998778130465,
    erfc: 0.4795001221869535,
    sin: 0.479425538604203,
    cos: 0.8775825618903728,
    tan: 0.5463024898437905,
    asin: 0.5235987755982989,
    acos: 1.0471975511965979,
    atan: 0.4636476090008061,
    sinh: 0.5210953054937474,
    cosh: 1.1276259652063807,
    asinh: 0.48121182505960347,
    acosh: nan,
    atanh: 0.5493061443340549,
    softplus: 0.9740769841801067,
  };
  test.each(transcendental)("%s of 0.5", (fn) => {
    const [narrow, wide] = lists(engine, { inputs: [f32([0.5]), f64([0.5])] }, (p, [x, y]) => [
      p[fn](x!),
      p[fn](y!),
    ]) as number[][];
    if (Number.isNaN(exact[fn])) expect([narrow, wide]).toEqual([[nan], [nan]]);
    else {
      expect(Math.abs(narrow![0]! / exact[fn] - 1)).toBeLessThan(2.4e-7);
      expect(Math.abs(wide![0]! / exact[fn] - 1)).toBeLessThan(1e-15);
    }
  });

  test("integer division by zero reports at its op", () => {
    const setup = { inputs: [i32([4, 5]), i32([2, 0])] };
    const built = build(setup, (p, [x, y]) => [p.div(x!, y!, () => invalidArgument("Integer division by zero"))]);
    expect(execute(engine, built, setup).error?.message).toBe("Integer division by zero");
  });

  test("an index outside reports position, index and limit", () => {
    const setup = {
      inputs: [
        f32([1, 2, 3]),
        i32([
          [0, 2],
          [7, -1],
        ]),
      ],
    };
    const built = build(setup, (p, [x, i]) => [
      p.gather(x!, i!, {
        onError: ({ position, value, limit }) =>
          invalidArgument(`indices[${position}] = ${value} is not in [0, ${limit})`),
      }),
    ]);
    expect(execute(engine, built, setup).error?.message).toBe("indices[2] = 7 is not in [0, 3)");
  });

  test("a check hands over the values that its error names", () => {
    const setup = { inputs: [f32([1, 2, 3])] };
    const built = build(setup, (p, [x]) => {
      const negated = p.neg(x!);
      p.check(p.lt(x!, p.scalar(2, "float32")), ({ details }) => invalidArgument(`not below 2: ${details[0]}`), [
        negated,
      ]);
      return [x!];
    });
    expect(execute(engine, built, setup).error?.message).toBe("not below 2: [-1. -2. -3.]");
  });

  test("a stateful draw moves its counter on by 256 blocks an element", () => {
    const setup = { states: [[301, 0, 0, 0, 7, 0, 0, 0]] };
    const built = build(setup, (p) => [p.random("uniform", "float32", [3])]);
    const once = execute(engine, built, setup, 1);
    const twice = execute(engine, built, setup, 2);
    expect(once.states).toEqual([[301, 0, 768, 0, 7, 0, 0, 0]]);
    expect(twice.states).toEqual([[301, 0, 1536, 0, 7, 0, 0, 0]]);
    expect(twice.outputs[0]!.toList()).not.toEqual(once.outputs[0]!.toList());
  });

  test("a stateless draw depends on its seed alone", () => {
    const draw = (seed: number[]) =>
      lists(engine, { inputs: [i32(seed)] }, (p, [s]) => [p.random("normal", "float64", [4], [], s!)]);
    expect(draw([1, 2])).toEqual(draw([1, 2]));
    expect(draw([1, 2])).not.toEqual(draw([1, 3]));
  });

  test("integers lie between min and max", () => {
    const setup = { states: [[1, 2, 0, 0, 3, 4, 0, 0]] };
    const built = build(setup, (p) => [
      p.random("integers", "int64", [50], [p.scalar(-2, "int64"), p.scalar(3, "int64")]),
    ]);
    const values = execute(engine, built, setup).outputs[0]!.toList() as number[];
    expect(new Set(values)).toEqual(new Set([-2, -1, 0, 1, 2]));
  });
});
