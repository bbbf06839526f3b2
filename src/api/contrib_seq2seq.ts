/** tf.contrib.seq2seq. Written by scripts/api.mjs. */
export { AttentionMechanism, BahdanauAttention, LuongAttention } from "../build/contrib/seq2seq/attention/mechanism.ts";
export {
  BahdanauMonotonicAttention,
  LuongMonotonicAttention,
  monotonicAttention,
  safeCumprod,
} from "../build/contrib/seq2seq/attention/monotonic.ts";
export { AttentionWrapper, AttentionWrapperState, hardmax } from "../build/contrib/seq2seq/attention/wrapper.ts";
export { BeamSearchDecoder, FinalBeamSearchDecoderOutput } from "../build/contrib/seq2seq/beam/decoder.ts";
export { BeamSearchDecoderOutput, BeamSearchDecoderState } from "../build/contrib/seq2seq/beam/step.ts";
export { BasicDecoder, BasicDecoderOutput, Decoder, dynamicDecode } from "../build/contrib/seq2seq/decoder.ts";
export {
  CustomHelper,
  GreedyEmbeddingHelper,
  Helper,
  InferenceHelper,
  TrainingHelper,
} from "../build/contrib/seq2seq/helper.ts";
export { sequenceLoss } from "../build/contrib/seq2seq/loss.ts";
export {
  SampleEmbeddingHelper,
  ScheduledEmbeddingTrainingHelper,
  ScheduledOutputTrainingHelper,
} from "../build/contrib/seq2seq/sampling.ts";
export { tileBatch } from "../build/contrib/seq2seq/tile.ts";
export { gatherTree } from "../ops/compute/nn/rnn/gather_tree.ts";
