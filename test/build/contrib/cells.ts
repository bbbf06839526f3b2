/** The programs of test/fixtures/build/contrib/cells.py. */
import * as tf from "../../../src/index.ts";
import type { Program } from "../programs/compare.ts";

const { rnn } = tf.contrib;
const { BasicLSTMCell, GRUCell } = tf.nn.rnnCell;
// biome-ignore lint/suspicious/noExplicitAny: cells and states of many structures
type Any = any;
const flat = (state: Any): Any[] => tf.nest.flatten(state);
const trained = (): Any[] => tf.trainableVariables();

const one =
  (make: () => Any): Program =>
  ({ x }) => {
    const cell = make();
    const [out, state] = cell.apply(x, cell.zeroState(2, tf.float32));
    return [out, ...flat(state)];
  };

const allSteps =
  (make: () => Any): Program =>
  ({ x }) => {
    const [out, state] = tf.nn.dynamicRnn(make(), x, { dtype: tf.float32 });
    return [out, ...flat(state)] as Any;
  };

const unrolled =
  (make: () => Any): Program =>
  ({ x }) => {
    const [out, state] = tf.nn.staticRnn(make(), tf.unstack(x, { axis: 1 }), { dtype: tf.float32 });
    const last = out.at(-1) as tf.Tensor;
    return [last, ...flat(state), ...(tf.gradients(last, [x, ...trained()]) as Any[])];
  };

const fused =
  (make: () => Any, hasLengths = false, hasState = false): Program =>
  ({ x, n }) => {
    const cell = make();
    const initialState = hasState ? [tf.ones([2, 4]), tf.ones([2, 4])] : null;
    const [out, last] = cell.apply(x, { initialState, dtype: tf.float32, sequenceLength: hasLengths ? n : null });
    return [out, ...flat(last), ...(tf.gradients(out, [x, ...trained()]) as Any[])];
  };

const phased =
  (make: () => Any, state: (cell: Any) => Any): Program =>
  ({ t, x }) => {
    const cell = make();
    return flat(cell.apply([t, x], state(cell)));
  };

export const programs: Record<string, Program> = {
  lstm_block: allSteps(() => new rnn.LSTMBlockCell(4)),
  lstm_block_peephole: unrolled(
    () => new rnn.LSTMBlockCell(4, { forgetBias: 0.5, cellClip: 0.2, usePeephole: true, name: "cell" }),
  ),
  lstm_block_gradient: unrolled(() => new rnn.LSTMBlockCell(4)),
  gru_block: allSteps(() => new rnn.GRUBlockCell(4)),
  gru_block_v2: unrolled(() => new rnn.GRUBlockCellV2({ numUnits: 4 })),
  fused: fused(() => new rnn.LSTMBlockFusedCell(4)),
  fused_lengths: fused(() => new rnn.LSTMBlockFusedCell(4, { usePeephole: true, cellClip: 0.3 }), true, true),
  fused_reversed: fused(() => new rnn.TimeReversedFusedRNN(new rnn.LSTMBlockFusedCell(4)), true),
  fused_adaptor: fused(() => new rnn.FusedRNNCellAdaptor(new GRUCell(4))),
  fused_adaptor_dynamic: fused(
    () => new rnn.TimeReversedFusedRNN(new rnn.FusedRNNCellAdaptor(new BasicLSTMCell(4), { useDynamicRnn: true })),
  ),
  nas: one(() => new rnn.NASCell(4)),
  nas_projection: allSteps(() => new rnn.NASCell(4, { numProj: 3, useBias: true })),
  intersection: one(() => new rnn.IntersectionRNNCell(3)),
  intersection_projection: allSteps(
    () => new rnn.IntersectionRNNCell(4, { numInProj: 4, yActivation: tf.nn.elu as Any }),
  ),
  phased: phased(
    () => new rnn.PhasedLSTMCell(4, { usePeepholes: true }),
    (cell) => cell.zeroState(2, tf.float32),
  ),
  phased_plain: phased(
    () => new rnn.PhasedLSTMCell(4, { trainableRatioOn: false }),
    () => [tf.ones([2, 4]), tf.ones([2, 4])],
  ),
  conv1d_lstm: one(() => new rnn.Conv1DLSTMCell({ inputShape: [5, 3], outputChannels: 2, kernelShape: [3] })),
  conv2d_lstm: allSteps(
    () => new rnn.Conv2DLSTMCell({ inputShape: [3, 4, 2], outputChannels: 3, kernelShape: [2, 3] }),
  ),
  conv2d_lstm_skip: one(
    () =>
      new rnn.Conv2DLSTMCell({ inputShape: [3, 4, 2], outputChannels: 3, kernelShape: [2, 3], skipConnection: true }),
  ),
  conv3d_lstm: one(
    () =>
      new rnn.Conv3DLSTMCell({ inputShape: [2, 2, 2, 1], outputChannels: 2, kernelShape: [2, 2, 2], useBias: false }),
  ),
  glstm: one(() => new rnn.GLSTMCell(4, { numberOfGroups: 2, numProj: 2 })),
  sru: allSteps(() => new rnn.SRUCell(4)),
  ind_rnn: one(() => new rnn.IndRNNCell(4)),
  indy_gru: allSteps(() => new rnn.IndyGRUCell(4)),
  indy_lstm: one(() => new rnn.IndyLSTMCell(4, 0.5)),
  time_freq: one(
    () => new rnn.TimeFreqLSTMCell(3, { usePeepholes: true, cellClip: 0.4, numUnitShards: 2, featureSize: 6 }),
  ),
  grid: one(
    () => new rnn.GridLSTMCell(2, { usePeepholes: true, featureSize: 2, frequencySkip: 2, numFrequencyBlocks: [3] }),
  ),
  grid_shared: one(
    () =>
      new rnn.GridLSTMCell(2, {
        usePeepholes: true,
        shareTimeFrequencyWeights: true,
        coupleInputForgetGates: true,
        cellClip: 0.3,
        numUnitShards: 2,
        featureSize: 2,
        frequencySkip: 1,
        numFrequencyBlocks: [2, 1],
        startFreqindexList: [0, 3],
        endFreqindexList: [3, 5],
      }),
  ),
  grid_joined: one(
    () => new rnn.GridLSTMCell(2, { stateIsTuple: false, featureSize: 3, frequencySkip: 3, numFrequencyBlocks: [2] }),
  ),
  grid_both_ways: one(
    () =>
      new rnn.BidirectionalGridLSTMCell(2, {
        featureSize: 2,
        frequencySkip: 2,
        numFrequencyBlocks: [3],
        backwardSliceOffset: 1,
      }),
  ),
};
