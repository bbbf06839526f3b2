/** What a run gives for a list or a record of fetches: an array or an object that prints as Python's list or dict. */
import { printValue } from "../core/print.ts";
import { inspectKey } from "../core/text/inspect.ts";

const hidden = (value: unknown): PropertyDescriptor => ({
  value,
  enumerable: false,
  writable: true,
  configurable: true,
});

/** A list that prints so; its constructor is Array's, so that what `map` and `slice` give are plain arrays. */
class PrintedList extends Array<unknown> {
  override toString(): string {
    return printValue(this);
  }
}
Object.defineProperty(PrintedList.prototype, inspectKey, hidden(PrintedList.prototype.toString));
Reflect.deleteProperty(PrintedList.prototype, "constructor");

/** A list of n fetches to be filled: `[2, 5]`. */
export const fetchedList = (n: number): unknown[] => new PrintedList(n);

/** The values of a record of fetches under its keys: `{'loss': 0.5}`. */
export function fetchedRecord(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.assign(Object.create(printed) as Record<string, unknown>, Object.fromEntries(entries));
}

/** Between the records and Object.prototype: how a record prints. */
const printed = Object.create(Object.prototype, {
  toString: hidden(function toString(this: unknown) {
    return printValue({ ...(this as object) });
  }),
  [inspectKey]: hidden(function inspect(this: unknown) {
    return printValue({ ...(this as object) });
  }),
});
