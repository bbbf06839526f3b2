/** Names of tf.spectral and tf.signal. Written by scripts/api.mjs. */
export { dct, idct } from "../build/signal/spectral.ts";
export { irfft, irfft2d, irfft3d, rfft, rfft2d, rfft3d } from "../ops/compute/signal/spectral.ts";
