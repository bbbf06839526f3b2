/**
 * Gradients of While: the loop keeps what its body's gradient needs in lists, one element an iteration; a loop over as many iterations
 * takes them from the ends.
 *
 *     forward    a, n = 0, lists     ─► body(a), n + 1, lists with the captures of this iteration
 *     backward   i = 0, dy, lists    ─► i + 1, the body's gradient for dy and the last captures, lists without them
 *
 * Source: while_v2.py.
 */
import { int32 } from "../../core/dtype.ts";
import type { Shape } from "../../core/shape.ts";
import type { FunctionRef } from "../../graph/attr.ts";
import { argument, type FunctionGraph } from "../../graph/def/function.ts";
import { addFunction } from "../../graph/def/to_function.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  addOp,
  constant,
  emptyTensorListOp,
  lessOp,
  statelessWhileOp,
  tensorListPopBackOp,
  tensorListPushBackOp,
  whileOp,
} from "../../ops/index.ts";
import { extend, moreOutputs, noteOriginals, originalCount, typesAttr } from "./called/calls.ts";
import { bodyOf, type Derivative, differentiate } from "./derivative.ts";

/** A shape as an input of list ops: -1 for what is not known. */
const shapeInput = (shape: Shape): Tensor => constant(shape === null ? -1 : shape.map((n) => n ?? -1), int32);

/** The gradients of a loop's inputs. The lists and the counter that the loop gets have none. */
export function gradientOfWhile(op: Operation, dys: readonly (Tensor | null)[]): (Tensor | null)[] {
  const n = originalCount(op);
  const args = [...op.inputs];
  const fn = op.getAttr<FunctionRef>("body");
  const body = bodyOf(
    op.graph,
    fn,
    op.outputs.map((output, i) => withHandle(output, args[i]!)),
  );
  const incoming = dys.flatMap((dy, i) => (i < n && dy ? [i] : []));
  const derivative = differentiate(
    body,
    (_, i) => (i < n ? (dys[i] ?? null) : null),
    (i) => incoming.includes(i),
  );
  const isInvariant = (capture: Tensor): boolean => {
    const i = body.inputs.indexOf(capture);
    return i >= 0 && body.outputs[i] === capture;
  };
  const invariants = derivative.captures.filter(isInvariant);
  const stacked = derivative.captures.filter((capture) => !isInvariant(capture));
  const { count, lists } = keepCaptures(op, body, stacked);
  const backward = backwardFunctions(op.graph, fn.name, derivative, { incoming, invariants, stacked, lists });
  const outer = invariants.map((capture) => args[body.inputs.indexOf(capture)]!);
  const input = [constant(0, int32), count, ...incoming.map((i) => dys[i]!), ...lists, ...outer];
  const found = (op.definition.stateful ? whileOp : statelessWhileOp)({
    input,
    cond: backward.cond,
    body: backward.body,
    output_shapes: input.map((tensor, k) => (k < 2 || k >= 2 + incoming.length ? tensor.shape : null)),
    parallel_iterations: Number(op.getAttr("parallel_iterations")),
  });
  return op.inputs.map((_, i) => (incoming.includes(i) ? found[2 + incoming.indexOf(i)]! : null));
}

/** The shape that holds in every iteration, and what a handle stands for. */
function withHandle(output: Tensor, input: Tensor): Tensor {
  output.handleData ??= input.handleData;
  return output;
}

/** The loop as it is, with a counter and a list for each capture. */
function keepCaptures(
  op: Operation,
  body: FunctionGraph,
  stacked: readonly Tensor[],
): { count: Tensor; lists: readonly Tensor[] } {
  const { graph } = op;
  const starts = [
    constant(0, int32),
    ...stacked.map(({ dtype, shape }) =>
      emptyTensorListOp({ element_shape: shapeInput(shape), max_num_elements: -1, element_dtype: dtype.baseDtype }),
    ),
  ];
  const inner = body.graph.asDefault(() => {
    const inputs = starts.map(({ dtype, shape, handleData }, i) => {
      const input = argument(body.graph, i === 0 ? "count" : "accumulator", dtype, shape);
      input.handleData = handleData;
      return input;
    });
    const outputs = inputs.map((input, i) =>
      i === 0
        ? addOp({ x: input, y: constant(1, int32) })
        : tensorListPushBackOp({ input_handle: input, tensor: stacked[i - 1]! }),
    );
    return { inputs, outputs };
  });
  const forward = addFunction(graph, `${op.getAttr<FunctionRef>("body").name}_forward`, {
    inputs: [...body.inputs, ...inner.inputs],
    outputs: [...body.outputs, ...inner.outputs],
    targets: body.targets,
  });
  const cond = bodyOf(graph, op.getAttr<FunctionRef>("cond"), op.inputs);
  const unread = starts.map(({ dtype, shape }) => argument(cond.graph, "unused", dtype, shape));
  const condition = addFunction(graph, `${op.getAttr<FunctionRef>("cond").name}_forward`, {
    inputs: [...cond.inputs, ...unread],
    outputs: cond.outputs,
    targets: cond.targets,
  });
  noteOriginals(op);
  const added = moreOutputs(op, starts);
  const shapes = op.getAttr<readonly Shape[]>("output_shapes");
  extend(op, starts, added);
  op.setAttr("T", typesAttr(op.outputs));
  op.setAttr("body", { kind: "func", value: forward });
  op.setAttr("cond", { kind: "func", value: condition });
  if (shapes.length) {
    op.setAttr("output_shapes", { kind: "list", of: "shape", value: [...shapes, ...starts.map(({ shape }) => shape)] });
  }
  return { count: added[0]!, lists: added.slice(1) };
}

interface Backward {
  /** Places of the loop variables that gradients come in at. */
  readonly incoming: readonly number[];
  readonly invariants: readonly Tensor[];
  readonly stacked: readonly Tensor[];
  readonly lists: readonly Tensor[];
}

/** cond(i, n, …) = i < n; body(i, n, dys, lists, invariants) = i + 1, n, gradients, shorter lists, invariants. */
function backwardFunctions(
  owner: Graph,
  name: string,
  { body, dys, gradients }: Derivative,
  { incoming, invariants, stacked, lists }: Backward,
): { cond: FunctionRef; body: FunctionRef } {
  const { graph } = body;
  return graph.asDefault(() => {
    const i = argument(graph, "i", int32, []);
    const n = argument(graph, "n", int32, []);
    const handles = lists.map(({ dtype, handleData }) => {
      const handle = argument(graph, "list", dtype.baseDtype, []);
      handle.handleData = handleData;
      return handle;
    });
    const inputs = [i, n, ...incoming.map((k) => dys[k]!), ...handles, ...invariants];
    const popped = handles.map((input_handle, k) =>
      tensorListPopBackOp({
        input_handle,
        element_shape: shapeInput(stacked[k]!.shape),
        element_dtype: stacked[k]!.dtype.baseDtype,
      }),
    );
    const outputs = [
      addOp({ x: i, y: constant(1, int32) }),
      n,
      ...incoming.map((k) => gradients[k]!),
      ...popped.map(({ output_handle }) => output_handle),
      ...invariants,
    ];
    const replaced = new Map(stacked.map((capture, k) => [capture, popped[k]!.tensor]));
    const goesOn = lessOp({ x: i, y: n });
    return {
      cond: addFunction(owner, `${name}_grad_cond`, { inputs, outputs: [goesOn] }),
      body: addFunction(owner, `${name}_grad_body`, { inputs, outputs, replaced }),
    };
  });
}
