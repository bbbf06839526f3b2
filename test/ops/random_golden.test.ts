/** Random streams against those that real TensorFlow drew: golden/rng. */
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/core/nd_array.ts";
import { importGraphDefinition } from "../../src/graph/def/import.ts";
import { Graph } from "../../src/graph/graph.ts";
import "../../src/index.ts";
import { decodeGraphDef } from "../../src/proto/graph_def.ts";
import { Session } from "../../src/session/session.ts";
import { difference, type GoldenValue, type Tolerance } from "../conformance/values.ts";
import { hasGoldens, readGolden } from "../golden.ts";

interface RandomCase {
  readonly name: string;
  readonly graph: string;
  readonly fetches: readonly string[];
  readonly runs: readonly Record<string, GoldenValue>[];
  readonly tol?: Tolerance;
}

async function differs({ graph: base64, fetches, runs, tol }: RandomCase): Promise<string | null> {
  const graph = new Graph();
  importGraphDefinition(decodeGraphDef(new Uint8Array(Buffer.from(base64, "base64"))), { name: "", graph });
  await using sess = new Session({ graph });
  for (const [i, want] of runs.entries()) {
    const values = (await sess.run([...fetches])) as unknown as NdArray[];
    for (const [k, name] of fetches.entries()) {
      const bad = difference(values[k]!, want[name]!, tol ?? { rtol: 1e-5, atol: 1e-6 });
      if (bad) return `run ${i}, ${name}: ${bad}`;
    }
  }
  return null;
}

const only = process.env.CASE ? new RegExp(process.env.CASE) : null;

describe.skipIf(!hasGoldens)("random numbers", () => {
  test.each(["random_ops", "stateless_ops"])(
    "%s draw TensorFlow's streams",
    async (file) => {
      const { cases } = readGolden<{ cases: readonly RandomCase[] }>("rng", `${file}.json`);
      const bad: string[] = [];
      for (const golden of cases) {
        if (only && !only.test(golden.name)) continue;
        const found = await differs(golden).catch((error: Error) => `threw ${error.message}`);
        if (found) bad.push(`${golden.name}: ${found}`);
      }
      expect(bad).toEqual([]);
    },
    120_000,
  );
});
