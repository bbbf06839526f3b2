/** What wrong statements say and how things print, against TensorFlow's own words (test/fixtures/words). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import { dtypes } from "./dtypes.ts";
import { forms } from "./forms.ts";
import { runs } from "./runs.ts";
import { said } from "./said.ts";
import { sessions } from "./sessions.ts";
import { shapes } from "./shapes.ts";

const words = JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/words/words.json"), "utf8")) as Record<
  string,
  readonly string[]
>;

describe.each(Object.entries({ shapes, dtypes, runs, sessions, forms }))("%s", (_, statements) => {
  test.each(Object.keys(statements))("%s", async (name) => {
    const found = await new Graph().asDefault(() => said(statements[name]!));
    expect(found).toEqual(words[name]);
  });
});
