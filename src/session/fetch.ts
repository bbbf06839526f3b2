/** Fetches that nest freely: lists and records of tensors, operations, variables, names. Source: session.py, _FetchMapper. */
import { KeyError, TypeError, ValueError } from "../core/error.ts";
import type { NdArray } from "../core/nd_array.ts";
import { printValue } from "../core/print.ts";
import { inspectKey } from "../core/text/inspect.ts";
import type { Graph } from "../graph/graph.ts";
import { IndexedSlices, IndexedSlicesValue } from "../graph/indexed_slices.ts";
import { Operation } from "../graph/operation.ts";
import { typeName } from "../graph/parts/element.ts";
import {
  asTensor,
  type Composite,
  composite,
  isComposite,
  isTensorConvertible,
  Tensor,
  type TensorConvertible,
} from "../graph/tensor.ts";
import { TensorShape } from "../graph/tensor_shape.ts";
import { fetchedList, fetchedRecord } from "./fetched.ts";

/** A structure of fetches. */
export type Fetches =
  | Tensor
  | TensorConvertible
  | Operation
  | IndexedSlices
  | Composite
  | string
  | readonly Fetches[]
  | { readonly [key: string]: Fetches };

/** The structure's values: arrays for tensors, null for operations. */
export type Fetched<F> = F extends Tensor | TensorConvertible
  ? NdArray
  : F extends Operation
    ? null
    : F extends IndexedSlices
      ? IndexedSlicesValue
      : F extends Composite
        ? ReturnType<ReturnType<F[typeof composite]>["rebuild"]>
        : F extends string
          ? NdArray | null
          : F extends readonly unknown[]
            ? { -readonly [K in keyof F]: Fetched<F[K]> }
            : F extends object
              ? { -readonly [K in keyof F]: Fetched<F[K]> }
              : never;

/** Flat tensors and operations, and how to put their values back into the structure. */
export interface FetchPlan {
  readonly tensors: readonly Tensor[];
  readonly operations: readonly Operation[];
  rebuild(values: readonly NdArray[]): unknown;
}

/** The handle that a node of `keepsTensor` gave. */
type HandleMaker = (value: NdArray, op: Operation) => unknown;

/** Python's `a list of other fetches`, flattened. Throws TypeError or ValueError in Python's words. */
export function planFetches(graph: Graph, fetches: unknown, handleOf: HandleMaker): FetchPlan {
  const tensors: Tensor[] = [];
  const operations: Operation[] = [];
  const places = new Map<Tensor, number>();
  const place = (tensor: Tensor): number => {
    let at = places.get(tensor);
    if (at === undefined) {
      at = tensors.length;
      tensors.push(tensor);
      places.set(tensor, at);
    }
    return at;
  };
  const visit = (fetch: unknown): ((values: readonly NdArray[]) => unknown) => {
    if (fetch === null || fetch === undefined) {
      throw new TypeError('Argument `fetch` = None has invalid type "NoneType". Cannot be None');
    }
    if (Array.isArray(fetch) && !(fetch instanceof TensorShape)) {
      const parts = fetch.map(visit);
      const n = parts.length;
      if (inspectKey in fetch) return (values) => fetch.map((_, i) => parts[i]!(values)); // a named tuple
      return (values) => {
        const list = fetchedList(n);
        for (let i = 0; i < n; i++) list[i] = parts[i]!(values);
        return list;
      };
    }
    if (fetch instanceof IndexedSlices) {
      const values_ = place(fetch.values);
      const indices = place(fetch.indices);
      const dense = fetch.denseShape ? place(fetch.denseShape) : -1;
      return (values) => new IndexedSlicesValue(values[values_]!, values[indices]!, dense < 0 ? null : values[dense]!);
    }
    if (isComposite(fetch)) {
      const { tensors: parts, rebuild } = fetch[composite]();
      const at = parts.map(place);
      return (values) => rebuild(at.map((i) => values[i]!));
    }
    const element = elementOf(graph, fetch);
    if (element instanceof Tensor) {
      const at = place(element);
      const { op } = element;
      return op.definition.keepsTensor ? (values) => handleOf(values[at]!, op) : (values) => values[at]!;
    }
    if (element instanceof Operation) {
      operations.push(element);
      return () => null;
    }
    const parts = Object.entries(fetch as Record<string, unknown>).map(([key, item]) => [key, visit(item)] as const);
    return (values) => fetchedRecord(parts.map(([key, part]) => [key, part(values)]));
  };
  const rebuild = visit(fetches);
  return { tensors, operations, rebuild };
}

/** The tensor or operation that one fetch names; null for a record. */
function elementOf(graph: Graph, fetch: unknown): Tensor | Operation | null {
  const item = isTensorConvertible(fetch) ? (fetch.asGraphElement?.() ?? fetch[asTensor]({ asRef: true })) : fetch;
  if (typeof item === "object" && !(item instanceof Tensor) && !(item instanceof Operation)) {
    const prototype = Object.getPrototypeOf(item);
    if (prototype === Object.prototype || prototype === null) return null;
  }
  try {
    return graph.asGraphElement(item);
  } catch (error) {
    if (error instanceof TypeError) {
      throw new TypeError(
        `Argument \`fetch\` = ${shown(item)} has invalid type "${typeName(item)}" must be a string or Tensor. (${error.message})`,
      );
    }
    if (error instanceof KeyError || error instanceof ValueError) {
      throw new ValueError(
        `Argument \`fetch\` = ${shown(fetch)} cannot be interpreted as a Tensor. (${error.message})`,
      );
    }
    throw error;
  }
}

const shown = (value: unknown): string => (typeof value === "boolean" ? printValue(value) : String(value));

/** Fetches that are compared cheaply: one element or a flat list. */
export const isSimple = (fetches: unknown): boolean =>
  !Array.isArray(fetches)
    ? typeof fetches === "string" || Object.getPrototypeOf(fetches) !== Object.prototype
    : fetches.every((fetch) => !Array.isArray(fetch) && isSimple(fetch));

/** Are these the same elements, in one or in a flat list? */
export function sameFetches(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
