/** Names of a graph that stand on a command line. */
import { suggestNames } from "../../core/suggest.ts";
import type { Graph } from "../../graph/graph.ts";
import { Misuse } from "../command.ts";

/** Throws Misuse for a name (`add`, `add:0`) that the graph lacks, with the ones that may have been meant. */
export function checkNames(graph: Graph, names: readonly string[], flag: string): void {
  for (const name of names) {
    const node = name.replace(/:\d+$/, "");
    if (graph.findOperation(node)) continue;
    const all = graph.operations.map((op) => op.name);
    const near = suggestNames(node, all).sort((a, b) => a.length - b.length);
    const meant = near.length ? ` Did you mean ${near.slice(0, 3).join(" or ")}?` : "";
    throw new Misuse(`${flag}: the graph has no operation "${node}".${meant}`);
  }
}
