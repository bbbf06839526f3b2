/** All measurements, one work after another; within a work, ours and the peer take turns. */
import * as tf from "tsflow";
import { measureCeiling } from "./ceiling.ts";
import { measureCheckpoints } from "./checkpoints.ts";
import { better, type Timing, timeSteps, timeSync, timeWindows } from "./measure.ts";
import type { Peer } from "./peer.ts";
import { timePeerProcess } from "./peer.ts";
import { dataWork, type Pipeline, queueWork, recordsWork, writeRecordFiles } from "./pipelines.ts";
import { judged, type Row, type Target } from "./rows.ts";
import { measureFirstLoss, measurePeerTraining, measureStartup, measureTraining } from "./startup.ts";
import { type EngineChoice, eagerStep, matmulWork, works } from "./works.ts";

export interface SuiteOptions {
  readonly choice: EngineChoice;
  wants(name: string): boolean;
  readonly peer: Peer | null;
  readonly peerCommand: string | null;
  readonly quick: boolean;
  /** The start file of `tsflow`. */
  readonly program: string;
  tell(text: string): void;
}

const atLeast = (limit: number): Target => ({ of: "ratio", at: "least", limit });

/** Ratios to TensorFlow that each work is held to: in WebAssembly alone, and with a native library. */
const targets: Readonly<Record<string, readonly [wasm: number, native: number]>> = {
  W1: [300, 300],
  W2: [0.7, 1.2],
  W3: [0.3, 1],
  W4: [1.4, 2.5],
  LSTM: [1.5, 1.5],
};

const never: Timing = { bestUs: Number.POSITIVE_INFINITY, medianUs: Number.POSITIVE_INFINITY };

class Suite {
  readonly rows: Row[] = [];
  readonly #options: SuiteOptions;
  readonly #rounds: number;
  /** Of one round of one way. */
  readonly #seconds: number;

  constructor(options: SuiteOptions) {
    this.#options = options;
    this.#rounds = options.quick ? 3 : 8;
    this.#seconds = options.quick ? 0.25 : 0.5;
  }

