/** tf.nn.experimental. Written by scripts/api.mjs. */
export { generalDropout, statelessDropout } from "../ops/compute/nn/dropout.ts";
