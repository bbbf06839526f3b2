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
