import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { dtypeOf, float32 } from "../../src/core/dtype.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { latestCheckpoint } from "../../src/io/checkpoint/state.ts";
import { decode, encode, mapEntries, pb } from "../../src/proto/messages.ts";
import { Session } from "../../src/session/session.ts";
import { importMetaGraph } from "../../src/train/import_meta_graph.ts";
import { Saver, type SaverOptions } from "../../src/train/saver.ts";
import { goldenTexts } from "../build/nodes.ts";
import { difference, type GoldenValue, toArray } from "../conformance/values.ts";
import { goldenPath, hasGoldens, readGolden } from "../golden.ts";

interface Save {
  readonly global_step: number | null;
  readonly returned: string;
  readonly files: readonly string[];
  readonly checkpoint_file: string;
  readonly last_checkpoints: readonly string[];
  readonly latest_checkpoint: string;
}

interface Expected {
  readonly saves?: readonly Save[];
  readonly checkpoints: readonly { readonly prefix: string; readonly files: Readonly<Record<string, unknown>> }[];
  readonly variables: readonly { readonly name: string; readonly shape: number[]; readonly dtype: string }[];
}

interface Trained {
  readonly meta: {
    readonly feeds: Readonly<Record<string, GoldenValue>>;
    readonly fetches: Readonly<Record<string, GoldenValue>>;
    readonly train_op: string;
    readonly loss: string;
    readonly losses_after_each_further_step: readonly number[];
  };
}

const expectedOf = (name: string): Expected => readGolden<Expected>("checkpoints", name, "expected.json");
const names = hasGoldens
  ? readGolden<{ directories: string[] }>("checkpoints", "index.json").directories.filter(
      (name) => !name.startsWith("damaged/") && !["wide_index", "without_meta"].includes(name),
    )
  : [];

const folder = mkdtempSync(join(tmpdir(), "saver-"));
afterAll(() => rmSync(folder, { recursive: true }));
const soft = { config: { allowSoftPlacement: true } };

const graphTexts = (metaGraph: pb.MetaGraphDef.$Properties): string[] =>
  goldenTexts(encode(pb.GraphDef, metaGraph.graphDef!));
const saverTexts = (metaGraph: pb.MetaGraphDef.$Properties): string[] =>
  graphTexts(metaGraph).filter((text) => text.startsWith("save/"));
const collectionTexts = (metaGraph: pb.MetaGraphDef.$Properties): string[] =>
  mapEntries(metaGraph.collectionDef).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
const saverDefOf = (metaGraph: pb.MetaGraphDef.$Properties): pb.SaverDef =>
  decode(pb.SaverDef, encode(pb.SaverDef, metaGraph.saverDef!));
const metaGraphAt = (path: string): pb.MetaGraphDef => decode(pb.MetaGraphDef, readFileSync(path), path);

describe.skipIf(!hasGoldens).each(names)("checkpoint %s", (name) => {
  test("its graph is imported, its values restored, and both written again as they were", async () => {
    const last = expectedOf(name).checkpoints.at(-1)!;
    const golden = goldenPath("checkpoints", name, last.prefix);
    const prefix = join(folder, `${name} again`, last.prefix);
    const graph = new Graph();
    await graph.asDefault(async () => {
      const saver = importMetaGraph(`${golden}.meta`)!;
      await using sess = new Session({ graph, ...soft });
      await saver.restore(sess, golden);
      expect(await saver.save(sess, prefix)).toBe(prefix);
    });
    for (const file of Object.keys(last.files).filter((each) => !each.endsWith(".meta"))) {
      const theirs = readFileSync(golden.replace(last.prefix, file));
      expect(readFileSync(prefix.replace(last.prefix, file)).equals(theirs), file).toBe(true);
    }
    const [ours, theirs] = [metaGraphAt(`${prefix}.meta`), metaGraphAt(`${golden}.meta`)];
    expect(graphTexts(ours)).toEqual(graphTexts(theirs));
    expect(collectionTexts(ours)).toEqual(collectionTexts(theirs));
    expect(ours.saverDef).toEqual(theirs.saverDef);
  });
});

function makeVariables(name: string): Saver {
  const { variables } = expectedOf(name);
  const options: Record<string, SaverOptions> = {
    sharded: { sharded: true },
    rotation: { maxToKeep: 2 },
    keep_all: { maxToKeep: 0 },
    relative_paths: { saveRelativePaths: true, maxToKeep: 3 },
  };
  const made = variables.map(({ name: output, shape, dtype }, i) =>
    tf.device(name === "sharded" ? `/cpu:${i % 2}` : null, () =>
      tf.getVariable(output.slice(0, -2), {
        shape,
        dtype: dtypeOf(dtype),
        initializer: dtype === "string" ? () => tf.fill(shape, "") : tf.zerosInitializer(),
        useResource: name === "resource_variables",
      }),
    ),
  );
  if (name !== "renamed_keys") return new Saver(options[name]);
  return new Saver({ "model/v_renamed": made[0]!, "model/w_renamed": made[1]! });
}

const whole = names.filter((name) => !name.startsWith("partitioned") && name !== "with_meta");

