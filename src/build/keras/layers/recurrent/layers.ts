/** `tf.keras.layers`: recurrent layers by their cells. Source: tf_keras/src/layers/rnn/{simple_rnn,lstm_v1,gru_v1}.py. */
import { byName, type Rest } from "../../../../ops/options.ts";
import type { LayerOptions } from "../layer.ts";
import type { CellOptions } from "./cell.ts";
import { GRUCell, type GRUCellOptions, LSTMCell, type LSTMCellOptions, places, SimpleRNNCell } from "./cells.ts";
import { RNN, type RNNOptions } from "./rnn.ts";

export type CellSettings<C> = C & RNNOptions;

/** h = tanh(x · kernel + h · recurrentKernel + bias) over sequences. */
export class SimpleRNN extends RNN {
  constructor(units: number, ...rest: Rest<CellSettings<CellOptions>, typeof places.simple>) {
    const options = byName<CellSettings<CellOptions>>(rest, places.simple);
    super(new SimpleRNNCell(units, inner("simple_rnn_cell", options)), ofKind("simple_rnn", options));
  }
}

/** Long short-term memory over sequences [batch, time, width]. */
export class LSTM extends RNN {
  constructor(units: number, ...rest: Rest<CellSettings<LSTMCellOptions>, typeof places.lstm>) {
    const options = byName<CellSettings<LSTMCellOptions>>(rest, places.lstm);
    super(new LSTMCell(units, inner("lstm_cell", options)), ofKind("lstm", options));
  }
}

/** Gated recurrent units over sequences [batch, time, width]. */
export class GRU extends RNN {
  constructor(units: number, ...rest: Rest<CellSettings<GRUCellOptions>, typeof places.gru>) {
    const options = byName<CellSettings<GRUCellOptions>>(rest, places.gru);
    super(new GRUCell(units, inner("gru_cell", options)), ofKind("gru", options));
  }
}

/** Options of a layer that is called after its class. */
export const ofKind = <O extends object>(kind: string, options: O): O & { readonly kind: string } => ({
  ...options,
  kind,
});

/** A layer's options for its cell, which has a name of its own: input shape and initial weights are the layer's. */
export const inner = <O extends LayerOptions>(name: string, options: O): O => ({
  ...options,
  name,
  inputShape: undefined,
  batchInputShape: undefined,
});
