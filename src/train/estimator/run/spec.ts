/** What a model function returns, and in which mode it is called. Source: tensorflow_estimator/python/estimator/model_fn.py. */
import { GraphKeys } from "../../../build/collections.ts";
import { named } from "../../../build/feature_column/arguments.ts";
import { representation } from "../../../build/feature_column/column.ts";
import type { Metric } from "../../../build/metrics/metric.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { elementCount, isFull } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { Operation } from "../../../graph/operation.ts";
import { isTensorConvertible, Tensor } from "../../../graph/tensor.ts";
import { convertToTensor } from "../../../ops/convert.ts";
import { reshape } from "../../../ops/index.ts";
import { SessionRunHook } from "../../monitored/hooks/session_run_hook.ts";
import { Scaffold } from "../../monitored/scaffold.ts";

/** `tf.estimator.ModeKeys`. */
export const ModeKeys = { TRAIN: "train", EVAL: "eval", PREDICT: "infer" } as const;
export type Mode = (typeof ModeKeys)[keyof typeof ModeKeys];

export type Predictions = Tensor | Readonly<Record<string, Tensor>>;

export interface EstimatorSpecOptions {
  /** Needed to predict. */
  readonly predictions?: Predictions | null | undefined;
  /** A scalar; needed to train and to evaluate. */
  readonly loss?: Tensor | null | undefined;
  /** Needed to train: one run of it is a step. */
  readonly trainOp?: Operation | Tensor | null | undefined;
  /** Metrics by name. */
  readonly evalMetricOps?: Readonly<Record<string, Metric>> | null | undefined;
  readonly exportOutputs?: Readonly<Record<string, unknown>> | null | undefined;
  readonly trainingChiefHooks?: readonly SessionRunHook[] | null | undefined;
  readonly trainingHooks?: readonly SessionRunHook[] | null | undefined;
  readonly scaffold?: Scaffold | null | undefined;
  readonly evaluationHooks?: readonly SessionRunHook[] | null | undefined;
  readonly predictionHooks?: readonly SessionRunHook[] | null | undefined;
}

const fromElsewhere = (what: string, name: string): ValueError =>
  new ValueError(
    `${what} with "${name}" must be from the default graph. Possible causes of this error include: \n\n1) ${what} was created outside the context of the default graph.\n\n2) The object passed through to EstimatorSpec was not created in the most recent call to "model_fn".`,
  );

const asTensorOrNull = (value: unknown): Tensor | null =>
  value instanceof Tensor ? value : isTensorConvertible(value) ? convertToTensor(value) : null;

function checkedTensor(value: unknown, name: string): Tensor {
  const tensor = asTensorOrNull(value);
  if (tensor) return tensor;
  throw new TypeError(`${name} must be Tensor, given: ${representation(value).replace(/^'(.*)'$/s, "$1")}`);
}

function checkedTrainOp(trainOp: EstimatorSpecOptions["trainOp"], mode: Mode): Operation | Tensor | null {
  if (trainOp === null || trainOp === undefined) {
    if (mode === ModeKeys.TRAIN) throw new ValueError("Missing train_op.");
    return null;
  }
  const given = trainOp instanceof Operation ? trainOp : asTensorOrNull(trainOp);
  if (!given) throw new TypeError(`train_op must be Operation or Tensor, given: ${trainOp}`);
  if (given.graph !== getDefaultGraph()) throw fromElsewhere("train_op", given.name);
  return given;
}

function checkedLoss(loss: Tensor | null | undefined, mode: Mode): Tensor | null {
  if (loss === null || loss === undefined) {
    if (mode !== ModeKeys.PREDICT) throw new ValueError("Missing loss.");
    return null;
  }
  let tensor = checkedTensor(loss, "loss");
  const { shape } = tensor;
  if (isFull(shape) && elementCount(shape) !== 1) throw new ValueError(`Loss must be scalar, given: ${tensor}`);
  if (shape !== null && shape.length > 0) tensor = reshape(tensor, new Int32Array(0));
  if (tensor.graph !== getDefaultGraph()) throw fromElsewhere("loss", tensor.name);
  return tensor;
}

