/** threads: whoever waits when something ends is told, at once; the first error is the one that counts. */
import { describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

/** Guards against hanging. */
const within = <T>(promise: Promise<T>): Promise<T> =>
  Promise.race([
    promise,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error("it hangs")), 10_000).unref()),
  ]);

function queueIn<T>(body: (queue: tf.FIFOQueue, sess: tf.Session) => Promise<T>): Promise<T> {
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const queue = new tf.FIFOQueue(2, [tf.float32], { shapes: [[]] });
    const sess = new tf.Session({ graph });
    try {
      return await body(queue, sess);
    } finally {
      sess.close();
    }
  });
}

describe("threads", () => {
  test("a dequeue that waits learns that the queue was closed", () =>
    queueIn(async (queue, sess) => {
      const waiting = sess.run(queue.dequeue());
      await sess.run(queue.close());
      await expect(within(waiting)).rejects.toThrow(tf.errors.OutOfRangeError);
    }));

  test("an enqueue that waits is cancelled with the queue, or gets in before the end", () =>
    queueIn(async (queue, sess) => {
      const enqueue = queue.enqueue([tf.constant(1, tf.float32)]);
      await sess.run(enqueue);
      await sess.run(enqueue);
      const waiting = sess.run(enqueue);
      await sess.run(queue.close({ cancelPendingEnqueues: true }));
      await expect(within(waiting)).rejects.toThrow(tf.errors.CancelledError);
    }));

  test("everybody who waits is told when the session closes", () =>
    queueIn(async (queue, sess) => {
      const waiting = [queue.dequeue(), queue.dequeueMany(2)].map((fetch) => sess.run(fetch as tf.Tensor));
      sess.close();
      for (const each of waiting) await expect(within(each)).rejects.toThrow();
    }));

  test.each(["at the start", "after some elements"])(
    "an error of a runner %s reaches join, as the first of all",
    (when) =>
      queueIn(async (queue, sess) => {
        let left = when === "at the start" ? 0 : 3;
        const failing = tf.pyFunc(
          () => {
            if (left-- > 0) return new Float32Array([1]);
            throw new tf.errors.DataLossError("the disk is gone");
          },
          [],
          tf.float32,
        ) as tf.Tensor;
        const runner = new tf.train.QueueRunner(queue, [queue.enqueue([tf.reshape(failing, [])])]);
        const coord = new tf.train.Coordinator();
        const threads = runner.createThreads(sess, { coord, start: true });
        const take = queue.dequeue() as tf.Tensor;
        const trained = (async () => {
          while (!coord.shouldStop()) await sess.run(take);
        })().catch((error) => coord.requestStop(error));
        await within(trained);
        await expect(within(coord.join(threads))).rejects.toThrow("the disk is gone");
      }),
  );

  test("a queue holds no more bytes than all queues may, until somebody takes some", () =>
    queueIn(async (_, sess) => {
      const [rows, queue] = [2 ** 22, new tf.FIFOQueue(1000, [tf.float32], { shapes: [[2 ** 22]] })];
      const enqueue = queue.enqueue([tf.zeros([rows])]);
      // 16 MiB each: 16 of them are 256 MiB.
      for (let i = 0; i < 16; i++) await sess.run(enqueue);
      let isIn = false;
      const waiting = sess.run(enqueue).then(() => {
        isIn = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(isIn).toBe(false);
      await sess.run(queue.dequeue() as tf.Tensor);
      await within(waiting);
      expect(isIn).toBe(true);
    }));
});
