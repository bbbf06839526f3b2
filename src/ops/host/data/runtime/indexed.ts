/** Walks over elements that can be had by their place. */
import { OutOfRangeError } from "../../../../core/error.ts";
import { type DataIterator, type Element, nothing } from "./dataset.ts";

/** Elements 0 <= i < n as `at` gives them. */
export function indexed(n: number, at: (i: number) => Element): DataIterator {
  let i = 0;
  return { next: () => (i < n ? at(i++) : null), close: nothing };
}

export function checkIndex(index: number, n: number): void {
  if (index < 0 || index >= n) throw new OutOfRangeError(`Index out of range [0, ${n}):${index}`);
}
