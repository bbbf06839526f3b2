/** Names of modules that the other tests do not reach: what they give and what they say (test/fixtures/words/names.py). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import { messages } from "./names/messages.ts";
import { values } from "./names/values.ts";
import { said } from "./said.ts";

const path = join(import.meta.dirname, "../fixtures/words/names.json");
const words = JSON.parse(readFileSync(path, "utf8")) as Record<string, readonly string[]>;
const all = { messages, values };

test("every statement of TensorFlow's is compared", () => {
  expect(Object.values(all).flatMap(Object.keys).sort()).toEqual(Object.keys(words).sort());
});

describe.each(Object.entries(all))("%s", (_, statements) => {
  test.each(Object.keys(statements))("%s", async (name) => {
    const found = await new Graph().asDefault(() => said(statements[name]!));
    expect(found).toEqual(words[name]);
  });
});
