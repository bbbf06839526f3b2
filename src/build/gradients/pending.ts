/** Which operations lie between ys and xs, and how many gradients each one waits for. Source: gradients_util.py. */
import type { DType } from "../../core/dtype.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";

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
  for (const op of reached) {
    for (const output of op.outputs) if (isTrainable(output.dtype)) for (const user of output.users) reached.add(user);
  }
  const reachableYs = new Set(ys.filter((op) => reached.has(op)));
  const between = new Set<Operation>();
  const queue: Operation[] = [...ys];
  for (let i = 0; i < queue.length; i++) {
    const op = queue[i]!;
    if (!reached.has(op) || between.has(op)) continue;
    between.add(op);
    for (const input of op.inputs) queue.push(input.op);
  }
  extend(between);
  const counts = new Map<Operation, number>();
  for (const op of between) {
    for (const input of op.inputs) if (between.has(input.op)) counts.set(input.op, (counts.get(input.op) ?? 0) + 1);
  }
  return { reachableYs, counts };
}

/** xs that no other x lies before, and what the user stops at: gradients go no further. */
export function stopsOf(
  xs: readonly Operation[],
  stopGradients: readonly Tensor[],
  counts: ReadonlyMap<Operation, number>,
): Set<Operation> {
  const stops = new Set(xs.filter((op) => op.inputs.every((input) => (counts.get(input.op) ?? 0) <= 0)));
  for (const tensor of stopGradients) stops.add(tensor.op);
  return stops;
}
