/** Compares programs with what TensorFlow made of the same ones: nodes with their attrs, collections, values. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { dtypeOf } from "../../../src/core/dtype.ts";
import type { NdArray } from "../../../src/core/nd_array.ts";
import type { Shape } from "../../../src/core/shape.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { Operation } from "../../../src/graph/operation.ts";
import { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import { Session } from "../../../src/session/session.ts";
import { difference, type GoldenValue, toArray } from "../../conformance/values.ts";
import { goldenTexts, textsOf } from "../nodes.ts";

interface Case {
  readonly name: string;
  readonly seed: number | null;
  readonly feeds: Readonly<Record<string, GoldenValue>>;
  readonly shapes: Readonly<Record<string, Shape>>;
  /** A GraphDef, deflated; null where values alone are compared. */
  readonly graph: string | null;
  readonly collections: Readonly<Record<string, readonly string[]>>;
  readonly values: readonly (GoldenValue | null)[];
  readonly rtol?: number;
}

type Fetched = Tensor | Operation | { asGraphElement(): Tensor };
// biome-ignore lint/suspicious/noExplicitAny: a program names the placeholders it takes
export type Program = (places: any) => Fetched | readonly Fetched[];

function collectionsOf(graph: Graph): Record<string, string[]> {
  return Object.fromEntries(
    [...graph.getAllCollectionKeys()]
      .filter((key) => key !== "cond_context")
      .sort()
      .map((key) => [key, graph.getCollection<{ name: string }>(key).map(({ name }) => name)]),
  );
}

/** Names of tables end in a number that is unique in the world, those of functions, and of loops, in a count. */
const withoutUnique = (text: string): string =>
  text
    .replace(/_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "")
    .replace(/(CustomGradient)-\d+/g, "$1")
    .replace(/(_Wrapper)_\d+/g, "$1")
    .replace(/pyfunc_\d+/g, "pyfunc")
    .replace(/(_(?:branch\d|true|false|cond|body))_\w*\d+\w*/g, "$1");

async function compare(golden: Case, program: Program): Promise<void> {
  const graph = new Graph();
  await graph.asDefault(async () => {
    if (golden.seed !== null) tf.setRandomSeed(golden.seed);
    const places = Object.fromEntries(
      Object.entries(golden.feeds).map(([key, { dtype }]): [string, Tensor] => [
        key,
        tf.placeholder(dtypeOf(dtype), golden.shapes[key], { name: key }),
      ]),
    );
    const built = program(places);
    const fetched = (Array.isArray(built) ? built : [built]) as readonly Fetched[];
    if (golden.graph !== null) {
      const wanted = goldenTexts(inflateSync(Buffer.from(golden.graph, "base64")));
      expect(textsOf(graph).map(withoutUnique)).toEqual(wanted.map(withoutUnique));
      expect(collectionsOf(graph)).toEqual(golden.collections);
    }
    await using sess = new Session({ graph });
    await sess.run([tf.globalVariablesInitializer(), tf.localVariablesInitializer(), tf.tablesInitializer()]);
    const feedDict = Object.entries(golden.feeds).map(([key, value]) => [`${key}:0`, toArray(value)] as const);
    for (const [i, fetch] of fetched.entries()) {
      const got = await sess.run(
        fetch instanceof Operation ? fetch : fetch instanceof Tensor ? fetch : fetch.asGraphElement(),
        {
          feedDict,
        },
      );
      const want = golden.values[i];
      if (!want) continue;
      const rtol = golden.rtol ?? 4e-6;
      expect(difference(got as NdArray, want, { rtol, atol: rtol / 2 }), `value ${i}`).toBeNull();
    }
  });
}

/** One test for each case of test/fixtures/build/<file>.json, and one that every program has its case. */
export function comparePrograms(file: string, programs: Readonly<Record<string, Program>>): void {
  const path = join(import.meta.dirname, "../../fixtures/build", `${file}.json`);
  const { cases } = JSON.parse(readFileSync(path, "utf8")) as { readonly cases: readonly Case[] };
  describe(file, () => {
    test("every program is compared", () => {
      expect(Object.keys(programs).sort()).toEqual(cases.map(({ name }) => name).sort());
    });
    test.each(cases.map((golden) => [golden.name, golden] as const))("%s", (name, golden) =>
      compare(golden, programs[name]!),
    );
  });
}
