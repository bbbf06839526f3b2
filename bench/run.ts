/**
 * npm run bench -- [--quick] [--only W1,W5,queue,startup] [--json] [--peer PYTHON] [--threads N] [--engine auto|wasm|native]
 *
 * Ratios are the peer's time by ours in the same run: above 1, tsflow is faster. Ours and the peer alternate.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ceiling } from "./ceiling.ts";
import { better, meanOfSteps, type Timing, timeSteps, timeSync } from "./measure.ts";
import { peerMatmul, peerStart, timePeer, timeQueuePeer } from "./peer.ts";
import { queueWork } from "./queue.ts";
import { measureStartup, measureTraining } from "./startup.ts";
import { computeWith, matmulWork, works } from "./works.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "boolean", default: false },
    peer: { type: "string" },
    threads: { type: "string", default: "1" },
    engine: { type: "string", default: "auto" },
  },
});
const only = values.only?.split(",");
const wants = (name: string): boolean => !only || only.includes(name);
const seconds = values.quick ? 1 : 4;
const rounds = values.quick ? 1 : 3;
const threads = Number(values.threads);
const peer = values.peer ?? null;
computeWith(values.engine, threads);
/** The engine as it names itself once it has computed. */
let engine = values.engine;
const program = resolve(process.cwd(), "bin/tsflow.js");

interface Row {
  readonly work: string;
  readonly way: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: number;
  readonly ratio?: number;
  /** Share of what 128-bit vectors of these threads can do. */
  readonly ofCeiling?: number;
}

const rows: Row[] = [];
const peerSteps: Record<string, number> = { W1: 10_000, W2: 1000, W3: 60, W4: 300, LSTM: 40 };

for (const [name, make] of Object.entries(works)) {
  if (!wants(name)) continue;
  const work = await make();
  let run: Timing = { bestUs: Number.POSITIVE_INFINITY, medianUs: Number.POSITIVE_INFINITY };
  let call = run;
  let other: Timing | null = null;
  for (let round = 0; round < rounds; round++) {
    run = better(run, await timeSteps(work.run, seconds / rounds, 20));
    call = better(call, timeSync(work.call, seconds / rounds, 20));
    const measured = timePeer(peer, name, threads, values.quick ? Math.ceil(peerSteps[name]! / 5) : peerSteps[name]!);
    if (measured) other = other ? better(other, measured) : measured;
  }
  engine = work.sess.state.engine.name;
  for (const [way, timing] of [
    ["sess.run", run],
    ["makeCallable", call],
  ] as const) {
    rows.push({
      work: name,
      way,
      value: timing.bestUs,
      unit: "us/step",
      ...(other ? { peer: other.bestUs, ratio: other.bestUs / timing.bestUs } : {}),
    });
  }
  work.sess.close();
}

if (wants("W5")) {
  const peers = peerMatmul(peer, threads);
  for (const n of values.quick ? [128, 512] : [64, 128, 256, 512, 1024]) {
    const work = await matmulWork(n);
    const { bestUs } = timeSync(work.call, seconds / 2, 3);
    engine = work.sess.state.engine.name;
    const gflops = (2 * n ** 3) / bestUs / 1e3;
    const most = threads * ceiling(seconds / 8);
    const other = peers.get(n);
    rows.push({
      work: `W5 n=${n}`,
      way: "makeCallable",
      value: gflops,
      unit: "GFLOP/s",
      ofCeiling: gflops / most,
      ...(other ? { peer: other, ratio: gflops / other } : {}),
    });
    work.sess.close();
  }
}

if (wants("queue")) {
  const work = await queueWork();
  let value = Number.POSITIVE_INFINITY;
  let other: number | null = null;
  for (let round = 0; round < rounds; round++) {
    value = Math.min(value, await meanOfSteps(work.run, seconds, 100));
    const measured = timeQueuePeer(peer, work.path, threads, values.quick ? 60 : 200);
    if (measured !== null) other = Math.min(other ?? measured, measured);
  }
  await work.close();
  rows.push({
    work: "queue",
    way: "sess.run",
    value,
    unit: "us/step",
    ...(other === null ? {} : { peer: other, ratio: other / value }),
  });
}

if (wants("W6")) {
  const start = measureTraining(program, "scalar_regression", 1, values.quick ? 3 : 10);
  const other = peerStart(peer);
  rows.push({
    work: "W6",
    way: "process",
    value: start,
    unit: "ms",
    ...(other ? { peer: other, ratio: other / start } : {}),
  });
}

if (wants("startup")) {
  for (const { name, medianMs, ratio } of measureStartup(program, values.quick ? 5 : 20)) {
    rows.push({ work: name, way: "x bare node", value: medianMs, unit: "ms", ratio });
  }
}

if (wants("train")) {
  for (const [model, steps] of [
    ["scalar_regression", 100_000],
    ["digits_mlp", 1000],
    ["digits_cnn", 300],
  ] as const) {
    rows.push({
      work: `train ${model} ${steps}`,
      way: "process",
      value: measureTraining(program, model, steps, values.quick ? 1 : 3),
      unit: "ms",
    });
  }
}

if (values.json) process.stdout.write(`${JSON.stringify({ node: process.version, engine, threads, rows })}\n`);
else {
  const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
  for (const row of rows) {
    const beside = row.peer === undefined ? "" : `   TensorFlow ${number(row.peer)}`;
    const ratio = row.ratio === undefined ? "" : `   ratio ${row.ratio.toPrecision(3)}`;
    const share = row.ofCeiling === undefined ? "" : `   ${(100 * row.ofCeiling).toFixed(0)} % of the 128-bit ceiling`;
    process.stdout.write(
      `${row.work.padEnd(46)} ${row.way.padEnd(13)} ${number(row.value).padStart(9)} ${row.unit}${share}${beside}${ratio}\n`,
    );
  }
}
