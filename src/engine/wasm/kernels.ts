/** What the engine gets from this folder: machine code for steps. */
import type { Kernels, Run, Step } from "../step.ts";
import { describeStep } from "./describe.ts";
import { emitProgram } from "./emit.ts";
import { Library } from "./kernels/kernel.ts";
import { lower, type Scratch } from "./lower.ts";

export interface KernelOptions {
  readonly memory: WebAssembly.Memory;
  /** Engine memory for tables and packed operands; lives as long as the engine. */
  allocate(sizeBytes: number): number;
  readonly threads: number;
}

export function createKernels({ memory, allocate }: KernelOptions): Kernels {
  const library = new Library(memory);
  const blocks = new Map<number, number>();
  const scratch: Scratch = {
    packed(sizeBytes) {
      const address = blocks.get(sizeBytes) ?? allocate(sizeBytes);
      blocks.set(sizeBytes, address);
      return address;
    },
  };
  return {
    supports: (step: Step) => lower(step, scratch) !== null,
    emit: (steps, reportOffset, fallback): Run => emitProgram({ library, scratch, reportOffset, fallback }, steps),
    describe: describeStep,
  };
}
