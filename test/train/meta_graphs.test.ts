/** What tf.train.exportMetaGraph leaves out and cuts, against TensorFlow's (test/fixtures/train/make_meta_graphs.py). */
import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { MetaGraphOptions } from "../../src/build/meta_graph/export.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { decode, encode, fromLong, mapEntries, pb } from "../../src/proto/messages.ts";
import { goldenTexts } from "../build/nodes.ts";
import expected from "../fixtures/train/meta_graphs.json" with { type: "json" };

type Graphs = keyof (typeof expected)["graphs"];
interface Savers {
  readonly first: tf.train.Saver;
  readonly second: tf.train.Saver;
}

function program({ sharded = false, writeVersion = tf.train.SaverDef.V2 } = {}): Savers {
  const x = tf.placeholder(tf.float32, [null, 3], { name: "x" });
  const step = tf.train.getOrCreateGlobalStep();
  const scale = tf.nameScope("outer", () => tf.constant(2.0, { dtype: tf.float32, name: "scale" }));
  const z = tf.device("/cpu:1", () =>
    tf.variableScope("hidden", () => {
      const w = tf.getVariable("w", [3, 2]);
      const r = tf.getVariable("r", [2], { initializer: tf.zerosInitializer(), useResource: true });
      const y = tf.matmul(x, w, { name: "y" }).mul(scale).add(r);
      const z = tf.controlDependencies([step.op], () => tf.identity(y, { name: "z" }));
      tf.colocateWith(w, () => tf.identity(z, { name: "beside" }));
      tf.colocateWith(x, () => tf.identity(z, { name: "afar" }));
      tf.whileLoop(
        (i) => i.less(3),
        (i) => i.add(1),
        [tf.constant(0)],
        { name: "loop" },
      );
      const queue = new tf.FIFOQueue(4, [tf.float32], { shapes: [[3]], name: "queue" });
      tf.train.addQueueRunner(new tf.train.QueueRunner(queue, [queue.enqueue([tf.zeros([3])])]));
      return z;
    }),
  );
  tf.addToCollection("words", "hidden/word");
  tf.addToCollection("words", "elsewhere");
  tf.addToCollection("nodes", z);
  tf.addToCollection("nodes", x);
  tf.addToCollection("numbers", 7);
  tf.summary.scalar("sum", tf.reduceSum(z));
  const first = new tf.train.Saver({ name: "first" });
  tf.addToCollection(tf.GraphKeys.SAVERS, first);
  const w = tf.globalVariables().find(({ name }) => name === "hidden/w:0")!;
  const second = new tf.train.Saver([w], { maxToKeep: 2, sharded, writeVersion });
  tf.addToCollection(tf.GraphKeys.SAVERS, second);
  return { first, second };
}

function exported(options: MetaGraphOptions): pb.MetaGraphDef.$Properties {
  program();
  return tf.train.exportMetaGraph(null, options);
}

const cases: Record<Graphs, () => pb.MetaGraphDef.$Properties> = {
  whole: () => exported({}),
  "with a saver": () => program().second.exportMetaGraph(),
  clear_devices: () => exported({ clearDevices: true }),
  clear_extraneous_savers: () => program().second.exportMetaGraph(null, { clearExtraneousSavers: true }),
  "clear_extraneous_savers of the first": () =>
    program().first.exportMetaGraph(null, null, null, null, true, { clearExtraneousSavers: true }),
  strip_default_attrs: () => exported({ stripDefaultAttrs: true }),
  export_scope: () => exported({ exportScope: "hidden" }),
  "export_scope with a slash, no devices": () => exported({ exportScope: "hidden/", clearDevices: true }),
  collection_list: () => exported({ collectionList: ["numbers", "words", "nothing"] }),
  graph_def() {
    program();
    const graphDef = tf.getDefaultGraph().asGraphDef();
    return tf.train.exportMetaGraph(null, { graphDef, collectionList: [] });
  },
  meta_info_def: () => exported({ metaInfoDef: { metaGraphVersion: "v7", tags: ["a", "b"] }, collectionList: [] }),
  "first version": () => program({ writeVersion: tf.train.SaverDef.V1 }).second.exportMetaGraph(),
  "first version, sharded": () =>
    program({ writeVersion: tf.train.SaverDef.V1, sharded: true }).second.exportMetaGraph(),
};

/** All that a MetaGraphDef says, so that it can be compared line by line. */
function said(bytes: Uint8Array): unknown {
  const { metaInfoDef, graphDef, saverDef, collectionDef } = decode(pb.MetaGraphDef, bytes);
  const { metaGraphVersion, tags, strippedDefaultAttrs, strippedOpList } = metaInfoDef!;
  return {
    nodes: goldenTexts(encode(pb.GraphDef, graphDef!)),
    collections: mapEntries(collectionDef)
      .map(([key, { nodeList, bytesList, int64List }]) => [
        key,
        ...(nodeList?.value ?? []),
        ...(bytesList?.value ?? []).map((each) => Buffer.from(each).toString("latin1")),
        ...(int64List?.value ?? []).map((each) => fromLong(each)),
      ])
      .sort(),
    saver: saverDef,
    info: { metaGraphVersion, tags, strippedDefaultAttrs, ops: strippedOpList?.op?.map(({ name }) => name) },
  };
}

describe("a MetaGraphDef exported with", () => {
  test.each(Object.keys(cases) as Graphs[])("%s", (name) => {
    new Graph().asDefault(() => {
      const want = new Uint8Array(inflateSync(Buffer.from(expected.graphs[name], "base64")));
      expect(said(encode(pb.MetaGraphDef, cases[name]()))).toEqual(said(want));
    });
  });
});

test("a part is imported with what its inputs are", async () => {
  const part = new Graph().asDefault(() => cases.export_scope());
  await new Graph().asDefault(async () => {
    const scalar = { $unbound_inputs_x: tf.zeros([1, 3]) };
    for (const [options, words] of [
      [{}, expected.words["import without inputs"]],
      [{ inputMap: scalar }, expected.words["import with one input"]],
    ] as const)
      expect(() => tf.train.importMetaGraph(part, options)).toThrow(words.slice("ValueError: ".length));
  });
});
