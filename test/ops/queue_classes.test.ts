/** What the classes over queues do in a run: chosen queues, staging areas, critical sections, records in random order. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { CriticalSection, MapStagingArea, RecordInput, StagingArea } from "../../src/ops/index.ts";

const inSession = (body: (sess: tf.Session) => Promise<void>): Promise<void> => {
  const graph = new Graph();
  return graph.asDefault(async () => {
    await using sess = new tf.Session({ graph });
    await body(sess);
  });
};

test("a queue of a list is chosen while the graph runs", () =>
  inSession(async (sess) => {
    const queues = [0, 1].map(() => new tf.FIFOQueue(5, tf.int32, { shapes: [[]] }));
    const index = tf.placeholder(tf.int32, []);
    const x = tf.placeholder(tf.int32, []);
    const chosen = tf.QueueBase.fromList(index, queues);
    const put = chosen.enqueue(x);
    for (const [i, value] of [10, 11, 12].entries()) {
      await sess.run(put, {
        feedDict: [
          [index, i % 2],
          [x, value],
        ],
      });
    }
    const sizes = await sess.run(queues.map((queue) => queue.size()));
    expect(sizes.map((size) => size.item())).toEqual([2, 1]);
    const next = (await sess.run(chosen.dequeue() as tf.Tensor, { feedDict: [[index, 1]] })) as tf.NdArray;
    expect(next.item()).toBe(11);
  }));

test("a staging area gives tuples in order and holds back when it is full", () =>
  inSession(async (sess) => {
    const area = new StagingArea([tf.float32, tf.int32], { names: ["f", "i"], capacity: 2, shapes: [[], []] });
    const i = tf.placeholder(tf.int32, []);
    const put = area.put({ i, f: tf.cast(i, tf.float32) });
    const got = area.get() as { f: tf.Tensor; i: tf.Tensor };
    const puts = [1, 2, 3].map((value) => sess.run(put, { feedDict: [[i, value]] }));
    await Promise.all(puts.slice(0, 2));
    expect((await sess.run(area.size())).item()).toBe(2);
    const first = await sess.run(got);
    expect([first.f.item(), first.i.item()]).toEqual([1, 1]);
    await puts[2];
    await sess.run(area.clear());
    expect((await sess.run(area.size())).item()).toBe(0);
  }));

test("an ordered map gives the smallest key first, whole once all components are there", () =>
  inSession(async (sess) => {
    const map = new MapStagingArea([tf.float32, tf.float32], { ordered: true, shapes: [[], []] });
    const key = tf.placeholder(tf.int64, []);
    const one = tf.constant(1, { dtype: tf.float32 });
    const [first, second] = [0, 1].map((i) => map.put(key, [one], { indices: [i] }));
    await sess.run(first!, { feedDict: [[key, 7]] });
    expect((await sess.run(map.incompleteSize())).item()).toBe(1);
    await sess.run(second!, { feedDict: [[key, 7]] });
    for (const put of [first!, second!]) await sess.run(put, { feedDict: [[key, 3]] });
    const [smallest] = map.get();
    expect((await sess.run(smallest as tf.Tensor)).item()).toBe(3);
    expect((await sess.run(map.size())).item()).toBe(1);
  }));

test("a critical section is never in two runs at once", () =>
  inSession(async (sess) => {
    const section = new CriticalSection();
    const [turns, log] = [0, 1].map(() => new tf.FIFOQueue(10, tf.int32, { shapes: [[]] }));
    const id = tf.placeholder(tf.int32, []);
    // Inside: says its number, waits for a turn, says it again.
    const body = section.execute(() => {
      const enter = log!.enqueue(id);
      const turn = tf.controlDependencies([enter], () => turns!.dequeue() as tf.Tensor);
      return tf.controlDependencies([turn], () => log!.enqueue(id));
    });
    const runs = [1, 2].map((value) => sess.run(body, { feedDict: [[id, value]] }));
    await sess.run(turns!.enqueueMany([tf.constant([0, 0])]));
    await Promise.all(runs);
    const all = (await sess.run(log!.dequeueMany(4) as tf.Tensor)).toList() as number[];
    expect([all[0] === all[1], all[2] === all[3], all[0] !== all[2]]).toEqual([true, true, true]);
  }));

test("a critical section does not lock itself, nor what another one holds alone", () => {
  new Graph().asDefault(() => {
    const section = new CriticalSection();
    expect(() => section.execute(() => section.execute(() => tf.constant(1)))).toThrow(
      "Attempting to lock a CriticalSection in which we are already running",
    );
    const v = new tf.Variable(0, { useResource: true });
    new CriticalSection().execute(() => v.assignAdd(1).op);
    expect(() => new CriticalSection().execute(() => v.assignAdd(1).op)).toThrow(
      "requested exclusive resource access of this resource. Did you mean to call execute with keyword argument exclusive_resource_access=False?",
    );
  });
});

test("a record input gives every record once in an epoch, mixed", () =>
  inSession(async (sess) => {
    const folder = mkdtempSync(join(tmpdir(), "tsflow-records-"));
    for (const part of [0, 1]) {
      const writer = new tf.pythonIo.TFRecordWriter(join(folder, `part-${part}`));
      for (let i = 0; i < 10; i++) writer.write(`${part}.${i}`);
      writer.close();
    }
    const records = new RecordInput(join(folder, "part-*"), { batchSize: 10, bufferSize: 20, seed: 5 }).getYieldOp();
    const batches: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { data } = await sess.run(records as tf.Tensor);
      batches.push(...(data as readonly Uint8Array[]).map((bytes) => new TextDecoder().decode(bytes)));
    }
    const all = [0, 1].flatMap((part) => Array.from({ length: 10 }, (_, i) => `${part}.${i}`));
    const epochs = [batches.slice(0, 20), batches.slice(20)];
    expect(epochs.map((epoch) => [...epoch].sort())).toEqual([all, all]);
    expect(epochs[0]).not.toEqual(all);
    const none = new RecordInput(join(folder, "other-*")).getYieldOp() as tf.Tensor;
    await expect(sess.run(none)).rejects.toThrow(`Found no files at ${folder}/other-*`);
    rmSync(folder, { recursive: true });
  }));
