/** What the engine gets from this folder: machine code for steps. */
import { createNativeSteps, type NativeSource, type NativeSteps } from "../native/steps.ts";
import type { Kernels, Run, Step } from "../step.ts";
import { describeStep } from "./describe.ts";
import { emitProgram } from "./emit.ts";
import { Library } from "./kernels/kernel.ts";
import { areaBytes } from "./kernels/product/blocks.ts";
import { lower } from "./lower/lower.ts";
import type { Scratch } from "./lower/part.ts";
import { createThreads } from "./threads.ts";

export interface KernelOptions {
  readonly memory: WebAssembly.Memory;
  /** Engine memory for tables and packed operands; lives as long as the engine. */
  allocate(sizeBytes: number): number;
  readonly threads: number;
  /** Native libraries for large steps; null: none. */
  readonly native?: NativeSource | null;
}

const jobBytes = 256;

export function createKernels(options: KernelOptions): Kernels {
  const threads = createThreads(options);
  const library = new Library(options.memory, threads);
  const { memory, native: source = null } = options;
  const native = source && createNativeSteps({ source, memory, threads: options.threads, park: threads.park });
  const scratchFor = createScratch(options, native);
  return {
    supports: (step: Step) => lower(step, scratchFor(0)) !== null,
    emit: (steps, reportOffset, fallback): Run =>
      emitProgram({ library, scratch: scratchFor(reportOffset), fallback }, steps),
    describe: (step) => (native?.plan(step) ? `native ${describeStep(step)}` : describeStep(step)),
    timed: threads.timed,
    nativeLibrary: () => native?.library?.name ?? null,
    lookForNative: () => void native?.find(),
  };
}

function createScratch(
  { memory, allocate, threads }: KernelOptions,
  native: NativeSteps | null,
): (reportOffset: number) => Scratch {
  const blocks = new Map<string, { readonly size: number; readonly address: number }[]>();
  const tables = new Map<string, number>();
  /** Kernels run one after another: a block of a name serves all that it is large enough for. */
  const block = (name: string, sizeBytes: number): number => {
    const known = blocks.get(name) ?? [];
    const fitting = known.find(({ size }) => size >= sizeBytes);
    if (fitting) return fitting.address;
    const address = allocate(sizeBytes);
    blocks.set(name, [...known, { size: sizeBytes, address }]);
    return address;
  };
  const table = (values: readonly number[]): number => {
    const key = values.join();
    const known = tables.get(key);
    if (known !== undefined) return known;
    const address = allocate(4 * values.length);
    new Int32Array(memory.buffer, address, values.length).set(values);
    tables.set(key, address);
    return address;
  };
  return (reportOffset) => ({
    reportOffset,
    block,
    table,
    get job() {
      return block("job", jobBytes);
    },
    get areas() {
      return block("areas", areaBytes * threads);
    },
    threads,
    native,
  });
}