describe.skipIf(!hasGoldens).each(whole)("a saver of the variables of %s", (name) => {
  test("has TensorFlow's nodes", () => {
    const golden = metaGraphAt(goldenPath("checkpoints", name, `${expectedOf(name).checkpoints.at(-1)!.prefix}.meta`));
    new Graph().asDefault(() => {
      const saver = makeVariables(name);
      const metaGraph = saver.exportMetaGraph();
      expect(saverTexts(metaGraph)).toEqual(saverTexts(golden));
      expect(saverDefOf(metaGraph)).toEqual(golden.saverDef);
    });
  });
});

describe.skipIf(!hasGoldens).each(["rotation", "keep_all", "relative_paths", "sharded"])("saving as %s", (name) => {
  test("leaves the files and the state that TensorFlow leaves", async () => {
    const graph = new Graph();
    await graph.asDefault(async () => {
      const saver = makeVariables(name);
      const init = tf.globalVariablesInitializer();
      await using sess = new Session({ graph, ...soft });
      await sess.run(init);
      const here = relative(process.cwd(), folder);
      for (const save of expectedOf(name).saves!) {
        const path = await saver.save(sess, join(here, name, "model.ckpt"), { globalStep: save.global_step });
        expect(path).toBe(join(here, save.returned));
        expect(readdirSync(join(folder, name)).sort()).toEqual(save.files);
        expect(readFileSync(join(folder, name, "checkpoint"), "utf8")).toBe(save.checkpoint_file);
        expect(saver.lastCheckpoints).toEqual(save.last_checkpoints.map((prefix) => join(here, name, prefix)));
        expect(latestCheckpoint(join(here, name))).toBe(join(here, save.latest_checkpoint));
      }
    });
  });
});

test.skipIf(!hasGoldens)("variables in parts are saved and restored as slices", () => {
  const golden = metaGraphAt(goldenPath("checkpoints", "partitioned", "model.ckpt.meta"));
  new Graph().asDefault(() => {
    tf.variableScope("p", { partitioner: tf.fixedSizePartitioner(3) }, () =>
      tf.getVariable("rows", { shape: [7, 2], initializer: tf.randomUniformInitializer({ seed: 3 }) }),
    );
    tf.variableScope("q", { partitioner: tf.fixedSizePartitioner(2, { axis: 1 }) }, () =>
      tf.getVariable("cols", { shape: [3, 5], initializer: tf.randomUniformInitializer({ seed: 4 }) }),
    );
    tf.getVariable("whole", { initializer: tf.constant([1.5, 2.5]) });
    const metaGraph = new Saver().exportMetaGraph();
    expect(saverTexts(metaGraph)).toEqual(saverTexts(golden));
  });
});

describe.skipIf(!hasGoldens)("a trained model with its graph", () => {
  const { meta } = hasGoldens
    ? readGolden<Trained>("checkpoints", "with_meta", "expected.json")
    : ({} as unknown as Trained);
  const prefix = goldenPath("checkpoints", "with_meta", "model.ckpt-3");

  test("goes on training as in TensorFlow", async () => {
    const graph = new Graph();
    await graph.asDefault(async () => {
      const saver = importMetaGraph(`${prefix}.meta`)!;
      await using sess = new Session({ graph });
      await saver.restore(sess, prefix);
      const feedDict = Object.entries(meta.feeds).map(([key, value]) => [key, toArray(value)] as const);
      for (const [key, value] of Object.entries(meta.fetches)) {
        expect(
          difference((await sess.run(key, { feedDict })) as unknown as NdArray, value, { rtol: 1e-6, atol: 1e-7 }),
        ).toBeNull();
      }
      for (const loss of meta.losses_after_each_further_step) {
        await sess.run(meta.train_op, { feedDict });
        expect(Number(await sess.run(meta.loss, { feedDict }))).toBeCloseTo(loss, 5);
      }
    });
  });

  test("has the graph and the collections that the same program makes here", () => {
    const golden = metaGraphAt(`${prefix}.meta`);
    const constants = new Map(golden.graphDef!.node!.map((node) => [node.name!, node]));
    expect(constants.has("linear/w/initial_value")).toBe(true);
    new Graph().asDefault(() => {
      const x = tf.placeholder(float32, [null, 3], { name: "x" });
      const t = tf.placeholder(float32, [null, 1], { name: "t" });
      const [w, b] = tf.variableScope("linear", () => [
        tf.getVariable("w", { initializer: tf.zeros([3, 1]) }),
        tf.getVariable("b", { initializer: tf.constant([0.5]) }),
      ]);
      const y = tf.add(tf.matmul(x, w!), b!, { name: "y" });
      const loss = tf.reduceMean(tf.square(y.sub(t)), { name: "loss" });
      const globalStep = tf.train.getOrCreateGlobalStep();
      const train = new tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss, { globalStep, name: "train" });
      tf.addToCollection("outputs", y);
      tf.addToCollection("train_op", train);
      const metaGraph = new Saver().exportMetaGraph();
      expect(saverTexts(metaGraph)).toEqual(saverTexts(golden));
      expect(saverDefOf(metaGraph)).toEqual(golden.saverDef);
      expect(mapEntries(metaGraph.collectionDef).map(([key]) => key)).toEqual(
        mapEntries(golden.collectionDef).map(([key]) => key),
      );
    });
  });
});
