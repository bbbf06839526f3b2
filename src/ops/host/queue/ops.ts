/** Queues as ops: makers, enqueue, dequeue, close, size; each with handles of both versions. Source: data_flow_ops.cc, queue_ops.cc. */
import { type DType, int32, int64 } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { elementAt, type NdArray, ndarray } from "../../../core/nd_array.ts";
import { type Dim, formatShape, isFull, type Shape, withRank } from "../../../core/shape.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import type { ComputeContext, ShapeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { copyArray } from "../arrays.ts";
import { type HandleArg, handleShape, isText, namedObject, objectOf } from "../resource.ts";
import { ByteBudget } from "./budget.ts";
import { Queue, type QueueOptions } from "./queue.ts";
import { FifoStore, PriorityStore, ShuffledStore } from "./stores.ts";

export const queueKind = "queue";

export const queueOf = (context: ComputeContext, handle: NdArray): Queue => objectOf<Queue>(context, handle, queueKind);

const types = (dtypes: readonly DType[]): string => dtypes.map(cppName).join(", ");
const shapesText = (shapes: readonly Shape[]): string => `[${shapes.map(formatShape).join(",")}]`;

const makerAttrs = ["capacity: int = -1", "container: string = ''", "shared_name: string = ''"] as const;

interface MakerAttrs {
  readonly component_types: readonly DType[];
  readonly shapes: readonly Shape[];
  readonly container: string;
  readonly shared_name: string;
}

/** All queues of a session share one. */
const budgetOf = (context: ComputeContext): ByteBudget =>
  context.makeResource({ container: "", kind: "bytes", name: "queues", create: () => new ByteBudget() }).resource;

/** The handle of a queue; a shared one must be as this node says. */
function makeQueue(
  context: ComputeContext,
  handle: HandleArg,
  attrs: MakerAttrs,
  options: Omit<QueueOptions, "name" | "store">,
  store: () => QueueOptions["store"],
  check?: (queue: Queue) => void,
): NdArray {
  return namedObject<Queue>(context, {
    kind: queueKind,
    container: attrs.container,
    sharedName: attrs.shared_name,
    asText: isText(handle),
    create: (name) => new Queue({ ...options, name, store: store(), budget: budgetOf(context) }),
    check(queue) {
      if (queue.type !== options.type) throw invalidArgument(`Expected ${queue.type}, found ${context.node.type}`);
      const capacity = options.capacity < 0 ? Number.POSITIVE_INFINITY : options.capacity;
      if (queue.capacity !== capacity) {
        throw invalidArgument(
          `Shared queue '${queue.name}' has capacity ${shownCapacity(queue.capacity)} but requested capacity was ${shownCapacity(capacity)}`,
        );
      }
      if (types(queue.dtypes) !== types(options.dtypes)) {
        throw invalidArgument(
          `Shared queue '${queue.name}' has component types ${types(queue.dtypes)} but requested component types were ${types(options.dtypes)}`,
        );
      }
      if (shapesText(queue.shapes) !== shapesText(options.shapes)) {
        throw invalidArgument(
          `Shared queue '${queue.name}' has component shapes ${shapesText(queue.shapes)} but requested component shapes were ${shapesText(options.shapes)}`,
        );
      }
      check?.(queue);
    },
  });
}

const shownCapacity = (capacity: number): number => (Number.isFinite(capacity) ? capacity : 2 ** 31 - 1);

/** As many shapes as types, or none; all fully known. */
function checkFullShapes(component_types: readonly DType[], shapes: readonly Shape[]): void {
  for (const shape of shapes) {
    if (!isFull(shape)) throw invalidArgument(`Shape ${formatShape(shape)} is not fully defined`);
  }
  if (shapes.length && shapes.length !== component_types.length) {
    throw invalidArgument(
      `Different number of component types.  Types: ${types(component_types)}, Shapes: ${shapesText(shapes)}`,
    );
  }
}

const seedsOf = new WeakMap<Queue, readonly [number, number]>();

