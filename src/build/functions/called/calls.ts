/** Gradients of calls. What the gradient needs of a call becomes more outputs of it. Source: function.py, gradients_util.py, symbolic_gradient.cc. */
import type { Shape } from "../../../core/shape.ts";
import type { FunctionRef } from "../../../graph/attr.ts";
import { argument, type FunctionGraph, functionGraph } from "../../../graph/def/function.ts";
import { addFunction, dtypesOf } from "../../../graph/def/to_function.ts";
import type { Graph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { partitionedCallOp, statefulPartitionedCallOp, zerosLike } from "../../../ops/index.ts";
import { bodyOf, differentiate } from "../derivative.ts";

/** How many outputs an op had before gradients asked for more. */
const originalOutputs = "_num_original_outputs";

export const originalCount = (op: Operation): number =>
  op.attrs.has(originalOutputs) ? Number(op.getAttr(originalOutputs)) : op.outputs.length;

export function noteOriginals(op: Operation): void {
  if (!op.attrs.has(originalOutputs)) op.setAttr(originalOutputs, { kind: "int", value: op.outputs.length });
}

/** Tensors for outputs that the op gets. */
export function moreOutputs(op: Operation, like: readonly Tensor[]): Tensor[] {
  return like.map(({ dtype, shape, handleData }, i) => {
    const output = new Tensor(op, op.outputs.length + i, dtype.baseDtype, shape);
    output.handleData = handleData;
    return output;
  });
}

/** Gives an op more inputs and outputs; shapes that an imported graph noted for its outputs are noted for these as well. */
export function extend(op: Operation, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
  op.extend(inputs, outputs);
  if (!op.attrs.has("_output_shapes")) return;
  const shapes = op.getAttr<readonly Shape[]>("_output_shapes");
  op.setAttr("_output_shapes", { kind: "list", of: "shape", value: [...shapes, ...outputs.map(({ shape }) => shape)] });
}

export const typesAttr = (tensors: readonly Tensor[]) =>
  ({ kind: "list", of: "type", value: dtypesOf(tensors) }) as const;

/** What stands for a tensor of the body outside: the argument or the output that it is. */
export function outsideOf(
  op: Operation,
  body: FunctionGraph,
  args: readonly Tensor[],
): (tensor: Tensor) => Tensor | undefined {
  const known = new Map<Tensor, Tensor>();
  for (const [i, output] of body.outputs.entries()) known.set(output, op.outputs[i]!);
  for (const [i, input] of body.inputs.entries()) known.set(input, args[i]!);
  return (tensor) => known.get(tensor);
}

/** The gradients of a call's arguments: a call of another function with what it needs of this one. */
export function gradientOfCall(op: Operation, dys: readonly (Tensor | null)[]): (Tensor | null)[] {
  const { graph } = op;
  const fn = op.getAttr<FunctionRef>("f");
  const body = bodyOf(graph, fn, op.inputs);
  const n = originalCount(op);
  const derivative = differentiate(body, (_, i) => (i < n ? (dys[i] ?? null) : null));
  const { captures } = derivative;
  const outside = outsideOf(op, body, op.inputs);
  const more = captures.filter((capture) => outside(capture) === undefined);
  noteOriginals(op);
  const added = moreOutputs(op, more);
  if (more.length) {
    const forward = addFunction(graph, `__forward_${fn.name}`, {
      inputs: body.inputs,
      outputs: [...body.outputs, ...more],
      targets: body.targets,
    });
    extend(op, [], added);
    op.setAttr("f", { kind: "func", value: { ...forward, attrs: new Map() } });
    op.setAttr("Tout", typesAttr(op.outputs));
  }
  const byCapture = new Map(more.map((capture, i) => [capture, added[i]!]));
  const wanted = derivative.gradients.filter((each) => each !== null);
  if (wanted.length === 0) return op.inputs.map(() => null);
  const incoming = derivative.dys.flatMap((dy, i) => (dy ? [{ dy, value: dys[i]! }] : []));
  const backward = addFunction(graph, `__backward_${fn.name}`, {
    inputs: [...captures, ...incoming.map(({ dy }) => dy)],
    outputs: wanted,
  });
  const call = op.definition.stateful ? statefulPartitionedCallOp : partitionedCallOp;
  const found = call({
    args: [
      ...captures.map((capture) => outside(capture) ?? byCapture.get(capture)!),
      ...incoming.map(({ value }) => value),
    ],
    Tout: dtypesOf(wanted),
    f: backward,
  });
  let at = 0;
  return derivative.gradients.map((each) => (each ? found[at++]! : null));
}

/** The graph from (arguments of a function, gradients of its outputs) to the gradients of its arguments: zeros where nothing flows. */
export function gradientGraph(graph: Graph, fn: FunctionRef): FunctionGraph | null {
  const own = graph.library?.gradient?.find((gradient) => gradient.functionName === fn.name)?.gradientFunc;
  if (own) return functionGraph(graph, { name: own, attrs: fn.attrs });
  const body = functionGraph(graph, fn);
  if (!body) return null;
  const derivative = differentiate(body, (output) => output);
  return body.graph.asDefault(() => {
    const unused = (i: number): Tensor => argument(body.graph, `dy_${i}`, body.outputs[i]!.dtype.baseDtype, null);
    const dys = derivative.dys.map((dy, i) => dy ?? unused(i));
    const outputs = derivative.gradients.map((each, i) => each ?? zerosLike(body.inputs[i]!));
    return { graph: body.graph, inputs: [...body.inputs, ...dys], outputs, targets: [] };
  });
}
