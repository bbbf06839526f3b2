/** Counts, agreement beyond chance, and the accuracy of one batch. Source: contrib/metrics metric_ops.py, classification.py. */
import { float32, float64, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  cast,
  diagPart,
  div,
  divNoNan,
  equal,
  identity,
  multiply,
  onesLike,
  reduceMean,
  reduceSum,
  size,
  squeeze,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { broadcastWeights } from "../../losses/weights.ts";
import { confusionMatrix } from "../../metrics/classes.ts";
import {
  align,
  alignWeights,
  inMetricScope,
  type Metric,
  type MetricRest,
  metricOptions,
  metricVariable,
} from "../../metrics/metric.ts";
import { assignAdd } from "../../variables/state.ts";
import type { Variable } from "../../variables/variable.ts";

/** How many values there were, float32; weighted, the sum of weights. */
export function count(values: TensorLike, ...rest: MetricRest): Metric {
  const options = metricOptions(rest);
  return inMetricScope("count", options, () => {
    const total = metricVariable([], float32, "count");
    let given = convertToTensor(values);
    let added: Tensor;
    if (options.weights === null || options.weights === undefined) added = cast(size(given), float32);
    else {
      given = cast(given, float32);
      const weights = alignWeights(options.weights, given)!;
      added = reduceSum(broadcastWeights(cast(weights, float32), given));
    }
    const update = getDefaultGraph().controlDependencies([given], () => assignAdd(total, added)) as Tensor;
    return { value: () => identity(total), update: () => update };
  });
}

type Operand = Tensor | Variable;

function kappaOf(agreed: Operand, rows: Operand, columns: Operand, name: string): Tensor {
  const observed = reduceSum(agreed as Tensor);
  const total = reduceSum(rows as Tensor);
  const expected = reduceSum(divNoNan(cast(rows.mul(columns), float64), cast(total, float64)));
  const [po, pe, all] = [cast(observed, float64), cast(expected, float64), cast(total, float64)];
  const gained = po.sub(pe);
  return divNoNan(gained, all.sub(pe), { name });
}

/**
 * Cohen's kappa: by how much labels and predicted classes [n] agree beyond chance, float64. Throws ValueError for fewer than two classes.
 */
export function cohenKappa(
  labels: TensorLike,
  predictionsIdx: TensorLike,
  numClasses: number,
  ...rest: MetricRest
): Metric {
  const options = metricOptions(rest);
  if (numClasses < 2) throw new ValueError(`\`num_classes\` must be >= 2.Found: ${numClasses}`);
  return inMetricScope("cohen_kappa", options, () => {
    let given = convertToTensor(labels);
    const rank = given.shape?.length;
    if (rank !== undefined && rank > 2) throw new ValueError(`Shape ${given.getShape()} must have rank at most 2`);
    if (rank === 2) given = squeeze(given, { axis: [-1] });
    const { labels: label, predictions, weights } = align(predictionsIdx, given, options.weights);
    const dtype = weights === null || weights.dtype.isInteger ? int64 : float32;
    const statistic = (name: string): Variable => metricVariable([numClasses], dtype, name);
    const [agreed, rows, columns] = [statistic("po"), statistic("pe_row"), statistic("pe_col")];
    const matrix = confusionMatrix(label, predictions, { numClasses, weights, dtype, name: "counts_in_table" });
    const batch = [diagPart(matrix), reduceSum(matrix, { axis: 0 }), reduceSum(matrix, { axis: 1 })] as const;
    const updates = [assignAdd(agreed, batch[0]), assignAdd(rows, batch[1]), assignAdd(columns, batch[2])] as Tensor[];
    return {
      value: () => kappaOf(agreed, rows, columns, "value"),
      update: () => kappaOf(updates[0]!, updates[1]!, updates[2]!, "update_op"),
    };
  });
}

export interface AccuracyOptions {
  readonly weights?: TensorLike | null | undefined;
  readonly name?: string | null | undefined;
}

const accuracyPlaces = ["weights", "name"] as const;

/**
 * How many predictions of this batch equal their labels, of all. Throws ValueError for labels that are no whole numbers, booleans or strings, and
 * for predictions of another dtype.
 */
export function accuracy(
  predictions: TensorLike,
  labels: TensorLike,
  ...rest: Rest<AccuracyOptions, typeof accuracyPlaces>
): Tensor {
  const { weights, name }: AccuracyOptions = byName(rest, accuracyPlaces);
  const [prediction, label] = [convertToTensor(predictions), convertToTensor(labels)];
  const { dtype } = label;
  if (!(dtype.isInteger || dtype.isBool || dtype.base === "string")) {
    throw new ValueError(`Labels should have bool, integer, or string dtype, not ${dtype.repr()}`);
  }
  if (dtype.baseDtype !== prediction.dtype.baseDtype) {
    throw new ValueError(
      `Dtypes of predictions and labels should match. Given: predictions (${prediction.dtype.repr()}) and labels (${dtype.repr()})`,
    );
  }
  return getDefaultGraph().nameScope(name ?? "accuracy", () => {
    const isCorrect = cast(equal(prediction, label), float32);
    if (weights === null || weights === undefined) return reduceMean(isCorrect);
    const weighted = multiply(isCorrect, weights);
    const all = multiply(weights, onesLike(weighted));
    return div(reduceSum(weighted), reduceSum(all));
  });
}

/** Values of metrics in one list, updates in another. Throws ValueError for none. */
export function aggregateMetrics<V, U>(...metrics: readonly (readonly [value: V, update: U])[]): [V[], U[]] {
  if (metrics.length === 0) throw new ValueError("Expected at least one value_tensor/update_op pair");
  return [metrics.map(([value]) => value), metrics.map(([, update]) => update)];
}

/** Values of metrics by their names, and updates. */
export function aggregateMetricMap<V, U>(
  namesToTuples: Readonly<Record<string, readonly [value: V, update: U]>>,
): [Record<string, V>, Record<string, U>] {
  const pick = <T>(get: (metric: readonly [V, U]) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(namesToTuples).map(([name, metric]) => [name, get(metric)]));
  return [pick(([value]) => value), pick(([, update]) => update)];
}
