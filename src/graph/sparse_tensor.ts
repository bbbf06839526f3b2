/** Sparse tensors: three dense tensors taken together. Source: sparse_tensor.py. */
import type { DType } from "../core/dtype.ts";
import type { NdArray } from "../core/nd_array.ts";
import { mergeDims, mergeShapes, type Shape, withRank } from "../core/shape.ts";
import { inspectKey } from "../core/text/inspect.ts";
import type { Graph } from "./graph.ts";
import { constantValueAsShape } from "./infer.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";
import { TensorShape } from "./tensor_shape.ts";

export interface SparseParts<T> {
  readonly indices: T;
  readonly values: T;
  readonly denseShape: T;
}

/**
 * values[i] is the element at indices[i]; all others are zero. indices: int64 [n, rank], values: [n], denseShape: int64 [rank].
 * Throws INVALID_ARGUMENT when the static shapes do not go together. `tf.SparseTensor` converts its arguments first.
 */
export class SparseTensor implements SparseParts<Tensor> {
  readonly indices: Tensor;
  readonly values: Tensor;
  readonly denseShape: Tensor;
  /** What `setShape` has said. */
  #stated: Shape = null;

  constructor({ indices, values, denseShape }: SparseParts<Tensor>) {
    const [n, rank] = withRank(indices.shape, 2);
    mergeDims(n!, withRank(values.shape, 1)[0]!);
    mergeDims(rank!, withRank(denseShape.shape, 1)[0]!);
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

  toString(): string {
    return `SparseTensor(indices=${this.indices}, values=${this.values}, dense_shape=${this.denseShape})`;
  }

  [inspectKey](): string {
    return this.toString();
  }
}

/** A sparse tensor's value: what a run gives for one, and what feeds one. */
export type SparseTensorValue = SparseParts<NdArray>;
