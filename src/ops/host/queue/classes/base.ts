/** What all queues offer in a graph. Source: data_flow_ops.py, QueueBase */
import type { DType } from "../../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../../core/error.ts";
import { elementAt } from "../../../../core/nd_array.ts";
import {
  compatible,
  compatibleDims,
  type Dim,
  formatShapePython,
  mergeDims,
  type Shape,
} from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import { constantValue } from "../../../../graph/infer.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as tf from "../../../index.ts";
import {
  queueCloseOp,
  queueCloseV2Op,
  queueDequeueManyV2Op,
  queueDequeueOp,
  queueDequeueUpToV2Op,
  queueDequeueV2Op,
  queueEnqueueManyV2Op,
  queueEnqueueOp,
  queueEnqueueV2Op,
  queueIsClosedOp,
  queueIsClosedV2Op,
  queueSizeOp,
  queueSizeV2Op,
} from "../ops.ts";

export interface Named {
  readonly name?: string | undefined;
}

/** One element, or a batch: a tensor for each component; by name when the queue's components have names. */
export type Components = TensorLike | readonly TensorLike[] | { readonly [name: string]: TensorLike };

/** What a dequeue gives: one tensor, or a list, or a record by name. */
// biome-ignore lint/suspicious/noExplicitAny: the form follows from how the queue was made
export type Dequeued = any;

export type ShapesOption = Shape | readonly Shape[];

export class QueueBase {
  readonly queueRef: Tensor;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  readonly names: readonly string[] | null;
  /** The last part of the node's name: names of the queue's nodes begin with it. */
  readonly #shortName: string;

  constructor(
    dtypes: readonly DType[],
    shapes: readonly Shape[] | null,
    names: readonly string[] | null,
    queueRef: Tensor,
  ) {
    if (shapes && shapes.length !== dtypes.length) {
      throw new ValueError(
        `Queue shapes must have the same length as dtypes, received len(shapes)=${shapes.length}, len(dtypes)=${dtypes.length}`,
      );
    }
    if (names && names.length !== dtypes.length) {
      throw new ValueError(
        `Queue names must have the same length as dtypes,received len(names)=${names.length},len ${dtypes.length}`,
      );
    }
    this.dtypes = dtypes;
    this.shapes = shapes ?? dtypes.map(() => null);
    this.names = names;
    this.queueRef = queueRef;
    this.#shortName = queueRef.op.name.split("/").at(-1)!;
  }

  /** The queue at a place of a list, chosen while the graph runs. All must have the same dtypes and names. */
  static fromList(index: TensorLike, queues: readonly QueueBase[]): QueueBase {
    if (!Array.isArray(queues) || queues.length === 0 || !queues.every((queue) => queue instanceof QueueBase)) {
      throw new TypeError("A list of queues expected");
    }
    const first = queues[0]!;
    if (!queues.every((queue) => String(queue.dtypes) === String(first.dtypes))) {
      throw new TypeError("Queues do not have matching component dtypes.");
    }
    if (!queues.every((queue) => String(queue.names) === String(first.names))) {
      throw new TypeError("Queues do not have matching component names.");
    }
    const shapes = first.shapes.map((_, i) => queues.map((queue): Shape => queue.shapes[i]!).reduce(commonShape));
    const handles = tf.stack(queues.map((queue) => queue.queueRef));
    return new QueueBase(first.dtypes, shapes, first.names, tf.gather(handles, index));
  }

  get name(): string {
    return this.queueRef.op.name;
  }

