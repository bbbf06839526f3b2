/**
 * Nodes that do the work of others before them: a sparse update adds up the rows of equal indices itself, in place of a Unique, whose
 * result has a size that only a run knows, and of the sum by it. The nodes in between are never run.
 */
import type { Absorbed } from "../../graph/definition.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { isLowered } from "./classify.ts";

export class Absorptions {
  readonly #groups = new Map<Operation, Absorbed>();
  readonly #absorber = new Map<Operation, Operation>();

  /** Finds them among the nodes of a plan. Where anything else needs a node in between, it stays. */
  constructor(nodes: readonly Operation[], fed: ReadonlySet<Tensor>, fetches: readonly Tensor[]) {
    const planned = new Set(nodes);
    const fetched = new Set(fetches);
    const awaited = new Set(nodes.flatMap((op) => op.controlInputs));
    for (const op of nodes) {
      if (!op.definition.absorbs || !isLowered(op)) continue;
      const group = op.definition.absorbs.match(op);
      if (!group) continue;
      const inside = new Set([...group.nodes, op]);
      const isFree = (node: Operation): boolean =>
        planned.has(node) &&
        !awaited.has(node) &&
        !this.#absorber.has(node) &&
        node.outputs.every(
          (output) =>
            !fed.has(output) &&
            !fetched.has(output) &&
            output.users.every((user) => inside.has(user) || !planned.has(user)),
        );
      if (!group.nodes.every(isFree)) continue;
      this.#groups.set(op, group);
      for (const node of group.nodes) this.#absorber.set(node, op);
    }
  }

  get size(): number {
    return this.#groups.size;
  }

  /** The nodes whose work this one does too. */
  group(op: Operation): Absorbed | undefined {
    return this.#groups.get(op);
  }

  /** The node that does the work of this one. */
  absorber(op: Operation): Operation | undefined {
    return this.#absorber.get(op);
  }

  /** Gives up the groups whose nodes are not all in one stage; says whether there were such. */
  keepWithin(stageOf: (op: Operation) => unknown): boolean {
    const before = this.size;
    for (const [op, { nodes }] of [...this.#groups]) {
      if (nodes.every((node) => stageOf(node) === stageOf(op))) continue;
      this.#groups.delete(op);
      for (const node of nodes) this.#absorber.delete(node);
    }
    return this.size < before;
  }
}

/** The nodes from one on, and those before it that they absorb. */
export function nodesFrom(nodes: readonly Operation[], at: number, absorptions: Absorptions | undefined): Operation[] {
  const later = new Set(nodes.slice(at));
  return nodes.filter((op) => later.has(absorptions?.absorber(op) ?? op));
}
