/**
 * Datasets and what walks over them. A dataset says what there is; each `iterate` begins anew:
 *
 *     Dataset ── iterate(runtime) ──► DataIterator ── next() ──► element | null (the end)
 *
 * `next` answers at once where nothing waits, else with a promise, and is not called again before that. After an error it goes on with
 * the next element. What an iterator gives belongs to its caller, save that rows may be views of what the dataset holds.
 * Source: dataset.h
 */
import type { DType } from "../../../../core/dtype.ts";
import type { Maybe } from "../../../../core/flow/maybe.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { FunctionRef } from "../../../../graph/attr.ts";
import type { Seed, SeedGenerator } from "./random.ts";

export type Element = readonly NdArray[];

export interface DataIterator {
  next(): Maybe<Element | null>;
  /** Frees files and what still waits. May be called twice. */
  close(): void;
}

/** What iterators need of the session that runs them. */
export interface Runtime {
  call(fn: FunctionRef, args: Element): Maybe<Element>;
  /** Seeds for an iterator: the generator's next ones, or those of the iterator that is restored. */
  draw(generator: SeedGenerator): readonly [Seed, Seed];
  /** Aborted when the iterator is closed. */
  readonly signal: AbortSignal;
  /** The iterator's place for messages: `Iterator::Root::Map`. */
  readonly prefix: string;
}

export interface Dataset {
  /** For messages: `MapDataset:1`. */
  readonly title: string;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  /** Number of elements, or `infinite` or `unknown`. */
  cardinality(): number;
  iterate(runtime: Runtime): DataIterator;
  /** The element at a place, for datasets that can tell. */
  at?(runtime: Runtime, index: number): Maybe<Element>;
  readonly source: DatasetSource;
  /** Its elements are what a function gives: a batch of them is put together by the function's own rules. */
  readonly isMapped?: boolean;
}

/** The node that made a dataset: with its inputs, it can be written as a graph. */
export interface DatasetSource {
  readonly type: string;
  readonly record: Readonly<Record<string, unknown>>;
}

export const infinite = -1;
export const unknown = -2;

export const nothing = (): void => {};

/** An iterator that has nothing to give. */
export const emptyIterator: DataIterator = { next: () => null, close: nothing };

type Take = (element: Element) => Maybe<void>;

/** All elements of a dataset, one after another: at once as long as nothing waits. */
export function forEachElement(dataset: Dataset, runtime: Runtime, take: Take): Maybe<void> {
  const iterator = dataset.iterate(runtime);
  const close = (): void => iterator.close();
  try {
    for (;;) {
      const made = iterator.next();
      if (made instanceof Promise) return takeRest(iterator, take, made).finally(close);
      if (made === null) break;
      const taken = take(made);
      if (taken instanceof Promise) return taken.then(() => takeRest(iterator, take, iterator.next())).finally(close);
    }
  } catch (error) {
    close();
    throw error;
  }
  return close();
}

async function takeRest(iterator: DataIterator, take: Take, first: Maybe<Element | null>): Promise<void> {
  for (let made = first; ; made = iterator.next()) {
    const element = made instanceof Promise ? await made : made;
    if (element === null) return;
    const taken = take(element);
    if (taken instanceof Promise) await taken;
  }
}
