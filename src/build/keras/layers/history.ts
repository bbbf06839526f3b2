/**
 * The graph of layers' calls that tensors remember, so that models can be made from tensors.
 *
 *     x = Input([4])            history of y: layer `dense`, node 0
 *     y = new Dense(2).apply(x)             node 0: inputs [x], outputs [y]
 *
 * Source: tf_keras/src/engine/node.py, base_layer_utils.py.
 */
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { CallOptions, Layer } from "./layer.ts";

export type Tensors = Tensor | readonly Tensor[];

/** One call of a layer. */
export interface LayerNode {
  readonly layer: Layer;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly isList: boolean;
  readonly options: CallOptions;
}

const histories = new WeakMap<Tensor, LayerNode>();
const masks = new WeakMap<Tensor, Tensor>();

/** The call that made a tensor, or undefined for tensors that no layer made. */
export const historyOf = (tensor: Tensor): LayerNode | undefined => histories.get(tensor);
/** The mask that goes with a tensor: bool [batch, time]. */
export const maskOf = (tensor: Tensor): Tensor | null => masks.get(tensor) ?? null;
export const setMask = (tensor: Tensor, mask: Tensor): void => void masks.set(tensor, mask);
export const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

let depth = 0;
/** What a layer does in its call: calls of layers inside leave no history. */
export function inCall<R>(fn: () => R): R {
  depth++;
  try {
    return fn();
  } finally {
    depth--;
  }
}
export const isInCall = (): boolean => depth > 0;

/** Names a node of the graph of layers. */
export function remember(node: LayerNode): void {
  node.layer.inboundNodes.push(node);
  for (const output of node.outputs) histories.set(output, node);
}

/** Tensors that are known not to come from a layer. */
const foreign = new WeakSet<Tensor>();

/** Does a tensor come from layers, by itself or by operations on what they made? */
export function comesFromLayers(tensor: Tensor): boolean {
  if (histories.has(tensor)) return true;
  if (foreign.has(tensor) || getDefaultGraph().isEager) return false;
  const seen = new Set<Tensor>([tensor]);
  const open = [tensor];
  for (let next = open.pop(); next; next = open.pop()) {
    if (histories.has(next)) return true;
    for (const input of next.op.inputs) {
      if (seen.has(input) || foreign.has(input)) continue;
      seen.add(input);
      open.push(input);
    }
  }
  for (const each of seen) foreign.add(each);
  return false;
}
