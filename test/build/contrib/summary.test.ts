/** tf.contrib.summary and tf.contrib.eager.metrics: what is written when, and what metrics have seen. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { eagerMode } from "../../../src/eager/mode.ts";
import * as tf from "../../../src/index.ts";

const { summary } = tf.contrib;
const { metrics } = tf.contrib.eager;
const root = mkdtempSync(join(tmpdir(), "contrib-summary-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** [step, tag, value] of all scalars of a folder's event file. */
function scalarsOf(folder: string): (readonly [number, string, number])[] {
  const [file] = readdirSync(folder).filter((name) => name.includes("tfevents"));
  const found: (readonly [number, string, number])[] = [];
  for (const event of tf.train.summaryIterator(join(folder, file!)))
    for (const value of event.summary?.value ?? [])
      found.push([Number(event.step), value.tag as string, Number(value.simpleValue)]);
  return found;
}

describe("tf.contrib.summary", () => {
  test("writes what a graph's operations write, every second step", () =>
    new tf.Graph().asDefault(async () => {
      const folder = join(root, "graph");
      const step = tf.train.getOrCreateGlobalStep();
      const x = tf.placeholder(tf.float32, []);
      const writer = summary.createFileWriter(folder, { flushMillis: 1000 });
      const ops = await writer.asDefault(async () => {
        expect((await new tf.Session().run(summary.shouldRecordSummaries())).item()).toBe(false);
        summary.recordSummariesEveryNGlobalSteps(2, () => {
          summary.scalar("loss", x);
          summary.histogram("values", tf.stack([x, x]));
        });
        summary.alwaysRecordSummaries(() => summary.scalar("always", x, { family: "f" }));
        summary.neverRecordSummaries(() => summary.scalar("never", x));
        return summary.allSummaryOps()!;
      });
      await tf.withSession(async (sess) => {
        await sess.run(tf.globalVariablesInitializer());
        await writer.asDefault(() => summary.initialize({ graph: tf.getDefaultGraph() }));
        for (let i = 0; i < 3; i++) {
          await sess.run(ops, { feedDict: [[x, i + 0.5]] });
          await sess.run(tf.assignAdd(step, 1));
        }
        await sess.run(writer.close()!);
      });
      const found = scalarsOf(folder).filter(([, tag]) => tag !== "values");
      expect(found.filter(([, tag]) => tag === "loss")).toEqual([
        [0, "loss", 0.5],
        [2, "loss", 2.5],
      ]);
      expect(found.filter(([, tag]) => tag === "f/f/always").map(([at]) => at)).toEqual([0, 1, 2]);
      expect(found.some(([, tag]) => tag === "never")).toBe(false);
    }));

  test("writes at once in eager execution, and metrics with it", () =>
    eagerMode(() => {
      const folder = join(root, "eager");
      const step = tf.train.getOrCreateGlobalStep();
      const writer = summary.createFileWriter(folder);
      writer.asDefault(() =>
        summary.alwaysRecordSummaries(() => {
          summary.scalar("loss", 3);
          step.assignAdd(1);
          const accuracy = new metrics.Accuracy();
          accuracy.apply([1, 2, 3, 4], [1, 0, 3, 4]);
          accuracy.apply([5], [5], [2]);
          expect(accuracy.result().numpy().item()).toBeCloseTo(5 / 6, 12);
        }),
      );
      writer.close();
      const found = scalarsOf(folder);
      expect(found[0]).toEqual([0, "loss", 3]);
      expect(found[1]!.slice(0, 2)).toEqual([1, "Accuracy"]);
    }));

  test("does nothing without a default writer, and says so when it is to begin", () =>
    new tf.Graph().asDefault(async () => {
      expect((summary.scalar("x", 1) as tf.Operation).type).toBe("NoOp");
      await expect(summary.initialize()).rejects.toThrow("No default tf.contrib.summary.SummaryWriter found");
      expect(summary.createFileWriter(null).flush()).toBeUndefined();
      expect(summary.evalDir("/tmp/model", "train")).toBe("/tmp/model/eval_train");
    }));
});

describe("tf.contrib.eager.metrics", () => {
  test("begin anew, and add what others have seen", () =>
    eagerMode(() => {
      const mean = new metrics.Mean("m");
      mean.apply([1, 2, 6]);
      expect(mean.result().numpy().item()).toBe(3);
      mean.initVariables();
      mean.apply([[4, 8]], [[1, 3]]);
      expect(mean.result().numpy().item()).toBe(7);
      expect(mean.variables.map(({ name }) => name)).toEqual(["m/numer:0", "m/denom:0"]);
    }));

  test("count in a graph when their values are read", () =>
    new tf.Graph().asDefault(async () => {
      const sparse = new metrics.SparseAccuracy();
      const binary = new metrics.BinaryAccuracy(0.5);
      const hot = new metrics.CategoricalAccuracy();
      const updates = [
        sparse.apply(
          [1, 0],
          [
            [0.1, 0.9],
            [0.2, 0.8],
          ],
        ),
        binary.apply([true, false], tf.constant([0.7, 0.6])),
        hot.apply([[0, 1]], [[0.3, 0.4]]),
      ].flat();
      await tf.withSession(async (sess) => {
        await sess.run(tf.localVariablesInitializer());
        await sess.run(updates);
        const values = await sess.run([sparse.result(), binary.result(), hot.result()]);
        expect(values.map((value) => Number(value.item()))).toEqual([0.5, 0.5, 1]);
      });
    }));
});
