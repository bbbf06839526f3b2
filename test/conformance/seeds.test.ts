/** Five whole programs of the oracle, written here in TypeScript: the same nodes, initial values and losses as TensorFlow's. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/core/nd_array.ts";
import { graphDefinition } from "../../src/graph/def/graph_def.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { sameAttr } from "../../src/proto/attr_value.ts";
import { decodeGraphDef, encodeGraphDef } from "../../src/proto/graph_def.ts";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";
import { difference, type GoldenValue, toArray } from "./values.ts";

interface Program {
  readonly init: tf.Operation;
  readonly loss: tf.Tensor;
  readonly train: tf.Operation;
  /** Fetched with the loss. */
  readonly more?: readonly tf.Tensor[];
  /** How many elements the queue has at the end. */
  readonly left?: tf.Tensor;
}

interface Expected {
  readonly graph_seed: number | null;
  readonly initial_values: Record<string, GoldenValue>;
  readonly constant_feeds?: Record<string, GoldenValue>;
  readonly before_training: readonly { target: string; feeds: Record<string, GoldenValue> }[];
  readonly steps: readonly { loss: number | string; feeds?: Record<string, number>; values?: readonly number[] }[];
  readonly queue_left?: number;
  readonly final_values: Record<string, GoldenValue>;
}

const minimized = (optimizer: tf.train.Optimizer, loss: tf.Tensor): Program => {
  const train = optimizer.minimize(loss);
  return { loss, train, init: tf.globalVariablesInitializer() };
};

const programs: Record<string, () => Program> = {
  linear_scalar() {
    const m = tf.getVariable("m", [], { initializer: tf.constantInitializer(0) });
    const b = tf.getVariable("b", [], { initializer: tf.constantInitializer(0) });
    const init = tf.globalVariablesInitializer();
    const [x, y] = [tf.placeholder(tf.float32), tf.placeholder(tf.float32)];
    const guess = m.mul(x).add(b);
    const loss = tf.square(y.sub(guess));
    const train = new tf.train.GradientDescentOptimizer(1e-3).minimize(loss);
    return { init, loss, train };
  },
  linear_scopes() {
    tf.setRandomSeed(42);
    const [x, y] = tf.nameScope("original_data", () => {
      const x = tf.randomNormal([100], { mean: 2, stddev: 2, name: "x" });
      return [x, scaled(x)];
    });
    const [w, pred] = tf.nameScope("linear_model", () => {
      const w = new tf.Variable(tf.randomNormal([1]), { name: "weight" });
      const b = new tf.Variable(tf.zeros([1]), { name: "bias" });
      return [w, w.mul(x!).add(b)] as const;
    });
    const loss = tf.nameScope("loss", () => {
      const loss = tf.reduceMean(tf.square(pred.sub(y!)));
      tf.summary.scalar("loss", loss);
      return loss;
    });
    const train = tf.nameScope("gd_optimizer", () => new tf.train.GradientDescentOptimizer(0.01).minimize(loss));
    tf.summary.scalar("weight_0", w.at(0));
    tf.summary.histogram("weight", w);
    tf.summary.histogram("x", x!);
    tf.summary.mergeAll();
    return { init: tf.globalVariablesInitializer(), loss, train };
  },
  softmax_classifier() {
    tf.setRandomSeed(7);
    const [n, d, k] = [100, 20, 10];
    const b = new tf.Variable(tf.zeros([k]), { name: "b" });
    const w = new tf.Variable(tf.randomUniform([d, k], { minval: -1, maxval: 1 }), { name: "W" });
    const x = tf.placeholder(tf.float32, [n, d], { name: "x" });
    const h = tf.nn.relu(tf.matmul(x, w).add(b), { name: "h" });
    const prediction = tf.nn.softmax(h);
    const label = tf.placeholder(tf.float32, [n, k], { name: "label" });
    const loss = tf.reduceMean(tf.reduceSum(label.mul(tf.log(prediction)), { axis: 1 }).neg(), {
      name: "cross_entropy",
    });
    const train = new tf.train.GradientDescentOptimizer(0.5).minimize(loss);
    const correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(label, 1));
    tf.reduceMean(tf.cast(correct, tf.float32), { name: "accuracy" });
    return { init: tf.globalVariablesInitializer(), loss, train };
  },
  shared_filters() {
    tf.setRandomSeed(11);
    const convolved = (x: tf.Tensor): tf.Tensor => {
      const weights = tf.getVariable("weights", [5, 5, 32, 32], {
        initializer: tf.randomNormalInitializer({ stddev: 0.05 }),
      });
      const biases = tf.getVariable("biases", [32], { initializer: tf.constantInitializer(0) });
      return tf.nn.relu(tf.nn.conv2d(x, weights, { strides: [1, 1, 1, 1], padding: "SAME" }).add(biases));
    };
    const filtered = (images: tf.Tensor): tf.Tensor => {
      const first = tf.variableScope("conv1", () => convolved(images));
      return tf.variableScope("conv2", () => convolved(first));
    };
    const image1 = tf.placeholder(tf.float32, [1, 6, 6, 32], { name: "image1" });
    const image2 = tf.placeholder(tf.float32, [1, 6, 6, 32], { name: "image2" });
    const [r1, r2] = tf.variableScope("image_filters", (scope) => {
      const r1 = filtered(image1);
      scope.reuseVariables();
      return [r1, filtered(image2)];
    });
    const loss = tf.reduceMean(tf.square(r1!.sub(r2!)), { name: "loss" });
    return minimized(new tf.train.GradientDescentOptimizer(0.1), loss);
  },
  flow_and_queue() {
    tf.setRandomSeed(5);
    const queue = new tf.FIFOQueue(64, [tf.float32], { shapes: [[3]], name: "queue" });
    const items = tf.placeholder(tf.float32, [null, 3], { name: "items" });
    queue.enqueueMany([items], { name: "fill" });
    const v = tf.getVariable("v", [3], { initializer: tf.truncatedNormalInitializer({ stddev: 0.5 }) });
    const row = queue.dequeue({ name: "row" }) as tf.Tensor;
    const total = tf.reduceSum(row.mul(v));
    const gated = tf.cond(
      total.greater(0),
      () => total.mul(2),
      () => tf.square(total).sub(1),
      { name: "gate" },
    ) as tf.Tensor;
    const [count, sum] = tf.whileLoop(
      (i, a) => tf.logicalAnd(i.less(6), tf.abs(a).less(50)),
      (i, a) => [i.add(1), a.mul(1.5).add(gated.mul(0.1))],
      [tf.constant(0), gated],
      { name: "loop" },
    ) as [tf.Tensor, tf.Tensor];
    const loss = tf.square(sum.sub(3), { name: "loss" });
    const program = minimized(new tf.train.MomentumOptimizer(2e-5, 0.5), loss);
    return { ...program, more: [count, total, gated], left: queue.size({ name: "left" }) };
  },
};

