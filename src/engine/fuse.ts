/**
 * Values into groups; each group becomes one pass over memory. Greedy, in the order of the program: an elementwise value joins the group
 * that makes its last operand, or a later one that reads what it reads; a reduction joins the loop that makes what it reduces; what follows a matmul
 * element by element becomes its epilogue. Groups run in the order in which they were opened, so a value may only join a group that
 * lies after everything it needs; that is all there is to correctness:
 *     floor(value) = the first group in which its operands, the writes and checks before it, and the readers of what it overwrites are done
 * A value that is written to a variable is computed in the variable's memory when nothing needs the old value from that group on.
 */
import { type Access, type Cuts, collapse, cutsOf, isIdentity, refine } from "./plan/access.ts";
import { countOf, type Layout } from "./plan/layout.ts";
import { inputsOf, type Primitive, type Value } from "./primitive.ts";

export interface Group {
  /** loop: elementwise values and reductions; product: a matmul or convolution and its epilogue; single: any other primitive. */
  readonly kind: "loop" | "product" | "single";
  readonly index: number;
  /** The value of a product or single. */
  readonly head: Value | null;
  /** Elements of the iteration space (of a loop or an epilogue). */
  readonly count: number;
  /** Elementwise values in order. */
  readonly members: Value[];
  readonly reductions: Value[];
  cuts: Cuts;
  /** What is reduced, as runs; null without reductions. */
  pattern: string | null;
  /** Roots (and how they are read) that come from outside. */
  readonly loads: Set<string>;
  nodes: number;
  sited: boolean;
}

export interface Grouping {
  readonly groups: readonly Group[];
  /** The group that makes a root, by its id. */
  readonly groupOf: ReadonlyMap<number, number>;
  /** Roots computed in a variable's memory. */
  readonly homes: ReadonlyMap<number, number>;
  /** Copies into variables: the slot each one fills. */
  readonly writes: ReadonlyMap<number, number>;
}

/** Longer loops spill registers; more streams than this defeat the prefetcher. Scalars have neither limit. */
const maxNodes = 48;
const maxLoads = 12;
const maxScalarNodes = 4000;
const maxEpilogueNodes = 24;
/** How far back a value looks for a group to join. */
const reach = 64;

const elementwise: ReadonlySet<Primitive["kind"]> = new Set(["unary", "binary", "select", "cast", "reshape"]);

const hasSite = ({ primitive }: Value): boolean => "site" in primitive && primitive.site >= 0;

/** Where memory is read (or a variable written), as the largest index of a group. */
interface Use {
  /** By anything but an equal element of the same loop. */
  any: number;
  /** Element by element. */
  identity: number;
}