  get #isResource(): boolean {
    return this.queueRef.dtype.base === "resource";
  }

  #components(given: Components): Tensor[] {
    return this.#ordered(given)
      .slice(0, this.dtypes.length)
      .map((value, i) => {
        const name = `component_${i}`;
        try {
          return convertToTensor(value, { dtype: this.dtypes[i], name });
        } catch (error) {
          if (error instanceof ValueError && error.message.startsWith("Tensor conversion requested"))
            throw new ValueError(`${name}: ${error.message}`, { cause: error });
          throw error;
        }
      });
  }

  #ordered(given: Components): readonly TensorLike[] {
    const isRecord = typeof given === "object" && given !== null && Object.getPrototypeOf(given) === Object.prototype;
    if (!isRecord) {
      if (this.names) throw new ValueError("You must enqueue a dictionary in a Queue with names");
      return Array.isArray(given) ? given : [given as TensorLike];
    }
    const record = given as { readonly [name: string]: TensorLike };
    if (!this.names) throw new ValueError("Queue must have names to enqueue a dictionary");
    const keys = Object.keys(record).sort();
    const names = [...this.names].sort();
    if (keys.join() !== names.join()) {
      const shown = (words: readonly string[]): string => `[${words.map((word) => `'${word}'`).join(", ")}]`;
      throw new ValueError(
        `Keys in dictionary to enqueue do not match names of Queue.  Dictionary: ${shown(keys)},Queue: ${shown(names)}`,
      );
    }
    return this.names.map((name) => record[name]!);
  }

  /** Puts one element in; waits for room. Throws CANCELLED when the queue is closed. */
  enqueue(values: Components, options: Named = {}): Operation {
    return getDefaultGraph().nameScope(options.name || `${this.#shortName}_enqueue`, (scope) => {
      const components = this.#components(values);
      for (const [i, component] of components.entries()) assertCompatible(component.shape, this.shapes[i]!);
      const inputs = { handle: this.queueRef, components };
      return this.#isResource ? queueEnqueueV2Op(inputs, scope) : queueEnqueueOp(inputs, scope);
    });
  }

  /** Puts in the rows of the components, each an element. */
  enqueueMany(values: Components, options: Named = {}): Operation {
    return getDefaultGraph().nameScope(options.name || `${this.#shortName}_EnqueueMany`, (scope) => {
      const components = this.#components(values);
      let rows: Dim = null;
      for (const [i, { shape }] of components.entries()) {
        if (shape === null) continue;
        if (shape.length === 0) throw new ValueError("Shape () must have rank at least 1");
        const own = shape[0]!;
        if (!compatibleDims(rows, own)) throw new ValueError(`Dimensions ${rows} and ${own} are not compatible`);
        rows = mergeDims(rows, own);
        assertCompatible(shape.slice(1), this.shapes[i]!);
      }
      return queueEnqueueManyV2Op({ handle: this.queueRef, components }, scope);
    });
  }

  /** Takes one element; waits for it. Throws OUT_OF_RANGE when the queue is closed and empty. */
  dequeue(options: Named = {}): Dequeued {
    const inputs = { handle: this.queueRef, component_types: this.dtypes };
    const name = options.name || `${this.#shortName}_Dequeue`;
    const tensors = this.#isResource ? queueDequeueV2Op(inputs, name) : queueDequeueOp(inputs, name);
    for (const [i, tensor] of tensors.entries()) tensor.setShape(this.shapes[i]!);
    return this.#given(tensors);
  }

  /** Takes n elements, as batches. Throws OUT_OF_RANGE when the queue is closed and has fewer. */
  dequeueMany(n: TensorLike, options: Named = {}): Dequeued {
    const name = options.name || `${this.#shortName}_DequeueMany`;
    const tensors = queueDequeueManyV2Op({ handle: this.queueRef, n, component_types: this.dtypes }, name);
    const size = constantValue(tensors[0]!.op.inputs[1]!);
    return this.#batched(tensors, size ? Number(elementAt(size, 0)) : null);
  }

  /** As dequeueMany; when the queue is closed, what is left. */
  dequeueUpTo(n: TensorLike, options: Named = {}): Dequeued {
    const name = options.name || `${this.#shortName}_DequeueUpTo`;
    const tensors = queueDequeueUpToV2Op({ handle: this.queueRef, n, component_types: this.dtypes }, name);
    return this.#batched(tensors, null);
  }

  #batched(tensors: readonly Tensor[], rows: Dim): Dequeued {
    for (const [i, tensor] of tensors.entries()) {
      const shape = this.shapes[i]!;
      tensor.setShape(shape === null ? null : [rows, ...shape]);
    }
    return this.#given(tensors);
  }

  #given(tensors: readonly Tensor[]): Dequeued {
    if (this.names) return Object.fromEntries(this.names.map((name, i) => [name, tensors[i]!]));
    return tensors.length === 1 ? tensors[0] : tensors;
  }

  /** No more elements will come. With cancelPendingEnqueues, those that wait to put one in are cancelled. */
  close(options: Named & { readonly cancelPendingEnqueues?: boolean | undefined } = {}): Operation {
    const inputs = { handle: this.queueRef, cancel_pending_enqueues: options.cancelPendingEnqueues ?? false };
    const name = options.name || `${this.#shortName}_Close`;
    return this.#isResource ? queueCloseV2Op(inputs, name) : queueCloseOp(inputs, name);
  }

  isClosed(options: Named = {}): Tensor {
    const name = options.name || `${this.#shortName}_Is_Closed`;
    const inputs = { handle: this.queueRef };
    return this.#isResource ? queueIsClosedV2Op(inputs, name) : queueIsClosedOp(inputs, name);
  }

  /** How many elements there are, int32. */
  size(options: Named = {}): Tensor {
    const name = options.name || `${this.#shortName}_Size`;
    const inputs = { handle: this.queueRef };
    return this.#isResource ? queueSizeV2Op(inputs, name) : queueSizeOp(inputs, name);
  }
}

