/**
 * A barrier puts together elements whose components come at different times under one key; complete ones can be taken, those first
 * whose key was first seen. Source: tensorflow/core/kernels/barrier_ops.cc
 */
import type { DType } from "../../../core/dtype.ts";
import { int32, int64, string } from "../../../core/dtype.ts";
import { CancelledError, invalidArgument, OutOfRangeError } from "../../../core/error.ts";
import { elementAt, NdArray, ndarray } from "../../../core/nd_array.ts";
import { formatShape, isFull, mergeShapes, type Shape, withRank } from "../../../core/shape.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { bytesOfText, rowOf, textsOf } from "../arrays.ts";
import { namedObject, objectOf } from "../resource.ts";
import type { Waiting } from "./attempts.ts";
import { Queue } from "./queue.ts";
import { PriorityStore, type Tuple } from "./stores.ts";

interface Incomplete {
  readonly index: bigint;
  readonly key: string;
  readonly components: (NdArray | undefined)[];
}

class Barrier {
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly #incomplete = new Map<string, Incomplete>();
  readonly #ready: Queue;
  #nextIndex = -(2n ** 63n);
  #isClosed = false;
  #cancelsPending = false;

  constructor(name: string, dtypes: readonly DType[], shapes: readonly Shape[]) {
    this.name = name;
    this.dtypes = dtypes;
    this.#ready = new Queue({
      type: "PriorityQueue",
      name: `${name}_queue`,
      dtypes: [int64, string, ...dtypes],
      shapes: [[], [], ...shapes],
      capacity: -1,
      store: new PriorityStore(),
    });
  }

  get readySize(): number {
    return this.#ready.size;
  }

  get incompleteSize(): number {
    return this.#incomplete.size;
  }

  insertMany(keys: readonly string[], values: NdArray, component: number, run: Waiting): void {
    if (keys.length && values.size === 0) {
      throw invalidArgument(
        `Tensors with no elements are not supported ${this.name}: received shape ${formatShape(values.shape)}`,
      );
    }
    const state = `Pending enqueues cancelled: ${Number(this.#cancelsPending)}`;
    if (this.#isClosed && (this.#cancelsPending || (keys.length > 0 && this.#incomplete.size === 0))) {
      throw new CancelledError(
        `Barrier ${this.name} is closed.  ${state}.  Number of new insertions: ${keys.length}.  Number of incomplete keys: ${this.#incomplete.size}.`,
      );
    }
    const index = this.#nextIndex;
    for (const [i, key] of keys.entries()) {
      let element = this.#incomplete.get(key);
      if (!element) {
        if (this.#isClosed) {
          throw new CancelledError(
            `Barrier ${this.name} is closed, but attempted to insert a brand new key: ${key}.  ${state}.  Insertion index: ${i}.  Number of incomplete keys: ${this.#incomplete.size}.`,
          );
        }
        element = { index, key, components: new Array(this.dtypes.length).fill(undefined) };
        this.#incomplete.set(key, element);
        this.#nextIndex = index + 1n;
      }
      if (element.components[component]) {
        throw invalidArgument(`Key ${key} already has a value for component ${component} in barrier ${this.name}`);
      }
      element.components[component] = rowOf(values, i);
      if (element.components.every((value) => value !== undefined)) this.#complete(element, run);
    }
    if (this.#isClosed && this.#incomplete.size === 0) this.#closeReady(run);
  }

  #complete({ index, key, components }: Incomplete, run: Waiting): void {
    this.#incomplete.delete(key);
    const head = [new NdArray(int64, [], BigInt64Array.of(index)), new NdArray(string, [], [bytesOfText(key)])];
    this.#ready.enqueue([...head, ...(components as NdArray[])], run);
  }

  takeMany(n: number, allowSmall: boolean, run: Waiting): Tuple | Promise<Tuple> {
    let wanted = n;
    if (this.#isClosed) {
      let available = this.#ready.size;
      if (allowSmall) wanted = Math.min(n, available);
      else available += this.#incomplete.size;
      if (available < Math.max(wanted, 1)) {
        throw new OutOfRangeError(
          `Barrier '${this.name}' is closed and has insufficient elements (requested ${wanted}, total size ${available})`,
        );
      }
    }
    return this.#ready.dequeueMany(wanted, allowSmall, run);
  }

  closeBarrier(cancelPending: boolean, run: Waiting): void {
    if (this.#isClosed && (this.#cancelsPending || !cancelPending)) {
      throw new CancelledError(`Barrier '${this.name}' is already closed.`);
    }
    this.#isClosed = true;
    this.#cancelsPending = cancelPending;
    if (!cancelPending && this.#incomplete.size) return;
    this.#incomplete.clear();
    this.#closeReady(run);
  }

  #closeReady(run: Waiting): void {
    if (!this.#ready.isClosed) this.#ready.closeQueue(false, run);
  }

  close(): void {
    this.#ready.close();
  }
}

