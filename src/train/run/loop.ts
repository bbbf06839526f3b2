/**
 * The train loop: build → restore or initialize → steps → summaries, checkpoints, evaluations by schedule → reports.
 * Everything that a person sees is a report; everything that lasts is a file of the run's folder.
 */
import { resolve, sep } from "node:path";
import { getOrCreateGlobalStep } from "../../build/global_step.ts";
import { tablesInitializer } from "../../build/lookup/table.ts";
import { mergeAll } from "../../build/summary.ts";
import { globalVariablesInitializer, localVariablesInitializer } from "../../build/variables/initialize.ts";
import { AbortedError, OutOfRangeError } from "../../core/error.ts";
import { nowSeconds } from "../../core/host.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { version } from "../../core/version.ts";
import { Graph } from "../../graph/graph.ts";
import { noteFilesRead } from "../../io/file_system.ts";
import { engineFor } from "../../session/default_engine.ts";
import { Session } from "../../session/session.ts";
import { FileWriter } from "../file_writer.ts";
import { type BuiltModel, buildModel, type Feed } from "../model.ts";
import type { Metrics, Report, ReportSink, Untimed } from "../report.ts";
import { RunCheckpoints } from "./checkpoints.ts";
import { dryRun, evaluateUntil } from "./evaluate.ts";
import { NanGuard } from "./guard/nan_guard.ts";
import { StepLeft, StepWatch } from "./guard/step_watch.ts";
import { InputLanes } from "./input/lanes.ts";
import type { Outcome, StopRequest, TrainOptions } from "./options.ts";
import { Profile } from "./profile.ts";
import { writeRunFlags } from "./run_directory.ts";
import { BestSoFar, isDue, isReached } from "./schedule.ts";
import { Boundary } from "./state/boundary.ts";
import { MemoryMaker, type RunMemory } from "./state/memory.ts";
import { resume } from "./state/resume.ts";
import { describeInputs, type InputFile } from "./state/run_state.ts";
import { StepFetches, totalOf, trainableCount } from "./step_fetches.ts";
import { StepReporter } from "./step_reporter.ts";

