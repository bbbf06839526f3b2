/** Gradients of gathers: values for some rows of a larger tensor. Source: indexed_slices.py. */
import type { DType } from "../core/dtype.ts";
import { inspectKey } from "../core/text/inspect.ts";
import type { Graph } from "./graph.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

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
