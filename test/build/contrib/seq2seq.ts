/** The programs of test/fixtures/build/contrib/seq2seq.py. */
import * as tf from "../../../src/index.ts";
import type { Program } from "../programs/compare.ts";

const { rnn, seq2seq } = tf.contrib;
const { BasicLSTMCell: LSTM, GRUCell: GRU } = tf.nn.rnnCell;
// biome-ignore lint/suspicious/noExplicitAny: cells, states and outputs of many structures
type Any = any;
const flat = (state: Any): Any[] => tf.nest.flatten(state);

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

const training =
  (
    imputeFinished = false,
    maximumIterations: number | null = null,
    hasLayer = true,
    outputTimeMajor = false,
  ): Program =>
  ({ x, n }) => {
    const helper = new seq2seq.TrainingHelper(x, n, { timeMajor: false });
    const cell = new LSTM(4);
    const layer = hasLayer ? new tf.layers.Dense(5, { name: "out" }) : null;
    const decoder = new seq2seq.BasicDecoder(cell, helper, cell.zeroState(2, tf.float32), layer);
    const [outputs, state, counts] = seq2seq.dynamicDecode(decoder, {
      imputeFinished,
      maximumIterations,
      outputTimeMajor,
    });
    return [outputs.rnnOutput, outputs.sampleId, ...flat(state), counts];
  };

const greedy =
  (make: (table: Any) => Any): Program =>
  ({ x }) => {
    const table = tf.getVariable("table", [6, 3]);
    const cell = new GRU(4);
    const decoder = new seq2seq.BasicDecoder(cell, make(table), x, new tf.layers.Dense(6));
    const [outputs, state, counts] = seq2seq.dynamicDecode(decoder, { maximumIterations: 5 });
    return [outputs.rnnOutput, outputs.sampleId, state, counts];
  };

const scheduled =
  (units: number, make: (x: Any, n: Any, table: Any) => Any): Program =>
  ({ x, n }) => {
    const table = tf.getVariable("table", [5, 3]);
    const cell = new GRU(4);
    const helper = make(x, n, table);
    const state = cell.zeroState(2, tf.float32);
    const decoder = new seq2seq.BasicDecoder(cell, helper, state, new tf.layers.Dense(units));
    const [outputs, last, counts] = seq2seq.dynamicDecode(decoder);
    return [outputs.rnnOutput, outputs.sampleId, last, counts];
  };

const attending =
  (make: (memory: Any, lengths: Any) => Any, options: Any = {}): Program =>
  ({ x, n, m }) => {
    const cell = new seq2seq.AttentionWrapper(new LSTM(4), make(m, n), options);
    const helper = new seq2seq.TrainingHelper(x, n);
    const state = cell.zeroState(2, tf.float32);
    const decoder = new seq2seq.BasicDecoder(cell, helper, state, new tf.layers.Dense(5));
    const [outputs, last, counts] = seq2seq.dynamicDecode(decoder);
    const history = options.alignmentHistory ? [last.alignmentHistory.stack()] : [];
    return [outputs.rnnOutput, outputs.sampleId, last.attention, last.time, counts, ...history];
  };

const lossOptions: Any[] = [
  {},
  { averageAcrossTimesteps: false },
  { averageAcrossBatch: false },
  { averageAcrossTimesteps: false, averageAcrossBatch: false },
  { averageAcrossTimesteps: false, averageAcrossBatch: false, sumOverTimesteps: true, sumOverBatch: true },
  { averageAcrossTimesteps: false, averageAcrossBatch: false, sumOverBatch: true },
];

