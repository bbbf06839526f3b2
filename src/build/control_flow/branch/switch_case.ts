/** `tf.switch_case`: one of several branches by its number. Source: control_flow_switch_case.py. */

import { TypeError, ValueError } from "../../../core/error.ts";
import { pythonType } from "../../../core/text/python_type.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { IndexedSlices } from "../../../graph/indexed_slices.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { byKeyword, byName, type Rest } from "../../../ops/options.ts";
import { FunctionBody } from "../../functions/body.ts";
import { indexedCase } from "../../functions/cond.ts";
import { caseInFunction } from "../in_function.ts";
import type { FlowArray, Nested } from "../structure.ts";
import type { BranchResult } from "./cond.ts";

type BranchFn = () => BranchResult;

/** Functions in the order of their numbers, in a list, as pairs with their numbers, or as a record or Map by number. */
export type BranchFns =
  | readonly BranchFn[]
  | readonly (readonly [number, BranchFn])[]
  | ReadonlyMap<number, BranchFn>
  | { readonly [index: number]: BranchFn };

export interface SwitchCaseOptions {
  /** Runs for an index that no function has; the last function by default. */
  readonly default?: BranchFn | null | undefined;
  readonly name?: string | null | undefined;
}

/**
 * What the function with the number branchIndex (an int32 scalar) returns: a tensor or a structure of tensors, the same for all. Throws
 * TypeError for an index that is no integer tensor, ValueError for numbers that are not 0 … n - 1.
 */
export const switchCase = byKeyword(
  ["branchIndex", "branchFns"],
  function switchCase(
    branchIndex: Tensor,
    branchFns: BranchFns,
    ...rest: Rest<SwitchCaseOptions, ["default", "name"]>
  ): Tensor | Nested<Tensor | IndexedSlices | FlowArray> {
    const options: SwitchCaseOptions = byName(rest, ["default", "name"]);
    const graph = getDefaultGraph();
    const fns = functionsOf(branchIndex, branchFns);
    if (options.default) fns.push(options.default);
    return graph.nameScope(options.name || "switch_case", () => {
      if (graph.isEager) {
        const i = Number(branchIndex.numpy().item());
        return fns[i < 0 || i >= fns.length ? fns.length - 1 : i]!() as Tensor;
      }
      if (graph instanceof FunctionBody) return caseInFunction(graph, branchIndex, fns) as Tensor;
      return indexedCase(branchIndex, fns);
    });
  },
);

/** Throws TypeError or ValueError in Python's words for what are no functions by number. */
function functionsOf(branchIndex: unknown, given: BranchFns): BranchFn[] {
  if (!(branchIndex instanceof Tensor))
    throw new TypeError(`'branch_index' must be a Tensor, got <class '${pythonType(branchIndex)}'>`);
  if (!branchIndex.dtype.isInteger)
    throw new TypeError(`'branch_index' must be an integer Tensor, got ${String(branchIndex.dtype)}`);
  const isObject = typeof given === "object" && given !== null;
  if (!given || (isObject && entriesOf(given).length === 0))
    throw new ValueError("Must provide at least one item in 'branch_fns'");
  if (!isObject) throw new TypeError("'branch_fns' must be a list, tuple, or dict");
  const pairs = entriesOf(given);
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new TypeError(`Each entry in 'branch_fns' must be a 2-tuple. Received ${String(pair)}.`);
    const [key, fn] = pair as [unknown, unknown];
    if (typeof key !== "number") throw new TypeError(`key must be a Python \`int\`, got <class '${pythonType(key)}'>`);
    if (typeof fn !== "function") throw new TypeError(`fn for key ${key} must be callable.`);
  }
  const sorted = [...(pairs as [number, BranchFn][])].sort(([a], [b]) => a - b);
  if (sorted.some(([key], i) => key !== i)) {
    throw new ValueError(
      `branch indices (keys) must form contiguous range of [0 to ${sorted.length}) but found {${sorted.map(([key]) => key).join(",")}}`,
    );
  }
  return sorted.map(([, fn]) => fn);
}

/** Keys of a record that are numbers are numbers again. */
function entriesOf(given: object): unknown[] {
  if (given instanceof Map) return [...given];
  if (!Array.isArray(given)) {
    return Object.entries(given).map(([key, fn]) => [/^-?\d+$/.test(key) ? Number(key) : key, fn]);
  }
  return given.every((fn) => typeof fn === "function") ? given.map((fn, i) => [i, fn]) : given;
}
