/** `tf.graphUtil`: parts of GraphDefs, and variables frozen into constants. Source: graph_util_impl.py, convert_to_constants.py. */
import { dtypeOfNumber } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { type NdArray, ndarray } from "../../core/nd_array.ts";
import type { Shape } from "../../core/shape.ts";
import { GraphDef, NodeDef } from "../../graph/def/message.ts";
import type { Graph } from "../../graph/graph.ts";
import {
  checkingOps,
  constantOp,
  cpuAttrs,
  gatherAs,
  gatherOp,
  handleOp,
  passingOps,
  readAs,
  readOp,
  referenceOps,
  variableOps,
} from "../../ops/freezing.ts";
import { toTensorProto } from "../../proto/tensor_proto.ts";
import type { Session } from "../../session/session.ts";

const nameOf = (input: string): string => (input.startsWith("^") ? input.slice(1) : input.split(":")[0]!);

const decoder = new TextDecoder();

/** Nodes that a node lies with. */
const besides = (node: NodeDef): string[] =>
  (node.attr._class?.list?.s ?? [])
    .map((bytes) => decoder.decode(bytes as Uint8Array))
    .filter((text) => text.startsWith("loc:@"))
    .map((text) => text.slice("loc:@".length));

const copyOf = (node: NodeDef, changes: Partial<NodeDef> = {}): NodeDef => new NodeDef({ ...node, ...changes });

/** A GraphDef of the nodes that the named ones need. Throws TypeError for one name alone, ValueError for a name that is not there. */
export function extractSubGraph(graphDef: GraphDef, names: readonly string[]): GraphDef {
  if (!(graphDef instanceof GraphDef)) throw new TypeError("graph_def must be a graph_pb2.GraphDef proto");
  if (typeof names === "string") throw new TypeError("dest_nodes must be an iterable of strings, but got type str.");
  const byName = new Map(graphDef.node.map((node) => [node.name, node]));
  const missing = names.find((name) => !byName.has(name));
  if (missing !== undefined) throw new ValueError(`${missing} is not in graph`);
  const kept = new Set<string>();
  const next = [...names];
  while (next.length) {
    const name = next.pop()!;
    if (kept.has(name)) continue;
    kept.add(name);
    const node = byName.get(name);
    if (node) next.push(...node.input.map(nameOf), ...besides(node));
  }
  const result = new GraphDef();
  result.node = graphDef.node.filter((node) => kept.has(node.name)).map((node) => copyOf(node));
  result.library = graphDef.library;
  result.versions = { ...graphDef.versions, badConsumers: [...graphDef.versions.badConsumers] };
  return result;
}

/** Without checks of numbers, and without nodes that only pass their input on, but for the protected ones. */
export function removeTrainingNodes(inputGraph: GraphDef, protectedNodes: readonly string[] = []): GraphDef {
  const plain = (input: string): string => input.replace(/^\^/, "");
  const removed = new Set(
    inputGraph.node
      .filter((node) => checkingOps.has(node.op) && !protectedNodes.includes(node.name))
      .map((node) => node.name),
  );
  const kept = inputGraph.node
    .filter((node) => !removed.has(node.name))
    .map((node) => copyOf(node, { input: node.input.filter((input) => !removed.has(plain(input))) }));
  const controlling = new Set<string>();
  const controlled = new Set<string>();
  const together = new Set<string>();
  for (const node of kept) {
    for (const input of node.input) {
      if (!input.includes("^")) continue;
      controlling.add(input.replace("^", ""));
      controlled.add(node.name);
    }
    for (const name of besides(node)) together.add(name);
  }
  const spliced = new Map<string, string>();
  for (const node of kept) {
    const isPassing = passingOps.has(node.op) && !protectedNodes.includes(node.name);
    if (isPassing && !together.has(node.name) && !controlled.has(node.name) && !controlling.has(node.name)) {
      spliced.set(node.name, node.input[0]!);
    }
  }
  const through = (input: string): string => {
    let found = input;
    while (spliced.has(plain(found))) found = spliced.get(plain(found))!;
    return found;
  };
  const result = new GraphDef();
  result.node = kept
    .filter((node) => !spliced.has(node.name))
    .map((node) => copyOf(node, { input: node.input.map(through) }));
  return result;
}

