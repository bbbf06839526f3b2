/**
 * Staging areas with keys: components of a tuple may come one by one; a tuple can be taken when it is complete, by its key, or any of
 * them (the smallest key in ordered areas). Source: tensorflow/core/kernels/map_stage_op.cc
 */

import { int64 } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { NdArray, ndarray } from "../../../core/nd_array.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { copyArray } from "../arrays.ts";
import { type AreaAttrs, bytesOf, tooLarge } from "./stage.ts";
import type { Tuple } from "./stores.ts";
import { WaitList } from "./wait_list.ts";

type Parts = (NdArray | undefined)[];

class StagingMap {
  readonly #complete = new Map<bigint, Parts>();
  readonly #incomplete = new Map<bigint, Parts>();
  readonly #waiting = new WaitList();
  readonly #capacity: number;
  readonly #memoryLimit: number;
  readonly #components: number;
  readonly #isOrdered: boolean;
  #bytes = 0;

  constructor({ capacity, memory_limit }: AreaAttrs, components: number, isOrdered: boolean) {
    this.#capacity = capacity > 0 ? capacity : Number.POSITIVE_INFINITY;
    this.#memoryLimit = memory_limit > 0 ? memory_limit : Number.POSITIVE_INFINITY;
    this.#components = components;
    this.#isOrdered = isOrdered;
  }

  get size(): number {
    return this.#complete.size;
  }

  get incompleteSize(): number {
    return this.#incomplete.size;
  }

