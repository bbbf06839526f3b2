/** Which values need memory of the run, from which group to which, and whose buffer each may take over. */
import { dtypeOf } from "../../core/dtype.ts";
import { inputsOf, type Value } from "../primitive.ts";
import { isIdentity } from "./access.ts";
import type { Group, Grouping } from "./group.ts";
import { countOf, type Layout } from "./layout.ts";
import type { Lifetime } from "./memory.ts";
import type { Placement } from "./placement.ts";

/** `passing`: inputs that have memory of the run, from before the first group on. */
export function lifetimesOf(
  { access, outputs }: Layout,
  { groups, groupOf, homes }: Grouping,
  { placements, passing }: { placements: ReadonlyMap<Value, Placement>; passing: ReadonlySet<Value> },
): Lifetime[] {
  const lastUse = new Map<Value, number>();
  const isOurs = (root: Value): boolean => groupOf.has(root.id) || passing.has(root);
  const use = (root: Value, group: number) => lastUse.set(root, Math.max(lastUse.get(root) ?? -1, group));
  for (const group of groups) {
    for (const value of membersOf(group)) {
      for (const x of inputsOf(value.primitive)) {
        const { root } = access[x.id]!;
        const isNode = group.members.has(root) || root === group.head;
        if (isOurs(root) && (!isNode || value === group.head)) use(root, group.index);
      }
    }
  }
  for (const x of outputs) use(x, Number.POSITIVE_INFINITY);
  const storedIn = (group: Group) => (member: Value) =>
    lastUse.has(member) && !homes.has(member.id) && groupOf.get(member.id) === group.index;
  for (const group of groups) {
    const { head } = group;
    if (head && (group.kind === "single" || needsProduct(group, head, storedIn(group)))) use(head, group.index);
    for (const value of group.reductions) use(value, group.index);
  }

  /** Operands from other groups that this group alone still reads, element by element: their buffers are free for its results. */
  function dying(group: Group): Set<Value> {
    const roots = new Map<Value, boolean>();
    const readers = group.kind === "loop" ? membersOf(group) : [];
    for (const value of readers) {
      for (const x of inputsOf(value.primitive)) {
        const at = access[x.id]!;
        if (!isOurs(at.root) || group.members.has(at.root) || homes.has(at.root.id)) continue;
        const byElement = isIdentity(x, at) && countOf(x) === group.count;
        roots.set(at.root, (roots.get(at.root) ?? true) && byElement);
      }
    }
    if (group.head?.primitive.kind === "scatter") {
      const [base, ...others] = group.head.primitive.inputs;
      const at = access[base.id]!;
      const again = others.some((x) => access[x.id]!.root === at.root);
      if (!again && isIdentity(base, at) && !homes.has(at.root.id) && isOurs(at.root)) roots.set(at.root, true);
    }
    return new Set(
      [...roots].filter(([root, free]) => free && lastUse.get(root) === group.index).map(([root]) => root),
    );
  }

  /** A concat begins with the first of the rows that are gathered into it. */
  const begins = new Map<Value, number>();
  for (const [root, { into }] of placements) {
    begins.set(into, Math.min(begins.get(into) ?? Number.POSITIVE_INFINITY, groupOf.get(root.id)!));
  }

  const lifetimes = [...passing].flatMap((root): Lifetime[] => {
    const to = lastUse.get(root);
    return to === undefined ? [] : [{ id: root.id, sizeBytes: bytesOf(root), from: -1, to, over: null }];
  });
  for (const group of groups) {
    const free = dying(group);
    for (const root of membersOf(group)) {
      const to = lastUse.get(root);
      if (to === undefined || homes.has(root.id) || groupOf.get(root.id) !== group.index || placements.has(root))
        continue;
      const sizeBytes = bytesOf(root);
      const takes = group.kind !== "product" && !group.reductions.has(root);
      const over = takes ? [...free].find((x) => bytesOf(x) === sizeBytes) : undefined;
      if (over) free.delete(over);
      lifetimes.push({ id: root.id, sizeBytes, from: begins.get(root) ?? group.index, to, over: over?.id ?? null });
    }
  }
  return lifetimes;
}

/** All values of a group. */
const membersOf = (group: Group): Value[] => [
  ...(group.head ? [group.head] : []),
  ...group.members,
  ...group.reductions,
];

const bytesOf = (value: Value): number => countOf(value) * dtypeOf(value.dtype).sizeBytes;

/** Whether the product itself must be stored: no result of its dtype in memory of the run can stand in its place before the epilogue. */
function needsProduct(group: Group, head: Value, isStoredIn: (member: Value) => boolean): boolean {
  return ![...group.members].some((m) => m.dtype === head.dtype && isStoredIn(m));
}
