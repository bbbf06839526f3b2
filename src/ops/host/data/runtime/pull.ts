/** Pulling from an iterator until something comes of it, without a promise as long as nothing waits. */
import type { Maybe } from "../../../../core/flow/maybe.ts";
import type { DataIterator, Element } from "./dataset.ts";

/** What `decide` says for: take the next element. */
export const again: unique symbol = Symbol("again");
export type Again = typeof again;

/** Hands element after element (null at the end) to `decide`, until it gives a result. */
export function pull<R>(iterator: DataIterator, decide: (element: Element | null) => Maybe<R | Again>): Maybe<R> {
  for (;;) {
    const element = iterator.next();
    if (element instanceof Promise) return waiting(iterator, decide, element.then(decide));
    const result = decide(element);
    if (result instanceof Promise) return waiting(iterator, decide, result);
    if (result !== again) return result;
  }
}

async function waiting<R>(
  iterator: DataIterator,
  decide: (element: Element | null) => Maybe<R | Again>,
  first: Promise<R | Again>,
): Promise<R> {
  let result: R | Again = await first;
  while (result === again) {
    const made = iterator.next();
    const decided = decide(made instanceof Promise ? await made : made);
    result = decided instanceof Promise ? await decided : decided;
  }
  return result as R;
}