const barrierOf = (context: ComputeContext, handle: NdArray): Barrier => objectOf<Barrier>(context, handle, "barrier");

/** A barrier for elements of these components, all of known shape. */
export const barrierOp = defineOp("Barrier", {
  outputs: ["handle: Ref(string)"],
  attrs: [
    "component_types: list(type) >= 1",
    "shapes: list(shape) >= 0 = []",
    "capacity: int = -1",
    "container: string = ''",
    "shared_name: string = ''",
  ],
  stateful: true,
  shape: () => [[2]],
  compute({ component_types, shapes, capacity, container, shared_name }, context) {
    if (capacity !== -1) {
      throw invalidArgument(
        "Barrier only accepts capacity=-1.  Feed the inputs to your Barrier through a queue to enforce a limited capacity.",
      );
    }
    if (shapes.length !== component_types.length)
      throw invalidArgument("All of the component shapes must be specified");
    for (const shape of shapes)
      if (!isFull(shape)) throw invalidArgument(`Shape ${formatShape(shape)} is not fully defined`);
    return namedObject<Barrier>(context, {
      kind: "barrier",
      container,
      sharedName: shared_name,
      asText: true,
      create: (name) => new Barrier(name, component_types, shapes),
    });
  },
  gradient: "unregistered",
});

/** Row i of values is a component of the element of keys[i]. */
export const barrierInsertManyOp = defineOp("BarrierInsertMany", {
  inputs: ["handle: Ref(string)", "keys: string", "values: T"],
  attrs: ["T: type", "component_index: int"],
  shape({ keys, values }) {
    withRank(keys, 1);
    if (values !== null) mergeShapes(keys, values.slice(0, 1));
    return [];
  },
  run({ handle, keys, values, T, component_index: component }, context) {
    const barrier = barrierOf(context, handle);
    const want = barrier.dtypes[component];
    if (want === undefined) {
      throw invalidArgument(
        `The component ID is out of range ${component} > num_components (= ${barrier.dtypes.length})`,
      );
    }
    if (want !== T) {
      throw invalidArgument(
        `Signature mismatch, have: string_ref, string, ${cppName(T)}-> expected: string_ref, string, ${cppName(want)}->`,
      );
    }
    barrier.insertMany(textsOf(keys), values, component, context);
  },
  gradient: "unregistered",
});

/** Complete elements: the order in which their keys were seen, the keys, and each component's batch. Waits for enough of them. */
export const barrierTakeManyOp = defineOp("BarrierTakeMany", {
  inputs: ["handle: Ref(string)", "num_elements: int32"],
  outputs: ["indices: int64", "keys: string", "values: component_types"],
  attrs: [
    "component_types: list(type) >= 1",
    "allow_small_batch: bool = false",
    "wait_for_incomplete: bool = false",
    "timeout_ms: int = -1",
  ],
  shape: ({ num_elements }, { outputDtypes }) => {
    withRank(num_elements, 0);
    return outputDtypes.map(() => null);
  },
  run({ handle, num_elements, allow_small_batch, timeout_ms }, context) {
    if (timeout_ms !== -1) throw invalidArgument("Timeout not supported yet.");
    const wanted = Number(elementAt(num_elements, 0));
    return barrierOf(context, handle).takeMany(wanted, allow_small_batch, context);
  },
  gradient: "unregistered",
});

export const barrierCloseOp = defineOp("BarrierClose", {
  inputs: ["handle: Ref(string)"],
  attrs: ["cancel_pending_enqueues: bool = false"],
  shape: () => [],
  run: ({ handle, cancel_pending_enqueues }, context) =>
    barrierOf(context, handle).closeBarrier(cancel_pending_enqueues, context),
  gradient: "unregistered",
});

const sizeOp = (type: string, size: (barrier: Barrier) => number) =>
  defineOp(type, {
    inputs: ["handle: Ref(string)"],
    outputs: ["size: int32"],
    shape: () => [[]],
    compute: ({ handle }, context) => ndarray(size(barrierOf(context, handle)), int32.base, []),
    gradient: "unregistered",
  });

export const barrierReadySizeOp = sizeOp("BarrierReadySize", (barrier) => barrier.readySize);
export const barrierIncompleteSizeOp = sizeOp("BarrierIncompleteSize", (barrier) => barrier.incompleteSize);
