/** What an assignment to a variable gives. */
import type { DType } from "../../core/dtype.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { FeedDict, SessionLike } from "../../graph/scopes.ts";
import { asTensor, type Tensor, type TensorConvertible } from "../../graph/tensor.ts";
import { addOperators } from "./operators.ts";

/**
 * A resource variable after an update. As an operation it is the update; as a value a read that waits for it.
 * Source: resource_variable_ops.py, _UnreadVariable.
 */
export class UpdatedVariable implements TensorConvertible {
  readonly op: Operation;
  readonly #read: () => Tensor;
  readonly #first: Tensor;

  constructor(op: Operation, read: () => Tensor) {
    this.op = op;
    this.#read = read;
    this.#first = read();
  }

  get name(): string {
    return this.op.name;
  }

  get dtype(): DType {
    return this.#first.dtype;
  }

  get shape(): Shape {
    return this.#first.shape;
  }

  get graph(): Graph {
    return this.op.graph;
  }

  get device(): string {
    return this.op.device;
  }

  value(): Tensor {
    return this.#read();
  }

  asGraphElement(): Tensor {
    return this.#first;
  }

  [asTensor](): Tensor {
    return this.#read();
  }

  eval(session?: SessionLike, feedDict?: FeedDict): Promise<NdArray> {
    return this.#first.eval(feedDict, session);
  }

  toString(): string {
    return `<tf.Variable '${this.name}' shape=${formatShapePython(this.shape)} dtype=${this.dtype.name}>`;
  }
}

/** What an assignment gives: the reference, or the resource variable after it. */
export type Updated = Tensor | UpdatedVariable;

addOperators(UpdatedVariable.prototype);