/** 0.8 * x + 0.7 with the number on the left, as Python's operators build it. */
const scaled = (x: tf.Tensor): tf.Tensor => tf.multiply(0.8, x, { name: "mul" }).add(0.7);

describe.skipIf(!hasGoldens)("seed programs", () => {
  test.each(Object.keys(programs))("%s has TensorFlow's nodes, values and losses", async (name) => {
    const expected = readGolden<Expected>("seeds", name, "expected.json");
    const wanted = decodeGraphDef(new Uint8Array(readFileSync(goldenPath("seeds", name, "graph.pb"))));
    const graph = new Graph();
    await graph.asDefault(async () => {
      const { init, loss, train, more = [], left } = programs[name]!();
      const made = decodeGraphDef(encodeGraphDef(graphDefinition(graph)));
      for (const [i, node] of wanted.nodes.entries()) {
        const own = made.nodes[i];
        expect([own?.name, own?.op, own?.inputs, own?.device]).toEqual([node.name, node.op, node.inputs, node.device]);
        for (const [key, attr] of node.attrs) {
          const same = own!.attrs.has(key) && sameAttr(own!.attrs.get(key)!, attr);
          expect(same ? "" : `${node.name}: attr ${key}`).toBe("");
        }
        expect([...own!.attrs.keys()].sort()).toEqual([...node.attrs.keys()].sort());
      }
      await using sess = new tf.Session({ graph });
      await sess.run(init);
      for (const [variable, value] of Object.entries(expected.initial_values)) {
        expect(difference((await sess.run(variable)) as NdArray, value, { rtol: 1e-5, atol: 1e-6 })).toBeNull();
      }
      for (const { target, feeds } of expected.before_training) {
        await sess.run(target, {
          feedDict: Object.entries(feeds).map(([key, value]) => [key, toArray(value)] as const),
        });
      }
      const constants = Object.entries(expected.constant_feeds ?? {}).map(
        ([key, value]) => [key, toArray(value)] as const,
      );
      const feedsOf = (feeds: Record<string, number> = {}) => [...constants, ...Object.entries(feeds)];
      const close = (got: number, want: number, what: string): void =>
        expect(Math.abs(got - want), what).toBeLessThanOrEqual(1e-6 + 2e-4 * Math.abs(want));
      for (const [i, step] of expected.steps.entries()) {
        const [value, , ...others] = await sess.run([loss, train, ...more], { feedDict: feedsOf(step.feeds) });
        close(+value, Number(step.loss), `loss of step ${i}`);
        for (const [k, want] of (step.values ?? []).entries()) close(+others[k]!, want, `value ${k} of step ${i}`);
      }
      for (const [variable, value] of Object.entries(expected.final_values)) {
        expect(difference((await sess.run(variable)) as NdArray, value, { rtol: 2e-4, atol: 1e-5 })).toBeNull();
      }
      if (left) expect((await sess.run(left)).item()).toBe(expected.queue_left);
    });
  });
});
