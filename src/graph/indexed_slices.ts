/** Gradients of gathers: values for some rows of a larger tensor. Source: indexed_slices.py. */
import type { DType } from "../core/dtype.ts";
import type { NdArray } from "../core/nd_array.ts";
import { namedTuple } from "../core/print.ts";
import { inspectKey } from "../core/text/inspect.ts";
import type { Graph } from "./graph.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** What a run gives for IndexedSlices. */
export class IndexedSlicesValue {
  readonly values: NdArray;
  readonly indices: NdArray;
  readonly denseShape: NdArray | null;

  constructor(values: NdArray, indices: NdArray, denseShape: NdArray | null) {
    this.values = values;
    this.indices = indices;
    this.denseShape = denseShape;
  }

  /** `IndexedSlicesValue(values=array([1.], dtype=float32), indices=array([0]), dense_shape=None)`. */
  toString(): string {
    const { values, indices, denseShape } = this;
    return namedTuple("IndexedSlicesValue", { values, indices, dense_shape: denseShape });
  }

  [inspectKey](): string {
    return this.toString();
  }
}

/** values[i] belongs to row indices[i] of a tensor of shape denseShape; rows may repeat and then add up. */
export class IndexedSlices {
  readonly values: Tensor;
  readonly indices: Tensor;
  readonly denseShape: Tensor | null;

  constructor(values: Tensor, indices: Tensor, denseShape: Tensor | null = null) {
    this.values = values;
    this.indices = indices;
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

  toString(): string {
    const dense = this.denseShape ? `, dense_shape=${this.denseShape}` : "";
    return `IndexedSlices(indices=${this.indices}, values=${this.values}${dense})`;
  }

  [inspectKey](): string {
    return this.toString();
  }
}
