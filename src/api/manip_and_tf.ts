/** Names of tf.manip and tf. Written by scripts/api.mjs. */
export { reshape } from "../ops/compute/array/basic/reshape.ts";
export { gatherNd, scatterNd } from "../ops/compute/array/index/gather_nd.ts";
export { reverse, roll } from "../ops/compute/array/order/reverse.ts";
export { batchToSpaceNd, spaceToBatchNd } from "../ops/compute/array/order/space.ts";
export { tile } from "../ops/compute/array/slice/tile.ts";
