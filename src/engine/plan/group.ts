/** Groups of values: each becomes one pass over memory. */
import { type Primitive, simpleFunctions, type Value } from "../primitive.ts";
import type { Cuts } from "./access.ts";

export interface Group {
  /** loop: elementwise values and reductions; product: a matmul or convolution and its epilogue; single: any other primitive. */
  readonly kind: "loop" | "product" | "single";
  readonly index: number;
  /** The value of a product or single. */
  readonly head: Value | null;
  /** Elements of the iteration space (of a loop or an epilogue). */
  readonly count: number;
  /** Elementwise values in order. Some may be computed in several groups; `groupOf` tells which one stores them. */
  readonly members: Set<Value>;
  readonly reductions: Set<Value>;
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
  /** The group that makes a root for the others, by its id. */
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

export const newGroup = (kind: Group["kind"], index: number, head: Value | null, count: number): Group => ({
  kind,
  index,
  head,
  count,
  members: new Set(),
  reductions: new Set(),
  cuts: [],
  pattern: null,
  loads: new Set(),
  nodes: 0,
  sited: false,
});

/** Whether a group stays short enough with so many more nodes and loads. */
export function hasRoom(group: Group, nodes: number, loads: number): boolean {
  if (group.count === 1) return group.nodes < maxScalarNodes;
  const limit = group.kind === "product" ? maxEpilogueNodes : maxNodes;
  return group.nodes + nodes + loads <= limit && group.loads.size + loads <= maxLoads;
}

export const elementwise: ReadonlySet<Primitive["kind"]> = new Set(["unary", "binary", "select", "cast", "reshape"]);

const cheapFunctions: ReadonlySet<string> = new Set(simpleFunctions);

/** Functions that take less time than a store and a load. */
export function isCheap({ primitive }: Value): boolean {
  if (primitive.kind === "unary" || primitive.kind === "binary") return cheapFunctions.has(primitive.fn);
  return primitive.kind === "cast" || primitive.kind === "select";
}

/** A reduction as runs of kept and reduced dimensions: equal patterns can share a loop. */
export function reductionRuns(value: Value, x: Value): { readonly pattern: string; readonly cuts: Cuts } {
  const axes = value.primitive.kind === "reduce" ? value.primitive.axes : [];
  const runs: { flag: number; extent: number; inner: number }[] = [];
  let inner = 1;
  for (let d = x.shape.length - 1; d >= 0; d--) {
    const extent = x.shape[d]!;
    if (extent === 1) continue;
    const flag = axes.includes(d) ? 1 : 0;
    const last = runs.at(-1);
    if (last && last.flag === flag) last.extent *= extent;
    else runs.push({ flag, extent, inner });
    inner *= extent;
  }
  const pattern = runs.map((run) => `${run.flag}:${run.extent}`).join();
  return { pattern, cuts: runs.map((run) => run.inner).filter((n) => n > 1) };
}
