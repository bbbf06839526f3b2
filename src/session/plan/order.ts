/**
 * From fetches and feeds to an ordered plan of stages.
 *
 *     prune   the nodes that the fetches need, stopping at fed tensors
 *     order   data and control edges; among free nodes those that change no variable first, then the order of creation
 *     level   a node comes after the host nodes on its path; a variable's update after the reads that nothing orders
 *     stages  lowerable nodes of one level, and of one set of ancestors that set apart, are a segment; every other node is a stage
 *             of its own. Nodes that wait set apart: what does not need them goes on. So do nodes whose results have sizes of
 *             their own (Unique, Where): a segment that needs one of them is compiled for its sizes alone.
 */
import { InvalidArgumentError } from "../../core/error.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Absorptions } from "./absorb.ts";
import { isLowered, mayWait, referenceInputs, setsApart } from "./classify.ts";

export interface Stage {
  readonly kind: "segment" | "host";
  readonly nodes: readonly Operation[];
  /** Stages that must be done before. */
  readonly after: readonly number[];
  readonly mayWait: boolean;
}

export interface Pruned {
  readonly nodes: readonly Operation[];
  readonly hasFlow: boolean;
}

/** A placeholder whose value is fed does not run: who waits for it waits for nothing. */
export const isFed = (op: Operation, fed: ReadonlySet<Tensor>): boolean =>
  op.definition.placeholder && op.outputs.some((output) => fed.has(output));

/** The nodes that run: ancestors of the fetches and targets, cut at fed tensors. In no particular order. */
export function prune(targets: Iterable<Operation>, fed: ReadonlySet<Tensor>): Pruned {
  const seen = new Set<Operation>();
  const stack = [...targets];
  let hasFlow = false;
  while (stack.length) {
    const op = stack.pop()!;
    if (seen.has(op)) continue;
    seen.add(op);
    if (op.definition.flow) hasFlow = true;
    for (const input of op.inputs) if (!fed.has(input) && !seen.has(input.op)) stack.push(input.op);
    for (const input of op.controlInputs) if (!seen.has(input) && !isFed(input, fed)) stack.push(input);
  }
  return { nodes: [...seen], hasFlow };
}

/** Kahn's algorithm: free nodes by (changes a variable, creation). Throws INVALID_ARGUMENT for a cycle outside loops. */
export function orderNodes(nodes: readonly Operation[], fed: ReadonlySet<Tensor>): Operation[] {
  const sorted = [...nodes].sort((a, b) => a.id - b.id);
  const place = new Map(sorted.map((op, i) => [op, i]));
  const waiting = new Int32Array(sorted.length);
  const users: number[][] = sorted.map(() => []);
  const wait = (from: number, i: number): void => {
    users[from]!.push(i);
    waiting[i]!++;
  };
  for (const [i, op] of sorted.entries()) {
    // A source that is named twice is waited for, and counted down, twice.
    for (const input of op.inputs) if (!fed.has(input)) wait(place.get(input.op)!, i);
    for (const input of op.controlInputs) if (!isFed(input, fed)) wait(place.get(input)!, i);
  }
  const quiet = new MinHeap();
  const updating = new MinHeap();
  const offer = (i: number): void => (sorted[i]!.definition.updates.length ? updating : quiet).push(i);
  for (let i = 0; i < sorted.length; i++) if (waiting[i] === 0) offer(i);
  const order: Operation[] = [];
  for (;;) {
    const i = quiet.size ? quiet.pop() : updating.size ? updating.pop() : -1;
    if (i < 0) break;
    order.push(sorted[i]!);
    for (const user of users[i]!) if (--waiting[user]! === 0) offer(user);
  }
  if (order.length < sorted.length) {
    const stuck = sorted.find((_, i) => waiting[i]! > 0)!;
    throw new InvalidArgumentError(
      `The graph couldn't be sorted in topological order: a cycle goes through node '${stuck.name}'`,
    );
  }
  return order;
}

/** The distinct nodes that an op waits for. */
function sourcesOf(op: Operation, fed: ReadonlySet<Tensor>): Set<Operation> {
  const sources = new Set<Operation>();
  for (const input of op.inputs) if (!fed.has(input)) sources.add(input.op);
  for (const input of op.controlInputs) if (!isFed(input, fed)) sources.add(input);
  return sources;
}

/** Gives the least number first. */
export class MinHeap {
  readonly #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: number): void {
    const items = this.#items;
    let i = items.length;
    items.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (items[parent]! <= item) break;
      items[i] = items[parent]!;
      i = parent;
    }
    items[i] = item;
  }

  pop(): number {
    const items = this.#items;
    const top = items[0]!;
    const last = items.pop()!;
    if (items.length) {
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= items.length) break;
        if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
        if (items[child]! >= last) break;
        items[i] = items[child]!;
        i = child;
      }
      items[i] = last;
    }
    return top;
  }
}

/** What is known of one variable while levels are given out. */
interface VariableTrack {
  readers: number;
  readersAwait: number;
  updates: number;
  updatesAwait: number;
}

