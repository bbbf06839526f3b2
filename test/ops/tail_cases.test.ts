/** Ops of the long tail on cases that TensorFlow wrote: test/fixtures/op_cases/tail/*.py. */
import { describe, expect, it } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

for (const family of ["debug", "ragged", "slices"]) {
  const { cases } = readFamily(new URL(`../fixtures/op_cases/tail/${family}.json`, import.meta.url).pathname);
  describe(`${family} ops equal TensorFlow's`, () => {
    for (const golden of cases) {
      it(golden.name, async () => {
        expect(await runOpCase(golden)).toBeNull();
      });
    }
  });
}
