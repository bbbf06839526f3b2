/** tf.sparse. Written by scripts/api.mjs. */
export { merge } from "../build/control_flow/nodes.ts";
export { mask } from "../io/crc.ts";
export { placeholder } from "../ops/compute/array/basic/identity.ts";
export { expandDims, reshape } from "../ops/compute/array/basic/reshape.ts";
export { concat } from "../ops/compute/array/join/concat.ts";
export { split } from "../ops/compute/array/join/split.ts";
export { transpose } from "../ops/compute/array/order/transpose.ts";
export { slice } from "../ops/compute/array/slice/slice.ts";
export { add } from "../ops/compute/math/binary/arithmetic.ts";
export { maximum, minimum } from "../ops/compute/math/binary/extremes.ts";
export { bincount, cross } from "../ops/compute/math/counts.ts";
export { reduceMax } from "../ops/compute/math/reduce/extremes.ts";
export { reduceSum } from "../ops/compute/math/reduce/sums.ts";
export { segmentMean, segmentSum } from "../ops/compute/math/segment/segment.ts";
export { eye } from "../ops/compute/matrix/diagonal/set_diag.ts";
export { matmul } from "../ops/compute/matrix/product/matmul.ts";
export { softmax } from "../ops/compute/nn/activation/softmax.ts";
export { SparseTensor } from "../ops/compute/sparse/tensor.ts";
