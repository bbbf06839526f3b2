/** tf.nn.rnnCell. Written by scripts/api.mjs. */
export * from "./contrib_rnn_and_nn_rnn_cell.ts";
