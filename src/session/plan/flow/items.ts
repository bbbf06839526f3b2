/**
 * What a region is made of: nodes, and whole loops inside it. Each with what it waits for and the guard of its branch. Switches, and other
 * nodes that only pass values on, are items that cost nothing.
 */
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { isLowered, mayWait, type ReferenceInput, referenceInputs } from "../classify.ts";
import { MinHeap } from "../order.ts";
import { type Frame, type Frames, type RegularLoop, sourcesOf } from "./frames.ts";
import type { Guard, Guards, Literal } from "./guards.ts";
import { isIdentity, passedFrom } from "./passing.ts";

export type ItemKind = "segment" | "host" | "merge" | "loop" | "passing";

export interface Item {
  readonly kind: ItemKind;
  /** The node, or the first enter of a loop. */
  readonly op: Operation;
  readonly loop: RegularLoop | null;
  readonly sources: Set<Item>;
  readonly variables: readonly ReferenceInput[];
  readonly mayWait: boolean;
  guard: Guard;
  /** For a merge: which input is taken. */
  side: { readonly literal: Literal; readonly whenTrue: number } | null;
}

/** Everything that runs inside a loop, inner loops too. */
export function nodesWithin(frame: Frame): Operation[] {
  const nodes = [...frame.nodes];
  for (const child of frame.children.values()) nodes.push(...nodesWithin(child));
  return nodes;
}

/** The items of a region in an order that they may run in. Null where guards are not those of plain branches. */
export function itemsOf(
  nodes: readonly Operation[],
  frames: Frames,
  options: {
    readonly guards: Guards;
    readonly fed: ReadonlySet<Tensor>;
    /** Nodes that run by themselves although they could be part of a segment. */
    readonly apart: ReadonlySet<Operation>;
    readonly isFetched: (tensor: Tensor) => boolean;
  },
): Item[] | null {
  const { guards, fed, apart, isFetched } = options;
  const itemOf = new Map<Operation, Item>();
  const loopItems = new Map<Frame, Item>();
  for (const op of nodes) {
    if (op.definition.flow === "enter") {
      const loop = frames.loops.get(frames.entered.get(op)!)!;
      let item = loopItems.get(loop.frame);
      if (!item) {
        item = loopItem(loop, op, guards);
        loopItems.set(loop.frame, item);
        for (const exit of loop.frame.exits) itemOf.set(exit, item);
      }
      itemOf.set(op, item);
    } else {
      const passes =
        op.outputs.length === 1 && passedFrom(op.outputs[0]!, isFetched) !== null && !fed.has(op.outputs[0]!);
      itemOf.set(op, nodeItem(op, guards, passes ? "passing" : kindOf(op, apart)));
    }
  }
  for (const op of nodes) {
    const item = itemOf.get(op)!;
    for (const source of sourcesOf(op, fed)) {
      const from = itemOf.get(source);
      if (from && from !== item) item.sources.add(from);
    }
  }
  const order = ordered([...new Set(itemOf.values())]);
  if (!order) return null;
  const guarding: Guarding = { guards, fed, itemOf, frames };
  for (const item of order) {
    const guard = item.kind === "merge" ? mergeGuard(item, guarding) : guardOf(item, guarding);
    if (!guard || !guards.isPossible(guard)) return null;
    item.guard = guard;
    if (item.op.definition.flow === "nextIteration" && guard !== guards.none) return null;
  }
  return order;
}

function loopItem(loop: RegularLoop, op: Operation, guards: Guards): Item {
  const inside = nodesWithin(loop.frame);
  return {
    kind: "loop",
    op,
    loop,
    sources: new Set(),
    variables: inside.flatMap((node) => [...referenceInputs(node)]),
    mayWait: inside.some(mayWait),
    guard: guards.none,
    side: null,
  };
}

function kindOf(op: Operation, apart: ReadonlySet<Operation>): ItemKind {
  const role = op.definition.flow;
  if (role) return role === "merge" ? "merge" : "passing";
  return isLowered(op) && !apart.has(op) ? "segment" : "host";
}

