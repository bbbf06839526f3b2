/** tf.linalg.experimental. Written by scripts/api.mjs. */
export { conjugateGradient } from "../build/linalg/conjugate_gradient.ts";
