/** The area under the ROC curve from histograms of scores. Source: contrib/metrics histogram_ops.py. */
import { float32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  add,
  booleanMask,
  cast,
  conv2d,
  equal,
  group,
  histogramFixedWidth,
  logicalNot,
  onesLike,
  pad,
  rank,
  reduceSum,
  reshape,
  reverse,
  shape as shapeOf,
  truediv,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { GraphKeys } from "../../collections.ts";
import { assertThat } from "../../control_flow/assert.ts";
import { zerosInitializer } from "../../initializers.ts";
import { removeSqueezableDimensions } from "../../losses/squeeze.ts";
import { getVariable, variableScope } from "../../variables/scope.ts";
import type { Variable } from "../../variables/variable.ts";

export interface HistogramAucOptions {
  /** 100 by default. */
  readonly nbins?: number | undefined;
  /** Those of the counts: LOCAL_VARIABLES by default. */
  readonly collections?: readonly string[] | undefined;
  /** False: labels and scores may have several dimensions. */
  readonly checkShape?: boolean | undefined;
  readonly name?: string | undefined;
}

const places = ["nbins", "collections", "checkShape", "name"] as const;

function checkRank(tensor: Tensor, name: string): Operation {
  const isVector = equal(1, rank(tensor));
  const text = `Argument ${name} should have rank 1.  Found: `;
  return assertThat(isVector, [text, tensor.name, shapeOf(tensor)]) as Operation;
}

function checked(labels: TensorLike, scores: TensorLike, checkShape: boolean): readonly [Tensor, Tensor] {
  return getDefaultGraph().nameScope("_check_labels_and_scores", () => {
    const label = convertToTensor(labels, { name: "boolean_labels" });
    const score = convertToTensor(scores, { name: "scores" });
    if (!label.dtype.isBool) {
      throw new ValueError(`('Argument boolean_labels should have dtype bool.  Found: %s', ${label.dtype.repr()})`);
    }
    const checks = checkShape ? [checkRank(label, "boolean_labels"), checkRank(score, "scores")] : [];
    return getDefaultGraph().controlDependencies(checks, () => [label, score]);
  });
}

const counted = (name: string, nbins: number, collections: readonly string[]): Variable =>
  getVariable(name, {
    shape: [nbins],
    dtype: int64,
    initializer: zerosInitializer(),
    collections: [...collections],
    trainable: false,
  });

/**
 * The area under the ROC curve of scores [n] within scoreRange [2], at boolean labels [n], and the operation that takes a batch in. Throws
 * ValueError for labels of another dtype.
 */
export function aucUsingHistogram(
  booleanLabels: TensorLike,
  scores: TensorLike,
  scoreRange: TensorLike,
  ...rest: Rest<HistogramAucOptions, typeof places>
): readonly [auc: Tensor, update: Operation] {
  const options: HistogramAucOptions = byName(rest, places);
  const { nbins = 100, collections = [GraphKeys.LOCAL_VARIABLES], checkShape = true } = options;
  return variableScope(options.name ?? null, { defaultName: "auc_using_histogram" }, () => {
    const [labelGiven, scoreGiven] = removeSqueezableDimensions(booleanLabels, scores);
    const range = convertToTensor(scoreRange, { name: "score_range", preferredDtype: scoreGiven.dtype });
    const [label, score] = checked(labelGiven, scoreGiven, checkShape);
    const histograms = variableScope(null, { defaultName: "make_auc_histograms" }, () => {
      const of = (mask: Tensor, name: string): Tensor =>
        histogramFixedWidth(booleanMask(score, mask), range, { nbins, dtype: int64, name });
      return [of(label, "hist_true"), of(logicalNot(label), "hist_false")] as const;
    });
    const [truths, errors, update] = variableScope(null, { defaultName: "hist_accumulate" }, () => {
      const [yes, no] = [counted("hist_true_acc", nbins, collections), counted("hist_false_acc", nbins, collections)];
      const added = [yes.assignAdd(histograms[0]), no.assignAdd(histograms[1])] as Tensor[];
      return [yes, no, group(...added, { name: "update_op" })] as const;
    });
    return [areaOf(truths, errors, nbins), update] as const;
  });
}

/** Trapezoids under the curve from the largest score to the smallest. */
function areaOf(truths: Variable, errors: Variable, nbins: number): Tensor {
  const share = (counts: Variable): Tensor => truediv(counts, reduceSum(counts as unknown as Tensor));
  const [yes, no] = [share(truths), share(errors)];
  const steps = [reverse(yes, [0], { name: "delta_y_t" }), reverse(no, [0], { name: "delta_x_t" })];
  const [dy, dx] = steps.map((each) => cast(each, float32)) as [Tensor, Tensor];
  const y = sumsOf(dy, nbins);
  const first = dx.at(0).mul(y.at(0)).truediv(2);
  const others = dx
    .at("1:")
    .mul(y.at("1:").add(y.at(`:${nbins - 1}`)))
    .truediv(2);
  return add(first, reduceSum(others), { name: "auc" });
}

/** Sums up to each element, as a convolution with ones. */
const sumsOf = (values: Tensor, n: number): Tensor =>
  getDefaultGraph().nameScope("strict_1d_cumsum", () => {
    const padded = pad(values, [[n - 1, 0]]);
    const ones = onesLike(padded);
    const sums = getDefaultGraph().nameScope("strict_conv1d", () => {
      const x = reshape(padded, [1, -1, 1, 1]);
      const h = reshape(ones, [-1, 1, 1, 1]);
      return reshape(conv2d(x, h, { strides: [1, 1, 1, 1], padding: "SAME" }), [-1]);
    });
    return sums.at(`:${n}`);
  });
