/** An iterator as a resource of the session: made once, given a dataset as often as wanted, asked by one caller at a time. Source: iterator_ops.cc */
import type { DType } from "../../../../core/dtype.ts";
import { CancelledError, FailedPreconditionError, invalidArgument } from "../../../../core/error.ts";
import type { Maybe } from "../../../../core/flow/maybe.ts";
import { compatible, formatShape, type Shape } from "../../../../core/shape.ts";
import { cppName } from "../../../../graph/def/node_text.ts";
import type { KeepsState, Kept } from "../../../../graph/kept.ts";
import { type DataIterator, type Dataset, type Element, nothing, type Runtime } from "../runtime/dataset.ts";
import { owned } from "../runtime/element.ts";
import type { Seed, SeedPlace } from "../runtime/random.ts";

/** Throws INVALID_ARGUMENT where components differ in number or dtype, or shapes cannot agree. */
export function checkComponents(
  wanted: { readonly dtypes: readonly DType[]; readonly shapes: readonly Shape[] },
  given: { readonly dtypes: readonly DType[]; readonly shapes: readonly Shape[] },
): void {
  if (wanted.dtypes.length !== given.dtypes.length)
    throw invalidArgument(
      `Number of components does not match: expected ${wanted.dtypes.length} types but got ${given.dtypes.length}.`,
    );
  for (const [i, dtype] of wanted.dtypes.entries()) {
    const other = given.dtypes[i]!;
    if (dtype !== other)
      throw invalidArgument(
        `Data type mismatch at component ${i}: expected ${cppName(dtype)} but got ${cppName(other)}.`,
      );
  }
  for (const [i, shape] of wanted.shapes.entries()) {
    const other = given.shapes[i]!;
    if (!compatible(shape, other))
      throw invalidArgument(
        `Incompatible shapes at component ${i}: expected ${formatShape(shape)} but got ${formatShape(other)}.`,
      );
  }
}

/** How far an iterator has come: elements given, and the seeds that their order rests on. */
export interface Position {
  readonly dataset: Dataset;
  readonly given: number;
  readonly seeds: readonly (readonly [Seed, Seed])[];
}

/** Datasets that work ahead; TensorFlow puts a prefetch behind all others, which the names of iterators show. */
const isAhead = (dataset: Dataset): boolean =>
  /^(Experimental)?(MapAndBatch|Parallel(Batch|Interleave|Map)|Prefetch)Dataset/.test(dataset.source.type);

/** What a later process needs to come to the same element: it walks there again with the seeds that were drawn. */
interface IteratorFacts {
  readonly given: number;
  readonly places: readonly SeedPlace[];
}

export class IteratorResource implements KeepsState {
  readonly container: string;
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  #iterator: DataIterator | null = null;
  #dataset: Dataset | null = null;
  #controller = new AbortController();
  /** The last call that still waits. */
  #tail: Promise<unknown> | null = null;
  /** Of an iterator that begins by itself: its beginning. */
  started: Promise<void> | null = null;
  /** Elements given since the iterator was made. */
  #given = 0;
  /** Seeds drawn since then. */
  #seeds: (readonly [Seed, Seed])[] = [];
  /** Where the generators of those seeds were. */
  #places: SeedPlace[] = [];
  /** Where the next beginning leads. */
  #owed: IteratorFacts | null = null;
  /** Elements still to pass over. */
  #ahead = 0;

  constructor(
    container: string,
    name: string,
    components: { readonly dtypes: readonly DType[]; readonly shapes: readonly Shape[] },
  ) {
    this.container = container;
    this.name = name;
    this.dtypes = components.dtypes;
    this.shapes = components.shapes;
  }

