/** `tf.keras.layers`: recurrent layers. Source: tf_keras/src/layers/rnn/base_rnn.py, bidirectional.py, time_distributed.py. */
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import {
  add,
  concat,
  divide,
  group,
  multiply,
  reshape,
  reverse,
  shape as shapeOf,
  zeros,
} from "../../../../ops/index.ts";
import { Variable } from "../../../variables/variable.ts";
import type { Config, Serialized } from "../../config/registry.ts";
import { argumentsOf, deserializeLayer, serializeLayer } from "../configured.ts";
import { type CallOptions, Layer, type LayerOptions, listOf, requireRank, type Tensors } from "../layer.ts";
import {
  type Cell,
  type CellOptions,
  GRUCell,
  type GRUCellOptions,
  LSTMCell,
  type LSTMCellOptions,
  SimpleRNNCell,
} from "./cells.ts";
import { runSteps } from "./steps.ts";

export interface RNNOptions extends LayerOptions {
  /** All outputs [batch, time, units] rather than the last one. */
  readonly returnSequences?: boolean | undefined;
  /** The last states after the output. */
  readonly returnState?: boolean | undefined;
  readonly goBackwards?: boolean | undefined;
  /** The states of a batch start where those of the batch before ended. Takes a fixed batch size. */
  readonly stateful?: boolean | undefined;
  readonly unroll?: boolean | undefined;
  readonly timeMajor?: boolean | undefined;
  readonly zeroOutputForMask?: boolean | undefined;
}

/** A cell over the steps of sequences [batch, time, width]. */
export class RNN extends Layer {
  readonly cell: Cell;
  readonly settings: RNNOptions;
  override readonly stateful: boolean;
  override supportsMasking = true;

  get units(): number {
    return this.cell.units;
  }

  /** Of a stateful layer: kept from batch to batch. */
  states: readonly Variable[] = [];
  readonly #resets: Operation[] = [];

  constructor(cell: Cell, options: RNNOptions = {}, kind = "rnn") {
    super(options, kind);
    this.cell = cell;
    this.settings = options;
    this.stateful = options.stateful ?? false;
  }

  /** For a layer made of a cell: the cell beside the options. */
  override getConfig(): Config {
    if (this.constructor !== RNN) return super.getConfig();
    const { settings } = this;
    return {
      ...super.getConfig(),
      return_sequences: settings.returnSequences ?? false,
      return_state: settings.returnState ?? false,
      go_backwards: settings.goBackwards ?? false,
      stateful: settings.stateful ?? false,
      unroll: settings.unroll ?? false,
      time_major: settings.timeMajor ?? false,
      cell: serializeLayer(this.cell),
    };
  }

  static override fromConfig(config: Config): Layer {
    const { cell, ...rest } = config;
    // biome-ignore lint/complexity/noThisInStatic: LSTM and the others have no cell in their configuration
    const kind = this as unknown as new (...args: readonly unknown[]) => Layer;
    if (!cell) return new kind(...argumentsOf(kind.name, config));
    return new RNN(deserializeLayer<Cell>(cell as Serialized), argumentsOf("", rest)[0] as RNNOptions);
  }

  /** A layer like this one under another name, with a cell of its own, in the given direction. */
  renamed(name: string, goBackwards: boolean): RNN {
    const { returnSequences = false } = this.settings;
    const options = { ...this.settings, name, goBackwards, zeroOutputForMask: returnSequences };
    return new RNN(this.cell.another(), options);
  }

  /** States are no part of what is saved. */
  override trackables() {
    return super.trackables().filter(([name]) => name !== "states");
  }

  protected override checkInputs(inputs: Tensors): void {
    requireRank(this.name, listOf<Tensor>(inputs)[0]!, { ndim: 3 });
  }

  protected override build(inputShape: Shape | readonly Shape[]): void {
    const shape = (Array.isArray(inputShape?.[0]) ? inputShape![0] : inputShape) as Shape;
    getDefaultGraph().nameScope(this.cell.name, () => this.cell.buildFor([shape![0]!, ...shape!.slice(2)], this.dtype));
    if (this.stateful) this.#makeStates(shape);
  }

