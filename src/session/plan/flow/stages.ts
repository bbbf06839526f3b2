/**
 * Cuts the items of a region into stages. An item's level is how many stages that are no segments lie before it; lowered nodes of one
 * level and one guard are a segment. Stages of one level do not wait for each other, but that segments come before the others.
 */
import type { Operation } from "../../../graph/operation.ts";
import { setsApart } from "../classify.ts";
import { AwaitSets } from "../order.ts";
import type { RegularLoop } from "./frames.ts";
import type { Guard } from "./guards.ts";
import type { Item, ItemKind } from "./items.ts";

export interface FlowStage {
  readonly kind: Exclude<ItemKind, "passing">;
  /** Nodes of a segment, merges of one level and guard, or one node. */
  readonly items: readonly Item[];
  readonly nodes: readonly Operation[];
  readonly loop: RegularLoop | null;
  readonly guard: Guard;
  readonly mayWait: boolean;
  /** Stages that must be done before; filled only where some stage waits. */
  readonly after: readonly number[];
}

interface Group {
  readonly kind: FlowStage["kind"];
  readonly items: Item[];
  readonly order: number;
  readonly guard: Guard;
  readonly before: Set<string>;
}

interface Placed {
  /** Level of a segment that gives a value here, by guard. */
  readonly segments: Map<string, number>;
  /** Highest level of anything else that does; -1: none. */
  others: number;
  awaits: number;
  /** Groups that must be done. */
  readonly groups: Set<string>;
}

interface Track {
  readers: Placed;
  updates: Placed;
}

const nothing = (): Placed => ({ segments: new Map(), others: -1, awaits: 0, groups: new Set() });

export function cutFlowStages(items: readonly Item[], options: { readonly isRoot: boolean }): FlowStage[] {
  const waits = options.isRoot && items.some((item) => item.mayWait);
  const awaitSets = new AwaitSets();
  const placed = new Map<Item, Placed>();
  const groups = new Map<string, Group>();
  const tracks = new Map<Operation, Track>();

  const include = (into: Placed, from: Placed): void => {
    for (const [guard, level] of from.segments)
      into.segments.set(guard, Math.max(into.segments.get(guard) ?? -1, level));
    into.others = Math.max(into.others, from.others);
    into.awaits = awaitSets.union(into.awaits, from.awaits);
    if (waits) for (const group of from.groups) into.groups.add(group);
  };

  for (const [i, item] of items.entries()) {
    const before = nothing();
    for (const source of item.sources) include(before, placed.get(source)!);
    const updated = new Set(item.variables.filter(({ isUpdated }) => isUpdated).map(({ variable }) => variable));
    for (const { variable } of item.variables) {
      const track = tracks.get(variable);
      if (!track) continue;
      include(before, track.updates);
      if (updated.has(variable)) include(before, track.readers);
    }
    if (item.kind === "passing") {
      placed.set(item, before);
      continue;
    }
    const isSegment = item.kind === "segment";
    let level = before.others + 1;
    for (const [guard, at] of before.segments)
      level = Math.max(level, isSegment && guard !== item.guard.key ? at + 1 : at);
    const key = isSegment
      ? `${level}/${before.awaits}/${item.guard.key}`
      : item.kind === "merge"
        ? `merge ${level}/${before.awaits}/${item.guard.key}`
        : `node ${i}`;
    let group = groups.get(key);
    if (!group) {
      const order = (level * 2 + (isSegment ? 0 : 1)) * 65536 + awaitSets.size(before.awaits);
      group = { kind: item.kind, items: [], order, guard: item.guard, before: new Set() };
      groups.set(key, group);
    }
    group.items.push(item);
    for (const other of before.groups) if (other !== key) group.before.add(other);
    const apart = options.isRoot && !item.loop && setsApart(item.op);
    const after: Placed = {
      segments: isSegment ? new Map([[item.guard.key, level]]) : new Map(),
      others: isSegment ? -1 : level,
      awaits: apart ? awaitSets.with(before.awaits, item.op.id + 1) : before.awaits,
      groups: new Set([key]),
    };
    placed.set(item, after);
    for (const { variable } of item.variables) {
      let track = tracks.get(variable);
      if (!track) {
        track = { readers: nothing(), updates: nothing() };
        tracks.set(variable, track);
      }
      include(updated.has(variable) ? track.updates : track.readers, after);
    }
  }
  return linked(groups);
}

function linked(groups: ReadonlyMap<string, Group>): FlowStage[] {
  const entries = [...groups].sort(([, a], [, b]) => a.order - b.order);
  const index = new Map(entries.map(([key], i) => [key, i]));
  return entries.map(([, group]) => ({
    kind: group.kind,
    items: group.items,
    nodes: group.items.map(({ op }) => op),
    loop: group.items[0]!.loop,
    guard: group.guard,
    mayWait: group.items.some((item) => item.mayWait),
    after: [...group.before].map((key) => index.get(key)!),
  }));
}
