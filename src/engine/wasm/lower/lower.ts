/** Which kernels and loops run a step, and with what arguments. A step without code is the caller's. */
import type { Step, StepKind } from "../../step.ts";
import { lowerConvolution } from "./convolution.ts";
import {
  lowerArgReduce,
  lowerCheck,
  lowerDynamicSlice,
  lowerFirstEqual,
  lowerGather,
  lowerOrder,
  lowerScan,
  lowerScatter,
} from "./indexed.ts";
import { lowerLoop } from "./loop.ts";
import { lowerMatmul } from "./matmul.ts";
import { addressOf, epilogueParts, type Part, type Scratch } from "./part.ts";
import { lowerRandom } from "./random.ts";
import { lowerWindow, lowerWindowGradient } from "./window.ts";

type StepOf<K extends StepKind> = Extract<Step, { readonly kind: K }>;

const table: { readonly [K in StepKind]: (step: StepOf<K>, scratch: Scratch) => readonly Part[] | null } = {
  loop: lowerLoop,
  matmul: lowerMatmul,
  convolution: lowerConvolution,
  window: lowerWindow,
  windowGradient: lowerWindowGradient,
  gather: lowerGather,
  scatter: lowerScatter,
  dynamicSlice: lowerDynamicSlice,
  argReduce: lowerArgReduce,
  scan: lowerScan,
  check: lowerCheck,
  firstEqual: lowerFirstEqual,
  order: lowerOrder,
  random: lowerRandom,
};

/** Kernels and loops that do what the step says, in order; null where there is no code for it. */
export function lower(step: Step, scratch: Scratch): readonly Part[] | null {
  return (
    native(step, scratch) ??
    (table[step.kind] as (step: Step, scratch: Scratch) => readonly Part[] | null)(step, scratch)
  );
}

/** The step as a call of a native library, and its epilogue; null where there is no such call. */
function native(step: Step, { native: steps }: Scratch): readonly Part[] | null {
  if (!steps || (step.kind !== "matmul" && step.kind !== "convolution")) return null;
  const after = epilogueParts(step.dtype, step.epilogue);
  const call = after && steps.plan(step);
  return call && [{ call, args: (base) => call.places.map((place) => addressOf(place, base)) }, ...after];
}
