/** Files on cases that TensorFlow wrote: test/fixtures/op_cases/host/file_cases.py. */
import { describe, expect, test } from "vitest";
import { readFamily, runOpCase } from "../conformance/ops.ts";

const { cases } = readFamily(new URL("../fixtures/op_cases/files_more.json", import.meta.url).pathname);

describe("files equal TensorFlow's", () => {
  for (const golden of cases) {
    test(golden.name, async () => {
      expect(await runOpCase(golden)).toBeNull();
    });
  }
});
