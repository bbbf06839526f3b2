/** What a run gives for a list or a record of fetches: an array or an object that prints as Python's list or dict. */
import { printValue } from "../core/print.ts";
import { inspectKey } from "../core/text/inspect.ts";

const hidden = (value: unknown): PropertyDescriptor => ({
  value,
  enumerable: false,
  writable: true,
  configurable: true,
});

/** Between the lists and Array.prototype: how a list prints. A class would make each list several times as slow. */
const printedList = Object.create(Array.prototype, {
  toString: hidden(function toString(this: readonly unknown[]) {
    return printValue(this);
  }),
  [inspectKey]: hidden(function inspect(this: readonly unknown[]) {
    return printValue(this);
  }),
}) as object;

/** The values of a list of fetches, in its order: `[2, 5]`. What `map` and `slice` give are plain arrays. */
export const fetchedList = (values: unknown[]): unknown[] => Object.setPrototypeOf(values, printedList) as unknown[];

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
