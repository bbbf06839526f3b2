/** tf.contrib.rnn. Written by scripts/api.mjs. */
export { CoupledInputForgetGateLSTMCell, LayerNormBasicLSTMCell, UGRNNCell } from "../build/contrib/rnn/cells.ts";
export {
  bestEffortInputBatchSize,
  stackBidirectionalDynamicRnn,
  stackBidirectionalRnn,
} from "../build/contrib/rnn/stacked.ts";
export {
  AttentionCellWrapper,
  EmbeddingWrapper,
  HighwayWrapper,
  InputProjectionWrapper,
  OutputProjectionWrapper,
} from "../build/contrib/rnn/wrappers.ts";
export { LayerRNNCell } from "../build/rnn/cell.ts";
export { staticBidirectionalRnn, staticRnn, staticStateSavingRnn } from "../build/rnn/static.ts";
export { transposeBatchTime } from "../build/rnn/step.ts";
export * from "./contrib_rnn_and_nn_rnn_cell.ts";
