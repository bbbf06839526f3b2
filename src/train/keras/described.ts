/** A model as data. Source: tf_keras/src/engine/functional.py, get_network_config; sequential.py. */
import type { Config, Serialized } from "../../build/keras/config/registry.ts";
import { serializeLayer } from "../../build/keras/layers/configured.ts";
import { historyOf, type Layer, type LayerNode } from "../../build/keras/layers/layer.ts";
import { InputLayer, type Network } from "../../build/keras/network.ts";
import { Tensor } from "../../graph/tensor.ts";

const inputConfig = (layer: InputLayer): Serialized => ({
  class_name: "InputLayer",
  config: {
    batch_input_shape: layer.batchInputShape,
    dtype: layer.dtype.name,
    sparse: false,
    ragged: false,
    name: layer.name,
    optional: false,
  },
});

const layerData = (layer: Layer): Serialized =>
  layer instanceof InputLayer ? inputConfig(layer) : serializeLayer(layer);

/** Layers by name, with the calls of each that are the model's. */
export function functionalConfig(name: string, trainable: boolean, network: Network): Config {
  const mine = new Set<LayerNode>(network.nodes);
  const callsOf = (layer: Layer): LayerNode[] => layer.inboundNodes.filter((node) => mine.has(node));
  const place = (tensor: Tensor): [string, number, number] => {
    const node = historyOf(tensor)!;
    const calls = callsOf(node.layer);
    return [node.layer.name, Math.max(calls.indexOf(node), 0), node.outputs.indexOf(tensor)];
  };
  const options = ({ options: given }: LayerNode): Config => {
    const { training } = given;
    return training === undefined || training === null || training instanceof Tensor ? {} : { training };
  };
  const layers = network.layers.map((layer) => ({
    ...layerData(layer),
    name: layer.name,
    inbound_nodes:
      layer instanceof InputLayer
        ? []
        : callsOf(layer).map((node) => node.inputs.map((input) => [...place(input), options(node)])),
  }));
  return {
    name,
    trainable,
    layers,
    input_layers: network.inputs.map(place),
    output_layers: network.outputs.map(place),
  };
}

/** Layers one after another; the place of the data first, where it is known. */
export const sequentialConfig = (name: string, layers: readonly Layer[], input: Layer | null): Config => ({
  name,
  layers: [...(input ? [input] : []), ...layers].map(layerData),
});

/** JSON as Python writes it: a blank after commas and colons. */
export function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${jsonText(each)}`);
  return `{${entries.join(", ")}}`;
}
