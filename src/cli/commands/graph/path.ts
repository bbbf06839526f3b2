/** The computation path of a fetch as a tree: what a run of it needs, reads, and leaves out. */
import { formatShape } from "../../../core/shape.ts";
import type { Graph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";

/** Deeper nodes are not moved further to the right. */
const widestLead = 90;

/** Lines of the tree and of what it needs. Throws KeyError for an unknown name. */
export function pathLines(graph: Graph, fetch: string): string[] {
  const op = graph.getOperationByName(fetch.replace(/:\d+$/, ""));
  const lines: string[] = [];
  const seen = new Set<Operation>();
  const stack: { op: Operation; lead: string; own: string }[] = [{ op, lead: "", own: "" }];
  while (stack.length) {
    const { op: node, lead, own } = stack.pop()!;
    const again = seen.has(node) && node.inputs.length > 0;
    lines.push(`${own}${describe(node, node === op)}${again ? "  (above)" : ""}`);
    if (seen.has(node)) continue;
    seen.add(node);
    const sources = [...new Set([...node.inputs.map((input) => input.op), ...node.controlInputs])];
    for (const [i, source] of [...sources.entries()].reverse()) {
      const isLast = i === sources.length - 1;
      const next = lead.length < widestLead ? `${lead}${isLast ? "   " : "│  "}` : lead;
      stack.push({ op: source, lead: next, own: `${lead}${isLast ? "└─ " : "├─ "}` });
    }
  }
  return [...lines, needs(graph, seen)];
}

function describe(op: Operation, isRoot: boolean): string {
  const [output] = op.outputs;
  const type =
    op.name === op.type || op.name.startsWith(`${op.type}_`)
      ? op.name
      : isRoot
        ? `${op.name}  ${op.type}`
        : `${op.name} (${op.type})`;
  return output ? `${type}  ${output.dtype.baseDtype.name} ${formatShape(output.shape)}` : type;
}

function needs(graph: Graph, seen: ReadonlySet<Operation>): string {
  const names = (ops: readonly Operation[]): string => (ops.length ? ops.map((op) => op.name).join(", ") : "none");
  const run = [...seen];
  const feeds = run.filter((op) => op.definition.placeholder && op.inputs.length === 0);
  const variables = run.filter((op) => op.definition.variable);
  const others = graph.operations.filter(
    (op) =>
      !seen.has(op) &&
      op.outputs.every((output) => output.users.length === 0) &&
      op.definition.updates.length + op.controlInputs.length > 0,
  );
  const shown = others.slice(0, 6);
  return `needs feeds: ${names(feeds)}     reads variables: ${names(variables)}     does not run: ${names(shown)}${others.length > shown.length ? ` and ${others.length - shown.length} more` : ""}`;
}
