/** Random programs: laid out, fused, planned and run as steps, they give what their values give by definition. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReferenceEngine } from "../../src/engine/reference_engine.ts";
import { createWasmEngine } from "../../src/engine/wasm_engine.ts";
import { randomProgram } from "./random_program.ts";
import { build, execute } from "./support.ts";

const reference = createReferenceEngine();
const engine = createWasmEngine();

describe("random programs", () => {
  test("steps give what the definitions give", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 40 }), (seed, size) => {
        const { setup, body } = randomProgram(seed, size);
        const built = build(setup, body);
        const wanted = execute(reference, built, setup, 2);
        const got = execute(engine, built, setup, 2);
        // After a failed check, outputs are what the run left behind.
        if (wanted.error) expect({ ...got, outputs: [] }).toEqual({ ...wanted, outputs: [] });
        else expect(got).toEqual(wanted);
      }),
      { numRuns: 1500 },
    );
  });
});
