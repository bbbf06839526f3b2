/**
 * The graph of layers behind a model: which layers lie between its inputs and outputs, and in which order.
 *
 *     depth 2   input_1
 *     depth 1   dense      dense_1
 *     depth 0   concatenate
 *
 * Layers go by falling depth, those of one depth in the order in which a walk from the outputs meets them. Source: tf_keras functional.py.
 */
import { type DType, dtypeOf, float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { Dim, Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { placeholder, zeros } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Config } from "./config/registry.ts";
import { historyOf, Layer, type LayerNode, listOf, remember, type Tensors } from "./layers/layer.ts";
import { originOf } from "./layers/op_layer.ts";
import { getUid } from "./state.ts";

export interface InputOptions {
  /** The shape of one example. */
  readonly shape?: readonly Dim[] | undefined;
  /** The same with the batch's size before it. */
  readonly batchShape?: readonly Dim[] | undefined;
  readonly batchSize?: number | null | undefined;
  readonly dtype?: DType | undefined;
  readonly name?: string | undefined;
  /** A tensor to be used in place of a new placeholder. */
  readonly tensor?: Tensor | undefined;
}

/** Where a model's data comes in. */
export class InputLayer extends Layer {
  readonly tensor: Tensor;

  constructor(options: InputOptions = {}) {
    const { dtype = float32, batchSize = null } = options;
    const shape: Shape = options.batchShape ?? (options.shape ? [batchSize, ...options.shape] : null);
    super({ name: options.name ?? `input_${getUid("input")}`, batchInputShape: options.tensor?.shape ?? shape, dtype });
    if (!shape && !options.tensor) {
      throw new ValueError(
        "Please provide to Input a `shape` or a `tensor` or a `type_spec` argument. Note that `shape` does not include the batch dimension.",
      );
    }
    this.built = true;
    this.tensor = options.tensor ?? standIn(this.name, dtype, shape!);
    remember({ layer: this, inputs: [], outputs: [this.tensor], isList: false, options: {} });
  }

  protected override call(inputs: Tensors): Tensors {
    return inputs;
  }

  static override fromConfig(config: Config): InputLayer {
    const { batch_input_shape: batchShape, dtype, name } = config as Record<string, never>;
    return new InputLayer({ batchShape: batchShape!, dtype: dtypeOf(dtype!), name: name! });
  }
}

/** What layers are first applied to: a placeholder, or, where ops run at once, one example of zeros. */
function standIn(name: string, dtype: DType, shape: readonly Dim[]): Tensor {
  const graph = getDefaultGraph();
  if (graph.isEager)
    return zeros(
      shape.map((d) => d ?? 1),
      dtype,
    );
  return graph.nameScope(null, () => placeholder(dtype, shape, { name }));
}

/** The placeholder for a model's data: [batch, ...shape]. Throws ValueError without a shape. */
export const Input = (...rest: Rest<InputOptions, typeof inputPlaces>): Tensor =>
  new InputLayer(byName<InputOptions>(rest, inputPlaces)).tensor;
const inputPlaces = ["shape", "batchSize", "name", "dtype"] as const;

export interface Network {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly layers: readonly Layer[];
  /** Calls of layers in the order in which they can run. */
  readonly nodes: readonly LayerNode[];
}

/** The layers between inputs and outputs. Throws ValueError when some output does not come from the inputs alone, or when names repeat. */
export function networkOf(inputs: readonly Tensor[], outputs: readonly Tensor[]): Network {
  for (const input of inputs) {
    if (originOf(input)) continue;
    throw new ValueError(
      `Input tensors to a Functional model must come from \`tf.keras.Input\`. Received inputs=${input} (missing previous layer metadata).`,
    );
  }
  const order: LayerNode[] = [];
  const indices = new Map<Layer, number>();
  for (const output of outputs) {
    if (!originOf(output)) {
      throw new ValueError(
        `Output tensors of a Functional model must be the output of a Keras \`Layer\` (thus holding past layer metadata). Found: ${output}`,
      );
    }
    walk(originOf(output)!, inputs, order, indices);
  }
  const depths = depthsOf(order);
  const layerDepths = new Map<Layer, number>();
  for (const [node, depth] of depths) {
    layerDepths.set(node.layer, Math.max(depth, layerDepths.get(node.layer) ?? 0));
  }
  for (const input of inputs) {
    const { layer } = originOf(input)!;
    if (!layerDepths.has(layer)) layerDepths.set(layer, 0);
    if (!indices.has(layer)) indices.set(layer, -1);
  }
  const layers = [...layerDepths.keys()].sort(
    (a, b) => layerDepths.get(b)! - layerDepths.get(a)! || indices.get(a)! - indices.get(b)!,
  );
  const names = layers.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) {
    throw new ValueError(
      `The name "${twice}" is used ${names.filter((name) => name === twice).length} times in the model. All layer names should be unique.`,
    );
  }
  const nodes = order.toSorted((a, b) => depths.get(b)! - depths.get(a)!);
  return { inputs, outputs, layers, nodes };
}

