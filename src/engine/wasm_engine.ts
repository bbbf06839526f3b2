/** The engine that trains: programs become fused steps over planned memory, and those one WebAssembly function a program. */
import type { Engine } from "./engine.ts";
import { createHeap } from "./heap.ts";
import type { NativeSource } from "./native/steps.ts";
import { createExecutable } from "./plan/executable.ts";
import { createCopy } from "./wasm/copy.ts";
import { createKernels } from "./wasm/kernels.ts";

export interface WasmEngineOptions {
  /** The memory may grow up to this size; 4 GiB at most. */
  readonly limitBytes?: number;
  readonly threads?: number;
  /** Run every program step by step, for comparison. */
  readonly callList?: boolean;
  /** Native libraries that take large products and convolutions over. */
  readonly native?: NativeSource | null;
}

export function createWasmEngine({
  limitBytes,
  threads = 1,
  callList = false,
  native = null,
}: WasmEngineOptions = {}): Engine {
  const heap = createHeap(limitBytes === undefined ? {} : { limitBytes });
  const kernels = createKernels({ memory: heap.memory, allocate: heap.allocate, threads, native });
  const buffer = () => heap.buffer;
  return {
    get name() {
      const library = kernels.nativeLibrary();
      return library === null ? "wasm" : `native:${library}`;
    },
    lookForNative: kernels.lookForNative,
    get buffer() {
      return heap.buffer;
    },
    allocate: heap.allocate,
    free: heap.free,
    copy: createCopy(heap.memory),
    usage: heap.usage,
    compile: (program, slots, inputs = []) =>
      createExecutable(program, slots, { buffer, allocate: heap.allocate, free: heap.free, kernels, callList, inputs }),
  };
}
