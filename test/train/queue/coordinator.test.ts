/** Threads, coordinators and loopers: who stops when, and which error arrives at `join`. */
import { describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";
import { Thread } from "../../../src/train/queue/thread.ts";

const soon = () => new Promise((resolve) => setImmediate(resolve));

const started = (name: string, target: () => Promise<void>): Thread => {
  const thread = new Thread(name, target);
  thread.start();
  return thread;
};

describe("Coordinator", () => {
  test("stops once it is asked to, and again after clearStop", async () => {
    const coord = new tf.train.Coordinator();
    expect(coord.shouldStop()).toBe(false);
    coord.requestStop();
    expect(coord.shouldStop()).toBe(true);
    expect(await coord.waitForStop(1)).toBe(true);
    coord.clearStop();
    expect([coord.shouldStop(), coord.joined]).toEqual([false, false]);
    expect(await coord.waitForStop(0.001)).toBe(false);
  });

  test("join waits for threads that see the stop", async () => {
    const coord = new tf.train.Coordinator();
    const order: string[] = [];
    const thread = started("worker", async () => {
      while (!coord.shouldStop()) await soon();
      order.push("worker");
    });
    setTimeout(() => coord.requestStop(), 5);
    await coord.join([thread]);
    order.push("join");
    expect(order).toEqual(["worker", "join"]);
    expect([coord.joined, thread.isAlive()]).toEqual([true, false]);
  });

  test("the first error arrives at join, later ones are dropped", async () => {
    const coord = new tf.train.Coordinator();
    const first = new tf.errors.NotFoundError("first");
    const failing = (error: Error) => started("failing", () => coord.stopOnException(() => Promise.reject(error)));
    failing(first);
    const threads = [failing(new tf.errors.DataLossError("second"))];
    await expect(coord.join(threads)).rejects.toBe(first);
    expect(() => coord.raiseRequestedException()).toThrow(first);
  });

  test("the end of the input is a clean stop", async () => {
    const coord = new tf.train.Coordinator();
    coord.requestStop(new tf.errors.OutOfRangeError("end of queue"));
    await coord.join();
    const strict = new tf.train.Coordinator({ cleanStopExceptionTypes: [tf.errors.CancelledError] });
    strict.requestStop(new tf.errors.OutOfRangeError("end of queue"));
    await expect(strict.join()).rejects.toThrow("end of queue");
  });

  test("an error after join is thrown to the one who reports it", async () => {
    const coord = new tf.train.Coordinator();
    await coord.join();
    expect(() => coord.requestStop(new Error("late"))).toThrow("late");
    coord.requestStop();
  });

  test("a thread that does not stop in time is named", async () => {
    const coord = new tf.train.Coordinator();
    let release: (() => void) | undefined;
    const hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    coord.registerThread(started("stuck", () => hold));
    coord.requestStop();
    await expect(coord.join([], { stopGracePeriodSecs: 0.01 })).rejects.toThrow(
      "Coordinator stopped with threads still running: stuck",
    );
    const other = new tf.train.Coordinator();
    other.registerThread(started("stuck", () => hold));
    other.requestStop();
    await other.join([], { stopGracePeriodSecs: 0.01, ignoreLiveThreads: true });
    release!();
  });

  test("the error of a registered promise asks for the stop", async () => {
    const coord = new tf.train.Coordinator();
    coord.registerThread(soon().then(() => Promise.reject(new Error("of a promise"))));
    await expect(coord.join()).rejects.toThrow("of a promise");
    expect(coord.shouldStop()).toBe(true);
  });

  test("stopOnException keeps errors of plain functions", () => {
    const coord = new tf.train.Coordinator();
    coord.stopOnException(() => {
      throw new Error("at once");
    });
    expect(() => coord.raiseRequestedException()).toThrow("at once");
  });
});

describe("LooperThread", () => {
  test("runs back to back until the stop", async () => {
    const coord = new tf.train.Coordinator();
    let rounds = 0;
    tf.train.LooperThread.loop(
      coord,
      null,
      (by: number) => {
        rounds += by;
        if (rounds >= 10) coord.requestStop();
      },
      [2],
    );
    await coord.join();
    expect(rounds).toBe(10);
  });

  test("runs by the clock, and calls startLoop and stopLoop once", async () => {
    const coord = new tf.train.Coordinator();
    const calls: string[] = [];
    class Three extends tf.train.LooperThread {
      override startLoop() {
        calls.push("start");
      }
      override runLoop() {
        if (calls.push("run") === 4) coord.requestStop();
      }
      override stopLoop() {
        calls.push("stop");
      }
    }
    const looper = new Three(coord, 0.001);
    looper.start();
    await coord.join();
    expect(calls).toEqual(["start", "run", "run", "run", "stop"]);
  });

  test("an error of a round arrives at join", async () => {
    const coord = new tf.train.Coordinator();
    tf.train.LooperThread.loop(coord, 0.001, () => {
      throw new tf.errors.InternalError("broken round");
    });
    await expect(coord.join()).rejects.toThrow("broken round");
  });

  test("wants a coordinator, and a target for arguments", () => {
    expect(() => new tf.train.LooperThread("no" as never, null)).toThrow("'coord' argument must be a Coordinator: no");
    expect(() => new tf.train.LooperThread(new tf.train.Coordinator(), null, { args: [1] })).toThrow(
      "'args' and 'kwargs' argument require that you also pass 'target'",
    );
  });
});
