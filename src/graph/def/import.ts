/** GraphDefs into graphs. Source: graph_constructor.cc, importer.py. */
import type { DType } from "../../core/dtype.ts";
import { InvalidArgumentError, OpError, ValueError } from "../../core/error.ts";
import { checkGraph, type GraphDefinition, type NodeDefinition, parseInput } from "../../proto/graph_def.ts";
import { type AttrValue, unwrapAttr, wrapAttr } from "../attr.ts";
import type { ArgDefinition, OpDefinition } from "../definition.ts";
import { type Graph, getDefaultGraph } from "../graph.ts";
import { argLength } from "../infer.ts";
import { findDefinition } from "../op/registry.ts";
import type { Operation } from "../operation.ts";
import type { Tensor } from "../tensor.ts";
import { checkAttr } from "./attr_check.ts";
import { addFunctions, definitionIn } from "./library.ts";
import { cppName } from "./node_text.ts";
import { opText } from "./op_text.ts";

export interface ImportOptions {
  /** Prefix of all names; "" for none. Python's default is "import". */
  readonly name?: string | null;
  /** Tensors of the graph that stand for names in the GraphDef. */
  readonly inputMap?: Readonly<Record<string, Tensor>>;
  /** Names of tensors and operations to return, in this order. */
  readonly returnElements?: readonly string[];
  readonly graph?: Graph;
}

/**
 * Adds the nodes to the graph. Cycles are allowed only through an op that closes loops. Throws ValueError or the OpError of a bad
 * GraphDef, in TensorFlow's words, before anything is added.
 */
export function importGraphDefinition(source: GraphDefinition, options: ImportOptions = {}): (Tensor | Operation)[] {
  const { inputMap = {}, returnElements = [] } = options;
  const graph = options.graph ?? getDefaultGraph();
  checkGraph(source, new Set(Object.keys(inputMap).map((key) => parseInput(key).node)));
  const library = source.library ?? graph.library;
  for (const node of source.nodes) definitionIn(library, node.op);
  const import_ = (prefix: string): (Tensor | Operation)[] => {
    if (source.library) addFunctions(graph, source.library);
    const made = new Importer(graph, source, prefix, inputMap).run();
    return returnElements.map((element) => returned(made, element));
  };
  const { name = "import" } = options;
  return name ? graph.nameScope(name, import_) : import_("");
}

function returned(made: ReadonlyMap<string, Operation>, element: string): Tensor | Operation {
  const { node, output } = parseInput(element);
  const op = made.get(node);
  if (!op) throw new ValueError(`Requested return_element '${element}' not found in graph_def.`);
  if (!element.includes(":")) return op;
  const tensor = op.outputs[output];
  if (!tensor) {
    throw new ValueError(`Invalid return output ${output} of node '${node}', which has ${op.outputs.length} output(s)`);
  }
  return tensor;
}

class Importer {
  readonly #graph: Graph;
  readonly #source: GraphDefinition;
  readonly #prefix: string;
  /** By the names in the GraphDef, among which may be any word. */
  readonly #inputMap: ReadonlyMap<string, Tensor>;
  readonly #made = new Map<string, Operation>();

  constructor(graph: Graph, source: GraphDefinition, prefix: string, inputMap: Readonly<Record<string, Tensor>>) {
    this.#graph = graph;
    this.#source = source;
    this.#prefix = prefix;
    this.#inputMap = new Map(Object.entries(inputMap));
  }

