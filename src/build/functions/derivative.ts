/**
 * The derivative of a function's body: gradient nodes beside the nodes of the body, and what they take from it.
 *
 *     arguments ─► body ─► outputs
 *                   │ captures
 *                   ▼
 *     gradients of outputs ─► gradient nodes ─► gradients of arguments
 *
 * Source: cond_v2.py, while_v2.py, function_deserialization.py, backprop in functional_ops.
 */
import { InvalidArgumentError } from "../../core/error.ts";
import type { FunctionRef } from "../../graph/attr.ts";
import { argument, type FunctionGraph, functionGraph } from "../../graph/def/function.ts";
import { nodesBetween } from "../../graph/def/to_function.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor } from "../../ops/convert.ts";
import { variableShapeOp, zeros, zerosLike } from "../../ops/index.ts";
import { gradients } from "../gradients/gradients.ts";
import { isTrainable } from "../gradients/pending.ts";

export interface Derivative {
  readonly body: FunctionGraph;
  /** One for each output: the argument that its gradient comes in by; null where none comes. */
  readonly dys: readonly (Tensor | null)[];
  /** One for each argument; null where nothing flows. */
  readonly gradients: readonly (Tensor | null)[];
  /** Tensors of the body that gradient nodes take, in the order in which they do: arguments, and others. */
  readonly captures: readonly Tensor[];
}

/** The body of a function with the shapes of these arguments. Throws INVALID_ARGUMENT for an unknown function. */
export function bodyOf(graph: Graph, fn: FunctionRef, args: readonly Tensor[]): FunctionGraph {
  const body = functionGraph(
    graph,
    fn,
    args.map((arg) => arg.shape),
    args.map((arg) => arg.handleData),
  );
  if (!body)
    throw new InvalidArgumentError(`Failed to find function "${fn.name}" in function library: goo.gle/debugonly`);
  return body;
}

/** Differentiates the body for gradients that come in at these outputs. `dyOf`: what comes in; `isWanted`: zeros where nothing flows. */
export function differentiate(
  body: FunctionGraph,
  dyOf: (output: Tensor, index: number) => Pick<Tensor, "dtype" | "shape"> | null,
  isWanted: (index: number) => boolean = () => false,
): Derivative {
  const { graph, inputs, outputs } = body;
  return graph.asDefault(() => {
    const dys = outputs.map((output, i) => {
      const dy = isTrainable(output.dtype) ? dyOf(output, i) : null;
      return dy && argument(graph, `dy_${i}`, dy.dtype.baseDtype, dy.shape);
    });
    const reached = outputs.flatMap((output, i) => (dys[i] ? [{ output, dy: dys[i] }] : []));
    const xs = inputs.filter((input) => isTrainable(input.dtype));
    const found = gradients(
      reached.map(({ output }) => output),
      xs,
      { gradYs: reached.map(({ dy }) => dy) },
    );
    const dense = new Map(
      xs.map((x, i) => [x, found[i] ? convertToTensor(found[i] as never) : null] as [Tensor, Tensor | null]),
    );
    const own = inputs.map((input, i) => dense.get(input) ?? (isWanted(i) ? zerosFor(input) : null));
    return { body, dys, gradients: own, captures: capturesOf(body, dys, own) };
  });
}

/** Zeros of an argument's shape; of its variable's for a handle. */
export function zerosFor(input: Tensor): Tensor {
  const contents = input.handleData?.[0];
  return input.dtype.base === "resource" && contents
    ? zeros(variableShapeOp({ input }), contents.dtype)
    : zerosLike(input);
}

/** What the gradient nodes take from the body. Constants are made anew. */
function capturesOf(body: FunctionGraph, dys: readonly (Tensor | null)[], found: readonly (Tensor | null)[]): Tensor[] {
  const forward = new Set(nodesBetween(body));
  const given = new Set<Operation>([...body.inputs, ...dys.filter((dy) => dy !== null)].map((input) => input.op));
  const args = new Set(body.inputs);
  const captures = new Set<Tensor>();
  const seen = new Set<Operation>();
  const stack: Tensor[] = found.filter((each) => each !== null);
  const take = (tensor: Tensor): void => {
    if (args.has(tensor) || (forward.has(tensor.op) && !isConstant(tensor.op))) captures.add(tensor);
    else if (!given.has(tensor.op) && !seen.has(tensor.op)) {
      seen.add(tensor.op);
      stack.push(...tensor.op.inputs);
    }
  };
  while (stack.length) take(stack.pop()!);
  const inOrder = body.graph.operations.filter((op) => seen.has(op)).flatMap(({ inputs }) => inputs);
  return [...new Set([...inOrder.filter((input) => captures.has(input)), ...captures])];
}

const isConstant = (op: Operation): boolean => op.definition.value !== undefined;
