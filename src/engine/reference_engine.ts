/** The engine of plain loops (`--engine reference`): each value by its definition, in order, in memory of its own. */
import { dtypeOf } from "../core/dtype.ts";
import { NdArray, type NumberArray, viewElements } from "../core/nd_array.ts";
import { elementCount } from "../core/shape.ts";
import type { Engine, Executable, Kernel, KernelReport, SlotAddress } from "./engine.ts";
import { alignment, createHeap, type HeapOptions, roundUp } from "./heap.ts";
import { detailsFrom, inputsOf, type Program, type Value } from "./primitive.ts";
import { Failure } from "./reference/loops.ts";
import { type Effects, evaluate } from "./reference.ts";
import { workOf } from "./trace/shares.ts";

const sizeOf = (value: Value): number => elementCount(value.shape) * dtypeOf(value.dtype).sizeBytes;

const copy = (data: NumberArray, buffer: ArrayBufferLike, address: number): void =>
  new Uint8Array(buffer, address, data.byteLength).set(
    new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
  );

export function createReferenceEngine(options: Pick<HeapOptions, "limitBytes"> = {}): Engine {
  const heap = createHeap({ ...options, shared: false });
  return {
    name: "reference",
    get buffer() {
      return heap.buffer;
    },
    allocate: heap.allocate,
    free: heap.free,
    copy(to, from, sizeBytes) {
      new Uint8Array(heap.buffer).copyWithin(to, from, from + sizeBytes);
    },
    usage: heap.usage,
    compile: (program, slots) => compile(program, slots, () => heap.buffer),
  };
}

/** The workspace holds the arguments, then inputs and outputs; everything between lives in JavaScript. */
function compile(program: Program, slots: SlotAddress, buffer: () => ArrayBufferLike): Executable {
  let top = roundUp(4 * program.inputs.length, alignment);
  const room = (value: Value): number => {
    const offset = top;
    top = roundUp(top + sizeOf(value), alignment);
    return offset;
  };
  const inputOffsets = program.inputs.map(room);
  const outputOffsets = program.outputs.map(room);
  const view = (value: Pick<Value, "dtype">, address: number, count: number) =>
    viewElements(dtypeOf(value.dtype), buffer(), address, count);

  function run(base: number, report?: KernelReport): void {
    const effects: Effects = {
      input(index) {
        const value = program.inputs[index]!;
        const address = new Int32Array(buffer(), base, index + 1)[index]!;
        return view(value, address, elementCount(value.shape)).slice();
      },
      slot: (slot, dtype, count) => view({ dtype }, slots(slot), count),
    };
    const results: NumberArray[] = [];
    for (const value of program.values) {
      const inputs = inputsOf(value.primitive).map((x) => results[x.id]!);
      const startMs = report ? performance.now() : 0;
      try {
        results.push(evaluate(value, inputs, effects));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const { kind } = value.primitive;
        const named = inputsOf(value.primitive).slice(detailsFrom(kind));
        const details = named.map(({ id, dtype, shape }) => new NdArray(dtypeOf(dtype), shape, results[id]!.slice()));
        const { position, value: wrong, limit } = error;
        throw program.sites[error.site]!({ position, value: wrong, limit, details });
      }
      report?.(kernelOf(value), { startMs, endMs: performance.now(), pieces: [] });
    }
    program.outputs.forEach((value, k) => {
      copy(results[value.id]!, buffer(), base + outputOffsets[k]!);
    });
  }

  return {
    workspaceBytes: Math.max(top, alignment),
    inputOffsets,
    outputs: program.outputs.map(({ dtype, shape }) => ({ dtype, shape })),
    prepare(base) {
      const pointers = new Int32Array(buffer(), base, inputOffsets.length);
      inputOffsets.forEach((offset, k) => {
        pointers[k] = base + offset;
      });
    },
    setInput(base, k, address) {
      new Int32Array(buffer(), base, k + 1)[k] = address;
    },
    run: (base) => run(base),
    runTraced: run,
    isCompiled: false,
    outputAddress: (base, k) => base + outputOffsets[k]!,
    kernels: () => program.values.map(kernelOf),
    memory: {
      inputs: program.inputs.reduce((sum, value) => sum + sizeOf(value), 0),
      buffers: program.outputs.reduce((sum, value) => sum + sizeOf(value), 0),
      constants: 0,
    },
  };
}

const kernelOf = (value: Value): Kernel => ({
  text: `reference ${value.primitive.kind} ${value.dtype}[${value.shape}]`,
  bytes: sizeOf(value) + inputsOf(value.primitive).reduce((sum, x) => sum + sizeOf(x), 0),
  shares: value.origin === undefined ? [] : [{ origin: value.origin, work: workOf(value) }],
});
