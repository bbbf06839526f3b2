/** Layers of many kinds against Keras in TensorFlow. Made by test/fixtures/keras/make_kinds.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as tf from "../../../src/index.ts";
import { differences, plain } from "./programs/compare.ts";
import { kinds } from "./programs/kinds.ts";

const expected = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../fixtures/keras/kinds.json"), "utf8"),
) as Record<string, unknown>;

for (const [name, program] of Object.entries(kinds)) {
  test(`${name.replaceAll("_", " ")} do what they do in Keras`, async () => {
    await new tf.Graph().asDefault(async () => {
      expect(differences(plain(await program()), expected[name], name).join("\n")).toBe("");
    });
  });
}

test("each one has an answer", () => expect(Object.keys(kinds).sort()).toEqual(Object.keys(expected).sort()));
