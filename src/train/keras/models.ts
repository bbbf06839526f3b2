/** `tf.keras.models`: models as data, and models from data. Source: tf_keras/src/engine/functional.py, sequential.py, models/cloning.py. */
import { layerClasses } from "../../build/keras/config/layers.ts";
import {
  type Config,
  customObjectScope,
  deserializeObject,
  type Serialized,
} from "../../build/keras/config/registry.ts";
import { deserializeLayer } from "../../build/keras/layers/configured.ts";
import { historyOf, type Layer, type LayerNode, listOf, type Tensors } from "../../build/keras/layers/layer.ts";
import "../../build/keras/layers/named.ts";
import { Input, InputLayer, rerun } from "../../build/keras/network.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { Model } from "./model.ts";
import { Sequential } from "./sequential.ts";

/** Where a tensor comes from: the layer's name, the number of its call, the number of the output, and options of the call. */
type Inbound = readonly [layer: string, node: number, tensor: number, options?: Config];

interface LayerData extends Serialized {
  readonly name: string;
  readonly inbound_nodes: readonly (readonly Inbound[])[];
}

interface FunctionalData {
  readonly name: string;
  readonly trainable?: boolean;
  readonly layers: readonly LayerData[];
  readonly input_layers: readonly Inbound[] | Inbound;
  readonly output_layers: readonly Inbound[] | Inbound;
}

const placesOf = (given: readonly Inbound[] | Inbound): readonly Inbound[] =>
  (typeof given[0] === "string" ? [given] : given) as readonly Inbound[];

function functionalFrom(config: Config): Model {
  const data = config as unknown as FunctionalData;
  const layers = new Map<string, Layer>();
  const calls = new Map<string, LayerNode[]>();
  for (const each of data.layers) {
    const layer = deserializeLayer<Layer>(each);
    layers.set(each.name, layer);
    calls.set(each.name, layer instanceof InputLayer ? [historyOf(layer.tensor)!] : []);
  }
  const tensorAt = ([name, node, tensor]: Inbound): Tensor | undefined => calls.get(name)?.[node]?.outputs[tensor];
  const waiting = data.layers.flatMap(({ name, inbound_nodes: nodes }) => nodes.map((inputs) => ({ name, inputs })));
  while (waiting.length) {
    const next = waiting.findIndex(({ inputs }) => inputs.every(tensorAt));
    if (next < 0)
      throw new ValueError("The configuration of the model asks for tensors that none of its layers makes.");
    const [{ name, inputs }] = waiting.splice(next, 1) as [(typeof waiting)[number]];
    const tensors = inputs.map((place) => tensorAt(place)!);
    const layer = layers.get(name)!;
    layer.apply((tensors.length === 1 ? tensors[0]! : tensors) as Tensors, (inputs[0]?.[3] ?? {}) as object);
    calls.get(name)!.push(layer.inboundNodes.at(-1)!);
  }
  const tensorsAt = (places: readonly Inbound[] | Inbound): Tensor[] =>
    placesOf(places).map((place) => tensorAt(place)!);
  const outputs = tensorsAt(data.output_layers);
  const model = new Model({
    inputs: tensorsAt(data.input_layers),
    outputs: outputs.length === 1 ? outputs[0]! : outputs,
    name: data.name,
  });
  if (data.trainable === false) model.trainable = false;
  return model;
}

function sequentialFrom(config: Config): Sequential {
  const { name, layers } = config as { readonly name?: string; readonly layers: readonly Serialized[] };
  return new Sequential(
    layers.map((each) => deserializeLayer<Layer>(each)),
    name ? { name } : {},
  );
}

layerClasses.set("Functional", { fromConfig: functionalFrom });
layerClasses.set("Model", { fromConfig: functionalFrom });
layerClasses.set("Sequential", { fromConfig: sequentialFrom });

interface FromOptions {
  /** Classes and functions of one's own, by name. */
  readonly customObjects?: Readonly<Record<string, unknown>> | undefined;
}

/** The model, or the layer, that data describe, with new variables. Throws ValueError for classes that nobody knows. */
export const modelFromConfig = (config: Serialized, options: FromOptions = {}): Model =>
  customObjectScope(options.customObjects ?? {}, () =>
    deserializeObject<Model>("layer", (name) => layerClasses.get(name), config),
  );

/** The model that toJson, or Keras in Python, has written. */
export const modelFromJson = (json: string, options: FromOptions = {}): Model =>
  modelFromConfig(JSON.parse(json) as Serialized, options);

/** Throws RuntimeError: Keras reads no YAML. */
export function modelFromYaml(): never {
  throw new RuntimeError(
    "Method `model_from_yaml()` has been removed due to security risk of arbitrary code execution. Please use `Model.to_json()` and `model_from_json()` instead.",
  );
}

interface CloneOptions {
  /** In place of new inputs. */
  readonly inputTensors?: Tensor | readonly Tensor[] | null | undefined;
  /** What becomes of each layer: one from its configuration by default. */
  readonly cloneFunction?: ((layer: Layer) => Layer) | undefined;
}

/** A model of layers like a model's own, with variables of their own. Throws ValueError for models that are no network of layers. */
export function cloneModel(model: Model, options: CloneOptions = {}): Model {
  const {
    cloneFunction = (layer: Layer) =>
      deserializeLayer<Layer>({ class_name: classOf(layer), config: layer.getConfig() }),
  } = options;
  if (model instanceof Sequential) return new Sequential(model.ownLayers.map(cloneFunction), { name: model.name });
  const { network } = model;
  if (!network?.nodes.length) {
    throw new ValueError(
      `Expected \`model\` argument to be a functional \`Model\` instance, but got a subclassed model instead: ${model.name}`,
    );
  }
  const made = new Map<Layer, Layer>();
  const cloneOf = (layer: Layer): Layer => {
    const known = made.get(layer) ?? cloneFunction(layer);
    made.set(layer, known);
    return known;
  };
  const inputs = options.inputTensors
    ? [...listOf<Tensor>(options.inputTensors)]
    : network.inputs.map((input) =>
        Input({ batchShape: input.shape!, dtype: input.dtype.baseDtype, name: historyOf(input)!.layer.name }),
      );
  const nodes = network.nodes.map((node) =>
    node.layer instanceof InputLayer ? node : { ...node, layer: cloneOf(node.layer) },
  );
  const outputs = rerun({ ...network, nodes }, inputs, undefined);
  return new Model({ inputs, outputs: outputs.length === 1 ? outputs[0]! : outputs, name: model.name });
}

const classOf = (layer: Layer): string => (layer.constructor.name === "Model" ? "Functional" : layer.constructor.name);
