/** tf.contrib.rnn. Written by scripts/api.mjs. */
export { GRUBlockCell, GRUBlockCellV2, LSTMBlockCell } from "../build/contrib/rnn/block.ts";
export { CoupledInputForgetGateLSTMCell, LayerNormBasicLSTMCell, UGRNNCell } from "../build/contrib/rnn/cells.ts";
export { Conv1DLSTMCell, Conv2DLSTMCell, Conv3DLSTMCell, ConvLSTMCell } from "../build/contrib/rnn/convolution.ts";
export {
  FusedRNNCell,
  FusedRNNCellAdaptor,
  LSTMBlockFusedCell,
  LSTMBlockWrapper,
  TimeReversedFusedRNN,
} from "../build/contrib/rnn/fused.ts";
export { GLSTMCell, IntersectionRNNCell, NASCell, PhasedLSTMCell } from "../build/contrib/rnn/gates.ts";
export { BidirectionalGridLSTMCell, GridLSTMCell } from "../build/contrib/rnn/grid/grid.ts";
export { TimeFreqLSTMCell } from "../build/contrib/rnn/grid/time_frequency.ts";
export { IndRNNCell, IndyGRUCell, IndyLSTMCell, SRUCell } from "../build/contrib/rnn/independent.ts";
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
