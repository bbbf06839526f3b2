/** IndexedSlices as one tensor, wherever a tensor is wanted: the slices added up. Source: indexed_slices.py. */
import { ValueError } from "../../../../core/error.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import { asTensor, type Tensor } from "../../../../graph/tensor.ts";
import * as ops from "../../../index.ts";

/** The sum of the slices in a tensor of the dense shape. Throws ValueError when that is not known. */
function denseOf(slices: IndexedSlices, name: string | undefined): Tensor {
  if (!slices.denseShape) {
    throw new ValueError(
      `Tensor conversion requested for IndexedSlices for argument \`value\` without dense_shape: ${slices}`,
    );
  }
  return ops.unsortedSegmentSumOp(
    { data: slices.values, segment_ids: slices.indices, num_segments: slices.denseShape.at(0) },
    name,
  );
}

Object.defineProperty(IndexedSlices.prototype, asTensor, {
  configurable: true,
  value(this: IndexedSlices, options: { readonly name?: string | undefined } = {}): Tensor {
    return denseOf(this, options.name);
  },
});
