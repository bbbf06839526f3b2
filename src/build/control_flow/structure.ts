/** Nested lists and records of values, flattened and put together again. Records go by sorted keys. Source: nest.py. */

import { ValueError } from "../../core/error.ts";
import { pythonType } from "../../core/text/python_type.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import { Operation } from "../../graph/operation.ts";
import { isTensorConvertible, Tensor } from "../../graph/tensor.ts";
import { TensorShape } from "../../graph/tensor_shape.ts";

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

/** A shape is one value, though its dimensions can be counted. */
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && !(value instanceof TensorShape);

/** The leaves in order. */
export function flatten<T>(value: Nested<T>): T[] {
  if (isList(value)) return (value as readonly Nested<T>[]).flatMap(flatten);
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
    if (isList(node)) return (node as readonly Nested<T>[]).map(build);
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

/** Throws TypeError or ValueError when two structures differ, in the words of nest.assert_same_structure. Source: util/util.cc. */
export function checkSameStructure(a: unknown, b: unknown): void {
  const difference = firstDifference(a, b);
  if (difference === null) return;
  const text = `The two structures don't have the same nested structure.\n\nFirst structure: ${described(a)}\n\nSecond structure: ${described(b)}\n\nMore specifically: ${difference}\nEntire first structure:\n${outline(a)}\nEntire second structure:\n${outline(b)}`;
  throw new ValueError(text);
}

function firstDifference(a: unknown, b: unknown): string | null {
  if (isNested(a) !== isNested(b)) {
    const [inner, leaf] = isNested(a) ? [a, b] : [b, a];
    return `Substructure "${described(inner)}" is a sequence, while substructure "${described(leaf)}" is not`;
  }
  if (!isNested(a) || !isNested(b)) return null;
  const [keys, others] = [Object.keys(a).sort(), Object.keys(b).sort()];
  if (isRecord(a) && isRecord(b) && keys.join() !== others.join()) {
    return `The two dictionaries don't have the same set of keys. First structure has keys ${described(keys)}, while second structure has keys ${described(others)}`;
  }
  if (keys.length !== others.length) {
    return `The two structures don't have the same number of elements. First structure: ${described(a)}. Second structure: ${described(b)}`;
  }
  for (const key of Object.keys(a)) {
    const found = firstDifference(item(a, key), item(b, key));
    if (found !== null) return found;
  }
  return null;
}

const isNested = (value: unknown): value is object => isList(value) || isRecord(value);
const item = (value: object, key: string): unknown => (value as Record<string, unknown>)[key];

/** `type=list str=[<tf.Tensor …>]`. */
function described(value: unknown): string {
  if (Array.isArray(value)) return `type=list str=${pythonText(value)}`;
  if (isRecord(value)) return `type=dict str=${pythonText(value)}`;
  if (value instanceof Tensor) return `type=SymbolicTensor str=${value}`;
  return `type=${pythonType(value)} str=${pythonText(value)}`;
}

export function pythonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonText).join(", ")}]`;
  if (isRecord(value)) {
    return `{${Object.keys(value)
      .map((key) => `'${key}': ${pythonText(value[key])}`)
      .join(", ")}}`;
  }
  if (typeof value === "string") return `'${value}'`;
  return value instanceof Tensor ? value.repr() : String(value);
}

/** The structure with a dot for each leaf. */
function outline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(outline).join(", ")}]`;
  if (!isRecord(value)) return ".";
  return `{${Object.keys(value)
    .sort()
    .map((key) => `'${key}': ${outline(value[key])}`)
    .join(", ")}}`;
}
