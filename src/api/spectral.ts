/** tf.spectral. Written by scripts/api.mjs. */
export { dct, idct } from "../build/signal/spectral.ts";
export { fft, fft2d, fft3d, ifft, ifft2d, ifft3d } from "../ops/compute/signal/fft.ts";
export { irfft, irfft2d, irfft3d, rfft, rfft2d, rfft3d } from "../ops/compute/signal/spectral.ts";
