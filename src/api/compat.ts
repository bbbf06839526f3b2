/** tf.compat. Written by scripts/api.mjs. */
export { dimensionAtIndex, dimensionValue } from "../build/tensors/convert.ts";
export { asBytes, asStr, asStrAny, asText, pathToStr } from "../core/text/compat.ts";