/** Trains as the options say. Reports tell what happens; errors are thrown after the files are whole. */
export async function train(options: TrainOptions): Promise<Outcome> {
  const graph = new Graph();
  graph.seed = options.seed;
  return graph.asDefault(async () => {
    const notes: string[] = [];
    const filesRead = noteFilesRead();
    const model = buildModel(options.model, options.modelFlags, {
      seed: options.seed,
      note: (text) => notes.push(text),
    });
    const run = new TrainRun(options, graph, model, filesRead);
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
  readonly #filesRead: ReadonlySet<string>;
  readonly #sess: Session;
  readonly #checkpoints: RunCheckpoints;
  readonly #fetches: StepFetches;
  readonly #globalStep: ReturnType<typeof getOrCreateGlobalStep>;
  readonly #initializers: readonly Parameters<Session["run"]>[0][];
  readonly #sink: ReportSink;
  readonly #lanes: InputLanes;
  readonly #watch: StepWatch;
  readonly #memories: MemoryMaker;
  readonly #boundary: Boundary;
  readonly #nanGuard: NanGuard;
  readonly #reporter: StepReporter;
  readonly #best: BestSoFar;
  readonly #patience: BestSoFar;
  #writer: FileWriter | null = null;
  #step = 0;
  #firstStep = 0;
  #loss: number | null = null;
  #metrics: Metrics = {};
  #examples = 0;
  #inputs: readonly InputFile[] = [];
  #lastEvaluation = -1;
  #secondsBefore = 0;
  #startedAt = nowSeconds();
  #asked: { stop: StopRequest | null; save: boolean; evaluate: boolean; paused: boolean } = {
    stop: null,
    save: false,
    evaluate: false,
    paused: false,
  };
  #profile: Profile | null = null;

  constructor(options: TrainOptions, graph: Graph, model: BuiltModel, filesRead: ReadonlySet<string>) {
    this.#options = options;
    this.#graph = graph;
    this.#model = model;
    this.#filesRead = filesRead;
    this.#globalStep = getOrCreateGlobalStep();
    this.#initializers = [globalVariablesInitializer(), localVariablesInitializer(), tablesInitializer()] as never;
    const summaries = mergeAll();
    const { threads, seed, keepBest, earlyStop, patience, minDelta, deterministic, onNan, checkNumerics } = options;
    this.#sess = new Session({
      graph,
      engine: engineFor(graph, threads),
      config: { intraOpParallelismThreads: threads },
    });
    const keepsBest = keepBest !== null;
    this.#checkpoints = new RunCheckpoints({ ...options, keepsBest }, this.#sess, (report) => this.#report(report));
    this.#fetches = new StepFetches(this.#sess, model, summaries);
    const [metric] = this.#fetches.metricNames;
    const aim = keepBest ?? earlyStop ?? (metric ? { name: metric, largest: true } : { name: "loss", largest: false });
    this.#best = new BestSoFar(aim);
    this.#patience = new BestSoFar(earlyStop ?? aim, { patience: patience ?? (earlyStop ? 1 : null), minDelta });
    this.#lanes = new InputLanes(this.#sess, graph, { deterministic });
    this.#memories = new MemoryMaker({ sess: this.#sess, graph, batches: model.batches, seed, threads });
    this.#boundary = new Boundary(this.#sess.state, { always: onNan === "skip" || checkNumerics });
    this.#nanGuard = new NanGuard({
      options,
      sess: this.#sess,
      model,
      checkpoints: this.#checkpoints,
      boundary: this.#boundary,
      lanes: this.#lanes,
      globalStep: this.#globalStep as never,
      warn: this.#warn,
    });
    this.#reporter = new StepReporter(model, this.#fetches, this.#lanes);
    this.#watch = new StepWatch({
      ...options,
      isStopped: () => this.#stopRequest() !== null,
      onStall: (what, seconds) =>
        this.#warn([`nothing has ended for ${seconds} s: ${what} waits`, ...this.#lanes.describe()].join("; ")),
    });
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
    this.#watch.close();
    await this.#checkpoints.settle().catch(() => {}); // the run has another error of its own
    this.#writer?.close();
    await this.#sink.close();
    this.#sess.close();
  }

  #report(report: Untimed<Report>): void {
    this.#sink.report({ time: nowSeconds(), ...report } as Report);
  }

  readonly #warn = (message: string): void => this.#report({ event: "warn", message });
  readonly #note = (message: string): void => this.#report({ event: "note", message });

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
    for (const message of notes) this.#note(message);
    if (options.dryRun) {
      await this.#lanes.fill(() => false);
      const feed = this.#reporter.nextFeed() ?? undefined;
      const step = () => this.#lanes.step(() => this.#fetches.reported(feed));
      const found = await dryRun(this.#sess, this.#fetches, step);
      this.#loss = found.loss;
      this.#metrics = found.metrics;
      this.#note(found.message);
      return this.#end({ reason: "max_step", save: false, exit: 0 });
    }
    if (options.resumeFrom) {
      const checkpoint = options.resumeFrom.split(/[\\/]/).pop()!;
      const remaining = options.maxStep === null ? null : Math.max(0, options.maxStep - this.#step);
      this.#report({ event: "resume", step: this.#step, checkpoint, remaining });
    }
    if (options.maxStep !== null && this.#step >= options.maxStep) return this.#nothingToDo();
    writeRunFlags(options.modelDir, options.flagfile);
    this.#writer = new FileWriter(options.modelDir, this.#graph, {
      flushSecs: options.flushSeconds,
      maxBytes: options.maxEventBytes,
      ...(options.resumeFrom ? { sessionStart: this.#step + 1 } : {}),
    });
    return this.#loop();
  }

  async #restoreOrInitialize(): Promise<void> {
    const { resumeFrom: prefix } = this.#options;
    this.#watch.begin("initialization");
    for (const initializer of this.#initializers) await this.#sess.run(initializer as never);
    const parts = { options: this.#options, sess: this.#sess, model: this.#model, checkpoints: this.#checkpoints };
    const state = prefix ? await resume({ ...parts, prefix, warn: this.#warn, note: this.#note }) : null;
    if (state) {
      this.#best.resume(state.best, null);
      this.#patience.resume(state.early_best, state.patience_left);
      this.#secondsBefore = state.seconds_trained;
      this.#examples = state.examples_seen;
    }
    await this.#lanes.start(state?.runners);
    this.#step = Number(await this.#sess.run(this.#globalStep));
    this.#firstStep = this.#step;
    this.#startedAt = nowSeconds();
    this.#reporter.begin(this.#step);
  }

  #nothingToDo(): Outcome {
    const { maxStep } = this.#options;
    this.#note(
      `Nothing to do: checkpoint is at step ${this.#step}, --max_step is ${maxStep}. To go on: --max_step ${this.#step + maxStep!} or --add_step ${maxStep}.`,
    );
    return this.#end({ reason: "max_step", save: false, exit: 0 });
  }

  // steps

  async #loop(): Promise<Outcome> {
    const options = this.#options;
    const atGoal = { reason: "max_step", save: true, exit: 0 } as const;
    const endOfData = { reason: "end_of_data", save: true, exit: 0 } as const;
    let lastSaveSeconds = nowSeconds();
    let stepMs = Number.POSITIVE_INFINITY;
    this.#profile = new Profile(options, this.#step, this.#note);
    for (;;) {
      if (!this.#lanes.isEmpty) await this.#lanes.fill(() => this.#stopRequest() !== null);
      const stop = this.#stopRequest();
      if (stop) return this.#finish(stop);
      if (options.lock?.isLost) options.lock.assertHeld();
      if (options.maxStep !== null && this.#step >= options.maxStep) return this.#finish(atGoal);
      this.#boundary.pass(this.#step, stepMs, () => this.#memory());
      const feed = this.#reporter.nextFeed();
      if (feed === null) return this.#finish(endOfData);
      const next = this.#step + 1;
      const logs = isDue(next, options.logEvery) || next === options.maxStep;
      const { plain, reported, summarized } = this.#fetches;
      const summarizes =
        summarized !== null && (isDue(next, options.summaryEvery) || next === 1 || next === options.maxStep);
      const began = performance.now();
      let values: readonly NdArray[];
      try {
        values = await this.#runStep(next, feed, summarizes ? summarized : logs ? reported : plain);
      } catch (error) {
        if (error instanceof StepLeft) return this.#leaveStep(error);
        if (error instanceof OutOfRangeError && !this.#model.batches) return this.#finish(endOfData);
        throw error;
      }
      stepMs = performance.now() - began;
      await this.#checkpoints.giveTurns(stepMs / 5);
      this.#loss = totalOf(values[0]!);
      const bad = this.#nanGuard.look(next, this.#loss);
      if (bad !== null) {
        this.#step = await this.#nanGuard.handle({ step: next, before: this.#step, what: bad, feed }).catch((error) => {
          this.#end({ reason: "nan", save: false, exit: 5 });
          throw error;
        });
        continue;
      }
      this.#step = next;
      this.#examples += this.#model.batches?.batchSize ?? 1;
      if (logs || summarizes) this.#metrics = this.#fetches.metricsOf(values);
      if (summarizes) this.#writer!.addSummary(this.#fetches.summaryOf(values), this.#step);
      if (logs) this.#reportStep(values);
      if (isDue(next, options.evalEvery) || this.#asked.evaluate) await this.#evaluate();
      if (isReached(options.target, this.#loss, this.#metrics))
        return this.#finish({ reason: "target", save: true, exit: 0 });
      if (this.#patience.isOver) return this.#finish({ reason: "early_stop", save: true, exit: 0 });
      const now = options.saveSecs !== null || options.maxSeconds !== null ? nowSeconds() : 0;
      const savesByTime = options.saveSecs !== null && now - lastSaveSeconds >= options.saveSecs;
      if (isDue(next, options.saveEvery ?? 0) || savesByTime || this.#asked.save) {
        await this.#save();
        lastSaveSeconds = nowSeconds();
      }
      if (options.maxSeconds !== null && now - this.#startedAt >= options.maxSeconds)
        return this.#finish({ reason: "max_time", save: true, exit: 0 });
      for (; this.#asked.paused && !this.#stopRequest(); this.#watch.begin("pause"))
        await new Promise((wake) => setTimeout(wake, 50));
    }
  }

  #runStep(step: number, feed: Feed | undefined, call: StepFetches["plain"]): Promise<readonly NdArray[]> {
    const run = (): Promise<readonly NdArray[]> =>
      this.#profile?.traces(step)
        ? this.#profile.trace(step, this.#writer!, (metadata) => call(feed, metadata))
        : call(feed);
    return this.#watch.run(`step ${step}`, this.#lanes.isEmpty ? run : () => this.#lanes.step(run));
  }

  #reportStep(values: readonly NdArray[]): void {
    const { maxStep } = this.#options;
    const memoryBytes = this.#sess.state.engine.usage.bytes;
    const [loss, metrics] = [this.#loss, this.#metrics];
    this.#report(this.#reporter.report(values, { step: this.#step, maxStep, loss, metrics, memoryBytes }));
  }

  #stopRequest(): StopRequest | null {
    return this.#options.stop?.() ?? this.#asked.stop;
  }

  /** A stop was asked for and the step does not end: what the run was before it is saved. */
  async #leaveStep({ message }: StepLeft): Promise<Outcome> {
    const stop = this.#stopRequest()!;
    this.#warn(`${message}: saving step ${this.#step}, without it`);
    const memory = this.#boundary.at(this.#step);
    if (memory) this.#boundary.goBack();
    else if (Number(await this.#sess.run(this.#globalStep)) !== this.#step)
      throw Object.assign(new AbortedError(`${message}, and has changed variables: nothing is saved`), { exit: 1 });
    this.#writer?.sync();
    if (stop.save) await this.#checkpoints.save(this.#step, () => memory ?? this.#memory(), { mustSucceed: true });
    return this.#end(stop);
  }

  // evaluation and saving

  async #evaluate(): Promise<void> {
    this.#asked.evaluate = false;
    if (!this.#model.evaluation || this.#lastEvaluation === this.#step) return;
    this.#watch.begin("evaluation");
    const started = nowSeconds();
    const result = await evaluateUntil(this.#sess, this.#model, () => this.#stopRequest() !== null);
    if (!result) return;
    const { loss, metrics, examples } = result;
    const step = this.#step;
    this.#lastEvaluation = step;
    const best = this.#best.take(step, loss, metrics);
    this.#patience.take(step, loss, metrics);
    for (const [metric, number] of Object.entries({ loss, ...metrics }))
      this.#writer?.addScalar(`eval/${metric}`, number, step);
    this.#report({ event: "eval", step, loss, metrics, examples, seconds: nowSeconds() - started, best });
    if (best) await this.#checkpoints.saveBest(step, this.#memory());
  }

  /** The log up to this step is on the disk before the checkpoint counts. */
  async #save(mustSucceed = false): Promise<void> {
    this.#asked.save = false;
    this.#watch.begin(`save of step ${this.#step}`);
    await this.#lanes.pause();
    this.#writer?.sync();
    const folder = resolve(this.#options.modelDir) + sep;
    this.#inputs = describeInputs([...this.#filesRead].filter((path) => !resolve(path).startsWith(folder)));
    await this.#checkpoints.save(this.#step, () => this.#memory(), { mustSucceed });
    this.#lanes.goOn();
  }

  #memory(): RunMemory {
    return this.#memories.at({
      step: this.#step,
      examples: this.#examples,
      secondsTrained: this.#secondsBefore + nowSeconds() - this.#startedAt,
      best: this.#best.best,
      earlyBest: this.#patience.best,
      patienceLeft: this.#patience.left,
      runners: this.#lanes.order,
      inputs: this.#inputs,
    });
  }

  async #finish(stop: StopRequest): Promise<Outcome> {
    const wanted = ["sigint", "sigterm", "sighup", "user"].includes(stop.reason);
    if (!wanted) await this.#evaluate();
    await (stop.save ? this.#save(true) : this.#checkpoints.settle());
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
      ...(this.#best.best ? { best: this.#best.best } : {}),
      checkpoint: this.#checkpoints.last?.prefix ?? null,
      exit: stop.exit,
    });
    return { exit: stop.exit, reason: stop.reason, step: this.#step };
  }
}
