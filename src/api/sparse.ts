/** tf.sparse. Written by scripts/api.mjs. */
export {
  sparseExpandDims as expandDims,
  sparseMask as mask,
  sparseResetShape as resetShape,
} from "../build/tensors/sparse.ts";
export { sparseBincount as bincount } from "../build/tensors/sparse_bincount.ts";
export { sparsePlaceholder as placeholder } from "../ops/compute/array/basic/identity.ts";
export {
  sparseSegmentMean as segmentMean,
  sparseSegmentSqrtN as segmentSqrtN,
  sparseSegmentSum as segmentSum,
} from "../ops/compute/math/segment/sparse.ts";
export {
  sparseEye as eye,
  sparseMerge as merge,
  sparseRetain as retain,
  sparseToIndicator as toIndicator,
  sparseTranspose as transpose,
} from "../ops/compute/sparse/compose.ts";
export { sparseCross as cross, sparseCrossHashed as crossHashed } from "../ops/compute/sparse/cross.ts";
export {
  sparseFromDense as fromDense,
  sparseTensorDenseMatmul as matmul,
  sparseTensorDenseMatmul as sparseDenseMatmul,
  sparseTensorToDense as toDense,
} from "../ops/compute/sparse/dense.ts";
export { SparseTensor } from "../ops/compute/sparse/tensor.ts";
export {
  sparseAdd as add,
  sparseConcat as concat,
  sparseFillEmptyRows as fillEmptyRows,
  sparseMaximum as maximum,
  sparseMinimum as minimum,
  sparseReduceMax as reduceMax,
  sparseReduceMaxSparse as reduceMaxSparse,
  sparseReduceSum as reduceSum,
  sparseReduceSumSparse as reduceSumSparse,
  sparseReorder as reorder,
  sparseReshape as reshape,
  sparseSlice as slice,
  sparseSoftmax as softmax,
  sparseSplit as split,
} from "../ops/compute/sparse/wrappers.ts";
export { SparseConditionalAccumulator } from "../ops/host/queue/classes/accumulators.ts";
