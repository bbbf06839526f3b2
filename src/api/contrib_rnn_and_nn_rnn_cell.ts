/** Names of tf.nn.rnnCell and tf.contrib.rnn. Written by scripts/api.mjs. */
export { RNNCell } from "../build/rnn/cell.ts";
export { BasicLSTMCell, LSTMCell } from "../build/rnn/lstm.ts";
export { MultiRNNCell } from "../build/rnn/multi.ts";
export { BasicRNNCell, GRUCell } from "../build/rnn/simple.ts";
export { LSTMStateTuple } from "../build/rnn/state.ts";
export { DeviceWrapper, DropoutWrapper, ResidualWrapper } from "../build/rnn/wrappers.ts";
