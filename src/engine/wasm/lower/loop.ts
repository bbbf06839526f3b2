/** Loops: emitted as they are, or a kernel where the loop only moves elements in an order that vectors cannot follow. */
import { dtypeOf } from "../../../core/dtype.ts";
import type { LoopStep, View } from "../../step.ts";
import { transposePlanes } from "../kernels/transpose.ts";
import { supportsLoop } from "../loop/strategy.ts";
import { addressOf, type Part, type Scratch } from "./part.ts";

/** Fewer elements than this are not worth a table. */
const smallest = 256;

export function lowerLoop(step: LoopStep, scratch: Scratch): readonly Part[] | null {
  if (!supportsLoop(step)) return null;
  return [transposition(step, scratch) ?? step];
}

/**
 * A copy whose source runs along another dimension than its target: planes of these two dimensions, one after the other. Null for any other
 * loop.
 */
function transposition(step: LoopStep, scratch: Scratch): Part | null {
  const [node, ...more] = step.nodes;
  const [source, target] = [step.loads[0], step.stores[0]?.view];
  const isCopy = node?.kind === "load" && more.length === 0 && step.stores.length === 1 && step.reductions.length === 0;
  if (!isCopy || !source || !target || dtypeOf(source.dtype).sizeBytes !== 4) return null;
  const { extents } = step;
  const last = extents.length - 1;
  const along = source.strides.indexOf(1);
  const isPlane = along >= 0 && along !== last && target.strides[last] === 1 && source.strides[last]! > 1;
  if (!isPlane || extents[last]! < 4 || extents[along]! < 4 || extents.reduce((a, b) => a * b, 1) < smallest)
    return null;

  const rest = extents.map((_, d) => d).filter((d) => d !== last && d !== along);
  const places: number[] = [];
  const visit = (k: number, from: number, to: number): void => {
    if (k === rest.length) {
      places.push(4 * from, 4 * to);
      return;
    }
    const d = rest[k]!;
    for (let i = 0; i < extents[d]!; i++) visit(k + 1, from + i * source.strides[d]!, to + i * target.strides[d]!);
  };
  visit(0, 0, 0);
  const table = scratch.table(places);
  const rowOf = (view: View, d: number) => 4 * view.strides[d]!;
  const numbers = [places.length / 2, extents[last]!, extents[along]!, rowOf(source, last), rowOf(target, along)];
  return {
    kernel: transposePlanes,
    args: (base) => [addressOf(source.place, base), addressOf(target.place, base), table, ...numbers],
  };
}
