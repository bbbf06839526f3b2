/** Metrics of probabilities at several thresholds. Source: tensorflow/python/ops/metrics_impl.py. */

import { bool, float32, int32, int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import * as logging from "../../core/text/logging.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  abs,
  argmax,
  argmin,
  cast,
  constant,
  cumsum,
  divide,
  divNoNan,
  equal,
  expandDims,
  greater,
  identity,
  log,
  logicalAnd,
  logicalNot,
  maximum,
  minimum,
  multiply,
  onesLike,
  reduceMin,
  reduceSum,
  reshape,
  shape as shapeOf,
  stack,
  tile,
  transpose,
  where,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { assertGreaterEqual, assertLessEqual } from "../checks/compare.ts";
import { broadcastWeights } from "../losses/weights.ts";
import { assignAdd } from "../variables/state.ts";
import type { Variable } from "../variables/variable.ts";
import {
  align,
  checkCompatible,
  inMetricScope,
  type Metric,
  type MetricOptions,
  type MetricRest,
  metricOptions,
  metricVariable,
} from "./metric.ts";

/** True positives, false negatives, true negatives, false positives. */
type Kind = "tp" | "fn" | "tn" | "fp";

const kinds: Readonly<Record<Kind, { readonly name: string; readonly label: boolean; readonly prediction: boolean }>> =
  {
    tp: { name: "true_positives", label: true, prediction: true },
    fn: { name: "false_negatives", label: true, prediction: false },
    tn: { name: "true_negatives", label: false, prediction: false },
    fp: { name: "false_positives", label: false, prediction: true },
  };

interface Counts<T> {
  readonly tp: T;
  readonly fn: T;
  readonly tn: T;
  readonly fp: T;
}

interface CountsAt {
  readonly values: Counts<Variable>;
  readonly updates: Counts<Tensor>;
}

const scalar = (value: number): NdArray => new NdArray(float32, [], Float32Array.of(value));

/** One count for each threshold, of the kinds asked for. Fails for predictions outside [0, 1]. */
function countsAt(
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  weights: TensorLike | null | undefined,
  wanted: readonly Kind[] = ["tp", "fn", "tn", "fp"],
): CountsAt {
  const given = convertToTensor(predictions);
  const message = "predictions must be in [0, 1]";
  const limit = (value: number): Tensor => cast(scalar(value) as unknown as Tensor, given.dtype.baseDtype);
  const checks = [assertGreaterEqual(given, limit(0), { message }), assertLessEqual(given, limit(1), { message })];
  const aligned = getDefaultGraph().controlDependencies(checks, () => {
    const prediction = cast(given, float32);
    return align(prediction, cast(labels as Tensor, bool), weights);
  });
  const count = thresholds.length;
  const column = reshape(aligned.predictions, [-1, 1]);
  const row = reshape(cast(aligned.labels, bool), [1, -1]);
  const width = column.shape?.[0] ?? shapeOf(column).at(0);
  const tiled = tile(expandDims(constant(thresholds, { dtype: float32 }), [1]), stack([1, width]));
  const has = (...list: readonly Kind[]): boolean => list.some((kind) => wanted.includes(kind));
  const isPositive = greater(tile(transpose(column), [count, 1]), tiled);
  const isNegative = has("fn", "tn") ? logicalNot(isPositive) : isPositive;
  const labelPositive = tile(row, [count, 1]);
  const labelNegative = has("fp", "tn") ? logicalNot(labelPositive) : labelPositive;
  const weight = aligned.weights && tileWeights(aligned.weights, aligned.predictions, count);
  if (weight) checkCompatible(tiled, weight);
  const values: Partial<Record<Kind, Variable>> = {};
  const updates: Partial<Record<Kind, Tensor>> = {};
  for (const kind of Object.keys(kinds) as Kind[]) {
    if (!wanted.includes(kind)) continue;
    const { name, label, prediction } = kinds[kind];
    const variable = metricVariable([count], float32, name);
    const holds = logicalAnd(label ? labelPositive : labelNegative, prediction ? isPositive : isNegative);
    const counted = cast(holds, float32);
    const weighted = weight ? counted.mul(weight) : counted;
    updates[kind] = assignAdd(variable, reduceSum(weighted, { axis: 1 })) as Tensor;
    values[kind] = variable;
  }
  return { values: values as Counts<Variable>, updates: updates as Counts<Tensor> };
}

function tileWeights(weights: Tensor, predictions: Tensor, count: number): Tensor {
  const broadcast = broadcastWeights(cast(weights, float32), predictions);
  return tile(reshape(broadcast, [1, -1]), [count, 1]);
}

type ThresholdMetric = (
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  ...rest: MetricRest
) => Metric;

const counter =
  (kind: Kind): ThresholdMetric =>
  (labels, predictions, thresholds, ...rest) => {
    const options = metricOptions(rest);
    return inMetricScope(kinds[kind].name, options, () => {
      const { values, updates } = countsAt(labels, predictions, thresholds, options.weights, [kind]);
      return { value: () => identity(values[kind]), update: () => updates[kind] };
    });
  };

/** As the counts of yes and no, with predictions above each threshold as yes. */
export const truePositivesAtThresholds: ThresholdMetric = counter("tp");
export const trueNegativesAtThresholds: ThresholdMetric = counter("tn");
export const falsePositivesAtThresholds: ThresholdMetric = counter("fp");
export const falseNegativesAtThresholds: ThresholdMetric = counter("fn");

const ratio =
  (name: string, other: Kind): ThresholdMetric =>
  (labels, predictions, thresholds, ...rest) => {
    const options = metricOptions(rest);
    return inMetricScope(`${name}_at_thresholds`, options, () => {
      const { values, updates } = countsAt(labels, predictions, thresholds, options.weights, ["tp", other]);
      const share = (counts: Counts<Operand>, end: string): Tensor =>
        divide(counts.tp as Tensor, counts.tp.radd(1e-7).add(counts[other]), { name: `${name}_${end}` }) as Tensor;
      return { value: () => share(values, "value"), update: () => share(updates, "update_op") };
    });
  };

type Operand = Tensor | Variable;

export const precisionAtThresholds: ThresholdMetric = ratio("precision", "fp");
export const recallAtThresholds: ThresholdMetric = ratio("recall", "fn");

/** Thresholds between 0 and 1, and one beyond each end. */
function evenThresholds(count: number, last = 1 + 1e-7): number[] {
  const inner = Array.from({ length: count - 2 }, (_, i) => (i + 1) / (count - 1));
  return [0 - 1e-7, ...inner, last];
}

export interface AucOptions extends MetricOptions {
  readonly numThresholds?: number | undefined;
  readonly curve?: "ROC" | "PR" | undefined;
  readonly summationMethod?: "trapezoidal" | "careful_interpolation" | "minoring" | "majoring" | undefined;
  /** Thresholds of one's own between 0 and 1. */
  readonly thresholds?: readonly number[] | undefined;
}

const aucPlaces = [
  "weights",
  "numThresholds",
  "metricsCollections",
  "updatesCollections",
  "curve",
  "name",
  "summationMethod",
  "thresholds",
] as const;

/** The area under the curve of true over false positives (ROC) or of precision over recall (PR). */
export function auc(labels: TensorLike, predictions: TensorLike, ...rest: Rest<AucOptions, typeof aucPlaces>): Metric {
  const options = byName<AucOptions>(rest, aucPlaces);
  const { curve = "ROC", summationMethod = "trapezoidal" } = options;
  return inMetricScope("auc", options, () => {
    if (curve !== "ROC" && curve !== "PR") {
      throw new ValueError(`Curve must be either ROC or PR. Curve ${String(curve)} is unknown.`);
    }
    const own = options.thresholds && [...options.thresholds].sort((a, b) => a - b);
    const thresholds = own ? [0 - 1e-7, ...own, 1 + 1e-7] : evenThresholds(options.numThresholds ?? 200);
    const { values, updates } = countsAt(labels, predictions, thresholds, options.weights);
    const area = (counts: Counts<Operand>, name: string): Tensor =>
      areaUnder(counts, thresholds.length, curve, summationMethod, name);
    return { value: () => area(values, "value"), update: () => area(updates, "update_op") };
  });
}

function areaUnder(
  { tp, fn, tn, fp }: Counts<Operand>,
  count: number,
  curve: "ROC" | "PR",
  method: NonNullable<AucOptions["summationMethod"]>,
  name: string,
): Tensor {
  const epsilon = 1e-6;
  if (curve === "PR" && method === "trapezoidal") {
    logging.warn(
      'Trapezoidal rule is known to produce incorrect PR-AUCs; please switch to "careful_interpolation" instead.',
    );
  }
  if (curve === "PR" && method === "careful_interpolation") return interpolatedPr(tp, fp, fn, count);
  const [first, rest] = [`:${count - 1}`, "1:"];
  const recall = divide(tp.add(epsilon), tp.add(fn).add(epsilon)) as Tensor;
  let [x, y] = [recall, recall];
  if (curve === "ROC") x = divide(fp as Tensor, fp.add(tn).add(epsilon)) as Tensor;
  else y = divide(tp.add(epsilon), tp.add(fp).add(epsilon)) as Tensor;
  const widths = x.at(first).sub(x.at(rest));
  const [before, after] = [y.at(first), y.at(rest)];
  switch (method) {
    case "trapezoidal":
    case "careful_interpolation":
      return reduceSum(multiply(widths, before.add(after).truediv(2)), { name });
    case "minoring":
      return reduceSum(multiply(widths, minimum(before, after)), { name });
    case "majoring":
      return reduceSum(multiply(widths, maximum(before, after)), { name });
    default:
      throw new ValueError(
        `Invalid summation_method: ${String(method)} summation_method should be 'trapezoidal', 'careful_interpolation', 'minoring', or 'majoring'.`,
      );
  }
}

/** Interpolates true positives between thresholds, as Davis and Goadrich do. */
function interpolatedPr(tp: Operand, fp: Operand, fn: Operand, count: number): Tensor {
  const [first, rest] = [`:${count - 1}`, "1:"];
  const dtp = tp.at(first).sub(tp.at(rest));
  const p = tp.add(fp);
  const slope = divNoNan(dtp, maximum(p.at(first).sub(p.at(rest)), 0), { name: "prec_slope" });
  const intercept = tp.at(rest).sub(multiply(slope, p.at(rest)));
  const isSafe = logicalAnd(p.at(first).greater(0), p.at(rest).greater(0));
  const ratio = where(
    isSafe,
    divNoNan(p.at(first), maximum(p.at(rest), 0), { name: "recall_relative_ratio" }),
    onesLike(p.at(rest)),
  );
  const gained = slope.mul(dtp.add(intercept.mul(log(ratio))));
  const positives = maximum(tp.at(rest).add(fn.at(rest)), 0);
  return reduceSum(divNoNan(gained, positives, { name: "pr_auc_increment" }), { name: "interpolate_pr_auc" });
}

export interface CurvePointOptions extends MetricOptions {
  readonly numThresholds?: number | undefined;
}

function checkShare(name: string, value: number, verb: string): void {
  if (!(value >= 0 && value <= 1)) {
    throw new ValueError(`\`${name}\` must be in the range [0, 1]. Currently, \`${name}\` ${verb} ${value}.`);
  }
}

const sensitivityAtSpecificityPlaces = [
  "weights",
  "numThresholds",
  "metricsCollections",
  "updatesCollections",
  "name",
] as const;

/** The sensitivity where the specificity is nearest to the one given. */
export function sensitivityAtSpecificity(
  labels: TensorLike,
  predictions: TensorLike,
  specificity: number,
  ...rest: Rest<CurvePointOptions, typeof sensitivityAtSpecificityPlaces>
): Metric {
  const options = byName<CurvePointOptions>(rest, sensitivityAtSpecificityPlaces);
  checkShare("specificity", specificity, "got");
  return inMetricScope("sensitivity_at_specificity", options, () => {
    const thresholds = evenThresholds(options.numThresholds ?? 200);
    const { values, updates } = countsAt(labels, predictions, thresholds, options.weights);
    const compute = ({ tp, tn, fp, fn }: Counts<Operand>, name: string): Tensor => {
      const specificities = divide(tn as Tensor, tn.add(fp).add(1e-7)) as Tensor;
      const index = cast(argmin(abs(specificities.sub(specificity)), 0), int32);
      const [hits, all] = [tp.at(index), tp.at(index).add(fn.at(index)).add(1e-7)];
      return divide(hits, all, { name }) as Tensor;
    };
    return { value: () => compute(values, "value"), update: () => compute(updates, "update_op") };
  });
}

/** The specificity where the sensitivity is nearest to the one given. */
export function specificityAtSensitivity(
  labels: TensorLike,
  predictions: TensorLike,
  sensitivity: number,
  ...rest: Rest<CurvePointOptions, typeof sensitivityAtSpecificityPlaces>
): Metric {
  const options = byName<CurvePointOptions>(rest, sensitivityAtSpecificityPlaces);
  checkShare("sensitivity", sensitivity, "is");
  return inMetricScope("specificity_at_sensitivity", options, () => {
    const thresholds = evenThresholds(options.numThresholds ?? 200, 1 - 1e-7);
    const { values, updates } = countsAt(labels, predictions, thresholds, options.weights);
    const compute = ({ tp, tn, fp, fn }: Counts<Operand>, name: string): Tensor => {
      const sensitivities = divide(tp as Tensor, tp.add(fn).add(1e-7)) as Tensor;
      const least = reduceMin(abs(sensitivities.sub(sensitivity)));
      const isLeast = cast(equal(abs(sensitivities.sub(sensitivity)), least), int64);
      const index = cast(argmax(cumsum(isLeast), 0), int32);
      const [hits, all] = [tn.at(index), tn.at(index).add(fp.at(index)).add(1e-7)];
      return divide(hits, all, { name }) as Tensor;
    };
    return { value: () => compute(values, "value"), update: () => compute(updates, "update_op") };
  });
}
