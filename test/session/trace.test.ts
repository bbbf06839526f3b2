import { describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

const fullTrace = { traceLevel: tf.RunOptions.FULL_TRACE };

/** A small network's loss and training step, with fixed numbers. */
function network() {
  const x = tf.constant(
    new tf.NdArray(
      tf.float32,
      [64, 32],
      Float32Array.from({ length: 2048 }, (_, i) => Math.sin(i)),
    ),
  );
  const fed = tf.placeholder(tf.float32, [null, 32], { name: "fed" });
  const weights = tf.getVariable("weights", [32, 16], { initializer: tf.constantInitializer(0.1) });
  const bias = tf.getVariable("bias", [16], { initializer: tf.zerosInitializer() });
  const product = tf.matmul(fed, weights, { name: "product" });
  const active = tf.nn.relu(tf.add(product, bias, { name: "sum" }), { name: "active" });
  const loss = tf.reduceMean(tf.square(active), null, { name: "loss" });
  const train = new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
  return { x, fed, active, loss, train };
}

const inGraph = async (use: (sess: tf.Session) => Promise<void>): Promise<void> => {
  const graph = new tf.Graph();
  await graph.asDefault(async () => {
    await using sess = new tf.Session({ graph });
    await use(sess);
  });
};

describe("a traced run", () => {
  test("gives the bits of an untraced one, and times each node that computes", () =>
    inGraph(async (sess) => {
      const { x, fed, loss, train } = network();
      const data = await sess.run(x);
      const steps = async (traced: boolean): Promise<string[]> => {
        await sess.run(tf.globalVariablesInitializer());
        const losses: string[] = [];
        for (let i = 0; i < 4; i++) {
          const [value] = await sess.run([loss, train], {
            feedDict: [[fed, data]],
            ...(traced && { options: fullTrace, runMetadata: new tf.RunMetadata() }),
          });
          losses.push(Buffer.from(value.tobytes()).toString("hex"));
        }
        return losses;
      };

      const plain = await steps(false);

      expect(await steps(true)).toEqual(plain);
      const runMetadata = new tf.RunMetadata();
      await sess.run([loss, train], { feedDict: [[fed, data]], options: fullTrace, runMetadata });
      const [device] = runMetadata.stepStats.devStats;
      expect(device!.device).toBe("/job:localhost/replica:0/task:0/device:CPU:0");
      const stats = new Map(device!.nodeStats.map((node) => [node.nodeName, node]));
      for (const name of ["product", "loss", "gradients/product_grad/MatMul_1"]) {
        expect(stats.get(name)!.allEndRelMicros).toBeGreaterThan(0);
      }
      expect(stats.get("product")).toMatchObject({
        timelineLabel: "product = MatMul(fed, weights/read)",
        outputs: [{ slot: 0, dtype: 1, shape: [64, 16], bytes: 4096 }],
      });
      expect(stats.get("weights")!.allEndRelMicros).toBe(0);
      const nodes = [...stats.values()];
      const first = Math.min(...nodes.map((node) => node.allStartMicros));
      expect(Math.abs(first / 1000 - Date.now())).toBeLessThan(60_000);
    }));

  test("shows kernels within segments, with the nodes that they work for", () =>
    inGraph(async (sess) => {
      const { x, fed, loss, train } = network();
      const data = await sess.run(x);
      await sess.run(tf.globalVariablesInitializer());
      const runMetadata = new tf.RunMetadata();
      await sess.run([loss, train], { feedDict: [[fed, data]], options: fullTrace, runMetadata });

      const { timeline } = runMetadata;
      const segment = timeline.find(({ kind }) => kind === "segment")!;
      const kernels = timeline.filter(({ kind }) => kind === "kernel");
      expect(kernels.length).toBeGreaterThan(2);
      for (const kernel of kernels) {
        expect(kernel.startMs).toBeGreaterThanOrEqual(segment.startMs);
        expect(kernel.endMs).toBeLessThanOrEqual(segment.endMs);
      }
      const forward = kernels.find(({ nodes }) => nodes[0] === "product")!;
      expect(forward.nodes).toEqual(expect.arrayContaining(["product", "sum", "active"]));
      expect(forward.name).toMatch(/^matmul 64x16x32/);
      expect(forward.bytes).toBeGreaterThanOrEqual(4 * (64 * 32 + 32 * 16 + 64 * 16));
    }));

  test("without a trace level leaves no times", () =>
    inGraph(async (sess) => {
      const runMetadata = new tf.RunMetadata();
      await sess.run(tf.constant(1), { runMetadata });
      expect(runMetadata.stepStats.devStats).toEqual([]);
    }));

  test("times each iteration of a loop", () =>
    inGraph(async (sess) => {
      const start = tf.placeholder(tf.float32, [8]);
      const [, last] = tf.whileLoop(
        (i) => tf.less(i, 5),
        (i, v) => [tf.add(i, 1), tf.multiply(v, 2, { name: "double" })],
        [tf.constant(0), start],
      ) as [tf.Tensor, tf.Tensor];
      const runMetadata = new tf.RunMetadata();
      const feedDict = [[start, new Float32Array(8).fill(1)]] as const;
      const value = await sess.run(last, { feedDict, options: fullTrace, runMetadata });
      expect([...(value.data as Float32Array)]).toEqual(Array(8).fill(32));
      const { nodeStats } = runMetadata.stepStats.devStats[0]!;
      expect(nodeStats.filter(({ nodeName }) => nodeName === "while/double")).toHaveLength(5);
    }));

  test("tells of nodes that wait", () =>
    inGraph(async (sess) => {
      const queue = new tf.FIFOQueue(4, [tf.float32], { shapes: [[]] });
      const next = tf.add(queue.dequeue({ name: "take" }) as tf.Tensor, 1, { name: "more" });
      const runMetadata = new tf.RunMetadata();
      const waiting = sess.run(next, { options: fullTrace, runMetadata });
      await sess.run(queue.enqueue([41]));
      expect(Number(await waiting)).toBe(42);
      const taken = runMetadata.timeline.find(({ nodes }) => nodes[0] === "take")!;
      expect(taken).toMatchObject({ kind: "node", name: "QueueDequeueV2", waited: true });
      const { nodeStats } = runMetadata.stepStats.devStats[0]!;
      expect(nodeStats.map(({ nodeName }) => nodeName)).toEqual(expect.arrayContaining(["take", "more"]));
      expect(nodeStats.some(({ nodeName }) => nodeName.includes("nqueue"))).toBe(false);
    }));
});
