/** GraphDef ⇄ plain nodes: what the graph is built from and written as. */
import { InvalidArgumentError, ResourceExhaustedError } from "../core/error.ts";
import { type AttrValue, fromAttrMap, toAttrProto } from "./attr_value.ts";
import { decode, encode, pb, sortedMap } from "./messages.ts";

/** Inputs are `name`, `name:k` for output k >= 1, and after all of those `^name` for control. */
export interface NodeDefinition {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly device: string;
  readonly attrs: ReadonlyMap<string, AttrValue>;
  /** Carried along for the programs that wrote them: original names of fused nodes, full types. */
  readonly debugInfo?: pb.NodeDef.ExperimentalDebugInfo.$Properties;
  readonly fullType?: pb.FullTypeDef.$Properties;
}

export interface Versions {
  readonly producer: number;
  readonly minConsumer: number;
  readonly badConsumers: readonly number[];
}

export interface GraphDefinition {
  readonly nodes: readonly NodeDefinition[];
  readonly versions: Versions;
  readonly library: pb.FunctionDefLibrary.$Properties | null;
}

/** What TensorFlow 2.21 writes into graphs. */
export const producerVersion = 2474;

export const currentVersions: Versions = { producer: producerVersion, minConsumer: 0, badConsumers: [] };

const nodesMax = 1_000_000;

export function toNodeProto(node: NodeDefinition): pb.NodeDef.$Properties {
  return {
    name: node.name,
    op: node.op,
    input: [...node.inputs],
    device: node.device,
    attr: sortedMap(node.attrs, toAttrProto),
    ...(node.debugInfo ? { experimentalDebugInfo: node.debugInfo } : {}),
    ...(node.fullType ? { experimentalType: node.fullType } : {}),
  };
}

/** INVALID_ARGUMENT naming the node for attributes that cannot be read. */
export function fromNodeProto(proto: pb.NodeDef.$Properties): NodeDefinition {
  return {
    name: proto.name ?? "",
    op: proto.op ?? "",
    inputs: proto.input ?? [],
    device: proto.device ?? "",
    attrs: attrsOf(proto),
    ...(proto.experimentalDebugInfo ? { debugInfo: proto.experimentalDebugInfo } : {}),
    ...(proto.experimentalType ? { fullType: proto.experimentalType } : {}),
  };
}

function attrsOf(proto: pb.NodeDef.$Properties): Map<string, AttrValue> {
  try {
    return fromAttrMap(proto.attr);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidArgumentError(`Node '${proto.name ?? ""}': ${why}`, { cause });
  }
}

export function toGraphProto(graph: GraphDefinition): pb.GraphDef.$Properties {
  const { producer, minConsumer, badConsumers } = graph.versions;
  return {
    node: graph.nodes.map(toNodeProto),
    ...(graph.library ? { library: graph.library } : {}),
    versions: { producer, minConsumer, badConsumers: [...badConsumers] },
  };
}

/** RESOURCE_EXHAUSTED for more than a million nodes, INVALID_ARGUMENT for what no reader of today may read. */
export function fromGraphProto(proto: pb.GraphDef.$Properties): GraphDefinition {
  const nodes = proto.node ?? [];
  if (nodes.length > nodesMax) {
    throw new ResourceExhaustedError(`the graph has ${nodes.length} nodes, the most is ${nodesMax}`);
  }
  const versions: Versions = {
    producer: proto.versions?.producer ?? proto.version ?? 0,
    minConsumer: proto.versions?.minConsumer ?? 0,
    badConsumers: proto.versions?.badConsumers ?? [],
  };
  checkVersions(versions);
  const { library } = proto;
  const hasLibrary = library && ((library.function?.length ?? 0) > 0 || (library.gradient?.length ?? 0) > 0);
  return { nodes: nodes.map(fromNodeProto), versions, library: hasLibrary ? library : null };
}

/** Source: tensorflow/core/framework/versions.cc */
function checkVersions({ producer, minConsumer, badConsumers }: Versions): void {
  if (producer < minConsumer) {
    throw new InvalidArgumentError(
      `GraphDef producer version ${producer} below min consumer version ${minConsumer}, which is not possible`,
    );
  }
  if (minConsumer > producerVersion) {
    throw new InvalidArgumentError(
      `GraphDef min consumer version ${minConsumer} above current version ${producerVersion} for TensorFlow 2.21.0.  Please upgrade TensorFlow.`,
    );
  }
  if (badConsumers.includes(producerVersion)) {
    throw new InvalidArgumentError(
      `GraphDef disallows consumer version ${producerVersion}.  Please upgrade TensorFlow: this version is likely buggy.`,
    );
  }
}

export const encodeGraphDef = (graph: GraphDefinition): Uint8Array => encode(pb.GraphDef, toGraphProto(graph));

/** The graph in a binary GraphDef. DATA_LOSS if the bytes are none; `path` names the file in errors. Check it with `checkGraph` before use. */
export const decodeGraphDef = (bytes: Uint8Array, path?: string): GraphDefinition =>
  fromGraphProto(decode(pb.GraphDef, bytes, path));

/** `name:k` and `^name` taken apart; output -1 stands for a control input. */
export function parseInput(input: string): { readonly node: string; readonly output: number } {
  if (input.startsWith("^")) return { node: input.slice(1), output: -1 };
  const colon = input.lastIndexOf(":");
  if (colon < 0) return { node: input, output: 0 };
  const index = input.slice(colon + 1);
  return /^(0|[1-9]\d{0,8})$/.test(index)
    ? { node: input.slice(0, colon), output: Number(index) }
    : { node: input, output: 0 };
}

const validName = /^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$/;

/**
 * Names are valid and unique, inputs exist, control inputs come last; else INVALID_ARGUMENT with TensorFlow's words.
 * `known` are nodes that the graph may refer to without holding them. Source: tensorflow/core/common_runtime/graph_constructor.cc
 */
export function checkGraph(graph: GraphDefinition, known: ReadonlySet<string> = new Set()): void {
  const names = new Set<string>();
  for (const { name } of graph.nodes) {
    if (!validName.test(name)) throw new InvalidArgumentError(`Node '${name}': Node name contains invalid characters`);
    if (names.has(name)) throw new InvalidArgumentError(`Node '${name}' is not unique`);
    names.add(name);
  }
  for (const { name, inputs } of graph.nodes) {
    let hadControl = false;
    for (const input of inputs) {
      const { node, output } = parseInput(input);
      if (output >= 0 && hadControl) {
        throw new InvalidArgumentError(`Node '${name}': Control dependencies must come after regular dependencies`);
      }
      hadControl = output < 0;
      if (!names.has(node) && !known.has(node)) {
        throw new InvalidArgumentError(`Node '${name}': Unknown input node '${input}'`);
      }
    }
  }
}
