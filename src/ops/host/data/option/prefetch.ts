/** Elements ahead of who asks for them. Source: prefetch_dataset_op.cc */
import { invalidArgument } from "../../../../core/error.ts";
import { type Maybe, mustBeDone } from "../../../../core/flow/maybe.ts";
import { type DataIterator, type Element, infinite } from "../runtime/dataset.ts";
import { datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { scalar } from "../runtime/element.ts";

const ownChoice = 8;

type Result = { readonly element: Element | null } | { readonly error: unknown };

/**
 * Keeps up to `size` elements ready while others wait for files or functions. What needs no waiting is not taken ahead: on one thread it
 * would only be earlier, not sooner.
 */
function prefetched(inner: DataIterator, size: number): DataIterator {
  const ready: Result[] = [];
  let isRunning = false;
  let hasEnded = false;
  let isClosed = false;
  let wake: (() => void) | null = null;
  const add = (result: Result): void => {
    ready.push(result);
    if ("element" in result && result.element === null) hasEnded = true;
    wake?.();
    wake = null;
  };
  const run = async (first: Promise<Element | null>): Promise<void> => {
    isRunning = true;
    let made: Maybe<Element | null> = first;
    for (;;) {
      try {
        add({ element: await made });
        if (hasEnded || isClosed || ready.length >= size) break;
        made = inner.next();
      } catch (error) {
        add({ error });
        break;
      }
    }
    isRunning = false;
  };
  const take = (): Element | null => {
    const result = ready.shift()!;
    if ("error" in result) throw result.error;
    return result.element;
  };
  const waiting = async (): Promise<Element | null> => {
    if (ready.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return take();
  };
  const goOn = (): void => {
    if (isRunning || hasEnded || isClosed || mustBeDone()) return;
    try {
      const made = inner.next();
      if (made instanceof Promise) void run(made);
      else add({ element: made });
    } catch (error) {
      add({ error });
    }
  };
  return {
    next() {
      if (ready.length > 0) {
        const element = take();
        if (ready.length === 0) goOn();
        return element;
      }
      if (hasEnded) return null;
      if (isRunning) return waiting();
      const made = inner.next();
      if (!(made instanceof Promise)) return made;
      void run(made);
      return waiting();
    },
    close() {
      isClosed = true;
      inner.close();
    },
  };
}

export const prefetchDatasetOp = defineDataset("PrefetchDataset", {
  inputs: ["input_dataset: variant", "buffer_size: int64"],
  attrs: [...typed, "slack_period: int = 0", "legacy_autotune: bool = true", "buffer_size_min: int = 0", metadata],
  make(op) {
    const input = datasetOf(op.input_dataset);
    const size = scalar(op.buffer_size, "buffer_size");
    if (size < infinite) throw invalidArgument("buffer_size must be >= 0 or set buffer_size to be -1 for auto-tuning");
    const { at } = input;
    return {
      cardinality: () => input.cardinality(),
      iterate(runtime) {
        const inner = input.iterate(runtime);
        return size === 0 ? inner : prefetched(inner, size < 0 ? ownChoice : size);
      },
      ...(at ? { at } : {}),
    };
  },
});