  #checkIndices(key: bigint, indices: readonly number[]): void {
    for (let i = 1; i < indices.length; i++) {
      if (indices[i]! <= indices[i - 1]!) throw invalidArgument("Indices are not strictly ordered");
    }
    for (const index of indices) {
      if (index < 0 || index >= this.#components) {
        throw invalidArgument(`Index '${index}' for key '${key}' was out of bounds '${this.#components}'.`);
      }
    }
  }

  put(key: bigint, indices: readonly number[], values: Tuple, signal: AbortSignal): unknown {
    this.#checkIndices(key, indices);
    const bytes = bytesOf(values);
    if (bytes > this.#memoryLimit) throw tooLarge(bytes, this.#memoryLimit);
    const take = (): true | undefined => {
      if (this.#complete.size >= this.#capacity || this.#bytes + bytes > this.#memoryLimit) return undefined;
      this.#insert(key, indices, values);
      this.#bytes += bytes;
      return true;
    };
    return this.#waiting.until(take, signal, "MapStage operation was cancelled");
  }

  #insert(key: bigint, indices: readonly number[], values: Tuple): void {
    const parts = this.#incomplete.get(key) ?? new Array<NdArray | undefined>(this.#components).fill(undefined);
    for (const index of indices) {
      if (parts[index]) {
        throw invalidArgument(
          `The tensor for index '${index}' for key '${key}' was already initialized '${this.#components}'.`,
        );
      }
    }
    for (const [i, index] of indices.entries()) parts[index] = values[i]!;
    if (parts.some((part) => part === undefined)) this.#incomplete.set(key, parts);
    else {
      this.#incomplete.delete(key);
      if (!this.#complete.has(key)) this.#complete.set(key, parts);
    }
  }

  /** Components of a key's tuple, taken out unless `keeps`; waits for the key. */
  get(key: bigint, indices: readonly number[], keeps: boolean, signal: AbortSignal): Tuple | Promise<Tuple> {
    const take = (): Tuple | undefined => (this.#complete.has(key) ? this.#take(key, indices, keeps) : undefined);
    return this.#waiting.until(take, signal, "MapUnstage operation was cancelled");
  }

  /** As `get` for the first key there is; the key in front. */
  getAny(indices: readonly number[], signal: AbortSignal): Tuple | Promise<Tuple> {
    const take = (): Tuple | undefined => {
      const keys = [...this.#complete.keys()];
      if (keys.length === 0) return undefined;
      const key = this.#isOrdered ? smallest(keys) : keys[0]!;
      return [new NdArray(int64, [], BigInt64Array.of(key)), ...this.#take(key, indices, false)];
    };
    return this.#waiting.until(take, signal, "MapUnstageNoKey operation was cancelled");
  }

  #take(key: bigint, indices: readonly number[], keeps: boolean): Tuple {
    this.#checkIndices(key, indices);
    const parts = this.#complete.get(key)!;
    const taken = indices.map((index) => {
      const part = parts[index];
      if (!part) throw invalidArgument(`Tensor at index '${index}' for key '${key}' has already been removed.`);
      return part;
    });
    if (keeps) return taken.map(copyArray);
    for (const index of indices) parts[index] = undefined;
    if (parts.every((part) => part === undefined)) this.#complete.delete(key);
    this.#bytes -= bytesOf(taken);
    return taken;
  }

  clear(): void {
    this.#complete.clear();
    this.#incomplete.clear();
    this.#bytes = 0;
    this.#waiting.changed();
  }

  close(): void {
    this.#waiting.cancelAll("Session has been closed.");
  }
}

const smallest = (keys: readonly bigint[]): bigint => {
  let [least] = keys;
  for (const key of keys) if (key < least!) least = key;
  return least!;
};

const areaAttrs = ["capacity: int >= 0 = 0", "memory_limit: int >= 0 = 0"] as const;
const nameAttrs = ["container: string = ''", "shared_name: string = ''"] as const;
const someTypes = [...areaAttrs, "dtypes: list(type) >= 1", ...nameAttrs] as const;
const anyTypes = [...areaAttrs, "dtypes: list(type)", ...nameAttrs] as const;

const keyOf = (key: NdArray): bigint => (key.data as BigInt64Array)[0]!;
const numbers = (indices: NdArray): readonly number[] => Array.from(indices.data as Int32Array);

function opsOf(prefix: "" | "Ordered") {
  const areaOf = (context: ComputeContext, attrs: AreaAttrs & { readonly dtypes: readonly unknown[] }): StagingMap =>
    context.makeResource({
      container: attrs.container,
      kind: `${prefix} staging map`,
      name: attrs.shared_name,
      create: () => new StagingMap(attrs, attrs.dtypes.length, prefix === "Ordered"),
    }).resource;
  const common = { stateful: true, gradient: "unregistered" } as const;
  const sizeOp = (type: string, size: (area: StagingMap) => number) =>
    defineOp(`${prefix}${type}`, {
      ...common,
      outputs: ["size: int32"],
      attrs: anyTypes,
      shape: () => [[]],
      compute: (op, context) => ndarray(size(areaOf(context, op)), "int32", []),
    });
  const takeOp = (type: string, keeps: boolean) =>
    defineOp(`${prefix}${type}`, {
      ...common,
      inputs: ["key: int64", "indices: int32"],
      outputs: ["values: dtypes"],
      attrs: someTypes,
      shape: ({ dtypes }) => dtypes.map(() => null),
      run: (op, context) => areaOf(context, op).get(keyOf(op.key), numbers(op.indices), keeps, context.signal),
    });
  return {
    stage: defineOp(`${prefix}MapStage`, {
      ...common,
      inputs: ["key: int64", "indices: int32", "values: fake_dtypes"],
      attrs: [...areaAttrs, "dtypes: list(type)", "fake_dtypes: list(type) >= 1", ...nameAttrs],
      shape: () => [],
      async run(op, context) {
        const values = op.values.map(copyArray);
        await areaOf(context, op).put(keyOf(op.key), numbers(op.indices), values, context.signal);
      },
    }),
    unstage: takeOp("MapUnstage", false),
    peek: takeOp("MapPeek", true),
    unstageNoKey: defineOp(`${prefix}MapUnstageNoKey`, {
      ...common,
      inputs: ["indices: int32"],
      outputs: ["key: int64", "values: dtypes"],
      attrs: someTypes,
      shape: (_, { outputDtypes }) => outputDtypes.map(() => null),
      run: (op, context) => areaOf(context, op).getAny(numbers(op.indices), context.signal),
    }),
    size: sizeOp("MapSize", (area) => area.size),
    incompleteSize: sizeOp("MapIncompleteSize", (area) => area.incompleteSize),
    clear: defineOp(`${prefix}MapClear`, {
      ...common,
      attrs: anyTypes,
      shape: () => [],
      compute: (op, context) => areaOf(context, op).clear(),
    }),
  };
}

const unordered = opsOf("");
const ordered = opsOf("Ordered");

export const mapStageOp = unordered.stage;
export const mapUnstageOp = unordered.unstage;
export const mapPeekOp = unordered.peek;
export const mapUnstageNoKeyOp = unordered.unstageNoKey;
export const mapSizeOp = unordered.size;
export const mapIncompleteSizeOp = unordered.incompleteSize;
export const mapClearOp = unordered.clear;
export const orderedMapStageOp = ordered.stage;
export const orderedMapUnstageOp = ordered.unstage;
export const orderedMapPeekOp = ordered.peek;
export const orderedMapUnstageNoKeyOp = ordered.unstageNoKey;
export const orderedMapSizeOp = ordered.size;
export const orderedMapIncompleteSizeOp = ordered.incompleteSize;
export const orderedMapClearOp = ordered.clear;