function nodeItem(op: Operation, guards: Guards, kind: ItemKind): Item {
  return {
    kind,
    op,
    loop: null,
    sources: new Set(),
    variables: op.definition.flow ? [] : referenceInputs(op),
    mayWait: mayWait(op),
    guard: guards.none,
    side: null,
  };
}

const changes = (item: Item): boolean => item.variables.some(({ isUpdated }) => isUpdated);

/** What changes a variable after what does not; else by creation. Null for a cycle. */
function ordered(items: readonly Item[]): Item[] | null {
  const sorted = [...items].sort((a, b) => a.op.id - b.op.id);
  const place = new Map(sorted.map((item, i) => [item, i]));
  const users: number[][] = sorted.map(() => []);
  const waiting = sorted.map((item) => item.sources.size);
  for (const [i, item] of sorted.entries()) for (const source of item.sources) users[place.get(source)!]!.push(i);
  const quiet = new MinHeap();
  const changing = new MinHeap();
  const offer = (i: number): void => (changes(sorted[i]!) ? changing : quiet).push(i);
  for (const [i, count] of waiting.entries()) if (count === 0) offer(i);
  const order: Item[] = [];
  while (quiet.size || changing.size) {
    const i = quiet.size ? quiet.pop() : changing.pop();
    order.push(sorted[i]!);
    for (const user of users[i]!) if (--waiting[user]! === 0) offer(user);
  }
  return order.length === sorted.length ? order : null;
}

interface Guarding {
  readonly guards: Guards;
  readonly fed: ReadonlySet<Tensor>;
  readonly itemOf: ReadonlyMap<Operation, Item>;
  readonly frames: Frames;
}

/** Is the switch one of a loop variable? Then it is alive wherever its frame's body runs. */
export const isLoopSwitch = (op: Operation): boolean =>
  op.definition.flow === "switch" && op.inputs[1]!.op.definition.flow === "loopCond";

function guardOfTensor(tensor: Tensor, guarding: Guarding): Guard {
  const { guards, fed, itemOf } = guarding;
  const item = fed.has(tensor) ? undefined : itemOf.get(tensor.op);
  if (!item) return guards.none;
  if (tensor.op.definition.flow !== "switch" || isLoopSwitch(tensor.op)) return item.guard;
  return guards.with(item.guard, origin(tensor.op.inputs[1]!, guarding), tensor.valueIndex === 1);
}

/** The predicate under its first name in this region: cond gives each of its nodes a copy. */
function origin(predicate: Tensor, { fed, itemOf }: Guarding): Tensor {
  let current = predicate;
  while (!fed.has(current) && itemOf.has(current.op) && isIdentity(current.op)) current = current.op.inputs[0]!;
  return current;
}

function waitedFor(op: Operation, guarding: Guarding): Guard {
  const { guards, itemOf } = guarding;
  let guard = guards.none;
  for (const control of op.controlInputs) guard = guards.both(guard, itemOf.get(control)?.guard ?? guards.none);
  return guard;
}

function guardOf(item: Item, guarding: Guarding): Guard | null {
  const { guards, frames } = guarding;
  if (item.op.definition.flow === "controlTrigger") return guards.none;
  const ops = item.loop ? item.loop.frame.enters : [item.op];
  let all = guards.none;
  const each = ops.map((op) => {
    let guard = waitedFor(op, guarding);
    for (const input of op.inputs) guard = guards.both(guard, guardOfTensor(input, guarding));
    all = guards.both(all, guard);
    return guard;
  });
  if (!item.loop) return all;
  // A loop that only some of its variables enter is not run as one.
  const starts = new Set(frames.loops.get(item.loop.frame)!.variables.map(({ enter }) => enter));
  return each.every((guard, i) => !starts.has(ops[i]!) || guard === all) ? all : null;
}

function mergeGuard(item: Item, guarding: Guarding): Guard | null {
  const { guards } = guarding;
  if (item.op.inputs.length !== 2) return null;
  const [a, b] = item.op.inputs.map((input) => guardOfTensor(input, guarding)) as [Guard, Guard];
  const merged = guards.merge(a, b);
  if (!merged || !guards.contains(merged.guard, waitedFor(item.op, guarding))) return null;
  const { literal } = merged;
  item.side = { literal, whenTrue: literal.value ? 0 : 1 };
  return merged.guard;
}
