/**
 * Functions of a program as functions of the graph's library: the callback runs once, on placeholders, in a graph of its own; tensors from
 * outside become arguments. Source: structured_function.py, func_graph.py
 */
import { boolAttr, type FunctionRef } from "../../graph/attr.ts";
import { argument } from "../../graph/def/function.ts";
import { addFunctions, functionCount } from "../../graph/def/library.ts";
import { addFunction } from "../../graph/def/to_function.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { identity, noOp } from "../../ops/index.ts";
import { FunctionBody } from "../functions/body.ts";
import { type Any, argumentsOf, flatten, mapSpecs, type Nested, packAs, type Spec, specOf } from "./structure.ts";
import { checkArity } from "./words.ts";

/** A dataset, as what functions take and give. */
export interface AsComponent {
  readonly variantTensor: Tensor;
  readonly elementSpec: Nested<Spec>;
}

/** How functions see datasets; set by the class, which this file may not know. */
export const datasets: {
  isDataset(value: unknown): value is AsComponent;
  fromVariant(tensor: Tensor, elements: Nested<Spec>): unknown;
} = {
  isDataset: (value): value is AsComponent => value === undefined,
  fromVariant: (tensor) => tensor,
};

export interface Traced {
  readonly fn: FunctionRef;
  /** Tensors from outside, in the order of the arguments behind the element's. */
  readonly captured: readonly Tensor[];
  readonly output: Nested<Spec>;
}

/** Flat tensors as an element of these specs: a dataset's variant as the dataset. */
export const elementOf = (specs: Nested<Spec>, tensors: readonly Tensor[]): Any =>
  mapSpecs(specs, (spec, i) => {
    const tensor = tensors[i]!;
    return spec.elements ? datasets.fromVariant(tensor, spec.elements) : tensor;
  });

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
    const specs: Spec[] = [];
    mapSpecs(input, (spec) => specs.push(spec));
    const args = specs.map((spec, i) => argument(body, `args_${i}`, spec.dtype, spec.shape));
    const given = argumentsOf(elementOf(input, args));
    if (!wanted) checkArity(callback, given.length); // of states that are passed on, one may go unused
    const result = callback(...given);
    const parts = flatten(result);
    const tensors = parts.map((part, i) =>
      datasets.isDataset(part)
        ? part.variantTensor
        : convertToTensor(part as TensorLike, wanted?.[i] ? { dtype: wanted[i]!.dtype } : {}),
    );
    const effects = body.operations.filter(hasEffect);
    const finish = (): Tensor[] => tensors.map((tensor) => identity(body.capture(tensor)));
    const outputs = effects.length === 0 ? finish() : body.controlDependencies([after(body, effects)], finish);
    const output = packAs(
      result,
      parts.map((part, i): Spec => {
        const known = specOf(tensors[i]!);
        return datasets.isDataset(part) ? { ...known, shape: [], elements: part.elementSpec } : known;
      }),
    ) as Nested<Spec>;
    // Functions that the callback made for itself.
    if (body.library) addFunctions(outer, body.library);
    const name = `__inference_${title}_${pythonName(callback.name) || "lambda"}_${functionCount(outer)}`;
    const ref = addFunction(outer, name, {
      inputs: [...args, ...body.captures.values()],
      outputs,
      targets: effects,
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

/** Nodes that run although nothing may take their outputs. Random numbers that nobody takes are not drawn. */
const hasEffect = ({ definition, attrs }: Operation): boolean =>
  definition.stateful && !definition.placeholder && !attrs.has("seed2");

const pythonName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A node that is done when the effects are. */
const after = (body: Graph, effects: readonly Operation[]): Operation =>
  body.controlDependencies(effects, () => noOp());
