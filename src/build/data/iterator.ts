/** `tf.data.Iterator`: gives the elements of a dataset, one in each run of `getNext`. Source: iterator_ops.py */
import { createHash } from "node:crypto";
import type { DType } from "../../core/dtype.ts";
import { string, variant } from "../../core/dtype.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import { addFunction, nodesBetween } from "../../graph/def/to_function.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  dummyMemoryCacheOp,
  dummySeedGeneratorOp,
  iteratorFromStringHandleV2Op,
  iteratorGetNextOp,
  iteratorToStringHandleOp,
  iteratorV2Op,
  makeIteratorOp,
  oneShotIteratorOp,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { TypeSpec } from "../tensors/specs.ts";
import { legacy } from "./element/component.ts";
import { getNextAsOptional, type Optional } from "./experimental/optional.ts";
import { type Any, attrsOf, elementOf, mapSpecs, type Nested, type Spec, structureOf, typeSpecs } from "./structure.ts";
import { checkIterated } from "./words.ts";

interface Named {
  readonly name?: string | undefined;
}

/** The place of an iterator in a graph. */
export class Iterator {
  readonly iteratorResource: Tensor;
  readonly elementSpec: Nested<Spec & TypeSpec>;
  readonly #initializer: Operation | null;
  readonly #stringHandle: Tensor | null;

  /** Use `fromStructure`, `fromStringHandle`, or a dataset's methods. */
  constructor(iteratorResource: Tensor, initializer: Operation | null, elementSpec: Nested<Spec>) {
    this.iteratorResource = iteratorResource;
    this.elementSpec = typeSpecs(elementSpec);
    this.#initializer = initializer;
    const { isEager } = getDefaultGraph();
    this.#stringHandle = isEager ? null : iteratorToStringHandleOp({ resource_handle: iteratorResource });
    if (!isEager) getDefaultGraph().addToCollection("iterators", iteratorResource);
  }

  /** An iterator for datasets of this form: give it one with `makeInitializer`. */
  static fromStructure(outputTypes: Nested<DType>, ...rest: StructureArguments): Iterator {
    const { outputShapes, outputClasses, sharedName } = structureOptions(rest);
    const specs = structureOf(outputTypes, outputShapes, outputClasses);
    const resource = iteratorV2Op({ container: "", shared_name: sharedName ?? "", ...attrsOf(specs) });
    return new Iterator(resource, null, specs);
  }

  /** The iterator whose handle, as a string, is fed or computed. */
  static fromStringHandle(
    stringHandle: TensorLike,
    outputTypes: Nested<DType>,
    outputShapes?: unknown,
    outputClasses?: unknown,
  ): Iterator {
    const specs = structureOf(outputTypes, outputShapes, outputClasses);
    const handle = convertToTensor(stringHandle, { dtype: string });
    return new Iterator(iteratorFromStringHandleV2Op({ string_handle: handle, ...attrsOf(specs) }), null, specs);
  }

  /** The operation that begins anew. Throws ValueError where there is none. */
  get initializer(): Operation {
    if (this.#initializer) return this.#initializer;
    throw new ValueError(
      "The iterator does not have an initializer. This means it was likely created using `tf.data.Dataset.make_one_shot_iterator()`. For an initializable iterator, use `tf.data.Dataset.make_initializable_iterator()` instead.",
    );
  }

  /** The operation that begins at the start of a dataset. Throws TypeError when its elements are of another form. */
  makeInitializer(dataset: AsComponent, ...rest: Rest<Named, ["name"]>): Operation {
    const graph = getDefaultGraph();
    const { name } = byName<Named>(rest, ["name"]);
    return graph.nameScope(name ?? "make_initializer", (scope) => {
      checkIterated(this.elementSpec, dataset.elementSpec);
      return graph.colocateWith(this.iteratorResource, () =>
        makeIteratorOp({ dataset: dataset.variantTensor, iterator: this.iteratorResource }, scope),
      );
    });
  }

  /** The next element: another one in each run. OUT_OF_RANGE at the end. */
  getNext(...rest: Rest<Named, ["name"]>): Any {
    const { name } = byName<Named>(rest, ["name"]);
    return getDefaultGraph().colocateWith(this.iteratorResource, () =>
      elementOf(
        this.elementSpec,
        iteratorGetNextOp({ iterator: this.iteratorResource, ...attrsOf(this.elementSpec) }, name),
      ),
    );
  }

  /** The next element, which is none at the end. */
  getNextAsOptional(): Optional {
    return getNextAsOptional(this);
  }

  /** The handle as a string, to be fed. */
  stringHandle(...rest: Rest<Named, ["name"]>): Tensor {
    const { name } = byName<Named>(rest, ["name"]);
    return name === undefined && this.#stringHandle
      ? this.#stringHandle
      : iteratorToStringHandleOp({ resource_handle: this.iteratorResource }, name);
  }

  get outputTypes(): Nested<DType> {
    return mapSpecs(this.elementSpec, legacy.types) as Nested<DType>;
  }

  get outputShapes(): Nested<Shape> {
    return mapSpecs(this.elementSpec, legacy.shapes) as Nested<Shape>;
  }

  get outputClasses(): Nested<unknown> {
    return mapSpecs(this.elementSpec, (spec) => legacy.classes(spec, Tensor));
  }
}

interface StructureOptions {
  readonly outputShapes?: unknown;
  readonly sharedName?: string | null | undefined;
  /** `tf.SparseTensor` where a component is one; tensors by default. */
  readonly outputClasses?: unknown;
}
/** Shapes, a shared name and classes by place; or the latter two as options. */
type StructureArguments =
  | readonly []
  | readonly [outputShapes: unknown, options?: StructureOptions]
  | readonly [outputShapes: unknown, sharedName: string | null, outputClasses?: unknown];

const optionNames = ["outputShapes", "sharedName", "outputClasses"];

/** Shapes may be a record too: options are told by their names. */
function structureOptions(rest: readonly unknown[]): StructureOptions {
  const last = rest.at(-1);
  const isOptions =
    typeof last === "object" &&
    last !== null &&
    !Array.isArray(last) &&
    Object.keys(last).every((key) => optionNames.includes(key));
  const [outputShapes, sharedName, outputClasses] = (isOptions ? rest.slice(0, -1) : rest) as [
    unknown,
    string,
    unknown,
  ];
  return { outputShapes, sharedName, outputClasses, ...(isOptions ? (last as StructureOptions) : {}) };
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
  for (const op of nodes) checkCopied(op);
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

/** A dataset, as iterators see it. */
interface AsComponent {
  readonly variantTensor: Tensor;
  readonly elementSpec: Nested<Spec>;
}

/** Throws ValueError for a node of which the iterator's function cannot hold a copy: one with a state of its own, save a dataset's. */
function checkCopied(op: Operation): void {
  const facts = `(name:${op.name}, type:${op.type}) by value.`;
  if (op.definition.placeholder) throw new ValueError(`Cannot capture a placeholder ${facts}`);
  const isDummy = op.definition === dummyMemoryCacheOp.definition || op.definition === dummySeedGeneratorOp.definition;
  const isDatasets = isDummy || op.outputs[0]?.dtype === variant;
  if (!op.definition.variable && (!op.definition.stateful || isDatasets)) return;
  throw new ValueError(
    `Cannot capture a stateful node ${facts}: A likely cause of this error is that the dataset for which you are calling \`make_one_shot_iterator()\` captures a stateful object, such as a \`tf.Variable\` or \`tf.lookup.StaticHashTable\`, which is not supported. Use \`make_initializable_iterator()\` instead.`,
  );
}
