/** Quantized numbers on cases that TensorFlow wrote: test/fixtures/op_cases/quantize/integer_cases.py. */
import { describe, expect, it } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

const { cases } = readFamily(new URL("../fixtures/op_cases/quantize/quantize.json", import.meta.url).pathname);
describe("quantized numbers equal TensorFlow's", () => {
  for (const golden of cases) {
    it(golden.name, async () => {
      expect(await runOpCase(golden)).toBeNull();
    });
  }
});
