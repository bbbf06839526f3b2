/** Programs node for node against the graphs that Python made for them: test/fixtures/queue/make.py. */
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Graph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";
import { fromLong, mapEntries } from "../../../src/proto/messages.ts";
import { goldenTexts, textsOf } from "../../build/nodes.ts";

interface Expected {
  readonly graph: string;
  readonly collections: Readonly<Record<string, readonly unknown[]>>;
}

/** The collections of the default graph as a MetaGraphDef has them: names, numbers, messages in base64. */
function collections(): Record<string, unknown[]> {
  const found = mapEntries(tf.train.exportMetaGraph().collectionDef).map(([key, list]): [string, unknown[]] => [
    key,
    [
      ...(list.nodeList?.value ?? []),
      ...(list.bytesList?.value ?? []).map((bytes) => Buffer.from(bytes).toString("base64")),
      ...(list.int64List?.value ?? []).map((value) => fromLong(value)),
    ],
  ]);
  return Object.fromEntries(found.filter(([key]) => !key.endsWith("_context")));
}

/** Tables without a name of their own have a random one. */
const unnamed = (texts: readonly string[]): string[] =>
  texts.map((text) => text.replace(/hash_table_[0-9a-f]{8}-[0-9a-f-]{27}/, "hash_table_RANDOM"));

/** One test for each program of a file of fixtures. */
export function compareNodes(file: string, programs: Readonly<Record<string, () => void>>): void {
  const path = new URL(`../../fixtures/queue/${file}.json`, import.meta.url);
  const expected = JSON.parse(readFileSync(path, "utf8")) as Record<string, Expected>;
  describe(`nodes of ${file}`, () => {
    test("every program is compared", () => {
      expect(Object.keys(programs).sort()).toEqual(Object.keys(expected).sort());
    });
    test.each(Object.keys(programs))("%s", (name) => {
      const golden = expected[name]!;
      const graph = new Graph();
      graph.asDefault(() => {
        programs[name]!();
        const want = goldenTexts(new Uint8Array(inflateSync(Buffer.from(golden.graph, "base64"))));
        expect(unnamed(textsOf(graph))).toEqual(unnamed(want));
        expect(collections()).toEqual(golden.collections);
      });
    });
  });
}
