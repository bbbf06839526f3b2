/** What wrong statements say and how things print, against TensorFlow's own words (test/fixtures/words). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { printValue } from "../../src/core/print.ts";
import { Graph } from "../../src/graph/graph.ts";
import { dtypes } from "./dtypes.ts";
import { forms } from "./forms.ts";
import { runs } from "./runs.ts";
import { sessions } from "./sessions.ts";
import { shapes } from "./shapes.ts";
import type { Statement } from "./statement.ts";

const words = JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/words/words.json"), "utf8")) as Record<
  string,
  readonly string[]
>;

/** What the statement comes to, in the form of words.json. */
async function said(statement: Statement): Promise<readonly string[]> {
  try {
    const value = await statement();
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    return ["value", printedValue(value)];
  } catch (error) {
    const { name, message } = error as Error;
    return [name, message.replace(/(Originally defined at:)[\s\S]*/, "$1").replace(/'_\d+_(?=\w)/g, "'")];
  }
}

const printedValue = (value: unknown): string =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? String(value) : printValue(value);

describe.each(Object.entries({ shapes, dtypes, runs, sessions, forms }))("%s", (_, statements) => {
  test.each(Object.keys(statements))("%s", async (name) => {
    const found = await new Graph().asDefault(() => said(statements[name]!));
    expect(found).toEqual(words[name]);
  });
});
