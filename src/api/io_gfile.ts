/** tf.io.gfile. Written by scripts/api.mjs. */
export { copy } from "../ops/compute/matrix/linalg/matrix.ts";
export { GFile } from "../train/files/gfile.ts";