/** Numbers sets of awaited ancestors: equal sets have equal numbers. */
export class AwaitSets {
  readonly #ids = new Map<string, number>([["", 0]]);
  readonly #sets: (readonly number[])[] = [[]];

  union(a: number, b: number): number {
    if (a === b || b === 0) return a;
    if (a === 0) return b;
    return this.#id([...new Set([...this.#sets[a]!, ...this.#sets[b]!])].sort((x, y) => x - y));
  }

  with(a: number, node: number): number {
    return this.union(a, this.#id([node]));
  }

  size(a: number): number {
    return this.#sets[a]!.length;
  }

  #id(set: readonly number[]): number {
    const key = set.join(",");
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#sets.length;
      this.#sets.push(set);
      this.#ids.set(key, id);
    }
    return id;
  }
}

/** Cuts ordered nodes into stages. */
export function cutStages(
  order: readonly Operation[],
  fed: ReadonlySet<Tensor>,
  { absorptions }: { absorptions?: Absorptions } = {},
): Stage[] {
  const lowers = (op: Operation): boolean => isLowered(op) || absorptions?.absorber(op) !== undefined;
  const apart = (op: Operation): boolean => setsApart(op) && absorptions?.absorber(op) === undefined;
  /** The level and the awaited ancestors of what comes after a node. */
  const levels = new Map<Operation, { readonly next: number; readonly nextAwaits: number }>();
  const awaitSets = new AwaitSets();
  const tracks = new Map<Operation, VariableTrack>();
  const groups = new Map<string, { kind: "segment" | "host"; nodes: Operation[]; order: number; mayWait: boolean }>();
  const groupOf = new Map<Operation, string>();
  for (const [i, op] of order.entries()) {
    const lowered = lowers(op);
    let level = 0;
    let awaits = 0;
    const follow = (source: Operation): void => {
      const from = levels.get(source)!;
      level = Math.max(level, from.next);
      awaits = awaitSets.union(awaits, from.nextAwaits);
    };
    for (const input of op.inputs) if (!fed.has(input)) follow(input.op);
    for (const input of op.controlInputs) if (!isFed(input, fed)) follow(input);
    const variables = referenceInputs(op);
    const updated = new Set<Operation>();
    for (const { variable, isUpdated } of variables) if (isUpdated) updated.add(variable);
    for (const { variable } of variables) {
      const track = tracks.get(variable);
      if (!track) continue;
      level = Math.max(level, track.updates, updated.has(variable) ? track.readers : 0);
      awaits = awaitSets.union(awaits, track.updatesAwait);
      if (updated.has(variable)) awaits = awaitSets.union(awaits, track.readersAwait);
    }
    const next = level + (lowered ? 0 : 1);
    const nextAwaits = apart(op) ? awaitSets.with(awaits, op.id + 1) : awaits;
    levels.set(op, { next, nextAwaits });
    for (const { variable } of variables) {
      const track = tracks.get(variable) ?? { readers: 0, readersAwait: 0, updates: 0, updatesAwait: 0 };
      if (updated.has(variable)) {
        track.updates = Math.max(track.updates, next);
        track.updatesAwait = awaitSets.union(track.updatesAwait, nextAwaits);
      } else {
        track.readers = Math.max(track.readers, next);
        track.readersAwait = awaitSets.union(track.readersAwait, nextAwaits);
      }
      tracks.set(variable, track);
    }
    const key = lowered ? `${level}/${awaits}` : `node ${i}`;
    groupOf.set(op, key);
    const group = groups.get(key);
    if (group) group.nodes.push(op);
    else
      groups.set(key, {
        kind: lowered ? "segment" : "host",
        nodes: [op],
        order: (level * 2 + (lowered ? 0 : 1)) * 65536 + awaitSets.size(awaits),
        mayWait: mayWait(op),
      });
  }
  return linkStages([...groups.entries()], groupOf, fed);
}

function linkStages(
  entries: [string, { kind: "segment" | "host"; nodes: Operation[]; order: number; mayWait: boolean }][],
  groupOf: ReadonlyMap<Operation, string>,
  fed: ReadonlySet<Tensor>,
): Stage[] {
  entries.sort(([, a], [, b]) => a.order - b.order);
  const index = new Map(entries.map(([key], i) => [key, i]));
  const lastUpdate = new Map<Operation, number>();
  const readers = new Map<Operation, Set<number>>();
  return entries.map(([key, group], i) => {
    const after = new Set<number>();
    for (const op of group.nodes) {
      for (const source of sourcesOf(op, fed))
        if (groupOf.get(source) !== key) after.add(index.get(groupOf.get(source)!)!);
      for (const { variable, isUpdated } of referenceInputs(op)) {
        const update = lastUpdate.get(variable);
        if (update !== undefined && update !== i) after.add(update);
        if (isUpdated) {
          for (const reader of readers.get(variable) ?? []) if (reader !== i) after.add(reader);
          lastUpdate.set(variable, i);
          readers.delete(variable);
        } else {
          if (!readers.has(variable)) readers.set(variable, new Set());
          readers.get(variable)!.add(i);
        }
      }
    }
    return { kind: group.kind, nodes: group.nodes, after: [...after], mayWait: group.mayWait };
  });
}
