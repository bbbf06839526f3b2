/** Datasets where ops run at once: iterated as the program's own sequences. Source: iterator_ops.py, OwnedIterator. */
import type { Dataset as AnyDataset } from "../build/data/dataset.ts";
import { Dataset } from "../build/data/dataset.ts";
import { makeOwned } from "../build/data/iterator.ts";
import {
  type Any,
  attrsOf,
  elementOf,
  flatten,
  type Nested,
  packAs,
  type Spec,
  specsOf,
} from "../build/data/structure.ts";
import { DatasetSpec, OptionalSpec } from "../build/tensors/composite_specs.ts";
import { OpError, RuntimeError, TypeError } from "../core/error.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import { SparseTensor as SparseParts, SparseTensorValue } from "../graph/sparse_tensor.ts";
import type { Tensor } from "../graph/tensor.ts";
import { iteratorGetNextOp } from "../ops/index.ts";
import { applyLater } from "./execute.ts";

declare module "../build/data/dataset.ts" {
  interface Dataset {
    /** The elements, where ops run at once. Throws RuntimeError in a graph, or where an element has to be waited for. */
    [Symbol.iterator](): Generator<Any>;
    /** The elements, waiting for files and functions that wait. */
    [Symbol.asyncIterator](): AsyncGenerator<Any>;
    /** The elements as arrays, where ops run at once. Throws RuntimeError in a graph, TypeError for components that are no tensors. */
    asNumpyIterator(): NumpyIterator;
    /** The number of elements. Throws TypeError in a graph, and where it is infinite or not known. */
    readonly length: number;
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

/** An element's tensors as arrays; ragged and sparse ones as their values. */
const numpyOf = (element: Any): Any => packAs(element, flatten(element).map(valueOf));
const valueOf = (part: unknown): unknown =>
  part instanceof SparseParts ? sparseValue(part) : (part as { numpy(): unknown }).numpy();
const sparseValue = ({ indices, values, denseShape }: SparseParts): SparseTensorValue =>
  new SparseTensorValue({ indices: indices.numpy(), values: values.numpy(), denseShape: denseShape.numpy() });

/** The elements of a dataset as arrays. */
export class NumpyIterator {
  readonly #dataset: AnyDataset;

  constructor(dataset: AnyDataset) {
    this.#dataset = dataset;
  }

  *[Symbol.iterator](): Generator<Any> {
    for (const element of new Iterator(this.#dataset)) yield numpyOf(element);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Any> {
    for await (const element of new Iterator(this.#dataset)) yield numpyOf(element);
  }
}

function asNumpyIterator(dataset: AnyDataset): NumpyIterator {
  if (!getDefaultGraph().isEager)
    throw new RuntimeError("`tf.data.Dataset.as_numpy_iterator()` is only supported in eager mode.");
  for (const spec of specsOf(dataset.elementSpec)) {
    if (spec instanceof DatasetSpec || spec instanceof OptionalSpec)
      throw new TypeError(
        `\`tf.data.Dataset.as_numpy_iterator()\` is not supported for datasets that produce values of type ${spec.constructor.name}`,
      );
  }
  return new NumpyIterator(dataset);
}

function lengthOf(dataset: AnyDataset): number {
  if (!getDefaultGraph().isEager)
    throw new TypeError(
      "`tf.data.Dataset` only supports `len` in eager mode. Use `tf.data.Dataset.cardinality()` instead.",
    );
  const n = Number(dataset.cardinality().numpy().data[0]);
  if (n === -1) throw new TypeError("The dataset is infinite.");
  if (n === -2) throw new TypeError("The dataset length is unknown.");
  return n;
}

Object.defineProperty(Dataset.prototype, "length", {
  get(this: AnyDataset): number {
    return lengthOf(this);
  },
});

Object.assign(Dataset.prototype, {
  asNumpyIterator(this: AnyDataset): NumpyIterator {
    return asNumpyIterator(this);
  },
  [Symbol.iterator](this: AnyDataset): Generator<Any> {
    return new Iterator(this)[Symbol.iterator]();
  },
  [Symbol.asyncIterator](this: AnyDataset): AsyncGenerator<Any> {
    return new Iterator(this)[Symbol.asyncIterator]();
  },
});
