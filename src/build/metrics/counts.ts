/** Metrics of yes and no: true and false positives and negatives, precision, recall. Source: tensorflow/python/ops/metrics_impl.py. */
import { bool, float32 } from "../../core/dtype.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import {
  cast,
  divide,
  equal,
  greater,
  identity,
  logicalAnd,
  multiply,
  rank,
  reduceSum,
  where,
} from "../../ops/index.ts";
import { assertRankIn, assertType } from "../checks/ranks.ts";
import { assignAdd } from "../variables/state.ts";
import { align, inMetricScope, type Metric, type MetricRest, metricOptions, metricVariable } from "./metric.ts";

/** The weighted number of places that hold. */
function countOf(holds: Tensor, weights: Tensor | null) {
  assertType(holds, bool);
  const count = metricVariable([], float32, "count");
  let counted = cast(holds, float32);
  if (weights) {
    const check = assertRankIn(weights, [0, rank(counted)]);
    counted = getDefaultGraph().controlDependencies([check], () => multiply(counted, cast(weights, float32)));
  }
  return { value: () => identity(count), update: () => assignAdd(count, reduceSum(counted)) as Tensor };
}

type BinaryMetric = (labels: TensorLike, predictions: TensorLike, ...rest: MetricRest) => Metric;

const asBool = (tensor: TensorLike): Tensor => cast(tensor as Tensor, bool);

/** Predictions are cast before labels, as the nodes of TensorFlow are. */
function alignBools(labels: TensorLike, predictions: TensorLike, weights: TensorLike | null | undefined) {
  const prediction = asBool(predictions);
  return align(prediction, asBool(labels), weights);
}

const counter =
  (name: string, label: boolean, prediction: boolean): BinaryMetric =>
  (labels, predictions, ...rest) => {
    const options = metricOptions(rest);
    return inMetricScope(name, options, () => {
      const aligned = alignBools(labels, predictions, options.weights);
      const holds = logicalAnd(equal(aligned.labels, label), equal(aligned.predictions, prediction));
      return countOf(holds, aligned.weights);
    });
  };

/** How many predictions are true where the label is; and so on for the three others. */
export const truePositives: BinaryMetric = counter("true_positives", true, true);
/**
 * How many labels and predictions are both false: [value, updateOp], both scalars of float32. The update adds a batch to local variables,
 * which localVariablesInitializer() starts.
 */
export const trueNegatives: BinaryMetric = counter("true_negatives", false, false);
/**
 * How many labels are false where predictions are true: [value, updateOp], both scalars of float32. The update adds a batch to local
 * variables, which localVariablesInitializer() starts.
 */
export const falsePositives: BinaryMetric = counter("false_positives", false, true);
/**
 * How many labels are true where predictions are false: [value, updateOp], both scalars of float32. The update adds a batch to local
 * variables, which localVariablesInitializer() starts.
 */
export const falseNegatives: BinaryMetric = counter("false_negatives", true, false);

const share = (part: Tensor, rest: Tensor, name: string): Tensor =>
  where(greater(part.add(rest), 0), divide(part, part.add(rest)) as Tensor, 0, { name });

const ratio =
  (name: string, other: BinaryMetric): BinaryMetric =>
  (labels, predictions, ...rest) => {
    const options = metricOptions(rest);
    return inMetricScope(name, options, () => {
      const aligned = alignBools(labels, predictions, options.weights);
      const weights = { weights: aligned.weights };
      const [hits, updateHits] = truePositives(aligned.labels, aligned.predictions, weights);
      const [misses, updateMisses] = other(aligned.labels, aligned.predictions, weights);
      return {
        value: () => share(hits, misses, "value"),
        update: () => share(updateHits, updateMisses, "update_op"),
      };
    });
  };

/** True positives of all predicted positives. */
export const precision: BinaryMetric = ratio("precision", falsePositives);
/** True positives of all that are positive. */
export const recall: BinaryMetric = ratio("recall", falseNegatives);
