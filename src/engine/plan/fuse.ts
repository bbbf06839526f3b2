/**
 * Values into groups; each group becomes one pass over memory. Greedy, in the order of the program: an elementwise value joins the group
 * that makes its last operand, or a later one that reads what it reads; a reduction joins the loop that makes what it reduces; what follows a matmul
 * element by element becomes its epilogue. A cheap function of one array waits until something needs it, and is computed wherever that is, so that
 * a mask, say, is never stored. Groups run in the order in which they were opened, so a value may only join a group that lies after everything it
 * needs; that is all there is to correctness:
 *     floor(value) = the first group in which its operands, the writes and checks before it, and the readers of what it overwrites are done
 * A value that is written to a variable is computed in the variable's memory when nothing needs the old value from that group on.
 */
import { inputsOf, type Value } from "../primitive.ts";
import { type Access, type Cuts, collapse, cutsOf, isIdentity, refine } from "./access.ts";
import { elementwise, type Group, type Grouping, hasRoom, isCheap, newGroup, reductionRuns } from "./group.ts";
import { countOf, type Layout } from "./layout.ts";

/** How far back a value looks for a group to join. */
const reach = 64;
/** Functions in a row that are computed again wherever they are needed. */
const maxWaiting = 4;

const hasSite = ({ primitive }: Value): boolean => "site" in primitive && primitive.site >= 0;

/** Where memory is read (or a variable written), as the largest index of a group. */
interface Use {
  /** By anything but an equal element of the same loop. */
  any: number;
  /** Element by element. */
  identity: number;
}

interface Operand {
  readonly value: Value;
  /** The group that makes it, or -1. */
  readonly made: number;
  /** The first group that may load it, and the one in which it is a node. */
  readonly load: number;
  readonly join: number;
  /** What a load of it reads; null for numbers that need no load. */
  readonly key: string | null;
  readonly cuts: Cuts;
}

/** What a value needs when waiting values are computed with it. */
interface Needs {
  readonly operands: readonly Operand[];
  /** Waiting values, in order. */
  readonly waiting: readonly Value[];
}

const loadKey = (x: Value, { root, offset }: Access): string => `${root.id} ${offset} ${x.dtype}`;