function checkedPredictions(predictions: Predictions | null | undefined, mode: Mode): Predictions {
  if (predictions === null || predictions === undefined) {
    if (mode === ModeKeys.PREDICT) throw new ValueError("Missing predictions.");
    return {};
  }
  const graph = getDefaultGraph();
  const single = asTensorOrNull(predictions);
  if (single) {
    if (single.graph !== graph) throw fromElsewhere("prediction values", single.name);
    return single;
  }
  const entries = Object.entries(predictions).map(([key, value]): [string, Tensor] => [
    key,
    checkedTensor(value, `predictions[${key}]`),
  ]);
  for (const [key, value] of entries) {
    if (value.graph !== graph) throw fromElsewhere("prediction values", `${key}: ${value.name}`);
  }
  return Object.fromEntries(entries);
}

function checkedHooks(hooks: readonly SessionRunHook[] | null | undefined): readonly SessionRunHook[] {
  for (const hook of hooks ?? []) {
    if (hook instanceof SessionRunHook) continue;
    throw new TypeError(`All hooks must be SessionRunHook instances, given: ${String(hook)}`);
  }
  return [...(hooks ?? [])];
}

function checkedMetrics(metrics: EstimatorSpecOptions["evalMetricOps"]): Readonly<Record<string, Metric>> {
  if (metrics === null || metrics === undefined) return {};
  if (typeof metrics !== "object" || Array.isArray(metrics)) {
    throw new TypeError(`eval_metric_ops must be a dict, given: ${String(metrics)}`);
  }
  for (const [key, value] of Object.entries(metrics)) {
    if (!Array.isArray(value) || value.length !== 2) {
      throw new TypeError(
        `Values of eval_metric_ops must be (metric_value, update_op) tuples, given: ${String(value)} for key: ${key}`,
      );
    }
    for (const item of value as readonly { readonly graph: unknown; readonly name: string }[]) {
      if (item.graph !== getDefaultGraph()) throw fromElsewhere("eval_metric_ops", `${key}: ${item.name}`);
    }
  }
  return { ...metrics };
}

const names = [
  "mode",
  "predictions",
  "loss",
  "trainOp",
  "evalMetricOps",
  "exportOutputs",
  "trainingChiefHooks",
  "trainingHooks",
  "scaffold",
  "evaluationHooks",
  "predictionHooks",
] as const;

/** What a model is in one mode. Throws ValueError for what the mode needs and is missing, TypeError for what is no tensor. */
export class EstimatorSpec {
  readonly mode: Mode;
  readonly predictions: Predictions;
  readonly loss: Tensor | null;
  readonly trainOp: Operation | Tensor | null;
  readonly evalMetricOps: Readonly<Record<string, Metric>>;
  readonly exportOutputs: Readonly<Record<string, unknown>> | null;
  readonly trainingChiefHooks: readonly SessionRunHook[];
  readonly trainingHooks: readonly SessionRunHook[];
  readonly scaffold: Scaffold;
  readonly evaluationHooks: readonly SessionRunHook[];
  readonly predictionHooks: readonly SessionRunHook[];

  constructor(mode: Mode | ({ readonly mode: Mode } & EstimatorSpecOptions), options?: EstimatorSpecOptions) {
    const given = named<{ readonly mode: Mode } & EstimatorSpecOptions>(options ? [mode, options] : [mode], names);
    this.mode = given.mode;
    this.trainOp = checkedTrainOp(given.trainOp, given.mode);
    this.loss = checkedLoss(given.loss, given.mode);
    this.predictions = checkedPredictions(given.predictions, given.mode);
    this.exportOutputs = given.exportOutputs ?? null;
    this.trainingHooks = checkedHooks(given.trainingHooks);
    this.evaluationHooks = checkedHooks(given.evaluationHooks);
    this.predictionHooks = checkedHooks(given.predictionHooks);
    this.trainingChiefHooks = checkedHooks(given.trainingChiefHooks);
    this.evalMetricOps = checkedMetrics(given.evalMetricOps);
    this.scaffold = given.scaffold ?? new Scaffold();
    if (!(this.scaffold instanceof Scaffold)) {
      throw new TypeError(`scaffold must be tf.train.Scaffold. Given: ${String(this.scaffold)}`);
    }
  }

  /** A copy with other values. */
  replace(changes: EstimatorSpecOptions): EstimatorSpec {
    const { mode, ...own } = { ...this };
    return new EstimatorSpec(mode, { ...own, ...changes });
  }
}

/** Operations to run beside a training step, with it. */
export const updateOps = (): Operation[] => getDefaultGraph().getCollection<Operation>(GraphKeys.UPDATE_OPS);
