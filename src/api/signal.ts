/** tf.signal. Written by scripts/api.mjs. */
export {
  inverseMdct,
  inverseStftWindowFn,
  kaiserBesselDerivedWindow,
  kaiserWindow,
  mdct,
} from "../build/signal/mdct.ts";
export {
  dct,
  frame,
  idct,
  inverseStft,
  linearToMelWeightMatrix,
  mfccsFromLogMelSpectrograms,
  overlapAndAdd,
  stft,
} from "../build/signal/spectral.ts";
export { hammingWindow, hannWindow, vorbisWindow } from "../build/signal/window.ts";
export { fft, fft2d, fft3d, ifft, ifft2d, ifft3d } from "../ops/compute/signal/fft.ts";
export { fftnd, ifftnd, irfftnd, rfftnd } from "../ops/compute/signal/fft_nd.ts";
export { fftshift, ifftshift, irfft, irfft2d, irfft3d, rfft, rfft2d, rfft3d } from "../ops/compute/signal/spectral.ts";
