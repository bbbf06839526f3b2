/** Checkpoints of objects in a graph: their options by place and by name, and managers that count by a variable. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "checkpoints-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function inSession(use: (sess: tf.Session, v: tf.Variable) => Promise<void>): Promise<void> {
  await new Graph().asDefault(async () => {
    const v = tf.getVariable("v", { initializer: tf.constant([1, 2], tf.float32) });
    await using sess = new tf.Session();
    await sess.run(tf.globalVariablesInitializer());
    await use(sess, v);
  });
}

test("a checkpoint takes its session and its options by place, and tells callbacks where it lies", () =>
  inSession(async (sess, v) => {
    const paths: string[] = [];
    const options = new tf.train.CheckpointOptions({
      experimentalWriteCallbacks: [(path: string) => paths.push(path), () => paths.push("done")],
    });
    const checkpoint = new tf.train.Checkpoint({ v });
    const path = await checkpoint.save(join(folder, "c"), sess, options);
    await checkpoint.write(join(folder, "w"), { session: sess, options });
    expect(paths.map((each) => basename(each))).toEqual(["c-1", "done", "w", "done"]);
    expect(tf.train.latestCheckpoint(folder)).toBe(path);
  }));

test("a manager counts by a variable of the graph, and keeps as many as it is told by place", () =>
  inSession(async (sess, v) => {
    const step = tf.train.getOrCreateGlobalStep();
    await sess.run(step.initializer);
    const manager = new tf.train.CheckpointManager(new tf.train.Checkpoint({ v, step }), folder, 2, null, "m", {
      stepCounter: step,
      checkpointInterval: 2,
    });
    const saved: (string | null)[] = [];
    await sess.asDefault(async () => {
      for (let i = 0; i < 6; i++) {
        await sess.run(step.assignAdd(1));
        saved.push(await manager.save());
      }
    });
    expect(saved.map((path) => path && basename(path))).toEqual(["m-1", null, "m-3", null, "m-5", null]);
    expect(readdirSync(folder).filter((name) => name.endsWith(".index"))).toEqual(["m-3.index", "m-5.index"]);
    expect(manager.checkpoints.map((path) => basename(path))).toEqual(["m-3", "m-5"]);
  }));

test("a run whose signal is aborted already does nothing", () =>
  inSession(async (sess, v) => {
    const update = v.assignAdd([1, 1]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(sess.run(update, { signal })).rejects.toThrow("enough");
    expect((await sess.run(v)).toList()).toEqual([1, 2]);
  }));
