import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dtypeOf } from "../../src/core/dtype.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import { graphDefinition } from "../../src/graph/def/graph_def.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import { difference, type GoldenValue, toArray } from "../conformance/values.ts";
import { checks, updates } from "./programs/checks.ts";
import { losses } from "./programs/losses.ts";
import { metrics } from "./programs/metrics.ts";
import type { Programs } from "./programs/program.ts";

interface Case {
  readonly name: string;
  readonly feeds: Readonly<Record<string, GoldenValue>>;
  readonly nodes: readonly string[];
  /** So many runs of a metric's update, then its value. */
  readonly updates: number;
  readonly collections: Readonly<Record<string, readonly string[]>>;
  readonly values: readonly GoldenValue[];
}

const path = join(import.meta.dirname, "../fixtures/build/programs.json");
const { cases } = JSON.parse(readFileSync(path, "utf8")) as { readonly cases: readonly Case[] };
const programs: Programs = { ...losses, ...metrics, ...checks, ...updates };

test("every program is compared", () => {
  expect(Object.keys(programs).sort()).toEqual(cases.map(({ name }) => name).sort());
});

const collectionsOf = (graph: Graph): Record<string, string[]> =>
  Object.fromEntries(
    [...graph.getAllCollectionKeys()]
      .filter((key) => key !== "cond_context")
      .sort()
      .map((key) => [key, graph.getCollection<{ name: string }>(key).map(({ name }) => name)]),
  );

type Feeds = readonly (readonly [string, NdArray])[];

async function runMetric(sess: Session, [value, update]: readonly Tensor[], feedDict: Feeds, times: number) {
  let last: NdArray | undefined;
  for (let i = 0; i < times; i++) last = await sess.run(update!, { feedDict });
  return [await sess.run(value!, { feedDict }), last!];
}

describe.each(cases.map((golden) => [golden.name, golden] as const))("%s", (name, golden) => {
  test("has TensorFlow's nodes, collections and values", async () => {
    const graph = new Graph();
    await graph.asDefault(async () => {
      const places = Object.fromEntries(
        Object.entries(golden.feeds).map(([key, { dtype, shape }]): [string, Tensor] => [
          key,
          tf.placeholder(dtypeOf(dtype), shape, { name: key }),
        ]),
      );
      const built = programs[name]!(places);
      const fetched = Array.isArray(built) ? (built as Tensor[]) : [built as Tensor];
      const nodes = graphDefinition(graph).nodes.map((node) => `${node.name} = ${node.op}(${node.inputs.join(", ")})`);
      expect(nodes).toEqual(golden.nodes);
      expect(collectionsOf(graph)).toEqual(golden.collections);
      const init = [tf.globalVariablesInitializer(), tf.localVariablesInitializer()];
      await using sess = new Session({ graph });
      await sess.run(init);
      const feedDict = Object.entries(golden.feeds).map(([key, value]) => [`${key}:0`, toArray(value)] as const);
      const values = golden.updates
        ? await runMetric(sess, fetched, feedDict, golden.updates)
        : ((await sess.run(fetched, { feedDict })) as NdArray[]);
      for (const [i, want] of golden.values.entries())
        expect(difference(values[i]!, want, { rtol: 2e-6, atol: 1e-6 })).toBeNull();
    });
  });
});
