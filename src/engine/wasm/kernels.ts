/** What the engine gets from this folder: machine code for steps. */

import { alignment, roundUp } from "../heap.ts";
import { createNativeSteps, type NativeSource, type NativeSteps } from "../native/steps.ts";
import type { Kernels, Run, Step } from "../step.ts";
import { describeStep } from "./describe.ts";
import { emitProgram } from "./emit.ts";
import { add } from "./instructions.ts";
import { Library } from "./kernels/kernel.ts";
import { i32 } from "./lanes.ts";
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

/** The step is lowered with memory of no address, and what it asks for is added up: to work in, and to keep. */
function bytesFor(step: Step, scratch: Scratch): { readonly room: number; readonly kept: number } {
  const sum = { room: 0, kept: 0 };
  const nowhere = { block: () => 0, table: () => 0, job: 0 };
  const room = () => (sizeBytes: number) => {
    sum.room += roundUp(sizeBytes, alignment);
    return () => i32(0);
  };
  const keep = (sizeBytes: number): void => {
    sum.kept += sizeBytes;
  };
  lower(step, { ...scratch, ...nowhere, room, keep });
  return sum;
}

export function createKernels(options: KernelOptions): Kernels {
  const threads = createThreads(options);
  const library = new Library(options.memory, threads);
  const { memory, native: source = null } = options;
  const native = source && createNativeSteps({ source, memory, threads: options.threads, park: threads.park });
  const scratchFor = createScratch(options, native);
  return {
    supports: (step: Step) => lower(step, scratchFor(0)) !== null,
    roomBytes: (step) => bytesFor(step, scratchFor(0)).room,
    keptBytes: (step) => bytesFor({ ...step, kept: 0 }, scratchFor(0)).kept,
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
  /** Of the step, where it has room in the workspace. */
  const room: Scratch["room"] = (step) => {
    let [at, blocksTaken] = [step.room ?? 0, 0];
    return (sizeBytes) => {
      if (step.room === undefined) {
        const address = block(`room ${blocksTaken++}`, sizeBytes);
        return () => i32(address);
      }
      const here = at;
      at += roundUp(sizeBytes, alignment);
      return (base) => add(base, here);
    };
  };
  return (reportOffset) => ({
    reportOffset,
    room,
    keep() {},
    block,
    table,
    get job() {
      return block("job", jobBytes);
    },
    threads,
    native,
  });
}
