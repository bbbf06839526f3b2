/** Which kernels and loops run a step, and with what arguments. A step without code is the caller's. */
import type { Step, StepKind } from "../../step.ts";
import { supportsLoop } from "../loop/strategy.ts";
import { lowerConvolution } from "./convolution.ts";
import { lowerMatmul } from "./matmul.ts";
import type { Part, Scratch } from "./part.ts";

type StepOf<K extends StepKind> = Extract<Step, { readonly kind: K }>;

const table: { readonly [K in StepKind]?: (step: StepOf<K>, scratch: Scratch) => readonly Part[] | null } = {
  loop: (step) => (supportsLoop(step) ? [step] : null),
  matmul: lowerMatmul,
  convolution: lowerConvolution,
};

/** Kernels and loops that do what the step says, in order; null where there is no code for it. */
export function lower(step: Step, scratch: Scratch): readonly Part[] | null {
  const rule = table[step.kind] as ((step: Step, scratch: Scratch) => readonly Part[] | null) | undefined;
  return rule ? rule(step, scratch) : null;
}
