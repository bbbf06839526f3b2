/**
 * Reads of reference variables that look later. In TensorFlow the read of a reference (`w/read`, an Identity) gives the variable's own memory:
 * a node that must come after an update sees the updated value through a read that ran before it. Averages of weights that are kept after a
 * training step depend on that. Everything else sees the value at the read, as if it were a copy.
 */
import type { Graph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";

const known = new WeakMap<Graph, { readonly version: number; readonly live: ReadonlySet<Tensor> }>();

/** Is the tensor a read whose users must look at the variable themselves? */
export function isLiveRead(tensor: Tensor): boolean {
  if (!tensor.op.definition.passes) return false;
  const { graph } = tensor.op;
  let entry = known.get(graph);
  if (entry?.version !== graph.version) {
    entry = { version: graph.version, live: liveReads(graph) };
    known.set(graph, entry);
  }
  return entry!.live.has(tensor);
}

/** The tensors that a read through a reference gives, with those that hand it on. */
function readsOf(reference: Tensor): Tensor[] {
  const reads: Tensor[] = [];
  const stack = [reference];
  while (stack.length) {
    for (const user of stack.pop()!.users) {
      if (!user.definition.passes || user.outputs[0]!.dtype.isRef) continue;
      reads.push(user.outputs[0]!);
      stack.push(user.outputs[0]!);
    }
  }
  return reads;
}

function liveReads(graph: Graph): Set<Tensor> {
  const live = new Set<Tensor>();
  const after = new Map<Operation, Operation[]>();
  for (const op of graph.operations)
    for (const input of op.controlInputs) after.get(input)?.push(op) ?? after.set(input, [op]);
  const usersOf = (op: Operation): Operation[] => [
    ...op.outputs.flatMap((output) => output.users),
    ...(after.get(op) ?? []),
  ];
  for (const op of graph.operations) {
    if (op.definition.variable !== "ref") continue;
    const references = [op.outputs[0]!];
    const later = new Set<Operation>();
    for (const reference of references) {
      for (const user of reference.users) {
        if (user.definition.updates.length === 0) continue;
        references.push(...user.outputs.filter((output) => output.dtype.isRef));
        mark(user, later, usersOf);
      }
    }
    if (later.size === 0) continue;
    const reads = references.flatMap(readsOf);
    if (reads.some((read) => read.users.some((user) => later.has(user)))) for (const read of reads) live.add(read);
  }
  return live;
}

/** Adds all that comes after an op. */
function mark(op: Operation, seen: Set<Operation>, usersOf: (op: Operation) => Operation[]): void {
  const stack = usersOf(op);
  while (stack.length) {
    const next = stack.pop()!;
    if (seen.has(next)) continue;
    seen.add(next);
    stack.push(...usersOf(next));
  }
}
