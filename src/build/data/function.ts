/**
 * Functions of a program as functions of the graph's library: the callback runs once, on placeholders, in a graph of its own; tensors from
 * outside become arguments. Source: structured_function.py, func_graph.py
 */
import { NdArray } from "../../core/nd_array.ts";
import { boolAttr, type FunctionRef } from "../../graph/attr.ts";
import { argument } from "../../graph/def/function.ts";
import { addFunctions, functionCount } from "../../graph/def/library.ts";
import { addFunction } from "../../graph/def/to_function.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { identity, noOp } from "../../ops/index.ts";
import { FunctionBody } from "../functions/body.ts";
import { carried, normalized, specOf } from "./element/component.ts";
import {
  type Any,
  argumentsOf,
  type Element,
  elementOf,
  flatten,
  type Nested,
  packAs,
  type Spec,
  specsOf,
  tensorsOf,
} from "./structure.ts";
import { checkArity } from "./words.ts";

export interface Traced {
  readonly fn: FunctionRef;
  /** Tensors from outside, in the order of the arguments behind the element's. */
  readonly captured: readonly Tensor[];
  readonly output: Nested<Spec>;
}

/**
 * The function of a callback that takes elements of these specs. `title` tells what the function is for: `Dataset_map`. With `dtypes`,
 * results are converted to them.
 */
export function trace(
  callback: (...args: Any[]) => unknown,
  input: Nested<Spec>,
  title: string,
  wanted?: readonly Spec[],
): Traced {
  const outer = getDefaultGraph();
  const body = new FunctionBody(outer);
  return body.asDefault(() => {
    const args = specsOf(input)
      .map(carried)
      .map((spec, i) => argument(body, `args_${i}`, spec.dtype, spec.shape));
    const given = argumentsOf(elementOf(input, args));
    if (!wanted) checkArity(callback, given.length); // of states that are passed on, one may go unused
    const result = callback(...given);
    const { values, specs: output } = resultOf(result, wanted);
    const tensors = tensorsOf(values);
    const effects = body.operations.filter(hasEffect);
    const finish = (): Tensor[] => tensors.map((tensor) => identity(body.capture(tensor)));
    const outputs = effects.length === 0 ? finish() : body.controlDependencies([after(body, effects)], finish);
    // Functions that the callback made for itself.
    if (body.library) addFunctions(outer, body.library);
    const name = `__inference_${title}_${pythonName(callback.name) || "lambda"}_${functionCount(outer)}`;
    const standsFor = new Set([...args, ...body.captures.values()].map(({ op }) => op));
    const ref = addFunction(outer, name, {
      inputs: [...args, ...body.captures.values()],
      outputs,
      targets: effects,
      nodes: body.operations.filter((op) => !standsFor.has(op)),
      inputNames: args.map((_, i) => `args_${i}`),
      outputNames: outputs.map((_, i) => (i === 0 ? "identity" : `identity_${i}`)),
    });
    return {
      fn: { name: ref.name, attrs: new Map([...ref.attrs, ["_tf_data_function", boolAttr(true)]]) },
      captured: [...body.captures.keys()],
      output,
    };
  });
}

/**
 * A value's components. Python makes a constant of a plain value to see what it is, and another one that is used. Where a state of this form
 * is wanted, plain numbers become one.
 */
export function resultOf(result: unknown, wanted?: readonly Spec[]): Element {
  const parts = flatten(result);
  const once = (part: unknown, i: number): unknown =>
    normalized(part, undefined, isPlain(part) ? wanted?.[i]?.dtype : undefined);
  const seen = parts.map(once);
  const values = parts.map((part, i) => (isPlain(part) ? once(part, i) : seen[i]));
  return { values, specs: packAs(result, seen.map(specOf)) as Nested<Spec> };
}

/** Is it no tensor, nor anything else that travels as one? */
const isPlain = (part: unknown): boolean =>
  part === null ||
  typeof part !== "object" ||
  Array.isArray(part) ||
  ArrayBuffer.isView(part) ||
  part instanceof NdArray;

/** Nodes that run although nothing may take their outputs. Random numbers that nobody takes are not drawn. */
const hasEffect = ({ definition, attrs }: Operation): boolean =>
  definition.stateful && !definition.placeholder && !attrs.has("seed2");

const pythonName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A node that is done when the effects are. */
const after = (body: Graph, effects: readonly Operation[]): Operation =>
  body.controlDependencies(effects, () => noOp());
