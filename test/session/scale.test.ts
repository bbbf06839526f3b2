/** Graphs of a size that only imported models have: long chains, and large constants. */
import { expect, test } from "vitest";
import { graphDefinition } from "../../src/graph/def/graph_def.ts";
import { importGraphDefinition } from "../../src/graph/def/import.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { decodeGraphDef, encodeGraphDef } from "../../src/proto/graph_def.ts";

const bytesOf = (graph: Graph): Uint8Array => encodeGraphDef(graphDefinition(graph));

test("a chain of 10,000 nodes is built, imported, differentiated and run", async () => {
  const n = 10_000;
  const made = new Graph();
  made.asDefault(() => {
    let y: Tensor = tf.placeholder(tf.float32, [2], { name: "x" });
    for (let i = 0; i < n; i++) y = i % 2 ? tf.negative(y) : tf.add(y, 1);
    tf.identity(y, { name: "y" });
  });
  const graph = new Graph();
  importGraphDefinition(decodeGraphDef(bytesOf(made)), { name: "", graph });
  await graph.asDefault(async () => {
    const [x, y] = [graph.getTensorByName("x:0"), graph.getTensorByName("y:0")];
    const [dx] = tf.gradients([y], [x]);
    await using sess = new tf.Session({ graph });
    const values = (await sess.run([y, dx as Tensor], { feedDict: [[x, [1, 2]]] })) as tf.NdArray[];
    expect(values.map(({ data }) => Array.from(data as Float32Array))).toEqual([
      [1, 2],
      [1, 1],
    ]);
  });
}, 120_000);

test("a large constant is not copied while its graph is loaded", async () => {
  const sizeBytes = 32 * 2 ** 20;
  const made = new Graph();
  made.asDefault(() => {
    const data = new Float32Array(sizeBytes / 4).fill(0.5);
    tf.reduceSum(tf.constant(new tf.NdArray(tf.float32, [sizeBytes / 4], data)), { name: "sum" });
  });
  const bytes = bytesOf(made);
  const before = process.memoryUsage().arrayBuffers;
  const graph = new Graph();
  importGraphDefinition(decodeGraphDef(bytes), { name: "", graph });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1.5 * sizeBytes);
  await using sess = new tf.Session({ graph });
  expect(((await sess.run("sum:0")) as tf.NdArray).item()).toBe(sizeBytes / 8);
});
