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

type ImportArguments =
  | readonly [options?: ImportGraphDefOptions | null]
  | readonly [
      inputMap: Readonly<Record<string, Tensor>> | null,
      returnElements: readonly string[] | null,
      more?: string | ImportGraphDefOptions | null,
    ];

/**
 * Adds the nodes of a GraphDef (or of its bytes) to the default graph; gives back the elements asked for, else null. Throws TypeError for
 * what is no GraphDef, NOT_FOUND for an unknown op, ValueError for a graph that cannot be added. Source: importer.py.
 */
export function importGraphDef(
  graphDef: GraphDef | Uint8Array | { serializeToString(): Uint8Array },
  ...given: ImportArguments
): (Tensor | Operation)[] | null {
  const { inputMap, returnElements, name } = importOptions(given);
  const message = asGraphDef(graphDef);
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

/** A GraphDef, its bytes, or the one that a MetaGraphDef holds. */
function asGraphDef(given: GraphDef | Uint8Array | { serializeToString(): Uint8Array }): GraphDef {
  if (given instanceof GraphDef) return given;
  if (given instanceof Uint8Array) return GraphDef.fromString(given);
  if (given?.constructor?.name !== "GraphDef") throw new TypeError("Argument `graph_def` must be a GraphDef proto.");
  return GraphDef.fromString(given.serializeToString());
}

/** By place, as Python has them, or by name. */
function importOptions(given: ImportArguments) {
  const last = given.at(-1);
  const isNamed = typeof last === "object" && last !== null && !Array.isArray(last) && given.length !== 2;
  const options = (isNamed || given.length === 1 ? last : {}) as ImportGraphDefOptions | null;
  const [inputMap, returnElements, name] = given.length === 1 ? [] : given;
  return {
    inputMap: (inputMap ?? options?.inputMap ?? {}) as Readonly<Record<string, Tensor>>,
    returnElements: (returnElements ?? options?.returnElements) as readonly string[] | undefined,
    name: typeof name === "string" ? name : options?.name,
  };
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
