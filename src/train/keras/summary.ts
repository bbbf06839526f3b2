/** What `model.summary()` prints. Source: tf_keras/src/utils/layer_utils.py. */

import { countOf, historyOf, type Layer, type LayerNode, listOf } from "../../build/keras/layers/layer.ts";
import type { Network } from "../../build/keras/network.ts";
import type { Variable } from "../../build/variables/variable.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";

interface Summarized {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly trainableWeights: readonly Variable[];
  readonly nonTrainableWeights: readonly Variable[];
}

const breaks = ["),", "},", "],", "',"];

/** One row: what does not fit into its column goes on below. */
function* rowOf(fields: readonly string[], positions: readonly number[]): Generator<string> {
  const left = [...fields];
  while (left.some((text) => text !== "")) {
    let line = "";
    for (const [i, text] of left.entries()) {
      const isLast = i === positions.length - 1;
      const width = positions[i]! - (positions[i - 1] ?? 0) - (isLast ? 0 : 3);
      const ends = breaks
        .map((end) => text.slice(0, width).indexOf(end))
        .flatMap((at, k) => (at < 0 ? [] : [at + breaks[k]!.length]));
      const cut = ends.length ? Math.min(...ends) : width;
      line += `${i === 0 ? " " : ""}${text.slice(0, cut)}${isLast ? "" : "  "}`;
      left[i] = text.slice(cut);
      line = line.padEnd(positions[i]!);
    }
    yield line;
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

/** A list of shapes as Python prints it; the shape itself when there is one. */
function shapeText(layer: Layer): string {
  const nodes = layer.inboundNodes;
  if (nodes.length === 0) return "multiple";
  const shapes = nodes[0]!.outputs.map((output) => pythonShape(output.shape));
  const isInput = nodes[0]!.inputs.length === 0;
  return shapes.length === 1 && !isInput ? shapes[0]! : `[${shapes.join(", ")}]`;
}

const connections = (node: LayerNode): string[] =>
  node.inputs.map((input: Tensor) => {
    const from = historyOf(input)!;
    return `'${from.layer.name}[${from.layer.inboundNodes.indexOf(from)}][${from.outputs.indexOf(input)}]'`;
  });

/** The lines of a model's summary: a row for each layer, and counts of its numbers. */
export function* summaryLines(model: Summarized, network: Network | null, isSequential: boolean): Generator<string> {
  const ids = new Set(network?.nodes ?? []);
  const isLine = isSequential || !network || isChain(network);
  const width = isLine ? 65 : 98;
  const positions = (isLine ? [0.45, 0.85, 1] : [0.3, 0.6, 0.7, 1]).map((part) => Math.trunc(width * part));
  const headers = ["Layer (type)", "Output Shape", "Param #", ...(isLine ? [] : ["Connected to"])];
  yield `Model: "${model.name}"`;
  yield "_".repeat(width);
  yield* rowOf(headers, positions);
  yield "=".repeat(width);
  for (const layer of model.layers) {
    const params = layer.built ? String(layer.countParams()) : "0 (unused)";
    const fields = [`${layer.name} (${layer.constructor.name})`, shapeText(layer), params];
    const from = layer.inboundNodes.filter((node) => ids.has(node)).flatMap(connections);
    yield* rowOf(isLine ? fields : [...fields, `[${from.join(", ")}]`], positions);
    yield " ".repeat(width);
  }
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
