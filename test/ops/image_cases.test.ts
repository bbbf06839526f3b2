/** Image ops on cases that TensorFlow wrote: test/fixtures/op_cases/array/image_cases.py. */
import { describe, expect, it } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

const { cases } = readFamily(new URL("../fixtures/op_cases/image_more.json", import.meta.url).pathname);
describe("image ops equal TensorFlow's", () => {
  for (const golden of cases) {
    it(golden.name, async () => {
      expect(await runOpCase(golden)).toBeNull();
    });
  }
});
