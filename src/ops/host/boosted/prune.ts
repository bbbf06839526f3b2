/** Pruning a finished tree from its leaves: splits that lose more than they gain become leaves again. Source: boosted_trees/resources.cc */
import type { Leaf, Node, Tree } from "./ensemble.ts";

/** Prunes in place, numbers the nodes anew, and keeps where each old node's examples went. */
export function prune(tree: Tree, width: number): void {
  const { nodes } = tree;
  const target = nodes.map((_, id) => id);
  const none: Leaf = new Array<number>(width).fill(0);
  const change = nodes.map(() => none);
  const visit = (id: number): void => {
    const { split } = nodes[id]!;
    if (!split) return;
    visit(split.leftId);
    visit(split.rightId);
    const isPrunable = !nodes[split.leftId]!.split && !nodes[split.rightId]!.split;
    if (!isPrunable || (nodes[id]!.gain ?? 0) >= 0) return;
    const before = nodes[id]!.originalLeaf ?? none;
    for (let each = 0; each < nodes.length; each++) {
      if (target[each] !== split.leftId && target[each] !== split.rightId) continue;
      const leaf = nodes[target[each]!]!.leaf!;
      change[each] = change[each]!.map((value, k) =>
        Math.fround(value + Math.fround((before[k] ?? 0) - (leaf[k] ?? 0))),
      );
      target[each] = id;
    }
    nodes[id] = { leaf: before, split: null, gain: null, originalLeaf: null };
  };
  visit(0);
  const kept: number[] = [];
  const collect = (queue: number[]): void => {
    for (const id of queue) {
      kept.push(id);
      const { split } = nodes[id]!;
      if (split) queue.push(split.leftId, split.rightId);
    }
  };
  collect([0]);
  if (kept.length === nodes.length) return;
  const sorted = [...kept].sort((a, b) => a - b);
  const renumbered = new Map(sorted.map((id, i) => [id, i]));
  tree.pruned = nodes.map((_, id) => ({ newId: renumbered.get(target[id]!)!, change: change[id]! }));
  tree.nodes = sorted.map((id): Node => {
    const node = nodes[id]!;
    if (!node.split) return node;
    const { leftId, rightId } = node.split;
    return { ...node, split: { ...node.split, leftId: renumbered.get(leftId)!, rightId: renumbered.get(rightId)! } };
  });
}