function makersOf(version: "" | "V2", handle: HandleArg) {
  const shape = (): readonly Shape[] => [handleShape(handle)];
  const attrs = ["component_types: list(type) >= 1", "shapes: list(shape) >= 0 = []"] as const;
  const fifo = defineOp(`FIFOQueue${version}`, {
    outputs: [handle],
    attrs: [...attrs, ...makerAttrs],
    stateful: true,
    shape,
    compute(op, context) {
      checkFullShapes(op.component_types, op.shapes);
      const { component_types: dtypes, shapes, capacity } = op;
      return makeQueue(context, handle, op, { type: "FIFOQueue", dtypes, shapes, capacity }, () => new FifoStore());
    },
    gradient: "unregistered",
  });
  const shuffled = defineOp(`RandomShuffleQueue${version}`, {
    outputs: [handle],
    attrs: [
      ...attrs,
      "capacity: int = -1",
      "min_after_dequeue: int = 0",
      "seed: int = 0",
      "seed2: int = 0",
      "container: string = ''",
      "shared_name: string = ''",
    ],
    stateful: true,
    shape,
    compute(op, context) {
      const { component_types: dtypes, shapes, capacity, min_after_dequeue: kept, seed, seed2 } = op;
      checkFullShapes(dtypes, shapes);
      if (kept < 0) throw invalidArgument(`min_after_dequeue ${kept} must be >= 0`);
      if (capacity >= 0 && kept >= capacity)
        throw invalidArgument(`min_after_dequeue ${kept} must be < capacity ${capacity}`);
      const store = (): ShuffledStore => {
        const [key0, key1, counter0, counter1, counter2, counter3] = context.randomWords();
        return new ShuffledStore({
          key0: key0!,
          key1: key1!,
          counter0: counter0!,
          counter1: counter1!,
          counter2: counter2!,
          counter3: counter3!,
        });
      };
      const options = { type: "RandomShuffleQueue", dtypes, shapes, capacity, minAfterDequeue: kept };
      return makeQueue(context, handle, op, options, store, (queue) => {
        if (queue.minAfterDequeue !== kept) {
          throw invalidArgument(
            `Shared queue '${queue.name}' has min_after_dequeue ${queue.minAfterDequeue} but requested min_after_dequeue was ${kept}.`,
          );
        }
        const [a, b] = seedsOf.get(queue) ?? [seed, seed2];
        if (a !== seed || b !== seed2) {
          throw invalidArgument(
            `Shared queue '${queue.name}' has random seeds (${a}, ${b}) but requested seeds are (${seed}, ${seed2}).`,
          );
        }
        seedsOf.set(queue, [seed, seed2]);
      });
    },
    gradient: "unregistered",
  });
  const padding = defineOp(`PaddingFIFOQueue${version}`, {
    outputs: [handle],
    attrs: [...attrs, ...makerAttrs],
    stateful: true,
    shape,
    compute(op, context) {
      const { component_types: dtypes, shapes, capacity } = op;
      for (const each of shapes)
        if (each === null) throw invalidArgument(`shape ${formatShape(each)} must have known rank.`);
      if (shapes.length !== dtypes.length) {
        throw invalidArgument(
          `Shapes must be provided for all components, but received ${dtypes.length} dtypes and ${shapes.length} shapes.`,
        );
      }
      const options = { type: "PaddingFIFOQueue", dtypes, shapes, capacity, isPadding: true };
      return makeQueue(context, handle, op, options, () => new FifoStore());
    },
    gradient: "unregistered",
  });
  const priority = defineOp(`PriorityQueue${version}`, {
    outputs: [handle],
    attrs: ["component_types: list(type) >= 0 = []", "shapes: list(shape) >= 0", ...makerAttrs],
    stateful: true,
    shape,
    compute(op, context) {
      checkFullShapes(op.component_types, op.shapes);
      const dtypes = [int64, ...op.component_types];
      const shapes = [[], ...op.shapes];
      if (shapes.length !== dtypes.length) {
        throw invalidArgument(
          `Shared queue '${op.shared_name || op.container}' has component shapes ${shapesText(op.shapes)} but requested component shapes were ${shapesText(shapes)}`,
        );
      }
      const options = { type: "PriorityQueue", dtypes, shapes, capacity: op.capacity };
      return makeQueue(context, handle, op, options, () => new PriorityStore());
    },
    gradient: "unregistered",
  });
  return { fifo, shuffled, padding, priority };
}

