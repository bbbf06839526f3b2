/** Numbers by scale and zero point on cases that TensorFlow wrote: test/fixtures/op_cases/quantize/uniform_cases.py. */
import { describe, expect, it } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

const { cases } = readFamily(new URL("../fixtures/op_cases/quantize/uniform.json", import.meta.url).pathname);
describe("numbers by scale and zero point equal TensorFlow's", () => {
  for (const golden of cases) {
    it(golden.name, async () => {
      expect(await runOpCase(golden)).toBeNull();
    });
  }
});
