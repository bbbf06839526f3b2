/** Name scopes as Python's wrappers open them. */
import type { DType } from "../../../../core/dtype.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";

/** Runs fn in the name scope `name`, or in a fresh one called `byDefault`; fn gets the scope with its trailing "/", which names a node whole. */
export const inScope = <R>(name: string | null | undefined, byDefault: string, fn: (scope: string) => R): R =>
  getDefaultGraph().nameScope(name || byDefault, fn);

export interface Named {
  readonly name?: string | undefined;
}

const cppNames: Readonly<Record<string, string>> = { float16: "half", float32: "float", float64: "double" };

/** A dtype as kernels' messages name it: `float`, `int32`. */
export const cppName = (dtype: DType): string => cppNames[dtype.base] ?? dtype.base;

/** A list of numbers as kernels' messages print one: `[2,3]`. */
export const bracketed = (values: readonly (number | null)[]): string => `[${values.map((n) => n ?? "?").join(",")}]`;
