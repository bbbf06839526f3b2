/** Graphs as FunctionDefs. Source: function.proto, graph_to_functiondef.cc. */
import type { DType } from "../../core/dtype.ts";
import { toAttrProto } from "../../proto/attr_value.ts";
import { toNodeProto } from "../../proto/graph_def.ts";
import { decode, encode, pb } from "../../proto/messages.ts";
import { type FunctionRef, stringAttr } from "../attr.ts";
import type { Graph } from "../graph.ts";
import { argLength } from "../infer.ts";
import type { Operation } from "../operation.ts";
import type { Tensor } from "../tensor.ts";
import { nodeDefinition } from "./graph_def.ts";
import { addFunctions, type FunctionDef, findFunction } from "./library.ts";

export interface FunctionParts {
  /** Tensors that the arguments stand for: their ops are no part of the body. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Nodes that run although no output needs them. */
  readonly targets?: readonly Operation[];
  /** The nodes of the body; those between inputs and outputs by default. */
  readonly nodes?: readonly Operation[];
  /** Tensors of the body that nodes read in place of others. */
  readonly replaced?: ReadonlyMap<Tensor, Tensor>;
  /** Names for the arguments and results; made up where missing. */
  readonly inputNames?: readonly string[];
  readonly outputNames?: readonly string[];
}

/** The nodes between inputs and outputs (and targets), in the order of creation. */
export function nodesBetween({ inputs, outputs, targets = [], replaced = new Map() }: FunctionParts): Operation[] {
  const read = (tensor: Tensor): Tensor => replaced.get(tensor) ?? tensor;
  const given = new Set(inputs);
  const stops = new Set(inputs.filter((input) => input.op.definition.placeholder).map((input) => input.op));
  const seen = new Set<Operation>();
  const stack = [
    ...outputs
      .map(read)
      .filter((output) => !given.has(output))
      .map((output) => output.op),
    ...targets,
  ];
  while (stack.length) {
    const op = stack.pop()!;
    if (seen.has(op) || stops.has(op)) continue;
    seen.add(op);
    for (const input of op.inputs) if (!given.has(read(input))) stack.push(read(input).op);
    stack.push(...op.controlInputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** Adds a function to the graph's library under a name made from this one. */
export function addFunction(graph: Graph, name: string, parts: FunctionParts): FunctionRef {
  let unique = name;
  for (let k = 1; findFunction(graph.library, unique); k++) unique = `${name}_${k}`;
  // As it comes from a file: messages hold 64-bit integers in a form of their own.
  const source = decode(pb.FunctionDef, encode(pb.FunctionDef, functionDef(unique, parts)));
  addFunctions(graph, { function: [source], gradient: [] });
  return { name: unique, attrs: new Map() };
}

function functionDef(name: string, parts: FunctionParts): FunctionDef {
  const { inputs, outputs, targets = [] } = parts;
  const nodes = parts.nodes ?? nodesBetween(parts);
  const taken = new Set(nodes.map((op) => op.name));
  const free = (wanted: string): string => {
    let text = wanted;
    for (let k = 1; taken.has(text); k++) text = `${wanted}_${k}`;
    taken.add(text);
    return text;
  };
  const argNames = inputs.map((input, i) => free(parts.inputNames?.[i] ?? argName(input)));
  const argOf = new Map(inputs.map((input, i) => [input, argNames[i]!]));
  const controls = new Map(
    inputs.filter((input) => input.op.definition.placeholder).map((input) => [input.op, argOf.get(input)!]),
  );
  const outputNames = outputs.map((output, i) => free(parts.outputNames?.[i] ?? argName(output)));
  const text = (given: Tensor): string => {
    const tensor = parts.replaced?.get(given) ?? given;
    return argOf.get(tensor) ?? outputText(tensor);
  };
  const included = new Set(nodes);
  return {
    signature: {
      name,
      inputArg: inputs.map((input, i) => ({ name: argNames[i]!, type: input.dtype.baseDtype.number })),
      outputArg: outputs.map((output, i) => ({ name: outputNames[i]!, type: output.dtype.baseDtype.number })),
      isStateful: nodes.some((op) => op.definition.stateful),
      controlOutput: targets.filter((op) => included.has(op)).map((op) => op.name),
    },
    nodeDef: nodes.map((op) =>
      toNodeProto({
        ...nodeDefinition(op),
        inputs: [
          ...op.inputs.map(text),
          ...op.controlInputs
            .flatMap((input) => {
              const arg = controls.get(input);
              return arg ? [`^${arg}`] : included.has(input) ? [`^${input.name}`] : [];
            })
            .sort(),
        ],
      }),
    ),
    ret: Object.fromEntries(outputs.map((output, i) => [outputNames[i]!, text(output)])),
    controlRet: Object.fromEntries(targets.filter((op) => included.has(op)).map((op) => [op.name, op.name])),
    argAttr: Object.fromEntries(
      inputs.map((input, i) => [
        i,
        {
          attr: {
            _output_shapes: toAttrProto({ kind: "list", of: "shape", value: [input.shape] }),
            _user_specified_name: toAttrProto(stringAttr(argNames[i]!)),
          },
        },
      ]),
    ),
  } as FunctionDef;
}

/** Argument names are lower case letters, digits and underscores. */
const argName = (tensor: Tensor): string => {
  const text = tensor.op.name.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_");
  return /^[a-z]/.test(text) ? text : `arg_${text}`;
};

/** `node:output:k`. */
function outputText(tensor: Tensor): string {
  let at = tensor.valueIndex;
  for (const arg of tensor.op.definition.outputs) {
    const n = argLength(arg, tensor.op.attrs);
    if (at < n) return `${tensor.op.name}:${arg.name}:${at}`;
    at -= n;
  }
  throw new Error(`bug: ${tensor.name} is no output of ${tensor.op.type}`);
}

export const dtypesOf = (tensors: readonly Tensor[]): DType[] => tensors.map((tensor) => tensor.dtype.baseDtype);