  #makeStates(shape: Shape): void {
    const batch = shape![this.settings.timeMajor ? 1 : 0];
    if (batch === null || batch === undefined) {
      throw new ValueError(
        "If a RNN is stateful, it needs to know its batch size. Specify the batch size of your input tensors: \n- If using a Sequential model, specify the batch size by passing a `batch_input_shape` argument to your first layer.\n- If using the functional API, specify the batch size by passing a `batch_shape` argument to your Input layer.",
      );
    }
    this.states = this.cell.stateSize.map(
      (size) => new Variable(() => zeros([batch, size]), { trainable: false, useResource: true }),
    );
  }

  /** The operation that sets the states of a stateful layer back to zero. Throws ValueError for layers that are not stateful. */
  resetStates(): Operation {
    if (!this.stateful) throw new ValueError("Layer must be stateful.");
    if (this.#resets.length === 0) this.#resets.push(group(...this.states.map((state) => state.initializer)));
    return this.#resets[0]!;
  }

  #initialStates(x: Tensor, options: CallOptions, given: readonly Tensor[]): readonly Tensor[] {
    if (given.length) return given;
    if (options.initialState) return options.initialState;
    if (this.stateful) return this.states.map((state) => state.value());
    const batchAxis = this.settings.timeMajor ? 1 : 0;
    const batch = x.shape![batchAxis] ?? null;
    return this.cell.stateSize.map((size) => {
      const state = zeros(batch === null ? [shapeOf(x).at(batchAxis), size] : [batch, size], x.dtype.baseDtype);
      state.setShape([batch, size]);
      return state;
    });
  }

  protected override computeMask(_: Tensors, mask: CallOptions["mask"]): Tensor | null {
    const [first] = listOf(mask as Tensor | null);
    return this.settings.returnSequences ? (first ?? null) : null;
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const [x, ...given] = listOf<Tensor>(inputs);
    const { settings } = this;
    const states = this.#initialStates(x!, options, given);
    if (states.length !== this.cell.stateSize.length) {
      throw new ValueError(
        `Layer has ${this.cell.stateSize.length} states but was passed ${states.length} initial states. Received: initial_state=${states}`,
      );
    }
    const [mask] = listOf(options.mask as Tensor | null);
    const one = settings.timeMajor ? x!.at(0) : x!.at(":", 0);
    this.cell.prepare(one, states[0]!, () => this.training(options));
    const run = runSteps((input, at) => this.cell.step(input, at), x!, states, {
      goBackwards: settings.goBackwards ?? false,
      mask: mask ?? null,
      unroll: settings.unroll ?? false,
      timeMajor: settings.timeMajor ?? false,
      zeroOutputForMask: settings.zeroOutputForMask ?? false,
    });
    if (this.stateful) for (const [i, state] of this.states.entries()) this.addUpdate(state.assign(run.states[i]!).op);
    const output = settings.returnSequences ? run.outputs : run.lastOutput;
    return settings.returnState ? [output, ...run.states] : output;
  }
}

type CellSettings<C> = C & RNNOptions;

/** h = tanh(x · kernel + h · recurrentKernel + bias) over sequences. */
export class SimpleRNN extends RNN {
  constructor(units: number, options: CellSettings<CellOptions> = {}) {
    super(new SimpleRNNCell(units, inner(options)), options, "simple_rnn");
  }
}

/** Long short-term memory over sequences [batch, time, width]. */
export class LSTM extends RNN {
  constructor(units: number, options: CellSettings<LSTMCellOptions> = {}) {
    super(new LSTMCell(units, inner(options)), options, "lstm");
  }
}

/** Gated recurrent units over sequences [batch, time, width]. */
export class GRU extends RNN {
  constructor(units: number, options: CellSettings<GRUCellOptions> = {}) {
    super(new GRUCell(units, inner(options)), options, "gru");
  }
}

/** A layer's options for its cell: name and input shape are the layer's. */
const inner = <O extends LayerOptions>(options: O): O => ({
  ...options,
  name: undefined,
  inputShape: undefined,
  batchInputShape: undefined,
});

/** A layer around a layer: one of one's own overrides `call`. */
export abstract class Wrapper extends Layer {
  readonly layer: Layer;

  constructor(layer: Layer, options: LayerOptions = {}, kind?: string) {
    super(options, kind);
    this.layer = layer;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), layer: serializeLayer(this.layer) };
  }

  static override fromConfig(config: Config): Layer {
    const { layer, ...rest } = config;
    // biome-ignore lint/complexity/noThisInStatic: the class that is asked
    const kind = this as unknown as new (layer: Layer, options: unknown) => Layer;
    return new kind(deserializeLayer<Layer>(layer as Serialized), argumentsOf("", rest)[0]);
  }
}

