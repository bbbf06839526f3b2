/** Optional arguments by their place make the nodes that they make in Python: test/fixtures/build/by_place.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import { calls } from "./by_place/calls.ts";
import { base64Texts, textsOf } from "./nodes.ts";

const path = join(import.meta.dirname, "../fixtures/build/by_place.json");
const goldens: Readonly<Record<string, string>> = JSON.parse(readFileSync(path, "utf8"));

describe("arguments by place", () => {
  test("every statement has a golden", () => {
    expect(Object.keys(calls).sort()).toEqual(Object.keys(goldens).sort());
  });

  test.each(Object.entries(calls))("%s", (name, make) => {
    const graph = new Graph();
    graph.asDefault(make);
    expect(textsOf(graph)).toEqual(base64Texts(goldens[name]!));
  });
});
