/** `tf.keras.layers`: recurrent layers with the variables that cuDNN has. Source: tf_keras/src/layers/rnn/cudnn_lstm.py, cudnn_gru.py. */
import type { Tensor } from "../../../../graph/tensor.ts";
import { split } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { CellOptions } from "./cell.ts";
import { GRUCell, LSTMCell, type LSTMCellOptions, places } from "./cells.ts";
import { type CellSettings, inner, ofKind } from "./layers.ts";
import { RNN } from "./rnn.ts";

type CuDNNOptions = Omit<CellSettings<LSTMCellOptions>, "activation" | "recurrentActivation" | "useBias">;

/** An LSTM cell with two biases, of inputs and of states, one after the other. */
class CuDNNLSTMCell extends LSTMCell {
  protected override biasShape(): readonly number[] {
    return [this.units * 8];
  }

  protected override get biasParts() {
    return [this.units * 5, this.units, this.units * 2] as const;
  }

  protected override gateBiases(): Tensor {
    const [ofInputs, ofStates] = split(this.bias!.value(), 2);
    return ofInputs!.add(ofStates!);
  }
}

const settings = { activation: "tanh", recurrentActivation: "sigmoid" } as const;

/** Its variables are the layer's own in a checkpoint. */
abstract class CuDNN extends RNN {
  override trackables() {
    return this.cell.trackables();
  }

  protected override innerLayers() {
    return [this.cell];
  }
}

/** Long short-term memory as cuDNN has it: sigmoid gates, biases of 8 · units. */
export class CuDNNLSTM extends CuDNN {
  constructor(units: number, ...rest: Rest<CuDNNOptions, typeof places.cudnnLstm>) {
    const options = byName<CuDNNOptions>(rest, places.cudnnLstm);
    super(new CuDNNLSTMCell(units, { ...inner("", options), ...settings }), ofKind("cu_dnnlstm", options));
  }
}

/** A GRU cell that resets after the product, its two biases one after the other. */
class CuDNNGRUCell extends GRUCell {
  protected override biasShape(): readonly number[] {
    return [this.units * 6];
  }

  protected override biases(): readonly Tensor[] {
    return split(this.bias!.value(), 2);
  }
}

/** Gated recurrent units as cuDNN has them: the reset gate after the product, biases of 6 · units. */
export class CuDNNGRU extends CuDNN {
  constructor(units: number, ...rest: Rest<CellSettings<CellOptions>, typeof places.cudnnGru>) {
    const options = byName<CellSettings<CellOptions>>(rest, places.cudnnGru);
    const cell = new CuDNNGRUCell(units, { ...inner("", options), ...settings, resetAfter: true });
    super(cell, ofKind("cu_dnngru", options));
  }
}
