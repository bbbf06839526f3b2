/** tf.contrib.training at work: buckets fill by their runners, training stops, checkpoints are evaluated. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

const { training } = tf.contrib;
const root = mkdtempSync(join(tmpdir(), "contrib-training-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const inGraph = <R>(fn: () => Promise<R>): Promise<R> => new tf.Graph().asDefault(fn);
const numbers = (value: unknown): number[] => [...((value as tf.NdArray).data as Int32Array)].map(Number);

describe("tf.contrib.training", () => {
  test("batches hold examples of like length", () =>
    inGraph(async () => {
      const length = tf.train.rangeInputProducer(8, { numEpochs: 2, shuffle: false }).dequeue() as tf.Tensor;
      const words = tf.range(length);
      const [lengths, [padded]] = training.bucketBySequenceLength(length, [words, length], 4, [4], {
        dynamicPad: true,
      });
      await tf.withSession(async (sess) => {
        await sess.run([tf.localVariablesInitializer(), tf.globalVariablesInitializer()]);
        const coord = new tf.train.Coordinator();
        const threads = tf.train.startQueueRunners({ sess, coord });
        for (let i = 0; i < 4; i++) {
          const [sizes, batch] = await sess.run([lengths, padded as tf.Tensor]);
          const own = numbers(sizes);
          expect(own.length).toBe(4);
          expect(own.every((n) => n < 4) || own.every((n) => n >= 4)).toBe(true);
          expect(batch.shape).toEqual([4, Math.max(...own)]);
        }
        await expect(sess.run(lengths)).rejects.toThrow(tf.errors.OutOfRangeError);
        coord.requestStop();
        await coord.join(threads);
      });
    }));

  test("trains until a hook stops it, and evaluates what was saved", () =>
    inGraph(async () => {
      const step = tf.train.getOrCreateGlobalStep();
      const trainOp = tf.assignAdd(step, 1) as tf.Tensor;
      const logdir = join(root, "logs");
      const last = await training.train(trainOp, logdir, { hooks: [new tf.train.StopAtStepHook({ lastStep: 3 })] });
      expect(Number(last.item())).toBe(3);
      await expect(training.train(trainOp, null)).rejects.toThrow(
        "logdir cannot be None when save_summaries_steps is not None",
      );
      await inGraph(async () => {
        const restored = tf.train.getOrCreateGlobalStep();
        const seen = new tf.Variable(0, { name: "seen", trainable: false, collections: ["local_variables"] });
        const evalOps = tf.assignAdd(seen, 2) as tf.Tensor;
        tf.summary.scalar("seen", tf.cast(seen, tf.float32));
        const evalDir = join(root, "eval");
        const hooks = () => [new training.StopAfterNEvalsHook(5), new training.SummaryAtEndHook({ logDir: evalDir })];
        const checkpoint = tf.train.latestCheckpoint(logdir) as string;
        const finalOps = { seen, restored };
        const once = await training.evaluateOnce(checkpoint, { evalOps, finalOps, hooks: hooks() });
        expect([Number(once.seen.item()), Number(once.restored.item())]).toEqual([10, 3]);
        expect(readdirSync(evalDir).some((name) => name.includes("tfevents"))).toBe(true);
      });
      await inGraph(async () => {
        const restored = tf.train.getOrCreateGlobalStep();
        const values = await training.evaluateRepeatedly(logdir, {
          finalOps: restored,
          maxNumberOfEvaluations: 1,
        });
        expect(Number(values.item())).toBe(3);
      });
    }));

  test("gives up waiting for a checkpoint", async () => {
    expect(await training.waitForNewCheckpoint(join(root, "none"), null, 0.01, 0)).toBeNull();
  });
});
