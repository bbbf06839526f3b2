/** Operations at TensorFlow's top level. Written by scripts/api.mjs. */
export { addCheckNumericsOps, bitcast, verifyTensorAllFinite } from "../ops/compute/array/basic/checks.ts";
export { fill, ones, onesLike, zeros, zerosLike } from "../ops/compute/array/basic/fill.ts";
export { group, noOp, tuple } from "../ops/compute/array/basic/group.ts";
export {
  ensureShape,
  identity,
  identityN,
  placeholder,
  placeholderWithDefault,
  sparsePlaceholder,
  stopGradient,
} from "../ops/compute/array/basic/identity.ts";
export { expandDims, squeeze } from "../ops/compute/array/basic/reshape.ts";
export { rank, shape, shapeN, size } from "../ops/compute/array/basic/shape.ts";
export { getStaticValue } from "../ops/compute/array/basic/static_value.ts";
export { batchGather, gather } from "../ops/compute/array/index/gather.ts";
export {
  tensorScatterNdAdd as tensorScatterAdd,
  tensorScatterNdAdd,
  tensorScatterNdMax,
  tensorScatterNdMin,
  tensorScatterNdSub,
  tensorScatterNdSub as tensorScatterSub,
  tensorScatterNdUpdate,
  tensorScatterNdUpdate as tensorScatterUpdate,
} from "../ops/compute/array/index/gather_nd.ts";
export { oneHot } from "../ops/compute/array/index/one_hot.ts";
export { concat, parallelStack } from "../ops/compute/array/join/concat.ts";
export { stack, unstack } from "../ops/compute/array/join/pack.ts";
export { split } from "../ops/compute/array/join/split.ts";
export { dynamicPartition, dynamicStitch } from "../ops/compute/array/join/stitch.ts";
export { approxTopK } from "../ops/compute/array/lookup/approx_top_k.ts";
export { editDistance } from "../ops/compute/array/lookup/edit_distance.ts";
export { setdiff1d, unique, uniqueWithCounts, unravelIndex } from "../ops/compute/array/lookup/unique.ts";
export { booleanMask, searchsorted, where, whereV2 } from "../ops/compute/array/lookup/where.ts";
export { reverse as reverseV2, reverseSequence } from "../ops/compute/array/order/reverse.ts";
export { batchToSpace, depthToSpace, spaceToBatch, spaceToDepth } from "../ops/compute/array/order/space.ts";
export { transpose } from "../ops/compute/array/order/transpose.ts";
export { meshgrid, repeat, sequenceMask } from "../ops/compute/array/slice/grid.ts";
export { pad } from "../ops/compute/array/slice/pad.ts";
export { slice } from "../ops/compute/array/slice/slice.ts";
export { stridedSlice } from "../ops/compute/array/slice/strided_slice.ts";
export { broadcastDynamicShape, broadcastTo } from "../ops/compute/array/slice/tile.ts";
export { checkPinned } from "../ops/compute/debug/identity.ts";
export { extractImagePatches, extractVolumePatches } from "../ops/compute/image/box/patches.ts";
export { div, divNoNan, floorDiv, realdiv, truncatediv, truncatemod } from "../ops/compute/math/binary/division.ts";
export {
  toBfloat16,
  toComplex64,
  toComplex128,
  toDouble,
  toFloat,
  toInt32,
  toInt64,
} from "../ops/compute/math/cast.ts";
export { clipByAverageNorm, clipByGlobalNorm, clipByNorm, clipByValue } from "../ops/compute/math/clip.ts";
export { isFinite, isInf, isNan } from "../ops/compute/math/compare/logic.ts";
export { histogramFixedWidth } from "../ops/compute/math/counts.ts";
export { sigmoid, tanh } from "../ops/compute/math/elementwise/trigonometry.ts";
export { linSpace, linspace, range } from "../ops/compute/math/range.ts";
export { argMax, argMin } from "../ops/compute/math/reduce/extremes.ts";
export { sparseSegmentMean, sparseSegmentSqrtN, sparseSegmentSum } from "../ops/compute/math/segment/sparse.ts";
export { selfAdjointEig, selfAdjointEigvals } from "../ops/compute/matrix/decompose/eigen.ts";
export { matrixSquareRoot } from "../ops/compute/matrix/decompose/functions.ts";
export {
  diag,
  diagPart,
  matrixBandPart,
  matrixDiag,
  matrixDiagPart,
  matrixSetDiag,
} from "../ops/compute/matrix/diagonal/set_diag.ts";
export { matrixSolveLs } from "../ops/compute/matrix/least_squares.ts";
export { sparseMatmul } from "../ops/compute/matrix/product/matmul.ts";
export { matrixDeterminant, matrixInverse, matrixSolve, matrixTriangularSolve } from "../ops/compute/matrix/solve.ts";
export { conv, conv2dBackpropFilterV2, conv2dBackpropInputV2 } from "../ops/compute/nn/conv/backprop_v2.ts";
export { requiredSpaceToBatchPaddings } from "../ops/compute/nn/conv/space_to_batch.ts";
export { quantizeV2 } from "../ops/compute/quantize/quantize.ts";
export { raggedFillEmptyRows, raggedFillEmptyRowsGrad } from "../ops/compute/ragged/calls.ts";
export { randomNormal, randomShuffle, randomUniform, truncatedNormal } from "../ops/compute/random/draws.ts";
export { randomGamma, randomPoisson } from "../ops/compute/random/gamma.ts";
export { multinomial } from "../ops/compute/random/multinomial.ts";
export { randomIndexShuffle } from "../ops/compute/random/stateless/shuffle.ts";
export { fftnd, ifftnd, irfftnd, rfftnd } from "../ops/compute/signal/fft_nd.ts";
export { sparseMerge, sparseRetain, sparseToIndicator, sparseTranspose } from "../ops/compute/sparse/compose.ts";
export { sparseTensorDenseMatmul, sparseTensorToDense, sparseToDense } from "../ops/compute/sparse/dense.ts";
export { SparseTensor } from "../ops/compute/sparse/tensor.ts";
export {
  sparseAdd,
  sparseConcat,
  sparseFillEmptyRows,
  sparseMaximum,
  sparseMinimum,
  sparseReduceMax,
  sparseReduceMaxSparse,
  sparseReduceSum,
  sparseReduceSumSparse,
  sparseReorder,
  sparseReshape,
  sparseSlice,
  sparseSoftmax,
  sparseSplit,
} from "../ops/compute/sparse/wrappers.ts";
export {
  fingerprint,
  stringToHashBucket,
  stringToHashBucketFast,
  stringToHashBucketStrong,
} from "../ops/compute/string/hash.ts";
export { reduceJoin } from "../ops/compute/string/join.ts";
export { asString, stringToNumber } from "../ops/compute/string/number.ts";
export { regexReplace } from "../ops/compute/string/regex.ts";
export { stringSplit } from "../ops/compute/string/split.ts";
export { stringJoin, stringStrip, substr } from "../ops/compute/string/text.ts";
export { constant } from "../ops/constant.ts";
export { convertToTensor, isTensor, type TensorLike } from "../ops/convert.ts";
export {
  gradPassThrough,
  NoGradient,
  NotDifferentiable,
  noGradient,
  RegisterGradient,
} from "../ops/custom_gradient.ts";
export { rawOps } from "../ops/function/raw.ts";
export { Print, timestamp } from "../ops/host/print.ts";
export { numpyFunction, pyFunc } from "../ops/host/python.ts";
export {
  ConditionalAccumulator,
  ConditionalAccumulatorBase,
  SparseConditionalAccumulator,
} from "../ops/host/queue/classes/accumulators.ts";
export { QueueBase } from "../ops/host/queue/classes/base.ts";
export { CriticalSection } from "../ops/host/queue/classes/critical_section.ts";
export { FIFOQueue, PaddingFIFOQueue, PriorityQueue, RandomShuffleQueue } from "../ops/host/queue/classes/queues.ts";
export {
  FixedLengthRecordReader,
  IdentityReader,
  ReaderBase,
  TextLineReader,
  TFRecordReader,
  WholeFileReader,
} from "../ops/host/reader/classes.ts";
export { deleteSessionTensor, getSessionHandle, getSessionTensor } from "../ops/host/session_tensor.ts";
export { TensorArray } from "../ops/host/tensor_array/tensor_array.ts";