/** A layer on each step of sequences: [batch, time, …] as [batch · time, …]. */
export class TimeDistributed extends Wrapper {
  override supportsMasking = true;

  constructor(layer: Layer, options: LayerOptions = {}) {
    super(layer, options, "time_distributed");
    if (!(layer instanceof Layer)) {
      throw new ValueError(
        `Please initialize \`TimeDistributed\` layer with a \`tf.keras.layers.Layer\` instance. Received: ${layer}`,
      );
    }
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const x = inputs as Tensor;
    const [batch, time, ...rest] = x.shape!;
    const folded = reshape(x, [-1, ...rest.map((d, i) => d ?? shapeOf(x).at(i + 2))]);
    const { mask: _, ...kept } = options;
    const y = this.layer.apply(folded, kept);
    const after = y.shape!.slice(1).map((d, i) => d ?? shapeOf(y).at(i + 1));
    const unfolded = reshape(y, [-1, time ?? shapeOf(x).at(1), ...after]);
    unfolded.setShape([batch!, time!, ...y.shape!.slice(1)]);
    return unfolded;
  }
}

export interface BidirectionalOptions extends LayerOptions {
  readonly mergeMode?: "concat" | "sum" | "mul" | "ave" | null | undefined;
}

/** A recurrent layer in both directions of time; `make` gives one of them for each direction. */
export class Bidirectional extends Layer {
  readonly forwardLayer: RNN;
  readonly backwardLayer: RNN;
  override supportsMasking = true;
  readonly #mode: BidirectionalOptions["mergeMode"];
  readonly #layer: RNN;

  /** Throws ValueError for a merge mode that Keras has not. */
  constructor(layer: RNN, options: BidirectionalOptions = {}) {
    super(options, "bidirectional");
    const { mergeMode = "concat" } = options;
    if (!["sum", "mul", "ave", "concat", null].includes(mergeMode)) {
      throw new ValueError(
        `Invalid merge mode. Received: ${mergeMode}. Merge mode should be one of {"sum", "mul", "ave", "concat", None}`,
      );
    }
    this.#mode = mergeMode;
    this.#layer = layer;
    this.forwardLayer = layer.renamed(`forward_${layer.name}`, layer.settings.goBackwards ?? false);
    this.backwardLayer = layer.renamed(`backward_${layer.name}`, !(layer.settings.goBackwards ?? false));
  }

  override getConfig(): Config {
    const layer = this.#layer;
    return { ...super.getConfig(), layer: serializeLayer(layer), merge_mode: this.#mode };
  }

  static override fromConfig({ layer, ...rest }: Config): Layer {
    return new Bidirectional(
      deserializeLayer<RNN>(layer as Serialized),
      argumentsOf("", rest)[0] as BidirectionalOptions,
    );
  }

  /** The layer that both directions are made like is no part of this one. */
  override trackables() {
    return super.trackables().filter(([name]) => name === "forwardLayer" || name === "backwardLayer");
  }

  protected override computeMask(_: Tensors, mask: CallOptions["mask"]): Tensor | null {
    return this.forwardLayer.settings.returnSequences ? (listOf(mask as Tensor | null)[0] ?? null) : null;
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const [y, ...states] = listOf<Tensor>(this.forwardLayer.apply(inputs as Tensor, options) as Tensors);
    const [back, ...backStates] = listOf<Tensor>(this.backwardLayer.apply(inputs as Tensor, options) as Tensors);
    const { returnSequences = false, timeMajor = false } = this.forwardLayer.settings;
    const z = returnSequences ? reverse(back!, [timeMajor ? 0 : 1]) : back!;
    const output = this.#merge(y!, z);
    if (!this.forwardLayer.settings.returnState) return output;
    return [...listOf<Tensor>(output), ...states, ...backStates];
  }

  #merge(y: Tensor, z: Tensor): Tensors {
    if (this.#mode === "concat") return concat([y, z], -1);
    if (this.#mode === "sum") return add(y, z);
    if (this.#mode === "ave") return divide(add(y, z), 2) as Tensor;
    return this.#mode === "mul" ? multiply(y, z) : [y, z];
  }
}
