/** The wrappers make Python's nodes: names, inputs, attrs, one by one. Expected ones: test/fixtures/array_nodes/make.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/build/gradients/gradients.ts";
import { bool, complex64, float32, int32, int64, string } from "../../src/core/dtype.ts";
import { graphDefinition } from "../../src/graph/def/graph_def.ts";
import { attrText } from "../../src/graph/def/node_text.ts";
import { Graph, getDefaultGraph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/ops/index.ts";
import { decodeGraphDef, type GraphDefinition } from "../../src/proto/graph_def.ts";
import { installFolder } from "../../src/session/fold.ts";

installFolder();

const expected = JSON.parse(
  readFileSync(new URL("../fixtures/array_nodes/nodes.json", import.meta.url), "utf8"),
) as Record<string, string>;

const grad = (y: Tensor | Tensor[], ...xs: Tensor[]) => gradients(Array.isArray(y) ? y : [y], xs);
const ab = () =>
  [tf.placeholder(float32, [2, 3], { name: "a" }), tf.placeholder(float32, [null, 3], { name: "b" })] as const;
const wideAb = () =>
  [tf.placeholder(float32, [4, 3], { name: "a" }), tf.placeholder(float32, [null, 3], { name: "b" })] as const;

const programs: Record<string, () => void> = {
  shapes() {
    const x = tf.placeholder(float32, [null, 3], { name: "x" });
    const y = tf.placeholder(float32, [2, 3], { name: "y" });
    for (const fn of [tf.shape, tf.size, tf.rank]) {
      fn(x);
      fn(y);
    }
    tf.shape(x, { outType: int64, name: "s" });
    tf.shapeN([x, y]);
    tf.size(y, { name: "n", outType: int64 });
    tf.rank(tf.placeholder(float32, null, { name: "z" }));
  },
  zeros_ones() {
    const x = tf.placeholder(float32, [null, 3], { name: "x" });
    tf.zeros([2, 3]);
    tf.zeros([100, 20]);
    tf.ones([3], int32);
    tf.ones([40, 40], float32, { name: "big" });
    tf.zeros([], bool);
    tf.zeros(tf.shape(x));
    tf.zeros([tf.shape(x).at(0), 4]);
    tf.zeros([2], string);
    tf.ones([2], complex64);
    tf.zerosLike(x);
    tf.onesLike(x);
    tf.zerosLike(tf.ones([2, 2]));
    tf.onesLike(tf.zeros([2, 2]));
    tf.zerosLike(x, { dtype: int32 });
    tf.fill([2, 2], 7.5);
    tf.zeros(tf.constant(5));
    tf.zerosLike(tf.ones([40, 40]));
    tf.zerosLike([1, 2]);
  },
  joins() {
    const [a, b] = ab();
    tf.concat([a, b], 0);
    tf.concat([a], 0);
    tf.concat([a, b], -2, { name: "joined" });
    tf.stack([a, a]);
    tf.stack([a, a], { axis: 1, name: "s" });
    tf.stack([1, 2]);
    tf.stack([tf.shape(b).at(0), 2]);
    tf.unstack(a);
    tf.unstack(a, { axis: 1, name: "u" });
    tf.split(a, 3, { axis: 1 });
    tf.split(a, [1, 2], { axis: 1 });
    tf.split(b, tf.constant([1, 1]), { num: 2 });
    tf.parallelStack([a, a]);
    tf.reshape(b, [tf.shape(b).at(0), 3]);
    tf.reshape(b, [-1, tf.size(a), 1]);
  },
  moves() {
    const a = tf.placeholder(float32, [2, 3], { name: "a" });
    const u = tf.placeholder(float32, null, { name: "u" });
    tf.transpose(a);
    tf.transpose(a, [1, 0]);
    tf.transpose(u);
    tf.transpose(a, { name: "t" });
    tf.matrixTranspose(a);
    tf.matrixTranspose(u);
    tf.reverse(a, [0]);
    tf.reverseSequence(a, [1, 2], { seqAxis: 1, batchAxis: 0 });
    tf.roll(a, 1, 0);
    tf.roll(a, [1, 2], [0, 1]);
    tf.expandDims(a, 0);
    tf.squeeze(tf.expandDims(a, -1));
    tf.squeeze(u, { axis: 0 });
    tf.squeeze(u, { axis: [0, 2] });
    tf.tile(a, [1, 2]);
    tf.pad(a, [
      [1, 1],
      [0, 0],
    ]);
    tf.pad(
      a,
      [
        [1, 1],
        [0, 0],
      ],
      { constantValues: 2.5 },
    );
    tf.pad(
      a,
      [
        [1, 1],
        [0, 0],
      ],
      { mode: "REFLECT" },
    );
    tf.pad(u, [[1, 1]], { mode: "symmetric" });
    tf.broadcastTo(a, [4, 2, 3]);
    tf.invertPermutation([1, 0]);
    tf.spaceToDepth(tf.ones([1, 2, 2, 1]), 2);
    tf.spaceToBatchNd(
      tf.ones([1, 2, 2, 1]),
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    );
    tf.batchToSpaceNd(
      tf.ones([4, 1, 1, 1]),
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    );
    tf.spaceToBatch(
      tf.ones([1, 2, 2, 1]),
      [
        [0, 0],
        [0, 0],
      ],
      2,
    );
  },
  items() {
    const a = tf.placeholder(float32, [4, 5, 6], { name: "a" });
    const i = tf.placeholder(int32, [], { name: "i" });
    const j = tf.placeholder(int64, [], { name: "j" });
    a.at(1);
    a.at("1:", "::2");
    a.at("...", -1);
    a.at(null);
    a.at(1, ":", "::-1");
    a.at(i);
    a.at(j);
    a.at({ start: i }, "1:3");
    a.at({ stop: j });
    a.at("1:2", null, "...");
    a.at(":", i, 0);
    tf.stridedSlice(a, [0, 0, 0], [1, 2, 3]);
    tf.slice(a, [0, 0, 0], [1, -1, 2]);
    tf.placeholder(float32, [], { name: "s" }).at("...");
    tf.booleanMask(a, tf.placeholder(bool, [4], { name: "m" }));
    tf.booleanMask(a, tf.placeholder(bool, [null, null], { name: "mm" }), { axis: 1 });
  },
  lookups() {
    const a = tf.placeholder(float32, [4, 5], { name: "a" });
    const i = tf.placeholder(int32, [null], { name: "i" });
    tf.gather(a, i);
    tf.gather(a, [0, 1], { axis: 1 });
    tf.gatherNd(a, [[0, 1]]);
    tf.scatterNd([[1]], [2.5], [4]);
    tf.oneHot(i, 3);
    tf.oneHot(i, 3, { onValue: 2, offValue: 1 });
    tf.oneHot(i, 3, { dtype: int32, axis: 0 });
    tf.oneHot([0, 2], 3, { onValue: true, offValue: false });
    tf.unique(i);
    tf.uniqueWithCounts(i);
    tf.setdiff1d(i, [1]);
    tf.where(tf.equal(i, 1));
    tf.topK(a, 2);
    tf.inTopK(a, i, 1);
    tf.dynamicPartition(a, [0, 1, 0, 1], 2);
    tf.dynamicStitch([[0], [1]], [[1.5], [2.5]]);
    tf.searchsorted(tf.constant([[1.5, 2.5]]), tf.constant([[1.5]]));
    tf.searchsorted(tf.constant([1.5, 2.5]), tf.constant([1.5]), { side: "right" });
    tf.embeddingLookup(a, i);
    const b = tf.placeholder(float32, [4, 5], { name: "b" });
    tf.embeddingLookup([a, b], i);
    tf.embeddingLookup([a, b], i, { partitionStrategy: "div" });
    tf.sequenceMask(i);
    tf.sequenceMask(i, 5, { dtype: float32 });
    tf.bitcast(a, int32);
    tf.checkNumerics(a, "bad");
    tf.verifyTensorAllFinite(a, "not finite");
  },
  groups() {
    const a = tf.placeholder(float32, [], { name: "a" });
    const b = tf.placeholder(float32, [], { name: "b" });
    tf.group();
    tf.group(a, b);
    tf.group(a, { name: "done" });
    tf.noOp();
    tf.noOp({ name: "n" });
    tf.tuple([a, b]);
    tf.tuple([a], { controlInputs: [b.op] });
    const c = getDefaultGraph().device("/cpu:0", () => tf.identity(a));
    tf.group(c, b, { name: "two" });
    tf.identityN([a, b]);
    tf.stopGradient(a);
    tf.placeholderWithDefault(1.5, [], { name: "d" });
    tf.ensureShape(a, []);
    tf.meshgrid([
      [1, 2],
      [3, 4, 5],
    ]);
    tf.repeat([1, 2], 2);
    tf.repeat(tf.zeros([2, 3]), [1, 2], { axis: 0 });
  },
  gradients_of_joins() {
    const [a, b] = ab();
    grad(tf.concat([a, b], 0), a, b);
    grad(tf.concat([a, a], 1), a);
    grad(tf.stack([a, a]), a);
    grad(tf.unstack(a)[0]!, a);
    grad(tf.split(a, 3, { axis: 1 })[1]!, a);
    grad(tf.split(a, [1, 2], { axis: 1 })[0]!, a);
  },
  gradients_of_slices() {
    const [a, b] = wideAb();
    const i = tf.placeholder(int32, [], { name: "i" });
    grad(a.at("1:", "::2"), a);
    grad(b.at("1:", "::2"), b);
    grad(b.at(i), b);
    grad(tf.slice(b, [0, 0], [1, 2]), b);
    grad(
      tf.pad(b, [
        [1, 1],
        [0, 0],
      ]),
      b,
    );
    grad(tf.tile(b, [1, 2]), b);
    grad(tf.broadcastTo(a, [2, 4, 3]), a);
    grad(
      tf.pad(
        a,
        [
          [1, 1],
          [0, 0],
        ],
        { mode: "SYMMETRIC" },
      ),
      a,
    );
  },
  gradients_of_moves() {
    const [a, b] = wideAb();
    const u = tf.placeholder(float32, null, { name: "u" });
    grad(tf.reshape(a, [3, 4]), a);
    grad(tf.reshape(b, [-1]), b);
    grad(tf.reshape(u, [-1]), u);
    grad(tf.expandDims(b, 0), b);
    grad(tf.squeeze(tf.expandDims(a, 0)), a);
    grad(tf.transpose(a), a);
    grad(tf.reverse(a, [0]), a);
    grad(tf.roll(a, 1, 0), a);
    grad(tf.fill([2, 2], a.at(0, 0)), a);
    grad(tf.spaceToDepth(tf.reshape(a, [1, 2, 2, 3]), 2), a);
    grad(tf.identity(a), a);
  },
  gradients_of_lookups() {
    const [a, b] = wideAb();
    const i = tf.placeholder(int32, [null], { name: "i" });
    grad(tf.gather(a, i), a);
    grad(tf.gather(b, i), b);
    grad(tf.gather(b, i, { axis: 1 }), b);
    grad(tf.gatherNd(a, [[0, 1]]), a);
    grad(tf.gatherNd(a, [[0]]), a);
    grad(tf.scatterNd([[1]], a.at(0, ":1"), [4]), a);
    grad(tf.topK(a, 2).values, a);
    grad(tf.dynamicPartition(a, [0, 1, 0, 1], 2), a);
    grad(tf.dynamicStitch([0, 1], [a.at(0), a.at(1)]), a);
    grad(tf.embeddingLookup([a, b], i), a, b);
    grad(tf.gather(a, tf.zeros([4, 1], int32), { batchDims: 1 }), a);
    grad(tf.tensorScatterNdMax(a, [[0]], a.at("1:2")), a);
  },
};

const nodesOf = (graph: GraphDefinition): string[] =>
  graph.nodes.map(
    (node) =>
      `${node.name} = ${node.op}(${node.inputs.join(", ")}) {${[...node.attrs]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, attr]) => `${name}=${attrText(attr)}`)
        .join(", ")}}${node.device ? ` @${node.device}` : ""}`,
  );

describe("array ops make Python's nodes", () => {
  for (const [name, base64] of Object.entries(expected)) {
    it(name, () => {
      const graph = new Graph();
      graph.asDefault(programs[name]!);
      expect(nodesOf(graphDefinition(graph))).toEqual(
        nodesOf(decodeGraphDef(new Uint8Array(Buffer.from(base64, "base64")))),
      );
    });
  }
});
