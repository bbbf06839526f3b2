/** Heads of boosted trees, and gradients of their losses. Source: canned/boosted_trees.py. */
import { gradients } from "../../../build/gradients/gradients.ts";
import { Reduction } from "../../../build/losses/weighted.ts";
import { float32, int64 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  add,
  cast,
  exp,
  expandDims,
  log,
  negative,
  noOp,
  oneHot,
  onesLike,
  reciprocal,
  reduceSum,
  reshape,
  size as sizeOf,
  squeeze,
  stack,
  subtract,
  unstack,
  where,
  zerosLike,
} from "../../../ops/index.ts";
import { BinaryHead } from "../head/binary.ts";
import { checkedLabels, type WeightColumn } from "../head/checks.ts";
import type { Vocabulary } from "../head/classes.ts";
import type { Head } from "../head/head.ts";
import { MultiClassHead } from "../head/multi_class.ts";
import type { Labels } from "../run/input.ts";

export interface Derivatives {
  /** [n, d]. */
  readonly gradients: Tensor;
  /** [n, d * d]. */
  readonly hessians: Tensor;
}

/** Derivatives of the loss of logits [n, 1] and labels, written down. */
export type ClosedForm = (logits: Tensor, labels: Labels) => Derivatives;

/** Smaller probabilities, and greater ones than 1 less this, count as this. */
const least = 1e-15;

/** Cross entropy [n, 1] of the softmax of logits [n, classes], which has second derivatives, by the classes' numbers [n] or [n, 1]. */
function maximumEntropyLoss(given: Tensor, logits: Tensor, classes: number, weights: WeightColumn): Tensor {
  let labels = cast(given, int64);
  if (labels.shape?.length !== 2) labels = expandDims(labels, 1);
  labels = cast(reduceSum(oneHot(labels, classes), { axis: [1] }), float32);
  const unnormalized = exp(logits);
  const normalizers = reduceSum(unnormalized, { axis: 1, keepdims: true });
  const probabilities = unnormalized.div(add(normalizers, least));
  let own = reduceSum(labels.mul(probabilities), { axis: 1 });
  const floor = zerosLike(own, { dtype: logits.dtype }).add(least);
  const ceiling = onesLike(own, { dtype: logits.dtype }).sub(least);
  own = where(own.greaterEqual(least), own, floor) as Tensor;
  own = where(own.lessEqual(1 - least), own, ceiling) as Tensor;
  const losses = expandDims(negative(log(own)), 1);
  const weighted = weights === null ? losses : losses.mul(weights as never);
  noOp();
  return weighted;
}

/** First and second derivatives of the logistic loss. */
const logisticDerivatives: ClosedForm = (logits, labels) => {
  const probabilities = reciprocal(exp(negative(logits)).add(1));
  const share = reciprocal(cast(sizeOf(probabilities), float32));
  const own = checkedLabels(cast(labels as Tensor, float32), logits, 1);
  return {
    gradients: probabilities.sub(own).mul(share),
    hessians: probabilities.mul(subtract(1, probabilities, { name: "sub" })).mul(share),
  };
};

/** The head of a number of classes, with derivatives of its loss where they can be written down. */
export function treesHead(
  classes: number,
  options: { readonly weightColumn: WeightColumn; readonly labelVocabulary: Vocabulary },
): { readonly head: Head; readonly closedForm: ClosedForm | null } {
  const { weightColumn, labelVocabulary } = options;
  if (classes === 2) {
    const head = new BinaryHead({ ...options, lossReduction: Reduction.SUM_OVER_BATCH_SIZE });
    return { head, closedForm: weightColumn === null && labelVocabulary === null ? logisticDerivatives : null };
  }
  const head = new MultiClassHead(classes, {
    ...options,
    lossFn: (labels, logits) => maximumEntropyLoss(labels, logits, classes, weightColumn),
    lossReduction: Reduction.SUM_OVER_NONZERO_WEIGHTS,
  });
  return { head, closedForm: null };
}

/** The rows of all second derivatives, example by example: [n, d * d]. */
function fullHessian(first: Tensor, logits: Tensor, dimension: number): Tensor {
  const rows = unstack(first, { num: dimension, axis: 1 }).map((each, row) => {
    const found = gradients(each, logits, { name: `Hessian_${row}` });
    return squeeze(unstack(found as Tensor[]), [0]);
  });
  return reshape(stack(rows, { axis: 1 }), [-1, dimension ** 2]);
}

/** Derivatives of a loss with respect to logits [n, d], by walking back from it. */
export function derivativesOf(loss: Tensor, logits: Tensor, dimension: number): Derivatives {
  const first = gradients(loss, logits, { name: "Gradients" })[0] as Tensor;
  const hessians =
    dimension === 1
      ? (gradients(first, logits, { name: "Hessians" })[0] as Tensor)
      : fullHessian(first, logits, dimension);
  return { gradients: first, hessians };
}
