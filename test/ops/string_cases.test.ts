/** String and parsing ops on cases that TensorFlow wrote: test/fixtures/op_cases/array/parse_cases.py. */
import { describe, expect, it } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

for (const family of ["string_more", "parse"]) {
  const { cases } = readFamily(new URL(`../fixtures/op_cases/${family}.json`, import.meta.url).pathname);
  describe(`${family} ops equal TensorFlow's`, () => {
    for (const golden of cases) {
      it(golden.name, async () => {
        expect(await runOpCase(golden)).toBeNull();
      });
    }
  });
}
