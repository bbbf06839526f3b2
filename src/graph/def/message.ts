/** GraphDef and NodeDef as messages that programs hold, and tf.importGraphDef. Source: graph.proto, importer.py. */

import { InvalidArgumentError, TypeError, ValueError } from "../../core/error.ts";
import { inspectKey } from "../../core/text/inspect.ts";
import { decodeGraphDef, toGraphProto, toNodeProto } from "../../proto/graph_def.ts";
import { decode, encode, pb, sortedMap } from "../../proto/messages.ts";
import { parseText, printText } from "../../proto/text_format.ts";
import type { Graph } from "../graph.ts";
import type { Operation } from "../operation.ts";
import type { Tensor } from "../tensor.ts";
import { graphDefinition, nodeDefinition } from "./graph_def.ts";
import { importGraphDefinition } from "./import.ts";

/** One node as its message. Prints as protobuf's text. */
export class NodeDef {
  name: string;
  op: string;
  input: string[];
  device: string;
  attr: Record<string, pb.AttrValue.$Properties>;

  constructor(fields: pb.NodeDef.$Properties = {}) {
    this.name = fields.name ?? "";
    this.op = fields.op ?? "";
    this.input = [...(fields.input ?? [])];
    this.device = fields.device ?? "";
    this.attr = { ...fields.attr };
  }

  serializeToString(): Uint8Array {
    return encode(pb.NodeDef, nodeFields(this));
  }

  toString(): string {
    return printText("NodeDef", this.serializeToString(), { str: true });
  }

  [inspectKey](): string {
    return this.toString();
  }
}

/** The fields that are set: a message leaves out empty ones. Attrs are written in the order of their names. */
const nodeFields = ({ name, op, input, device, attr }: NodeDef): pb.NodeDef.$Properties => ({
  ...(name && { name }),
  ...(op && { op }),
  ...(input.length && { input }),
  ...(device && { device }),
  attr: sortedMap(Object.entries(attr), (value) => value),
});

/** The NodeDef of an operation. */
export const nodeDefOf = (op: Operation): NodeDef => new NodeDef(toNodeProto(nodeDefinition(op)));

/** A graph as its message: what `graph.asGraphDef()` gives and `tf.importGraphDef` takes. Prints as protobuf's text. */
export class GraphDef {
  node: NodeDef[];
  versions: { producer: number; minConsumer: number; badConsumers: number[] };
  library: pb.FunctionDefLibrary.$Properties | null;

  constructor(fields: pb.GraphDef.$Properties = {}) {
    this.node = (fields.node ?? []).map((node) => new NodeDef(node));
    this.versions = {
      producer: fields.versions?.producer ?? 0,
      minConsumer: fields.versions?.minConsumer ?? 0,
      badConsumers: [...(fields.versions?.badConsumers ?? [])],
    };
    this.library = fields.library ?? null;
  }

  /** The message's bytes. */
  serializeToString(): Uint8Array {
    const { producer, minConsumer, badConsumers } = this.versions;
    return encode(pb.GraphDef, {
      node: this.node.map(nodeFields),
      ...(this.library && { library: this.library }),
      versions: {
        ...(producer && { producer }),
        ...(minConsumer && { minConsumer }),
        ...(badConsumers.length && { badConsumers }),
      },
    });
  }

  /** Throws DATA_LOSS for bytes that are no GraphDef. */
  static fromString(bytes: Uint8Array): GraphDef {
    return new GraphDef(decode(pb.GraphDef, bytes));
  }

  /** Reads protobuf's text form. Throws INVALID_ARGUMENT with line and column for a text that is none. */
  static fromText(text: string): GraphDef {
    return GraphDef.fromString(parseText("GraphDef", text));
  }

  /** Becomes what the bytes say, as Python's messages do. */
  parseFromString(bytes: Uint8Array): void {
    Object.assign(this, new GraphDef(decode(pb.GraphDef, bytes)));
  }

  toString(): string {
    return printText("GraphDef", this.serializeToString(), { str: true });
  }

  [inspectKey](): string {
    return this.toString();
  }
}

/** The graph as a GraphDef, with `_output_shapes` on each node when asked for. */
export const graphDefOf = (graph: Graph, options: { addShapes?: boolean } = {}): GraphDef =>
  new GraphDef(toGraphProto(graphDefinition(graph, options)));

export interface ImportGraphDefOptions {
  /** Tensors of the default graph that stand for names in the GraphDef. */
  readonly inputMap?: Readonly<Record<string, Tensor>> | undefined;
  /** Names of operations and tensors to give back, in this order. */
  readonly returnElements?: readonly string[] | undefined;
  /** Prefix of all names: "import" by default, none for "". */
  readonly name?: string | null | undefined;
}

/**
 * Adds the nodes of a GraphDef (or of its bytes) to the default graph; gives back the elements asked for, else null. Throws TypeError for
 * what is no GraphDef, NOT_FOUND for an unknown op, ValueError for a graph that cannot be added. Source: importer.py.
 */
export function importGraphDef(
  graphDef: GraphDef | Uint8Array,
  options: ImportGraphDefOptions = {},
): (Tensor | Operation)[] | null {
  const { inputMap = {}, returnElements, name } = options;
  const message = graphDef instanceof Uint8Array ? GraphDef.fromString(graphDef) : graphDef;
  if (!(message instanceof GraphDef)) throw new TypeError("Argument `graph_def` must be a GraphDef proto.");
  try {
    const source = decodeGraphDef(message.serializeToString());
    checkMap(Object.keys(inputMap), message);
    for (const element of returnElements ?? []) checkElement(element, message);
    const found = importGraphDefinition(source, {
      inputMap,
      returnElements: returnElements ?? [],
      name: name ?? "import",
    });
    return returnElements ? found : null;
  } catch (cause) {
    if (cause instanceof InvalidArgumentError) throw new ValueError(cause.message, { cause });
    throw cause;
  }
}

const nodeName = (element: string): string => element.replace(/^\^/, "").replace(/:\d+$/, "");

function checkMap(keys: readonly string[], graphDef: GraphDef): void {
  const used = new Set(graphDef.node.flatMap((node) => node.input.map(withOutput)));
  const missing = keys.map(withOutput).filter((key) => !used.has(key));
  if (missing.length) {
    throw new ValueError(`Attempted to map inputs that were not found in graph_def: [${missing.join(", ")}]`);
  }
}

/** `x` as `x:0`; control inputs as they are. */
const withOutput = (input: string): string => (/^\^|:\d+$/.test(input) ? input : `${input}:0`);

function checkElement(element: string, graphDef: GraphDef): void {
  if (graphDef.node.some((node) => node.name === nodeName(element))) return;
  const kind = element.includes(":") ? "tensor" : "node";
  throw new ValueError(`Requested return ${kind} '${element}' not found in graph def`);
}
