import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eagerMode } from "../../src/eager/mode.ts";
import * as tf from "../../src/index.ts";

/** Written by fixtures/eager/make_checkpoint.py. */
const written = join(import.meta.dirname, "../fixtures/eager/checkpoint/c-1");

function objects(): { w: tf.Variable; b: tf.Variable; optimizer: tf.train.AdamOptimizer; root: tf.train.Checkpoint } {
  const w = new tf.Variable([0, 0], { name: "w" });
  const b = new tf.Variable(0, { name: "b", dtype: tf.float32 });
  const model = {
    w,
    b,
    lst: [new tf.Variable(0)],
    d: { k: new tf.Variable(0, { dtype: tf.int32, trainable: false }) },
  };
  const optimizer = new tf.train.AdamOptimizer(0.1);
  const step = tf.train.getOrCreateGlobalStep();
  return { w, b, optimizer, root: new tf.train.Checkpoint({ model, optimizer, step }) };
}

test("TensorFlow's checkpoint is restored, slots as soon as the optimizer makes them", async () => {
  await eagerMode(async () => {
    const { w, b, optimizer, root } = objects();
    const status = await root.restore(written);
    expect(w.numpy().toList()).toEqual([expect.closeTo(0.9, 6), expect.closeTo(1.9, 6)]);
    expect(() => status.assertConsumed()).toThrow("Unresolved object in checkpoint (root).optimizer.beta1_power");
    optimizer.applyGradients([
      [tf.zeros([2]), w],
      [tf.constant(0, tf.float32), b],
    ]);
    status.assertConsumed();
    expect(optimizer.getSlot(w, "m")!.numpy().toList()).toEqual(
      [0.2 * 0.9, 0.4 * 0.9].map((each) => expect.closeTo(each, 6)),
    );
    expect(root.saveCounter.numpy().item()).toBe(1);
  });
});

test("a checkpoint comes back whole; a part that is added later gets its value", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-eager-"));
  try {
    await eagerMode(async () => {
      const { w, b, optimizer, root } = objects();
      optimizer.minimize(() => tf.reduceSum(w.sub(1).pow(2)).add(b));
      const path = await root.save(join(folder, "ckpt"));
      expect(path).toBe(join(folder, "ckpt-1"));
      const names = (await tf.train.listVariables(path)).map(([name]) => name);
      expect(names).toContain("model/w/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE");
      expect(names).toContain("_CHECKPOINTABLE_OBJECT_GRAPH");
      const other = new tf.train.Checkpoint();
      await other.restore(tf.train.latestCheckpoint(folder));
      other.model = { w: new tf.Variable([7, 7]) };
      expect((other.model as { w: tf.Variable }).w.numpy().toList()).toEqual(w.numpy().toList());
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a manager keeps the newest ones", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-eager-"));
  try {
    await eagerMode(async () => {
      const root = new tf.train.Checkpoint({ v: new tf.Variable(1) });
      const manager = new tf.train.CheckpointManager(root, folder, { maxToKeep: 2 });
      for (let i = 0; i < 3; i++) await manager.save();
      expect(manager.checkpoints).toEqual([join(folder, "ckpt-2"), join(folder, "ckpt-3")]);
      expect(tf.train.checkpointExists(join(folder, "ckpt-1"))).toBe(false);
      expect(await new tf.train.CheckpointManager(root, folder, { maxToKeep: 2 }).restoreOrInitialize()).toBe(
        join(folder, "ckpt-3"),
      );
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("variables of a graph are restored and saved in a session", async () => {
  await new tf.Graph().asDefault(async () => {
    const w = tf.getVariable("w", { shape: [2], initializer: tf.zerosInitializer() });
    const status = await new tf.train.Checkpoint({ model: { w } }).restore(written);
    await tf.withSession(async (sess) => {
      await status.initializeOrRestore(sess);
      expect((await sess.run(w)).toList()).toEqual([expect.closeTo(0.9, 6), expect.closeTo(1.9, 6)]);
    });
  });
});

test("a value of another shape, and a file that is not there, are refused in TensorFlow's words", async () => {
  await eagerMode(async () => {
    const wrong = new tf.train.Checkpoint({ model: { w: new tf.Variable([0, 0, 0]) } });
    await expect(wrong.restore(written)).rejects.toThrow(
      "Received incompatible tensor with shape (2,) when attempting to restore variable with shape (3,) and name Variable:0.",
    );
    await expect(wrong.restore("/nowhere/c-1")).rejects.toThrow("Failed to find any matching files for /nowhere/c-1");
  });
});

test("functions of tf.contrib.eager differentiate functions", () => {
  eagerMode(() => {
    const { contrib } = tf;
    const w = new tf.Variable(2);
    const three = tf.constant(3, tf.float32);
    const gradients = contrib.eager.gradientsFunction((a, b) => a.mul(a).mul(b))(three, tf.constant(2, tf.float32));
    expect(gradients.map((each) => (each as tf.Tensor).numpy().item())).toEqual([12, 9]);
    const [value, pairs] = contrib.eager.implicitValueAndGradients((a: tf.Tensor) => a.mul(w).mul(w))(three);
    expect([value.numpy().item(), (pairs[0]![0] as tf.Tensor).numpy().item(), pairs[0]![1]]).toEqual([12, 12, w]);
    const store = new contrib.eager.EagerVariableStore();
    store.asDefault(() => expect(tf.getVariable("a", [2])).toBe(tf.getVariable("a", [2])));
  });
});
