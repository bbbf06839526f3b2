/** Nested lists and records of values, flattened and put together again. Records go by sorted keys. Source: nest.py. */

import { TypeError, ValueError } from "../../core/error.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import { Operation } from "../../graph/operation.ts";
import { isTensorConvertible, Tensor } from "../../graph/tensor.ts";

/** A value that goes through control flow as one tensor: a TensorArray as its flow. */
export interface FlowArray {
  readonly flow: Tensor;
  withFlow(flow: Tensor): FlowArray;
}

export const isFlowArray = (value: unknown): value is FlowArray =>
  typeof value === "object" && value !== null && "withFlow" in value;

export type Nested<T> = T | readonly Nested<T>[] | { readonly [key: string]: Nested<T> };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !(
    value instanceof Tensor ||
    value instanceof Operation ||
    value instanceof IndexedSlices ||
    isTensorConvertible(value)
  );

/** The leaves in order. */
export function flatten<T>(value: Nested<T>): T[] {
  if (Array.isArray(value)) return (value as readonly Nested<T>[]).flatMap(flatten);
  if (isRecord(value))
    return Object.keys(value)
      .sort()
      .flatMap((key) => flatten(value[key] as Nested<T>));
  return [value as T];
}

/** The leaves in the structure of `like`. */
export function pack<T, U>(like: Nested<T>, leaves: readonly U[]): Nested<U> {
  let at = 0;
  const build = (node: Nested<T>): Nested<U> => {
    if (Array.isArray(node)) return (node as readonly Nested<T>[]).map(build);
    if (isRecord(node)) {
      const keys = Object.keys(node).sort();
      return Object.fromEntries(keys.map((key) => [key, build(node[key] as Nested<T>)])) as {
        [key: string]: Nested<U>;
      };
    }
    return leaves[at++]!;
  };
  return build(like);
}

/** Throws TypeError or ValueError when two structures differ. */
export function checkSameStructure(a: unknown, b: unknown): void {
  const kind = (value: unknown): string => (Array.isArray(value) ? "list" : isRecord(value) ? "dict" : "leaf");
  if (kind(a) !== kind(b)) {
    throw new TypeError(
      `The two structures don't have the same nested structure.\n\nFirst structure: ${String(a)}\n\nSecond structure: ${String(b)}`,
    );
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) {
      throw new ValueError(
        `The two structures don't have the same nested structure.\n\nFirst structure: ${String(a)}\n\nSecond structure: ${String(b)}\n\nMore specifically: The two structures don't have the same number of elements.`,
      );
    }
    for (const [i, item] of a.entries()) checkSameStructure(item, b[i]);
  } else if (isRecord(a) && isRecord(b)) {
    if (Object.keys(a).sort().join() !== Object.keys(b).sort().join()) {
      throw new ValueError(
        `The two dictionaries don't have the same set of keys. First structure has keys ${Object.keys(a).sort().join(", ")}, while second structure has keys ${Object.keys(b).sort().join(", ")}`,
      );
    }
    for (const key of Object.keys(a)) checkSameStructure(a[key], b[key]);
  }
}
