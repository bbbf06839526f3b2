import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ModuleBuilder } from "../../../src/engine/wasm/assembler.ts";
import { atomic } from "../../../src/engine/wasm/atomics.ts";
import { add, mul } from "../../../src/engine/wasm/instructions.ts";
import { jobsOffset } from "../../../src/engine/wasm/kernels/pool.ts";
import { i32 } from "../../../src/engine/wasm/lanes.ts";
import { createThreads } from "../../../src/engine/wasm/threads.ts";
import { generator, newMemory } from "./harness.ts";

/** A pool of so many threads, and a job of a count of pieces, each of which counts up the int32 of its number from `counts` on. */
function counting(threads: number) {
  const memory = newMemory(32);
  let top = 64;
  const allocate = (sizeBytes: number): number => {
    top += Math.ceil(sizeBytes / 128) * 128;
    return top - Math.ceil(sizeBytes / 128) * 128;
  };
  const control = top;
  const pool = createThreads({ memory, allocate, threads });
  const counts = allocate(4 * 140_000);
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { shared: true, maximumPages: 65536 });
  m.function(
    "count",
    ["i32", "i32", "i32"],
    null,
    (f, job, index) => f.do(atomic("add", add(job!, mul(index!, 4)), i32(1))),
    { export: true },
  );
  const unit = { name: "counter", module: new WebAssembly.Module(m.bytes()), uses: [], pieces: ["count"] };
  const { share, count: piece } = pool.register(unit) as { share: typeof pool.share; count: number };
  pool.ready(unit, new WebAssembly.Instance(unit.module, { env: { memory } }).exports);
  return {
    share: (count: number) => share(piece, counts, count),
    setJobs: (jobs: number) => new Int32Array(memory.buffer).set([jobs], (control + jobsOffset) / 4),
    counts: (count: number) => new Int32Array(memory.buffer, counts, count),
  };
}

test.each([2, 3, 7])("each piece of a job runs once on %i threads, however many there are", async (threads) => {
  const { share, counts } = counting(threads);
  const next = generator(threads);
  for (let i = 0; i < 5; i++) share(2);
  await sleep(200);
  counts(140_000).fill(0);
  const expected = new Int32Array(400);

  for (let i = 0; i < 3000; i++) {
    const count = Math.floor(next() * (i % 3 === 0 ? 400 : 12));
    share(count);
    for (let k = 0; k < count; k++) expected[k]!++;
  }

  expect(counts(400)).toEqual(expected);
});

test("jobs are told apart when their number passes any bit", async () => {
  const { share, counts, setJobs } = counting(3);
  for (let i = 0; i < 5; i++) share(2);
  await sleep(200);
  counts(9).fill(0);

  for (const bit of [2 ** 30, 2 ** 31, 3 * 2 ** 30, 2 ** 32]) {
    setJobs(bit - 100);
    for (let i = 0; i < 200; i++) share(i % 50 === 0 ? 9 : 2);
  }

  expect([...counts(9)]).toEqual([800, 800, ...new Array(7).fill(16)]);
});

test("a job may have more pieces than a range counts", async () => {
  const { share, counts } = counting(2);
  for (let i = 0; i < 5; i++) share(2);
  await sleep(200);
  counts(140_000).fill(0);

  share(140_000);
  share(65_536);

  expect(counts(140_000)).toEqual(Int32Array.from({ length: 140_000 }, (_, k) => (k < 65_536 ? 2 : 1)));
});
