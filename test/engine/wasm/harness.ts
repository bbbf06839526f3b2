/** Small modules for tests: a shared memory and the functions that a test writes. */
import { expect } from "vitest";
import { type DTypeName, dtypeOf } from "../../../src/core/dtype.ts";
import {
  bfloat16ToNumber,
  halfToNumber,
  numberToBfloat16,
  numberToHalf,
  setElement,
  viewElements,
} from "../../../src/core/nd_array.ts";
import { compileRelaxed } from "../../../src/core/wasm/relaxed_simd.ts";
import { runStep } from "../../../src/engine/reference/steps.ts";
import type { Step } from "../../../src/engine/step.ts";
import { ModuleBuilder } from "../../../src/engine/wasm/assembler.ts";
import { createKernels } from "../../../src/engine/wasm/kernels.ts";
import { mathImports } from "../../../src/engine/wasm/math/imports.ts";

// biome-ignore lint/suspicious/noExplicitAny: exports of a module that the test has just written
type Exports = Record<string, any>;

export const newMemory = (pages = 256): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });

/** Builds a module over a memory, checks that it is valid, and returns its exports. */
export function instantiate(
  build: (m: ModuleBuilder) => void,
  memory: WebAssembly.Memory = newMemory(1),
  imports: WebAssembly.Imports = {},
): Exports {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { shared: true, maximumPages: 65536 });
  build(m);
  return new WebAssembly.Instance(compileRelaxed(m.bytes()), { env: { memory }, math: mathImports, ...imports })
    .exports as Exports;
}

/** Numbers in (0, 1) that are the same in every run. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) + 0.5) / 2 ** 24;
  };
}

export interface Room {
  readonly offset: number;
  readonly dtype: DTypeName;
  readonly count: number;
  /** What to fill it with in place of random numbers. */
  readonly values?: readonly number[];
}

const base = 4096;
const reportOffset = 64;

/** Numbers that suit a dtype: some small, some not whole, both signs. */
export function fillRoom(buffer: ArrayBufferLike, { offset, dtype, count, values }: Room, next: () => number): void {
  const data = viewElements(dtypeOf(dtype), buffer, base + offset, count);
  if (values) {
    for (const [i, value] of values.entries()) setElement(dtypeOf(dtype), data, i, value);
    return;
  }
  for (let i = 0; i < data.length; i++) {
    const x = (next() - 0.5) * 8;
    if (dtype === "bool") data[i] = x > 0 ? 1 : 0;
    else if (dtype === "int64" || dtype === "uint64") (data as BigInt64Array)[i] = BigInt(Math.round(x * 3));
    else if (dtype === "bfloat16") data[i] = numberToBfloat16(x);
    else if (dtype === "float16") data[i] = numberToHalf(x);
    else data[i] = dtype.includes("float") || dtype.startsWith("complex") ? x : Math.round(x * 3);
  }
}

/**
 * Runs steps compiled and in the reference, on equal memories filled by `rooms`, and compares status, report and the rooms of `results`.
 * Floats may differ by `tolerance` (relative, and absolute below 1).
 */
export function checkSteps(
  steps: readonly Step[],
  rooms: readonly Room[],
  results: readonly Room[],
  { tolerance = 2e-6, seed = 1, threads = 1 }: { tolerance?: number; seed?: number; threads?: number } = {},
): void {
  const bytes =
    Math.max(...[...rooms, ...results].map((r) => r.offset + r.count * dtypeOf(r.dtype).sizeBytes), 0) + base + 64;
  const memory = newMemory(Math.ceil(bytes / 65536));
  const next = generator(seed);
  for (const room of rooms) fillRoom(memory.buffer, room, next);
  const expected = new ArrayBuffer(memory.buffer.byteLength);
  new Uint8Array(expected).set(new Uint8Array(memory.buffer));
  let heap = memory.buffer.byteLength;
  const allocate = (sizeBytes: number) => {
    const at = heap;
    heap += Math.ceil(sizeBytes / 65536) * 65536;
    memory.grow(Math.ceil(sizeBytes / 65536));
    return at;
  };

  const kernels = createKernels({ memory, allocate, threads });
  const run = kernels.emit(steps, reportOffset, (k) => {
    throw new Error(`step ${k} (${steps[k]!.kind}) has no code`);
  });
  const status = run(base);
  let wanted = 0;
  for (const step of steps) wanted ||= runStep(step, expected, base, reportOffset);

  expect(status).toBe(wanted);
  if (status) {
    const report = (buffer: ArrayBufferLike) => [...new Float64Array(buffer, base + reportOffset, 3)];
    expect(report(memory.buffer)).toEqual(report(expected));
  }
  for (const room of results) compareRoom(room, memory.buffer, expected, tolerance);
}

function compareRoom(
  { offset, dtype, count }: Room,
  got: ArrayBufferLike,
  want: ArrayBufferLike,
  tolerance: number,
): void {
  const a = viewElements(dtypeOf(dtype), got, base + offset, count);
  const b = viewElements(dtypeOf(dtype), want, base + offset, count);
  const number = (x: number | bigint) =>
    dtype === "bfloat16" ? bfloat16ToNumber(x as number) : dtype === "float16" ? halfToNumber(x as number) : Number(x);
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i] || (Number.isNaN(a[i]) && Number.isNaN(b[i]))) continue;
    const [x, y] = [number(a[i]!), number(b[i]!)];
    const isNear = dtype.includes("float") && Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y));
    if (!isNear) expect(`${dtype}[${i}] = ${a[i]}`).toBe(`${dtype}[${i}] = ${b[i]}`);
  }
}
