/** `tf.contrib.training`: training and evaluation in monitored sessions. Source: contrib/training training.py, evaluation.py. */
import { getOrCreateGlobalStep } from "../../../build/global_step.ts";
import { mergeAll } from "../../../build/summary.ts";
import { assignAdd } from "../../../build/variables/state.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { ValueError } from "../../../core/error.ts";
import { nowSeconds } from "../../../core/host.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import * as logging from "../../../core/text/logging.ts";
import type { FeedDict } from "../../../graph/scopes.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Session, SessionConfig } from "../../../session/session.ts";
import { getOrCreateEvalStep, StopAfterNEvalsHook } from "../../estimator/run/evaluation.ts";
import type { FileWriter } from "../../file_writer.ts";
import { checkpointsIterator } from "../../monitored/basic_loops.ts";
import { FinalOpsHook } from "../../monitored/hooks/control.ts";
import { FileWriterCache } from "../../monitored/hooks/file_writer_cache.ts";
import { SessionRunHook } from "../../monitored/hooks/session_run_hook.ts";
import { MonitoredSession } from "../../monitored/monitored_session.ts";
import { MonitoredTrainingSession, type TrainingSessionOptions } from "../../monitored/monitored_training_session.ts";
import type { Scaffold } from "../../monitored/scaffold.ts";
import { ChiefSessionCreator } from "../../monitored/session_creator.ts";

// biome-ignore lint/suspicious/noExplicitAny: values in the structure of what is fetched
type Values = any;
// biome-ignore lint/suspicious/noExplicitAny: a tensor, an operation, or a list or record of them
type Fetched = any;

interface SummaryAtEndOptions {
  readonly logDir?: string | null | undefined;
  readonly summaryWriter?: FileWriter | null | undefined;
  /** All summaries of the graph by default. */
  readonly summaryOp?: Tensor | null | undefined;
  readonly feedDict?: FeedDict | null | undefined;
}

const summaryPlaces = ["logDir", "summaryWriter", "summaryOp", "feedDict"] as const;

/** Writes summaries once, at the end of a session. Throws ValueError where it is not told where to. */
export class SummaryAtEndHook extends SessionRunHook {
  readonly #options: SummaryAtEndOptions;
  #writer: FileWriter | null;
  #summary: Tensor | null;
  #step!: Variable;

  constructor(...given: Rest<SummaryAtEndOptions, typeof summaryPlaces>) {
    super();
    this.#options = byName<SummaryAtEndOptions>(given, summaryPlaces);
    this.#writer = this.#options.summaryWriter ?? null;
    this.#summary = this.#options.summaryOp ?? null;
    if (!this.#options.logDir && !this.#writer) {
      throw new ValueError("One of log_dir or summary_writer should be used.");
    }
  }

