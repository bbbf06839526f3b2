/**
 * How a LoopStep is walked.
 *
 *     flat      for i: body                                                       vectors along the last extent
 *     rows      for kept: total = 0; for reduced: total += body; store total      vectors along the last extent, if that is reduced
 *     columns   for kept but the last; for lanes of the last kept extent:         vectors along the last kept extent
 *                   partial = 0; for reduced: partial += body; store partial
 *
 * Kept extents are moved outwards and reduced ones inwards, so that a result is finished before the next begins.
 */
import type { LoopStep } from "../../step.ts";
import { foldsAsVector } from "./accumulate.ts";
import { hasSites, isSupported, isVectorAlong } from "./body.ts";
import { isHeld, type Width } from "./elements.ts";

export interface Strategy {
  readonly pattern: "flat" | "rows" | "columns";
  /** Dimensions from the outermost loop to the innermost. */
  readonly order: readonly number[];
  /** How many of them, from the outermost, are kept. */
  readonly kept: number;
  /** Lanes along the dimension of vectors: the innermost one, or the last kept one for columns. */
  readonly width: Width;
  /** Vectors side by side in one turn. */
  readonly unroll: number;
}

export const countOf = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

export function supportsLoop(step: LoopStep): boolean {
  const indicesFit = step.nodes.every(
    (node) =>
      node.kind !== "index" ||
      step.extents.reduce((sum, n, d) => sum + Math.abs(node.strides[d]! * n), Math.abs(node.start)) < 2 ** 31,
  );
  // a check must find the first element in order, and reductions change the order
  const inOrder = step.reductions.length === 0 || !hasSites(step);
  return indicesFit && inOrder && isSupported(step) && step.reductions.every(({ view }) => isHeld(view.dtype));
}

/** Wider turns for short bodies only, as long ones would run out of registers, and where there are some of them. */
function unrollOf(step: LoopStep, width: Width, d: number, limit: number): number {
  const room = Math.floor(16 / (step.nodes.length + 2));
  const most = Math.min(limit, room, Math.floor(step.extents[d]! / (2 * width)));
  return width === 1 || most < 2 ? 1 : most >= 4 ? 4 : 2;
}

function widthAlong(step: LoopStep, d: number): Width {
  for (const width of [4, 2] as const) {
    const folds = step.reductions.every(({ fn, view }) => foldsAsVector(fn, view.dtype, width));
    if (step.extents[d]! >= width && folds && isVectorAlong(step, d, width)) return width;
  }
  return 1;
}

/** A reduction over nothing but extents of 1, which are gone, is a store. */
export function simplest(step: LoopStep): LoopStep {
  if (step.reductions.length === 0 || step.reduced.includes(true)) return step;
  return { ...step, stores: [...step.stores, ...step.reductions], reductions: [] };
}

export function strategyOf(step: LoopStep): Strategy {
  const { extents, reduced, reductions } = step;
  const dims = extents.map((_, d) => d);
  const last = extents.length - 1;
  const lastWidth = last < 0 ? 1 : widthAlong(step, last);
  if (reductions.length === 0) {
    const unroll = unrollOf(step, lastWidth, last, 2);
    return { pattern: "flat", order: dims, kept: dims.length, width: lastWidth, unroll };
  }
  const keptDims = dims.filter((d) => !reduced[d]);
  const order = [...keptDims, ...dims.filter((d) => reduced[d])];
  const kept = keptDims.length;
  const isLastReduced = last >= 0 && reduced[last]!;
  if (!isLastReduced && lastWidth > 1 && reductions.every(({ view }) => view.strides[last] === 1)) {
    return { pattern: "columns", order, kept, width: lastWidth, unroll: unrollOf(step, lastWidth, last, 4) };
  }
  const width = isLastReduced ? lastWidth : 1;
  return { pattern: "rows", order, kept, width, unroll: unrollOf(step, width, last, 4) };
}

/** The extent that ranges cut, and the multiple at which they do; null where the outermost loop is a reduction. */
export function rangeOf(step: LoopStep): { readonly extent: number; readonly multiple: number } | null {
  const { pattern, order, kept, width, unroll } = strategyOf(simplest(step));
  if (kept === 0) return null;
  const isVectors = pattern === "columns" ? kept === 1 : pattern === "flat" && order.length === 1;
  return { extent: step.extents[order[0]!]!, multiple: isVectors ? width * unroll : 1 };
}
