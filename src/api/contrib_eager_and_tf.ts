/** Names of tf.contrib.eager and tf. Written by scripts/api.mjs. */
export { makeTemplate } from "../build/template.ts";
export { Variable } from "../build/variables/variable.ts";
export { enableEagerExecution, executingEagerly } from "../eager/mode.ts";
export { GradientTape } from "../eager/tape/gradient_tape.ts";
export { customGradient } from "../ops/custom_gradient.ts";
