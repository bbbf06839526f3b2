/** TensorArrays, stacks and fused recurrent cells on cases that TensorFlow wrote: test/fixtures/op_cases/flow. */
import { describe, expect, test } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

/** Names in error texts end in a number that counts all arrays or stacks of TensorFlow's process. */
const anyNumber = (text: string): string => text.replace(/\b(array|free|none|s)_\d+/g, "$1_\\\\d+");

const { cases } = readFamily(new URL("../fixtures/op_cases/flow_more.json", import.meta.url).pathname);

describe("TensorArrays and stacks equal TensorFlow's", () => {
  for (const golden of cases) {
    test(golden.name, async () => {
      expect(await runOpCase(JSON.parse(anyNumber(JSON.stringify(golden))))).toBeNull();
    });
  }
});

const fused = readFamily(new URL("../fixtures/op_cases/rnn_ops.json", import.meta.url).pathname).cases;

describe("fused LSTMs and GRUs equal TensorFlow's", () => {
  for (const golden of fused) {
    test(golden.name, async () => {
      expect(await runOpCase(golden)).toBeNull();
    });
  }
});
