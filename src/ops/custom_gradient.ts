/** Gradients of one's own. Source: custom_gradient.py, registry.py. */
import { TypeError, ValueError } from "../core/error.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import { type Gradient, type GradientFunction, registerGradient } from "../graph/op/gradients.ts";
import type { Tensor } from "../graph/tensor.ts";
import { immediate } from "./apply.ts";
import { convertToTensor, type TensorLike } from "./convert.ts";
import { identity, identityN } from "./index.ts";

/**
 * Registers a gradient function for an op type that has none, or for a name that `graph.gradientOverrideMap` uses. Throws KeyError for
 * a name that has one.
 */
export const RegisterGradient =
  (type: string) =>
  <F extends GradientFunction>(fn: F): F => {
    registerGradient(type, fn);
    return fn;
  };

/** No gradient passes through ops of this type, for which none is registered. Throws TypeError for what is no name, KeyError for a type that has one. */
export function NotDifferentiable(opType: string): void {
  if (typeof opType !== "string") throw new TypeError("op_type must be a string");
  registerGradient(opType, (op) => op.inputs.map(() => null));
}

export const NoGradient = NotDifferentiable;
export const noGradient = NotDifferentiable;

let made = 0;

/** What a function with a gradient of its own returns: its result or results, and the function from their gradients to its arguments'. */
export type WithGradient<R extends Tensor | readonly Tensor[]> = readonly [
  result: R,
  gradient: (...dys: Tensor[]) => Gradient | null | readonly (Gradient | null)[],
];

type Given = Gradient | null | readonly (Gradient | null)[];

function checked(found: Given, count: number): readonly (Gradient | null)[] {
  const list = (Array.isArray(found) ? found : [found]) as readonly (Gradient | null)[];
  if (list.length === count) return list;
  throw new ValueError(
    `custom_gradient function expected to return ${count} gradients, but returned ${list.length} instead.`,
  );
}

/** What a function reads beside its arguments, found when it has run; it gets gradients behind those of the arguments. */
type Beside<R> = (args: readonly Tensor[], result: R) => readonly TensorLike[];

/** Where ops run at once: the tapes take the function as one op. */
function atOnce<R extends Tensor | readonly Tensor[]>(
  f: (...args: Tensor[]) => WithGradient<R>,
  args: readonly Tensor[],
  beside: Beside<R>,
): R {
  let isList = false;
  const inputs = [...args];
  const results = immediate.differentiated!(inputs, () => {
    const [result, gradient] = f(...args);
    inputs.push(...(beside(args, result) as readonly Tensor[]));
    isList = Array.isArray(result);
    const list = (isList ? result : [result]) as readonly Tensor[];
    return [list, (dys) => checked(gradient(...(dys as Tensor[])), inputs.length)];
  });
  return (isList ? results : results[0]) as R;
}

/** The function, differentiated as it says: `f` takes tensors and returns its result and a function from gradients to gradients. */
export const customGradient = <R extends Tensor | readonly Tensor[]>(
  f: (...args: Tensor[]) => WithGradient<R>,
): ((...args: TensorLike[]) => R) => customGradientBeside(f, () => []);

/** As customGradient, with gradients for what `beside` says that the function reads. */
export function customGradientBeside<R extends Tensor | readonly Tensor[]>(
  f: (...args: Tensor[]) => WithGradient<R>,
  beside: Beside<R>,
): (...args: TensorLike[]) => R {
  return (...given) => {
    const args = given.map((arg) => convertToTensor(arg));
    if (getDefaultGraph().isEager) return atOnce(f, args, beside);
    const name = `CustomGradient-${made++}`;
    const [result, gradient] = f(...args);
    const results = (Array.isArray(result) ? result : [result]) as readonly Tensor[];
    const others = beside(args, result);
    const originals = results.map((each) => identity(each));
    registerGradient(name, (_, ...dys) => [
      ...originals.map(() => null),
      ...checked(gradient(...(dys.slice(0, results.length) as Tensor[])), args.length + others.length),
    ]);
    const inputs = [...results, ...args, ...others];
    const all = getDefaultGraph().gradientOverrideMap({ IdentityN: name }, () => identityN(inputs));
    return (Array.isArray(result) ? all.slice(0, results.length) : all[0]) as R;
  };
}

/** The function, differentiated as if it were the identity: the gradient of its result is its argument's. */
export const gradPassThrough = (f: (...args: Tensor[]) => Tensor): ((...args: TensorLike[]) => Tensor) =>
  customGradient((...args) => [f(...args), (...dys) => (dys.length === 1 ? args.map(() => dys[0]!) : dys)]);
