/** Scopes of the default graph, as tf's functions. */
import { type Graph, getDefaultGraph } from "../graph/graph.ts";
import type { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Ops made in fn have names below this one; fn gets the scope with its trailing "/". */
export const nameScope = <R>(name: string | null, fn: (scope: string) => R): R => getDefaultGraph().nameScope(name, fn);

/** Ops made in fn are placed on this device. */
export const device = <R>(name: Parameters<Graph["device"]>[0], fn: () => R): R => getDefaultGraph().device(name, fn);

/** Ops made in fn run after all of these; null forgets outer dependencies. */
export const controlDependencies = <R>(
  inputs: readonly (Operation | Tensor | { readonly op: Operation })[] | null,
  fn: () => R,
): R => getDefaultGraph().controlDependencies(inputs, fn);

/** Ops made in fn are placed with op, or with the op of a tensor or a variable. */
export const colocateWith = <R>(
  op: Operation | { readonly op: Operation },
  fn: () => R,
  options: { ignoreExisting?: boolean } = {},
): R => getDefaultGraph().colocateWith("op" in op ? op.op : op, fn, options);

/** The graph-level seed: seedless random ops get it, and 0, 1, 2 … as their own in the order of creation. */
export function setRandomSeed(seed: number | bigint | null): void {
  getDefaultGraph().seed = seed;
}

/** The two seeds of a random op made here whose own seed is `opSeed`; nulls when neither it nor the graph has one. */
export const getSeed = (opSeed: number | bigint | null): readonly [number, number] | readonly [null, null] =>
  getDefaultGraph().takeSeeds(opSeed);

/** Objects of ops made in fn (variables, queues, tables, iterators) live in this container of the session: nothing outside finds them by name. */
export const container = <R>(containerName: string, fn: () => R): R => getDefaultGraph().container(containerName, fn);
