/** tf.contrib.util. Written by scripts/api.mjs. */
export { makeNdarray, makeTensorProto } from "../build/tensors/convert.ts";
export { constantValue } from "../graph/infer.ts";
