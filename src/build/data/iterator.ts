/** `tf.data.Iterator`: gives the elements of a dataset, one in each run of `getNext`. Source: iterator_ops.py */
import { createHash } from "node:crypto";
import type { DType } from "../../core/dtype.ts";
import { string } from "../../core/dtype.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import { addFunction, nodesBetween } from "../../graph/def/to_function.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  iteratorFromStringHandleV2Op,
  iteratorGetNextOp,
  iteratorToStringHandleOp,
  iteratorV2Op,
  makeIteratorOp,
  oneShotIteratorOp,
} from "../../ops/index.ts";
import { type AsComponent, elementOf } from "./function.ts";
import { type Any, attrsOf, checkCompatible, mapSpecs, type Nested, type Spec, structureOf } from "./structure.ts";

interface Named {
  readonly name?: string | undefined;
}

/** The place of an iterator in a graph. */
export class Iterator {
  readonly iteratorResource: Tensor;
  readonly elementSpec: Nested<Spec>;
  readonly #initializer: Operation | null;
  readonly #stringHandle: Tensor | null;

  /** Use `fromStructure`, `fromStringHandle`, or a dataset's methods. */
  constructor(iteratorResource: Tensor, initializer: Operation | null, elementSpec: Nested<Spec>) {
    this.iteratorResource = iteratorResource;
    this.elementSpec = elementSpec;
    this.#initializer = initializer;
    const { isEager } = getDefaultGraph();
    this.#stringHandle = isEager ? null : iteratorToStringHandleOp({ resource_handle: iteratorResource });
    if (!isEager) getDefaultGraph().addToCollection("iterators", iteratorResource);
  }

  /** An iterator for datasets of this form: give it one with `makeInitializer`. */
  static fromStructure(
    outputTypes: Nested<DType>,
    outputShapes?: unknown,
    options: { readonly sharedName?: string } = {},
  ): Iterator {
    const specs = structureOf(outputTypes, outputShapes);
    const resource = iteratorV2Op({ container: "", shared_name: options.sharedName ?? "", ...attrsOf(specs) });
    return new Iterator(resource, null, specs);
  }

  /** The iterator whose handle, as a string, is fed or computed. */
  static fromStringHandle(stringHandle: TensorLike, outputTypes: Nested<DType>, outputShapes?: unknown): Iterator {
    const specs = structureOf(outputTypes, outputShapes);
    const handle = convertToTensor(stringHandle, { dtype: string });
    return new Iterator(iteratorFromStringHandleV2Op({ string_handle: handle, ...attrsOf(specs) }), null, specs);
  }

  /** The operation that begins anew. Throws ValueError where there is none. */
  get initializer(): Operation {
    if (this.#initializer) return this.#initializer;
    throw new ValueError("Iterator does not have an initializer.");
  }

  /** The operation that begins at the start of a dataset. Throws ValueError when its elements are of another form. */
  makeInitializer(dataset: AsComponent, options: Named = {}): Operation {
    checkCompatible(this.elementSpec, dataset.elementSpec);
    const graph = getDefaultGraph();
    return graph.nameScope(options.name ?? "make_initializer", (scope) =>
      graph.colocateWith(this.iteratorResource, () =>
        makeIteratorOp({ dataset: dataset.variantTensor, iterator: this.iteratorResource }, scope),
      ),
    );
  }

  /** The next element: another one in each run. OUT_OF_RANGE at the end. */
  getNext(options: Named = {}): Any {
    const tensors = getDefaultGraph().colocateWith(this.iteratorResource, () =>
      iteratorGetNextOp({ iterator: this.iteratorResource, ...attrsOf(this.elementSpec) }, options.name),
    );
    return elementOf(this.elementSpec, tensors);
  }

  /** The handle as a string, to be fed. */
  stringHandle(options: Named = {}): Tensor {
    return options.name === undefined && this.#stringHandle
      ? this.#stringHandle
      : iteratorToStringHandleOp({ resource_handle: this.iteratorResource }, options.name);
  }

  get outputTypes(): Nested<DType> {
    return mapSpecs(this.elementSpec, (spec) => spec.dtype);
  }

  get outputShapes(): Nested<Shape> {
    return mapSpecs(this.elementSpec, (spec) => spec.shape as never);
  }
}

/** An iterator that is at the start of the dataset at once; its resource. */
export function makeOwned({ variantTensor, elementSpec }: AsComponent): Tensor {
  const resource = iteratorV2Op({ container: "", shared_name: "", ...attrsOf(elementSpec) });
  makeIteratorOp({ dataset: variantTensor, iterator: resource });
  return resource;
}

export function makeInitializable(dataset: AsComponent, sharedName = ""): Iterator {
  const { variantTensor, elementSpec } = dataset;
  if (getDefaultGraph().isEager) {
    throw new RuntimeError(
      "`make_initializable_iterator()` is not supported in eager mode. Use Python-style iteration instead.",
    );
  }
  return getDefaultGraph().colocateWith(variantTensor, () => {
    const resource = iteratorV2Op({ container: "", shared_name: sharedName, ...attrsOf(elementSpec) });
    const initializer = makeIteratorOp({ dataset: variantTensor, iterator: resource });
    return new Iterator(resource, initializer, elementSpec);
  });
}

/** The dataset's nodes become a function. Throws ValueError for nodes that a function cannot hold a copy of. */
export function makeOneShot(dataset: AsComponent): Iterator {
  const { variantTensor, elementSpec } = dataset;
  const graph = getDefaultGraph();
  if (graph.isEager) return new Iterator(makeOwned(dataset), null, elementSpec);
  const nodes = nodesBetween({ inputs: [], outputs: [variantTensor] });
  for (const op of nodes) {
    const facts = `(name:${op.name}, type:${op.type})`;
    const why = "Please use `Dataset.makeInitializableIterator()` and run its initializer instead.";
    if (op.definition.placeholder)
      throw new ValueError(
        `Failed to create a one-shot iterator for a dataset. ${why} Cannot capture a placeholder ${facts} by value.`,
      );
    if (op.definition.variable)
      throw new ValueError(
        `Failed to create a one-shot iterator for a dataset. ${why} Cannot capture a stateful node ${facts} by value.`,
      );
  }
  const hash = createHash("sha1")
    .update(nodes.map((op) => `${op.name}${op.type}`).join())
    .digest("base64url")
    .slice(0, 11);
  const factory = addFunction(graph, `_make_dataset_${hash.replaceAll("-", "_")}`, {
    inputs: [],
    outputs: [variantTensor],
  });
  return graph.colocateWith(variantTensor, () => {
    const resource = oneShotIteratorOp({ dataset_factory: factory, ...attrsOf(elementSpec) });
    return new Iterator(resource, null, elementSpec);
  });
}
