/**
 * Staging areas: a list of tuples that Stage puts in and Unstage takes out, bounded in tuples and bytes; the area is known by its name
 * alone. Source: tensorflow/core/kernels/stage_op.cc
 */
import { ResourceExhaustedError } from "../../../core/error.ts";
import { elementAt, ndarray } from "../../../core/nd_array.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { copyArray, sizeBytesOf } from "../arrays.ts";
import type { Tuple } from "./stores.ts";
import { WaitList } from "./wait_list.ts";

export interface AreaAttrs {
  readonly capacity: number;
  readonly memory_limit: number;
  readonly container: string;
  readonly shared_name: string;
}

export const bytesOf = (tuple: Tuple): number => tuple.reduce((n, array) => n + sizeBytesOf(array), 0);

export const tooLarge = (bytes: number, limit: number) =>
  new ResourceExhaustedError(
    `Attempted to insert tensors with combined size of '${bytes}' bytes into Staging Area with a memory limit of '${limit}'.`,
  );

class StagingArea {
  readonly #tuples: Tuple[] = [];
  readonly #waiting = new WaitList();
  readonly #capacity: number;
  readonly #memoryLimit: number;
  #bytes = 0;

  constructor({ capacity, memory_limit }: AreaAttrs) {
    this.#capacity = capacity > 0 ? capacity : Number.POSITIVE_INFINITY;
    this.#memoryLimit = memory_limit > 0 ? memory_limit : Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return this.#tuples.length;
  }

  put(tuple: Tuple, signal: AbortSignal): unknown {
    const bytes = bytesOf(tuple);
    if (bytes > this.#memoryLimit) throw tooLarge(bytes, this.#memoryLimit);
    const take = (): true | undefined => {
      if (this.#tuples.length >= this.#capacity || this.#bytes + bytes > this.#memoryLimit) return undefined;
      this.#tuples.push(tuple);
      this.#bytes += bytes;
      return true;
    };
    return this.#waiting.until(take, signal, "Stage operation was cancelled");
  }

  get(signal: AbortSignal): Tuple | Promise<Tuple> {
    const take = (): Tuple | undefined => {
      const tuple = this.#tuples.shift();
      if (tuple) this.#bytes -= bytesOf(tuple);
      return tuple;
    };
    return this.#waiting.until(take, signal, "Unstage operation was cancelled");
  }

  peek(index: number, signal: AbortSignal): Tuple | Promise<Tuple> {
    return this.#waiting.until(() => this.#tuples[index]?.map(copyArray), signal, "StagePeek operation was cancelled");
  }

  clear(): void {
    this.#tuples.length = 0;
    this.#bytes = 0;
    this.#waiting.changed();
  }

  close(): void {
    this.#waiting.cancelAll("Session has been closed.");
  }
}

/** The area of these attrs: of the shared name, or of the node's own. */
const areaOf = (context: ComputeContext, attrs: AreaAttrs): StagingArea =>
  context.makeResource({
    container: attrs.container,
    kind: "staging area",
    name: attrs.shared_name,
    create: () => new StagingArea(attrs),
  }).resource;

const areaAttrs = ["capacity: int >= 0 = 0", "memory_limit: int >= 0 = 0"] as const;
const nameAttrs = ["container: string = ''", "shared_name: string = ''"] as const;
const someTypes = [...areaAttrs, "dtypes: list(type) >= 1", ...nameAttrs] as const;
const anyTypes = [...areaAttrs, "dtypes: list(type)", ...nameAttrs] as const;

/** Puts a tuple at the end; waits for room. */
export const stageOp = defineOp("Stage", {
  inputs: ["values: dtypes"],
  attrs: someTypes,
  stateful: true,
  shape: () => [],
  async run(op, context) {
    await areaOf(context, op).put(op.values.map(copyArray), context.signal);
  },
  gradient: "unregistered",
});

/** Takes the first tuple; waits for one. */
export const unstageOp = defineOp("Unstage", {
  outputs: ["values: dtypes"],
  attrs: someTypes,
  stateful: true,
  shape: ({ dtypes }) => dtypes.map(() => null),
  run: (op, context) => areaOf(context, op).get(context.signal),
  gradient: "unregistered",
});

/** The tuple at a place, which stays; waits until there is one. */
export const stagePeekOp = defineOp("StagePeek", {
  inputs: ["index: int32"],
  outputs: ["values: dtypes"],
  attrs: someTypes,
  stateful: true,
  shape: ({ dtypes }) => dtypes.map(() => null),
  run: (op, context) => areaOf(context, op).peek(Number(elementAt(op.index, 0)), context.signal),
  gradient: "unregistered",
});

export const stageSizeOp = defineOp("StageSize", {
  outputs: ["size: int32"],
  attrs: anyTypes,
  stateful: true,
  shape: () => [[]],
  compute: (op, context) => ndarray(areaOf(context, op).size, "int32", []),
  gradient: "unregistered",
});

export const stageClearOp = defineOp("StageClear", {
  attrs: anyTypes,
  stateful: true,
  shape: () => [],
  compute: (op, context) => areaOf(context, op).clear(),
  gradient: "unregistered",
});
