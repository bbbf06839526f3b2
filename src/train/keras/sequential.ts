/** `tf.keras.Sequential`: layers one after another. Source: tf_keras/src/engine/sequential.py. */
import type { Config } from "../../build/keras/config/registry.ts";
import { type CallOptions, historyOf, Layer, type LayerOptions, type Tensors } from "../../build/keras/layers/layer.ts";
import { Input, InputLayer } from "../../build/keras/network.ts";
import { int32 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import type { Dim } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { sequentialConfig } from "./described.ts";
import { Model } from "./model.ts";
import type { Data } from "./run/data.ts";
import type { PredictOptions } from "./run/evaluate.ts";
import type { Stream } from "./run/loop.ts";

type SequentialOptions = { readonly layers?: readonly Layer[] | null } & LayerOptions;

/** Layers one after another. The first one's inputShape (or the data, in fit) makes the variables. */
export class Sequential extends Model {
  readonly #layers: Layer[] = [];
  #inputs: readonly Tensor[] | null = null;

  constructor(...rest: Rest<SequentialOptions, ["layers", "name"]>) {
    const { layers, ...options } = byName<SequentialOptions>(rest, ["layers", "name"]);
    super(options, "sequential");
    for (const layer of layers ?? []) this.add(layer);
  }

  override get isSequential(): boolean {
    return true;
  }

  override get layers(): readonly Layer[] {
    return this.#layers?.filter((layer) => !(layer instanceof InputLayer)) ?? [];
  }

  /** The same, the place of the data included. */
  get ownLayers(): readonly Layer[] {
    return this.#layers;
  }

  override getConfig(): Config {
    const [input] = this.#inputs ?? [];
    return sequentialConfig(this.name, this.layers, input ? historyOf(input)!.layer : null);
  }

  /** Without an input shape, inside of another model: layer by layer. */
  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    if (this.network) return super.call(inputs, options);
    const { training } = options;
    return this.layers.reduce<Tensors>((x, layer) => layer.apply(x as Tensor, { training }), inputs);
  }

  /** Puts a layer behind the others. Throws TypeError for what is no layer, ValueError for a name that there is. */
  add(layer: Layer): void {
    if (!(layer instanceof Layer)) {
      throw new TypeError(
        `The added layer must be an instance of class Layer. Received: layer=${layer} of type ${pythonType(layer)}.`,
      );
    }
    if (this.#layers.some(({ name }) => name === layer.name)) {
      throw new ValueError(
        `All layers added to a Sequential model should have unique names. Name "${layer.name}" is already the name of a layer in this model. Update the \`name\` argument to pass a unique name.`,
      );
    }
    this.#layers.push(layer);
    if (layer instanceof InputLayer) {
      this.#inputs = [layer.tensor];
      return;
    }
    if (this.#inputs) {
      this.#extend(layer, this.network?.outputs[0] ?? this.#inputs[0]!);
      return;
    }
    const shape = layer instanceof Model ? (layer.network?.inputs[0]?.shape ?? null) : layer.batchInputShape;
    if (!shape || this.layers.length > 1) return;
    this.#inputs = [Input({ batchShape: shape, dtype: layer.dtype, name: `${layer.name}_input` })];
    this.#extend(layer, this.#inputs[0]!);
  }

  #extend(layer: Layer, input: Tensor): void {
    const output = layer.apply(input) as Tensors;
    if (Array.isArray(output)) {
      throw new ValueError(
        "All layers in a Sequential model should have a single output tensor. For multi-output layers, use the functional API.",
      );
    }
    this.connect(this.#inputs!, output as Tensor);
  }

  /** Takes the last layer away. Throws TypeError when there is none. */
  pop(): void {
    const last = this.#layers.pop();
    if (!last) throw new TypeError("There are no layers in the model.");
    if (!this.network || !this.#inputs) return;
    const before = this.#layers.at(-1);
    const output = before && !(before instanceof InputLayer) ? historyOf(this.network.outputs[0]!)!.inputs[0]! : null;
    if (output) this.connect(this.#inputs, output);
  }

  /** The class of the largest output: int32 [samples]; of one output, 1 above a half: [samples, 1]. */
  async predictClasses(x: Data | Stream, options: PredictOptions = {}): Promise<NdArray> {
    const probabilities = (await this.predict(x, options)) as NdArray;
    const width = probabilities.shape.at(-1)!;
    const data = probabilities.data as Float32Array;
    if (width === 1)
      return new NdArray(
        int32,
        probabilities.shape,
        Int32Array.from(data, (p) => (p > 0.5 ? 1 : 0)),
      );
    const classes = Int32Array.from({ length: data.length / width }, (_, i) => {
      const row = data.subarray(i * width, (i + 1) * width);
      return row.indexOf(Math.max(...row));
    });
    return new NdArray(int32, probabilities.shape.slice(0, -1), classes);
  }

  /** The outputs, which should be probabilities. */
  predictProba(x: Data | Stream, options: PredictOptions = {}): Promise<NdArray | NdArray[]> {
    return this.predict(x, options);
  }

  protected override connectFor(shapes: readonly (readonly Dim[])[], dtypes: readonly NdArray["dtype"][]): void {
    const [first] = this.layers;
    if (!first) throw new ValueError("Sequential model cannot be built because it has no layers.");
    this.#inputs = [
      Input({ batchShape: [null, ...shapes[0]!.slice(1)], dtype: dtypes[0]!, name: `${first.name}_input` }),
    ];
    let output = this.#inputs[0]!;
    for (const layer of this.layers) output = layer.apply(output) as Tensor;
    this.connect(this.#inputs, output);
  }
}

/** The type of a value that is no layer, as Python names it. */
const pythonType = (value: unknown): string =>
  `<class '${typeof value === "number" ? (Number.isInteger(value) ? "int" : "float") : typeof value === "string" ? "str" : (value?.constructor.name ?? "NoneType")}'>`;
