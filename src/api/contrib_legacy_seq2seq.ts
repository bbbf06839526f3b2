/** tf.contrib.legacySeq2seq. Written by scripts/api.mjs. */
export {
  modelWithBuckets,
  rnnDecoder,
  sequenceLoss,
  sequenceLossByExample,
} from "../build/contrib/legacy_seq2seq/sequences.ts";
