/**
 * Non-maximum suppression of batches of boxes, tile by tile, with a fixed number of results: a function of the graph's library.
 * Source: image_ops_impl.py, non_max_suppression_padded.
 */
import { bool, float32, int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { whileLoop } from "../control_flow/while_loop.ts";
import { asFunction } from "../functions/function.ts";
import { argsort } from "../tensors/sort.ts";

const list = (sizes: readonly TensorLike[]) => sizes as never;
const asType = (x: Tensor, like: Tensor): Tensor => tf.cast(x, like.dtype.baseDtype) as Tensor;

const overlap = (a: Tensor, b: Tensor): Tensor =>
  inScope(null, "bbox_overlap", () => {
    const across = (x: Tensor): Tensor => tf.transpose(x, [0, 2, 1]);
    const [aTop, aLeft, aBottom, aRight] = tf.split(a, 4, { axis: 2 }) as unknown as Tensor[];
    const [bTop, bLeft, bBottom, bRight] = tf.split(b, 4, { axis: 2 }) as unknown as Tensor[];
    const left = tf.maximum(aLeft!, across(bLeft!));
    const right = tf.minimum(aRight!, across(bRight!));
    const top = tf.maximum(aTop!, across(bTop!));
    const bottom = tf.minimum(aBottom!, across(bBottom!));
    const both = tf.maximum(right.sub(left), 0).mul(tf.maximum(bottom.sub(top), 0));
    const aArea = aBottom!.sub(aTop!).mul(aRight!.sub(aLeft!));
    const bArea = bBottom!.sub(bTop!).mul(bRight!.sub(bLeft!));
    return both.div(aArea.add(across(bArea)).sub(both).add(1e-8));
  });

/** Boxes of the tile that no box of an earlier tile overlaps: others become zeros. */
function withoutEarlier(boxes: Tensor, tile: Tensor, threshold: Tensor, idx: Tensor, tileSize: number): Tensor {
  const batch = tf.shape(boxes).at(0);
  const [, kept] = whileLoop(
    (_all: Tensor, _tile: Tensor, _threshold: Tensor, inner: Tensor) => inner.less(idx),
    (all: Tensor, own: Tensor, limit: Tensor, inner: Tensor) => {
      const other = tf.slice(all, list([0, inner.mul(tileSize), 0]), list([batch, tileSize, 4]));
      const free = tf.reduceAll(overlap(other, own).less(limit), { axis: [1] });
      return [all, tf.expandDims(asType(free, own), 2).mul(own), limit, inner.add(1)];
    },
    [boxes, tile, threshold, tf.constant(0)],
  ) as readonly Tensor[];
  return kept!;
}

/** Overlaps [batch, n, n] of boxes with later ones, without those of boxes that are suppressed themselves. */
function settled(iou: Tensor, threshold: Tensor): Tensor {
  const batch = tf.shape(iou).at(0);
  const column = (x: Tensor): Tensor => tf.reshape(x, list([batch, -1, 1]));
  const [result] = whileLoop(
    (_iou: Tensor, goesOn: Tensor) => goesOn,
    (now: Tensor, _goesOn: Tensor, sum: Tensor, limit: Tensor) => {
      const suppresses = asType(column(tf.reduceMax(now, 1).less(limit)), now);
      const isFree = asType(tf.reduceMax(suppresses.mul(now), 1).less(limit), now);
      const next = column(isFree).mul(now);
      const total = tf.reduceSum(next, [1, 2]);
      return [next, tf.reduceAny(sum.sub(total).greater(limit)), total, limit];
    },
    [iou, tf.constant(true, bool), tf.reduceSum(iou, [1, 2]), threshold],
  ) as readonly Tensor[];
  return result!;
}

type State = readonly [boxes: Tensor, threshold: Tensor, count: Tensor, idx: Tensor];

const suppressTile = ([boxes, threshold, count, idx]: State, tileSize: number): State =>
  inScope(null, "suppression_loop_body", () => {
    const tiles = tf.shape(boxes).at(1).floordiv(tileSize);
    const batch = tf.shape(boxes).at(0);
    const own = tf.slice(boxes, list([0, idx.mul(tileSize), 0]), list([batch, tileSize, 4]));
    const tile = withoutEarlier(boxes, own, threshold, idx, tileSize);
    const all = overlap(tile, tile);
    const places = tf.range(tileSize);
    const isLater = tf.expandDims(tf.reshape(places, [1, -1]).greater(tf.reshape(places, [-1, 1])), 0);
    const iou = all.mul(asType(tf.logicalAnd(isLater, all.greaterEqual(threshold)), all));
    const suppressed = tf.reduceSum(settled(iou, threshold), 1).greater(0);
    const kept = tile.mul(tf.expandDims(asType(suppressed, tile).rsub(1), 2));
    const mask = tf.reshape(asType(tf.equal(tf.range(tiles), idx), boxes), [1, -1, 1, 1]);
    const placed = tf.tile(tf.expandDims(kept, [1] as never), list([1, tiles, 1, 1])).mul(mask);
    const others = tf.reshape(boxes, list([batch, tiles, tileSize, 4])).mul(mask.rsub(1));
    const found = tf.reduceSum(tf.cast(tf.reduceAny(kept.greater(0), [2]), int32) as Tensor, [1]);
    return [tf.reshape(placed.add(others), list([batch, -1, 4])), threshold, count.add(found), idx.add(1)];
  });

/** Corners in the order top, left, bottom, right. */
const canonical = (boxes: Tensor): Tensor =>
  inScope(null, "canonicalize_coordinates", () => {
    const [y1, x1, y2, x2] = tf.split(boxes, 4, { axis: 2 }) as unknown as Tensor[];
    const ordered = (a: Tensor, b: Tensor): readonly Tensor[] =>
      cond(
        tf.reduceAll(tf.lessEqual(a.at(0, 0, 0), b.at(0, 0, 0))),
        () => [a, b],
        () => [b, a],
      ) as unknown as readonly Tensor[];
    const [top, bottom] = ordered(y1!, y2!);
    const [left, right] = ordered(x1!, x2!);
    return tf.concat([top!, left!, bottom!, right!], 2);
  });

interface Settings {
  readonly scoreThreshold: number;
  readonly sortedInput: boolean;
  readonly canonicalizedCoordinates: boolean;
  readonly tileSize: number;
}

function suppressed(
  givenBoxes: Tensor,
  givenScores: Tensor,
  maxOutputSize: Tensor,
  iouThreshold: Tensor,
  { scoreThreshold, sortedInput, canonicalizedCoordinates, tileSize }: Settings,
): readonly [Tensor, Tensor] {
  const outer = tf.shape(givenBoxes).at(":-2");
  const count = tf.shape(givenBoxes).at(-2);
  let boxes = tf.reshape(givenBoxes, list([-1, count, 4]));
  let scores = tf.reshape(givenScores, list([-1, count]));
  const batch = tf.shape(boxes).at(0);
  if (scoreThreshold !== Number.NEGATIVE_INFINITY) {
    const isGood = asType(scores.greater(scoreThreshold), scores);
    scores = scores.mul(isGood);
    boxes = boxes.mul(tf.expandDims(asType(isGood, boxes), 2));
  }
  if (!canonicalizedCoordinates) boxes = canonical(boxes);
  let order = tf.zerosLike(scores, int32);
  if (!sortedInput) {
    order = argsort(scores, { axis: 1, direction: "DESCENDING" });
    boxes = tf.gather(boxes, order, { axis: 1, batchDims: 1 });
  }
  const most = tf.cast(tf.maximum(count, maxOutputSize), float32) as Tensor;
  const padding = (tf.cast(tf.ceil(most.div(tileSize)), int32) as Tensor).mul(tileSize).sub(count);
  boxes = tf.pad(
    tf.cast(boxes, float32) as Tensor,
    [
      [0, 0],
      [0, padding],
      [0, 0],
    ] as never,
  );
  const padded = count.add(padding);
  const [selected, , found] = whileLoop(
    (_boxes: Tensor, _threshold: Tensor, sizes: Tensor, idx: Tensor) =>
      tf.logicalAnd(tf.reduceMin(sizes).less(maxOutputSize), idx.less(padded.floordiv(tileSize))),
    (...state: Tensor[]) => suppressTile(state as unknown as State, tileSize) as unknown as Tensor[],
    [boxes, iouThreshold, tf.zeros(list([batch]), int32), tf.constant(0)],
    { shapeInvariants: [[null, null, 4], [], [null], []] },
  ) as readonly Tensor[];
  const valid = tf.minimum(found!, maxOutputSize);
  const isSelected = tf.cast(tf.reduceAny(selected!.greater(0), [2]), int32) as Tensor;
  const ranks = isSelected.mul(tf.expandDims(tf.range(padded, 0, -1), 0));
  let idx = tf.minimum(padded.sub(tf.topK(ranks, maxOutputSize).values), count.sub(1));
  if (!sortedInput) {
    const starts = tf.range(batch).mul(count);
    const flat = tf.reshape(idx.add(tf.expandDims(starts, 1)), [-1]);
    idx = tf.reshape(tf.gather(tf.reshape(order, [-1]), flat), list([batch, -1]));
  }
  const invalid = tf.zeros(list([batch, maxOutputSize]), int32);
  const isValid = tf.expandDims(tf.range(maxOutputSize), 0).less(tf.expandDims(valid, 1));
  return [tf.selectV2Op({ condition: isValid, t: idx, e: invalid }), tf.reshape(valid, outer)];
}

const asCall = asFunction(suppressed, { name: "non_max_suppression_padded_v2" });

export interface PaddedSuppressionOptions extends Named {
  /** Boxes that overlap a better one by more than this share are left out; 0.5. */
  readonly iouThreshold?: TensorLike;
  /** Boxes with smaller scores are left out. */
  readonly scoreThreshold?: number;
  /** Always maxOutputSize indices; needed for batches. */
  readonly padToMaxOutputSize?: boolean;
  /** Are boxes and scores sorted by score already? */
  readonly sortedInput?: boolean;
  /** Are corners top, left, bottom, right already? */
  readonly canonicalizedCoordinates?: boolean;
  readonly tileSize?: number;
}
const places = [
  "iouThreshold",
  "scoreThreshold",
  "padToMaxOutputSize",
  "name",
  "sortedInput",
  "canonicalizedCoordinates",
  "tileSize",
] as const;

/**
 * Indices [..., maxOutputSize] of the boxes [..., n, 4] with the best scores [..., n] that do not overlap, and how many of them are valid.
 * Throws ValueError for batches without padToMaxOutputSize.
 */
export const nonMaxSuppressionPadded = byKeyword(
  ["boxes", "scores", "maxOutputSize"],
  function nonMaxSuppressionPadded(
    boxes: TensorLike,
    scores: TensorLike,
    maxOutputSize: TensorLike,
    ...rest: Rest<PaddedSuppressionOptions, typeof places>
  ): [indices: Tensor, numValid: Tensor] {
    const options = byName<PaddedSuppressionOptions>(rest, places);
    const { padToMaxOutputSize = false, scoreThreshold = Number.NEGATIVE_INFINITY } = options;
    return inScope(options.name, "non_max_suppression_padded", () => {
      const given = convertToTensor(boxes);
      if (!padToMaxOutputSize && given.shape !== null && given.shape.length > 2)
        throw new ValueError("'pad_to_max_output_size' (value False) must be True for batched input");
      const size = convertToTensor(maxOutputSize, { dtype: int32 });
      const threshold = convertToTensor(options.iouThreshold ?? 0.5, { dtype: float32 });
      const [indices, valid] = asCall(given, convertToTensor(scores), size, threshold, {
        scoreThreshold,
        sortedInput: options.sortedInput ?? false,
        canonicalizedCoordinates: options.canonicalizedCoordinates ?? false,
        tileSize: options.tileSize ?? 512,
      });
      if (!padToMaxOutputSize) return [indices.at(0, { stop: valid }), valid];
      return [tf.reshape(indices, tf.concat([tf.shape(given).at(":-2"), tf.expandDims(size, 0)], 0)), valid];
    });
  },
);
