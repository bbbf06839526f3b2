/** Datasets and iterators on cases that TensorFlow wrote: test/fixtures/op_cases/host/data_cases.py. */
import { describe, expect, test } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

for (const name of ["sources", "transforms", "batches", "options", "places", "iterators"]) {
  const { cases } = readFamily(new URL(`../fixtures/op_cases/data_${name}.json`, import.meta.url).pathname);
  describe(`data ${name} equal TensorFlow's`, () => {
    for (const golden of cases) {
      test(golden.name, async () => {
        expect(await runOpCase(golden)).toBeNull();
      });
    }
  });
}
