/** Datasets where ops run at once: iterated as the program's own sequences. Source: iterator_ops.py, OwnedIterator. */
import type { Dataset as AnyDataset } from "../build/data/dataset.ts";
import { Dataset } from "../build/data/dataset.ts";
import { makeOwned } from "../build/data/iterator.ts";
import { type Any, attrsOf, elementOf, type Nested, type Spec } from "../build/data/structure.ts";
import { OpError, RuntimeError } from "../core/error.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { iteratorGetNextOp } from "../ops/index.ts";
import { applyLater } from "./execute.ts";

declare module "../build/data/dataset.ts" {
  interface Dataset {
    /** The elements, where ops run at once. Throws RuntimeError in a graph, or where an element has to be waited for. */
    [Symbol.iterator](): Generator<Any>;
    /** The elements, waiting for files and functions that wait. */
    [Symbol.asyncIterator](): AsyncGenerator<Any>;
  }
}

const isEnd = (error: unknown): boolean => error instanceof OpError && error.code === "OUT_OF_RANGE";

/** A place in a dataset. `tf.contrib.eager.Iterator`. */
export class Iterator {
  readonly #resource: Tensor;
  readonly #spec: Nested<Spec>;

  /** Throws RuntimeError in a graph. */
  constructor(dataset: AnyDataset) {
    if (!getDefaultGraph().isEager) {
      throw new RuntimeError(
        "`tf.data.Dataset` only supports Python-style iteration in eager mode or within tf.function.",
      );
    }
    this.#resource = makeOwned(dataset);
    this.#spec = dataset.elementSpec;
  }

  get #record(): { readonly iterator: Tensor } & ReturnType<typeof attrsOf> {
    return { iterator: this.#resource, ...attrsOf(this.#spec) };
  }

  /** The next element. OUT_OF_RANGE at the end. */
  getNext(): Any {
    return elementOf(this.#spec, iteratorGetNextOp(this.#record));
  }

  *[Symbol.iterator](): Generator<Any> {
    for (;;) {
      let element: Any;
      try {
        element = this.getNext();
      } catch (error) {
        if (isEnd(error)) return;
        throw error;
      }
      yield element;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Any> {
    for (;;) {
      let tensors: readonly Tensor[];
      try {
        tensors = (await applyLater(iteratorGetNextOp.definition, this.#record)) as readonly Tensor[];
      } catch (error) {
        if (isEnd(error)) return;
        throw error;
      }
      yield elementOf(this.#spec, tensors);
    }
  }
}

Object.assign(Dataset.prototype, {
  [Symbol.iterator](this: AnyDataset): Generator<Any> {
    return new Iterator(this)[Symbol.iterator]();
  },
  [Symbol.asyncIterator](this: AnyDataset): AsyncGenerator<Any> {
    return new Iterator(this)[Symbol.asyncIterator]();
  },
});
