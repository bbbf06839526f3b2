/** Arguments that Python takes by position or by keyword: values in order, then one object of options. */
import { NdArray } from "../core/nd_array.ts";
import { isSymbolic, type TensorLike } from "./convert.ts";

/** `f(x, 0, 1, { name })`, `f(x, { mean: 0 })`: leading values, the options last. */
export type Arguments<O> =
  | readonly [...(readonly (TensorLike | null | undefined)[]), O]
  | readonly (TensorLike | null | undefined)[];

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
