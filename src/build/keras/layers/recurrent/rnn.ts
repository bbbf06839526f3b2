/** `tf.keras.layers.RNN`: a cell over the steps of sequences. Source: tf_keras/src/layers/rnn/base_rnn.py. */
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { group, shape as shapeOf, zeros } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { Variable } from "../../../variables/variable.ts";
import type { Config, Serialized } from "../../config/registry.ts";
import { argumentsOf, deserializeLayer, serializeLayer } from "../configured.ts";
import { type CallOptions, Layer, type LayerOptions, listOf, requireRank, type Tensors } from "../layer.ts";
import { AbstractRNNCell } from "./cell.ts";
import { StackedRNNCells } from "./stacked.ts";
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

const places = ["returnSequences", "returnState", "goBackwards", "stateful", "unroll", "timeMajor"] as const;

/** A cell over the steps of sequences [batch, time, width]. */
export class RNN extends Layer {
  readonly cell: AbstractRNNCell;
  readonly settings: RNNOptions;
  override readonly stateful: boolean;
  override supportsMasking = true;

  get units(): number {
    return this.cell.outputSize;
  }

  /** The rank of the inputs: [batch, time, ...]. */
  protected readonly rank: number = 3;

  /** Of a stateful layer: kept from batch to batch. */
  states: readonly Variable[] = [];
  readonly #resets: Operation[] = [];

  /** Several cells are stacked on each other. */
  constructor(cell: AbstractRNNCell | readonly AbstractRNNCell[], ...rest: Rest<RNNOptions, typeof places>) {
    const options = byName<RNNOptions & { readonly kind?: string }>(rest, places);
    super(options, options.kind ?? "rnn");
    this.cell = cell instanceof AbstractRNNCell ? cell : new StackedRNNCells(cell);
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
    return new RNN(deserializeLayer<AbstractRNNCell>(cell as Serialized), argumentsOf("", rest)[0] as RNNOptions);
  }

  /** A layer like this one under another name, with a cell of its own, in the given direction. */
  renamed(name: string, goBackwards: boolean): RNN {
    const { returnSequences = false } = this.settings;
    const { kind: _, ...settings } = this.settings as RNNOptions & { readonly kind?: string };
    return this.ofCell(this.cell.another(), { ...settings, name, goBackwards, zeroOutputForMask: returnSequences });
  }

  protected ofCell(cell: AbstractRNNCell, options: RNNOptions): RNN {
    return new RNN(cell, options);
  }

  /** States are no part of what is saved. */
  override trackables() {
    return super.trackables().filter(([name]) => name !== "states");
  }

  protected override checkInputs(inputs: Tensors): void {
    requireRank(this.name, listOf<Tensor>(inputs)[0]!, { ndim: this.rank });
  }

  protected override build(inputShape: Shape | readonly Shape[]): void {
    const shape = (Array.isArray(inputShape?.[0]) ? inputShape![0] : inputShape) as Shape;
    const build = (): void => this.cell.buildFor([shape![0]!, ...shape!.slice(2)], this.dtype);
    if (this.cell.name) getDefaultGraph().nameScope(this.cell.name, build);
    else build();
    if (this.stateful) this.#makeStates(shape);
  }

  #makeStates(shape: Shape): void {
    const batch = shape![this.settings.timeMajor ? 1 : 0];
    if (batch === null || batch === undefined) {
      throw new ValueError(
        "If a RNN is stateful, it needs to know its batch size. Specify the batch size of your input tensors: \n- If using a Sequential model, specify the batch size by passing a `batch_input_shape` argument to your first layer.\n- If using the functional API, specify the batch size by passing a `batch_shape` argument to your Input layer.",
      );
    }
    this.states = this.cell.stateShapes.map(
      (size) => new Variable(() => zeros([batch, ...size]), { trainable: false, useResource: true }),
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
    return this.cell.stateShapes.map((size) => {
      const state = zeros([batch ?? shapeOf(x).at(batchAxis), ...size], x.dtype.baseDtype);
      state.setShape([batch, ...size]);
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
    const { length } = this.cell.stateShapes;
    if (states.length !== length) {
      throw new ValueError(
        `Layer has ${length} states but was passed ${states.length} initial states. Received: initial_state=${states}`,
      );
    }
    const [mask] = listOf(options.mask as Tensor | null);
    const one = settings.timeMajor ? x!.at(0) : x!.at(":", 0);
    this.cell.prepare(one, states, () => this.training(options));
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