  /** Adds nodes in an order where inputs come first; back edges of loops are set at the end. */
  run(): ReadonlyMap<string, Operation> {
    const back: { op: Operation; index: number; source: string }[] = [];
    for (const { node, late } of this.#order()) {
      const op = this.#add(node, late);
      for (const index of late) back.push({ op, index, source: node.inputs[index]! });
    }
    for (const { op, index, source } of back) op.updateInput(index, this.#tensor(source, op.name));
    return this.#made;
  }

  /** Kahn's algorithm over the file's order; a merge does not wait for what closes its loop. */
  #order(): { node: NodeDefinition; late: ReadonlySet<number> }[] {
    const { nodes } = this.#source;
    const index = new Map(nodes.map((node, i) => [node.name, i]));
    const waiting = new Array<number>(nodes.length).fill(0);
    const users: number[][] = nodes.map(() => []);
    const late = nodes.map(() => new Set<number>());
    for (const [i, node] of nodes.entries()) {
      const isMerge = findDefinition(node.op)?.flow === "merge";
      for (const [k, input] of node.inputs.entries()) {
        if (this.#inputMap.has(input)) continue;
        const from = index.get(parseInput(input).node);
        if (from === undefined) continue;
        if (isMerge && findDefinition(nodes[from]!.op)?.flow === "nextIteration") {
          late[i]!.add(k);
          continue;
        }
        users[from]!.push(i);
        waiting[i]!++;
      }
    }
    const order: { node: NodeDefinition; late: ReadonlySet<number> }[] = [];
    const done = new Uint8Array(nodes.length);
    const place = (first: number): void => {
      const stack = [first];
      while (stack.length) {
        const i = stack.pop()!;
        done[i] = 1;
        order.push({ node: nodes[i]!, late: late[i]! });
        for (let u = users[i]!.length - 1; u >= 0; u--) {
          const user = users[i]![u]!;
          waiting[user]!--;
          if (waiting[user] === 0 && user < scan) stack.push(user);
        }
      }
    };
    let scan = 0;
    for (; scan < nodes.length; scan++) if (!done[scan] && waiting[scan] === 0) place(scan);
    if (order.length < nodes.length) {
      throw new InvalidArgumentError(`${nodes.length - order.length} nodes in a cycle`);
    }
    return order;
  }

  #tensor(source: string, user: string): Tensor {
    const other = source.endsWith(":0") ? source.slice(0, -2) : `${source}:0`;
    const mapped = this.#inputMap.get(source) ?? this.#inputMap.get(other);
    if (mapped) return mapped;
    const { node, output } = parseInput(source);
    const tensor = this.#made.get(node)?.outputs[output];
    if (!tensor) {
      throw new InvalidArgumentError(
        `Node '${user}': Connecting to invalid output ${output} of source node ${node} which has ${this.#made.get(node)?.outputs.length ?? 0} outputs.`,
      );
    }
    return tensor;
  }

