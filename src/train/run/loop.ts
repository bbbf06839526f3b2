/**
 * The train loop: build → restore or initialize → steps → summaries, checkpoints, evaluations by schedule → reports.
 * Everything that a person sees is a report; everything that lasts is a file of the run's folder.
 */
import { basename } from "node:path";
import { getOrCreateGlobalStep } from "../../build/global_step.ts";
import { mergeAll } from "../../build/summary.ts";
import { globalVariablesInitializer, localVariablesInitializer } from "../../build/variables/initialize.ts";
import { nowSeconds } from "../../core/host.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { version } from "../../core/version.ts";
import { Graph } from "../../graph/graph.ts";
import { settleEngine } from "../../session/default_engine.ts";
import { Session } from "../../session/session.ts";
import { FileWriter } from "../file_writer.ts";
import { type BatchSource, type BuiltModel, buildModel, type Feed } from "../model.ts";
import type { Metrics, Report, ReportSink, Untimed } from "../report.ts";
import { RunCheckpoints } from "./checkpoints.ts";
import { evaluate } from "./evaluate.ts";
import type { Outcome, StopRequest, TrainOptions } from "./options.ts";
import { Profile } from "./profile.ts";
import { checkFit } from "./restore.ts";
import { type RunState, readRunState, writeRunFlags } from "./run_directory.ts";
import { isDue, isReached } from "./schedule.ts";
import { StepFetches, totalOf, trainableCount } from "./step_fetches.ts";

/** A run that explodes again and again from one checkpoint ends. */
const maxRollbacks = 10;

/** Trains as the options say. Reports tell what happens; errors are thrown after the files are whole. */
export async function train(options: TrainOptions): Promise<Outcome> {
  const graph = new Graph();
  graph.seed = options.seed;
  return graph.asDefault(async () => {
    const notes: string[] = [];
    const model = buildModel(options.model, options.modelFlags, {
      seed: options.seed,
      note: (text) => notes.push(text),
    });
    const run = new TrainRun(options, graph, model);
    try {
      return await run.run(notes);
    } finally {
      await run.close();
    }
  });
}

