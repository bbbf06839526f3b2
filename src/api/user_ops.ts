/** tf.userOps. Written by scripts/api.mjs. */
export { myFact } from "../ops/compute/debug/inplace.ts";
