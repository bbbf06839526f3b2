/** Which objects of a program lie in which: the graph that object-based checkpoints follow. Source: tensorflow/python/trackable/base.py. */
import { DType } from "../../core/dtype.ts";
import { NdArray } from "../../core/nd_array.ts";
import { Graph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { Variable } from "../variables/variable.ts";

/** A method that names what lies in an object, in place of its properties. */
export const trackableChildren: unique symbol = Symbol("trackableChildren");

interface Trackable {
  [trackableChildren](): Iterable<readonly [name: string, child: object]>;
}

/** What keeps variables beside variables: optimizers. */
export interface SlotKeeper {
  getSlotNames(): string[];
  getSlot(variable: Variable, name: string): Variable | null;
}

export const isSlotKeeper = (value: object): value is SlotKeeper => "getSlotNames" in value && "getSlot" in value;

const isOwn = (value: object): value is Trackable => trackableChildren in value;

/** Values, and parts of graphs, hold nothing that is saved. */
function isPlainValue(value: object): boolean {
  return (
    value instanceof Tensor ||
    value instanceof Operation ||
    value instanceof Graph ||
    value instanceof IndexedSlices ||
    value instanceof NdArray ||
    value instanceof DType ||
    ArrayBuffer.isView(value) ||
    value instanceof Promise ||
    value instanceof Map ||
    value instanceof Set
  );
}

/** May the value be a part of a checkpoint? */
export const isTrackable = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !isPlainValue(value);

/** What lies in an object, by name: elements of lists, properties, or what it says itself. */
export function childrenOf(object: object): [name: string, child: object][] {
  if (object instanceof Variable) return [];
  if (isOwn(object)) return [...object[trackableChildren]()].map(([name, child]) => [name, child]);
  return Object.entries(object).filter(
    (entry): entry is [string, object] => isTrackable(entry[1]) && holdsSomething(entry[1], new Set([object])),
  );
}

/** Is there a variable in it, or an object that says itself what it holds? */
function holdsSomething(object: object, seen: Set<object>): boolean {
  if (object instanceof Variable || isOwn(object)) return true;
  if (seen.has(object)) return false;
  seen.add(object);
  return Object.values(object).some((each) => isTrackable(each) && holdsSomething(each, seen));
}
