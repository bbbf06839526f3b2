/** What a step becomes: kernel calls and loops, one after the other. */
import type { DTypeName } from "../../../core/dtype.ts";
import type { NativeCall, NativeSteps } from "../../native/steps.ts";
import type { Body, LoopStep, Place, Room } from "../../step.ts";
import { add, load } from "../instructions.ts";
import type { Kernel } from "../kernels/kernel.ts";
import { type Expr, i32, type Operand, type Scalar } from "../lanes.ts";
import { supportsLoop } from "../loop/strategy.ts";

/** A call of a kernel with constant sizes. A kernel with a result ends the run when that is not 0. */
export interface KernelCall {
  readonly kernel: Kernel;
  readonly args: (base: Expr) => readonly Operand[];
}

/** A call out of WebAssembly, of a native library. */
export interface HostCall {
  readonly call: NativeCall;
  readonly args: (base: Expr) => readonly Operand[];
}

export type Part = KernelCall | HostCall | LoopStep;

export const isHostCall = (part: Part): part is HostCall => "call" in part;

export const isLoop = (part: Part): part is LoopStep => "kind" in part;

/** Memory that kernels work in, made at its first use and kept. */
export interface Scratch {
  readonly reportOffset: number;
  /** A block that every user of the name and size shares. Zero at first. */
  block(name: string, sizeBytes: number): number;
  /** A table of numbers, one for each content. */
  table(values: readonly number[]): number;
  /** Memory that the kernel of a step works in and nothing outlives: each call takes so many bytes more, and says where they lie. */
  room(step: { readonly room?: Room }): (sizeBytes: number) => (base: Expr) => Expr;
  /** Hears how many bytes a step keeps. */
  keep(sizeBytes: number): void;
  /** Where a running product keeps its sizes. */
  readonly job: number;
  readonly threads: number;
  /** Takes steps over; null: none. */
  readonly native: NativeSteps | null;
}

/** Elementary operations that are worth the start of other threads. */
const sharedWork = 500_000;

/** Whether threads share so much work: 1 or 0. */
export const isShared = (work: number, { threads }: Scratch): number => (threads > 1 && work >= sharedWork ? 1 : 0);

export function addressOf(place: Place, base: Expr): Expr {
  switch (place.at) {
    case "workspace":
      return add(base, place.offset);
    case "memory":
      return i32(place.address);
    case "argument":
      return add(load("i32", base, 4 * place.index), place.offset);
  }
}

const productTypes: Partial<Record<DTypeName, Scalar>> = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  uint32: "i32",
  int64: "i64",
  uint64: "i64",
};

/** The type in which products of a dtype are computed, or undefined. */
export const productType = (dtype: DTypeName): Scalar | undefined => productTypes[dtype];

/** The epilogue as a loop over the product, which lies where the first store goes and may stay there as it is. */
function epilogueLoop(body: Body): LoopStep {
  const product = body.loads.length;
  const [first, ...rest] = body.stores;
  const stores = body.nodes[first!.node]!.kind === "product" ? rest : body.stores;
  const nodes = body.nodes.map((node) =>
    node.kind === "product" ? ({ kind: "load", load: product, dtype: node.dtype } as const) : node,
  );
  const loads = [...body.loads, body.stores[0]!.view];
  return { kind: "loop", ...body, nodes, loads, stores, reduced: body.extents.map(() => false), reductions: [] };
}

/** The loops of an epilogue, or null where it cannot run over the product in place. */
export function epilogueParts(dtype: DTypeName, epilogue: Body | null): readonly LoopStep[] | null {
  if (!epilogue) return [];
  const loop = epilogueLoop(epilogue);
  if (epilogue.stores[0]?.view.dtype !== dtype || !supportsLoop(loop)) return null;
  return loop.stores.length > 0 ? [loop] : [];
}

/** Zeros in `count` elements from a place on. */
export function fillZero(place: Place, dtype: DTypeName, count: number): LoopStep {
  const value = dtype === "int64" || dtype === "uint64" ? 0n : 0;
  return {
    kind: "loop",
    extents: [count],
    loads: [],
    nodes: [{ kind: "constant", value, dtype }],
    stores: [{ node: 0, view: { place, dtype, strides: [1] } }],
    reduced: [false],
    reductions: [],
  };
}