function commonShape(a: Shape, b: Shape): Shape {
  if (a === null || b === null || a.length !== b.length) return null;
  return a.map((d, i) => (d === b[i] ? d : null));
}

/** Throws ValueError `Shapes (3,) and (2,) are incompatible`. */
export function assertCompatible(a: Shape, b: Shape): void {
  if (!compatible(a, b)) {
    throw new ValueError(`Shapes ${formatShapePython(a)} and ${formatShapePython(b)} are incompatible`);
  }
}

/** One dtype or several, as a list. */
export const dtypeList = (dtypes: DType | readonly DType[]): readonly DType[] =>
  Array.isArray(dtypes) ? dtypes : [dtypes as DType];

/** One shape or several, as a list; null when nothing is said. Throws for shapes that are not fully known, unless `allowsUnknown`. */
export function shapeList(shapes: ShapesOption | undefined, allowsUnknown = false): readonly Shape[] | null {
  if (shapes === undefined || shapes === null) return null;
  const isOne = (shapes as readonly unknown[]).every((item) => item === null || typeof item === "number");
  if (allowsUnknown && isOne) throw new ValueError("When providing partial shapes, a list of shapes must be provided.");
  const list = isOne ? [shapes as Shape] : (shapes as readonly Shape[]);
  if (!allowsUnknown && list.some((shape) => shape === null || shape.includes(null))) {
    throw new ValueError(`All shapes must be fully defined: [${list.map(tensorShape).join(", ")}]`);
  }
  if (list.some((shape) => shape === null)) {
    throw new ValueError(`All shapes must have a defined rank: [${list.map(tensorShape).join(", ")}]`);
  }
  return list;
}

const tensorShape = (shape: Shape): string =>
  shape === null ? "TensorShape(None)" : `TensorShape([${shape.map((d) => d ?? "None").join(", ")}])`;

export function nameList(
  names: string | readonly string[] | undefined,
  dtypes: readonly DType[],
): readonly string[] | null {
  if (names === undefined) return null;
  const list = typeof names === "string" ? [names] : names;
  if (list.length !== dtypes.length) {
    throw new ValueError(
      `List of names must have the same length as the list of dtypes, received len(names)=${list.length},len(dtypes)=${dtypes.length}`,
    );
  }
  return list;
}