  override begin(): void {
    if (!this.#options.summaryOp) this.#summary = mergeAll();
    this.#step = getOrCreateGlobalStep();
  }

  override afterCreateSession(): void {
    const { logDir } = this.#options;
    if (!this.#writer && logDir) this.#writer = FileWriterCache.get(logDir);
  }

  override async end(session: Session): Promise<void> {
    if (this.#summary) {
      const { feedDict } = this.#options;
      const step = (await session.run(this.#step)) as NdArray;
      const made = (await session.run(this.#summary, feedDict ? { feedDict } : {})) as NdArray;
      this.#writer?.addSummary((made.data as readonly Uint8Array[])[0]!, Number(step.item()));
    }
    this.#writer?.flush();
  }
}

interface EvaluateOptions {
  readonly master?: string | undefined;
  readonly scaffold?: Scaffold | null | undefined;
  /** Run until the input or a hook ends it. */
  readonly evalOps?: Fetched;
  readonly feedDict?: FeedDict | null | undefined;
  /** Run once at the end; their values are the result. */
  readonly finalOps?: Fetched;
  readonly finalOpsFeedDict?: FeedDict | null | undefined;
  readonly hooks?: readonly SessionRunHook[] | null | undefined;
  readonly config?: SessionConfig | null | undefined;
}

interface RepeatOptions extends EvaluateOptions {
  /** At least so many seconds from one to the next; 60 by default. */
  readonly evalIntervalSecs?: number | undefined;
  readonly maxNumberOfEvaluations?: number | null | undefined;
  /** Seconds to wait for a checkpoint; for ever by default. */
  readonly timeout?: number | null | undefined;
  readonly timeoutFn?: (() => boolean) | null | undefined;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** Time as strftime prints it: local with "T", of Greenwich else. */
function stamp(isLocal: boolean): string {
  const now = new Date(nowSeconds() * 1000);
  if (!isLocal) return now.toISOString().slice(0, 19).replace("T", "-");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  return `${day}T${[now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":")}`;
}

/** What is run again and again, with the step that counts it; hooks that stop after some are told of it. */
function counted(evalOps: Fetched, hooks: readonly SessionRunHook[]): Fetched {
  const step = getOrCreateEvalStep();
  if (evalOps === null || evalOps === undefined) return null;
  const updated = assignAdd(step, 1, { useLocking: true }) as Tensor;
  for (const hook of hooks) if (hook instanceof StopAfterNEvalsHook) hook.watch(updated);
  if (Array.isArray(evalOps)) return [...evalOps, updated];
  const isRecord = Object.getPrototypeOf(evalOps) === Object.prototype;
  return isRecord ? { ...evalOps, update_eval_step: updated } : [evalOps, updated];
}

async function evaluate(
  checkpoint: string,
  evalOps: Fetched,
  hooks: readonly SessionRunHook[],
  options: EvaluateOptions,
  isLocal: boolean,
): Promise<void> {
  const { scaffold, master, config, feedDict } = options;
  const sessionCreator = new ChiefSessionCreator({
    scaffold: scaffold ?? undefined,
    checkpointFilenameWithPath: checkpoint,
    master,
    config,
  });
  await new MonitoredSession({ sessionCreator, hooks }).within(async (session) => {
    logging.info(`Starting evaluation at ${stamp(isLocal)}`);
    if (evalOps) while (!session.shouldStop()) await session.run(evalOps, feedDict ? { feedDict } : {});
    logging.info(`Finished evaluation at ${stamp(isLocal)}`);
  });
}

/** What runs in each evaluation, and the hook that takes the values at its end. */
function withFinal(options: EvaluateOptions) {
  const given = options.hooks ?? [];
  const evalOps = counted(options.evalOps, given);
  const final = new FinalOpsHook(options.finalOps ?? null, { finalOpsFeedDict: options.finalOpsFeedDict });
  return { evalOps, hooks: [...given, final], final };
}

const oncePlaces = [
  "master",
  "scaffold",
  "evalOps",
  "feedDict",
  "finalOps",
  "finalOpsFeedDict",
  "hooks",
  "config",
] as const;

/** The values of finalOps after evalOps ran on a checkpoint until the input or a hook ended it. */
export async function evaluateOnce(
  checkpointPath: string,
  ...rest: Rest<EvaluateOptions, typeof oncePlaces>
): Promise<Values> {
  const options = byName<EvaluateOptions>(rest, oncePlaces);
  const { evalOps, hooks, final } = withFinal(options);
  await evaluate(checkpointPath, evalOps, hooks, options, true);
  return final.finalOpsValues;
}

const repeatPlaces = [
  "master",
  "scaffold",
  "evalOps",
  "feedDict",
  "finalOps",
  "finalOpsFeedDict",
  "evalIntervalSecs",
  "hooks",
  "config",
  "maxNumberOfEvaluations",
  "timeout",
  "timeoutFn",
] as const;

/** As evaluateOnce for each checkpoint of a folder as it comes; the values of the last one. */
export async function evaluateRepeatedly(
  checkpointDir: string,
  ...rest: Rest<RepeatOptions, typeof repeatPlaces>
): Promise<Values> {
  const options = byName<RepeatOptions>(rest, repeatPlaces);
  const { evalIntervalSecs = 60, maxNumberOfEvaluations = null, timeout, timeoutFn } = options;
  const { evalOps, hooks, final } = withFinal(options);
  let count = 0;
  const found = checkpointsIterator(checkpointDir, { minIntervalSecs: evalIntervalSecs, timeout, timeoutFn });
  for await (const path of found) {
    await evaluate(path, evalOps, hooks, options, false);
    count++;
    if (maxNumberOfEvaluations !== null && count >= maxNumberOfEvaluations) break;
  }
  return final.finalOpsValues;
}

interface TrainOptions
  extends Pick<
    TrainingSessionOptions,
    | "master"
    | "isChief"
    | "scaffold"
    | "hooks"
    | "chiefOnlyHooks"
    | "saveCheckpointSecs"
    | "saveSummariesSteps"
    | "config"
    | "maxWaitSecs"
  > {
  readonly runMetadata?: object | null | undefined;
}

const trainPlaces = [
  "master",
  "isChief",
  "scaffold",
  "hooks",
  "chiefOnlyHooks",
  "saveCheckpointSecs",
  "saveSummariesSteps",
  "config",
  "maxWaitSecs",
  "runMetadata",
] as const;

/** Runs trainOp until a hook stops it; the last value. Throws ValueError where there is no folder for what is to be saved. */
export async function train(
  trainOp: Fetched,
  logdir: string | null,
  ...rest: Rest<TrainOptions, typeof trainPlaces>
): Promise<Values> {
  const { runMetadata, ...options } = byName<TrainOptions>(rest, trainPlaces);
  const { isChief = true, saveCheckpointSecs = 600, saveSummariesSteps = 100 } = options;
  if (logdir === null && isChief) {
    if (saveSummariesSteps) throw new ValueError("logdir cannot be None when save_summaries_steps is not None");
    if (saveCheckpointSecs) throw new ValueError("logdir cannot be None when save_checkpoint_secs is not None");
  }
  const session = MonitoredTrainingSession({
    ...options,
    isChief,
    checkpointDir: logdir,
    saveCheckpointSecs,
    saveSummariesSteps,
  });
  let loss: Values = null;
  await session.within(async (sess) => {
    while (!sess.shouldStop()) loss = await sess.run(trainOp, runMetadata ? ({ runMetadata } as never) : {});
  });
  return loss;
}
