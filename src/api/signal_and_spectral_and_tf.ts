/** Names of tf.spectral and tf.signal and tf. Written by scripts/api.mjs. */
export { fft, fft2d, fft3d, ifft, ifft2d, ifft3d } from "../ops/compute/signal/fft.ts";
