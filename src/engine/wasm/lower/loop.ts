/** Loops: emitted as they are, or a kernel where the loop only moves elements in an order that vectors cannot follow. */
import { type DTypeName, dtypeOf } from "../../../core/dtype.ts";
import type { LoopStep, View } from "../../step.ts";
import { transposePlanes } from "../kernels/transpose.ts";
import { supportsLoop } from "../loop/strategy.ts";
import { addressOf, type Part, type Scratch } from "./part.ts";

/** Fewer elements than this are not worth a table. */
const smallest = 256;

/** Integers of the same size, for copies: no NaN changes its bits, and what cannot be computed with can be moved. */
const rawDtypes: Partial<Record<DTypeName, DTypeName>> = {
  float16: "uint16",
  bfloat16: "uint16",
  float32: "int32",
  float64: "int64",
  complex64: "int64",
};

const rawView = (view: View, dtype: DTypeName): View => ({ ...view, dtype });

function asRaw(step: LoopStep): LoopStep {
  const [node, ...more] = step.nodes;
  const isCopy = node?.kind === "load" && more.length === 0 && step.reductions.length === 0;
  if (isCopy && node.dtype === "complex128") return asRaw(inHalves(step));
  const raw = isCopy && rawDtypes[node.dtype];
  if (!raw) return step;
  const stores = step.stores.map((store) => ({ ...store, view: rawView(store.view, raw) }));
  const loads = step.loads.map((view) => rawView(view, raw));
  return { ...step, loads, stores, nodes: [{ ...node, dtype: raw }] };
}

/** Elements of 16 bytes as two of 8. */
function inHalves(step: LoopStep): LoopStep {
  const halves = (view: View): View => ({
    ...view,
    dtype: "int64",
    strides: [...view.strides.map((stride) => 2 * stride), 1],
  });
  return {
    ...step,
    extents: [...step.extents, 2],
    reduced: [...step.reduced, false],
    loads: step.loads.map(halves),
    stores: step.stores.map((store) => ({ ...store, view: halves(store.view) })),
    nodes: [{ kind: "load", load: 0, dtype: "int64" }],
  };
}

export function lowerLoop(original: LoopStep, scratch: Scratch): readonly Part[] | null {
  const step = asRaw(original);
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
