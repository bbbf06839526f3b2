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
export { LayerRNNCell, RNNCell } from "../build/rnn/cell.ts";
export { BasicLSTMCell, LSTMCell } from "../build/rnn/lstm.ts";
export { MultiRNNCell } from "../build/rnn/multi.ts";
export { BasicRNNCell, GRUCell } from "../build/rnn/simple.ts";
export { LSTMStateTuple } from "../build/rnn/state.ts";
export { staticBidirectionalRnn, staticRnn, staticStateSavingRnn } from "../build/rnn/static.ts";
export { transposeBatchTime } from "../build/rnn/step.ts";
export { DeviceWrapper, DropoutWrapper, ResidualWrapper } from "../build/rnn/wrappers.ts";
