/** One evaluation of a checkpoint, and its results as events. Source: tensorflow/python/training/evaluation.py, estimator.py. */
import { GraphKeys } from "../../../build/collections.ts";
import { zerosInitializer } from "../../../build/initializers.ts";
import { makeTensorProto } from "../../../build/tensors/convert.ts";
import { getVariable } from "../../../build/variables/scope.ts";
import { assignAdd } from "../../../build/variables/state.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { int64, string } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { nowSeconds } from "../../../core/host.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import * as logging from "../../../core/text/logging.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { identity } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { decode, encode, pb } from "../../../proto/messages.ts";
import { toTensorProto } from "../../../proto/tensor_proto.ts";
import type { SessionConfig } from "../../../session/session.ts";
import type { FileWriter } from "../../file_writer.ts";
import { FinalOpsHook } from "../../monitored/hooks/control.ts";
import {
  SessionRunArgs,
  type SessionRunContext,
  SessionRunHook,
  type SessionRunValues,
} from "../../monitored/hooks/session_run_hook.ts";
import { MonitoredSession } from "../../monitored/monitored_session.ts";
import type { Scaffold } from "../../monitored/scaffold.ts";
import { ChiefSessionCreator } from "../../monitored/session_creator.ts";

/** Metrics by name, and `global_step`. */
export type Metrics = Readonly<Record<string, NdArray>>;

/** The variable that counts batches of this evaluation. */
export function getOrCreateEvalStep(): Variable {
  const found = getDefaultGraph().getCollection<Variable>(GraphKeys.EVAL_STEP);
  if (found.length > 1) throw new ValueError("Multiple tensors added to tf.GraphKeys.EVAL_STEP");
  return (
    found[0] ??
    getVariable("eval_step", {
      shape: [],
      dtype: int64,
      initializer: zerosInitializer(),
      trainable: false,
      collections: [GraphKeys.LOCAL_VARIABLES, GraphKeys.EVAL_STEP],
    })
  );
}

const stopPlaces = ["numEvals", "logProgress"] as const;

interface StopOptions {
  /** null: it never ends. */
  readonly numEvals: number | null;
  /** False: nothing is logged. */
  readonly logProgress?: boolean | undefined;
}

/** Ends an evaluation after some batches. */
export class StopAfterNEvalsHook extends SessionRunHook {
  readonly #count: number | null;
  readonly #every: number;
  readonly #logs: boolean;
  #completed!: Tensor;

  constructor(...given: Rest<StopOptions, typeof stopPlaces>) {
    super();
    const { numEvals: count = null, logProgress = true } = byName<StopOptions>(given, stopPlaces);
    this.#count = count;
    this.#every = count === null || count < 20 ? 1 : Math.floor(count / 10);
    this.#logs = logProgress;
  }

  watch(completed: Tensor): void {
    this.#completed = completed;
  }

  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs({ evalsCompleted: this.#completed });
  }

  override afterRun(context: SessionRunContext, { results }: SessionRunValues): void {
    const done = Number(results.evalsCompleted.item());
    if (this.#count === null) {
      if (this.#logs) logging.info("Evaluation [%d]", done);
      return;
    }
    const isTold = done % this.#every === 0 || done === this.#count;
    if (this.#logs && isTold) logging.info("Evaluation [%d/%d]", done, this.#count);
    if (done >= this.#count) context.requestStop();
  }
}

const two = (n: number): string => String(n).padStart(2, "0");

/** Local time, as Python's strftime prints it. */
function localTime(between: string): string {
  const now = new Date(nowSeconds() * 1000);
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `${day}${between}${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}

export interface EvaluationOptions {
  readonly checkpointPath: string | null;
  readonly master: string;
  readonly scaffold: Scaffold;
  readonly updateOp: Operation | null;
  /** Fetched once, at the end. */
  readonly finalOps: Readonly<Record<string, unknown>>;
  readonly hooks: readonly SessionRunHook[];
  readonly config: SessionConfig | null;
}

/** Runs the update of all metrics batch by batch, until the input or a hook ends it; then the metrics. */
export async function evaluateOnce(options: EvaluationOptions): Promise<Metrics> {
  const evalStep = getOrCreateEvalStep();
  const hooks = [...options.hooks];
  const evalOps: (Operation | Tensor)[] = [];
  if (options.updateOp) {
    const updated = assignAdd(evalStep, 1, { useLocking: true }) as Tensor;
    evalOps.push(options.updateOp, updated);
    const completed = getDefaultGraph().controlDependencies(evalOps, () => identity(evalStep.readValue()));
    for (const hook of hooks) if (hook instanceof StopAfterNEvalsHook) hook.watch(completed);
  }
  logging.info("Starting evaluation at %s", localTime("T"));
  const start = nowSeconds();
  const sessionCreator = new ChiefSessionCreator({
    scaffold: options.scaffold,
    checkpointFilenameWithPath: options.checkpointPath,
    master: options.master,
    config: options.config,
  });
  const final = new FinalOpsHook(options.finalOps as never);
  hooks.push(final);
  await new MonitoredSession({ sessionCreator, hooks }).within(async (sess) => {
    if (evalOps.length > 0) while (!sess.shouldStop()) await sess.run(evalOps);
  });
  logging.info("Inference Time : %ss", (nowSeconds() - start).toFixed(5));
  logging.info("Finished evaluation at %s", localTime("-"));
  return final.finalOpsValues as Metrics;
}

const shownMetrics = (metrics: Metrics): string =>
  Object.keys(metrics)
    .sort()
    .filter((key) => metrics[key]!.dtype !== string)
    .map((key) => `${key} = ${metrics[key]}`)
    .join(", ");

const notVisible =
  "Summary for np.ndarray is not visible in Tensorboard by default. Consider using a Tensorboard plugin for visualization (see https://github.com/tensorflow/tensorboard-plugin-example/blob/master/README.md for more information).";

function summaryValues(key: string, value: NdArray): pb.Summary.Value.$Properties[] {
  if (value.dtype === string) {
    const { value: inner } = decode(pb.Summary, (value.data as readonly Uint8Array[])[0]!);
    return inner.map((each, i) => ({ ...each, tag: `${key}/${i}` }) as pb.Summary.Value.$Properties);
  }
  if (value.shape.length === 0) return [{ tag: key, simpleValue: Number(value.item()) }];
  logging.info(notVisible);
  return [{ tag: key, nodeName: key, tensor: toTensorProto(value) as never }];
}

/** Writes metrics, and which checkpoint they are of, as events, and logs them. */
export function writeMetrics(writer: FileWriter, metrics: Metrics, checkpointPath: string | null): void {
  const globalStep = Number(metrics[GraphKeys.GLOBAL_STEP]!.item());
  logging.info("Saving dict for global step %d: %s", globalStep, shownMetrics(metrics));
  const value = Object.entries(metrics).flatMap(([key, each]) =>
    key === GraphKeys.GLOBAL_STEP ? [] : summaryValues(key, each),
  );
  writer.addSummary(encode(pb.Summary, { value }), globalStep);
  if (checkpointPath !== null) {
    logging.info("Saving 'checkpoint_path' summary for global step %d: %s", globalStep, checkpointPath);
    const tensor = makeTensorProto(checkpointPath, { dtype: string }) as never;
    writer.addSummary(encode(pb.Summary, { value: [{ tag: "checkpoint_path", tensor }] }), globalStep);
  }
  writer.flush();
}
