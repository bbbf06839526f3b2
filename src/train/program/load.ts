/** Graphs that another program wrote, ready to run: a MetaGraphDef with its collections and saver, or a bare GraphDef. */
import { globalVariables } from "../../build/variables/initialize.ts";
import { NotFoundError } from "../../core/error.ts";
import { importGraphDefinition } from "../../graph/def/import.ts";
import { Graph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { BundleReader } from "../../io/checkpoint/bundle_reader.ts";
import { readFile } from "../../io/file_system.ts";
import { decodeGraphDef, type GraphDefinition } from "../../proto/graph_def.ts";
import { parseText } from "../../proto/text_format.ts";
import type { Session } from "../../session/session.ts";
import { importMetaGraph } from "../import_meta_graph.ts";
import type { Saver } from "../saver.ts";

export interface Program {
  readonly graph: Graph;
  readonly saver: Saver | null;
  /** Global variables by name: the nodes that make them. */
  readonly variables: ReadonlyMap<string, Operation>;
}

/** A MetaGraphDef's file. Nothing of it is executed. */
export function loadMetaGraph(path: string): Program {
  const graph = new Graph();
  const saver = graph.asDefault(() => importMetaGraph(path));
  const variables = graph.asDefault(() => globalVariables());
  return { graph, saver, variables: new Map(variables.map((variable) => [variable.op.name, variable.op])) };
}

/** Binary, or text where the name ends in `.pbtxt`. */
export function readGraphFile(path: string): GraphDefinition {
  const bytes = readFile(path);
  if (!path.endsWith(".pbtxt")) return decodeGraphDef(bytes, path);
  return decodeGraphDef(parseText("GraphDef", new TextDecoder().decode(bytes), path), path);
}

/** A GraphDef's file. Without collections every variable counts as a global one. */
export function loadGraph(path: string): Program {
  const graph = new Graph();
  importGraphDefinition(readGraphFile(path), { name: "", graph });
  const nodes = graph.operations.filter((op) => op.definition.variable !== undefined);
  return { graph, saver: null, variables: new Map(nodes.map((op) => [op.name, op])) };
}

/** Gives the variables their values: through the saver's own nodes, or by name where there is no saver. Throws NOT_FOUND for a missing one. */
export async function restoreProgram({ saver, variables }: Program, sess: Session, prefix: string): Promise<void> {
  if (saver) return saver.restore(sess, prefix);
  const reader = BundleReader.open(prefix);
  try {
    for (const [name, op] of variables) {
      if (!reader.has(name)) throw new NotFoundError(`Key ${name} not found in checkpoint`, { path: prefix });
      sess.state.writeVariable(sess.state.variableOf(op), await reader.read(name));
    }
  } finally {
    reader.close();
  }
}
