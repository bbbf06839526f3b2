/** What errors of functions say, in TensorFlow's words, and how long loops behave. */
import { expect, test } from "vitest";
import { float32, int32 } from "../../src/core/dtype.ts";
import { argument } from "../../src/graph/def/function.ts";
import { addFunction } from "../../src/graph/def/to_function.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { addV2Op, lessOp, partitionedCallOp, statelessWhileOp } from "../../src/ops/index.ts";
import { Session } from "../../src/session/session.ts";

/** A function of int32 scalars in the graph's library. */
function define(graph: Graph, name: string, count: number, make: (...args: Tensor[]) => readonly Tensor[]) {
  const body = new Graph();
  return body.asDefault(() => {
    const inputs = Array.from({ length: count }, (_, i) => argument(body, `x${i}`, int32, []));
    body.shareLibrary(graph);
    return addFunction(graph, name, { inputs, outputs: make(...inputs) });
  });
}

const pick = (graph: Graph) =>
  define(graph, "pick", 1, (i) => [tf.gather(tf.constant([1, 2], int32), i!, { name: "gg" })]);

test("names the node of the function, then the call", async () => {
  const graph = new Graph();
  const y = graph.asDefault(() => partitionedCallOp({ args: [tf.constant(5)], Tout: [int32], f: pick(graph) })[0]!);
  await expect(new Session({ graph }).run(y)).rejects.toThrow(
    "indices = 5 is not in [0, 2)\n\t [[{{node gg}}]]\n\t [[PartitionedCall]]",
  );
});

test("leaves out calls inside of functions", async () => {
  const graph = new Graph();
  const f = pick(graph);
  const outer = define(graph, "outer", 1, (i) => partitionedCallOp({ args: [i!], Tout: [int32], f }, "inner"));
  const y = graph.asDefault(() => partitionedCallOp({ args: [tf.constant(5)], Tout: [int32], f: outer })[0]!);
  await expect(new Session({ graph }).run(y)).rejects.toThrow(
    "indices = 5 is not in [0, 2)\n\t [[{{node gg}}]]\n\t [[PartitionedCall]]",
  );
});

test("refuses a function that the library lacks", async () => {
  const graph = new Graph();
  const f = { name: "nothing", attrs: new Map() };
  const y = graph.asDefault(() => partitionedCallOp({ args: [tf.constant(5)], Tout: [int32], f })[0]!);
  await expect(new Session({ graph }).run(y)).rejects.toThrow(
    'Failed to find function "nothing" in function library: goo.gle/debugonly',
  );
});

test("a long loop keeps its memory and lets timers run", async () => {
  const graph = new Graph();
  const cond = define(graph, "cond", 2, (i, n) => [lessOp({ x: i!, y: n! })]);
  const body = define(graph, "body", 2, (i, n) => [addV2Op({ x: i!, y: tf.constant(1) }), n!]);
  const { n, out } = graph.asDefault(() => {
    const n = tf.placeholder(int32, []);
    return { n, out: statelessWhileOp({ input: [tf.constant(0), n], cond, body })[0]! };
  });
  const sess = new Session({ graph });
  await sess.run(out, { feedDict: [[n, 10]] });
  const before = sess.state.engine.buffer.byteLength;
  let turns = 0;
  const timer = setInterval(() => turns++, 10);
  // A loop shorter than two pauses may end before a timer is due: longer ones until one was.
  for (let count = 1_000_000; turns === 0 && count <= 256_000_000; count *= 4)
    expect((await sess.run(out, { feedDict: [[n, count]] })).item()).toBe(count);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
  expect(sess.state.engine.buffer.byteLength).toBe(before);
});

test("a loop is cancelled with its run", async () => {
  const graph = new Graph();
  const cond = define(graph, "cond", 1, (i) => [lessOp({ x: i!, y: tf.constant(2) })]);
  const body = define(graph, "body", 1, (i) => [tf.identity(i!)]);
  const out = graph.asDefault(() => statelessWhileOp({ input: [tf.constant(0)], cond, body })[0]!);
  const sess = new Session({ graph });
  const controller = new AbortController();
  const run = sess.run(out, { signal: controller.signal });
  setTimeout(() => controller.abort(), 100);
  await expect(run).rejects.toThrow();
});

test("random numbers of a function go on from run to run", async () => {
  const graph = new Graph();
  const body = new Graph();
  const f = body.asDefault(() =>
    addFunction(graph, "draw", { inputs: [], outputs: [tf.randomUniform([2], { seed: 3, dtype: float32 })] }),
  );
  const y = graph.asDefault(() => tf.identity(partitionedCallOp({ args: [], Tout: [float32], f })[0]!));
  const [a, b] = [new Session({ graph }), new Session({ graph })];
  const first = [...((await a.run(y)).data as Float32Array)];
  const second = [...((await a.run(y)).data as Float32Array)];
  expect(second).not.toEqual(first);
  expect([...((await b.run(y)).data as Float32Array)]).toEqual(first);
});
