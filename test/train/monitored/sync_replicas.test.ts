/** Gradients of several workers: test/fixtures/queue/sync_replicas.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { graphDefinition } from "../../../src/graph/def/graph_def.ts";
import * as tf from "../../../src/index.ts";

/** The program of the fixture: its step, its loss, its hook. */
function program() {
  const float = (rows: number[][]): tf.NdArray => tf.makeNdarray(tf.makeTensorProto(rows, { dtype: tf.float32 }));
  const x = tf.constant(
    float([
      [1, 2],
      [3, -1],
    ]),
  );
  const w = tf.getVariable("w", { initializer: float([[0.5], [-0.25]]) as never });
  const table = tf.getVariable("table", { initializer: float([[1], [2], [3]]) as never });
  const step = tf.train.getOrCreateGlobalStep();
  const loss = tf.reduceMean(tf.square(tf.matmul(x, w).add(tf.nn.embeddingLookup(table, [0, 2]))));
  const inner = new tf.train.MomentumOptimizer(0.1, 0.9);
  const opt = new tf.train.SyncReplicasOptimizer(inner, { replicasToAggregate: 1, totalNumReplicas: 1 });
  const train = opt.minimize(loss, { globalStep: step });
  return { train, loss, step, hook: opt.makeSessionRunHook(true) };
}

describe("SyncReplicasOptimizer", () => {
  test("averages gradients before they are applied, in TensorFlow's graph", async () => {
    const path = join(import.meta.dirname, "../../fixtures/queue/sync_replicas.json");
    const { graph: text } = JSON.parse(readFileSync(path, "utf8")) as { graph: string };
    await new tf.Graph().asDefault(async () => {
      const { train, loss, step, hook } = program();
      const losses: number[] = [];
      const session = tf.train.MonitoredTrainingSession({
        hooks: [hook],
        logStepCountSteps: null,
        stopGracePeriodSecs: 0.5,
      });
      await session.within(async (sess) => {
        for (let i = 0; i < 12; i++) {
          const [, value] = (await sess.run([train, loss] as never)) as unknown as [unknown, tf.NdArray];
          losses.push(Number(value.item()));
        }
        expect(Number(((await sess.run(step as never)) as unknown as tf.NdArray).item())).toBeGreaterThan(9);
      });
      expect(losses[0]).toBe(11.78125);
      expect(Math.min(...losses)).toBeLessThan(1);
      const { nodes } = graphDefinition(tf.getDefaultGraph());
      const lines = nodes.map(({ name, op, inputs }) => `${name} ${op} ${inputs.join(",")}`.trimEnd());
      expect(lines).toEqual(inflateSync(Buffer.from(text, "base64")).toString().split("\n"));
    });
  });

  test("wants a global step and variables, and applied gradients before its hook", () => {
    new tf.Graph().asDefault(() => {
      const opt = new tf.train.SyncReplicasOptimizer(new tf.train.GradientDescentOptimizer(0.1), 1);
      expect(() => opt.applyGradients([])).toThrow("Must supply at least one variable");
      const w = tf.getVariable("w", { shape: [] });
      expect(() => opt.applyGradients([[tf.constant(1, { dtype: tf.float32 }), w]])).toThrow(
        "Global step is required to check staleness",
      );
      expect(() => opt.getChiefQueueRunner()).toThrow("Should be called after apply_gradients().");
      expect(() => opt.getInitTokensOp()).toThrow("get_init_tokens_op() should be called after apply_gradients().");
      expect(() => opt.makeSessionRunHook(true).begin()).toThrow(
        "SyncReplicasOptimizer.apply_gradient should be called before using the hook.",
      );
    });
  });
});
