/** A function's results for the elements of a dataset, one at a time or several. Source: map_dataset_op.cc, parallel_map_dataset_op.cc */
import { invalidArgument, OutOfRangeError } from "../../../../core/error.ts";
import { after, type Maybe } from "../../../../core/flow/maybe.ts";
import type { Call } from "../runtime/captured.ts";
import type { DataIterator, Dataset, Element, Runtime } from "../runtime/dataset.ts";

/**
 * The function's result for each element. An OUT_OF_RANGE of the function is the end, or INVALID_ARGUMENT where the number of elements is to
 * be kept.
 */
export function mapIterator(
  input: Dataset,
  call: Call,
  runtime: Runtime,
  { keepsCount = false, atOnce = 1 }: { readonly keepsCount?: boolean; readonly atOnce?: number } = {},
): DataIterator {
  const inner = input.iterate(runtime);
  const failed = (error: unknown): null => {
    if (!(error instanceof OutOfRangeError)) throw error;
    if (!keepsCount) return null;
    throw invalidArgument(`Function invocation produced OutOfRangeError: ${error.message}`, { cause: error });
  };
  const apply = (element: Element | null): Maybe<Element | null> => {
    if (element === null) return null;
    try {
      const result = call(runtime, element);
      return result instanceof Promise ? result.catch(failed) : result;
    } catch (error) {
      return failed(error);
    }
  };
  if (atOnce === 1) return { next: () => after(inner.next(), apply), close: () => inner.close() };
  return severalAtOnce(inner, apply, atOnce);
}

/** Calls that wait run beside each other, up to `atOnce` of them; results come in the order of the elements. */
function severalAtOnce(
  inner: DataIterator,
  apply: (element: Element | null) => Maybe<Element | null>,
  atOnce: number,
): DataIterator {
  const running: Promise<Element | null>[] = [];
  let hasEnded = false;
  const start = (result: Promise<Element | null>): void => {
    result.catch(() => {});
    running.push(result);
  };
  const fill = async (): Promise<void> => {
    while (running.length < atOnce && !hasEnded) {
      try {
        const made = inner.next();
        const element = made instanceof Promise ? await made : made;
        if (element === null) hasEnded = true;
        else start((async () => apply(element))());
      } catch (error) {
        start(Promise.reject(error));
      }
    }
  };
  const ordered = async (): Promise<Element | null> => {
    await fill();
    return running.length === 0 ? null : running.shift()!;
  };
  return {
    next() {
      if (running.length > 0 || hasEnded) return ordered();
      const element = inner.next();
      if (element instanceof Promise) {
        return element.then((value) => {
          if (value === null) {
            hasEnded = true;
            return null;
          }
          const result = apply(value);
          if (!(result instanceof Promise)) return result;
          start(result);
          return ordered();
        });
      }
      if (element === null) return null;
      const result = apply(element);
      if (!(result instanceof Promise)) return result;
      start(result);
      return ordered();
    },
    close: () => inner.close(),
  };
}

/** As many calls at once as asked for; -1 leaves it to us. Throws INVALID_ARGUMENT. */
export function parallelism(n: number): number {
  if (n === -1) return 16;
  if (n < 1) throw invalidArgument("num_parallel_calls must be greater than zero.");
  return n;
}
