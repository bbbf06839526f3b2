/** What an assignment to a variable gives. */
import type { DType } from "../../core/dtype.ts";
import { OpError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import { inspectKey } from "../../core/text/inspect.ts";
import { numpyText } from "../../core/text/numpy_text.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { FeedDict, SessionLike } from "../../graph/scopes.ts";
import { asTensor, type Tensor, type TensorConvertible } from "../../graph/tensor.ts";
import { FunctionBody } from "../functions/body.ts";
import { addOperators } from "./operators.ts";

/** `<tf.Variable 'w:0' shape=(1,) dtype=float32_ref>`; in eager execution with the value. */
export function shownVariable(variable: Updatable & { readonly name: string; numpy(): NdArray }): string {
  const { name, shape, dtype, graph } = variable;
  const value = graph.isEager && getDefaultGraph().isEager ? `, numpy=${valueText(variable)}` : "";
  return `<tf.Variable '${name}' shape=${formatShapePython(shape)} dtype=${dtype.name}${value}>`;
}

function valueText(variable: { numpy(): NdArray }): string {
  try {
    return numpyText(variable.numpy());
  } catch (error) {
    if (error instanceof OpError) return "<unavailable>";
    throw error;
  }
}

interface Updatable {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly graph: Graph;
}

/**
 * A resource variable after an update. As an operation it is the update; as a value a read that waits for it.
 * Source: resource_variable_ops.py, _UnreadVariable.
 */
export class UpdatedVariable implements TensorConvertible {
  readonly op: Operation;
  readonly #read: () => Tensor;
  /** Null in eager execution and inside of functions, where it is read when somebody asks. */
  readonly #first: Tensor | null;
  readonly #variable: Updatable;

  constructor(op: Operation, read: () => Tensor, variable: Updatable) {
    this.op = op;
    this.#read = read;
    this.#variable = variable;
    this.#first = variable.graph.isEager || getDefaultGraph() instanceof FunctionBody ? null : read();
  }

  get name(): string {
    return this.#variable.graph.isEager ? "UnreadVariable" : this.op.name;
  }

  get dtype(): DType {
    return this.#variable.dtype;
  }

  get shape(): Shape {
    return this.#first ? this.#first.shape : this.#variable.shape;
  }

  get graph(): Graph {
    return this.#variable.graph;
  }

  get device(): string {
    return this.op.device;
  }

  value(): Tensor {
    return this.#read();
  }

  /** The value of a variable of eager execution. */
  numpy(): NdArray {
    return this.#read().numpy();
  }

  asGraphElement(): Tensor {
    return this.#first ?? this.#read();
  }

  [asTensor](): Tensor {
    return this.#read();
  }

  eval(session?: SessionLike, feedDict?: FeedDict): Promise<NdArray> {
    return this.asGraphElement().eval(feedDict, session);
  }

  toString(): string {
    return shownVariable(this);
  }

  [inspectKey](): string {
    return this.toString();
  }
}

/** What an assignment gives: the reference, or the resource variable after it. */
export type Updated = Tensor | UpdatedVariable;

addOperators(UpdatedVariable.prototype);
