/** Graphs as GraphDefs. */
import { type GraphDefinition, type NodeDefinition, producerVersion } from "../../proto/graph_def.ts";
import type { AttrValue } from "../attr.ts";
import type { Graph } from "../graph.ts";
import type { Operation } from "../operation.ts";

/** A node as its NodeDef says it: inputs as `name`, `name:k`, then `^name` in the order of names. */
export function nodeDefinition(op: Operation, options: { addShapes?: boolean } = {}): NodeDefinition {
  const attrs = new Map<string, AttrValue>(op.attrs);
  if (options.addShapes && op.outputs.length) {
    attrs.set("_output_shapes", { kind: "list", of: "shape", value: op.outputs.map((output) => output.shape) });
  }
  return {
    name: op.name,
    op: op.type,
    inputs: [
      ...op.inputs.map((input) => (input.valueIndex === 0 ? input.op.name : input.name)),
      ...op.controlInputs.map((input) => `^${input.name}`).sort(),
    ],
    device: op.device,
    attrs,
  };
}

/** The graph (from a version of it on) as a GraphDef in memory. */
export function graphDefinition(graph: Graph, options: { addShapes?: boolean; fromId?: number } = {}): GraphDefinition {
  return {
    nodes: graph.operations.slice(options.fromId ?? 0).map((op) => nodeDefinition(op, options)),
    versions: { producer: graph.producer ?? producerVersion, minConsumer: 0, badConsumers: [] },
    library: graph.library,
  };
}

/** The version that graphs made here say they are of, and the oldest ones that read them and that are read. */
export const GRAPH_DEF_VERSION: number = producerVersion;
export const GRAPH_DEF_VERSION_MIN_CONSUMER = 0;
export const GRAPH_DEF_VERSION_MIN_PRODUCER = 0;
