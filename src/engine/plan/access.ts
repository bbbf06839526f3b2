/**
 * How a value lies in the memory of another: movement costs nothing as long as strides can say it.
 *     element (i0, i1, …) of the value = element offset + strides · i of the root's memory, counted in elements of the value's dtype
 */
import { elementCount, type FullShape, rowMajorStrides } from "../../core/shape.ts";
import type { Value } from "../primitive.ts";

export interface Access {
  /** The value whose memory this is; itself for a value that has memory of its own. */
  readonly root: Value;
  readonly offset: number;
  readonly strides: readonly number[];
}

export const ownAccess = (root: Value): Access => ({ root, offset: 0, strides: rowMajorStrides(root.shape) });

/** Whether the elements lie one after the other in row-major order (at any offset). */
export function isDense(shape: FullShape, strides: readonly number[]): boolean {
  if (elementCount(shape) === 0) return true;
  let next = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] === 1) continue;
    if (strides[d] !== next) return false;
    next *= shape[d]!;
  }
  return true;
}

/** Whether the value is all of its root, in order, in the same dtype: element i is element i. */
export const isIdentity = (value: Value, { root, offset, strides }: Access): boolean =>
  offset === 0 &&
  value.dtype === root.dtype &&
  elementCount(value.shape) === elementCount(root.shape) &&
  isDense(value.shape, strides);

export function broadcastAccess(access: Access, from: FullShape, to: FullShape): Access {
  const lead = to.length - from.length;
  return { ...access, strides: to.map((_, d) => (d < lead || from[d - lead] === 1 ? 0 : access.strides[d - lead]!)) };
}

export const transposeAccess = (access: Access, perm: readonly number[]): Access => ({
  ...access,
  strides: perm.map((p) => access.strides[p]!),
});

export function sliceAccess(access: Access, begin: readonly number[], steps: readonly number[]): Access {
  const offset = access.offset + begin.reduce((sum, from, d) => sum + from * access.strides[d]!, 0);
  return { ...access, offset, strides: access.strides.map((s, d) => s * steps[d]!) };
}

export function reverseAccess(access: Access, shape: FullShape, axes: readonly number[]): Access {
  if (elementCount(shape) === 0) return access;
  const offset = axes.reduce((sum, d) => sum + (shape[d]! - 1) * access.strides[d]!, access.offset);
  return { ...access, offset, strides: access.strides.map((s, d) => (axes.includes(d) ? -s : s)) };
}

/** The same elements in another shape, or null where strides cannot say it. */
export function reshapeAccess(access: Access, from: FullShape, to: FullShape): Access | null {
  if (elementCount(to) <= 1) return { ...access, strides: to.map(() => 0) };
  const runs = collapse(from, access.strides);
  const strides = new Array<number>(to.length).fill(0);
  let d = to.length - 1;
  for (const run of runs.toReversed()) {
    let taken = 1;
    while (taken < run.extent) {
      while (to[d] === 1) d--;
      strides[d] = run.stride * taken;
      taken *= to[d]!;
      d--;
    }
    if (taken !== run.extent) return null;
  }
  return { ...access, strides };
}

/** A run of neighbouring dimensions that one stride crosses. `inner`: elements of the shape inside one step of it. */
export interface Run {
  readonly extent: number;
  readonly stride: number;
  readonly inner: number;
}

/** A strided shape as few runs as possible, outermost first; ones are gone. */
export function collapse(shape: FullShape, strides: readonly number[]): Run[] {
  const runs: Run[] = [];
  let inner = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const extent = shape[d]!;
    if (extent === 1) continue;
    const last = runs.at(-1);
    if (last && strides[d] === last.stride * last.extent) {
      runs[runs.length - 1] = { ...last, extent: last.extent * extent };
    } else {
      runs.push({ extent, stride: strides[d]!, inner });
    }
    inner *= extent;
  }
  return runs.reverse();
}

/**
 * Where an iteration space of n elements is cut: ascending numbers of elements inside an axis, each dividing the next and n.
 * [] is one flat axis; [4] cuts 12 into 3 x 4.
 */
export type Cuts = readonly number[];

/** Cuts that serve both, or null where they do not nest. */
export function refine(a: Cuts, b: Cuts, n: number): Cuts | null {
  const all = [...new Set([...a, ...b])].sort((p, q) => p - q);
  for (let i = 0; i < all.length; i++) if ((all[i + 1] ?? n) % all[i]! !== 0) return null;
  return all;
}

/** The cuts that a view needs. */
export const cutsOf = (runs: readonly Run[]): Cuts =>
  runs
    .map((run) => run.inner)
    .filter((inner) => inner > 1)
    .reverse();

/** The extents between cuts, outermost first; none for a single element. */
export function extentsOf(cuts: Cuts, n: number): number[] {
  if (n === 1) return [];
  const extents: number[] = [];
  let inner = 1;
  for (const cut of [...cuts, n]) {
    extents.push(cut / inner);
    inner = cut;
  }
  return extents.reverse();
}

/** The strides of a view along the extents of cuts that refine its own. */
export function stridesAlong(runs: readonly Run[], cuts: Cuts, n: number): number[] {
  if (n === 1) return [];
  const inners = [1, ...cuts].reverse();
  return inners.map((inner) => {
    const run = runs.find((r) => r.inner <= inner && inner < r.inner * r.extent)!;
    return run.stride * (inner / run.inner);
  });
}
