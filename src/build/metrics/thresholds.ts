/** Metrics of probabilities at several thresholds. Source: tensorflow/python/ops/metrics_impl.py. */

import { int32, int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import * as logging from "../../core/text/logging.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import {
  abs,
  argmax,
  argmin,
  cast,
  cumsum,
  divide,
  divNoNan,
  equal,
  identity,
  log,
  logicalAnd,
  maximum,
  minimum,
  multiply,
  onesLike,
  reduceMin,
  reduceSum,
  where,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { type Counts, countsAt, evenThresholds, type Kind, kinds, type Operand } from "./counts_at.ts";
import { inMetricScope, type Metric, type MetricOptions, type MetricRest, metricOptions } from "./metric.ts";

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
/** trueNegatives for predictions of 0..1 taken as true above each threshold: [values, updateOp], vectors [thresholds] of float32. */
export const trueNegativesAtThresholds: ThresholdMetric = counter("tn");
/** falsePositives for predictions of 0..1 taken as true above each threshold: [values, updateOp], vectors [thresholds] of float32. */
export const falsePositivesAtThresholds: ThresholdMetric = counter("fp");
/** falseNegatives for predictions of 0..1 taken as true above each threshold: [values, updateOp], vectors [thresholds] of float32. */
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

/** precision for predictions of 0..1 taken as true above each threshold: [values, updateOp], vectors [thresholds] of float32. */
export const precisionAtThresholds: ThresholdMetric = ratio("precision", "fp");
/** recall for predictions of 0..1 taken as true above each threshold: [values, updateOp], vectors [thresholds] of float32. */
export const recallAtThresholds: ThresholdMetric = ratio("recall", "fn");

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
