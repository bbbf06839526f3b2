/** Non-maximum suppression class by class for a batch of images. Source: image_ops.cc, non_max_suppression_op.cc. */

import { float32, int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { elementAt, NdArray } from "../../../../core/nd_array.ts";
import { type Dim, formatShape, mergeDims, withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { integerArray, toNumbers } from "../../array/basic/elements.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { scalarFromInput } from "../../array/basic/shape_input.ts";
import { boxOverlap, selectBoxes } from "./overlap.ts";

interface Detection {
  readonly score: number;
  readonly box: number;
  readonly classId: number;
}

function scalar(array: NdArray, name: string): number {
  if (array.shape.length !== 0)
    throw new InvalidArgumentError(`${name} must be 0-D, got shape ${formatShape(array.shape)}`);
  return Number(elementAt(array, 0));
}

/**
 * nmsed_boxes [batch, detections, 4], nmsed_scores and nmsed_classes [batch, detections], valid_detections [batch]; zeros after the valid ones.
 * boxes: [batch, boxes, classes or 1, 4], scores: [batch, boxes, classes]. Kernels keep max_output_size_per_class of a class at most.
 */
export const combinedNonMaxSuppressionOp = defineOp("CombinedNonMaxSuppression", {
  inputs: [
    "boxes: float",
    "scores: float",
    "max_output_size_per_class: int32",
    "max_total_size: int32",
    "iou_threshold: float",
    "score_threshold: float",
  ],
  outputs: ["nmsed_boxes: float", "nmsed_scores: float", "nmsed_classes: float", "valid_detections: int32"],
  attrs: ["pad_per_class: bool = false", "clip_boxes: bool = true"],
  shape(op, context) {
    const [batch, count, q, corners] = withRank(op.boxes, 4);
    const [scoreBatch, scoreCount, classes] = withRank(op.scores, 3);
    mergeDims(batch!, scoreBatch!);
    mergeDims(count!, scoreCount!);
    if (corners !== null && corners !== 4) throw invalidArgument(`Dimension must be 4 but is ${corners}`);
    if (q !== null && q !== 1 && classes !== null && q !== classes)
      throw invalidArgument(`third dimension of boxes must be either 1 or equal to the third dimension of scores`);
    for (const shape of [op.max_output_size_per_class, op.max_total_size, op.iou_threshold, op.score_threshold])
      withRank(shape, 0);
    const total = scalarFromInput(context, "max_total_size", op.max_total_size);
    if (total !== null && total <= 0) throw invalidArgument("max_total_size should be > 0 ");
    const each = scalarFromInput(context, "max_output_size_per_class", op.max_output_size_per_class);
    let detections: Dim = total;
    if (op.pad_per_class && total !== null)
      detections = each === null || classes === null ? null : Math.min(total, each * classes!);
    return [[batch!, detections, 4], [batch!, detections], [batch!, detections], [batch!]];
  },
  compute(op) {
    const { boxes, scores } = op;
    if (boxes.shape.length !== 4) throw new InvalidArgumentError(`boxes must be 4-D${formatShape(boxes.shape)}`);
    if (scores.shape.length !== 3) throw new InvalidArgumentError(`scores must be 3-D${formatShape(scores.shape)}`);
    const [batch, count, q, corners] = boxes.shape as [number, number, number, number];
    const [scoreBatch, scoreCount, classes] = scores.shape as [number, number, number];
    if (batch !== scoreBatch) throw new InvalidArgumentError("boxes and scores must have same batch size");
    if (count !== scoreCount) throw new InvalidArgumentError("scores has incompatible shape");
    if (q !== 1 && q !== classes)
      throw new InvalidArgumentError(
        "third dimension of boxes must be either 1 or equal to the third dimension of scores",
      );
    if (corners !== 4) throw new InvalidArgumentError("boxes must have 4 columns");
    const each = scalar(op.max_output_size_per_class, "max_size_per_class");
    const total = scalar(op.max_total_size, "max_total_size");
    if (each <= 0) throw new InvalidArgumentError("max_size_per_class must be positive");
    if (total <= 0) throw new InvalidArgumentError("max_total_size must be > 0");
    const overlapThreshold = scalar(op.iou_threshold, "iou_threshold");
    if (!(overlapThreshold >= 0 && overlapThreshold <= 1))
      throw new InvalidArgumentError("iou_threshold must be in [0, 1]");
    const scoreThreshold = scalar(op.score_threshold, "score_threshold");

    const detections = op.pad_per_class ? Math.min(total, each * classes) : total;
    const outBoxes = new Float32Array(batch * detections * 4);
    const outScores = new Float32Array(batch * detections);
    const outClasses = new Float32Array(batch * detections);
    const valid: number[] = [];
    const [edges, numbers] = [toNumbers(boxes), toNumbers(scores)];
    const inside = (x: number): number => (op.clip_boxes ? Math.max(Math.min(x, 1), 0) : x);
    for (let n = 0; n < batch; n++) {
      const found: Detection[] = [];
      for (let classId = 0; classId < classes; classId++) {
        const rowOf = (box: number): number => (n * count + box) * q + (q === 1 ? 0 : classId);
        const own = Float32Array.from({ length: count }, (_, i) => numbers[(n * count + i) * classes + classId]!);
        const chosen = selectBoxes(
          own,
          { count: Math.min(each, count), overlapThreshold, scoreThreshold, sigma: 0 },
          (i, j) => boxOverlap(edges, rowOf(i), rowOf(j)),
        );
        for (const [k, i] of chosen.indices.entries()) found.push({ score: chosen.scores[k]!, box: rowOf(i), classId });
      }
      found.sort((a, b) => b.score - a.score);
      const kept = found.slice(0, detections);
      for (const [k, { score, box, classId }] of kept.entries()) {
        const at = n * detections + k;
        for (let c = 0; c < 4; c++) outBoxes[at * 4 + c] = inside(edges[box * 4 + c]!);
        outScores[at] = score;
        outClasses[at] = classId;
      }
      valid.push(kept.length);
    }
    return [
      new NdArray(float32, [batch, detections, 4], outBoxes),
      new NdArray(float32, [batch, detections], outScores),
      new NdArray(float32, [batch, detections], outClasses),
      integerArray(int32, valid),
    ];
  },
  gradient: "unregistered",
});

export interface CombinedSuppressionOptions extends Named {
  readonly iouThreshold?: TensorLike;
  readonly scoreThreshold?: TensorLike;
  readonly padPerClass?: boolean;
  readonly clipBoxes?: boolean;
}

export interface Detections {
  readonly nmsedBoxes: Tensor;
  readonly nmsedScores: Tensor;
  readonly nmsedClasses: Tensor;
  readonly validDetections: Tensor;
}

const combinedNonMaxSuppressionPlaces = ["iouThreshold", "scoreThreshold", "padPerClass", "clipBoxes", "name"] as const;

/** The best boxes of every class of every image. */
export const combinedNonMaxSuppression = byKeyword(
  ["boxes", "scores", "maxOutputSizePerClass", "maxTotalSize"],
  function combinedNonMaxSuppression(
    boxes: TensorLike,
    scores: TensorLike,
    maxOutputSizePerClass: TensorLike,
    maxTotalSize: TensorLike,
    ...rest: Rest<CombinedSuppressionOptions, typeof combinedNonMaxSuppressionPlaces>
  ): Detections {
    const options = byName<CombinedSuppressionOptions>(rest, combinedNonMaxSuppressionPlaces);
    return inScope(options.name, "combined_non_max_suppression", () => {
      const {
        iouThreshold = 0.5,
        scoreThreshold = Number.NEGATIVE_INFINITY,
        padPerClass = false,
        clipBoxes = true,
      } = options;
      const iou_threshold = convertToTensor(iouThreshold, { dtype: float32, name: "iou_threshold" });
      const score_threshold = convertToTensor(scoreThreshold, { dtype: float32, name: "score_threshold" });
      const max_total_size = convertToTensor(maxTotalSize);
      const found = combinedNonMaxSuppressionOp({
        boxes,
        scores,
        max_output_size_per_class: maxOutputSizePerClass,
        max_total_size,
        iou_threshold,
        score_threshold,
        pad_per_class: padPerClass,
        clip_boxes: clipBoxes,
      });
      return {
        nmsedBoxes: found.nmsed_boxes,
        nmsedScores: found.nmsed_scores,
        nmsedClasses: found.nmsed_classes,
        validDetections: found.valid_detections,
      };
    });
  },
);
