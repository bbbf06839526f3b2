/** tf.contrib.crf. Written by scripts/api.mjs. */
export { CrfDecodeBackwardRnnCell, CrfDecodeForwardRnnCell, CrfForwardRnnCell } from "../build/contrib/crf/cells.ts";
export {
  crfBinaryScore,
  crfDecode,
  crfLogLikelihood,
  crfLogNorm,
  crfMultitagSequenceScore,
  crfSequenceScore,
  crfUnaryScore,
  viterbiDecode,
} from "../build/contrib/crf/crf.ts";
