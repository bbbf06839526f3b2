/**
 * Conditions and loops inside of traced functions: nodes that call functions of their own, as TensorFlow 2 writes them there.
 * Source: cond_v2.py, while_v2.py.
 */
import { int32 } from "../../core/dtype.ts";
import { compatible, type Shape } from "../../core/shape.ts";
import type { FunctionRef } from "../../graph/attr.ts";
import { argument } from "../../graph/def/function.ts";
import { functionCount } from "../../graph/def/library.ts";
import { addFunction, dtypesOf } from "../../graph/def/to_function.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { identity, ifOp, less, logicalAnd, statelessIfOp, statelessWhileOp, whileOp } from "../../ops/index.ts";
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
function write(outer: FunctionBody, like: readonly Tensor[], fn: (args: readonly Tensor[]) => unknown): Written {
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
function add(
  outer: FunctionBody,
  name: string,
  written: Written,
  captured: readonly Tensor[],
  passesOn = false,
): FunctionRef {
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

/** A loop. Its first variable counts the iterations. */
export function loopInFunction(outer: FunctionBody, loop: Loop): unknown {
  const { cond, body, loopVars, maximumIterations, returnSameStructure } = loop;
  const leaves = flatten(loopVars as Nested<Leaf>);
  const given = leaves.map(tensorOf);
  const asVariables = (tensors: readonly Tensor[]): readonly never[] => put(loopVars, tensors) as readonly never[];
  const limit = maximumIterations === undefined ? null : convertToTensor(maximumIterations, { dtype: int32 });
  const counter = convertToTensor(0, { dtype: int32 });
  const start = [counter, ...given];
  const like = start.map((tensor, i): Tensor => {
    const shape = i > 0 && loop.shapes ? loop.shapes[i - 1]! : tensor.shape;
    return { dtype: tensor.dtype, shape, handleData: tensor.handleData } as Tensor;
  });
  const test = write(outer, like, ([i, ...values]) => {
    const goesOn = convertToTensor(cond(...asVariables(values)));
    return limit ? logicalAnd(less(i!, limit), goesOn) : goesOn;
  });
  let returned: unknown;
  const step = write(outer, like, ([i, ...values]) => {
    const result = body(...asVariables(values));
    returned = Array.isArray(result) ? result : [result];
    checkSameStructure(loopVars, returned);
    return [i!.add(1), ...flatten(returned as Nested<unknown>).map(tensorOf)];
  });
  const captured = unionOf(test, step);
  const make = isStateful(test) || isStateful(step) ? whileOp : statelessWhileOp;
  const shapes = step.outputs.map((output, i) => (compatible(output.shape, like[i]!.shape) ? like[i]!.shape : null));
  const found = make({
    input: [...start, ...captured],
    cond: add(outer, "while_cond", test, captured),
    body: add(outer, "while_body", step, captured, true),
    output_shapes: [...shapes, ...captured.map(({ shape }) => shape)],
  });
  const results = put(returned, found.slice(1, 1 + given.length)) as readonly unknown[];
  return returnSameStructure || results.length > 1 ? results : results[0];
}
