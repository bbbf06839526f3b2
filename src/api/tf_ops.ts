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
export { expandDims, reshape, squeeze } from "../ops/compute/array/basic/reshape.ts";
export { rank, shape, shapeN, size } from "../ops/compute/array/basic/shape.ts";
export { getStaticValue } from "../ops/compute/array/basic/static_value.ts";
export { batchGather, gather } from "../ops/compute/array/index/gather.ts";
export {
  gatherNd,
  scatterNd,
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
export { reverse, reverse as reverseV2, reverseSequence, roll } from "../ops/compute/array/order/reverse.ts";
export {
  batchToSpace,
  batchToSpaceNd,
  depthToSpace,
  spaceToBatch,
  spaceToBatchNd,
  spaceToDepth,
} from "../ops/compute/array/order/space.ts";
export { invertPermutation, matrixTranspose, transpose } from "../ops/compute/array/order/transpose.ts";
export { meshgrid, repeat, sequenceMask } from "../ops/compute/array/slice/grid.ts";
export { pad } from "../ops/compute/array/slice/pad.ts";
export { slice } from "../ops/compute/array/slice/slice.ts";
export { stridedSlice } from "../ops/compute/array/slice/strided_slice.ts";
export { broadcastDynamicShape, broadcastTo, tile } from "../ops/compute/array/slice/tile.ts";
export { checkPinned } from "../ops/compute/debug/identity.ts";
export { extractImagePatches, extractVolumePatches } from "../ops/compute/image/box/patches.ts";
export { accumulateN, addN, scalarMul } from "../ops/compute/math/add_n.ts";
export { add, multiply, pow, squaredDifference, subtract } from "../ops/compute/math/binary/arithmetic.ts";
export {
  div,
  divide,
  divNoNan,
  floorDiv,
  floordiv,
  floormod,
  mod,
  realdiv,
  truediv,
  truncatediv,
  truncatemod,
} from "../ops/compute/math/binary/division.ts";
export { atan2, maximum, minimum } from "../ops/compute/math/binary/extremes.ts";
export {
  cast,
  saturateCast,
  toBfloat16,
  toComplex64,
  toComplex128,
  toDouble,
  toFloat,
  toInt32,
  toInt64,
} from "../ops/compute/math/cast.ts";
export { clipByAverageNorm, clipByGlobalNorm, clipByNorm, clipByValue, globalNorm } from "../ops/compute/math/clip.ts";
export { equal, greater, greaterEqual, less, lessEqual, notEqual } from "../ops/compute/math/compare/compare.ts";
export {
  isFinite,
  isInf,
  isNan,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
} from "../ops/compute/math/compare/logic.ts";
export { bincount, cross, histogramFixedWidth } from "../ops/compute/math/counts.ts";
export { angle, complex, conj, imag, real } from "../ops/compute/math/elementwise/complex.ts";
export { logSigmoid } from "../ops/compute/math/elementwise/softplus.ts";
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cos,
  cosh,
  erf,
  erfc,
  sigmoid,
  sin,
  sinh,
  tan,
  tanh,
} from "../ops/compute/math/elementwise/trigonometry.ts";
export {
  abs,
  ceil,
  exp,
  expm1,
  floor,
  log,
  log1p,
  negative,
  reciprocal,
  rint,
  round,
  rsqrt,
  sign,
  sqrt,
  square,
} from "../ops/compute/math/elementwise/unary.ts";
export { linSpace, linspace, range } from "../ops/compute/math/range.ts";
export { countNonzero, reduceLogsumexp, trace } from "../ops/compute/math/reduce/composed.ts";
export {
  argMax,
  argMin,
  argmax,
  argmin,
  reduceAll,
  reduceAny,
  reduceMax,
  reduceMin,
} from "../ops/compute/math/reduce/extremes.ts";
export { cumprod, cumsum } from "../ops/compute/math/reduce/scan.ts";
export { reduceMean, reduceProd, reduceSum } from "../ops/compute/math/reduce/sums.ts";
export { segmentMax, segmentMean, segmentMin, segmentProd, segmentSum } from "../ops/compute/math/segment/segment.ts";
export { sparseSegmentMean, sparseSegmentSqrtN, sparseSegmentSum } from "../ops/compute/math/segment/sparse.ts";
export {
  unsortedSegmentMax,
  unsortedSegmentMean,
  unsortedSegmentMin,
  unsortedSegmentProd,
  unsortedSegmentSqrtN,
  unsortedSegmentSum,
} from "../ops/compute/math/segment/unsorted.ts";
export {
  betainc,
  digamma,
  igamma,
  igammac,
  lbeta,
  lgamma,
  polygamma,
  zeta,
} from "../ops/compute/math/special/functions.ts";
export { cholesky, choleskySolve } from "../ops/compute/matrix/decompose/cholesky.ts";
export { selfAdjointEig, selfAdjointEigvals } from "../ops/compute/matrix/decompose/eigen.ts";
export { matrixSquareRoot } from "../ops/compute/matrix/decompose/functions.ts";
export { qr } from "../ops/compute/matrix/decompose/qr.ts";
export { svd } from "../ops/compute/matrix/decompose/svd.ts";
export {
  diag,
  diagPart,
  eye,
  matrixBandPart,
  matrixDiag,
  matrixDiagPart,
  matrixSetDiag,
} from "../ops/compute/matrix/diagonal/set_diag.ts";
export { matrixSolveLs } from "../ops/compute/matrix/least_squares.ts";
export { norm } from "../ops/compute/matrix/norm.ts";
export { einsum, tensordot } from "../ops/compute/matrix/product/contract.ts";
export { matmul, sparseMatmul } from "../ops/compute/matrix/product/matmul.ts";
export { matrixDeterminant, matrixInverse, matrixSolve, matrixTriangularSolve } from "../ops/compute/matrix/solve.ts";
export { conv, conv2dBackpropFilterV2, conv2dBackpropInputV2 } from "../ops/compute/nn/conv/backprop_v2.ts";
export { requiredSpaceToBatchPaddings } from "../ops/compute/nn/conv/space_to_batch.ts";
export { quantizedConcat } from "../ops/compute/quantize/calls.ts";
export {
  fakeQuantWithMinMaxArgs,
  fakeQuantWithMinMaxArgsGradient,
  fakeQuantWithMinMaxVars,
  fakeQuantWithMinMaxVarsGradient,
  fakeQuantWithMinMaxVarsPerChannel,
  fakeQuantWithMinMaxVarsPerChannelGradient,
} from "../ops/compute/quantize/fake_quant.ts";
export { dequantize, quantize, quantizeV2 } from "../ops/compute/quantize/quantize.ts";
export { raggedFillEmptyRows, raggedFillEmptyRowsGrad } from "../ops/compute/ragged/calls.ts";
export { randomNormal, randomShuffle, randomUniform, truncatedNormal } from "../ops/compute/random/draws.ts";
export { randomGamma, randomPoisson } from "../ops/compute/random/gamma.ts";
export { multinomial } from "../ops/compute/random/multinomial.ts";
export { randomIndexShuffle } from "../ops/compute/random/stateless/shuffle.ts";
export { fft, fft2d, fft3d, ifft, ifft2d, ifft3d } from "../ops/compute/signal/fft.ts";
export { fftnd, ifftnd, irfftnd, rfftnd } from "../ops/compute/signal/fft_nd.ts";
export { sparseMerge, sparseRetain, sparseToIndicator, sparseTranspose } from "../ops/compute/sparse/compose.ts";
export { sparseTensorDenseMatmul, sparseTensorToDense, sparseToDense } from "../ops/compute/sparse/dense.ts";
export { deserializeManySparse, serializeManySparse, serializeSparse } from "../ops/compute/sparse/serialize.ts";
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
export { decodeCsv } from "../ops/compute/string/csv.ts";
export {
  fingerprint,
  stringToHashBucket,
  stringToHashBucketFast,
  stringToHashBucketStrong,
} from "../ops/compute/string/hash.ts";
export { decodeBase64, encodeBase64, reduceJoin } from "../ops/compute/string/join.ts";
export { asString, stringToNumber } from "../ops/compute/string/number.ts";
export { decodeJsonExample } from "../ops/compute/string/parse/json.ts";
export { decodeCompressed, decodeRaw, parseTensor, serializeTensor } from "../ops/compute/string/raw.ts";
export { regexReplace } from "../ops/compute/string/regex.ts";
export { stringSplit } from "../ops/compute/string/split.ts";
export { stringJoin, stringStrip, substr } from "../ops/compute/string/text.ts";
export { constant } from "../ops/constant.ts";
export { convertToTensor, isTensor, type TensorLike } from "../ops/convert.ts";
export {
  customGradient,
  gradPassThrough,
  NoGradient,
  NotDifferentiable,
  noGradient,
  RegisterGradient,
} from "../ops/custom_gradient.ts";
export { rawOps } from "../ops/function/raw.ts";
export { matchingFiles, readFile, writeFile } from "../ops/host/file/ops.ts";
export { checkNumerics, Print, timestamp } from "../ops/host/print.ts";
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
