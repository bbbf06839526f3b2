/** Operations between layers as layers: `Dense(3)(x) * 2` is a model's part too. Source: tf_keras/src/engine/base_layer.py, base_layer_utils.py. */
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { comesFromLayers, historyOf, type LayerNode, listOf, remember, type Tensors } from "./history.ts";
import { Layer } from "./layer.ts";

/** One operation, made anew for other inputs. What does not come from layers stays as it is. */
export class TensorFlowOpLayer extends Layer {
  readonly #op: Operation;

  constructor(op: Operation) {
    super({ name: `tf_op_layer_${op.name}` });
    this.#op = op;
    this.built = true;
  }

  protected override inScope<R>(fn: () => R): R {
    return fn();
  }

  protected override call(inputs: Tensors): Tensors {
    const given = [...listOf<Tensor>(inputs)];
    const { definition, attrs, name, outputs } = this.#op;
    const made = getDefaultGraph().createOp({
      definition,
      inputs: this.#op.inputs.map((input) => (comesFromLayers(input) ? given.shift()! : input)),
      attrs: new Map(attrs),
      name,
      outputDtypes: outputs.map(({ dtype }) => dtype),
    });
    return made.outputs.length === 1 ? made.outputs[0]! : made.outputs;
  }
}

/** The call that made a tensor; an operation on what layers made becomes a layer. Undefined for other tensors. */
export function originOf(tensor: Tensor): LayerNode | undefined {
  const known = historyOf(tensor);
  if (known || !comesFromLayers(tensor)) return known;
  const { op } = tensor;
  const inputs = op.inputs.filter(comesFromLayers);
  remember({
    layer: new TensorFlowOpLayer(op),
    inputs,
    outputs: op.outputs,
    isList: inputs.length > 1,
    options: {},
  });
  return historyOf(tensor);
}
