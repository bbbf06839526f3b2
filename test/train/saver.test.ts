import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { int32 } from "../../src/core/dtype.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import { getCheckpointState, updateCheckpointState } from "../../src/train/checkpoint_state.ts";
import { importMetaGraph } from "../../src/train/import_meta_graph.ts";
import { exportMetaGraph, readMetaGraphFile } from "../../src/train/meta_graph.ts";
import { Saver } from "../../src/train/saver.ts";

let folder: string;
let model: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "saver-"));
  model = join(folder, "model.ckpt");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A session on a graph that `build` makes, its variables initialized. */
async function inSession<T>(build: () => T, use: (sess: Session, built: T) => Promise<void>): Promise<void> {
  const graph = new Graph();
  await graph.asDefault(async () => {
    const built = build();
    const init = tf.globalVariablesInitializer();
    await using sess = new Session({ graph });
    await sess.run(init);
    await use(sess, built);
  });
}

const saved = (shape: number[], name = "v"): Promise<void> =>
  inSession(
    () => new tf.Variable(tf.zeros(shape), { name }),
    async (sess) => void (await new Saver().save(sess, model)),
  );

const restoring = (build: () => unknown): Promise<void> => inSession(build, (sess) => new Saver().restore(sess, model));

describe("what does not fit is said in TensorFlow's words", () => {
  const most = (cause: string): string =>
    `Restoring from checkpoint failed. This is most likely due to ${cause} from the checkpoint. Please ensure that you have not altered the graph expected based on the checkpoint. Original error:\n\n`;

  test("no variables", () => {
    new Graph().asDefault(() => expect(() => new Saver()).toThrow("No variables to save"));
  });

  test("a variable that the checkpoint lacks", async () => {
    await saved([2]);
    await expect(
      restoring(() => [new tf.Variable(tf.zeros([2]), { name: "v" }), new tf.Variable(1, { name: "w" })]),
    ).rejects.toThrow(
      `${most("a Variable name or other graph key that is missing")}Key w not found in checkpoint\n\t [[{{node save/RestoreV2}}]]`,
    );
  });

  test("another shape", async () => {
    await saved([2]);
    await expect(restoring(() => new tf.Variable(tf.zeros([3]), { name: "v" }))).rejects.toThrow(
      `${most("a mismatch between the current graph and the graph")}Assign requires shapes of both tensors to match. lhs shape= [3] rhs shape= [2]\n\t [[{{node save/Assign}}]]`,
    );
  });

  test("another dtype", async () => {
    await saved([2]);
    await expect(restoring(() => new tf.Variable(tf.zeros([2], int32), { name: "v" }))).rejects.toThrow(
      `${most("a mismatch between the current graph and the graph")}tensor_name = v; expected dtype int32 does not equal original dtype float\n\t [[{{node save/RestoreV2}}]]`,
    );
  });

  test("no checkpoint", async () => {
    await inSession(
      () => [new tf.Variable(1, { name: "v" }), new Saver()] as const,
      async (sess, [, saver]) => {
        await expect(saver.restore(sess, null)).rejects.toThrow("Can't load save_path when it is None.");
        await expect(saver.restore(sess, "no/such/model.ckpt")).rejects.toThrow(
          "The passed save_path is not a valid checkpoint: no/such/model.ckpt",
        );
        const far = join(folder, "no/such/model.ckpt");
        await expect(saver.save(sess, far)).rejects.toThrow(`Parent directory of ${far} doesn't exist, can't save.`);
        await expect(saver.save(sess, join(folder, "checkpoint"))).rejects.toThrow(
          `'latest_filename' collides with 'save_path': 'checkpoint' and '${join(folder, "checkpoint")}'`,
        );
        await expect(saver.save(sess, model, { latestFilename: "a/b" })).rejects.toThrow(
          "'latest_filename' must not contain path components",
        );
        expect(readdirSync(folder)).toEqual([]);
      },
    );
  });

  test("variables without values, and then nothing is left", async () => {
    const graph = new Graph();
    await graph.asDefault(async () => {
      new tf.Variable(1, { name: "v" });
      const saver = new Saver();
      await using sess = new Session({ graph });
      await expect(saver.save(sess, model)).rejects.toThrow(
        "Attempting to use uninitialized value v\n\t [[{{node save/SaveV2}}]]",
      );
      expect(readdirSync(folder)).toEqual([]);
    });
  });

  test("two names for one, what is no variable", () => {
    new Graph().asDefault(() => {
      const v = new tf.Variable(1, { name: "v" });
      expect(() => new Saver([v, v])).toThrow("At least two variables have the same name: v");
      expect(() => new Saver([tf.constant(1)])).toThrow("Variable to save is not a Variable: ");
    });
  });
});

