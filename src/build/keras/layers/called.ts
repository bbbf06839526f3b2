/** What a layer's calls were: its inputs, outputs and their shapes, call by call. Source: tf_keras/src/engine/base_layer_v1.py. */
import { AttributeError, RuntimeError, ValueError } from "../../../core/error.ts";
import type { Shape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { LayerNode, Tensors } from "./history.ts";

const inputsOf = ({ inputs, isList }: LayerNode): Tensors => (isList ? inputs : inputs[0]!);
const outputsOf = ({ outputs }: LayerNode): Tensors => (outputs.length === 1 ? outputs[0]! : outputs);
const shapesOf = (tensors: readonly Tensor[]): Shape | readonly Shape[] =>
  tensors.length === 1 ? tensors[0]!.shape : tensors.map(({ shape }) => shape);

/** A shape as Python prints a tuple of sizes. */
export const tuple = (shape: readonly (number | null)[]): string =>
  `(${shape.map((d) => d ?? "None").join(", ")}${shape.length === 1 ? "," : ""})`;

export abstract class Called {
  abstract readonly name: string;
  readonly inboundNodes: LayerNode[] = [];

  /** The input of its only call. Throws AttributeError when there was none, or more than one. */
  get input(): Tensors {
    return inputsOf(this.#onlyNode("input"));
  }

  get output(): Tensors {
    return outputsOf(this.#onlyNode("output"));
  }

  get inputShape(): Shape | readonly Shape[] {
    return shapesOf(this.#likeNodes("input").inputs);
  }

  get outputShape(): Shape | readonly Shape[] {
    return shapesOf(this.#likeNodes("output").outputs);
  }

  /** The inputs of the call of this number. Throws ValueError when there was none. */
  getInputAt(index: number): Tensors {
    return inputsOf(this.#nodeAt(index, "input"));
  }

  getOutputAt(index: number): Tensors {
    return outputsOf(this.#nodeAt(index, "output"));
  }

  getInputShapeAt(index: number): Shape | readonly Shape[] {
    return shapesOf(this.#nodeAt(index, "input_shape").inputs);
  }

  getOutputShapeAt(index: number): Shape | readonly Shape[] {
    return shapesOf(this.#nodeAt(index, "output_shape").outputs);
  }

  #nodeAt(index: number, what: string): LayerNode {
    if (this.inboundNodes.length === 0)
      throw new RuntimeError(`The layer ${this.name} has never been called and thus has no defined ${what}.`);
    const node = this.inboundNodes[index];
    if (node) return node;
    throw new ValueError(
      `Asked to get ${what} at node ${index}, but the layer has only ${this.inboundNodes.length} inbound nodes.`,
    );
  }

  #onlyNode(what: "input" | "output"): LayerNode {
    const [node] = this.inboundNodes;
    if (!node) {
      throw new AttributeError(
        what === "input"
          ? `Layer ${this.name} is not connected, no input to return.`
          : `Layer ${this.name} has no inbound nodes.`,
      );
    }
    if (this.inboundNodes.length > 1) {
      throw new AttributeError(
        `Layer ${this.name} has multiple inbound nodes, hence the notion of "layer ${what}" is ill-defined. Use \`get_${what}_at(node_index)\` instead.`,
      );
    }
    return node;
  }

  /** The first call, when all calls had the same shapes. */
  #likeNodes(what: "input" | "output"): LayerNode {
    const [node] = this.inboundNodes;
    if (!node) throw new AttributeError(`The layer has never been called and thus has no defined ${what} shape.`);
    const texts = this.inboundNodes.map((each) => JSON.stringify(shapesOf(each[`${what}s`])));
    if (new Set(texts).size === 1) return node;
    throw new AttributeError(
      `The layer "${this.name}" has multiple inbound nodes, with different ${what} shapes. Hence the notion of "${what} shape" is ill-defined for the layer. Use \`get_${what}_shape_at(node_index)\` instead.`,
    );
  }
}
