/** The order of effects in a function that is written. Source: auto_control_deps.py. */
import type { Graph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";

/** Ops with effects follow each other as they were written: on the same variable or resource, and those that name none among themselves. */
export function orderEffects(body: Graph): Operation[] {
  const lastChange = new Map<Tensor | null, Operation>();
  const reads = new Map<Tensor | null, Operation[]>();
  const effects: Operation[] = [];
  for (const op of body.operations) {
    const { definition } = op;
    if (!definition.stateful || definition.placeholder || definition.variable || op.attrs.has("seed2")) continue;
    const handles = op.inputs.filter((input) => input.dtype.base === "resource");
    const isRead = handles.length > 0 && definition.updates.length === 0 && isReading(op);
    const before = new Set<Operation>();
    for (const handle of handles.length ? handles : [null]) {
      const change = lastChange.get(handle);
      if (change) before.add(change);
      if (isRead) reads.set(handle, [...(reads.get(handle) ?? []), op]);
      else {
        for (const read of reads.get(handle) ?? []) before.add(read);
        reads.delete(handle);
        lastChange.set(handle, op);
      }
    }
    before.delete(op);
    if (before.size) op.addControlInputs(before);
    effects.push(op);
  }
  return effects;
}

/** Takes one variable and gives its value, or rows of it. */
const isReading = (op: Operation): boolean =>
  op.definition.lower !== undefined && op.outputs.some((output) => output.dtype.base !== "resource");
