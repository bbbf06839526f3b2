/** Random ops and samplers on cases that TensorFlow wrote: test/fixtures/op_cases/nn/random_cases.py. */
import { describe, expect, it } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

function casesOf(family: string) {
  return readFamily(new URL(`../fixtures/op_cases/nn/${family}.json`, import.meta.url).pathname).cases;
}

describe.each(["random_more"])("%s ops equal TensorFlow's", (family) => {
  for (const golden of casesOf(family)) {
    it(golden.name, async () => {
      expect(await runOpCase(golden)).toBeNull();
    });
  }
});