test("a folder whose parent is there is made", async () => {
  await inSession(
    () => new tf.Variable(1, { name: "v" }),
    async (sess) => {
      await new Saver().save(sess, join(folder, "run", "m"), { globalStep: 3 });
      expect(readdirSync(join(folder, "run")).sort()).toEqual([
        "checkpoint",
        "m-3.data-00000-of-00001",
        "m-3.index",
        "m-3.meta",
      ]);
    },
  );
});

test("what a saver saves under other names it restores under them", async () => {
  await inSession(
    () => {
      const v = new tf.Variable(tf.constant([1, 2]), { name: "v" });
      return { v, clear: v.assign([0, 0]), saver: new Saver({ "old/v": v }) };
    },
    async (sess, { v, clear, saver }) => {
      const path = await saver.save(sess, model, { globalStep: 7, writeMetaGraph: false });
      expect(path).toBe(`${model}-7`);
      await sess.run(clear);
      await saver.restore(sess, path);
      expect([...(await sess.run(v)).data]).toEqual([1, 2]);
      expect(readdirSync(folder).some((file) => file.endsWith(".meta"))).toBe(false);
    },
  );
});

test("reshape restores a tensor of another shape", async () => {
  await saved([2, 3]);
  await inSession(
    () => [new tf.Variable(tf.ones([6]), { name: "v" }), new Saver({ reshape: true })] as const,
    async (sess, [v, saver]) => {
      await saver.restore(sess, model);
      expect([...(await sess.run(v)).data]).toEqual([0, 0, 0, 0, 0, 0]);
    },
  );
});

test("the step may be a variable; steps may be padded; older ones go, but for one every few hours", async () => {
  await inSession(
    () => {
      new tf.Variable(1, { name: "v" });
      const step = tf.train.getOrCreateGlobalStep();
      return { step, next: tf.assignAdd(step, 1) };
    },
    async (sess, { step, next }) => {
      const saver = new Saver({ maxToKeep: 1, padStepNumber: true, keepCheckpointEveryNHours: 1e-9 });
      const none = new Saver({ maxToKeep: 1 });
      for (let i = 0; i < 3; i++) {
        await sess.run(next);
        await saver.save(sess, join(folder, "kept"), { globalStep: step, writeMetaGraph: false });
        await none.save(sess, join(folder, "gone"), { globalStep: step, writeMetaGraph: false });
      }
      const indexes = readdirSync(folder).filter((file) => file.endsWith(".index"));
      expect(indexes.sort()).toEqual([
        "gone-3.index",
        "kept-00000001.index",
        "kept-00000002.index",
        "kept-00000003.index",
      ]);
    },
  );
});

test("checkpoints of an earlier process go on being counted, but none outside is deleted", async () => {
  await inSession(
    () => new tf.Variable(1, { name: "v" }),
    async (sess) => {
      const first = new Saver();
      const inside = join(folder, "run", "m");
      const outside = join(folder, "other", "m");
      await first.save(sess, outside, { globalStep: 1 });
      await first.save(sess, inside, { globalStep: 1 });
      await first.save(sess, inside, { globalStep: 2 });
      const later = new Saver({ maxToKeep: 1 });
      later.recoverLastCheckpoints([`${outside}-1`, `${inside}-1`, join(folder, "never-1")]);
      expect(later.lastCheckpoints).toEqual([`${outside}-1`, `${inside}-1`]);
      await later.save(sess, inside, { globalStep: 3 });
      await later.save(sess, inside, { globalStep: 4 });
      await later.save(sess, inside, { globalStep: 5 });
      expect(readdirSync(join(folder, "other"))).toContain("m-1.index");
      expect(readdirSync(join(folder, "run")).filter((file) => file.endsWith(".index"))).toEqual([
        "m-2.index",
        "m-5.index",
      ]);
    },
  );
});

