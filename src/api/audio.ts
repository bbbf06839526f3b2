/** tf.audio. Written by scripts/api.mjs. */
export { decodeWav, encodeWav } from "../ops/compute/signal/wav.ts";