  /** Begins at the start of a dataset. Throws INVALID_ARGUMENT when its elements are not this iterator's. */
  initialize(dataset: Dataset, runtime: Runtime, seeds: readonly (readonly [Seed, Seed])[] = []): void {
    checkComponents(this, dataset);
    this.close();
    this.#controller = new AbortController();
    this.#dataset = dataset;
    this.#given = 0;
    const drawn: (readonly [Seed, Seed])[] = [];
    const places: SeedPlace[] = [];
    this.#seeds = drawn;
    this.#places = places;
    const owed = this.#owed;
    this.#owed = null;
    this.#ahead = owed?.given ?? 0;
    const draw: Runtime["draw"] = (generator) => {
      const place = owed?.places[drawn.length] ?? generator.place;
      const pair = seeds[drawn.length] ?? generator.nextAt(place);
      drawn.push(pair);
      places.push(place);
      return pair;
    };
    const prefix = isAhead(dataset) ? runtime.prefix : `${runtime.prefix}::Prefetch`;
    this.#iterator = dataset.iterate({ ...runtime, draw, prefix, signal: this.#controller.signal });
  }

  /** The next element, null at the end; calls are served in their order. Throws FAILED_PRECONDITION before the start. */
  next(signal: AbortSignal): Maybe<Element | null> {
    if (!this.#iterator)
      throw new FailedPreconditionError(
        "GetNext() failed because the iterator has not been initialized. Ensure that you have run the initializer operation for this iterator before getting the next element.",
      );
    if (this.#ahead > 0 && !this.#tail) this.#wait(this.#passOver());
    if (this.#tail) return cancellable(this.#queue(this.#tail), signal);
    const made = this.#iterator.next();
    if (!(made instanceof Promise)) return this.#give(made);
    const given = made.then((element) => this.#give(element));
    this.#wait(given);
    return cancellable(given, signal);
  }

  /** Walks to the place that is owed, giving way to timers and signals now and then. */
  async #passOver(): Promise<void> {
    const iterator = this.#iterator!;
    let since = performance.now();
    while (this.#ahead > 0 && this.#iterator === iterator) {
      this.#ahead--;
      const made = iterator.next();
      const element = made instanceof Promise ? await made : made;
      if (element === null) this.#ahead = 0;
      else this.#given++;
      if (performance.now() - since < 20) continue;
      await new Promise((resolve) => setImmediate(resolve));
      since = performance.now();
    }
  }

  kept(): Kept | null {
    if (!this.#dataset) return this.#owed && { facts: this.#owed, arrays: [] };
    const facts: IteratorFacts = { given: this.#given + this.#ahead, places: [...this.#places] };
    return { facts, arrays: [] };
  }

  goBackTo({ facts }: Kept): void {
    this.#owed = facts as IteratorFacts;
  }

  #queue(tail: Promise<unknown>): Promise<Element | null> {
    const given = tail.catch(nothing).then(async () => {
      const made = this.#iterator?.next() ?? null;
      return this.#give(made instanceof Promise ? await made : made);
    });
    this.#wait(given);
    return given;
  }

  #wait(given: Promise<unknown>): void {
    const tail = given.catch(nothing).then(() => {
      if (this.#tail === tail) this.#tail = null;
    });
    this.#tail = tail;
  }

  #give(element: Element | null): Element | null {
    if (element === null) return null;
    this.#given++;
    return owned(element);
  }

  /** Where it is; null before the beginning. */
  position(): Position | null {
    return this.#dataset ? { dataset: this.#dataset, given: this.#given, seeds: [...this.#seeds] } : null;
  }

  /** Goes to where an iterator was. */
  async restore({ dataset, given, seeds }: Position, runtime: Runtime): Promise<void> {
    this.initialize(dataset, runtime, seeds);
    while (this.#given < given && (await this.next(runtime.signal)) !== null);
  }

  close(): void {
    this.#controller.abort();
    this.#iterator?.close();
    this.#iterator = null;
  }
}

/** The promise, or CANCELLED as soon as the run is. */
function cancellable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => reject(new CancelledError("Iterator was cancelled"));
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
    promise.finally(() => signal.removeEventListener("abort", cancel)).then(resolve, reject);
  });
}
