/** Which kernel runs a step, and with what arguments. A step without a kernel is the caller's. */
import { dtypeOf } from "../../core/dtype.ts";
import type { Body, LoopStep, MatmulStep, Place, Step, StepKind, View } from "../step.ts";
import { add, load } from "./instructions.ts";
import type { Kernel } from "./kernels/kernel.ts";
import { matmul, matmulScratchBytes } from "./kernels/matmul.ts";
import { rowDots, rowSums } from "./kernels/matrix_vector.ts";
import { type Expr, i32, type Operand, type Scalar } from "./lanes.ts";
import { supportsLoop } from "./loop/strategy.ts";

/** A call of a kernel with constant sizes. `site`: a result that is not 0 ends the run there. */
export interface KernelCall {
  readonly kernel: Kernel;
  readonly args: (base: Expr) => readonly Operand[];
}

export type Part = KernelCall | LoopStep;

export const isLoop = (part: Part): part is LoopStep => "kind" in part;

/** Memory that kernels share, made at its first use. */
export interface Scratch {
  /** For packed operands: matmul.ts and convolution.ts say how it is laid out. */
  packed(sizeBytes: number): number;
}

type StepOf<K extends StepKind> = Extract<Step, { readonly kind: K }>;

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

const productTypes: Partial<Record<Step["kind"] | string, Scalar>> = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  uint32: "i32",
  int64: "i64",
  uint64: "i64",
};

/** The epilogue as a loop over the product, which lies where the first store goes and may stay there as it is. */
export function epilogueLoop(body: Body): LoopStep {
  const product = body.loads.length;
  const [first, ...rest] = body.stores;
  const stores = body.nodes[first!.node]!.kind === "product" ? rest : body.stores;
  const nodes = body.nodes.map((node) =>
    node.kind === "product" ? ({ kind: "load", load: product, dtype: node.dtype } as const) : node,
  );
  const loads = [...body.loads, body.stores[0]!.view];
  return { kind: "loop", ...body, nodes, loads, stores, reduced: body.extents.map(() => false), reductions: [] };
}

/** Whether an epilogue can run over the product in place. */
const takesEpilogue = (dtype: string, epilogue: Body | null): boolean =>
  epilogue === null || (epilogue.stores[0]?.view.dtype === dtype && supportsLoop(epilogueLoop(epilogue)));

const dense = (place: Place, dtype: View["dtype"], count: number): { view: View; extents: number[] } => ({
  view: { place, dtype, strides: [1] },
  extents: [count],
});

/** A constant in every element. */
function fill(place: Place, dtype: View["dtype"], count: number): LoopStep {
  const { view, extents } = dense(place, dtype, count);
  const value = dtype === "int64" || dtype === "uint64" ? 0n : 0;
  const nodes = [{ kind: "constant", value, dtype } as const];
  return { kind: "loop", extents, loads: [], nodes, stores: [{ node: 0, view }], reduced: [false], reductions: [] };
}

function lowerMatmul(step: MatmulStep, scratch: Scratch): readonly Part[] | null {
  const type = productTypes[step.dtype];
  if (!type || !takesEpilogue(step.dtype, step.epilogue)) return null;
  const after = step.epilogue ? [epilogueLoop(step.epilogue)].filter((loop) => loop.stores.length > 0) : [];
  const { batch, m, n, k } = step;
  if (batch * m * n === 0) return after;
  if (k === 0) return [fill(step.c, step.dtype, batch * m * n), ...after];
  return [product(step, type, scratch), ...after];
}

function product(step: MatmulStep, type: Scalar, scratch: Scratch): KernelCall {
  const { batch, m, n, k, a, b, c, lda, ldb, transposeA, transposeB, strideA, strideB, strideC } = step;
  const { sizeBytes: size } = dtypeOf(step.dtype);
  const [aRow, aCol] = transposeA ? [size, lda * size] : [lda * size, size];
  const [bRow, bCol] = transposeB ? [size, ldb * size] : [ldb * size, size];
  const at =
    (...places: Place[]) =>
    (base: Expr) =>
      places.map((place) => addressOf(place, base));
  const vector = (kernel: Kernel, places: Place[], row: number, rows: number, columns: number): KernelCall => ({
    kernel,
    args(base) {
      const [matrix, x, y] = at(...places)(base);
      return [matrix!, row, x!, y!, rows, columns];
    },
  });
  if (batch === 1 && n === 1 && (bRow === size || k === 1)) {
    if (aCol === size || k === 1) return vector(rowDots(type), [a, b, c], aRow, m, k);
    return vector(rowSums(type), [a, b, c], aCol, k, m);
  }
  if (batch === 1 && m === 1 && (aCol === size || k === 1)) {
    if (bCol === size || n === 1) return vector(rowSums(type), [b, a, c], bRow, k, n);
    return vector(rowDots(type), [b, a, c], bCol, n, k);
  }
  return {
    kernel: matmul(type),
    args(base) {
      const [x, y, z] = at(a, b, c)(base);
      const next = [strideA, strideB, strideC].map((stride) => stride * size);
      return [x!, aRow, aCol, y!, bRow, bCol, z!, batch, ...next, m, n, k, scratch.packed(matmulScratchBytes)];
    },
  };
}

const table: { readonly [K in StepKind]?: (step: StepOf<K>, scratch: Scratch) => readonly Part[] | null } = {
  loop: (step) => (supportsLoop(step) ? [step] : null),
  matmul: lowerMatmul,
};

/** Kernels and loops that do what the step says, in order; null where there is no code for it. */
export function lower(step: Step, scratch: Scratch): readonly Part[] | null {
  const rule = table[step.kind] as ((step: Step, scratch: Scratch) => readonly Part[] | null) | undefined;
  return rule ? rule(step, scratch) : null;
}
