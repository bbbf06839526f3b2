/** Who waits at a queue, in which order they go on, and what ends the wait. */
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/core/nd_array.ts";
import * as tf from "../../src/index.ts";
import {
  accumulatorApplyGradientOp,
  accumulatorTakeGradientOp,
  conditionalAccumulatorOp,
  consumeMutexLockOp,
  fIFOQueueV2Op,
  mutexLockOp,
  mutexV2Op,
  queueCloseV2Op,
  queueDequeueManyV2Op,
  queueDequeueV2Op,
  queueEnqueueManyV2Op,
  queueEnqueueV2Op,
  queueSizeV2Op,
  stageOp,
  unstageOp,
} from "../../src/ops/index.ts";

function queueOfInts(capacity: number) {
  const handle = fIFOQueueV2Op({ component_types: [tf.int32], shapes: [[]], capacity });
  const x = tf.placeholder(tf.int32, [null]);
  return {
    handle,
    x,
    enqueueMany: queueEnqueueManyV2Op({ handle, components: [x] }),
    dequeue: queueDequeueV2Op({ handle, component_types: [tf.int32] })[0]!,
    dequeueMany: (n: number) => queueDequeueManyV2Op({ handle, n, component_types: [tf.int32] })[0]!,
    size: queueSizeV2Op({ handle }),
    close: queueCloseV2Op({ handle }),
    cancel: queueCloseV2Op({ handle, cancel_pending_enqueues: true }),
  };
}

/** A fresh graph and session for one test. */
const inSession = (body: (sess: tf.Session) => Promise<void>): Promise<void> => {
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const sess = new tf.Session({ graph });
    try {
      await body(sess);
    } finally {
      sess.close();
    }
  });
};

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  const pending = Symbol("pending");
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise.catch(() => {}), Promise.resolve(pending)])) !== pending;
};

describe("queues", () => {
  test("a dequeue waits for an element", () =>
    inSession(async (sess) => {
      const q = queueOfInts(10);
      const waiting = sess.run(q.dequeue);
      expect(await settled(waiting)).toBe(false);
      await sess.run(q.enqueueMany, { feedDict: [[q.x, [7]]] });
      expect((await waiting).item()).toBe(7);
    }));

  test("an enqueue of more than the capacity goes on as elements leave", () =>
    inSession(async (sess) => {
      const q = queueOfInts(2);
      const five = sess.run(q.enqueueMany, { feedDict: [[q.x, [1, 2, 3, 4, 5]]] });
      expect(await settled(five)).toBe(false);
      expect((await sess.run(q.size)).item()).toBe(2);
      expect((await sess.run(q.dequeueMany(3))).toList()).toEqual([1, 2, 3]);
      await five;
      expect((await sess.run(q.size)).item()).toBe(2);
    }));

  test("those who wait are served in the order in which they came", () =>
    inSession(async (sess) => {
      const q = queueOfInts(10);
      const three = sess.run(q.dequeueMany(3));
      const one = sess.run(q.dequeue);
      await sess.run(q.enqueueMany, { feedDict: [[q.x, [1, 2]]] });
      expect(await settled(one)).toBe(false);
      await sess.run(q.enqueueMany, { feedDict: [[q.x, [3, 4]]] });
      expect((await three).toList()).toEqual([1, 2, 3]);
      expect((await one).item()).toBe(4);
    }));

  test("closing fails those who wait for elements, and gives back what they had taken", () =>
    inSession(async (sess) => {
      const q = queueOfInts(10);
      await sess.run(q.enqueueMany, { feedDict: [[q.x, [1, 2]]] });
      const three = sess.run(q.dequeueMany(3));
      expect(await settled(three)).toBe(false);
      await sess.run(q.close);
      await expect(three).rejects.toThrow("is closed and has insufficient elements (requested 1, current size 0)");
      expect((await sess.run(q.size)).item()).toBe(2);
    }));

  test("closing waits for earlier enqueues, and with cancel_pending_enqueues cancels them", () =>
    inSession(async (sess) => {
      const q = queueOfInts(1);
      const two = sess.run(q.enqueueMany, { feedDict: [[q.x, [1, 2]]] });
      const closing = sess.run(q.close);
      expect(await settled(closing)).toBe(false);
      await sess.run(q.dequeue);
      await two;
      await closing;

      const other = queueOfInts(1);
      const more = sess.run(other.enqueueMany, { feedDict: [[other.x, [1, 2]]] });
      expect(await settled(more)).toBe(false);
      await sess.run(other.cancel);
      await expect(more).rejects.toThrow("Enqueue operation was cancelled");
      expect((await sess.run(other.dequeue)).item()).toBe(1);
    }));

  test("closing the session cancels whoever waits", async () => {
    const graph = new tf.Graph();
    await graph.asDefault(async () => {
      const q = queueOfInts(1);
      const sess = new tf.Session({ graph });
      const dequeue = sess.run(q.dequeue);
      expect(await settled(dequeue)).toBe(false);
      sess.close();
      await expect(dequeue).rejects.toThrow("Dequeue operation was cancelled");
      await expect(dequeue).rejects.toBeInstanceOf(tf.errors.CancelledError);
    });
  });

  test("a signal cancels one run and leaves what it had taken", () =>
    inSession(async (sess) => {
      const q = queueOfInts(4);
      const controller = new AbortController();
      await sess.run(q.enqueueMany, { feedDict: [[q.x, [1]]] });
      const two = sess.run(q.dequeueMany(2), { signal: controller.signal });
      expect(await settled(two)).toBe(false);
      controller.abort();
      await expect(two).rejects.toThrow("Dequeue operation was cancelled");
      expect((await sess.run(q.dequeue)).item()).toBe(1);
    }));

  test("what an enqueue took is its own copy", () =>
    inSession(async (sess) => {
      const handle = fIFOQueueV2Op({ component_types: [tf.float32], shapes: [[2]], capacity: 4 });
      const x = tf.placeholder(tf.float32, [2]);
      const data = Float32Array.of(1, 2);
      await sess.run(queueEnqueueV2Op({ handle, components: [x] }), { feedDict: [[x, data]] });
      data.fill(9);
      const [out] = queueDequeueV2Op({ handle, component_types: [tf.float32] });
      expect(((await sess.run(out!)) as NdArray).toList()).toEqual([1, 2]);
    }));

  test("a queue between two endless runs keeps the event loop alive", () =>
    inSession(async (sess) => {
      const q = queueOfInts(1);
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      const began = Date.now();
      const produce = (async () => {
        while (Date.now() - began < 300) await sess.run(q.enqueueMany, { feedDict: [[q.x, [1]]] });
        await sess.run(q.close);
      })();
      const consume = (async () => {
        for (;;) await sess.run(q.dequeue);
      })();
      await produce;
      await expect(consume).rejects.toThrow("is closed and has insufficient elements");
      clearInterval(timer);
      expect(ticks).toBeGreaterThan(1);
    }));
});

