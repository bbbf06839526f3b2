/** Math ops of every dtype, and segments, on cases that TensorFlow wrote: test/fixtures/op_cases/math/math_cases.py. */
import { describe, expect, it } from "vitest";
import { readFamily, runOpCase } from "../../conformance/ops.ts";

function casesOf(family: string) {
  return readFamily(new URL(`../../fixtures/op_cases/math/${family}.json`, import.meta.url).pathname).cases;
}

describe.each(["math_dtypes", "math_more", "segment"])("%s ops equal TensorFlow's", (family) => {
  for (const golden of casesOf(family)) {
    it(golden.name, async () => {
      expect(await runOpCase(golden)).toBeNull();
    });
  }
});