class TrainRun {
  readonly #options: TrainOptions;
  readonly #graph: Graph;
  readonly #model: BuiltModel;
  readonly #sess: Session;
  readonly #checkpoints: RunCheckpoints;
  readonly #fetches: StepFetches;
  readonly #globalStep: ReturnType<typeof getOrCreateGlobalStep>;
  readonly #initializers: readonly Parameters<Session["run"]>[0][];
  readonly #sink: ReportSink;
  #writer: FileWriter | null = null;
  #step = 0;
  #firstStep = 0;
  #loss: number | null = null;
  #metrics: Metrics = {};
  #examples = 0;
  #best: RunState["best"] = null;
  #lastEvaluation = -1;
  #secondsBefore = 0;
  #startedAt = nowSeconds();
  #asked: { stop: StopRequest | null; save: boolean; evaluate: boolean; paused: boolean } = {
    stop: null,
    save: false,
    evaluate: false,
    paused: false,
  };
  #logged = { step: 0, seconds: nowSeconds(), inputSeconds: 0 };
  #inputSeconds = 0;
  #rollbacks = 0;
  #profile: Profile | null = null;

  constructor(options: TrainOptions, graph: Graph, model: BuiltModel) {
    this.#options = options;
    this.#graph = graph;
    this.#model = model;
    this.#globalStep = getOrCreateGlobalStep();
    this.#initializers = [globalVariablesInitializer(), localVariablesInitializer()] as never;
    const summaries = mergeAll();
    this.#sess = new Session({ graph, config: { intraOpParallelismThreads: options.threads } });
    settleEngine(this.#sess);
    const keepsBest = options.keepBest !== null;
    this.#checkpoints = new RunCheckpoints({ ...options, keepsBest }, this.#sess, (report) => this.#report(report));
    this.#fetches = new StepFetches(this.#sess, model, summaries);
    this.#sink = options.sink({
      requestStop: ({ save }) => {
        this.#asked.stop = { reason: "user", save, exit: 0 };
      },
      requestSave: () => {
        this.#asked.save = true;
      },
      requestPause: (paused) => {
        this.#asked.paused = paused;
      },
      requestEval: () => {
        this.#asked.evaluate = true;
      },
    });
  }

  async close(): Promise<void> {
    this.#writer?.close();
    await this.#sink.close();
    this.#sess.close();
  }

  #report(report: Untimed<Report>): void {
    this.#sink.report({ time: nowSeconds(), ...report } as Report);
  }

  async run(notes: readonly string[]): Promise<Outcome> {
    const options = this.#options;
    this.#graph.finalize();
    await this.#restoreOrInitialize();
    this.#report({
      event: "start",
      version,
      model: options.model.name,
      modelDir: options.modelDir,
      seed: options.seed,
      engine: this.#sess.state.engine.name,
      threads: options.threads,
      params: trainableCount(),
      maxStep: options.maxStep,
    });
    for (const message of notes) this.#report({ event: "note", message });
    if (options.dryRun) return this.#dryRun();
    if (options.resumeFrom) {
      const checkpoint = options.resumeFrom.split(/[\\/]/).pop()!;
      this.#report({
        event: "resume",
        step: this.#step,
        checkpoint,
        remaining: options.maxStep === null ? null : Math.max(0, options.maxStep - this.#step),
      });
    }
    if (options.maxStep !== null && this.#step >= options.maxStep) return this.#nothingToDo();
    writeRunFlags(options.modelDir, options.flagfile);
    this.#writer = new FileWriter(options.modelDir, this.#graph);
    if (options.resumeFrom) this.#writer.addSessionStart(this.#step + 1);
    return this.#loop();
  }

  async #restoreOrInitialize(): Promise<void> {
    const { resumeFrom } = this.#options;
    await this.#sess.run(this.#initializers as never);
    if (resumeFrom) {
      await checkFit({ checkpoint: resumeFrom });
      await this.#checkpoints.restore(resumeFrom);
      const state = readRunState(resumeFrom);
      if (state) this.#resumeState(state);
      else if (this.#model.batches)
        this.#report({
          event: "warn",
          message: `${resumeFrom} has no state of its own: data and random numbers begin anew`,
        });
    }
    this.#step = Number(await this.#sess.run(this.#globalStep));
    this.#firstStep = this.#step;
    this.#startedAt = nowSeconds();
    this.#logged = { step: this.#step, seconds: this.#startedAt, inputSeconds: 0 };
  }

  #resumeState(state: RunState): void {
    this.#best = state.best;
    this.#secondsBefore = state.secondsTrained;
    this.#examples = state.examples;
    if (state.data !== null) this.#model.batches?.restore(state.data);
    for (const [name, words] of Object.entries(state.randoms)) {
      const op = this.#graph.findOperation(name);
      if (op) this.#sess.state.restoreRandom(op, words);
    }
  }

  #nothingToDo(): Outcome {
    const { maxStep } = this.#options;
    this.#report({
      event: "note",
      message: `Nothing to do: checkpoint is at step ${this.#step}, --max_step is ${maxStep}. To go on: --max_step ${this.#step + maxStep!} or --add_step ${maxStep}.`,
    });
    return this.#end({ reason: "max_step", save: false, exit: 0 });
  }

  // steps

  async #loop(): Promise<Outcome> {
    const options = this.#options;
    const stopSave = { reason: "max_step", save: true, exit: 0 } as const;
    const { plain, reported, summarized } = this.#fetches;
    let lastSaveSeconds = nowSeconds();
    this.#profile = new Profile(options, this.#step, (message) => this.#report({ event: "note", message }));
    for (;;) {
      const stop = this.#stopRequest();
      if (stop) return this.#finish(stop);
      if (options.maxStep !== null && this.#step >= options.maxStep) return this.#finish(stopSave);
      const feed = this.#nextFeed();
      if (feed === null) return this.#finish({ reason: "end_of_data", save: true, exit: 0 });
      const next = this.#step + 1;
      const logs = isDue(next, options.logEvery) || next === options.maxStep;
      const summarizes =
        summarized !== null && (isDue(next, options.summaryEvery) || next === 1 || next === options.maxStep);
      const call = summarizes ? summarized : logs ? reported : plain;
      const values = await (this.#profile?.traces(next)
        ? this.#profile.trace(next, this.#writer!, (metadata) => call(feed, metadata))
        : call(feed));
      this.#step = next;
      this.#examples += this.#model.batches?.batchSize ?? 1;
      this.#loss = totalOf(values[0]!);
      const bad = this.#badValue(next);
      if (bad !== null) {
        await this.#onBadValue(bad);
        continue;
      }
      if (logs || summarizes) this.#metrics = this.#fetches.metricsOf(values);
      if (summarizes) this.#writer!.addSummary(this.#fetches.summaryOf(values), this.#step);
      if (logs) this.#reportStep(values);
      if (isDue(next, options.evalEvery) || this.#asked.evaluate) await this.#evaluate();
      if (isReached(options.target, this.#loss, this.#metrics)) {
        return this.#finish({ reason: "target", save: true, exit: 0 });
      }
      const now = options.saveSecs !== null || options.maxSeconds !== null ? nowSeconds() : 0;
      const savesByTime = options.saveSecs !== null && now - lastSaveSeconds >= options.saveSecs;
      if (isDue(next, options.saveEvery ?? 0) || savesByTime || this.#asked.save) {
        await this.#save();
        lastSaveSeconds = nowSeconds();
      }
      if (options.maxSeconds !== null && now - this.#startedAt >= options.maxSeconds)
        return this.#finish({ reason: "max_time", save: true, exit: 0 });
      while (this.#asked.paused && !this.#stopRequest()) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #stopRequest(): StopRequest | null {
    return this.#options.stop?.() ?? this.#asked.stop;
  }

  #nextFeed(): Feed | undefined | null {
    const source: BatchSource | undefined = this.#model.batches;
    if (!source) return undefined;
    const before = performance.now();
    const feed = source.next();
    this.#inputSeconds += (performance.now() - before) / 1000;
    return feed;
  }

  #reportStep(values: readonly NdArray[]): void {
    const { maxStep } = this.#options;
    const seconds = nowSeconds();
    const elapsed = Math.max(seconds - this.#logged.seconds, 1e-9);
    const stepsPerSec = (this.#step - this.#logged.step) / elapsed;
    const { batchSize } = this.#model.batches ?? {};
    this.#report({
      event: "step",
      step: this.#step,
      maxStep,
      loss: this.#loss,
      metrics: this.#metrics,
      ...this.#fetches.learningRateOf(values),
      stepsPerSec,
      ...(batchSize ? { examplesPerSec: stepsPerSec * batchSize } : {}),
      ...(maxStep !== null ? { etaSeconds: (maxStep - this.#step) / stepsPerSec } : {}),
      ...(this.#model.batches
        ? { inputWait: Math.min(1, (this.#inputSeconds - this.#logged.inputSeconds) / elapsed) }
        : {}),
      memoryBytes: this.#sess.state.engine.usage.bytes,
    });
    this.#logged = { step: this.#step, seconds, inputSeconds: this.#inputSeconds };
  }

  /** What is not finite after this step: the loss, or now and then a variable. */
  #badValue(step: number): string | null {
    if (!Number.isFinite(this.#loss)) return `loss became ${this.#loss}`;
    if (!isDue(step, this.#options.checkNumericsEvery) || this.#options.allowNan) return null;
    const name = this.#checkpoints.nonFinite();
    return name === null ? null : `variable ${name} is not finite`;
  }

  /** The update of a bad step is not saved: the newest good checkpoint stays the newest, and `rollback` goes on from it. */
  async #onBadValue(what: string): Promise<void> {
    const { last } = this.#checkpoints;
    if (this.#options.onNan === "rollback" && last && ++this.#rollbacks <= maxRollbacks) {
      const bad = this.#step;
      await this.#checkpoints.restore(last.prefix);
      this.#step = Number(await this.#sess.run(this.#globalStep));
      const message = `${what} at step ${bad}; going on from ${basename(last.prefix)} with the data that comes next`;
      this.#report({ event: "warn", message });
      return;
    }
    const error = await this.#checkpoints.refuse(this.#step, what);
    this.#end({ reason: "nan", save: false, exit: 5 });
    throw error;
  }

  // evaluation and saving

  async #evaluate(): Promise<void> {
    this.#asked.evaluate = false;
    const { evaluation } = this.#model;
    if (!evaluation || this.#lastEvaluation === this.#step) return;
    this.#lastEvaluation = this.#step;
    const started = nowSeconds();
    const { loss, metrics, examples } = await evaluate(this.#sess, this.#model);
    const name = this.#options.keepBest?.name ?? (this.#fetches.metricNames[0] || "loss");
    const value = name === "loss" ? loss : (metrics[name] ?? Number.NaN);
    const largest = this.#options.keepBest?.largest ?? name !== "loss";
    const isBest =
      Number.isFinite(value) &&
      (this.#best === null || (largest ? value > this.#best.value : value < this.#best.value));
    if (isBest) this.#best = { name, value, step: this.#step };
    for (const [metric, number] of Object.entries({ loss, ...metrics }))
      this.#writer?.addScalar(`eval/${metric}`, number, this.#step);
    this.#report({
      event: "eval",
      step: this.#step,
      loss,
      metrics,
      examples,
      seconds: nowSeconds() - started,
      best: isBest,
    });
    if (isBest) await this.#checkpoints.saveBest(this.#step, this.#stateNow());
  }

  /** The log up to this step is on the disk before the checkpoint counts. */
  async #save(mustSucceed = false): Promise<void> {
    this.#asked.save = false;
    this.#writer?.flush();
    await this.#checkpoints.save(this.#step, () => this.#stateNow(), { mustSucceed });
  }

  #stateNow(): RunState {
    return {
      version: 1,
      step: this.#step,
      seed: this.#options.seed,
      engine: this.#sess.state.engine.name,
      randoms: Object.fromEntries([...this.#sess.state.randomStates()].map(([op, words]) => [op.name, [...words]])),
      data: this.#model.batches?.state() ?? null,
      best: this.#best,
      secondsTrained: this.#secondsBefore + nowSeconds() - this.#startedAt,
      examples: this.#examples,
    };
  }

  // the end

  async #finish(stop: StopRequest): Promise<Outcome> {
    const wanted =
      stop.reason === "sigint" || stop.reason === "sigterm" || stop.reason === "sighup" || stop.reason === "user";
    if (!wanted) await this.#evaluate();
    if (stop.save) await this.#save(true);
    return this.#end(stop);
  }

  #end(stop: StopRequest): Outcome {
    this.#profile?.finish();
    this.#report({
      event: "end",
      step: this.#step,
      reason: stop.reason,
      steps: this.#step - this.#firstStep,
      seconds: nowSeconds() - this.#startedAt,
      loss: this.#loss,
      metrics: this.#metrics,
      ...(this.#best ? { best: this.#best } : {}),
      checkpoint: this.#checkpoints.last?.prefix ?? null,
      exit: stop.exit,
    });
    return { exit: stop.exit, reason: stop.reason, step: this.#step };
  }

  /** One batch, one step, nothing written; the state is that of a fresh start or of the checkpoint. */
  async #dryRun(): Promise<Outcome> {
    const feed = this.#nextFeed();
    const call = this.#fetches.reported;
    const values = await call(feed ?? undefined);
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const before = performance.now();
      await call(feed ?? undefined);
      times.push(performance.now() - before);
    }
    this.#loss = totalOf(values[0]!);
    this.#metrics = this.#fetches.metricsOf(values);
    const { peakBytes } = this.#sess.state.engine.usage;
    this.#report({
      event: "note",
      message: `Dry run: shapes fit, one step has loss ${this.#loss}, takes about ${Math.min(...times).toFixed(3)} ms and ${(peakBytes / 1e6).toFixed(1)} MB of engine memory. Nothing was written.`,
    });
    return this.#end({ reason: "max_step", save: false, exit: 0 });
  }
}
