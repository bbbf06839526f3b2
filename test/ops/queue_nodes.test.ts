/** Queues, readers, barriers, accumulators and staging areas make Python's nodes. */
import { float32, int32, int64, string } from "../../src/core/dtype.ts";
import { IndexedSlices } from "../../src/graph/indexed_slices.ts";
import * as tf from "../../src/index.ts";
import { Barrier, CriticalSection, MapStagingArea, RecordInput, StagingArea } from "../../src/ops/index.ts";
import { compareNodes } from "../train/queue/nodes.ts";

const x = (...shape: (number | null)[]) => tf.placeholder(float32, shape);
const floats = (values: unknown) => tf.constant(values as number[], { dtype: float32 });
const one = () => tf.constant(1);

compareNodes("queues", {
  fifo() {
    const q = new tf.FIFOQueue(3, [float32, int32], { shapes: [[2], []], name: "q" });
    q.enqueue([[1, 2], 3]);
    q.enqueueMany([[[1, 2]], [3]], { name: "many" });
    q.dequeue();
    q.dequeueMany(2);
    q.dequeueUpTo(tf.placeholder(int32, []));
    q.size();
    q.close();
    q.close({ cancelPendingEnqueues: true, name: "c" });
    q.isClosed();
    q.size({ name: "n" });
    const p = new tf.FIFOQueue(3, float32);
    p.enqueue(1);
    p.dequeue();
    p.enqueue([x(2, 2)]);
    const named = new tf.FIFOQueue(3, [float32, int32], { names: ["f", "i"], sharedName: "shared" });
    named.enqueue({ i: 1, f: 2 });
    named.dequeue();
  },
  shuffled() {
    tf.setRandomSeed(4);
    const q = new tf.RandomShuffleQueue(10, 2, int64, { shapes: [[]] });
    q.enqueueMany(tf.constant([1, 2], { dtype: int64 }));
    q.dequeueMany(1);
    new tf.RandomShuffleQueue(10, 2, [int64, string], { shapes: [[], [1]], seed: 7, name: "r" });
    new tf.RandomShuffleQueue(10, 2, int64, { sharedName: "s" });
  },
  padding() {
    const q = new tf.PaddingFIFOQueue(10, [int32, string], [[null], []]);
    q.enqueue([[1, 2], "a"]);
    q.enqueue([tf.placeholder(int32, [null]), "b"]);
    q.dequeue();
    q.dequeueMany(3);
    q.dequeueUpTo(4);
  },
  priority() {
    const q = new tf.PriorityQueue(10, [float32], { shapes: [[2]] });
    q.enqueue([5, [1, 2]]);
    const rows = [
      [1, 2],
      [3, 4],
    ];
    q.enqueueMany([[1, 2], rows]);
    q.dequeue();
    q.dequeueMany(2);
    new tf.PriorityQueue(10, [float32, int32], { shapes: [[], []], sharedName: "p", name: "named" }).dequeue();
  },
  from_list() {
    const queues = [2, 3].map((n) => new tf.FIFOQueue(n + 1, float32, { shapes: [[n]] }));
    const q = tf.QueueBase.fromList(tf.placeholder(int32, []), queues);
    q.enqueue(x(2));
    q.dequeue();
    q.size();
    q.close();
  },
  barriers() {
    const b = new Barrier([float32, int32], { shapes: [[2], []], name: "b" });
    b.insertMany(0, ["a", "b"], x(2, 2));
    b.insertMany(1, ["a"], [1]);
    b.takeMany(2);
    b.takeMany(2, { allowSmallBatch: true, name: "t" });
    b.close();
    b.close({ cancelPendingEnqueues: true, name: "c" });
    b.readySize();
    b.incompleteSize();
  },
  accumulators() {
    const a = new tf.ConditionalAccumulator(float32, { shape: [2], name: "a" });
    a.applyGrad([1, 2]);
    a.applyGrad(x(2), { localStep: 3, name: "ap" });
    a.takeGrad(2);
    a.numAccumulated();
    a.setGlobalStep(4);
    const s = new tf.SparseConditionalAccumulator(float32, { shape: [4, 2], reductionType: "SUM" });
    s.applyGrad([0, 1], x(2, 2));
    s.applyGrad([0, 1], x(2, 2), { gradShape: [4, 2], localStep: 1 });
    s.takeGrad(1);
    s.numAccumulated();
    s.setGlobalStep(2);
    const [values, indices, shape] = [
      x(1, 2),
      tf.constant([1], { dtype: int64 }),
      tf.constant([4, 2], { dtype: int64 }),
    ];
    s.applyIndexedSlicesGrad(new IndexedSlices(values, indices, shape));
    s.takeIndexedSlicesGrad(2, { name: "t" });
  },
  staging() {
    const s = new StagingArea([float32, int32], { shapes: [[2], []], capacity: 3, memoryLimit: 1000 });
    s.put([x(2), one()]);
    s.get();
    s.peek(0);
    s.size();
    s.clear();
    const n = new StagingArea([float32, int32], { names: ["f", "i"], sharedName: "n" });
    n.put({ f: floats(1), i: tf.constant(2) });
    n.get({ name: "g" });
    const m = new MapStagingArea([float32, int32], { shapes: [[2], []], ordered: true });
    const k = tf.constant(1, { dtype: int64 });
    m.put(k, [x(2), one()], { indices: [0, 1] });
    m.put(k, [x(2)], { indices: [0] });
    m.get();
    m.get(k);
    m.peek(k);
    m.size();
    m.incompleteSize();
    m.clear();
    const u = new MapStagingArea([float32], { names: ["f"] });
    u.put(k, { f: floats(1) });
    u.get(k, { indices: ["f"] });
  },
  record_input() {
    const settings = { batchSize: 4, parallelism: 2, shiftRatio: 0.25, seed: 3 };
    new RecordInput("data*", settings).getYieldOp();
    new RecordInput("data*", { batchSize: 4, bufferSize: 10, batches: 2, name: "r" }).getYieldOp();
  },
  critical() {
    const section = new CriticalSection({ name: "cs" });
    const v = new tf.Variable(0, { useResource: true });
    const first = section.execute(() => tf.identity(v.assignAdd(1)), { name: "first" });
    tf.controlDependencies([first], () => section.execute(() => v.readValue().mul(2)));
  },
  readers() {
    const q = new tf.FIFOQueue(3, string);
    for (const r of [
      new tf.TextLineReader({ skipHeaderLines: 1 }),
      new tf.WholeFileReader({ name: "w" }),
      new tf.TFRecordReader(),
      new tf.FixedLengthRecordReader(8, { headerBytes: 1 }),
      new tf.IdentityReader(),
    ]) {
      r.read(q);
      r.readUpTo(q, 3);
      r.numRecordsProduced();
      r.numWorkUnitsCompleted();
      r.reset();
      r.serializeState();
      r.restoreState("");
    }
    new tf.TFRecordReader({ name: "z", options: { compressionType: "GZIP" } });
  },
});