  #add(node: NodeDefinition, late: ReadonlySet<number>): Operation {
    const definition = definitionIn(this.#graph.library, node.op);
    const attrs = completeAttrs(node, definition);
    const inputs: Tensor[] = [];
    const controlInputs: Operation[] = [];
    for (const [i, input] of node.inputs.entries()) {
      if (input.startsWith("^")) {
        const name = input.slice(1);
        const mapped = this.#inputMap.get(input);
        controlInputs.push(mapped ? mapped.op : this.#made.get(name)!);
      } else if (late.has(i)) inputs.push(inputs[0] ?? this.#firstReady(node, late));
      else inputs.push(this.#tensor(input, node.name));
    }
    const wanted = `${this.#prefix}${node.name}`;
    const name = this.#graph.findOperation(wanted) ? this.#graph.rootName(wanted) : wanted;
    try {
      checkInputs({ ...node, name: wanted }, definition, attrs, inputs);
      const op = this.#graph.createOp({
        definition,
        inputs,
        attrs,
        name: `${name}/`,
        outputDtypes: importedDtypes(definition, attrs),
        controlInputs,
        imported: { device: node.device },
      });
      const shapes = node.attrs.get("_output_shapes");
      if (late.size === 0 && shapes)
        for (const [i, shape] of (unwrapAttr(shapes) as never[]).entries()) op.outputs[i]?.setShape(shape);
      if (this.#prefix) prefixColocation(op, this.#prefix, this.#source);
      this.#made.set(node.name, op);
      return op;
    } catch (error) {
      if (error instanceof OpError) error.op ??= { name: node.name, type: node.op };
      throw error;
    }
  }

  #firstReady(node: NodeDefinition, late: ReadonlySet<number>): Tensor {
    const ready = node.inputs.findIndex((input, i) => !late.has(i) && !input.startsWith("^"));
    if (ready < 0) throw new InvalidArgumentError(`Node '${node.name}': all inputs come from its own loop`);
    return this.#tensor(node.inputs[ready]!, node.name);
  }
}

/** The node's attrs with defaults for missing ones. Source: node_def_util.cc. */
function completeAttrs(node: NodeDefinition, definition: OpDefinition): Map<string, AttrValue> {
  const attrs = new Map<string, AttrValue>();
  const where = (): string => `NodeDef: {{node ${node.name}}}; ${opText(definition)}`;
  for (const [name, attr] of node.attrs) {
    const known = definition.attrs.find((candidate) => candidate.name === name);
    if (known) checkAttr(known, attr, where);
    attrs.set(name, emptyList(definition, name, attr));
  }
  const missing: string[] = [];
  for (const attr of definition.attrs) {
    if (attrs.has(attr.name)) continue;
    if (attr.defaultValue === undefined) missing.push(`'${attr.name}'`);
    else attrs.set(attr.name, wrapAttr(attr, attr.defaultValue));
  }
  if (missing.length) {
    throw new InvalidArgumentError(
      `NodeDef missing attr${missing.length > 1 ? "s" : ""} ${missing.join(", ")} from ${opText(definition)}; NodeDef: {{node ${node.name}}}`,
    );
  }
  return attrs;
}

/** An empty list on the wire does not say of what. */
function emptyList(definition: OpDefinition, name: string, attr: AttrValue): AttrValue {
  const known = definition.attrs.find((candidate) => candidate.name === name);
  return known?.isList && attr.kind === "list" && attr.value.length === 0 ? wrapAttr(known, []) : attr;
}

function checkInputs(
  node: NodeDefinition,
  definition: OpDefinition,
  attrs: ReadonlyMap<string, AttrValue>,
  inputs: readonly Tensor[],
): void {
  const wanted: (DType | undefined)[] = definition.inputs.flatMap((arg) => argDtypes(arg, attrs));
  if (wanted.length !== inputs.length) {
    throw new InvalidArgumentError(
      `NodeDef expected inputs '${wanted.map((dtype) => dtype?.base ?? "?").join(", ")}' do not match ${inputs.length} inputs specified; NodeDef: {{node ${node.name}}}`,
    );
  }
  for (const [i, input] of inputs.entries()) {
    const dtype = wanted[i];
    if (dtype && input.dtype.baseDtype !== dtype.baseDtype) {
      throw new ValueError(
        `Input ${i} of node ${node.name} was passed ${cppName(input.dtype)}${input.dtype.isRef ? "_ref" : ""} from ${input.name} incompatible with expected ${cppName(dtype)}.`,
      );
    }
  }
}

/** More tensors than this one argument has not. */
const argsMax = 2 ** 20;

function argDtypes(arg: ArgDefinition, attrs: ReadonlyMap<string, AttrValue>): DType[] {
  if (arg.typeListAttr) return [...(unwrapAttr(attrs.get(arg.typeListAttr)!) as readonly DType[])];
  const count = argLength(arg, attrs);
  if (count > argsMax) throw new InvalidArgumentError(`Number of outputs is too big: ${count}`);
  const base = arg.dtype ?? (unwrapAttr(attrs.get(arg.typeAttr!)!) as DType);
  return new Array<DType>(count).fill(base);
}

function importedDtypes(definition: OpDefinition, attrs: ReadonlyMap<string, AttrValue>): DType[] {
  return definition.outputs.flatMap((arg) => argDtypes(arg, attrs).map((dtype) => (arg.isRef ? dtype.asRef : dtype)));
}

/** `loc:@w` means the imported w when the GraphDef has it. */
function prefixColocation(op: Operation, prefix: string, source: GraphDefinition): void {
  const own = op.attrs.get("_class");
  if (!own) return;
  const names = namesOf(source);
  const value = (unwrapAttr(own) as readonly string[]).map((item) => {
    const name = item.startsWith("loc:@") ? item.slice("loc:@".length) : null;
    return name !== null && names.has(name) ? `loc:@${prefix}${name}` : item;
  });
  op.setAttr("_class", { kind: "list", of: "string", value });
}

const nameSets = new WeakMap<GraphDefinition, Set<string>>();

function namesOf(source: GraphDefinition): Set<string> {
  let names = nameSets.get(source);
  if (!names) {
    names = new Set(source.nodes.map((node) => node.name));
    nameSets.set(source, names);
  }
  return names;
}
