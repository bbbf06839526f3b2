/** Sparse tensors: three dense tensors taken together. Source: sparse_tensor.py. */
import type { DType } from "../core/dtype.ts";
import { ValueError } from "../core/error.ts";
import type { NdArray } from "../core/nd_array.ts";
import { namedTuple } from "../core/print.ts";
import { compatibleDims, type Dim, formatShapePython, mergeShapes, type Shape } from "../core/shape.ts";
import { inspectKey } from "../core/text/inspect.ts";
import type { Graph } from "./graph.ts";
import { constantValueAsShape } from "./infer.ts";
import type { Operation } from "./operation.ts";
import { composite, type Tensor } from "./tensor.ts";
import { TensorShape } from "./tensor_shape.ts";

export interface SparseParts<T> {
  readonly indices: T;
  readonly values: T;
  readonly denseShape: T;
}

/** The shape with this rank. Throws ValueError in Python's words for another one. */
function ranked(shape: Shape, rank: number): readonly Dim[] {
  if (shape !== null && shape.length !== rank)
    throw new ValueError(`Shape ${formatShapePython(shape)} must have rank ${rank}`);
  return shape ?? new Array<Dim>(rank).fill(null);
}

function checkEqual(a: Dim, b: Dim): void {
  if (!compatibleDims(a, b)) throw new ValueError(`Dimensions ${a} and ${b} are not compatible`);
}

/**
 * values[i] is the element at indices[i]; all others are zero. indices: int64 [n, rank], values: [n], denseShape: int64 [rank].
 * Throws ValueError when the static shapes do not go together. `tf.SparseTensor` converts its arguments first.
 */
export class SparseTensor implements SparseParts<Tensor> {
  readonly indices: Tensor;
  readonly values: Tensor;
  readonly denseShape: Tensor;
  /** What `setShape` has said. */
  #stated: Shape = null;

  constructor({ indices, values, denseShape }: SparseParts<Tensor>) {
    const [n, rank] = ranked(indices.shape, 2);
    checkEqual(n!, ranked(values.shape, 1)[0]!);
    checkEqual(rank!, ranked(denseShape.shape, 1)[0]!);
    this.indices = indices;
    this.values = values;
    this.denseShape = denseShape;
  }

  get dtype(): DType {
    return this.values.dtype;
  }

  get op(): Operation {
    return this.values.op;
  }

  get graph(): Graph {
    return this.values.graph;
  }

  get name(): string {
    return this.values.name;
  }

  get device(): string {
    return this.values.device;
  }

  /** The dense shape as far as it is known while building. */
  get shape(): Shape {
    return mergeShapes(constantValueAsShape(this.denseShape), this.#stated);
  }

  getShape(): TensorShape {
    return new TensorShape(this.shape);
  }

  /** Makes the static shape more specific. Throws INVALID_ARGUMENT when it contradicts what is known. */
  setShape(shape: Shape): void {
    this.#stated = mergeShapes(this.shape, shape);
  }

  [composite](): {
    readonly tensors: readonly Tensor[];
    rebuild(values: readonly NdArray[]): SparseTensorValue<NdArray>;
    feeds(value: unknown): readonly unknown[];
  } {
    return {
      tensors: [this.indices, this.values, this.denseShape],
      rebuild: ([indices, values, denseShape]) => new SparseTensorValue(indices!, values!, denseShape!),
      feeds: (value) => {
        const parts = value as SparseParts<unknown> | readonly unknown[];
        return "denseShape" in parts ? [parts.indices, parts.values, parts.denseShape] : parts;
      },
    };
  }

  toString(): string {
    return `SparseTensor(indices=${this.indices}, values=${this.values}, dense_shape=${this.denseShape})`;
  }

  [inspectKey](): string {
    return this.toString();
  }
}

/** A sparse tensor's value: what a run gives for one, and what feeds one. The parts by place or by name. */
export class SparseTensorValue<T = unknown> implements SparseParts<T> {
  readonly indices: T;
  readonly values: T;
  readonly denseShape: T;

  constructor(...given: readonly [SparseParts<T>] | readonly [indices: T, values: T, denseShape: T]) {
    const [indices, values, denseShape] =
      given.length === 1 ? [given[0].indices, given[0].values, given[0].denseShape] : given;
    this.indices = indices;
    this.values = values;
    this.denseShape = denseShape;
  }

  /** `SparseTensorValue(indices=array([[0, 1]]), values=array([2.], dtype=float32), dense_shape=array([3, 4]))`. */
  toString(): string {
    const { indices, values, denseShape } = this;
    return namedTuple("SparseTensorValue", { indices, values, dense_shape: denseShape });
  }

  [inspectKey](): string {
    return this.toString();
  }
}
