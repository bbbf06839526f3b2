/**
 * Conditions and loops inside of traced functions: nodes that call functions of their own, as TensorFlow 2 writes them there.
 * Source: cond_v2.py, while_v2.py.
 */
import { int32 } from "../../core/dtype.ts";
import { compatible, type Shape } from "../../core/shape.ts";
import { boolAttr, type FunctionRef } from "../../graph/attr.ts";
import { argument } from "../../graph/def/function.ts";
import { functionCount } from "../../graph/def/library.ts";
import { addFunction, dtypesOf } from "../../graph/def/to_function.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  caseOp,
  identity,
  ifOp,
  less,
  logicalAnd,
  statelessCaseOp,
  statelessIfOp,
  statelessWhileOp,
  whileOp,
} from "../../ops/index.ts";
import { FunctionBody } from "../functions/body.ts";
import { orderEffects } from "../functions/effects.ts";
import { checkSameStructure, flatten, isFlowArray, type Nested, pack } from "./structure.ts";

interface Written {
  readonly body: FunctionBody;
  readonly args: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly effects: readonly Operation[];
  readonly result: unknown;
}

type Leaf = TensorLike | { readonly flow: Tensor; withFlow(flow: Tensor): unknown };

const tensorOf = (leaf: unknown): Tensor => (isFlowArray(leaf) ? leaf.flow : convertToTensor(leaf as TensorLike));

/** The body of a function of these arguments. */
function write(outer: Graph, like: readonly Tensor[], fn: (args: readonly Tensor[]) => unknown): Written {
  const body = new FunctionBody(outer);
  return body.asDefault(() => {
    const args = like.map(({ dtype, shape, handleData }, i) => {
      const arg = argument(body, `args_${i}`, dtype.baseDtype, shape);
      arg.handleData = handleData;
      return arg;
    });
    const result = fn(args);
    const leaves = flatten(result as Nested<unknown>).filter((leaf) => !isOperation(leaf));
    const outputs = leaves.map((leaf) => identity(body.capture(tensorOf(leaf))));
    return { body, args, outputs, effects: orderEffects(body), result };
  });
}

const isOperation = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === "object" && "controlInputs" in value);

const isStateful = ({ body }: Written): boolean =>
  body.operations.some((op) => op.definition.stateful && !op.definition.placeholder);

/** The function in the library, with these tensors from outside behind its own arguments; more outputs behind its own. */
function add(outer: Graph, name: string, written: Written, captured: readonly Tensor[], passesOn = false): FunctionRef {
  const { body, args, outputs, effects } = written;
  const inside = body.asDefault(() => captured.map((tensor) => body.capture(tensor)));
  const passed = passesOn ? inside : [];
  return addFunction(outer, `${name}_${functionCount(outer)}`, {
    inputs: [...args, ...inside],
    outputs: [...outputs, ...passed],
    targets: effects,
  });
}

const unionOf = (a: Written, b: Written): Tensor[] => [
  ...new Set([...a.body.captures.keys(), ...b.body.captures.keys()]),
];

/** The tensors where the results' leaves are. */
function put(result: unknown, tensors: readonly Tensor[]): unknown {
  let at = 0;
  const leaves = flatten(result as Nested<unknown>).map((leaf) => {
    if (isOperation(leaf)) return null;
    const tensor = tensors[at++]!;
    return isFlowArray(leaf) ? leaf.withFlow(tensor) : tensor;
  });
  return pack(result as Nested<unknown>, leaves);
}

/** One of two branches, which give the same structure. */
export function condInFunction(
  outer: FunctionBody,
  pred: TensorLike,
  trueFn: () => unknown,
  falseFn: () => unknown,
): unknown {
  const cond = convertToTensor(pred, { name: "pred" });
  const whenTrue = write(outer, [], trueFn);
  const whenFalse = write(outer, [], falseFn);
  checkSameStructure(whenTrue.result, whenFalse.result);
  const captured = unionOf(whenTrue, whenFalse);
  const make = isStateful(whenTrue) || isStateful(whenFalse) ? ifOp : statelessIfOp;
  const found = make({
    cond,
    input: captured,
    Tout: dtypesOf(whenTrue.outputs),
    then_branch: add(outer, "cond_true", whenTrue, captured),
    else_branch: add(outer, "cond_false", whenFalse, captured),
    output_shapes: whenTrue.outputs.map((output, i) => common(output.shape, whenFalse.outputs[i]!.shape)),
  });
  return put(whenTrue.result, found);
}

/** One of several branches by number, which give the same structure. */
export function caseInFunction(outer: FunctionBody, branchIndex: Tensor, fns: readonly (() => unknown)[]): unknown {
  const written = fns.map((fn) => write(outer, [], fn));
  for (const each of written.slice(1)) checkSameStructure(written[0]!.result, each.result);
  const captured = [...new Set(written.flatMap(({ body }) => [...body.captures.keys()]))];
  const make = written.some(isStateful) ? caseOp : statelessCaseOp;
  const [first] = written;
  const found = make({
    branch_index: branchIndex,
    input: captured,
    Tout: dtypesOf(first!.outputs),
    branches: written.map((each, i) => add(outer, `switch_case_branch${i}`, each, captured)),
    output_shapes: first!.outputs.map((_, i) =>
      written.map(({ outputs }) => outputs[i]!.shape).reduce((a, b) => common(a, b)),
    ),
  });
  return put(first!.result, found);
}