export function fuse({ values, access }: Layout): Grouping {
  const groups: Group[] = [];
  const groupOf = new Map<number, number>();
  const homes = new Map<number, number>();
  const writes = new Map<number, number>();
  const slotUses = new Map<number, Use>();
  const rootUses = new Map<number, Use>();
  /** Slots whose memory a root lies in: variables read, and values computed in place. */
  const placeOf = new Map<number, number>();
  const intended = intendedHomes(values, access);
  /** Results of reductions: complete only when their loop is done. */
  const results = new Set<Value>();
  let lastSited = -1;
  let lastWrite = -1;

  const slotUse = (slot: number): Use => usedAt(slotUses, slot);

  function open(kind: Group["kind"], head: Value | null, count: number): Group {
    const group: Group = {
      kind,
      index: groups.length,
      head,
      count,
      members: [],
      reductions: [],
      cuts: [],
      pattern: null,
      loads: new Set(),
      nodes: 0,
      sited: false,
    };
    groups.push(group);
    return group;
  }

  /** How a value's operands can be had, given the groups so far. */
  function operandsOf(value: Value): Operand[] {
    return inputsOf(value.primitive).map((x) => {
      const at = access[x.id]!;
      const { root } = at;
      const made = groupOf.get(root.id) ?? -1;
      const cuts = cutsOf(collapse(x.shape, at.strides));
      if (made < 0) {
        const isFree = root.primitive.kind === "iota" || (root.primitive.kind === "constant" && countOf(root) === 1);
        return { made, load: 0, join: 0, key: isFree ? null : loadKey(x, at), cuts };
      }
      const group = groups[made]!;
      const isNode = isIdentity(x, at) && (group.kind === "product" || (group.kind === "loop" && !results.has(root)));
      return { made, load: made + 1, join: isNode ? made : made + 1, key: loadKey(x, at), cuts };
    });
  }

  /** Notes that a group reads the memory of x. */
  function note(x: Value, group: Group): void {
    const at = access[x.id]!;
    const isLoop = group.kind === "loop" || group.members.length > 0;
    const byElement = isLoop && isIdentity(x, at) && countOf(x) === group.count;
    const slot = placeOf.get(at.root.id);
    for (const use of [usedAt(rootUses, at.root.id), ...(slot === undefined ? [] : [slotUse(slot)])]) {
      if (byElement) use.identity = Math.max(use.identity, group.index);
      else use.any = Math.max(use.any, group.index);
    }
  }

  /** The earliest group that may write this slot. */
  const writeFloor = (slot: number): number => {
    const use = slotUse(slot);
    return Math.max(use.any + 1, use.identity, lastSited + 1);
  };

  /** The first group for a value, by its operands and effects. */
  function floorOf(value: Value, operands: readonly Operand[]): number {
    let floor = 0;
    for (const { join } of operands) floor = Math.max(floor, join);
    if (hasSite(value)) floor = Math.max(floor, lastWrite + 1);
    const slot = intended.get(value.id);
    if (slot !== undefined) floor = Math.max(floor, writeFloor(slot));
    return floor;
  }

  /** Whether the group makes or reads what the value reads, can have all its operands, and stays short enough with it. */
  function fits(operands: readonly Operand[], group: Group): boolean {
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
    if (!shared) return false;
    if (group.count === 1) return group.nodes < maxScalarNodes;
    const limit = group.kind === "product" ? maxEpilogueNodes : maxNodes;
    return group.nodes + 1 + fresh <= limit && group.loads.size + fresh <= maxLoads;
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

  function enter(value: Value, operands: readonly Operand[], group: Group, cuts: Cuts): Group {
    for (const { made, key } of operands) {
      if (made === group.index) continue;
      if (key !== null) group.loads.add(key);
      group.nodes++;
    }
    group.nodes++;
    group.cuts = cuts;
    groupOf.set(value.id, group.index);
    if (hasSite(value)) {
      group.sited = true;
      lastSited = Math.max(lastSited, group.index);
    }
    return group;
  }

  /** The group an elementwise value goes to: an open one, or a new loop. */
  function place(value: Value, operands: readonly Operand[], floor: number): Group {
    const count = countOf(value);
    for (let i = Math.max(floor, groups.length - reach, 0); i < groups.length; i++) {
      const group = groups[i]!;
      if (group.count !== count || !fits(operands, group)) continue;
      const cuts = cutsWith(operands, group, []);
      if (!cuts) continue;
      group.members.push(value);
      return enter(value, operands, group, cuts);
    }
    const group = open("loop", null, count);
    group.members.push(value);
    return enter(value, operands, group, cutsWith(operands, group, []) ?? []);
  }

  /** The group of a reduction: the loop that makes its operand, another that reduces alike, or a new one. */
  function placeReduction(value: Value, operands: readonly Operand[], floor: number): Group {
    const [x] = inputsOf(value.primitive) as [Value];
    const { pattern, cuts: own } = reductionRuns(value, x);
    const count = countOf(x);
    results.add(value);
    for (let i = Math.max(floor, groups.length - reach, 0); i < groups.length; i++) {
      const group = groups[i]!;
      if (group.kind !== "loop" || group.count !== count) continue;
      if ((group.pattern !== null && group.pattern !== pattern) || !fits(operands, group)) continue;
      const cuts = cutsWith(operands, group, own);
      if (!cuts) continue;
      group.reductions.push(value);
      group.pattern = pattern;
      return enter(value, operands, group, cuts);
    }
    const group = open("loop", null, count);
    group.reductions.push(value);
    group.pattern = pattern;
    return enter(value, operands, group, cutsWith(operands, group, own) ?? own);
  }

  /** Makes the value's own memory that of the slot, if its group comes after all that needs the old value. */
  function inPlace(root: Value, group: Group, slot: number): boolean {
    if (intended.get(root.id) !== slot) return false;
    const use = slotUse(slot);
    const isScatter = root.primitive.kind === "scatter" && baseSlot(root) === slot;
    // What may fail must not have begun to overwrite the variable; a scatter leaves what it did before, as in TensorFlow.
    if (group.sited ? !isScatter || lastSited !== group.index : lastSited >= group.index) return false;
    if (group.kind === "single") {
      // The base of a scatter may be the variable itself.
      if (use.identity >= group.index) return false;
      return isScatter ? use.any <= group.index && scatterReads(root, slot) === 1 : use.any < group.index;
    }
    // A product is in its place before its epilogue reads anything.
    return use.any < group.index && use.identity < group.index + (root === group.head ? 0 : 1);
  }

  const baseSlot = (scatter: Value): number | undefined => {
    const [base] = inputsOf(scatter.primitive) as [Value];
    const at = access[base.id]!;
    return isIdentity(base, at) ? placeOf.get(at.root.id) : undefined;
  };

  /** Operands of a value in the slot's memory. */
  const scatterReads = (value: Value, slot: number): number =>
    inputsOf(value.primitive).filter((x) => placeOf.get(access[x.id]!.root.id) === slot).length;

  function write(value: Value, slot: number): void {
    const [x] = inputsOf(value.primitive) as [Value];
    const { root } = access[x.id]!;
    const made = groupOf.get(root.id);
    const group = made === undefined ? undefined : groups[made]!;
    let target: Group;
    if (group && !homes.has(root.id) && isIdentity(x, access[x.id]!) && inPlace(root, group, slot)) {
      homes.set(root.id, slot);
      placeOf.set(root.id, slot);
      // Who has read the value so far has read the variable's memory.
      const { any, identity } = usedAt(rootUses, root.id);
      const use = slotUse(slot);
      use.any = Math.max(use.any, any);
      use.identity = Math.max(use.identity, identity);
      target = group;
    } else {
      const operands = operandsOf(value);
      target = place(value, operands, Math.max(floorOf(value, operands), writeFloor(slot)));
      writes.set(value.id, slot);
    }
    if (target !== group) note(x, target);
    slotUse(slot).any = Math.max(slotUse(slot).any, target.index);
    lastWrite = Math.max(lastWrite, target.index);
  }

  for (const value of values) {
    const { primitive } = value;
    const { root } = access[value.id]!;
    if (primitive.kind === "read") placeOf.set(value.id, primitive.slot);
    if (root !== value || primitive.kind === "read" || primitive.kind === "input" || primitive.kind === "constant")
      continue;
    if (primitive.kind === "write") {
      write(value, primitive.slot);
      continue;
    }
    let group: Group;
    if (elementwise.has(primitive.kind) || primitive.kind === "reduce") {
      const operands = operandsOf(value);
      const enterAny = primitive.kind === "reduce" ? placeReduction : place;
      group = enterAny(value, operands, floorOf(value, operands));
    } else {
      const isProduct = primitive.kind === "matmul" || primitive.kind === "convolution";
      group = open(isProduct ? "product" : "single", value, countOf(value));
      groupOf.set(value.id, group.index);
      if (hasSite(value)) {
        group.sited = true;
        lastSited = group.index;
      }
    }
    for (const x of inputsOf(primitive)) note(x, group);
  }
  return { groups, groupOf, homes, writes };
}

interface Operand {
  /** The group that makes it, or -1. */
  readonly made: number;
  /** The first group that may load it, and the one in which it is a node. */
  readonly load: number;
  readonly join: number;
  /** What a load of it reads; null for numbers that need no load. */
  readonly key: string | null;
  readonly cuts: Cuts;
}

const loadKey = (x: Value, { root, offset }: Access): string => `${root.id} ${offset} ${x.dtype}`;

function usedAt(uses: Map<number, Use>, key: number): Use {
  let use = uses.get(key);
  if (!use) {
    use = { any: -1, identity: -1 };
    uses.set(key, use);
  }
  return use;
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

/** A reduction as runs of kept and reduced dimensions: equal patterns can share a loop. */
export function reductionRuns(value: Value, x: Value): { readonly pattern: string; readonly cuts: Cuts } {
  const axes = value.primitive.kind === "reduce" ? value.primitive.axes : [];
  const flags = x.shape.map((_, d) => (axes.includes(d) ? 1 : 0));
  const runs: { flag: number; extent: number; inner: number }[] = [];
  let inner = 1;
  for (let d = x.shape.length - 1; d >= 0; d--) {
    const extent = x.shape[d]!;
    if (extent === 1) continue;
    const last = runs.at(-1);
    if (last && last.flag === flags[d]) last.extent *= extent;
    else runs.push({ flag: flags[d]!, extent, inner });
    inner *= extent;
  }
  const pattern = runs.map((run) => `${run.flag}:${run.extent}`).join();
  return { pattern, cuts: runs.map((run) => run.inner).filter((n) => n > 1) };
}