describe("others that wait", () => {
  test("an accumulator gives the mean when enough gradients have come", () =>
    inSession(async (sess) => {
      const handle = conditionalAccumulatorOp({ dtype: tf.float32, shape: [] });
      const x = tf.placeholder(tf.float32, []);
      const apply = accumulatorApplyGradientOp({ handle, local_step: 0, gradient: x });
      const mean = sess.run(accumulatorTakeGradientOp({ handle, num_required: 2, dtype: tf.float32 }));
      await sess.run(apply, { feedDict: [[x, 1]] });
      expect(await settled(mean)).toBe(false);
      await sess.run(apply, { feedDict: [[x, 4]] });
      expect((await mean).item()).toBe(2.5);
    }));

  test("a full staging area lets the next one in when one leaves", () =>
    inSession(async (sess) => {
      const area = { capacity: 1, shared_name: "area" };
      const x = tf.placeholder(tf.int32, []);
      const put = stageOp({ values: [x], ...area });
      const [get] = unstageOp({ dtypes: [tf.int32], ...area });
      await sess.run(put, { feedDict: [[x, 1]] });
      const second = sess.run(put, { feedDict: [[x, 2]] });
      expect(await settled(second)).toBe(false);
      expect((await sess.run(get!)).item()).toBe(1);
      await second;
      expect((await sess.run(get!)).item()).toBe(2);
    }));

  test("a mutex has one holder at a time, until the lock is consumed or its run ends", () =>
    inSession(async (sess) => {
      const mutex = mutexV2Op({ shared_name: "m" });
      const lock = mutexLockOp({ mutex });
      const gate = queueOfInts(1);
      const inside = tf.controlDependencies([lock], () => tf.identity(gate.dequeue));
      const release = tf.controlDependencies([inside], () => consumeMutexLockOp({ mutex_lock: lock }));
      const first = sess.run(release);
      const second = sess.run(mutexLockOp({ mutex }).op);
      expect(await settled(second)).toBe(false);
      await sess.run(gate.enqueueMany, { feedDict: [[gate.x, [1]]] });
      await first;
      await second;
      await sess.run(mutexLockOp({ mutex }).op);
    }));
});
