/** The programs of test/fixtures/build/contrib/beam.py. */
import * as tf from "../../../src/index.ts";
import type { Program } from "../programs/compare.ts";

const { seq2seq } = tf.contrib;
const { BasicLSTMCell, GRUCell, LSTMStateTuple } = tf.nn.rnnCell;
// biome-ignore lint/suspicious/noExplicitAny: cells and states of many structures
type Any = any;

const uniform = () => tf.randomUniformInitializer(-2, 2);
const words = () => new tf.layers.Dense(6, { kernelInitializer: uniform() });

interface Search {
  readonly limit?: number;
  readonly beam?: number;
  readonly hasLayer?: boolean;
  readonly tokens?: readonly number[];
  readonly lengthPenaltyWeight?: number;
}

const search =
  (make: () => Any, { limit = 5, beam = 3, hasLayer = true, tokens, lengthPenaltyWeight }: Search = {}): Program =>
  ({ x }) => {
    const table = tf.getVariable("table", { shape: [6, 3], initializer: uniform() });
    const cell = make();
    const tiled = seq2seq.tileBatch(x, beam) as tf.Tensor;
    const zero = cell.zeroState(2 * beam, tf.float32);
    const state = zero instanceof tf.Tensor ? tiled : new LSTMStateTuple(tiled, zero[1]);
    const outputLayer = hasLayer ? words() : null;
    const decoder = new seq2seq.BeamSearchDecoder(cell, table, tokens ?? tf.fill([2], 1), 0, state as Any, beam, {
      outputLayer,
      ...(lengthPenaltyWeight ? { lengthPenaltyWeight } : {}),
    });
    const [outputs, last, counts] = seq2seq.dynamicDecode(decoder, { maximumIterations: limit });
    const { scores, parentIds } = outputs.beamSearchDecoderOutput;
    return [outputs.predictedIds, scores, parentIds, last.logProbs, last.lengths, last.finished, counts];
  };

const attending =
  (coverage: number, history: boolean, width = 3): Program =>
  ({ x, n, m, t }) => {
    const table = tf.getVariable("table", { shape: [6, 3], initializer: uniform() });
    const tile = (each: Any): Any => seq2seq.tileBatch(each, width);
    const mechanism = new seq2seq.LuongAttention(4, tile(m), { memorySequenceLength: tile(n) });
    const cell = new seq2seq.AttentionWrapper(new BasicLSTMCell(4), mechanism, {
      attentionLayerSize: 4,
      alignmentHistory: history,
    });
    const zero = cell.zeroState(2 * width, tf.float32) as Any;
    const state = zero.clone({ cellState: new LSTMStateTuple(tile(x), tile(x)) });
    const embed = (ids: tf.Tensor) => tf.nn.embeddingLookup(table, ids);
    const layer = words();
    const decoder = new seq2seq.BeamSearchDecoder(
      cell,
      embed,
      t ?? tf.fill([2], 1),
      0,
      state,
      width,
      layer,
      0.5,
      coverage,
    );
    const [outputs, last, counts] = seq2seq.dynamicDecode(decoder, { maximumIterations: 6, imputeFinished: false });
    const more = coverage ? [last.accumulatedAttentionProbs] : [];
    const array = last.cellState.alignmentHistory;
    if (history) more.push(array instanceof tf.Tensor ? array : array.stack());
    return [outputs.predictedIds, last.logProbs, last.lengths, counts, ...more];
  };

export const programs: Record<string, Program> = {
  beam: search(() => new GRUCell(4)),
  beam_lstm_length: search(() => new BasicLSTMCell(4), { limit: 7, lengthPenaltyWeight: 0.8 }),
  beam_no_layer: search(() => new GRUCell(4), { beam: 2, hasLayer: false, tokens: [1, 2] }),
  beam_attention: attending(0, false),
  beam_coverage_history: attending(0.3, true),
  beam_sorted_history: attending(0.3, true),
  gather_tree: ({ s, p, n }) => seq2seq.gatherTree(s, p, n, 4),
};
