/** `tf.wrapFunction`: a function of TensorFlow 1's style as one of the graph's library. Source: wrap_function.py. */
import { byName, type Rest } from "../../../ops/options.ts";
import { asFunction } from "../function.ts";
import type { ArgumentSpec } from "../signature.ts";

interface NameOption {
  readonly name?: string | null | undefined;
}

/** A traced function of tensors. */
export type WrappedFunction<A extends readonly unknown[], R> = (...args: A) => R;

/**
 * fn as a function that is traced once, for arguments of this signature; its variables are made in the first call and kept. Throws TypeError,
 * when called, for arguments that do not fit.
 */
// biome-ignore lint/suspicious/noExplicitAny: functions name the tensors they expect
export function wrapFunction<A extends readonly any[], R>(
  fn: (...args: A) => R,
  signature: readonly ArgumentSpec[],
  ...rest: Rest<NameOption, ["name"]>
): WrappedFunction<A, R> {
  const { name }: NameOption = byName(rest, ["name"]);
  return asFunction(fn, { inputSignature: signature, ...(name ? { name } : {}) });
}
