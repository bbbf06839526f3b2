/** Arithmetic of quantized numbers on cases that TensorFlow wrote: test/fixtures/op_cases/quantize/layer_cases.py. */
import { describe, expect, it } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

const { cases } = readFamily(new URL("../fixtures/op_cases/quantize/quantized_layers.json", import.meta.url).pathname);
describe("quantized arithmetic equal TensorFlow's", () => {
  for (const golden of cases) {
    it(golden.name, async () => {
      expect(await runOpCase(golden)).toBeNull();
    });
  }
});
