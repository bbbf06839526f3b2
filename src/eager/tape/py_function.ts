/**
 * `tf.pyFunction`: a function of the program over eager tensors as one operation of a graph. A tape listens to each call; the operation's
 * gradient asks the tape of the last one. Source: script_ops.py, EagerFunc and _EagerPyFuncGrad.
 */
import { Variable } from "../../build/variables/variable.ts";
import type { DType } from "../../core/dtype.ts";
import { LookupError, RuntimeError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { checkCallable, eagerPyFunc } from "../../ops/host/python.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { eagerMode } from "../mode.ts";
import { GradientTape } from "./gradient_tape.ts";

/** Takes eager tensors; gives a tensor (or what converts to one), a list of them, or nothing. May be async. */
// biome-ignore lint/suspicious/noExplicitAny: the function names the tensors that it expects
export type EagerFunction = (...inputs: any[]) => unknown;

interface NameOption {
  readonly name?: string | null | undefined;
}

/** One call: what was written down, and between what. */
interface Call {
  readonly tape: GradientTape;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/**
 * What func returns for the tensors of inp, which it gets as eager tensors: of the dtype Tout, or of a list of dtypes; [] for a function that
 * returns nothing, whose operation comes back. Shapes are unknown. Gradients pass through what func computes with tensors. The graph runs
 * in this process alone. Throws ValueError for what is no function.
 */
export function pyFunction(
  func: EagerFunction,
  inp: readonly TensorLike[],
  Tout: DType,
  ...rest: Rest<NameOption, ["name"]>
): Tensor;
export function pyFunction(
  func: EagerFunction,
  inp: readonly TensorLike[],
  Tout: readonly DType[],
  ...rest: Rest<NameOption, ["name"]>
): Tensor[] | Operation;
export function pyFunction(
  func: EagerFunction,
  inp: readonly TensorLike[],
  Tout: DType | readonly DType[],
  ...rest: Rest<NameOption, ["name"]>
): Tensor | Tensor[] | Operation {
  const { name }: NameOption = byName(rest, ["name"]);
  checkCallable(func);
  const isList = Array.isArray(Tout);
  const dtypes = (isList ? Tout : [Tout]) as readonly DType[];
  const graph = getDefaultGraph();
  if (graph.isEager) {
    const found = resultsOf(func(...inp.map((each) => convertToTensor(each))), dtypes);
    return isList ? found : found[0]!;
  }
  let last: Call | null = null;
  const forward = (...arrays: NdArray[]): unknown =>
    eagerMode(() => {
      const tape = new GradientTape();
      const inputs = arrays.map((array) => convertToTensor(array));
      tape.watch(inputs.filter(({ dtype }) => dtype.isFloating || dtype.isComplex));
      const done = (value: unknown): unknown => {
        tape[Symbol.dispose]();
        const outputs = resultsOf(value, dtypes);
        last = { tape, inputs, outputs };
        return valuesOf(outputs, dtypes);
      };
      try {
        const value = func(...inputs);
        return value instanceof Promise ? value.then(done) : done(value);
      } catch (error) {
        tape[Symbol.dispose]();
        throw error;
      }
    });
  const derivative = (...dys: NdArray[]): unknown =>
    eagerMode(() => {
      if (!last) throw new LookupError("the function was not called before its gradient");
      const { tape, inputs, outputs } = last;
      last = null;
      const outputGradients = dys.map((dy) => convertToTensor(dy));
      const found = tape.gradient(outputs, inputs as Tensor[], { outputGradients, unconnectedGradients: "zero" });
      return valuesOf(
        (found as Tensor[]).map((each) => convertToTensor(each)),
        found,
      );
    });
  const made = eagerPyFunc(forward, inp, dtypes, { derivative, ...(name ? { name } : {}) });
  if (dtypes.length === 0) return graph.getOperations().at(-1)!;
  return isList ? made : made[0]!;
}

/** What a call gave as tensors of these dtypes. Throws RuntimeError for a variable. */
function resultsOf(value: unknown, dtypes: readonly DType[]): Tensor[] {
  if (value === null || value === undefined) return [];
  const list = Array.isArray(value) && !(dtypes.length === 1 && value.some((each) => typeof each === "number"));
  const items = (list ? value : [value]) as TensorLike[];
  return items.map((item, i) => {
    if (item instanceof Variable) {
      throw new RuntimeError(
        `Attempting to return a variable from an eagerly executed py_func. Only numeric data structures like Tensors or NumPy arrays should be returned; to return the value of a variable, make sure to obtain the Tensor backing it by calling \`.read_value()\` on the variable in question: ${item}`,
      );
    }
    return convertToTensor(item, { dtype: dtypes[i] });
  });
}

/** One value by itself where one is expected. */
const valuesOf = (tensors: readonly Tensor[], expected: readonly unknown[]): unknown =>
  expected.length === 1 ? tensors[0]?.numpy() : tensors.map((tensor) => tensor.numpy());
