/** Queue runners: they fill queues beside the training steps, stop with the coordinator, and say what went wrong. */
import { describe, expect, test } from "vitest";
import { Graph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";
import { errorLines } from "../../error_lines.ts";

const inSession = (body: (sess: tf.Session, graph: Graph) => Promise<void>): Promise<void> => {
  const graph = new Graph();
  return graph.asDefault(async () => {
    await using sess = new tf.Session({ graph });
    await sess.asDefault(() => body(sess, graph));
  });
};

/** A queue of 1, 2, 3, … up to a limit (OUT_OF_RANGE then), or without end. */
function counting(capacity: number, options: { limit?: number; loops?: number } = {}) {
  const counter = new tf.Variable(0, { dtype: tf.int64, trainable: false });
  const next = options.limit === undefined ? counter.assignAdd(1) : counter.countUpTo(options.limit);
  const queue = new tf.FIFOQueue(capacity, tf.int64, { shapes: [[]] });
  const enqueue = queue.enqueue([next]);
  const runner = new tf.train.QueueRunner(queue, new Array<tf.Operation>(options.loops ?? 1).fill(enqueue));
  tf.train.addQueueRunner(runner);
  return { queue, runner, next: queue.dequeue() as tf.Tensor };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Lets the loops run until a tensor has this value, and some turns more: it must have it still. */
async function settles(sess: tf.Session, tensor: tf.Tensor, value: number): Promise<void> {
  while ((await sess.run(tensor)).item() !== value) await turn();
  for (let i = 0; i < 20; i++) await turn();
  expect((await sess.run(tensor)).item()).toBe(value);
}

describe("startQueueRunners", () => {
  test("without runners gives none and says so", () =>
    inSession(async () => {
      const lines = await errorLines(() => expect(tf.train.startQueueRunners()).toEqual([]));
      expect(lines).toEqual([
        "WARNING:tensorflow:`tf.train.start_queue_runners()` was called when no queue runners were defined. You can safely remove the call to this deprecated function.\n",
      ]);
    }));

  test("needs a session", () => {
    const graph = new Graph();
    graph.asDefault(() => {
      expect(() => tf.train.startQueueRunners()).toThrow(
        "Cannot start queue runners: No default session is registered. Use `with sess.as_default()` or pass an explicit session to tf.start_queue_runners(sess=sess)",
      );
      expect(() => tf.train.startQueueRunners({ sess: {} as never })).toThrow(
        "sess must be a `tf.Session` object. Given class:",
      );
    });
  });

  test("fills queues beside the steps and stops with the coordinator", () =>
    inSession(async (sess) => {
      const { next, queue } = counting(3);
      await sess.run(tf.globalVariablesInitializer());
      const coord = new tf.train.Coordinator();
      const threads = tf.train.startQueueRunners({ coord });
      const values: number[] = [];
      for (let i = 0; i < 20; i++) values.push((await sess.run(next)).item() as number);
      expect(values).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      coord.requestStop();
      await coord.join(threads);
      expect((await sess.run(queue.isClosed())).item()).toBe(true);
    }));

  test("a full queue holds the runner back", () =>
    inSession(async (sess, graph) => {
      const { queue, next } = counting(4);
      await sess.run(tf.globalVariablesInitializer());
      const size = queue.size();
      tf.train.startQueueRunners();
      const counter = graph.getTensorByName("Variable:0");
      await settles(sess, counter, 5);
      await settles(sess, size, 4);
      await sess.run(next);
      await settles(sess, counter, 6);
      await settles(sess, size, 4);
    }));

  test("a runner that never waits leaves timers and steps their turn", () =>
    inSession(async (sess) => {
      const queue = new tf.FIFOQueue(10_000_000, tf.int32, { shapes: [[]] });
      tf.train.addQueueRunner(new tf.train.QueueRunner(queue, [queue.enqueue([tf.constant(1)])]));
      const [size, next] = [queue.size(), queue.dequeue() as tf.Tensor];
      const coord = new tf.train.Coordinator();
      const threads = tf.train.startQueueRunners({ coord });
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect((await sess.run(next)).item()).toBe(1);
      expect((await sess.run(size)).item() as number).toBeGreaterThan(0);
      coord.requestStop();
      await coord.join(threads);
    }));

  test("runs no second set of threads while the first one lives", () =>
    inSession(async (sess) => {
      const { runner } = counting(2, { loops: 3 });
      await sess.run(tf.globalVariablesInitializer());
      expect(runner.createThreads(sess, { start: true })).toHaveLength(3);
      expect(tf.train.startQueueRunners()).toEqual([]);
      await using other = new tf.Session();
      expect(runner.createThreads(other)).toHaveLength(3);
    }));

  test("threads that are not started do nothing", () =>
    inSession(async (sess) => {
      const { queue } = counting(2);
      const size = queue.size();
      await sess.run(tf.globalVariablesInitializer());
      const [thread] = tf.train.startQueueRunners({ start: false });
      await settles(sess, size, 0);
      expect(thread!.isAlive()).toBe(false);
      expect(thread!.name).toBe("QueueRunnerThread-fifo_queue-fifo_queue_enqueue");
    }));
});

describe("QueueRunner", () => {
  test("closes the queue when the input ends: the last elements come, then OUT_OF_RANGE", () =>
    inSession(async (sess) => {
      const { next } = counting(2, { limit: 5, loops: 2 });
      await sess.run(tf.globalVariablesInitializer());
      const coord = new tf.train.Coordinator();
      const threads = tf.train.startQueueRunners({ coord });
      const values: number[] = [];
      const failure = await (async () => {
        for (;;) values.push((await sess.run(next)).item() as number);
      })().catch((error: unknown) => error);
      expect(values).toEqual([0, 1, 2, 3, 4]);
      expect(failure).toBeInstanceOf(tf.errors.OutOfRangeError);
      expect((failure as Error).message).toContain(
        "FIFOQueue '_0_fifo_queue' is closed and has insufficient elements (requested 1, current size 0)",
      );
      coord.requestStop(failure);
      await coord.join(threads);
    }));

  test("an error of an enqueue arrives at join", () =>
    inSession(async (sess) => {
      const queue = new tf.FIFOQueue(10, tf.string, { shapes: [[]] });
      const enqueue = queue.enqueue([tf.readFile("/no/such/file")]);
      tf.train.addQueueRunner(new tf.train.QueueRunner(queue, [enqueue]));
      const coord = new tf.train.Coordinator();
      const threads = tf.train.startQueueRunners({ coord });
      await coord.waitForStop();
      const failure = await coord.join(threads).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(tf.errors.NotFoundError);
      // The coordinator's stop has closed the queue: nobody waits for ever.
      await expect(sess.run(queue.dequeue() as tf.Tensor)).rejects.toThrow("is closed and has insufficient elements");
    }));

  test("without a coordinator the error is kept", () =>
    inSession(async (sess) => {
      const queue = new tf.FIFOQueue(10, tf.string, { shapes: [[]] });
      const runner = new tf.train.QueueRunner(queue, [queue.enqueue([tf.readFile("/no/such/file")])]);
      const lines = await errorLines(async () => {
        for (const thread of runner.createThreads(sess, { start: true })) await thread.join();
      });
      expect(lines[0]).toContain("ERROR:tensorflow:Exception in QueueRunner: /no/such/file; No such file or directory");
      expect(runner.exceptionsRaised.map((error) => (error as tf.errors.OpError).code)).toEqual(["NOT_FOUND"]);
    }));

  test("other errors may mean the end as well", () =>
    inSession(async (sess) => {
      const queue = new tf.FIFOQueue(10, tf.string, { shapes: [[]] });
      const runner = new tf.train.QueueRunner(queue, [queue.enqueue([tf.readFile("/no/such/file")])], {
        queueClosedExceptionTypes: [tf.errors.OutOfRangeError, tf.errors.NotFoundError],
      });
      for (const thread of runner.createThreads(sess, { start: true })) await thread.join();
      expect(runner.exceptionsRaised).toEqual([]);
      expect((await sess.run(queue.isClosed())).item()).toBe(true);
    }));

  test("closing the session ends runners that wait", () =>
    inSession(async (_, graph) => {
      counting(1);
      const sess = new tf.Session({ graph });
      await sess.run(tf.globalVariablesInitializer());
      const coord = new tf.train.Coordinator();
      const threads = tf.train.startQueueRunners({ sess, coord });
      await settles(sess, graph.getTensorByName("Variable:0"), 2);
      sess.close();
      await expect(coord.join(threads)).rejects.toThrow("Enqueue operation was cancelled");
      expect(threads.some((thread) => thread.isAlive())).toBe(false);
    }));

  test("a callable of a closed session is cancelled", async () => {
    const graph = new Graph();
    await graph.asDefault(async () => {
      const sess = new tf.Session({ graph });
      const one = sess.makeCallable(tf.constant(1));
      sess.close();
      expect(() => one()).toThrow("Session has been closed.");
      expect(() => one()).toThrow(tf.errors.CancelledError);
    });
  });

  test("needs a queue and operations", () =>
    inSession(async () => {
      const queue = new tf.FIFOQueue(10, tf.int32);
      expect(() => new tf.train.QueueRunner(queue, [])).toThrow("Must provide queue and enqueue_ops.");
      expect(() => new tf.train.QueueRunner(queue, [queue.enqueue([1])], { queueClosedExceptionTypes: [] })).toThrow(
        "queue_closed_exception_types, when provided, must be a tuple of tf.error types, but saw: ",
      );
    }));

  test("goes through its message", () =>
    inSession(async () => {
      const queue = new tf.FIFOQueue(10, tf.int32, { name: "q" });
      const runner = new tf.train.QueueRunner(queue, [queue.enqueue([1])], {
        queueClosedExceptionTypes: [tf.errors.OutOfRangeError, tf.errors.CancelledError],
      });
      const definition = {
        queueName: "q",
        enqueueOpName: ["q_enqueue"],
        closeOpName: "q_Close",
        cancelOpName: "q_Close_1",
        queueClosedExceptionTypes: [11, 1],
      };
      expect(runner.toProto()).toEqual(definition);
      expect(runner.toProto("elsewhere")).toBeNull();
      expect(tf.train.QueueRunner.fromProto(definition).toProto()).toEqual(definition);
      expect(() => tf.train.QueueRunner.fromProto({ ...definition, closeOpName: "none" })).toThrow("none");
    }));
});
