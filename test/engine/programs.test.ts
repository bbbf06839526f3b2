/** Random programs: laid out, fused, planned and run as steps, they give what their values give by definition. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReferenceEngine } from "../../src/engine/reference_engine.ts";
import { createWasmEngine } from "../../src/engine/wasm_engine.ts";
import { randomProgram } from "./random_program.ts";
import { build, execute, type Result } from "./support.ts";

const reference = createReferenceEngine();
const engine = createWasmEngine();
const stepwise = createWasmEngine({ callList: true });

/** Sums of nothing but -0 may be 0 or -0. */
function unsigned(result: Result): Result {
  for (const array of [...result.outputs, ...result.variables]) {
    const data = array!.data as Float32Array;
    for (let i = 0; i < data.length; i++) data[i]! += 0;
  }
  return result;
}

describe("random programs", () => {
  test("steps give what the definitions give", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 40 }), (seed, size) => {
        const { setup, body } = randomProgram(seed, size);
        const built = build(setup, body);
        const wanted = unsigned(execute(reference, built, setup, 4));
        const got = unsigned(execute(engine, built, setup, 4));
        // After a failed check, outputs are what the run left behind.
        if (wanted.error) expect({ ...got, outputs: [] }).toEqual({ ...wanted, outputs: [] });
        else expect(got).toEqual(wanted);
      }),
      { numRuns: 400 },
    );
  });

  test("one function for all steps gives the bits of a function for each", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 40 }), (seed, size) => {
        const { setup, body } = randomProgram(seed, size, true);
        const built = build(setup, body);
        const wanted = execute(stepwise, built, setup, 4);
        const got = execute(engine, built, setup, 4);
        if (wanted.error) expect({ ...got, outputs: [] }).toEqual({ ...wanted, outputs: [] });
        else expect(got).toEqual(wanted);
      }),
      { numRuns: 150 },
    );
  });
});