/** Inputs and outputs of a call as TensorFlow lists them. */
const signature = (handle: string, inputs: readonly DType[], outputs: readonly DType[]): string =>
  `${[isText(handle) ? "string_ref" : "resource", ...inputs.map(cppName)].join(", ")}->${outputs.map(cppName).join(", ")}`;

function checkSignature(handle: string, queue: Queue, got: readonly DType[], isEnqueue: boolean, n: readonly DType[]) {
  if (types(got) === types(queue.dtypes)) return;
  const text = (dtypes: readonly DType[]): string =>
    isEnqueue ? signature(handle, dtypes, []) : signature(handle, n, dtypes);
  throw invalidArgument(`Signature mismatch, have: ${text(got)} expected: ${text(queue.dtypes)}`);
}

function checkTimeout(timeout_ms: number): void {
  if (timeout_ms !== -1) throw invalidArgument("Timeout not supported yet.");
}

/** Shapes of dequeued components where the handle's maker told them: `batch` rows, or single elements. */
function dequeued(context: ShapeContext, batch: Dim | "one"): readonly Shape[] {
  const known = context.handle("handle");
  return context.outputDtypes.map((_, i) => {
    const shape = known?.length === context.outputDtypes.length ? known[i]!.shape : null;
    return shape === null || batch === "one" ? shape : [batch, ...shape];
  });
}

function batchSize(n: Shape, context: ShapeContext): Dim {
  withRank(n, 0);
  const value = context.value("n");
  const size = value ? Number(elementAt(value, 0)) : null;
  if (size !== null && size < 0) throw invalidArgument(`Input 'n' must be >= 0, but is ${size}`);
  return size;
}

function callsOf(version: "" | "V2", handle: HandleArg) {
  const stateful = version === "V2";
  const gradient = version === "V2" ? "unregistered" : "none";
  const enqueueAttrs = ["Tcomponents: list(type) >= 1", "timeout_ms: int = -1"] as const;
  const dequeueAttrs = ["component_types: list(type) >= 1", "timeout_ms: int = -1"] as const;

  const enqueue = defineOp(`QueueEnqueue${version}`, {
    inputs: [handle, "components: Tcomponents"],
    attrs: enqueueAttrs,
    stateful,
    shape: () => [],
    run({ handle: of, components, Tcomponents, timeout_ms }, context) {
      checkTimeout(timeout_ms);
      const queue = queueOf(context, of);
      checkSignature(handle, queue, Tcomponents, true, []);
      return queue.enqueue(components.map(copyArray), context);
    },
    gradient,
  });
  const enqueueMany = defineOp(`QueueEnqueueMany${version}`, {
    inputs: [handle, "components: Tcomponents"],
    attrs: enqueueAttrs,
    stateful,
    shape: () => [],
    run({ handle: of, components, Tcomponents, timeout_ms }, context) {
      checkTimeout(timeout_ms);
      const queue = queueOf(context, of);
      checkSignature(handle, queue, Tcomponents, true, []);
      return queue.enqueueMany(components, context);
    },
    gradient,
  });
  const dequeue = defineOp(`QueueDequeue${version}`, {
    inputs: [handle],
    outputs: ["components: component_types"],
    attrs: dequeueAttrs,
    stateful,
    shape: (_, context) => dequeued(context, "one"),
    run({ handle: of, component_types, timeout_ms }, context) {
      checkTimeout(timeout_ms);
      const queue = queueOf(context, of);
      checkSignature(handle, queue, component_types, false, []);
      return queue.dequeue(context);
    },
    gradient,
  });
  const several = (type: string, what: string, allowSmall: boolean) =>
    defineOp(`${type}${version}`, {
      inputs: [handle, "n: int32"],
      outputs: ["components: component_types"],
      attrs: dequeueAttrs,
      stateful,
      shape: ({ n }, context) => {
        const size = batchSize(n, context);
        return dequeued(context, allowSmall ? null : size);
      },
      run({ handle: of, n, component_types, timeout_ms }, context) {
        checkTimeout(timeout_ms);
        const queue = queueOf(context, of);
        checkSignature(handle, queue, component_types, false, [int32]);
        const wanted = Number(elementAt(n, 0));
        if (wanted < 0) throw invalidArgument(`${what} requested ${wanted} < 0 elements`);
        return queue.dequeueMany(wanted, allowSmall, context);
      },
      gradient,
    });
  const close = defineOp(`QueueClose${version}`, {
    inputs: [handle],
    attrs: ["cancel_pending_enqueues: bool = false"],
    stateful,
    shape: () => [],
    run: ({ handle: of, cancel_pending_enqueues }, context) =>
      queueOf(context, of).closeQueue(cancel_pending_enqueues, context),
    gradient,
  });
  const isClosed = defineOp(`QueueIsClosed${version}`, {
    inputs: [handle],
    outputs: ["is_closed: bool"],
    stateful,
    shape: () => [[]],
    compute: ({ handle: of }, context) => ndarray(queueOf(context, of).isClosed, "bool", []),
    gradient: "unregistered",
  });
  const size = defineOp(`QueueSize${version}`, {
    inputs: [handle],
    outputs: ["size: int32"],
    stateful,
    shape: () => [[]],
    compute: ({ handle: of }, context) => ndarray(queueOf(context, of).size, "int32", []),
    gradient,
  });
  return {
    enqueue,
    enqueueMany,
    dequeue,
    dequeueMany: several("QueueDequeueMany", "DequeueManyOp", false),
    dequeueUpTo: several("QueueDequeueUpTo", "DequeueUpToOp", true),
    close,
    isClosed,
    size,
  };
}

