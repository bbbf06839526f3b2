/** What short Keras programs print, return and raise, against Keras in TensorFlow. Made by test/fixtures/keras/make_programs.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";
import { callbackPrograms } from "./programs/callbacks.ts";
import { differences, plain } from "./programs/compare.ts";
import { fittingPrograms } from "./programs/fitting.ts";
import { mistakes } from "./programs/mistakes.ts";
import { modelPrograms } from "./programs/models.ts";
import { optionPrograms } from "./programs/options.ts";
import type { Program } from "./programs/shared.ts";

const expected = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../fixtures/keras/programs.json"), "utf8"),
) as Record<string, unknown>;

const programs: Readonly<Record<string, Program>> = {
  ...fittingPrograms,
  ...modelPrograms,
  ...callbackPrograms,
  ...optionPrograms,
  mistakes,
};

describe("programs do what they do in TensorFlow", () => {
  for (const [name, program] of Object.entries(programs)) {
    test(name, async () => {
      await new tf.Graph().asDefault(async () => {
        const result = plain(await program());
        expect(differences(result, expected[name], name).join("\n")).toBe("");
      });
    });
  }

  test("each one has an answer", () => expect(Object.keys(programs).sort()).toEqual(Object.keys(expected).sort()));
});
