/** `tf.whileLoop`. Source: tensorflow/python/ops/while_loop.py. */

import { TypeError, ValueError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { constant, less, logicalAnd } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { GraphKeys } from "../collections.ts";
import { controlFlowV2Enabled } from "../functions/behavior.ts";
import { FunctionBody } from "../functions/body.ts";
import { add } from "../operators.ts";
import { loopAtOnce } from "./at_once.ts";
import { loopInFunction, loopInGraph } from "./in_function.ts";
import { checkSameStructure, type FlowArray, flatten, isFlowArray, type Nested, pack } from "./structure.ts";
import { WhileContext } from "./while_context.ts";

export type LoopLeaf = TensorLike | FlowArray;
export type LoopVariable = Nested<LoopLeaf>;
/** A loop variable inside the loop and after it. */
export type LoopValue = Nested<Tensor | FlowArray>;

export interface WhileLoopOptions {
  /** Less specific shapes for loop variables whose shape changes, in the structure of the loop variables. */
  readonly shapeInvariants?: Nested<Shape> | undefined;
  readonly parallelIterations?: number | undefined;
  readonly backProp?: boolean | undefined;
  readonly swapMemory?: boolean | undefined;
  readonly maximumIterations?: TensorLike | undefined;
  /** A list of one loop variable gives a list of one. */
  readonly returnSameStructure?: boolean | undefined;
  readonly name?: string | undefined;
}

const places = [
  "shapeInvariants",
  "parallelIterations",
  "backProp",
  "swapMemory",
  "name",
  "maximumIterations",
  "returnSameStructure",
] as const;
type WhileLoopRest = Rest<WhileLoopOptions, typeof places>;

// biome-ignore lint/suspicious/noExplicitAny: functions of loop variables name the tensors they expect
type LoopFunction<R> = (...variables: any[]) => R;

/**
 * Runs body on the loop variables while cond holds; what it returns are their next values, in the same structure, with dtypes and
 * shapes that do not change (but for shapeInvariants). Gradients flow through. Throws TypeError or ValueError in Python's words.
 */
export function whileLoop<V extends readonly [Tensor, Tensor, ...Tensor[]]>(
  cond: LoopFunction<TensorLike>,
  body: LoopFunction<LoopVariable>,
  loopVars: V,
  ...rest: WhileLoopRest
): { -readonly [K in keyof V]: Tensor };
export function whileLoop(
  cond: LoopFunction<TensorLike>,
  body: LoopFunction<LoopVariable>,
  loopVars: readonly [Tensor],
  options?: WhileLoopOptions & { readonly returnSameStructure?: false },
): Tensor;
export function whileLoop(
  cond: LoopFunction<TensorLike>,
  body: LoopFunction<LoopVariable>,
  loopVars: readonly LoopVariable[],
  ...rest: WhileLoopRest
): Tensor | LoopValue;
export function whileLoop(
  cond: LoopFunction<TensorLike>,
  body: LoopFunction<LoopVariable>,
  loopVars: readonly LoopVariable[],
  ...rest: WhileLoopRest
): Tensor | LoopValue {
  const options = byName<WhileLoopOptions>(rest, places);
  const { parallelIterations = 10, backProp = true, swapMemory = false, returnSameStructure = false } = options;
  if (typeof cond !== "function") throw new TypeError("'cond' must be callable.");
  if (typeof body !== "function") throw new TypeError("'body' must be callable.");
  if (parallelIterations < 1) throw new TypeError("'parallel_iterations' must be a positive integer.");
  const graph = getDefaultGraph();
  if (graph.isEager) {
    if (!loopVars?.length) throw new ValueError("'loop_vars' must be provided.");
    const limit = options.maximumIterations;
    const maximumIterations = limit === undefined ? null : Number(convertToTensor(limit).numpy().item());
    return loopAtOnce({ cond, body, loopVars, maximumIterations, returnSameStructure }) as LoopValue;
  }
  if (graph instanceof FunctionBody || controlFlowV2Enabled()) {
    const { maximumIterations, shapeInvariants } = options;
    const shapes = shapeInvariants === undefined ? null : flattenShapes(loopVars, shapeInvariants);
    const loop = { cond, body, loopVars, maximumIterations, shapes, returnSameStructure };
    if (graph instanceof FunctionBody) return loopInFunction(graph, loop) as LoopValue;
    const leaves = flatten(loopVars as Nested<LoopLeaf>).map((leaf) =>
      isFlowArray(leaf) ? leaf : convertToTensor(leaf),
    );
    const given = { ...loop, loopVars: pack(loopVars as Nested<LoopLeaf>, leaves) as readonly LoopVariable[] };
    return graph.nameScope(options.name || "while", (scope) => loopInGraph(graph, given, scope)) as LoopValue;
  }
  return graph.nameScope(options.name || "while", () => {
    if (!loopVars?.length) throw new ValueError("'loop_vars' must be provided.");
    const limit =
      options.maximumIterations === undefined
        ? null
        : convertToTensor(options.maximumIterations, { name: "maximum_iterations" });
    if (limit && limit.shape?.length !== 0) {
      throw new ValueError(`'maximum_iterations' must be a scalar. Received shape: ${String(limit.shape)}`);
    }
    const counter = limit && constant(0, { dtype: limit.dtype, name: "iteration_counter" });
    const isOne = loopVars.length === 1 && !returnSameStructure;
    const variables: readonly LoopVariable[] = counter ? [counter, isOne ? loopVars[0]! : loopVars] : loopVars;
    const spread = (value: LoopValue): readonly LoopValue[] => (isOne ? [value] : (value as readonly LoopValue[]));
    const goesOn = limit
      ? (i: Tensor, value: LoopValue): TensorLike => logicalAnd(less(i, limit), cond(...spread(value)))
      : cond;
    const next = limit ? (i: Tensor, value: LoopValue): LoopVariable => [add(i, 1), body(...spread(value))] : body;
    const given = options.shapeInvariants;
    const invariants =
      given === undefined ? null : limit ? [[], isOne ? (given as readonly Nested<Shape>[])[0]! : given] : given;
    const context = new WhileContext({ maximumIterations: limit, parallelIterations, backProp, swapMemory });
    if (context.outerContext === null) graph.addToCollection(GraphKeys.WHILE_CONTEXT, context);
    const results = buildLoop(context, goesOn, next, variables, invariants as readonly Nested<Shape>[] | null);
    if (limit) return (results as readonly LoopValue[])[1]!;
    return returnSameStructure || results.length > 1 ? (results as LoopValue) : results[0]!;
  });
}

function buildLoop(
  context: WhileContext,
  cond: LoopFunction<TensorLike>,
  body: LoopFunction<LoopVariable>,
  variables: readonly LoopVariable[],
  invariants: readonly Nested<Shape>[] | null,
): readonly LoopValue[] {
  const leaves = flatten<LoopLeaf>(variables as Nested<LoopLeaf>);
  const converted = leaves.map((leaf) => (isFlowArray(leaf) ? leaf.flow : convertToTensor(leaf)));
  const shapes = invariants === null ? converted.map((tensor) => tensor.shape) : flattenShapes(variables, invariants);
  const asVariables = (tensors: readonly Tensor[]): readonly LoopValue[] => {
    const values = tensors.map((tensor, i) => {
      const leaf = leaves[i];
      return isFlowArray(leaf) ? leaf.withFlow(tensor) : tensor;
    });
    return pack(variables as Nested<LoopLeaf>, values) as readonly LoopValue[];
  };
  let returned: readonly LoopVariable[] = [];
  const exits = context.within(() =>
    context.build(
      converted,
      shapes,
      (tensors) => cond(...asVariables(tensors)),
      (tensors) => {
        const result = body(...asVariables(tensors));
        returned = Array.isArray(result) ? result : [result];
        checkSameStructure(asVariables(tensors), returned);
        return flatten<LoopLeaf>(returned as Nested<LoopLeaf>).map((leaf) => (isFlowArray(leaf) ? leaf.flow : leaf));
      },
    ),
  );
  const arrays = flatten<LoopLeaf>(returned as Nested<LoopLeaf>);
  const values = exits.map((tensor, i) => {
    const leaf = arrays[i];
    return isFlowArray(leaf) ? leaf.withFlow(tensor) : tensor;
  });
  return pack(returned as Nested<LoopLeaf>, values) as readonly LoopValue[];
}

/** The shapes in the order of the loop variables' leaves: a shape is itself a list, so the variables' structure leads. */
function flattenShapes(variables: Nested<LoopLeaf> | readonly LoopVariable[], shapes: unknown): Shape[] {
  if (Array.isArray(variables))
    return variables.flatMap((each, i) => flattenShapes(each, (shapes as readonly unknown[])[i]));
  if (typeof variables === "object" && variables !== null && Object.getPrototypeOf(variables) === Object.prototype) {
    const record = variables as { readonly [key: string]: Nested<LoopLeaf> };
    return Object.keys(record)
      .sort()
      .flatMap((key) => flattenShapes(record[key]!, (shapes as Record<string, unknown>)[key]));
  }
  return [shapes as Shape];
}