/** Does TensorFlow keep this node on the CPU, whatever the device? */
export function mustRunOnCpu(node: NodeDef, pinVariablesOnCpu = false): boolean {
  if (pinVariablesOnCpu && variableOps.has(node.op)) return true;
  const rule = cpuAttrs[node.op];
  if (!rule) return false;
  const dtype = dtypeOfNumber(Number(node.attr[rule.attr]?.type ?? 0));
  return dtype !== undefined && rule.dtypes.includes(dtype.base);
}

/** The static shape of a node's first output (or of the tensor that is named). */
export const tensorShapeFromNodeDefName = (graph: Graph, name: string): Shape =>
  graph.getTensorByName(name.includes(":") ? name : `${name}:0`).shape;

export interface FreezeOptions {
  /** Only these variables become constants. */
  readonly variableNamesWhitelist?: readonly string[] | null;
  /** These stay variables. */
  readonly variableNamesBlacklist?: readonly string[] | null;
}

/**
 * The part of the GraphDef that the outputs need, with constants of the session's values in place of variables. Throws
 * FAILED_PRECONDITION for variables without a value.
 */
export async function convertVariablesToConstants(
  sess: Session,
  inputGraphDef: GraphDef,
  outputNodeNames: readonly string[],
  options: FreezeOptions = {},
): Promise<GraphDef> {
  const { variableNamesWhitelist: only, variableNamesBlacklist: but } = options;
  const part = extractSubGraph(inputGraphDef, outputNodeNames);
  const isFrozen = (name: string): boolean => (!only || only.includes(name)) && !but?.includes(name);
  const variables = part.node.filter(
    (node) => (referenceOps.has(node.op) || node.op === handleOp) && isFrozen(node.name),
  );
  const values = new Map<string, NdArray>();
  const readers = variables.map((node) => (node.op === handleOp ? readerOf(sess.graph, node.name) : `${node.name}:0`));
  const read = (await sess.run(readers)) as NdArray[];
  for (const [i, node] of variables.entries()) values.set(node.name, read[i]!);
  const axes: NodeDef[] = [];
  const nodes = part.node.map((node) => frozen(node, values, axes));
  const result = new GraphDef();
  result.node = [...nodes, ...axes];
  result.library = part.library;
  result.versions = { producer: part.versions.producer, minConsumer: 0, badConsumers: [] };
  return result;
}

/** A tensor that holds the value of a resource variable. */
function readerOf(graph: Graph, name: string): string {
  const handle = graph.getOperationByName(name);
  const reader = graph.getOperations().find((op) => op.type === readOp && op.inputs[0]?.op === handle);
  if (!reader) throw new ValueError(`${name} is never read`);
  return `${reader.name}:0`;
}

function constantNode(name: string, value: NdArray): NodeDef {
  return new NodeDef({
    name,
    op: constantOp,
    attr: { dtype: { type: value.dtype.number }, value: { tensor: toTensorProto(value) } },
  });
}

function frozen(node: NodeDef, values: ReadonlyMap<string, NdArray>, axes: NodeDef[]): NodeDef {
  const own = values.get(node.name);
  if (own) return constantNode(node.name, own);
  const value = node.input[0] === undefined ? undefined : values.get(nameOf(node.input[0]));
  if (!value) return node;
  const beside: NodeDef["attr"] = node.attr._class ? { _class: node.attr._class } : {};
  if (node.op === readOp) {
    return copyOf(node, { op: readAs, attr: { T: node.attr.dtype!, ...beside } });
  }
  if (node.op !== gatherOp) return node;
  const axis = `${node.name}/axis`;
  axes.push(constantNode(axis, ndarray(0, "int32")));
  const attr = { Tparams: node.attr.dtype!, Tindices: node.attr.Tindices!, Taxis: { type: 3 }, ...beside };
  return copyOf(node, { op: gatherAs, input: [node.input[0]!, node.input[1]!, axis], attr });
}
