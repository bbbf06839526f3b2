/** tf.debugging. Written by scripts/api.mjs. */
export { assertThat as Assert } from "../build/control_flow/assert.ts";
export { isFinite, isInf, isNan } from "../ops/compute/math/compare/logic.ts";
export { checkNumerics } from "../ops/host/print.ts";
