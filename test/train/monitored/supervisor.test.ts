/** Supervisors: they initialize or restore, run services by the clock, and stop together. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Graph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";

function counting() {
  const step = tf.train.getOrCreateGlobalStep();
  return step.assignAdd(1) as tf.Tensor;
}

test("a supervised run saves by the clock, and the next one goes on from there", async () => {
  const logdir = mkdtempSync(join(tmpdir(), "tsflow-supervisor-"));
  const train = (steps: number) =>
    new Graph().asDefault(async () => {
      const next = counting();
      tf.summary.scalar("one", tf.constant(1, { dtype: tf.float32 }));
      const sv = new tf.train.Supervisor({ logdir, saveModelSecs: 0.005, saveSummariesSecs: 0.005 });
      let last = 0;
      await sv.managedSession(async (sess) => {
        for (let i = 0; i < steps && !sv.shouldStop(); i++) last = Number((await sess.run(next)).item());
        while (!readdirSync(logdir).includes(`model.ckpt-${last}.index`)) await new Promise((r) => setTimeout(r, 2));
      });
      return last;
    });
  expect(await train(3)).toBe(3);
  expect(await train(2)).toBe(5);
  expect(readdirSync(logdir)).toContain("graph.pbtxt");
  rmSync(logdir, { recursive: true });
});

test("an error of the body comes out, the end of a queue does not", () =>
  new Graph().asDefault(async () => {
    const x = tf.train.rangeInputProducer(2, { shuffle: false, numEpochs: 1 }).dequeue() as tf.Tensor;
    const sv = new tf.train.Supervisor();
    const seen: unknown[] = [];
    await sv.managedSession(async (sess) => {
      for (;;) seen.push((await sess.run(x)).item());
    });
    expect(seen).toEqual([0, 1]);
    await expect(
      sv.managedSession(() => {
        throw new Error("of the body");
      }),
    ).rejects.toThrow("of the body");
  }));
