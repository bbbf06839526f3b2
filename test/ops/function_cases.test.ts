/** Functions and what they pass around, on cases that TensorFlow wrote: test/fixtures/op_cases/function. */
import { describe, expect, test } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

describe.each(["functions", "function_gradients", "control_flow_v2", "lists", "maps", "optionals"])(
  "%s equal TensorFlow's",
  (family) => {
    const { cases } = readFamily(new URL(`../fixtures/op_cases/function/${family}.json`, import.meta.url).pathname);
    for (const golden of cases) {
      test(golden.name, async () => {
        expect(await runOpCase(golden)).toBeNull();
      });
    }
  },
);
