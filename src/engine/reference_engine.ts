/** The engine of plain loops (`--engine reference`): each value by its definition, in order, in memory of its own. */
import { dtypeOf } from "../core/dtype.ts";
import { NdArray, type NumberArray, viewElements } from "../core/nd_array.ts";
import { elementCount } from "../core/shape.ts";
import type { Engine, Executable, SlotAddress } from "./engine.ts";
import { alignment, createHeap, type HeapOptions, roundUp } from "./heap.ts";
import { detailsFrom, inputsOf, type Program, type Value } from "./primitive.ts";
import { Failure } from "./reference/loops.ts";
import { type Effects, evaluate } from "./reference.ts";

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
      return heap.memory.buffer;
    },
    allocate: heap.allocate,
    free: heap.free,
    usage: heap.usage,
    compile: (program, slots) => compile(program, slots, () => heap.memory.buffer),
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

  function run(base: number): void {
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
    run,
    outputAddress: (base, k) => base + outputOffsets[k]!,
    describe: () =>
      program.values.map(({ primitive, dtype, shape }) => `reference ${primitive.kind} ${dtype}[${shape}]`),
  };
}
