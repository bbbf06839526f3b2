/** Which operations lie between ys and xs, and how many gradients each one waits for. Source: gradients_util.py. */
import type { DType } from "../../core/dtype.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { FunctionBody } from "../functions/body.ts";

const carriers = new Set([
  "float16",
  "bfloat16",
  "float32",
  "float64",
  "complex64",
  "complex128",
  "resource",
  "variant",
]);

/** Can gradients flow through values of this dtype? */
export const isTrainable = (dtype: DType): boolean => carriers.has(dtype.base);

/** Bodies that are written now, from the inside out. */
function bodies(): FunctionBody[] {
  const found: FunctionBody[] = [];
  for (let graph = getDefaultGraph(); graph instanceof FunctionBody; graph = graph.outer) found.push(graph);
  return found;
}

/** The inputs; for what a body that is written now takes from outside, the tensors there. */
export function inputsOf(op: Operation): readonly Tensor[] {
  const { graph } = op;
  return graph instanceof FunctionBody ? op.inputs.map((input) => graph.origin(input)) : op.inputs;
}

/** Who uses a tensor, in its graph and in the bodies that are written now. */
function usersOf(tensor: Tensor, within: readonly FunctionBody[]): readonly Operation[] {
  const stands = within.flatMap((body) => {
    const inner = body.captures.get(tensor);
    return inner ? usersOf(inner, within) : [];
  });
  return stands.length > 0 ? [...tensor.users, ...stands] : tensor.users;
}

export interface Pending {
  /** Operations of ys that xs reach. */
  readonly reachableYs: ReadonlySet<Operation>;
  /** How many uses of the outputs of each operation between have not given their gradient yet. */
  readonly counts: Map<Operation, number>;
}

/** `extend` may add operations that lie between although no path needs them: exits of loops. */
export function countPending(
  ys: readonly Operation[],
  xs: readonly Operation[],
  extend: (between: Set<Operation>) => void,
): Pending {
  const reached = new Set<Operation>(xs);
  const within = bodies();
  for (const op of reached) {
    for (const output of op.outputs)
      if (isTrainable(output.dtype)) for (const user of usersOf(output, within)) reached.add(user);
  }
  const reachableYs = new Set(ys.filter((op) => reached.has(op)));
  const between = new Set<Operation>();
  const queue: Operation[] = [...ys];
  for (let i = 0; i < queue.length; i++) {
    const op = queue[i]!;
    if (!reached.has(op) || between.has(op)) continue;
    between.add(op);
    for (const input of inputsOf(op)) queue.push(input.op);
  }
  extend(between);
  const counts = new Map<Operation, number>();
  for (const op of between) {
    for (const input of inputsOf(op)) if (between.has(input.op)) counts.set(input.op, (counts.get(input.op) ?? 0) + 1);
  }
  return { reachableYs, counts };
}

/** xs that no other x lies before, and what the user stops at: gradients go no further. */
export function stopsOf(
  xs: readonly Operation[],
  stopGradients: readonly Tensor[],
  counts: ReadonlyMap<Operation, number>,
): Set<Operation> {
  const stops = new Set(xs.filter((op) => inputsOf(op).every((input) => (counts.get(input.op) ?? 0) <= 0)));
  for (const tensor of stopGradients) stops.add(tensor.op);
  return stops;
}
