/** FunctionDefs of the library as graphs. Source: function.proto, instantiate in function.cc. */
import { type DType, dtypeOfNumber } from "../../core/dtype.ts";
import { InvalidArgumentError, OpError, ValueError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import type { AttrValue } from "../../proto/attr_value.ts";
import { fromNodeProto, type NodeDefinition } from "../../proto/graph_def.ts";
import type { pb } from "../../proto/messages.ts";
import { type FunctionRef, shapeAttr, typeAttr, unwrapAttr } from "../attr.ts";
import { Graph } from "../graph.ts";
import { argLength } from "../infer.ts";
import { allDefinitions } from "../op/registry.ts";
import type { Operation } from "../operation.ts";
import type { Tensor } from "../tensor.ts";
import { importGraphDefinition } from "./import.ts";
import { definitionIn, type FunctionDef, findFunction, type Library } from "./library.ts";

export interface FunctionGraph {
  readonly graph: Graph;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Nodes with effects that run although nothing takes their outputs. */
  readonly targets: readonly Operation[];
}

const bodies = new WeakSet<Graph>();

/** Is it the graph of a function's body? */
export const isBody = (graph: Graph): boolean => bodies.has(graph);

/** A fresh graph of a function's body for the attrs of a call, or null when the library has no such function. `shapes`, `handles`: of the arguments. */
export function functionGraph(
  owner: Graph,
  fn: FunctionRef,
  shapes: readonly Shape[] = [],
  handles: readonly Tensor["handleData"][] = [],
): FunctionGraph | null {
  const source = findFunction(owner.library, fn.name);
  if (!source) return null;
  const graph = new Graph();
  graph.shareLibrary(owner);
  bodies.add(graph);
  const args = (source.signature?.inputArg ?? []).flatMap((arg) => flatArgs(arg, fn.attrs));
  const inputs = graph.asDefault(() =>
    args.map(({ name, dtype }, i) => argument(graph, name, dtype, shapes[i] ?? null)),
  );
  for (const [i, handle] of handles.entries()) inputs[i]!.handleData = handle;
  const argNames = new Map(args.map(({ key }, i) => [key, inputs[i]!]));
  const nodes = (source.nodeDef ?? []).map((proto) => substituted(fromNodeProto(proto), fn.attrs));
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const flat = (input: string): string =>
    input.startsWith("^") ? controlName(input) : flatInput(input, argNames, byName, owner.library);
  const controlName = (input: string): string => {
    const tensor = argNames.get(input.slice(1));
    return tensor ? `^${tensor.op.name}` : input;
  };
  const body = nodes.map((node) => ({ ...node, inputs: node.inputs.map(flat) }));
  const inputMap = Object.fromEntries([...argNames].map(([key, tensor]) => [`arg ${key}`, tensor]));
  const controlMap = Object.fromEntries(inputs.map((tensor) => [`^${tensor.op.name}`, tensor]));
  importGraphDefinition(
    { nodes: body, versions: { producer: 0, minConsumer: 0, badConsumers: [] }, library: null },
    { name: "", inputMap: { ...inputMap, ...controlMap }, graph },
  );
  const outputs = (source.signature?.outputArg ?? []).flatMap((arg) => {
    const returned = (source.ret ?? {}) as Record<string, string>;
    if (!Object.hasOwn(returned, arg.name ?? ""))
      throw new InvalidArgumentError(`Return value for ${arg.name} missing`);
    const from = flatInput(returned[arg.name!]!, argNames, byName, owner.library);
    const count = flatArgs(arg, fn.attrs).length;
    return Array.from({ length: count }, (_, k) => outputTensor(graph, from, k, argNames));
  });
  const controls = new Set(Object.values((source.controlRet ?? {}) as Record<string, string>));
  const targets = graph.operations.filter(
    (op) => (op.definition.stateful && !op.definition.placeholder) || controls.has(op.name),
  );
  return { graph, inputs, outputs, targets };
}

const shapesOf = new WeakMap<FunctionDef, Map<string, readonly Shape[] | null>>();

/** The static shapes of a function's outputs for arguments of these shapes; null when it is unknown, does not fit, or calls itself. */
export function functionShapes(owner: Graph, fn: FunctionRef, args: readonly Shape[]): readonly Shape[] | null {
  const source = findFunction(owner.library, fn.name);
  if (!source) return null;
  let known = shapesOf.get(source);
  if (!known) {
    known = new Map();
    shapesOf.set(source, known);
  }
  const attrs = [...fn.attrs].filter(([name]) => source.signature?.attr?.some((attr) => attr.name === name));
  const key = JSON.stringify([args, attrs], (_, value) => (typeof value === "bigint" ? String(value) : value));
  let shapes = known.get(key);
  if (shapes === undefined) {
    known.set(key, null);
    try {
      shapes = functionGraph(owner, fn, args)?.outputs.map((output) => output.shape) ?? null;
    } catch (error) {
      if (!(error instanceof OpError || error instanceof ValueError)) throw error;
      shapes = null;
    }
    known.set(key, shapes);
  }
  return shapes;
}

function outputTensor(graph: Graph, from: string, k: number, args: ReadonlyMap<string, Tensor>): Tensor {
  if (from.startsWith("arg ")) return args.get(from.slice("arg ".length))!;
  const [name, index] = from.split(":");
  return graph.getOperationByName(name!).outputs[Number(index ?? 0) + k]!;
}

type Arg = NonNullable<NonNullable<pb.OpDef.$Properties["inputArg"]>[number]>;

/** One entry a tensor: list arguments count as many as the call's attrs say. */
function flatArgs(arg: Arg, attrs: FunctionRef["attrs"]): { key: string; name: string; dtype: DType }[] {
  const name = arg.name!;
  if (arg.typeListAttr) {
    const dtypes = unwrapAttr(attrs.get(arg.typeListAttr)!) as readonly DType[];
    return dtypes.map((dtype, i) => ({ key: `${name}:${i}`, name: `${name}_${i}`, dtype }));
  }
  const dtype = arg.typeAttr ? (unwrapAttr(attrs.get(arg.typeAttr)!) as DType) : dtypeOfNumber(Number(arg.type));
  if (!dtype) throw new InvalidArgumentError(`Function argument ${name} has an unknown type`);
  if (!arg.numberAttr) return [{ key: name, name, dtype }];
  const count = Number(unwrapAttr(attrs.get(arg.numberAttr)!));
  return Array.from({ length: count }, (_, i) => ({ key: `${name}:${i}`, name: `${name}_${i}`, dtype }));
}

/** A fed node for an argument: any op that only stands for a value. */
export function argument(graph: Graph, name: string, dtype: DType, shape: Shape): Tensor {
  for (const definition of allDefinitions()) {
    if (!definition.placeholder || definition.inputs.length || !definition.attrs.some((attr) => attr.name === "shape"))
      continue;
    return graph.createOp({
      definition,
      inputs: [],
      attrs: new Map([
        ["dtype", typeAttr(dtype)],
        ["shape", shapeAttr(shape)],
      ]),
      name,
      outputDtypes: [dtype],
    }).outputs[0]!;
  }
  throw new Error("bug: no placeholder op is defined");
}

/** `node:output:2` as `node:k`, arguments as `arg name`. */
function flatInput(
  input: string,
  args: ReadonlyMap<string, Tensor>,
  nodes: ReadonlyMap<string, NodeDefinition>,
  library: Library | null,
): string {
  if (args.has(input)) return `arg ${input}`;
  const parts = input.split(":");
  if (args.has(`${parts[0]}:${parts[1] ?? 0}`)) return `arg ${parts[0]}:${parts[1] ?? 0}`;
  const [name, output, index = "0"] = parts;
  const node = nodes.get(name!);
  if (!node) throw new InvalidArgumentError(`Function input ${input} names no node`);
  if (output === undefined) return name!;
  const definition = definitionIn(library, node.op);
  let at = 0;
  for (const arg of definition.outputs) {
    if (arg.name === output) return `${name}:${at + Number(index)}`;
    at += argLength(arg, node.attrs);
  }
  throw new InvalidArgumentError(`Function input ${input}: ${node.op} has no output ${output}`);
}

/** Attrs that say `placeholder: "T"` take the call's value. */
function substituted(node: NodeDefinition, attrs: FunctionRef["attrs"]): NodeDefinition {
  const replaced = new Map<string, AttrValue>();
  for (const [name, attr] of node.attrs)
    replaced.set(name, attr.kind === "placeholder" ? (attrs.get(attr.value) ?? attr) : attr);
  return { ...node, attrs: replaced };
}
