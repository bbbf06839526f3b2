/** Arguments that Python takes by position or by keyword: values in order, then one object of options. */
import { TypeError } from "../core/error.ts";
import { NdArray } from "../core/nd_array.ts";
import { isSymbolic, type TensorLike } from "./convert.ts";

/** `f(x, 0, 1, { name })`, `f(x, { mean: 0 })`: leading values, the options last. */
export type Arguments<O> =
  | readonly [...(readonly (TensorLike | null | undefined)[]), O]
  | readonly (TensorLike | null | undefined)[];

/**
 * The optional arguments of a function in Python's order, each by its place or by its name: with `Rest<O, ["axis", "name"]>`
 * all of `f(x, 1)`, `f(x, 1, "y")`, `f(x, 1, { name: "y" })` and `f(x, { axis: 1 })`.
 */
export type Rest<O, K extends readonly PropertyKey[]> =
  | (Partial<O> extends O ? readonly [options?: O] : readonly [options: O])
  | (K extends readonly [infer F extends keyof O, ...infer R extends readonly PropertyKey[]]
      ? readonly [O[F] | null, ...Rest<Omit<O, F>, R>]
      : never);

const isOptions = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !ArrayBuffer.isView(value) &&
  !(value instanceof NdArray) &&
  !isSymbolic(value);

/** The arguments as one object; `names` are those of the values by position. */
export function argumentsOf<O>(given: Arguments<O>, names: readonly (keyof O)[]): O {
  const values = [...given];
  const options = isOptions(values.at(-1)) ? (values.pop() as O) : ({} as O);
  const positional = values.flatMap((value, i) => (value === undefined ? [] : [[names[i]!, value]]));
  return { ...(Object.fromEntries(positional) as O), ...options };
}

const isPlain = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** The arguments of `Rest` as one object. Throws TypeError for more values than names. */
export function byName<O>(given: readonly unknown[], names: readonly (keyof O)[]): O {
  if (given.length === 0) return {} as O;
  const last = given[given.length - 1];
  if (given.length === 1 && isPlain(last)) return last as O;
  const values = isPlain(last) || last === undefined ? given.slice(0, -1) : given;
  if (values.length > names.length)
    throw new TypeError(`at most ${names.length} optional arguments by position, but ${values.length} were given`);
  const options: Partial<O> = {};
  for (const [i, value] of values.entries()) {
    if (value !== null && value !== undefined) options[names[i]!] = value as O[keyof O];
  }
  return (isPlain(last) ? Object.assign(options, last) : options) as O;
}

/** The options that the arguments behind the named ones end in. */
type LastOf<P> = P extends readonly [options?: infer O] ? O : never;
type Behind<P> = P extends readonly [unknown?, ...infer R] ? R : never;
type FirstOf<P> = P extends readonly [(infer A)?, ...unknown[]] ? A : never;

/** The arguments of these names, and the options behind them, as one object. */
type Named<P, N> = N extends readonly [infer K extends string, ...infer M]
  ? { readonly [key in K]: FirstOf<P> } & Named<Behind<P>, M>
  : LastOf<P>;

/** All of the arguments by name, or those behind the first one, … */
type Given<P, N> = N extends readonly [string, ...infer M]
  ? readonly [named: Named<P, N>] | readonly [FirstOf<P>, ...Given<Behind<P>, M>]
  : never;

/** A function whose first arguments, `N`, may also come by name, as all arguments may in Python. */
export type Keywords<F extends (...args: never[]) => unknown, N extends readonly string[]> = ((
  ...given: Given<Parameters<F>, N>
) => ReturnType<F>) &
  F;

/**
 * Lets the arguments that a function needs come by name, too: with `["tensor", "shape"]` all of `f(x, [2])`, `f(x, { shape: [2] })` and
 * `f({ tensor: x, shape: [2] })`. `names` are Python's, in order; what else the object holds are options.
 */
export function byKeyword<F extends (...args: never[]) => unknown, const N extends readonly string[]>(
  names: N,
  call: F,
): Keywords<F, N> {
  const run = call as unknown as (...args: unknown[]) => unknown;
  const either = (...args: unknown[]): unknown => {
    const last = args[args.length - 1];
    const first = names[args.length - 1];
    if (first === undefined || !isPlain(last) || !Object.hasOwn(last as object, first)) return run(...args);
    const options: Record<string, unknown> = { ...(last as object) };
    const values = args.slice(0, -1);
    for (const name of names.slice(args.length - 1)) {
      values.push(options[name]);
      delete options[name];
    }
    return Object.keys(options).length === 0 ? run(...values) : run(...values, options);
  };
  Object.defineProperties(either, { name: { value: call.name }, length: { value: call.length } });
  return either as unknown as Keywords<F, N>;
}
