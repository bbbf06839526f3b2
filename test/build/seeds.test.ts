import { describe, expect, test } from "vitest";
import { float32 } from "../../src/core/dtype.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Operation } from "../../src/graph/operation.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import { difference, type GoldenValue, toArray } from "../conformance/values.ts";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";
import { fileTexts, textsOf } from "./nodes.ts";

/** A program of make/seeds.py. */
interface Program {
  readonly init: Operation;
  readonly loss: Tensor;
  readonly train: Operation;
  readonly summary?: Tensor | null;
  readonly more?: readonly Tensor[];
}

const programs: Record<string, () => Program> = {
  linear_scalar() {
    const m = tf.getVariable("m", { shape: [], initializer: tf.constantInitializer(0) });
    const b = tf.getVariable("b", { shape: [], initializer: tf.constantInitializer(0) });
    const init = tf.globalVariablesInitializer();
    const x = tf.placeholder(float32);
    const y = tf.placeholder(float32);
    const guess = m.mul(x).add(b);
    const loss = tf.square(y.sub(guess));
    return { init, loss, train: new tf.train.GradientDescentOptimizer(1e-3).minimize(loss) };
  },
  linear_scopes() {
    tf.setRandomSeed(42);
    const [x, y] = tf.nameScope("original_data", () => {
      const x = tf.randomNormal([100], { mean: 2, stddev: 2, name: "x" });
      return [x, x.rmul(0.8).add(0.7)] as const;
    });
    const [w, prediction] = tf.nameScope("linear_model", () => {
      const w = new tf.Variable(tf.randomNormal([1]), { name: "weight" });
      const b = new tf.Variable(tf.zeros([1]), { name: "bias" });
      return [w, w.mul(x).add(b)] as const;
    });
    const loss = tf.nameScope("loss", () => {
      const loss = tf.reduceMean(tf.square(prediction.sub(y)));
      tf.summary.scalar("loss", loss);
      return loss;
    });
    const train = tf.nameScope("gd_optimizer", () => new tf.train.GradientDescentOptimizer(0.01).minimize(loss));
    tf.summary.scalar("weight_0", w.at(0));
    tf.summary.histogram("weight", w);
    tf.summary.histogram("x", x);
    const summary = tf.summary.mergeAll();
    return { init: tf.globalVariablesInitializer(), loss, train, summary };
  },
  softmax_classifier() {
    tf.setRandomSeed(7);
    const b = new tf.Variable(tf.zeros([10]), { name: "b" });
    const W = new tf.Variable(tf.randomUniform([20, 10], -1, 1), { name: "W" });
    const x = tf.placeholder(float32, [100, 20], { name: "x" });
    const h = tf.nn.relu(tf.matmul(x, W).add(b), { name: "h" });
    const prediction = tf.nn.softmax(h);
    const label = tf.placeholder(float32, [100, 10], { name: "label" });
    const product = label.mul(tf.log(prediction));
    const loss = tf.reduceMean(tf.reduceSum(product, { axis: 1 }).neg(), { name: "cross_entropy" });
    const train = new tf.train.GradientDescentOptimizer(0.5).minimize(loss);
    const correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(label, 1));
    tf.reduceMean(tf.cast(correct, float32), { name: "accuracy" });
    return { init: tf.globalVariablesInitializer(), loss, train };
  },
  shared_filters() {
    tf.setRandomSeed(11);
    const convRelu = (x: Tensor, kernel: number[], bias: number[]): Tensor => {
      const weights = tf.getVariable("weights", {
        shape: kernel,
        initializer: tf.randomNormalInitializer({ stddev: 0.05 }),
      });
      const biases = tf.getVariable("biases", { shape: bias, initializer: tf.constantInitializer(0) });
      const conv = tf.nn.conv2d(x, weights, { strides: [1, 1, 1, 1], padding: "SAME" });
      return tf.nn.relu(conv.add(biases));
    };
    const filter = (images: Tensor): Tensor => {
      const first = tf.variableScope("conv1", () => convRelu(images, [5, 5, 32, 32], [32]));
      return tf.variableScope("conv2", () => convRelu(first, [5, 5, 32, 32], [32]));
    };
    const one = tf.placeholder(float32, [1, 6, 6, 32], { name: "image1" });
    const two = tf.placeholder(float32, [1, 6, 6, 32], { name: "image2" });
    const [r1, r2] = tf.variableScope("image_filters", (scope) => {
      const r1 = filter(one);
      scope.reuseVariables();
      return [r1, filter(two)] as const;
    });
    const loss = tf.reduceMean(tf.square(r1.sub(r2)), { name: "loss" });
    const train = new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
    return { init: tf.globalVariablesInitializer(), loss, train };
  },
};

interface Golden {
  readonly initial_values: Record<string, GoldenValue>;
  readonly final_values: Record<string, GoldenValue>;
  readonly constant_feeds?: Record<string, GoldenValue>;
  readonly steps: readonly { loss: number; feeds?: Record<string, number> }[];
  readonly summaries?: readonly { step: number; b64: string }[];
  readonly collections: readonly string[];
}

describe.skipIf(!hasGoldens)("seed programs", () => {
  test.each(Object.keys(programs))("%s builds Python's graph and takes its steps", async (name) => {
    const golden = readGolden<Golden>("seeds", name, "expected.json");
    const graph = new Graph();
    const { init, loss, train, summary } = graph.asDefault(programs[name]!);

    expect(textsOf(graph)).toEqual(fileTexts(goldenPath("seeds", name, "graph.pb")));
    expect(graph.getAllCollectionKeys().sort()).toEqual(golden.collections);

    await using session = new Session({ graph });
    await session.run(init);
    const variables = Object.keys(golden.initial_values);
    const check = async (values: Record<string, GoldenValue>): Promise<void> => {
      for (const variable of variables) {
        const got = (await session.run(variable)) as NdArray;
        expect(difference(got, values[variable]!, { rtol: 1e-4, atol: 1e-5 }), variable).toBeNull();
      }
    };
    await check(golden.initial_values);
    const constants = Object.entries(golden.constant_feeds ?? {}).map(([key, value]) => [key, toArray(value)] as const);
    for (const [i, step] of golden.steps.entries()) {
      const feedDict = [...constants, ...Object.entries(step.feeds ?? {})];
      const [got, , bytes] = await session.run([loss, train, ...(summary ? [summary] : [])], { feedDict });
      expect(Math.abs((got!.item() as number) - step.loss)).toBeLessThan(1e-5 + 1e-4 * Math.abs(step.loss));
      const wanted = golden.summaries?.find((each) => each.step === i);
      if (wanted && i === 0)
        expect((bytes!.data as Uint8Array[])[0]!.length).toBe(Buffer.from(wanted.b64, "base64").length);
    }
    await check(golden.final_values);
  });
});
