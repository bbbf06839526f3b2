/** Boosted trees on cases that TensorFlow wrote: test/fixtures/op_cases/host/boosted_cases.py. */
import { describe, expect, test } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

const { cases } = readFamily(new URL("../fixtures/op_cases/host/boosted_trees.json", import.meta.url).pathname);

describe("boosted trees equal TensorFlow's", () => {
  for (const golden of cases) {
    test(golden.name, async () => {
      expect(await runOpCase(golden)).toBeNull();
    });
  }
});
