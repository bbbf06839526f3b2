/** Non-maximum suppression: of boxes that overlap, those with the best scores. Source: image_ops.cc, non_max_suppression_op.cc. */

import { type DType, float32, int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { type NdArray, setElement } from "../../../../core/nd_array.ts";
import { type Dim, formatShape, mergeDims, type Shape, withRank } from "../../../../core/shape.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { emptyArray, integerArray, toNumbers } from "../../array/basic/elements.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { scalarFromInput } from "../../array/basic/shape_input.ts";
import { boxOverlap, type Selected, type SelectRules, selectBoxes } from "./overlap.ts";

const lowest = -3.4028234663852886e38;

/** The static checks that all forms share; gives how many boxes come out when that is known. */
function checkShapes(boxes: Shape, scores: Shape): void {
  const [count, corners] = withRank(boxes, 2);
  const [scored] = withRank(scores, 1);
  mergeDims(count!, scored!);
  if (corners !== null && corners !== 4) throw invalidArgument(`Dimension must be 4 but is ${corners}`);
}

function scalar(array: NdArray, name: string): number {
  const { shape } = array;
  if (shape.length !== 0)
    throw new InvalidArgumentError(
      `${name} must be 0-D, got shape ${formatShape(shape)} (Shape must be rank 0 but is rank ${shape.length})`,
    );
  return toNumbers(array)[0]!;
}

function outputCount(array: NdArray): number {
  const count = scalar(array, "max_output_size");
  if (count < 0) throw new InvalidArgumentError("output size must be non-negative");
  return count;
}

function threshold(array: NdArray): number {
  const value = scalar(array, "iou_threshold");
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError("iou_threshold must be in [0, 1]");
  return value;
}

function checkBoxes(boxes: NdArray): number {
  const { shape } = boxes;
  if (shape.length !== 2)
    throw new InvalidArgumentError(
      `boxes must be 2-D${formatShape(shape)} (Shape must be rank 2 but is rank ${shape.length})`,
    );
  if (shape[1] !== 4)
    throw new InvalidArgumentError(`boxes must have 4 columns (Dimension must be 4 but is ${shape[1]})`);
  return shape[0]!;
}

function checkScores(scores: NdArray, count: number): ArrayLike<number> {
  const { shape } = scores;
  if (shape.length !== 1)
    throw new InvalidArgumentError(
      `scores must be 1-D${formatShape(shape)} (Shape must be rank 1 but is rank ${shape.length})`,
    );
  if (shape[0] !== count)
    throw new InvalidArgumentError(
      `scores has incompatible shape (Dimensions must be equal, but are ${count} and ${shape[0]})`,
    );
  return toNumbers(scores);
}

function select(boxes: NdArray, scores: NdArray, rules: SelectRules): Selected {
  const count = checkBoxes(boxes);
  const numbers = checkScores(scores, count);
  const corners = toNumbers(boxes);
  return selectBoxes(numbers, rules, (i, j) => boxOverlap(corners, i, j));
}

const indexArray = (indices: readonly number[]): NdArray => integerArray(int32, indices);

/** selected_indices: int32, at most max_output_size, by falling score. */
export const nonMaxSuppressionOp = defineOp("NonMaxSuppression", {
  inputs: ["boxes: float", "scores: float", "max_output_size: int32"],
  outputs: ["selected_indices: int32"],
  attrs: ["iou_threshold: float = 0.5"],
  shape({ boxes, scores, max_output_size }) {
    checkShapes(boxes, scores);
    withRank(max_output_size, 0);
    return [[null]];
  },
  compute({ boxes, scores, max_output_size, iou_threshold }) {
    const count = outputCount(max_output_size);
    if (!(iou_threshold >= 0 && iou_threshold <= 1)) throw new InvalidArgumentError("iou_threshold must be in [0, 1]");
    const rules = { count, overlapThreshold: iou_threshold, scoreThreshold: lowest, sigma: 0 };
    return indexArray(select(boxes, scores, rules).indices);
  },
  gradient: "none",
});

export const nonMaxSuppressionV2Op = defineOp("NonMaxSuppressionV2", {
  inputs: ["boxes: T", "scores: T", "max_output_size: int32", "iou_threshold: T_threshold"],
  outputs: ["selected_indices: int32"],
  attrs: ["T: {half, float} = DT_FLOAT", "T_threshold: {half, float} = DT_FLOAT"],
  shape({ boxes, scores, max_output_size, iou_threshold }) {
    checkShapes(boxes, scores);
    withRank(max_output_size, 0);
    withRank(iou_threshold, 0);
    return [[null]];
  },
  compute({ boxes, scores, max_output_size, iou_threshold }) {
    const count = outputCount(max_output_size);
    const rules = { count, overlapThreshold: threshold(iou_threshold), scoreThreshold: lowest, sigma: 0 };
    return indexArray(select(boxes, scores, rules).indices);
  },
  gradient: "none",
});

const thresholded = [
  "boxes: T",
  "scores: T",
  "max_output_size: int32",
  "iou_threshold: T_threshold",
  "score_threshold: T_threshold",
] as const;

interface ThresholdShapes {
  readonly boxes: Shape;
  readonly scores: Shape;
  readonly max_output_size: Shape;
  readonly iou_threshold: Shape;
  readonly score_threshold: Shape;
}

function checkThresholds(op: ThresholdShapes): void {
  checkShapes(op.boxes, op.scores);
  withRank(op.max_output_size, 0);
  withRank(op.iou_threshold, 0);
  withRank(op.score_threshold, 0);
}

/** As NonMaxSuppression, of the boxes whose score is above score_threshold. */
export const nonMaxSuppressionV3Op = defineOp("NonMaxSuppressionV3", {
  inputs: thresholded,
  outputs: ["selected_indices: int32"],
  attrs: ["T: {half, float} = DT_FLOAT", "T_threshold: {half, float} = DT_FLOAT"],
  shape(op) {
    checkThresholds(op);
    return [[null]];
  },
  compute({ boxes, scores, max_output_size, iou_threshold, score_threshold }) {
    const count = outputCount(max_output_size);
    const overlapThreshold = threshold(iou_threshold);
    const scoreThreshold = scalar(score_threshold, "score_threshold");
    return indexArray(select(boxes, scores, { count, overlapThreshold, scoreThreshold, sigma: 0 }).indices);
  },
  gradient: "unregistered",
});

/** [max_output_size] when padded and known. */
function paddedDim(context: ShapeContext, maxOutputSize: Shape, pads: boolean): Dim {
  return pads ? scalarFromInput(context, "max_output_size", maxOutputSize) : null;
}

const padded = (indices: readonly number[], count: number): number[] =>
  Array.from({ length: Math.max(count, indices.length) }, (_, i) => indices[i] ?? 0);

/** As V3; selected_indices can be padded with zeros to max_output_size; valid_outputs = how many there are. */
export const nonMaxSuppressionV4Op = defineOp("NonMaxSuppressionV4", {
  inputs: thresholded,
  outputs: ["selected_indices: int32", "valid_outputs: int32"],
  attrs: [
    "T: {half, float} = DT_FLOAT",
    "T_threshold: {half, float} = DT_FLOAT",
    "pad_to_max_output_size: bool = false",
  ],
  shape(op, context) {
    checkThresholds(op);
    return [[paddedDim(context, op.max_output_size, op.pad_to_max_output_size)], []];
  },
  compute({ boxes, scores, max_output_size, iou_threshold, score_threshold, pad_to_max_output_size }) {
    const count = outputCount(max_output_size);
    const overlapThreshold = threshold(iou_threshold);
    const scoreThreshold = scalar(score_threshold, "score_threshold");
    const { indices } = select(boxes, scores, { count, overlapThreshold, scoreThreshold, sigma: 0 });
    const all = pad_to_max_output_size ? padded(indices, count) : indices;
    return [indexArray(all), integerArray(int32, [indices.length], [])];
  },
  gradient: "unregistered",
});

function scoresArray(dtype: DType, scores: readonly number[], count: number): NdArray {
  const array = emptyArray(dtype, [count]);
  for (const [i, score] of scores.entries()) setElement(dtype, array.data, i, score);
  return array;
}

/** As V4 with the scores; soft_nms_sigma above 0 lowers scores of overlapping boxes instead of dropping them. */
export const nonMaxSuppressionV5Op = defineOp("NonMaxSuppressionV5", {
  inputs: [
    "boxes: T",
    "scores: T",
    "max_output_size: int32",
    "iou_threshold: T",
    "score_threshold: T",
    "soft_nms_sigma: T",
  ],
  outputs: ["selected_indices: int32", "selected_scores: T", "valid_outputs: int32"],
  attrs: ["T: {half, float} = DT_FLOAT", "pad_to_max_output_size: bool = false"],
  shape(op, context) {
    checkThresholds(op);
    withRank(op.soft_nms_sigma, 0);
    const dim = paddedDim(context, op.max_output_size, op.pad_to_max_output_size);
    return [[dim], [dim], []];
  },
  compute({
    boxes,
    scores,
    max_output_size,
    iou_threshold,
    score_threshold,
    soft_nms_sigma,
    pad_to_max_output_size,
    T,
  }) {
    const count = outputCount(max_output_size);
    const overlapThreshold = threshold(iou_threshold);
    const scoreThreshold = scalar(score_threshold, "score_threshold");
    const sigma = scalar(soft_nms_sigma, "soft_nms_sigma");
    if (sigma < 0) throw new InvalidArgumentError("soft_nms_sigma must be non-negative");
    const chosen = select(boxes, scores, { count, overlapThreshold, scoreThreshold, sigma });
    const all = pad_to_max_output_size ? padded(chosen.indices, count) : chosen.indices;
    const valid = integerArray(int32, [chosen.indices.length], []);
    return [indexArray(all), scoresArray(T, chosen.scores, all.length), valid];
  },
  gradient: "unregistered",
});

/** As V3 with the overlaps given: float32 [n, n]. */
export const nonMaxSuppressionWithOverlapsOp = defineOp("NonMaxSuppressionWithOverlaps", {
  inputs: [
    "overlaps: float",
    "scores: float",
    "max_output_size: int32",
    "overlap_threshold: float",
    "score_threshold: float",
  ],
  outputs: ["selected_indices: int32"],
  shape(op) {
    const [rows, columns] = withRank(op.overlaps, 2);
    const [scored] = withRank(op.scores, 1);
    mergeDims(rows!, scored!);
    mergeDims(rows!, columns!);
    withRank(op.max_output_size, 0);
    withRank(op.overlap_threshold, 0);
    withRank(op.score_threshold, 0);
    return [[null]];
  },
  compute({ overlaps, scores, max_output_size, overlap_threshold, score_threshold }) {
    const { shape } = overlaps;
    if (shape.length !== 2)
      throw new InvalidArgumentError(
        `overlaps must be 2-D${formatShape(shape)} (Shape must be rank 2 but is rank ${shape.length})`,
      );
    const n = shape[0]!;
    if (shape[1] !== n) throw new InvalidArgumentError(`overlaps must be square${formatShape(shape)}`);
    const numbers = checkScores(scores, n);
    const count = outputCount(max_output_size);
    const rules = {
      count,
      overlapThreshold: scalar(overlap_threshold, "overlap_threshold"),
      scoreThreshold: scalar(score_threshold, "score_threshold"),
      sigma: 0,
    };
    const given = toNumbers(overlaps);
    return indexArray(selectBoxes(numbers, rules, (i, j) => given[i * n + j]!).indices);
  },
  gradient: "none",
});

export interface SuppressionOptions extends Named {
  readonly iouThreshold?: TensorLike;
  readonly scoreThreshold?: TensorLike;
}

const none = Number.NEGATIVE_INFINITY;

const nonMaxSuppressionPlaces = ["iouThreshold", "scoreThreshold", "name"] as const;

/** Indices of the boxes [n, 4] that stay, best score first. */
export const nonMaxSuppression = byKeyword(
  ["boxes", "scores", "maxOutputSize"],
  function nonMaxSuppression(
    boxes: TensorLike,
    scores: TensorLike,
    maxOutputSize: TensorLike,
    ...rest: Rest<SuppressionOptions, typeof nonMaxSuppressionPlaces>
  ): Tensor {
    const {
      iouThreshold = 0.5,
      scoreThreshold = none,
      name,
    } = byName<SuppressionOptions>(rest, nonMaxSuppressionPlaces);
    return inScope(name, "non_max_suppression", () => {
      const iou_threshold = convertToTensor(iouThreshold, { name: "iou_threshold", preferredDtype: float32 });
      const score_threshold = convertToTensor(scoreThreshold, { name: "score_threshold", preferredDtype: float32 });
      return nonMaxSuppressionV3Op({ boxes, scores, max_output_size: maxOutputSize, iou_threshold, score_threshold });
    });
  },
);

type NonMaxSuppressionWithScoresOptions = SuppressionOptions & { readonly softNmsSigma?: TensorLike };
const nonMaxSuppressionWithScoresPlaces = ["iouThreshold", "scoreThreshold", "softNmsSigma", "name"] as const;

/** As `nonMaxSuppression`, with the scores. */
export const nonMaxSuppressionWithScores = byKeyword(
  ["boxes", "scores", "maxOutputSize"],
  function nonMaxSuppressionWithScores(
    boxes: TensorLike,
    scores: TensorLike,
    maxOutputSize: TensorLike,
    ...rest: Rest<NonMaxSuppressionWithScoresOptions, typeof nonMaxSuppressionWithScoresPlaces>
  ): { selectedIndices: Tensor; selectedScores: Tensor } {
    const {
      iouThreshold = 0.5,
      scoreThreshold = none,
      softNmsSigma = 0,
      name,
    } = byName<NonMaxSuppressionWithScoresOptions>(rest, nonMaxSuppressionWithScoresPlaces);
    return inScope(name, "non_max_suppression_with_scores", () => {
      const iou_threshold = convertToTensor(iouThreshold, { name: "iou_threshold", preferredDtype: float32 });
      const score_threshold = convertToTensor(scoreThreshold, { name: "score_threshold", preferredDtype: float32 });
      const soft_nms_sigma = convertToTensor(softNmsSigma, { name: "soft_nms_sigma", preferredDtype: float32 });
      const max_output_size = maxOutputSize;
      const result = nonMaxSuppressionV5Op({
        boxes,
        scores,
        max_output_size,
        iou_threshold,
        score_threshold,
        soft_nms_sigma,
      });
      return { selectedIndices: result.selected_indices, selectedScores: result.selected_scores };
    });
  },
);

type NonMaxSuppressionOverlapsOptions = Named & {
  readonly overlapThreshold?: TensorLike;
  readonly scoreThreshold?: TensorLike;
};
const nonMaxSuppressionOverlapsPlaces = ["scoreThreshold", "name"] as const;

/** As `nonMaxSuppression` with the overlaps [n, n] given. */
export const nonMaxSuppressionOverlaps = byKeyword(
  ["overlaps", "scores", "maxOutputSize"],
  function nonMaxSuppressionOverlaps(
    overlaps: TensorLike,
    scores: TensorLike,
    maxOutputSize: TensorLike,
    ...rest: Rest<NonMaxSuppressionOverlapsOptions, typeof nonMaxSuppressionOverlapsPlaces>
  ): Tensor {
    const {
      overlapThreshold = 0.5,
      scoreThreshold = none,
      name,
    } = byName<NonMaxSuppressionOverlapsOptions>(rest, nonMaxSuppressionOverlapsPlaces);
    return inScope(name, "non_max_suppression_overlaps", () => {
      const overlap_threshold = convertToTensor(overlapThreshold, {
        name: "overlap_threshold",
        preferredDtype: float32,
      });
      const inputs = {
        overlaps,
        scores,
        max_output_size: maxOutputSize,
        overlap_threshold,
        score_threshold: scoreThreshold,
      };
      return nonMaxSuppressionWithOverlapsOp(inputs);
    });
  },
);