const textMakers = makersOf("", "handle: Ref(string)");
const makers = makersOf("V2", "handle: resource");
const textCalls = callsOf("", "handle: Ref(string)");
const calls = callsOf("V2", "handle: resource");

export const fIFOQueueOp = textMakers.fifo;
export const fIFOQueueV2Op = makers.fifo;
export const randomShuffleQueueOp = textMakers.shuffled;
export const randomShuffleQueueV2Op = makers.shuffled;
export const paddingFIFOQueueOp = textMakers.padding;
export const paddingFIFOQueueV2Op = makers.padding;
export const priorityQueueOp = textMakers.priority;
export const priorityQueueV2Op = makers.priority;
export const queueEnqueueOp = textCalls.enqueue;
export const queueEnqueueV2Op = calls.enqueue;
export const queueEnqueueManyOp = textCalls.enqueueMany;
export const queueEnqueueManyV2Op = calls.enqueueMany;
export const queueDequeueOp = textCalls.dequeue;
export const queueDequeueV2Op = calls.dequeue;
export const queueDequeueManyOp = textCalls.dequeueMany;
export const queueDequeueManyV2Op = calls.dequeueMany;
export const queueDequeueUpToOp = textCalls.dequeueUpTo;
export const queueDequeueUpToV2Op = calls.dequeueUpTo;
export const queueCloseOp = textCalls.close;
export const queueCloseV2Op = calls.close;
export const queueIsClosedOp = textCalls.isClosed;
export const queueIsClosedV2Op = calls.isClosed;
export const queueSizeOp = textCalls.size;
export const queueSizeV2Op = calls.size;

/** A queue of the first version for a queue's resource. */
export const fakeQueueOp = defineOp("FakeQueue", {
  inputs: ["resource: resource"],
  outputs: ["handle: Ref(string)"],
  stateful: true,
  shape: () => [[2]],
  compute({ resource }, context) {
    const queue = queueOf(context, resource);
    return namedObject<Queue>(context, {
      kind: queueKind,
      container: "",
      sharedName: queue.name,
      asText: true,
      create: () => queue,
    });
  },
  gradient: "unregistered",
});