test("a graph goes to a text file and back, under a scope, with its saver", async () => {
  await saved([2]);
  const file = join(folder, "graph.meta.txt");
  new Graph().asDefault(() => {
    const v = new tf.Variable(tf.zeros([2]), { name: "v" });
    tf.addToCollection("doubled", v.mul(2));
    tf.addToCollection("counts", 3);
    tf.addToCollection("words", "three");
    tf.addToCollection(tf.GraphKeys.SAVERS, new Saver());
    exportMetaGraph(file, { asText: true, saverDef: new Saver().asSaverDef() });
  });
  expect(readFileSync(file, "utf8")).toContain('filename_tensor_name: "save_1/Const:0"');
  const graph = new Graph();
  await graph.asDefault(async () => {
    const saver = importMetaGraph(file, { importScope: "outer" })!;
    expect(saver.asSaverDef()).toMatchObject({ restoreOpName: "outer/save_1/restore_all" });
    expect(tf.globalVariables().map((variable) => variable.name)).toEqual(["outer/v:0"]);
    expect(tf.trainableVariables()[0]).toBe(tf.globalVariables()[0]);
    expect(tf.getCollection("counts")).toEqual([3]);
    expect(String(tf.getCollection("doubled")[0])).toContain("outer/mul:0");
    expect(tf.getCollection(tf.GraphKeys.SAVERS)[0]).toBeInstanceOf(Saver);
    await using sess = new Session({ graph });
    await saver.restore(sess, model);
    expect([...(await sess.run(tf.globalVariables()[0]!)).data]).toEqual([0, 0]);
  });
});

test("a file that is no graph is named", () => {
  const file = join(folder, "x.meta");
  expect(() => readMetaGraphFile(file)).toThrow(`File does not exist. Received: ${file}.`);
  writeFileSync(file, "neither { binary: nor }} text");
  expect(() => readMetaGraphFile(file)).toThrow(`Cannot parse file ${file}`);
});

test("the state file is read and written as by TensorFlow's functions", () => {
  updateCheckpointState(folder, "m-2", { allModelCheckpointPaths: ["m-1"], allModelCheckpointTimestamps: [1.5, 2.5] });
  expect(getCheckpointState(folder)).toEqual({
    modelCheckpointPath: join(folder, "m-2"),
    allModelCheckpointPaths: [join(folder, "m-1"), join(folder, "m-2")],
    allModelCheckpointTimestamps: [1.5, 2.5],
    lastPreservedTimestamp: null,
  });
  expect(String(getCheckpointState(folder))).toBe(
    `model_checkpoint_path: "${folder}/m-2"
all_model_checkpoint_paths: "${folder}/m-1"
all_model_checkpoint_paths: "${folder}/m-2"
all_model_checkpoint_timestamps: 1.5
all_model_checkpoint_timestamps: 2.5
`,
  );
  expect(() => updateCheckpointState(folder, "m-2", { allModelCheckpointTimestamps: [1, 2] })).toThrow(
    "Checkpoint timestamps, if provided, must match checkpoint paths (got paths ['m-2'] and timestamps [1, 2])",
  );
  expect(() => updateCheckpointState(folder, join(folder, "checkpoint"))).toThrow(
    `Save path '${join(folder, "checkpoint")}' conflicts with path used for checkpoint state.  Please use a different save path.`,
  );
  expect(getCheckpointState(join(folder, "none"))).toBeNull();
});
