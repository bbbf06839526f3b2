/** Name scopes as Python's wrappers open them. */
import { getDefaultGraph } from "../../../../graph/graph.ts";

/** Runs fn in the name scope `name`, or in a fresh one called `byDefault`; fn gets the scope with its trailing "/", which names a node whole. */
export const inScope = <R>(name: string | null | undefined, byDefault: string, fn: (scope: string) => R): R =>
  getDefaultGraph().nameScope(name || byDefault, fn);

export interface Named {
  readonly name?: string | undefined;
}

/** A node's name, by its place or among options: `f(x, "y")` and `f(x, { name: "y" })`. */
export type Name = string | Named | null | undefined;

export const nameOf = (given: Name): string | undefined =>
  typeof given === "string" ? given : (given?.name ?? undefined);

/** A list of numbers as kernels' messages print one: `[2,3]`. */
export const bracketed = (values: readonly (number | null)[]): string => `[${values.map((n) => n ?? "?").join(",")}]`;