export function fuse({ values, access, outputs }: Layout): Grouping {
  const groups: Group[] = [];
  const groupOf = new Map<number, number>();
  const homes = new Map<number, number>();
  const writes = new Map<number, number>();
  const slotUses = new Map<number, Use>();
  const rootUses = new Map<number, Use>();
  /** Slots whose memory a root lies in: variables read, and values computed in place. */
  const placeOf = new Map<number, number>();
  const intended = intendedHomes(values, access);
  const results = new Set<Value>(outputs);
  /** Results of reductions: complete only when their loop is done. */
  const reduced = new Set<Value>();
  /** Roots that wait, with the number of functions from memory to them. */
  const waiting = new Map<Value, number>();
  let lastSited = -1;
  let lastWrite = -1;

  const rootOf = (x: Value): Value => access[x.id]!.root;

  function open(kind: Group["kind"], head: Value | null, count: number): Group {
    const group = newGroup(kind, groups.length, head, count);
    groups.push(group);
    return group;
  }

  const isWaiting = (root: Value): boolean => waiting.has(root) && !groupOf.has(root.id);
  const isFree = ({ primitive, shape }: Value): boolean =>
    primitive.kind === "iota" || (primitive.kind === "constant" && shape.every((n) => n === 1));

  /** How an operand can be had, given the groups so far. */
  function operandOf(x: Value): Operand {
    const at = access[x.id]!;
    const { root } = at;
    const made = groupOf.get(root.id) ?? -1;
    const cuts = cutsOf(collapse(x.shape, at.strides));
    if (made < 0) return { value: x, made, load: 0, join: 0, key: isFree(root) ? null : loadKey(x, at), cuts };
    const { kind } = groups[made]!;
    const isNode = isIdentity(x, at) && (kind === "product" || (kind === "loop" && !reduced.has(root)));
    return { value: x, made, load: made + 1, join: isNode ? made : made + 1, key: loadKey(x, at), cuts };
  }

  /** The operands of a value, with waiting ones replaced by what they are computed from. */
  function needsOf(value: Value): Needs {
    const operands: Operand[] = [];
    const inner: Value[] = [];
    const visit = (x: Value): void => {
      const at = access[x.id]!;
      if (!isWaiting(at.root)) operands.push(operandOf(x));
      else if (isIdentity(x, at)) {
        if (inner.includes(at.root)) return;
        inputsOf(at.root.primitive).forEach(visit);
        inner.push(at.root);
      } else {
        settle(at.root);
        operands.push(operandOf(x));
      }
    };
    inputsOf(value.primitive).forEach(visit);
    return { operands, waiting: inner };
  }

  /** Whether a value may wait: a cheap function of one array that stays as it is to the end of the run. */
  function mayWait(value: Value): boolean {
    if (countOf(value) === 1 || !isCheap(value) || hasSite(value) || intended.has(value.id) || results.has(value))
      return false;
    let source: Value | null = null;
    for (const x of inputsOf(value.primitive)) {
      const { root } = access[x.id]!;
      if (isFree(root)) continue;
      if ((source && source !== root) || !isIdentity(x, access[x.id]!)) return false;
      source = root;
    }
    if (!source || placeOf.has(source.id) || intended.has(source.id)) return false;
    const depth = 1 + (waiting.get(source) ?? 0);
    if (depth > maxWaiting) return false;
    waiting.set(value, depth);
    return true;
  }

  /** Gives a waiting value a group of its own choice, where it is stored. */
  function settle(root: Value): void {
    if (isWaiting(root)) place(root);
  }

  /** Notes that a group reads the memory of x. */
  function note(x: Value, group: Group): void {
    const at = access[x.id]!;
    const isLoop = group.kind === "loop" || group.members.size > 0;
    const byElement = isLoop && isIdentity(x, at) && countOf(x) === group.count;
    const slot = placeOf.get(at.root.id);
    const field = byElement ? "identity" : "any";
    raise(rootUses, at.root.id, field, group.index);
    if (slot !== undefined) raise(slotUses, slot, field, group.index);
  }

  /** The earliest group that may write this slot. */
  const writeFloor = (slot: number): number => {
    const entry = entryOf(slotUses, slot);
    return Math.max(entry.any + 1, entry.identity, lastSited + 1);
  };

  /** The first group for a value, by its operands and effects. */
  function floorOf(value: Value, operands: readonly Operand[]): number {
    let floor = 0;
    for (const { join } of operands) floor = Math.max(floor, join);
    if (hasSite(value)) floor = Math.max(floor, lastWrite + 1);
    const slot = value.primitive.kind === "write" ? value.primitive.slot : intended.get(value.id);
    if (slot !== undefined) floor = Math.max(floor, writeFloor(slot));
    return floor;
  }

  /** Whether the group makes or reads what the value reads, can have all its operands, and stays short enough with it. */
  function fits({ operands, waiting: inner }: Needs, group: Group): boolean {
    if (group.kind === "single") return false;
    let shared = group.count === 1 && group.kind === "loop";
    let fresh = 0;
    for (const { made, load, join, key } of operands) {
      const isOwn = made === group.index;
      if (isOwn ? join !== group.index : load > group.index) return false;
      const isLoaded = key !== null && group.loads.has(key);
      if (isOwn || (isLoaded && group.kind === "loop")) shared = true;
      if (!isOwn && !isLoaded) fresh++;
    }
    return shared && hasRoom(group, 1 + inner.length, fresh);
  }

  /** The group's cuts with those of a value's operands (and of its own reduction), or null. */
  function cutsWith(operands: readonly Operand[], group: Group, extra: Cuts): Cuts | null {
    if (group.count === 0) return [];
    let cuts: Cuts | null = refine(group.cuts, extra, group.count);
    for (const operand of operands) {
      if (!cuts) return null;
      cuts = refine(cuts, operand.cuts, group.count);
    }
    return cuts;
  }

  function enter(value: Value, { operands, waiting: inner }: Needs, group: Group, cuts: Cuts): void {
    for (const x of inner) {
      if (!group.members.has(x)) group.nodes++;
      group.members.add(x);
    }
    (value.primitive.kind === "reduce" ? group.reductions : group.members).add(value);
    group.nodes++;
    for (const { value: x, made, key } of operands) {
      if (made !== group.index && key !== null && !group.loads.has(key)) {
        group.loads.add(key);
        group.nodes++;
      }
      note(x, group);
    }
    group.cuts = cuts;
    groupOf.set(value.id, group.index);
    if (hasSite(value)) {
      group.sited = true;
      lastSited = Math.max(lastSited, group.index);
    }
  }

  /** A new loop for a value. Waiting values whose own shapes do not nest with the value's are stored first. */
  function openFor(value: Value, needs: Needs, count: number, own: Cuts): Group {
    const empty = newGroup("loop", -1, null, count);
    if (!cutsWith(needs.operands, empty, own)) {
      needs.waiting.forEach(settle);
      return openFor(value, needsOf(value), count, own);
    }
    const group = open("loop", null, count);
    enter(value, needs, group, cutsWith(needs.operands, group, own)!);
    return group;
  }

  /** The group an elementwise value goes to: an open one, or a new loop. */
  function place(value: Value): Group {
    const needs = needsOf(value);
    const count = countOf(value);
    for (let i = Math.max(floorOf(value, needs.operands), groups.length - reach, 0); i < groups.length; i++) {
      const group = groups[i]!;
      if (group.count !== count || !fits(needs, group)) continue;
      const cuts = cutsWith(needs.operands, group, []);
      if (!cuts) continue;
      enter(value, needs, group, cuts);
      return group;
    }
    return openFor(value, needs, count, []);
  }

  /** The group of a reduction: the loop that makes its operand, another that reduces alike, or a new one. */
  function placeReduction(value: Value): void {
    const [x] = inputsOf(value.primitive) as [Value];
    const { pattern, cuts: own } = reductionRuns(value, x);
    const count = countOf(x);
    const needs = needsOf(value);
    reduced.add(value);
    for (let i = Math.max(floorOf(value, needs.operands), groups.length - reach, 0); i < groups.length; i++) {
      const group = groups[i]!;
      if (group.kind !== "loop" || group.count !== count) continue;
      if ((group.pattern !== null && group.pattern !== pattern) || !fits(needs, group)) continue;
      const cuts = cutsWith(needs.operands, group, own);
      if (!cuts) continue;
      group.pattern = pattern;
      enter(value, needs, group, cuts);
      return;
    }
    openFor(value, needs, count, own).pattern = pattern;
  }

  /** A primitive that elementwise values cannot join, or only as its epilogue. */
  function placeAlone(value: Value): void {
    const { kind } = value.primitive;
    for (const x of inputsOf(value.primitive)) settle(rootOf(x));
    const isProduct = kind === "matmul" || kind === "convolution";
    const group = open(isProduct ? "product" : "single", value, countOf(value));
    groupOf.set(value.id, group.index);
    if (hasSite(value)) {
      group.sited = true;
      lastSited = group.index;
    }
    for (const x of inputsOf(value.primitive)) note(x, group);
  }

  /** Whether the value's own memory can be that of the slot: its group comes after all that needs the old value. */
  function inPlace(root: Value, group: Group, slot: number): boolean {
    if (intended.get(root.id) !== slot) return false;
    const entry = entryOf(slotUses, slot);
    const isScatter = root.primitive.kind === "scatter" && baseSlot(root) === slot;
    // What may fail must not have begun to overwrite the variable; a scatter leaves what it did before, as in TensorFlow.
    if (group.sited ? !isScatter || lastSited !== group.index : lastSited >= group.index) return false;
    if (group.kind === "single") {
      if (entry.identity >= group.index) return false;
      return isScatter ? entry.any <= group.index && readsOf(root, slot) === 1 : entry.any < group.index;
    }
    // A product is in its place before its epilogue reads anything.
    return entry.any < group.index && entry.identity < group.index + (root === group.head ? 0 : 1);
  }

  /** The slot whose memory a scatter starts from. */
  const baseSlot = (scatter: Value): number | undefined => {
    const [base] = inputsOf(scatter.primitive) as [Value];
    return isIdentity(base, access[base.id]!) ? placeOf.get(rootOf(base).id) : undefined;
  };

  /** Operands of a value in the slot's memory. */
  const readsOf = (value: Value, slot: number): number =>
    inputsOf(value.primitive).filter((x) => placeOf.get(rootOf(x).id) === slot).length;

  function write(value: Value, slot: number): void {
    const [x] = inputsOf(value.primitive) as [Value];
    const { root } = access[x.id]!;
    const made = groupOf.get(root.id);
    let target = made === undefined ? undefined : groups[made]!;
    if (target && !homes.has(root.id) && isIdentity(x, access[x.id]!) && inPlace(root, target, slot)) {
      homes.set(root.id, slot);
      placeOf.set(root.id, slot);
      // Who has read the value so far has read the variable's memory.
      const { any, identity } = entryOf(rootUses, root.id);
      raise(slotUses, slot, "any", any);
      raise(slotUses, slot, "identity", identity);
    } else {
      target = place(value);
      writes.set(value.id, slot);
    }
    raise(slotUses, slot, "any", target.index);
    lastWrite = Math.max(lastWrite, target.index);
  }

  for (const value of values) {
    const { primitive } = value;
    if (primitive.kind === "read") placeOf.set(value.id, primitive.slot);
    if (
      rootOf(value) !== value ||
      primitive.kind === "read" ||
      primitive.kind === "input" ||
      primitive.kind === "constant"
    ) {
      continue;
    }
    if (primitive.kind === "write") write(value, primitive.slot);
    else if (elementwise.has(primitive.kind)) {
      if (!mayWait(value)) place(value);
    } else if (primitive.kind === "reduce") placeReduction(value);
    else placeAlone(value);
  }
  return { groups, groupOf, homes, writes };
}

function entryOf(uses: Map<number, Use>, key: number): Use {
  let entry = uses.get(key);
  if (!entry) {
    entry = { any: -1, identity: -1 };
    uses.set(key, entry);
  }
  return entry;
}

function raise(uses: Map<number, Use>, key: number, field: keyof Use, group: number): void {
  const entry = entryOf(uses, key);
  entry[field] = Math.max(entry[field], group);
}

/** For each computed root, the slot of the first write that takes it whole. */
function intendedHomes(values: readonly Value[], access: readonly Access[]): Map<number, number> {
  const intended = new Map<number, number>();
  for (const { primitive } of values) {
    if (primitive.kind !== "write") continue;
    const [x] = primitive.inputs;
    const at = access[x.id]!;
    if (isIdentity(x, at) && !intended.has(at.root.id)) intended.set(at.root.id, primitive.slot);
  }
  return intended;
}
