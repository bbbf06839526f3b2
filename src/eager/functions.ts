/** `tf.contrib.eager`: functions that differentiate functions, tracing, and stores of variables. Source: contrib/eager/python/tfe.py, backprop.py. */
import { asFunction, type FunctionOptions } from "../build/functions/function.ts";
import { withStore } from "../build/variables/scope.ts";
import { VariableStore } from "../build/variables/store.ts";
import { Variable } from "../build/variables/variable.ts";
import { ValueError } from "../core/error.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { Gradient } from "../graph/op/gradients.ts";
import type { Tensor } from "../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import { constant } from "../ops/index.ts";
import { GradientTape } from "./tape/gradient_tape.ts";

type Scalar = (...args: Tensor[]) => Tensor;

/** The function that gives the value of f and its gradients for all arguments, or those at the places in `params`. */
export const valueAndGradientsFunction =
  (f: Scalar, params?: readonly number[]) =>
  (...given: TensorLike[]): [value: Tensor, gradients: (Gradient | null)[]] => {
    const args = given.map((arg) => convertToTensor(arg));
    const wanted = (params ?? args.map((_, i) => i)).map((i) => args[i]!);
    let value: Tensor | undefined;
    const tape = new GradientTape((each) => {
      each.watch(wanted);
      value = f(...args);
    });
    return [value!, tape.gradient(value!, wanted) as (Gradient | null)[]];
  };

/** The function that gives the gradients of f. */
export const gradientsFunction =
  (f: Scalar, params?: readonly number[]) =>
  (...args: TensorLike[]): (Gradient | null)[] =>
    valueAndGradientsFunction(f, params)(...args)[1];

/** The function that gives the value of f and its gradients for the trainable variables that it reads. Throws ValueError without any. */
export const implicitValueAndGradients =
  <A extends readonly unknown[]>(f: (...args: A) => Tensor) =>
  (...args: A): [value: Tensor, gradients: [Gradient | null, Variable][]] => {
    let value: Tensor | undefined;
    const tape = new GradientTape(() => {
      value = f(...args);
    });
    const variables = tape.watchedVariables();
    if (variables.length === 0)
      throw new ValueError("No trainable variables were accessed while the function was being computed.");
    const found = tape.gradient(value!, variables) as (Gradient | null)[];
    return [value!, variables.map((variable, i) => [found[i] ?? null, variable])];
  };

/** The function that gives the gradients of f for the trainable variables that it reads. */
export const implicitGradients =
  <A extends readonly unknown[]>(f: (...args: A) => Tensor) =>
  (...args: A): [Gradient | null, Variable][] =>
    implicitValueAndGradients(f)(...args)[1];

/** The function as a graph: traced once for each signature of its arguments, then run as a whole. */
// biome-ignore lint/suspicious/noExplicitAny: functions name the tensors they expect
export function defun<A extends readonly any[], R>(
  f: (...args: A) => R,
  options: FunctionOptions = {},
): (...args: A) => R {
  return asFunction(f, { ...options, name: options.name ?? (f.name || "lambda") });
}

/** Keeps variables of `getVariable` by name, so that later calls get the same ones. */
export class EagerVariableStore {
  readonly #store: VariableStore;

  constructor(store: VariableStore = new VariableStore({ keepsEager: true })) {
    this.#store = store;
  }

  asDefault<R>(fn: () => R): R {
    return withStore(this.#store, fn);
  }

  variables(): Variable[] {
    return [...this.#store.variables].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  trainableVariables(): Variable[] {
    return this.variables().filter((variable) => variable.trainable);
  }

  nonTrainableVariables(): Variable[] {
    return this.variables().filter((variable) => !variable.trainable);
  }

  /** A store with variables of its own that have the same values. */
  copy(): EagerVariableStore {
    const store = new VariableStore({ keepsEager: true });
    for (const variable of this.#store.variables) {
      const options = { name: variable.op.name, dtype: variable.dtype.baseDtype, trainable: variable.trainable };
      store.keep(variable.op.name, new Variable(constant(variable.numpy()), options));
    }
    return new EagerVariableStore(store);
  }
}

export const inEagerMode = (): boolean => getDefaultGraph().isEager;
export const inGraphMode = (): boolean => !getDefaultGraph().isEager;
export const listDevices = (): string[] => ["/job:localhost/replica:0/task:0/device:CPU:0"];
export const numGpus = (): number => 0;
