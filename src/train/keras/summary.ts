/** What `model.summary()` prints. Source: tf_keras/src/utils/layer_utils.py. */

import { countOf, historyOf, type Layer, type LayerNode, listOf } from "../../build/keras/layers/layer.ts";
import { TensorFlowOpLayer } from "../../build/keras/layers/op_layer.ts";
import { InputLayer, type Network } from "../../build/keras/network.ts";
import type { Variable } from "../../build/variables/variable.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";

interface Summarized {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly trainableWeights: readonly Variable[];
  readonly nonTrainableWeights: readonly Variable[];
  readonly network: Network | null;
  readonly isSequential: boolean;
}

export interface SummaryOptions {
  /** The width of a line: 65, or 98 where layers have several inputs. */
  readonly lineLength?: number | undefined;
  /** Where columns end, in characters or as parts of the line. */
  readonly positions?: readonly number[] | undefined;
  /** The layers of models inside, too. */
  readonly expandNested?: boolean | undefined;
  /** A column that says which layers are trained. */
  readonly showTrainable?: boolean | undefined;
}

const breaks = ["),", "},", "],", "',"];

/** One row: what does not fit into its column goes on below. */
function* rowOf(fields: readonly string[], positions: readonly number[], level = 0): Generator<string> {
  const left = [...fields];
  while (left.some((text) => text !== "")) {
    let line = "";
    for (const [i, text] of left.entries()) {
      const isLast = i === positions.length - 1;
      const width = positions[i]! - (positions[i - 1] ?? 0) - (isLast ? 0 : 3) - (i === 0 ? level : 0);
      const ends = breaks
        .map((end) => text.slice(0, width).indexOf(end))
        .flatMap((at, k) => (at < 0 ? [] : [at + breaks[k]!.length]));
      const cut = ends.length ? Math.min(...ends) : width;
      line += `${i === 0 ? `${"|".repeat(level)} ` : ""}${text.slice(0, cut)}${isLast ? "" : "  "}`;
      left[i] = text.slice(cut);
      line = line.padEnd(positions[i]! - (isLast ? level : 0));
    }
    yield line + "|".repeat(level);
  }
}

const sizeText = (bytes: number): string => {
  const units = ["Byte", "KB", "MB", "GB", "TB"];
  const i = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  return `${(bytes / 1024 ** i).toFixed(2)} ${units[i]}`;
};

const bytesOf = (variables: readonly Variable[]): number =>
  variables.reduce((sum, variable) => sum + countOf([variable]) * variable.dtype.baseDtype.sizeBytes, 0);

const pythonShape = (shape: Shape): string => formatShapePython(shape).replaceAll("?", "None");

/** The outputs' shape, a list of shapes, or "multiple" when there were calls with different ones. */
function shapeText(layer: Layer): string {
  const texts = layer.inboundNodes.map(({ outputs }) => outputs.map(({ shape }) => pythonShape(shape)).join(", "));
  const own = isModel(layer) && layer.network ? layer.network.outputs.map(({ shape }) => pythonShape(shape)) : null;
  const text = own ? own.join(", ") : new Set(texts).size === 1 ? texts[0]! : null;
  if (text === null) return "multiple";
  const isList = layer instanceof InputLayer || layer instanceof TensorFlowOpLayer;
  const isMany = own ? own.length > 1 : layer.inboundNodes[0]!.outputs.length > 1;
  return isList || isMany ? `[${text}]` : text;
}

const isModel = (layer: Layer): layer is Layer & Summarized => "layers" in layer && "network" in layer;

/** A model made from tensors is called by what it is in Python. */
const kindOf = (layer: Layer): string =>
  isModel(layer) && layer.constructor.name === "Model" ? "Functional" : layer.constructor.name;

const connections = (node: LayerNode): string[] =>
  node.inputs.map((input: Tensor) => {
    const from = historyOf(input)!;
    return `'${from.layer.name}[${from.layer.inboundNodes.indexOf(from)}][${from.outputs.indexOf(input)}]'`;
  });

/** The lines of a model's summary: a row for each layer, and counts of its numbers. */
export function* summaryLines(model: Summarized, options: SummaryOptions = {}): Generator<string> {
  const { network, isSequential } = model;
  const nodes = new Set(network?.nodes ?? []);
  const isLine = isSequential || !network?.nodes.length || isChain(network);
  const given = options.positions ?? (isLine ? [0.45, 0.85, 1] : [0.3, 0.6, 0.7, 1]);
  const lineLength = options.lineLength ?? (isLine ? 65 : 98);
  const positions = given.at(-1)! <= 1 ? given.map((part) => Math.trunc(lineLength * part)) : [...given];
  const headers = ["Layer (type)", "Output Shape", "Param #", ...(isLine ? [] : ["Connected to"])];
  const width = lineLength + (options.showTrainable ? 11 : 0);
  if (options.showTrainable) {
    positions.push(width);
    headers.push("Trainable");
  }
  function* rows(layers: readonly Layer[], level: number): Generator<string> {
    for (const [i, layer] of layers.entries()) {
      const params = layer.built ? String(layer.countParams()) : "0 (unused)";
      const fields = [`${layer.name} (${kindOf(layer)})`, shapeText(layer), params];
      if (!isLine) {
        const from = layer.inboundNodes.filter((node) => nodes.has(node)).flatMap(connections);
        fields.push(`[${from.join(", ")}]`);
      }
      if (options.showTrainable) fields.push(layer.trainable ? "Y" : "N");
      yield* rowOf(fields, positions, level);
      const isNested = options.expandNested && isModel(layer) && layer.layers.length > 0;
      const line = (edge: number): string => "|".repeat(edge) + "¯".repeat(width - 2 * edge) + "|".repeat(edge);
      if (isNested) {
        yield line(level + 1);
        yield* rows(layer.layers, level + 1);
        yield line(level);
      } else if (level === 0 || i < layers.length - 1) {
        yield "|".repeat(level) + " ".repeat(width - 2 * level) + "|".repeat(level);
      }
    }
  }
  yield `Model: "${model.name}"`;
  yield "_".repeat(width);
  yield* rowOf(headers, positions);
  yield "=".repeat(width);
  yield* rows(model.layers, 0);
  yield "=".repeat(width);
  const { trainableWeights, nonTrainableWeights } = model;
  const counted: [string, readonly Variable[]][] = [
    ["Total", [...trainableWeights, ...nonTrainableWeights]],
    ["Trainable", trainableWeights],
    ["Non-trainable", nonTrainableWeights],
  ];
  for (const [what, variables] of counted) {
    yield `${what} params: ${countOf(variables)} (${sizeText(bytesOf(variables))})`;
  }
  yield "_".repeat(width);
}

/** One layer after another, each called once. */
function isChain({ nodes, layers }: Network): boolean {
  return (
    nodes.length === layers.length &&
    nodes.every((node) => listOf(node.inputs).length <= 1 && node.outputs.length === 1) &&
    new Set(nodes.flatMap(({ inputs }) => inputs)).size >= nodes.length - 1
  );
}
