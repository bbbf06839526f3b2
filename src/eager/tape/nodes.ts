/** Which nodes of a graph were made while a tape was writing: gradients pass through no others. Source: backprop.py. */
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";

interface Stretch {
  readonly begin: number;
  end: number;
}

export class WrittenNodes {
  /** The graph in which the tape was opened first, and the numbers of the nodes. */
  #graph: Graph | null = null;
  readonly #stretches: Stretch[] = [];

  begin(): void {
    const graph = getDefaultGraph();
    if (graph.isEager) return;
    this.#graph ??= graph;
    if (graph === this.#graph) this.#stretches.push({ begin: graph.operations.length, end: Number.POSITIVE_INFINITY });
  }

  end(): void {
    const last = this.#stretches.at(-1);
    if (last && this.#graph) last.end = Math.min(last.end, this.#graph.operations.length);
  }

  #has({ graph, id }: Operation): boolean {
    return graph !== this.#graph || this.#stretches.some(({ begin, end }) => id >= begin && id < end);
  }

  /** Tensors between sources and targets that were made while the tape was not writing. */
  unwritten(targets: readonly Tensor[], sources: readonly Tensor[]): Tensor[] {
    if (this.#graph === null) return [];
    const given = new Set<Operation>(sources.map(({ op }) => op).filter((op) => op !== undefined));
    const found: Tensor[] = [];
    const seen = new Set<Operation>();
    const stack = targets.map(({ op }) => op);
    while (stack.length) {
      const op = stack.pop();
      if (!op || seen.has(op) || given.has(op)) continue;
      seen.add(op);
      if (this.#has(op)) for (const input of op.inputs) stack.push(input.op);
      else found.push(...op.outputs);
    }
    return found;
  }
}
