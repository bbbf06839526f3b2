/** Loops around training and evaluation. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsflow-loops-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("loops", () => {
  test("basicTrainLoop runs steps until the supervisor stops, anew after an abortion", async () => {
    await new tf.Graph().asDefault(async () => {
      const count = new tf.Variable(0, { name: "count" });
      const next = count.assignAdd(1);
      const supervisor = new tf.train.Supervisor({ logdir: folder });
      const seen: number[] = [];
      let isAborted = false;
      const step = async (sess: tf.Session, by: string): Promise<void> => {
        expect(by).toBe("one");
        seen.push(Number((await sess.run(next as tf.Tensor)).item()));
        if (seen.length === 2 && !isAborted) {
          isAborted = true;
          throw new tf.errors.AbortedError("away");
        }
        if (seen.length === 5) supervisor.requestStop();
      };
      await tf.train.basicTrainLoop(supervisor, step, { args: ["one"] });
      expect(seen.length).toBe(5);
      expect(isAborted).toBe(true);
    });
  });

  test("checkpointsIterator gives each new checkpoint once, and ends after the timeout", async () => {
    await new tf.Graph().asDefault(async () => {
      const w = new tf.Variable(1, { name: "w" });
      const saver = new tf.train.Saver([w]);
      const sess = new tf.Session();
      await sess.run(w.initializer);
      const first = await saver.save(sess, join(folder, "model"), { globalStep: 1 });
      const seen: (string | null)[] = [];
      for await (const path of tf.train.checkpointsIterator(folder, { timeout: 0.5 })) {
        seen.push(path);
        if (seen.length === 1) await saver.save(sess, join(folder, "model"), { globalStep: 2 });
      }
      expect(seen).toEqual([first, join(folder, "model-2")]);
      const asked: string[] = [];
      for await (const path of tf.train.checkpointsIterator(folder, { timeoutFn: () => true })) asked.push(path);
      expect(asked).toEqual([join(folder, "model-2")]);
    });
  });
});
