/** Tensors that a session keeps, and functions over eager tensors in a run. Words as TensorFlow 2.21 has them. */
import { expect, test } from "vitest";
import type { TensorHandle } from "../../src/graph/parts/tensor_handle.ts";
import * as tf from "../../src/index.ts";

const first = "GetSessionHandle;0;/job:localhost/replica:0/task:0/device:CPU:0";

test("a tensor stays in the session until it is deleted", () =>
  new tf.Graph().asDefault(async () => {
    await using sess = new tf.Session();
    const run = (fetch: unknown, feeds: readonly (readonly [unknown, unknown])[]) =>
      sess.run(fetch as tf.Tensor, feeds);
    const handle = (await run(tf.getSessionHandle(tf.constant([1, 2])), [])) as unknown as TensorHandle;
    expect([handle.handle, handle.getRawHandle()]).toEqual([first, first]);
    expect((await handle.eval()).toList()).toEqual([1, 2]);

    const [holder, kept] = tf.getSessionTensor(handle.handle, tf.int32);
    expect(String(kept)).toBe(
      'Tensor("GetSessionTensor:0", dtype=int32, device=/job:localhost/replica:0/task:0/device:CPU:0)',
    );
    expect((await run(kept.mul(3), [[holder, handle.handle]])).toList()).toEqual([3, 6]);
    const x = tf.placeholder(tf.int32);
    expect((await run(x.add(1), [[x, handle]])).toList()).toEqual([2, 3]);
    const y = tf.placeholder(tf.float32);
    await expect(run(y.add(1), [[y, handle]])).rejects.toThrow("Expects arg[0] to be float32 but int32 is provided");

    const [name, deleter] = tf.deleteSessionTensor(handle.handle);
    await run(deleter, [[name, first]]);
    await expect(run(deleter, [[name, first]])).rejects.toThrow(
      `Failed to delete a tensor with handle '${first}' in the session store.`,
    );
    await expect(run(kept, [[holder, first]])).rejects.toThrow(
      `The tensor with handle '${first}' is not in the session store.`,
    );
  }));

test("a handle deletes its tensor once", () =>
  new tf.Graph().asDefault(async () => {
    await using sess = new tf.Session();
    const handle = (await sess.run(tf.getSessionHandle(tf.constant(3)))) as unknown as TensorHandle;
    await handle.delete();
    await expect(handle.delete()).rejects.toThrow(`Persistent tensor ${first} may have already been deleted.`);
    expect(() => tf.getSessionHandle(3 as never)).toThrow("`data` must be of type Tensor.");
  }));

test("a function over eager tensors may wait, and says what does not fit", () =>
  new tf.Graph().asDefault(async () => {
    await using sess = new tf.Session();
    const later = async (a: tf.Tensor) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return a.mul(2);
    };
    expect((await sess.run(tf.pyFunction(later, [1.5], tf.float32))).item()).toBe(3);
    const broken = () => {
      throw new tf.errors.ValueError("boom");
    };
    await expect(sess.run(tf.pyFunction(broken, [1.5], tf.float32))).rejects.toThrow("ValueError: boom");
    await expect(sess.run(tf.pyFunction((a: tf.Tensor) => a, [1.5], tf.int32))).rejects.toThrow(
      "Tensor conversion requested dtype int32 for Tensor with dtype float32: <tf.Tensor: shape=(), dtype=float32, numpy=1.5>",
    );
    const one = tf.pyFunction((a: tf.Tensor) => a, [1.5], [tf.float32, tf.float32]) as tf.Tensor[];
    await expect(sess.run(one)).rejects.toThrow(/pyfunc_\d+ returns 1 values, but expects to see 2 values\./);
  }));

test("a tape of a graph writes down what is made while it is open", () =>
  new tf.Graph().asDefault(async () => {
    const x = tf.constant(3, tf.float32);
    const before = x.mul(x);
    const tape = new tf.GradientTape({ persistent: true });
    tape.watch(x);
    const y = x.mul(x);
    const z = tape.stopRecording(() => x.mul(x));
    const gradient = tape.gradient(y, x);
    await using sess = new tf.Session();
    expect((await sess.run(gradient)).item()).toBe(6);
    expect([tape.gradient(z, x), tape.gradient(before, x)]).toEqual([null, null]);
  }));

test("functions that are built as nodes are called by words of TensorFlow 2, and shapes print so", () =>
  new tf.Graph().asDefault(() => {
    tf.enableV2Tensorshape();
    const shown = String(tf.placeholder(tf.float32, [null, 2]));
    tf.disableV2Behavior();
    expect(shown).toBe('Tensor("Placeholder:0", shape=(None, 2), dtype=float32)');
    expect([tf.controlFlowV2Enabled(), String(new tf.TensorShape([null, 2]))]).toEqual([false, "(?, 2)"]);
  }));
