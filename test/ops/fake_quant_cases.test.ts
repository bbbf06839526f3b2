/** Rounding to few bits on cases that TensorFlow wrote: test/fixtures/op_cases/quantize/fake_cases.py. */
import { describe, expect, it } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

const { cases } = readFamily(new URL("../fixtures/op_cases/quantize/fake_quant.json", import.meta.url).pathname);
describe("rounded floats equal TensorFlow's", () => {
  for (const golden of cases) {
    it(golden.name, async () => {
      expect(await runOpCase(golden)).toBeNull();
    });
  }
});
