import { describe, expect, test } from "vitest";
import { ndarray } from "../../src/core/nd_array.ts";
import { createReferenceEngine } from "../../src/engine/reference_engine.ts";
import { build, execute, f32, i32, lists, variable } from "./support.ts";

const engine = createReferenceEngine();

describe("scalar regression", () => {
  test("one step of gradient descent", () => {
    const setup = {
      inputs: [f32(2), f32(3)],
      variables: [
        { dtype: "float32", value: f32(1) },
        { dtype: "float32", value: f32(0) },
      ],
    } as const;
    const built = build(setup, (p, [x, y]) => {
      const m = p.read(variable(0));
      const b = p.read(variable(1));
      const error = p.sub(p.add(p.mul(m, x!), b), y!);
      const loss = p.square(error);
      const g = p.mul(p.scalar(2, "float32"), error);
      p.write(variable(0), p.sub(m, p.mul(p.scalar(0.5, "float32"), p.mul(g, x!))));
      p.write(variable(1), p.sub(b, p.mul(p.scalar(0.5, "float32"), g)));
      return [loss];
    });
    const result = execute(engine, built, setup);
    expect(result.outputs[0]!.item()).toBe(1);
    expect(result.variables.map((v) => v!.item())).toEqual([3, 1]);
  });
});
