/** tf.keras.preprocessing.sequence. Written by scripts/api.mjs. */
export {
  makeSamplingTable,
  padSequences,
  skipgrams,
  TimeseriesGenerator,
} from "../train/keras/preprocessing/sequence.ts";
