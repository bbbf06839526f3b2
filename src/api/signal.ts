/** tf.signal. Written by scripts/api.mjs. */
export {
  inverseMdct,
  inverseStftWindowFn,
  kaiserBesselDerivedWindow,
  kaiserWindow,
  mdct,
} from "../build/signal/mdct.ts";
export {
  frame,
  inverseStft,
  linearToMelWeightMatrix,
  mfccsFromLogMelSpectrograms,
  overlapAndAdd,
  stft,
} from "../build/signal/spectral.ts";
export { hammingWindow, hannWindow, vorbisWindow } from "../build/signal/window.ts";
export { fftnd, ifftnd, irfftnd, rfftnd } from "../ops/compute/signal/fft_nd.ts";
export { fftshift, ifftshift } from "../ops/compute/signal/spectral.ts";
export * from "./signal_and_spectral.ts";
export * from "./signal_and_spectral_and_tf.ts";
