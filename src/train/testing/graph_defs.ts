/** `tf.test.assertEqualGraphDef`. Source: tensorflow/core/util/equal_graph_def.cc. */
import { AssertionError, TypeError } from "../../core/error.ts";
import { attrText } from "../../graph/def/node_text.ts";
import { fromGraphProto, type NodeDefinition } from "../../proto/graph_def.ts";
import { decode, pb } from "../../proto/messages.ts";

type GraphDef = pb.GraphDef.$Properties;
type Attrs = NodeDefinition["attrs"];

function nodesOf(graph: unknown, which: string): Map<string, NodeDefinition> {
  const held = graph as { serializeToString?: () => Uint8Array } & GraphDef;
  if (typeof held !== "object" || held === null || !(typeof held.serializeToString === "function" || "node" in held)) {
    const name =
      held === null ? "NoneType" : typeof held === "number" ? "int" : typeof held === "string" ? "str" : typeof held;
    throw new TypeError(`Expected tf.GraphDef for ${which}, got ${name}`);
  }
  const plain = held.serializeToString ? decode(pb.GraphDef, held.serializeToString()) : held;
  return new Map(fromGraphProto(plain).nodes.map((node) => [node.name, node]));
}

const shownAttrs = (attrs: Attrs): string =>
  [...attrs]
    .filter(([name]) => !name.startsWith("_"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, attr]) => `${name}=${attrText(attr)}`)
    .join(", ");

const summary = ({ name, op, attrs, inputs, device }: NodeDefinition): string => {
  const place = device ? `, _device="${device}"` : "";
  const list = `${shownAttrs(attrs)}${place}`.replace(/^, /, "");
  return `{{node ${name}}} = ${op}${list ? `[${list}]` : ""}(${inputs.join(", ")})`;
};

const isControl = (input: string): boolean => input.startsWith("^");

function nodeDifference(actual: NodeDefinition, expected: NodeDefinition): string | null {
  const is = `Node named '${actual.name}'`;
  if (actual.op !== expected.op) return `${is} has op '${actual.op}' that is not expected '${expected.op}'`;
  if (actual.device !== expected.device)
    return `${is} has device '${actual.device}' that is not expected '${expected.device}'`;
  if (actual.inputs.length !== expected.inputs.length)
    return `${is} has ${actual.inputs.length} inputs instead of expected ${expected.inputs.length}`;
  for (const [i, input] of actual.inputs.entries()) {
    const wanted = expected.inputs[i]!;
    if (isControl(input) || isControl(wanted)) break;
    if (input.replace(/:0$/, "") !== wanted.replace(/:0$/, ""))
      return `${is} has input ${i} '${input}' that doesn't match expected '${wanted}'`;
  }
  const controls = new Set(actual.inputs.filter(isControl));
  for (const wanted of expected.inputs.filter(isControl))
    if (!controls.delete(wanted)) return `${is} missing expected control input '${wanted}'`;
  for (const input of controls) return `${is} has unexpected control input '${input}'`;
  return attrDifference(is, actual.attrs, expected.attrs);
}

function attrDifference(is: string, actual: Attrs, expected: Attrs): string | null {
  const known = (attrs: Attrs) => [...attrs].filter(([name]) => !name.startsWith("_"));
  for (const [name, wanted] of known(expected)) {
    const attr = actual.get(name);
    if (!attr) return `${is} missing expected attr '${name}' with value: ${attrText(wanted)}`;
    if (attrText(attr) !== attrText(wanted))
      return `${is} has attr '${name}' with value: ${attrText(attr)} that does not match expected: ${attrText(wanted)}`;
  }
  const extra = known(actual).find(([name]) => !expected.has(name));
  return extra ? `${is} has unexpected attr '${extra[0]}' with value: ${attrText(extra[1])}` : null;
}

/** Two GraphDefs have the same nodes, in any order; attrs that begin with _ do not count. Throws AssertionError, or TypeError for what is no GraphDef. */
export function assertEqualGraphDef(actual: unknown, expected: unknown): void {
  const [a, b] = [nodesOf(actual, "actual"), nodesOf(expected, "expected")];
  for (const [name, node] of a) {
    const wanted = b.get(name);
    const why = wanted ? nodeDifference(node, wanted) : `Found unexpected node '${summary(node)}'`;
    if (why) throw new AssertionError(why);
  }
  for (const [name, node] of b)
    if (!a.has(name)) throw new AssertionError(`Did not find expected node '${summary(node)}'`);
}