export const programs: Record<string, Program> = {
  layer_norm_lstm: allSteps(() => new rnn.LayerNormBasicLSTMCell(4)),
  layer_norm_lstm_plain: one(
    () => new rnn.LayerNormBasicLSTMCell(4, { layerNorm: false, dropoutKeepProb: 0.5, dropoutProbSeed: 2 }),
  ),
  ugrnn: one(() => new rnn.UGRNNCell(4)),
  coupled: one(() => new rnn.CoupledInputForgetGateLSTMCell(4, { usePeepholes: true, numProj: 3, projClip: 0.5 })),
  coupled_norm: one(() => new rnn.CoupledInputForgetGateLSTMCell(4, { layerNorm: true })),
  attention_cell: one(() => new rnn.AttentionCellWrapper(new LSTM(4), 3)),
  attention_cell_steps: allSteps(() => new rnn.AttentionCellWrapper(new GRU(4), 2, { attnVecSize: 5 })),
  input_projection: one(() => new rnn.InputProjectionWrapper(new GRU(4), 2, { activation: tf.nn.relu as Any })),
  output_projection: allSteps(() => new rnn.OutputProjectionWrapper(new LSTM(4), 2)),
  embedding: one(() => new rnn.EmbeddingWrapper(new GRU(4), 5, 3)),
  highway: one(() => new rnn.HighwayWrapper(new GRU(3))),
  stack_bidirectional_dynamic: ({ x }) => {
    const cells = () => [new GRU(3), new GRU(2)];
    const [out, fw, bw] = rnn.stackBidirectionalDynamicRnn(cells(), cells(), x, {
      dtype: tf.float32,
      sequenceLength: tf.constant([4, 2]),
    });
    return [out, ...fw, ...bw] as Any;
  },
  stack_bidirectional: ({ x }) => {
    const cells = () => [new GRU(3), new GRU(2)];
    const steps = tf.unstack(x, { axis: 1 });
    const [out, fw, bw] = rnn.stackBidirectionalRnn(cells(), cells(), steps, { dtype: tf.float32 });
    return [...out, ...fw, ...bw] as Any;
  },
  ...Object.fromEntries(
    lossOptions.map((options, i): [string, Program] => [
      `sequence_loss_${i}`,
      ({ x, t, w }) => seq2seq.sequenceLoss(x, t, w, options),
    ]),
  ),
  training_decoder: training(),
  training_decoder_impute: training(true, 3),
  training_decoder_plain: training(false, null, false, true),
  greedy_decoder: greedy((table) => new seq2seq.GreedyEmbeddingHelper(table, tf.fill([2], 1), 0)),
  sample_decoder: greedy(
    (table) => new seq2seq.SampleEmbeddingHelper(table, tf.fill([2], 1), 0, { softmaxTemperature: 0.5, seed: 4 }),
  ),
  inference_decoder: greedy(
    (table) =>
      new seq2seq.InferenceHelper(
        (outputs) => tf.argmax(outputs, { axis: -1, outputType: tf.int32 }),
        [],
        tf.int32,
        tf.ones([2, 3]),
        (ids) => tf.equal(ids, 0),
        (ids) => tf.nn.embeddingLookup(table, ids),
      ),
  ),
  scheduled_embedding: scheduled(
    5,
    (x, n, table) =>
      new seq2seq.ScheduledEmbeddingTrainingHelper(x, n, table, tf.constant(1, tf.float32), {
        seed: 2,
        schedulingSeed: 3,
      }),
  ),
  scheduled_output: scheduled(
    3,
    (x, n) => new seq2seq.ScheduledOutputTrainingHelper(x, n, tf.constant(1, tf.float32), { seed: 2 }),
  ),
  luong: attending((m) => new seq2seq.LuongAttention(4, m), { attentionLayerSize: 3 }),
  luong_scaled: attending((m, n) => new seq2seq.LuongAttention(4, m, { memorySequenceLength: n, scale: true }), {
    attentionLayerSize: 3,
    alignmentHistory: true,
  }),
  bahdanau: attending((m, n) => new seq2seq.BahdanauAttention(7, m, n)),
  bahdanau_normed: attending((m) => new seq2seq.BahdanauAttention(7, m, { normalize: true }), {
    attentionLayerSize: 4,
    outputAttention: false,
  }),
  two_mechanisms: attending((m) => [new seq2seq.BahdanauAttention(7, m), new seq2seq.LuongAttention(4, m)], {
    attentionLayerSize: [2, 3],
  }),
  monotonic: attending((m) => new seq2seq.BahdanauMonotonicAttention(7, m, { scoreBiasInit: -1 })),
  monotonic_luong: attending((m) => new seq2seq.LuongMonotonicAttention(4, m, { mode: "hard" })),
  monotonic_modes: ({ p, q }) => [
    ...(["recursive", "parallel", "hard"] as const).map((mode) => seq2seq.monotonicAttention(p, q, mode)),
    seq2seq.hardmax(p),
    seq2seq.safeCumprod(p, { axis: 1 }),
  ],
};
