/** Hooks that write: checkpoints and summaries. Source: basic_session_run_hooks.py. */
import { join } from "node:path";
import { GraphKeys } from "../../../build/collections.ts";
import { createMetaGraphDef } from "../../../build/meta_graph/export.ts";
import { RuntimeError, ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import * as logging from "../../../core/text/logging.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { encode, pb } from "../../../proto/messages.ts";
import type { Session } from "../../../session/session.ts";
import type { FileWriter } from "../../file_writer.ts";
import { writeGraph } from "../../meta_graph.ts";
import type { Saver } from "../../saver.ts";
import type { Scaffold } from "../scaffold.ts";
import { FileWriterCache } from "./file_writer_cache.ts";
import { asStep, globalStepRead, stepValue } from "./global_step_read.ts";
import { SessionRunArgs, type SessionRunContext, SessionRunHook, type SessionRunValues } from "./session_run_hook.ts";
import { SecondOrStepTimer } from "./timer.ts";

const { START, CHECKPOINT } = pb.SessionLog.SessionStatus;

/** Is told of each checkpoint; true from `afterSave` asks training to stop. */
export class CheckpointSaverListener {
  begin(): void {}

  beforeSave(_session: Session, _globalStepValue: number): unknown {
    return undefined;
  }

  afterSave(_session: Session, _globalStepValue: number): unknown {
    return undefined;
  }

  end(_session: Session, _globalStepValue: number): unknown {
    return undefined;
  }
}

export interface CheckpointHookOptions {
  readonly saveSecs?: number | null | undefined;
  readonly saveSteps?: number | null | undefined;
  readonly saver?: Saver | null | undefined;
  /** "model.ckpt" by default. */
  readonly checkpointBasename?: string | undefined;
  readonly scaffold?: Scaffold | null | undefined;
  readonly listeners?: readonly CheckpointSaverListener[] | undefined;
  /** Also graph.pbtxt and the .meta files; true by default. */
  readonly saveGraphDef?: boolean | undefined;
}

interface NamedCheckpointHook extends CheckpointHookOptions {
  readonly checkpointDir: string;
}

const checkpointPlaces = [
  "saveSecs",
  "saveSteps",
  "saver",
  "checkpointBasename",
  "scaffold",
  "listeners",
  "saveGraphDef",
] as const;

/** Saves at the beginning, every so many steps or seconds, and at the end. Throws ValueError for both saver and scaffold. */
export class CheckpointSaverHook extends SessionRunHook {
  readonly #folder: string;
  readonly #path: string;
  readonly #options: CheckpointHookOptions;
  readonly #timer: SecondOrStepTimer;
  #listeners: readonly CheckpointSaverListener[];
  #writer!: FileWriter;
  #step!: Tensor;

  constructor(checkpointDir: string, ...given: Rest<CheckpointHookOptions, typeof checkpointPlaces>);
  constructor(named: NamedCheckpointHook);
  constructor(first: string | NamedCheckpointHook, ...given: Rest<CheckpointHookOptions, typeof checkpointPlaces>) {
    super();
    const isNamed = typeof first !== "string";
    const options = isNamed ? first : byName<CheckpointHookOptions>(given, checkpointPlaces);
    const checkpointDir = isNamed ? first.checkpointDir : first;
    logging.info("Create CheckpointSaverHook.");
    if (options.saver && options.scaffold) throw new ValueError("You cannot provide both saver and scaffold.");
    this.#folder = checkpointDir;
    this.#path = join(checkpointDir, options.checkpointBasename ?? "model.ckpt");
    this.#options = options;
    this.#timer = new SecondOrStepTimer({ everySecs: options.saveSecs, everySteps: options.saveSteps });
    this.#listeners = options.listeners ?? [];
  }

  /** Also tells these, unless it does so already. */
  addListeners(listeners: readonly CheckpointSaverListener[]): void {
    this.#listeners = [...new Set([...this.#listeners, ...listeners])];
  }

  override begin(): void {
    this.#writer = FileWriterCache.get(this.#folder);
    this.#step = globalStepRead("CheckpointSaverHook");
    for (const listener of this.#listeners) listener.begin();
  }

  override async afterCreateSession(session: Session): Promise<void> {
    const step = await stepValue(session, this.#step);
    const { graph } = session;
    if (this.#savesGraph) writeGraph(graph, this.#folder, "graph.pbtxt", { addShapes: true });
    this.#writer.addGraph(graph);
    const metaGraph = createMetaGraphDef({ graph, saverDef: this.#saver.saverDef, collectionList: [] });
    this.#writer.addMetaGraph(encode(pb.MetaGraphDef, metaGraph));
    await this.#save(session, step);
    this.#timer.updateLastTriggeredStep(step);
  }

  get #savesGraph(): boolean {
    return this.#options.saveGraphDef ?? true;
  }

  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(this.#step);
  }

  override async afterRun(runContext: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    const { session } = runContext;
    // What this run read may be older than what it left: ask again before a save.
    if (!this.#timer.shouldTriggerForStep(asStep(results) + 1)) return;
    const step = await stepValue(session, this.#step);
    if (!this.#timer.shouldTriggerForStep(step)) return;
    this.#timer.updateLastTriggeredStep(step);
    if (await this.#save(session, step)) runContext.requestStop();
  }

  override async end(session: Session): Promise<void> {
    const last = await stepValue(session, this.#step);
    if (last !== this.#timer.lastTriggeredStep()) await this.#save(session, last);
    for (const listener of this.#listeners) await listener.end(session, last);
  }

  /** True when a listener asks to stop. */
  async #save(session: Session, step: number): Promise<boolean> {
    logging.info("Calling checkpoint listeners before saving checkpoint %d...", step);
    for (const listener of this.#listeners) await listener.beforeSave(session, step);
    logging.info("Saving checkpoints for %d into %s.", step, this.#path);
    await this.#saver.save(session, this.#path, { globalStep: step, writeMetaGraph: this.#savesGraph });
    this.#writer.addSessionLog({ status: CHECKPOINT, checkpointPath: this.#path }, step);
    logging.info("Calling checkpoint listeners after saving checkpoint %d...", step);
    let stops = false;
    for (const listener of this.#listeners) {
      if (!(await listener.afterSave(session, step))) continue;
      logging.info(
        "A CheckpointSaverListener requested that training be stopped. listener: %s",
        listener.constructor.name,
      );
      stops = true;
    }
    return stops;
  }

  get #saver(): Saver {
    const { saver, scaffold } = this.#options;
    if (saver) return saver;
    if (scaffold) return scaffold.saver!;
    const savers = getDefaultGraph().getCollection<Saver>(GraphKeys.SAVERS);
    if (savers.length === 1) return savers[0]!;
    throw new RuntimeError(
      savers.length === 0
        ? `No items in collection ${GraphKeys.SAVERS}. Please add a saver to the collection or provide a saver or scaffold.`
        : `More than one item in collection ${GraphKeys.SAVERS}. Please indicate which one to use by passing it to the constructor.`,
    );
  }
}

export interface SummaryHookOptions {
  readonly saveSteps?: number | null | undefined;
  readonly saveSecs?: number | null | undefined;
  readonly outputDir?: string | null | undefined;
  readonly summaryWriter?: FileWriter | null | undefined;
  /** Whose summaryOp it is. */
  readonly scaffold?: Scaffold | null | undefined;
  readonly summaryOp?: Tensor | readonly Tensor[] | null | undefined;
}

const summaryPlaces = ["saveSteps", "saveSecs", "outputDir", "summaryWriter", "scaffold", "summaryOp"] as const;

/** Writes summaries every so many steps or seconds. Throws ValueError unless exactly one of scaffold and summaryOp is given. */
export class SummarySaverHook extends SessionRunHook {
  readonly #options: SummaryHookOptions;
  readonly #timer: SecondOrStepTimer;
  #writer: FileWriter | null;
  #step!: Tensor;
  #nextStep: number | null = null;
  #isRequested = false;

  constructor(...given: Rest<SummaryHookOptions, typeof summaryPlaces>) {
    super();
    const options = byName<SummaryHookOptions>(given, summaryPlaces);
    if (!options.scaffold === !options.summaryOp) {
      throw new ValueError("Exactly one of scaffold or summary_op must be provided.");
    }
    this.#options = options;
    this.#writer = options.summaryWriter ?? null;
    this.#timer = new SecondOrStepTimer({ everySecs: options.saveSecs, everySteps: options.saveSteps });
  }

  override begin(): void {
    const { outputDir } = this.#options;
    if (!this.#writer && outputDir) this.#writer = FileWriterCache.get(outputDir);
    this.#nextStep = null;
    this.#step = globalStepRead("SummarySaverHook");
  }

  get #summaryOps(): readonly Tensor[] {
    const op = this.#options.summaryOp ?? this.#options.scaffold?.summaryOp ?? [];
    return Array.isArray(op) ? op : [op as Tensor];
  }

  override beforeRun(): SessionRunArgs {
    this.#isRequested = this.#nextStep === null || this.#timer.shouldTriggerForStep(this.#nextStep);
    return new SessionRunArgs({ globalStep: this.#step, summary: this.#isRequested ? this.#summaryOps : [] });
  }

  override async afterRun({ session }: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    let step = asStep(results.globalStep) + 1;
    if (this.#nextStep === null || this.#isRequested) step = await stepValue(session, this.#step);
    if (this.#nextStep === null) writer.addSessionLog({ status: START }, step);
    if (this.#isRequested) {
      this.#timer.updateLastTriggeredStep(step);
      for (const summary of results.summary as readonly NdArray[]) writer.addSummary(summary, step);
    }
    this.#nextStep = step + 1;
  }

  override end(): void {
    this.#writer?.flush();
  }
}
