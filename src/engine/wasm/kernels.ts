/** What the engine gets from this folder: machine code for steps. */
import type { Kernels, Run, Step } from "../step.ts";
import { describeStep } from "./describe.ts";
import { emitProgram } from "./emit.ts";
import { Library } from "./kernels/kernel.ts";
import { supportsLoop } from "./loop/strategy.ts";

export interface KernelOptions {
  readonly memory: WebAssembly.Memory;
  /** Engine memory for tables and packed operands; lives as long as the engine. */
  allocate(sizeBytes: number): number;
  readonly threads: number;
}

export function createKernels({ memory }: KernelOptions): Kernels {
  const library = new Library(memory);
  return {
    supports: (step: Step) => step.kind === "loop" && supportsLoop(step),
    emit: (steps, reportOffset, fallback): Run => emitProgram({ library, reportOffset, fallback }, steps),
    describe: describeStep,
  };
}