  #add(row: Omit<Row, "ratio" | "pass">, isRate = false): void {
    this.rows.push(judged(row, isRate));
  }

  /** Takes turns: each of ours, then the peer. */
  async #alternate(
    name: string,
    ways: readonly ((seconds: number) => Promise<Timing> | Timing)[],
    path?: string,
  ): Promise<{ ours: Timing[]; peer: Timing | null }> {
    const { peer, tell } = this.#options;
    const ours = ways.map(() => never);
    let other: Timing | null = null;
    for (let round = 0; round < this.#rounds; round++) {
      tell(`${name}, round ${round + 1} of ${this.#rounds}`);
      for (const [i, way] of ways.entries()) ours[i] = better(ours[i]!, await way(this.#seconds));
      if (peer) other = better(other ?? never, await peer.time(name, this.#seconds, path));
    }
    return { ours, peer: other };
  }

  async steps(name: string): Promise<void> {
    const work = await works[name]!(this.#options.choice);
    const { ours, peer } = await this.#alternate(name, [
      (seconds) => timeSteps(work.run, seconds),
      (seconds) => timeSync(work.call, seconds),
    ]);
    const engine = work.sess.state.engine.name;
    const limit = targets[name]![engine.startsWith("native") ? 1 : 0]!;
    for (const [i, way] of ["sess.run", "makeCallable"].entries()) {
      const { bestUs, medianUs } = ours[i]!;
      const beside = peer ? { peer: peer.bestUs } : {};
      const row = {
        work: name,
        way,
        value: bestUs,
        unit: "us/step",
        median: medianUs,
        target: atLeast(limit),
        note: engine,
      };
      this.#add({ ...row, ...beside });
    }
    work.sess.close();
  }

  /** GFLOP/s on one thread, beside what the machine's vectors can do, and on two. */
  async matmul(): Promise<void> {
    const { quick, choice } = this.#options;
    for (const n of quick ? [128, 512] : [64, 128, 256, 512, 1024]) {
      const products = [await matmulWork(n, { ...choice, threads: 1 }), await matmulWork(n, { ...choice, threads: 2 })];
      let ceiling = 0;
      const { ours, peer } = await this.#alternate(`W5 ${n}`, [
        (seconds) => {
          ceiling = Math.max(ceiling, measureCeiling(seconds / 4));
          return timeSync(products[0]!.call, seconds);
        },
        (seconds) => timeSync(products[1]!.call, seconds),
      ]);
      const rate = ({ bestUs }: Timing): number => (2 * n ** 3) / bestUs / 1000;
      const [one, two] = ours.map(rate) as [number, number];
      const engine = products[0]!.sess.state.engine.name;
      const isNative = engine.startsWith("native");
      const beside = peer ? { peer: rate(peer) } : {};
      const native = isNative && n >= 128 ? { target: atLeast(1) } : {};
      this.#add(
        { work: `W5 n=${n}`, way: "1 thread", value: one, unit: "GFLOP/s", note: engine, ...beside, ...native },
        true,
      );
      const part = { work: `W5 n=${n}`, way: "1 thread", value: (100 * one) / ceiling, unit: "% of 128-bit ceiling" };
      const least = (limit: number) => ({ target: { of: "value", at: "least", limit } as const });
      this.#add({ ...part, note: `ceiling ${ceiling.toFixed(1)} GFLOP/s`, ...(isNative ? {} : least(90)) });
      const faster = { work: `W5 n=${n}`, way: "2 threads", value: two / one, unit: "x 1 thread" };
      this.#add({ ...faster, note: `${two.toFixed(1)} GFLOP/s`, ...(isNative ? {} : least(1.9)) });
      for (const work of products) work.sess.close();
    }
  }

  async #pipeline(
    name: string,
    title: string,
    make: () => Promise<Pipeline>,
    options: { path: string; windowMs: number },
  ) {
    const pipeline = await make();
    const { ours, peer } = await this.#alternate(
      name,
      [(seconds) => timeWindows(pipeline.run, seconds, options.windowMs)],
      options.path,
    );
    await pipeline.close();
    const { bestUs, medianUs } = ours[0]!;
    const row = { work: title, way: "sess.run", value: bestUs, unit: "us/step", median: medianUs, target: atLeast(1) };
    this.#add({ ...row, ...(peer ? { peer: peer.bestUs } : {}) });
  }

  async pipelines(): Promise<void> {
    const { wants, choice } = this.#options;
    const files = writeRecordFiles();
    const { floats, bytes } = files;
    try {
      if (wants("queue")) {
        await this.#pipeline("queue", "queue of digits → MLP", () => queueWork(bytes, choice), {
          path: bytes,
          windowMs: 100,
        });
      }
      if (wants("data")) {
        await this.#pipeline("data", "tf.data of digits → MLP", () => dataWork(bytes, choice), {
          path: bytes,
          windowMs: 100,
        });
      }
      if (!wants("records")) return;
      for (const kind of ["floats", "bytes"] as const) {
        const path = kind === "floats" ? floats : bytes;
        const title = `records: 128 Examples, ${kind === "floats" ? "784 floats" : "784 bytes and int64"}`;
        await this.#pipeline(`records ${kind}`, title, () => recordsWork(path, kind, choice), { path, windowMs: 20 });
      }
    } finally {
      files.remove();
    }
  }

  async eager(): Promise<void> {
    tf.enableEagerExecution();
    try {
      const step = eagerStep();
      const { ours, peer } = await this.#alternate("eager", [(seconds) => timeSync(step, seconds)]);
      const { bestUs, medianUs } = ours[0]!;
      const row = { work: "eager linear regression", way: "tape", value: bestUs, unit: "us/step", median: medianUs };
      this.#add({ ...row, ...(peer ? { peer: peer.bestUs } : {}) });
    } finally {
      tf.disableEagerExecution();
    }
  }

  async checkpoints(): Promise<void> {
    this.#options.tell("checkpoints");
    const times = await measureCheckpoints(this.#options.quick ? 2 : 5, this.#options.choice);
    const { megabytes, saveMs, stallMs, copyMs } = times;
    const work = `checkpoint of ${megabytes} MB`;
    this.#add({ work, way: "until durable", value: saveMs, unit: "ms" });
    const note = `copying as many bytes: ${copyMs.toFixed(1)} ms`;
    const target = { of: "value", at: "most", limit: 2 * copyMs + 10 } as const;
    this.#add({ work, way: "longest step", value: stallMs, unit: "ms", target, note });
  }

  /** Whole processes until their first loss, or their end. */
  processes(): void {
    const { wants, program, quick, tell } = this.#options;
    if (wants("W6")) this.#firstLoss();
    if (wants("startup")) {
      tell("startup");
      const promised = { of: "value", at: "most", limit: 150 } as const;
      for (const { name, medianMs, ratio } of measureStartup(program, quick ? 7 : 20)) {
        const target = name === "tsflow --help" ? { target: promised } : {};
        this.#add({
          work: name,
          way: "process",
          value: medianMs,
          unit: "ms",
          note: `${ratio.toFixed(2)} x bare node`,
          ...target,
        });
      }
    }
    if (wants("train")) this.#training();
  }

  /** A program of the library until it has printed its first loss, and a run of training with all its files, from start to end. */
  #firstLoss(): void {
    const { program, quick, choice, peerCommand, tell } = this.#options;
    const model = "scalar_regression";
    const works = { loss: "W6: start to the first loss", train: `train ${model}, 1 step` };
    const ways = [
      { work: works.loss, way: "import", target: atLeast(25), run: () => measureFirstLoss("import") },
      { work: works.loss, way: "require", target: atLeast(25), run: () => measureFirstLoss("require") },
      { work: works.train, way: "process", run: () => measureTraining(program, model, 1, choice) },
    ];
    const times = new Map<object | string, number>();
    const measure = (key: object | string, run: () => number): void => {
      times.set(key, Math.min(times.get(key) ?? Number.POSITIVE_INFINITY, run()));
    };
    for (let round = 0; round < (quick ? 3 : 10); round++) {
      tell("W6");
      for (const way of ways) measure(way, way.run);
      if (!peerCommand || (quick && round > 0)) continue;
      measure(works.loss, () => timePeerProcess(peerCommand, "tf_start.py", []));
      measure(works.train, () => measurePeerTraining(peerCommand, model, 1));
    }
    for (const { run, ...row } of ways.map((way) => ({ ...way, value: times.get(way)!, unit: "ms" })))
      this.#add({ ...row, ...(peerCommand ? { peer: times.get(row.work)! } : {}) });
  }

  #training(): void {
    const { program, quick, choice, peerCommand, tell } = this.#options;
    const plans = [
      ["scalar_regression", quick ? 20_000 : 100_000, !quick],
      ["digits_mlp", 1000, !quick],
      ["digits_cnn", quick ? 150 : 600, !quick],
      ["ctr", quick ? 50 : 500, false],
    ] as const;
    for (const [model, steps, hasPeer] of plans) {
      tell(`train ${model}`);
      let ours = Number.POSITIVE_INFINITY;
      for (let round = 0; round < (quick ? 1 : 3); round++)
        ours = Math.min(ours, measureTraining(program, model, steps, choice));
      const beside = peerCommand && hasPeer ? { peer: measurePeerTraining(peerCommand, model, steps) } : {};
      this.#add({ work: `train ${model}, ${steps} steps`, way: "process", value: ours, unit: "ms", ...beside });
    }
  }
}

export async function measureSuite(options: SuiteOptions): Promise<Row[]> {
  const suite = new Suite(options);
  const { wants } = options;
  for (const name of Object.keys(works)) if (wants(name)) await suite.steps(name);
  if (wants("W5")) await suite.matmul();
  if (wants("queue") || wants("data") || wants("records")) await suite.pipelines();
  if (wants("eager")) await suite.eager();
  if (wants("checkpoints")) await suite.checkpoints();
  suite.processes();
  return suite.rows;
}
