/** `tf.function` in graphs. What is expected here is what TensorFlow 2.21 gives for the same programs with tf.compat.v1 graphs. */
import { expect, test } from "vitest";
import { graphDefinition } from "../../src/graph/def/graph_def.ts";
import { importGraphDefinition } from "../../src/graph/def/import.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { decodeGraphDef, encodeGraphDef } from "../../src/proto/graph_def.ts";
import { Session } from "../../src/session/session.ts";

const numbers = (array: { readonly data: unknown }): number[] => [...(array.data as Float32Array)];

const build = <R>(make: () => R): { graph: Graph; made: R } => {
  const graph = new Graph();
  return { graph, made: graph.asDefault(make) };
};

const opsOf = (graph: Graph): string[] => graph.operations.map((op) => `${op.name} ${op.type}`);

test("a call is one node; structures come back as they were", async () => {
  const f = tf.function((x: tf.Tensor, n: number) => ({ p: tf.multiply(x, n), q: [tf.add(x, 1)] }));
  const { graph, made } = build(() => f(tf.constant([1, 2], tf.float32, { name: "x" }), 3));
  expect(opsOf(graph)).toEqual(["x Const", "PartitionedCall PartitionedCall"]);
  expect(made.p.name).toBe("PartitionedCall:0");
  expect(made.q[0]!.shape).toEqual([2]);
  const [p, q] = await new Session({ graph }).run([made.p, made.q[0]!]);
  expect([numbers(p), numbers(q)]).toEqual([
    [3, 6],
    [2, 3],
  ]);
});

test("one function for a signature, another for another", () => {
  const f = tf.function((x: tf.Tensor, n: number) => tf.multiply(x, n));
  const { graph } = build(() => {
    const x = tf.placeholder(tf.float32, [2]);
    f(x, 2);
    f(tf.sin(x), 2);
    f(x, 3);
    f(tf.placeholder(tf.float32, [3]), 2);
  });
  expect(graph.library!.function!.length).toBe(3);
});

test("variables are captured, and changed in the order of the program", async () => {
  const { graph, made } = build(() => {
    const v = tf.getVariable("v", { initializer: [1, 2], useResource: true });
    const c = tf.constant([3, 4], tf.float32);
    const h = tf.function((a: tf.Tensor) => {
      v.assignAdd(a);
      const y = tf.add(tf.multiply(a, v), c);
      v.assignAdd([10, 10]);
      return y;
    });
    return { y: h(tf.constant([1, 1], tf.float32)), v, init: tf.globalVariablesInitializer() };
  });
  expect(made.y.op.type).toBe("StatefulPartitionedCall");
  expect(made.y.op.inputs.map((input) => input.dtype.name)).toEqual(["float32", "resource", "float32"]);
  const sess = new Session({ graph });
  await sess.run(made.init);
  expect(numbers(await sess.run(made.y))).toEqual([5, 7]);
  expect(numbers(await sess.run(made.v))).toEqual([12, 13]);
  expect(numbers(await sess.run(made.y))).toEqual([16, 18]);
});

test("a function without results gives the call", async () => {
  const { graph, made } = build(() => {
    const v = tf.getVariable("v", { initializer: [1, 2], useResource: true });
    const update = tf.function(() => {
      v.assignSub([1, 1]);
    });
    return { update: update() as unknown as tf.Operation, v, init: tf.globalVariablesInitializer() };
  });
  const sess = new Session({ graph });
  await sess.run(made.init);
  await sess.run(made.update);
  expect(numbers(await sess.run(made.v))).toEqual([0, 1]);
});

test("gradients flow through, also to captured variables, and functions call functions", async () => {
  const { graph, made } = build(() => {
    const w = tf.getVariable("w", {
      initializer: [
        [1, 2],
        [3, 4],
      ],
      useResource: true,
    });
    const layer = tf.function((x: tf.Tensor) => tf.tanh(tf.matmul(x, w)));
    const net = tf.function((x: tf.Tensor) => tf.multiply(layer(layer(x)), 2));
    const x = tf.constant([[0.1, -0.2]], tf.float32);
    const plain = (z: tf.TensorLike): tf.Tensor => tf.tanh(tf.matmul(z, w));
    const [y, z] = [net(x), tf.multiply(plain(plain(x)), 2)];
    return {
      called: tf.gradients(y, [x, w]) as tf.Tensor[],
      plain: tf.gradients(z, [x, w]) as tf.Tensor[],
      init: tf.globalVariablesInitializer(),
    };
  });
  const sess = new Session({ graph });
  await sess.run(made.init);
  const [called, plain] = (await sess.run([made.called, made.plain] as never)) as unknown as [
    tf.NdArray[],
    tf.NdArray[],
  ];
  expect(called.map(numbers)).toEqual(plain.map(numbers));
});

test("what dropout drops in a function is what its gradient drops", async () => {
  const { graph, made } = build(() => {
    const x = tf.ones([100]);
    const drop = tf.function((x: tf.Tensor) => tf.nn.dropout(x, { rate: 0.5 }));
    const y = drop(x);
    return [y, tf.gradients(y, [x])[0] as tf.Tensor];
  });
  const [y, dx] = await new Session({ graph }).run(made as [tf.Tensor, tf.Tensor]);
  expect(numbers(dx)).toEqual(numbers(y));
  expect(new Set(numbers(y))).toEqual(new Set([0, 2]));
});

test("functions go with the graph through GraphDefs", async () => {
  const f = tf.function((x: tf.Tensor) => tf.reduceSum(tf.multiply(x, x)));
  const { graph, made } = build(() => f(tf.placeholder(tf.float32, [3], { name: "x" })));
  const again = new Graph();
  importGraphDefinition(decodeGraphDef(encodeGraphDef(graphDefinition(graph))), { name: "", graph: again });
  const sess = new Session({ graph: again });
  expect((await sess.run(made.name, { feedDict: [["x:0", [1, 2, 3]]] as never }))!.item()).toBe(14);
});
