/** What a read of a reference shows to nodes that come after an update: the variable's own memory, as in TensorFlow. */
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";

async function results(build: (v: tf.Variable) => readonly (tf.Tensor | tf.Operation)[]): Promise<unknown[]> {
  const graph = new Graph();
  return graph.asDefault(async () => {
    const v = new tf.Variable(tf.ones([2]), { name: "v" });
    const fetches = build(v);
    await using sess = new tf.Session({ graph });
    await sess.run(tf.globalVariablesInitializer());
    return ((await sess.run(fetches as never)) as unknown[]).map((value) => (value ? String(value) : null));
  });
}

describe("reads of reference variables", () => {
  test("a node after an update sees the updated value through a read made before", async () => {
    const [y] = await results((v) => {
      const read = tf.identity(v.value());
      const update = tf.assignSub(v, [0.25, 0.5]) as tf.Tensor;
      return [tf.controlDependencies([update], () => read.mul(2)), update.op];
    });
    expect(y).toBe("[1.5 1. ]");
  });

  test("a node that nothing orders after the update sees the value before it", async () => {
    const [y] = await results((v) => [v.value().mul(2), (tf.assignSub(v, [0.25, 0.5]) as tf.Tensor).op]);
    expect(y).toBe("[2. 2.]");
  });

  test("what was computed from a read before the update stays as it was", async () => {
    const [y] = await results((v) => {
      const doubled = v.value().mul(2);
      const update = tf.assignSub(v, [0.25, 0.5]) as tf.Tensor;
      return [tf.controlDependencies([update], () => doubled.add(0)), update.op];
    });
    expect(y).toBe("[2. 2.]");
  });

  test("the average of weights that are kept after a training step is that of the new weights", async () => {
    const graph = new Graph();
    await graph.asDefault(async () => {
      const v = tf.getVariable("v", [], { initializer: tf.constantInitializer(1) });
      const train = new tf.train.GradientDescentOptimizer(0.5).minimize(tf.square(v.value()));
      const ema = new tf.train.ExponentialMovingAverage(0.5);
      const keep = tf.controlDependencies([train], () => ema.apply([v]));
      await using sess = new tf.Session({ graph });
      await sess.run(tf.globalVariablesInitializer());
      await sess.run(keep);
      expect(Number(await sess.run(ema.average(v) as never))).toBe(0.5);
    });
  });
});
