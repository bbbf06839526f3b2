/** Sparse tensors: three dense tensors taken together. Source: sparse_tensor.py. */
import type { DType } from "../core/dtype.ts";
import type { NdArray } from "../core/nd_array.ts";
import { type Dim, mergeDims, type Shape, withRank } from "../core/shape.ts";
import type { Graph } from "./graph.ts";
import { constantValueAsShape } from "./infer.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/**
 * values[i] is the element at indices[i]; all others are zero. indices: int64 [n, rank], values: [n], denseShape: int64 [rank].
 * Throws INVALID_ARGUMENT when the static shapes do not go together. Built by `tf.SparseTensor`, which converts its arguments.
 */
export class SparseTensor {
  readonly indices: Tensor;
  readonly values: Tensor;
  readonly denseShape: Tensor;

  constructor(options: { readonly indices: Tensor; readonly values: Tensor; readonly denseShape: Tensor }) {
    const { indices, values, denseShape } = options;
    const [n, rank] = withRank(indices.shape, 2) as [Dim, Dim];
    mergeDims(n, withRank(values.shape, 1)[0]!);
    mergeDims(rank, withRank(denseShape.shape, 1)[0]!);
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

  /** The dense shape as far as it is known while building. */
  get shape(): Shape {
    return constantValueAsShape(this.denseShape);
  }

  getShape(): Shape {
    return this.shape;
  }

  toString(): string {
    return `SparseTensor(indices=${this.indices}, values=${this.values}, dense_shape=${this.denseShape})`;
  }
}

/** A sparse tensor's value: what a run gives for one, and what feeds one. */
export interface SparseTensorValue {
  readonly indices: NdArray;
  readonly values: NdArray;
  readonly denseShape: NdArray;
}
