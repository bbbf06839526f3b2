/** A program that trains on TFRecords of digits through tf.data: Python's graph, and ours, have TensorFlow's losses (test/fixtures/build/data_training.py). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { float32, int32, int64, string, uint8 } from "../../src/core/dtype.ts";
import { importGraphDefinition } from "../../src/graph/def/import.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { decodeGraphDef } from "../../src/proto/graph_def.ts";
import { Session } from "../../src/session/session.ts";

const at = (path: string): string => new URL(path, import.meta.url).pathname;
const golden = JSON.parse(readFileSync(at("../fixtures/build/data_training.json"), "utf8")) as {
  readonly graph: string;
  readonly losses: readonly number[];
  readonly init: string;
  readonly begin: string;
};
const records = at("../../data/digits-train.tfrecord");

async function lossesOf(graph: Graph): Promise<number[]> {
  const op = (name: string) => graph.getOperationByName(name);
  const sess = new Session({ graph });
  try {
    await sess.run(op(golden.init));
    await sess.run(op(golden.begin), { feedDict: [["names:0", [records]]] });
    const losses: number[] = [];
    for (let i = 0; i < golden.losses.length; i++) {
      const [loss] = (await sess.run([graph.getTensorByName("loss:0"), op("train")])) as unknown as [number];
      losses.push(Number(loss));
    }
    return losses;
  } finally {
    sess.close();
  }
}

function parse(serialized: Tensor): [Tensor, Tensor] {
  const features = tf.parseSingleExample(serialized, {
    image_raw: new tf.FixedLenFeature([], string),
    label: new tf.FixedLenFeature([], int64),
  }) as Record<string, Tensor>;
  const image = tf.cast(tf.decodeRaw(features.image_raw!, uint8), float32).div(16);
  return [tf.reshape(image, [64]), tf.cast(features.label!, int32)];
}

function build(): void {
  tf.setRandomSeed(1);
  const names = tf.placeholder(string, [null], { name: "names" });
  const iterator = new tf.data.TFRecordDataset(names)
    .map(parse, { numParallelCalls: 2 })
    .cache()
    .shuffle(200, { seed: 5 })
    .repeat()
    .batch(32)
    .prefetch(1)
    .makeInitializableIterator();
  const [images, labels] = iterator.getNext() as [Tensor, Tensor];
  const w = tf.getVariable("w", { shape: [64, 10], initializer: tf.zerosInitializer() });
  const b = tf.getVariable("b", { shape: [10], initializer: tf.zerosInitializer() });
  const logits = tf.matmul(images, w).add(b);
  const each = tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits });
  const loss = tf.reduceMean(each, { name: "loss" });
  new tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, { name: "train" });
  tf.globalVariablesInitializer();
}

describe("training on records through tf.data", () => {
  test("Python's graph has TensorFlow's losses", async () => {
    const graph = new Graph();
    importGraphDefinition(decodeGraphDef(new Uint8Array(Buffer.from(golden.graph, "base64"))), { name: "", graph });
    const losses = await lossesOf(graph);
    for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(golden.losses[i]!, 5);
  });

  test("the same program here has TensorFlow's losses", async () => {
    const graph = new Graph();
    graph.asDefault(build);
    const losses = await lossesOf(graph);
    for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(golden.losses[i]!, 5);
  });
});
