/** Memory that ran out, told with the node that wants most of it. */
import { OpError, ResourceExhaustedError } from "../core/error.ts";
import { NdArray } from "../core/nd_array.ts";
import { formatShape } from "../core/shape.ts";
import type { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";
import { atNode } from "./plan/errors.ts";
import type { Plan } from "./plan/plan.ts";

const isShortage = (error: unknown): error is Error =>
  (error instanceof OpError && error.code === "RESOURCE_EXHAUSTED" && !error.op) ||
  (error instanceof RangeError && /allocation failed|typed array length|out of memory|Memory/i.test(error.message));

/** Other errors as they are. Of unknown dimensions the first counts as that of the largest feed, others as 1. */
function atLargest(error: unknown, nodes: readonly Operation[], feeds: readonly NdArray[]): unknown {
  if (!isShortage(error)) return error;
  const rows = feeds.reduce((most, { shape }) => Math.max(most, shape[0] ?? 1), 1);
  let largest: { readonly tensor: Tensor; readonly bytes: number } | null = null;
  for (const op of nodes) {
    for (const tensor of op.outputs) {
      const count = (tensor.shape ?? []).reduce<number>((n, d, axis) => n * (d ?? (axis === 0 ? rows : 1)), 1);
      const bytes = count * (tensor.dtype.baseDtype.sizeBytes || 1);
      if (bytes > (largest?.bytes ?? 0)) largest = { tensor, bytes };
    }
  }
  if (!largest) return error;
  const { op, dtype, shape } = largest.tensor;
  const text = `${error.message}; the largest tensor is that of ${op.name}, shape ${formatShape(shape)} of ${dtype.baseDtype.name}, ${largest.bytes} bytes`;
  return atNode(new ResourceExhaustedError(text, { cause: error }), op);
}

/** Runs, and gives what `rebuild` makes of the results; memory that runs out meanwhile is told with a node. */
export function naming<T>(
  nodes: readonly Operation[],
  feeds: readonly NdArray[],
  rebuild: (values: NdArray[]) => T,
  run: () => NdArray[] | Promise<NdArray[]>,
): T | Promise<T> {
  try {
    const result = run();
    if (!(result instanceof Promise)) return rebuild(result);
    return result.then(rebuild, (error) => {
      throw atLargest(error, nodes, feeds);
    });
  } catch (error) {
    throw atLargest(error, nodes, feeds);
  }
}

/** The plan's quick run with what is fed; null where the run must go the long way. */
export function quickly(plan: Plan, values: readonly unknown[]): NdArray[] | null {
  const { quick } = plan;
  if (!quick) return null;
  try {
    return quick.run(values);
  } catch (error) {
    throw atLargest(
      error,
      plan.nodes,
      values.filter((value) => value instanceof NdArray),
    );
  }
}
