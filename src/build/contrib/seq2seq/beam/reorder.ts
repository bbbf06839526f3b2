/** Arrays of a beam search in the order of its final beams. Source: contrib/seq2seq beam_search_decoder.py. */
import { int32 } from "../../../../core/dtype.ts";
import { formatShapePython } from "../../../../core/shape.ts";
import { warn } from "../../../../core/text/logging.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorArray } from "../../../../ops/host/tensor_array/tensor_array.ts";
import {
  cast,
  equal,
  expandDims,
  gatherNd,
  gatherTree,
  logicalAnd,
  logicalOr,
  range,
  reduceMax,
  reshape,
  sequenceMask,
  shape as shapeOf,
  stack,
  tile,
  transpose,
  where,
} from "../../../../ops/index.ts";
import { assertThat } from "../../../control_flow/assert.ts";
import { add, mul } from "../../../operators.ts";
import { staticSize } from "./step.ts";

/** The longest of each row's beams. */
export const longest = (lengths: Tensor): Tensor => cast(reduceMax(lengths, { axis: 1 }), int32);

/** t [time, batch, beam, ...] (or batch and beam in one axis) with each step's beams in the order of the beams that end. */
export function gatherTreeFromArray(t: Tensor, parentIds: Tensor, lengths: Tensor): Tensor {
  const size = (axis: number): number | Tensor => parentIds.shape?.[axis] || shapeOf(parentIds).at(axis);
  const [time, batch, beam] = [size(0), size(1), size(2)];
  const beamIds = tile(expandDims(expandDims(range(beam), 0), 0), [time, batch, 1] as never);
  const most = longest(lengths);
  const endToken = typeof beam === "number" ? beam + 1 : add(beam, 1);
  const sorted = gatherTree(beamIds, parentIds, most, endToken);
  const isInside = transpose(sequenceMask(lengths, time), { perm: [2, 0, 1] });
  const sortedIds = where(isInside, sorted, beamIds);
  const times = tile(reshape(range(time), [-1, 1, 1]), [1, batch, beam] as never);
  const rows = tile(reshape(range(batch), [-1, 1, 1]), [1, time, beam] as never);
  const indices = stack([times, transpose(rows, { perm: [1, 0, 2] }), sortedIds], { axis: -1 });
  const shape = shapeOf(t);
  return reshape(gatherNd(reshape(t, [time, batch, beam, -1] as never), indices), shape);
}

/** False, with a warning, where elements of this shape are surely not [batch, beam, ...]. */
function mayHoldBeams(shape: readonly (number | null)[], batch: number | null, beam: number): boolean {
  const [rows, columns] = shape as [number | null, number | null | undefined];
  if (batch === null || rows === null) return true;
  const isDivided = shape.length >= 2 && columns !== null;
  if (rows === batch * beam && !(isDivided && (rows !== batch || columns !== beam))) return true;
  warn(
    `TensorArray reordering expects elements to be reshapable to ${formatShapePython([batch, beam, null])} which is incompatible with the current shape ${formatShapePython(shape)}. Consider setting reorder_tensor_arrays to False to disable TensorArray reordering during the beam search.`,
  );
  return false;
}

function checkBeams(t: Tensor, batchSize: Tensor, beamWidth: number): Operation | undefined {
  const message = `TensorArray reordering expects elements to be reshapable to [batch_size, beam_size, -1] which is incompatible with the dynamic shape of ${t.name} elements. Consider setting reorder_tensor_arrays to False to disable TensorArray reordering during the beam search.`;
  const shape = shapeOf(t);
  const isWhole = equal(shape.at(1), mul(batchSize, beamWidth));
  const isRight =
    t.shape?.length === 2
      ? isWhole
      : logicalOr(isWhole, logicalAnd(equal(shape.at(1), batchSize), equal(shape.at(2), beamWidth)));
  return assertThat(isRight, [message]) as Operation | undefined;
}

/** The array's values [time, ...] in the order of the final beams; the array itself where its elements are no beams. */
export function sortedArray(
  array: TensorArray,
  parentIds: Tensor,
  lengths: Tensor,
  { batchSize, beamWidth }: { readonly batchSize: Tensor; readonly beamWidth: number },
): Tensor | TensorArray {
  const { elementShape } = array;
  if (elementShape === null || elementShape.length < 1) {
    warn(
      `The TensorArray ${array.handle.name} in the cell state is not amenable to sorting based on the beam search result. For a TensorArray to be sorted, its elements shape must be defined and have at least a rank of 1, but saw shape: ${formatShapePython(elementShape)}`,
    );
    return array;
  }
  if (!mayHoldBeams(elementShape, staticSize(batchSize), beamWidth)) return array;
  const t = array.stack();
  const check = checkBeams(t, batchSize, beamWidth);
  return getDefaultGraph().controlDependencies(check ? [check] : [], () => gatherTreeFromArray(t, parentIds, lengths));
}