/** What both shapes allow. */
function common(a: Shape, b: Shape): Shape {
  if (a === null || b === null || a.length !== b.length) return null;
  return a.map((d, i) => (d === b[i] ? d : null));
}

interface Loop {
  readonly cond: (...values: never[]) => TensorLike;
  readonly body: (...values: never[]) => unknown;
  readonly loopVars: readonly unknown[];
  readonly maximumIterations: TensorLike | undefined;
  readonly shapes: readonly Shape[] | null;
  readonly returnSameStructure: boolean;
}

/** A loop in the body of a function. Its first variable counts the iterations. */
export function loopInFunction(outer: FunctionBody, loop: Loop): unknown {
  const limit = loop.maximumIterations === undefined ? null : convertToTensor(loop.maximumIterations, { dtype: int32 });
  const counter = convertToTensor(0, { dtype: int32 });
  const written = writeLoop(outer, loop, [counter], ([i]) => limit && less(i!, limit));
  const found = whileNode(outer, written, "while");
  return resultOf(loop, written, found.slice(1));
}

/** A loop among a graph's own nodes, with its limit (-1: none) as a variable beside the count, and copies of what it gives. */
export function loopInGraph(outer: Graph, loop: Loop, scope: string): unknown {
  const limit = convertToTensor(loop.maximumIterations ?? -1, { dtype: int32, name: "maximum_iterations" });
  const counter = convertToTensor(0, { dtype: int32, name: "loop_counter" });
  const isLimited = loop.maximumIterations !== undefined;
  const written = writeLoop(outer, loop, [counter, limit], ([i, n]) => (isLimited ? less(i!, n!) : null));
  const found = whileNode(outer, written, scope.slice(0, -1), scope);
  const op = found[0]!.op;
  op.setAttr("_lower_using_switch_merge", boolAttr(true));
  op.setAttr("_num_original_outputs", { kind: "int", value: found.length });
  op.setAttr("_read_only_resource_inputs", { kind: "list", of: "int", value: [] });
  outer.preventFetching(op);
  const copies = found.map((output) => identity(output));
  return resultOf(loop, written, copies.slice(2));
}

interface WrittenLoop {
  readonly start: readonly Tensor[];
  readonly test: Written;
  readonly step: Written;
  readonly shapes: readonly Shape[];
  readonly returned: unknown;
}

/** The functions of a loop. Its first variable counts, the others of `first` stay as they are; `goesOn`: what else must hold. */
function writeLoop(
  outer: Graph,
  { cond, body, loopVars, shapes }: Loop,
  first: readonly Tensor[],
  goesOn: (own: readonly Tensor[]) => Tensor | null,
): WrittenLoop {
  const given = flatten(loopVars as Nested<Leaf>).map(tensorOf);
  const asVariables = (tensors: readonly Tensor[]): readonly never[] => put(loopVars, tensors) as readonly never[];
  const start = [...first, ...given];
  const n = first.length;
  const like = start.map((tensor, i): Tensor => {
    const shape = i >= n && shapes ? shapes[i - n]! : tensor.shape;
    return { dtype: tensor.dtype, shape, handleData: tensor.handleData } as Tensor;
  });
  const test = write(outer, like, (args) => {
    const holds = convertToTensor(cond(...asVariables(args.slice(n))));
    const more = goesOn(args);
    return more ? logicalAnd(more, holds) : holds;
  });
  let returned: unknown;
  const step = write(outer, like, ([i, ...others]) => {
    const result = body(...asVariables(others.slice(n - 1)));
    returned = Array.isArray(result) ? result : [result];
    checkSameStructure(loopVars, returned);
    return [i!.add(1), ...others.slice(0, n - 1), ...flatten(returned as Nested<unknown>).map(tensorOf)];
  });
  const kept = step.outputs.map((output, i) => (compatible(output.shape, like[i]!.shape) ? like[i]!.shape : null));
  return { start, test, step, shapes: kept, returned };
}

function whileNode(
  outer: Graph,
  { start, test, step, shapes }: WrittenLoop,
  name: string,
  scope?: string,
): readonly Tensor[] {
  const captured = unionOf(test, step);
  const make = isStateful(test) || isStateful(step) ? whileOp : statelessWhileOp;
  const inputs = {
    input: [...start, ...captured],
    cond: add(outer, `${name}_cond`, test, captured),
    body: add(outer, `${name}_body`, step, captured, true),
    output_shapes: [...shapes, ...captured.map(({ shape }) => shape)],
  };
  return make(inputs, scope);
}

function resultOf(loop: Loop, { start, returned }: WrittenLoop, found: readonly Tensor[]): unknown {
  const results = put(returned, found.slice(0, start.length)) as readonly unknown[];
  return loop.returnSameStructure || results.length > 1 ? results : results[0];
}
