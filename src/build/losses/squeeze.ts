/** Labels and predictions whose ranks differ by a last dimension of 1. Source: confusion_matrix.py, remove_squeezable_dimensions; losses_impl.py. */
import type { Dim } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { equal, rank, squeeze } from "../../ops/index.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { asFloat } from "./weights.ts";

const mayBeOne = (d: Dim | undefined): boolean => d === null || d === 1;
const withoutLast = (tensor: Tensor): Tensor => squeeze(tensor, { axis: [-1] });

/** Labels and predictions, the one with a rank too many without its last dimension. */
export function removeSqueezableDimensions(
  labels: TensorLike,
  predictions: TensorLike,
  options: { readonly expectedRankDiff?: number; readonly name?: string | undefined } = {},
): readonly [labels: Tensor, predictions: Tensor] {
  const { expectedRankDiff = 0, name } = options;
  return getDefaultGraph().nameScope(name ?? "remove_squeezable_dimensions", () => {
    const prediction = convertToTensor(predictions);
    const label = convertToTensor(labels);
    if (!label.shape || !prediction.shape) return squeezedInRun(label, prediction, expectedRankDiff);
    const difference = prediction.shape.length - label.shape.length;
    if (difference === expectedRankDiff + 1 && mayBeOne(prediction.shape.at(-1)))
      return [label, withoutLast(prediction)] as const;
    if (difference === expectedRankDiff - 1 && mayBeOne(label.shape.at(-1)))
      return [withoutLast(label), prediction] as const;
    return [label, prediction] as const;
  });
}

function squeezedInRun(label: Tensor, prediction: Tensor, expected: number): readonly [Tensor, Tensor] {
  const difference = rank(prediction).sub(rank(label));
  const squeezedIf = (tensor: Tensor, wanted: number): Tensor => {
    if (tensor.shape && !mayBeOne(tensor.shape.at(-1))) return tensor;
    return cond(
      equal(wanted, difference),
      () => withoutLast(tensor),
      () => tensor,
    ) as Tensor;
  };
  const predictions = squeezedIf(prediction, expected + 1);
  return [squeezedIf(label, expected - 1), predictions];
}

/** As removeSqueezableDimensions, and weights without a last dimension that they have too many. */
export function withoutLastOne(
  labels: TensorLike,
  predictions: TensorLike,
  weights: TensorLike | null,
  expectedRankDiff: number,
): readonly [labels: Tensor, predictions: Tensor, weights: Tensor | null] {
  const [label, prediction] = removeSqueezableDimensions(labels, predictions, { expectedRankDiff });
  if (weights === null) return [label, prediction, null];
  const weight = convertToTensor(asFloat(weights));
  if (label.shape && weight.shape) {
    const isTooMany = weight.shape.length - label.shape.length === 1;
    return [label, prediction, isTooMany ? withoutLast(weight) : weight];
  }
  const difference = rank(weight).sub(rank(label));
  if (weight.shape && (weight.shape.length === 0 || !mayBeOne(weight.shape.at(-1)))) return [label, prediction, weight];
  const squeezed = cond(
    equal(1, difference),
    () => withoutLast(weight),
    () => weight,
  ) as Tensor;
  return [label, prediction, squeezed];
}
