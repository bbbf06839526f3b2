/** `tf.keras.layers`: layers around layers of sequences. Source: tf_keras/src/layers/rnn/base_wrapper.py, bidirectional.py, time_distributed.py. */
import { ValueError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { add, concat, divide, multiply, reshape, reverse, shape as shapeOf } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { Config, Serialized } from "../../config/registry.ts";
import { argumentsOf, deserializeLayer, serializeLayer } from "../configured.ts";
import { type CallOptions, Layer, type LayerOptions, listOf, type Tensors } from "../layer.ts";
import type { RNN } from "./rnn.ts";

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
  /** Goes backwards; one like the forward layer by default. */
  readonly backwardLayer?: RNN | null | undefined;
}
const bidirectionalPlaces = ["mergeMode", "weights", "backwardLayer"] as const;

/** Throws ValueError for layers that do not fit each other. */
function checkBackward({ settings: forward }: RNN, { settings: backward }: RNN): void {
  if ((forward.goBackwards ?? false) === (backward.goBackwards ?? false)) {
    throw new ValueError(
      "Forward layer and backward layer should have different `go_backwards` value. Received: " +
        `forward_layer.go_backwards ${python(forward.goBackwards)}, backward_layer.go_backwards=${python(backward.goBackwards)}`,
    );
  }
  const words = [
    ["stateful", "stateful"],
    ["returnSequences", "return_sequences"],
    ["returnState", "return_state"],
  ] as const;
  for (const [key, word] of words) {
    if ((forward[key] ?? false) === (backward[key] ?? false)) continue;
    throw new ValueError(
      `Forward layer and backward layer are expected to have the same value for attribute "${word}", got "${python(forward[key])}" for forward layer and "${python(backward[key])}" for backward layer`,
    );
  }
}
const python = (value: boolean | undefined): string => (value ? "True" : "False");

/** A recurrent layer in both directions of time. */
export class Bidirectional extends Layer {
  readonly forwardLayer: RNN;
  readonly backwardLayer: RNN;
  override supportsMasking = true;
  readonly #mode: BidirectionalOptions["mergeMode"];
  readonly #layer: RNN;

  /** Throws ValueError for a merge mode that Keras has not. */
  constructor(layer: RNN, ...rest: Rest<BidirectionalOptions, typeof bidirectionalPlaces>) {
    const options = byName<BidirectionalOptions>(rest, bidirectionalPlaces);
    super(options, "bidirectional");
    const { mergeMode = "concat" } = options;
    if (!["sum", "mul", "ave", "concat", null].includes(mergeMode)) {
      throw new ValueError(
        `Invalid merge mode. Received: ${mergeMode}. Merge mode should be one of {"sum", "mul", "ave", "concat", None}`,
      );
    }
    this.#mode = mergeMode;
    this.#layer = layer;
    const backwards = !(layer.settings.goBackwards ?? false);
    this.forwardLayer = layer.renamed(`forward_${layer.name}`, !backwards);
    if (options.backwardLayer) checkBackward(layer, options.backwardLayer);
    this.backwardLayer =
      options.backwardLayer?.renamed(`backward_${options.backwardLayer.name}`, backwards) ??
      layer.renamed(`backward_${layer.name}`, backwards);
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