/** Calls below one, each after those that it takes tensors from; by an explicit stack, since models may be deep. */
function walk(start: LayerNode, inputs: readonly Tensor[], order: LayerNode[], indices: Map<Layer, number>): void {
  const done = new Set(order);
  const open = new Set<LayerNode>();
  const stack: { node: LayerNode; next: number }[] = [];
  const enter = (node: LayerNode): void => {
    if (done.has(node)) return;
    if (open.has(node)) throw new ValueError(`Tensor from layer '${node.layer.name}' is part of a cycle.`);
    if (!indices.has(node.layer)) indices.set(node.layer, indices.size);
    open.add(node);
    stack.push({ node, next: 0 });
  };
  enter(start);
  while (stack.length) {
    const top = stack.at(-1)!;
    const isStart = top.node.outputs.some((output) => inputs.includes(output));
    const input = isStart ? undefined : top.node.inputs[top.next++];
    if (input) {
      const from = originOf(input);
      if (from) enter(from);
      continue;
    }
    if (!isStart && top.node.inputs.length === 0) {
      const asker = stack.at(-2)?.node ?? top.node;
      throw new ValueError(
        `Graph disconnected: cannot obtain value for tensor ${top.node.outputs[0]} at layer "${asker.layer.name}". The following previous layers were accessed without issue: [${order.map(({ layer }) => `'${layer.name}'`).join(", ")}]`,
      );
    }
    open.delete(top.node);
    done.add(top.node);
    order.push(top.node);
    stack.pop();
  }
}

function depthsOf(order: readonly LayerNode[]): Map<LayerNode, number> {
  const depths = new Map<LayerNode, number>();
  const ofLayer = new Map<Layer, number>();
  for (const node of order.toReversed()) {
    const depth = Math.max(depths.get(node) ?? 0, ofLayer.get(node.layer) ?? 0);
    depths.set(node, depth);
    ofLayer.set(node.layer, depth);
    for (const input of node.inputs) {
      const from = originOf(input);
      if (from && order.includes(from)) depths.set(from, Math.max(depth + 1, depths.get(from) ?? 0));
    }
  }
  return depths;
}

/** Those of losses and updates that need no other data than what comes in at these inputs. All of them where ops run at once. */
export function dependingOn<T extends Operation | { readonly op: Operation }>(
  inputs: readonly Tensor[],
  items: readonly T[],
): T[] {
  if (getDefaultGraph().isEager) return [...items];
  const isForeign = (tensor: Tensor): boolean =>
    historyOf(tensor)?.layer instanceof InputLayer && !inputs.includes(tensor);
  return items.filter((item) => {
    const seen = new Set<Tensor>();
    const op = item instanceof Operation ? item : item.op;
    const open = [...op.inputs, ...op.controlInputs.flatMap((control) => control.inputs)];
    for (let next = open.pop(); next; next = open.pop()) {
      if (isForeign(next)) return false;
      for (const input of [...next.op.inputs, ...next.op.controlInputs.flatMap((op) => op.inputs)]) {
        if (seen.has(input)) continue;
        seen.add(input);
        open.push(input);
      }
    }
    return true;
  });
}

/** What a network makes of other inputs: each of its calls again. */
export function rerun(
  network: Network,
  inputs: readonly Tensor[],
  training: boolean | Tensor | null | undefined,
): Tensor[] {
  const made = new Map<Tensor, Tensor>(network.inputs.map((input, i) => [input, inputs[i]!]));
  for (const node of network.nodes) {
    if (node.outputs.every((output) => made.has(output))) continue;
    const given = node.inputs.map((input) => made.get(input) ?? input);
    const options = training === undefined || training === null ? node.options : { ...node.options, training };
    const outputs = listOf<Tensor>(node.layer.apply((node.isList ? given : given[0]!) as Tensor, options) as Tensors);
    for (const [i, output] of node.outputs.entries()) made.set(output, outputs[i]!);
  }
  return network.outputs.map((output) => made.get(output)!);
}

/** The layer of this name, or at this place. Throws ValueError when there is none. */
export function layerAt(layers: readonly Layer[], which: string | number): Layer {
  if (typeof which !== "string" && typeof which !== "number") {
    throw new ValueError("Provide either a layer name or layer index at `get_layer`.");
  }
  const found = typeof which === "number" ? layers.at(which) : layers.find(({ name }) => name === which);
  if (found) return found;
  throw new ValueError(
    typeof which === "number"
      ? `Was asked to retrieve layer at index ${which} but model only has ${layers.length} layers.`
      : `No such layer: ${which}. Existing layers are: [${layers.map(({ name }) => `'${name}'`).join(", ")}].`,
  );
}
