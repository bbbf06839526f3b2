/** What passes between the stages of a run. */
import { type DType, float32 } from "../../core/dtype.ts";
import { NdArray, viewElements } from "../../core/nd_array.ts";
import { elementCount, type FullShape } from "../../core/shape.ts";
import type { Engine } from "../../engine/engine.ts";
import type { VariableRef } from "../../engine/lowering.ts";

/** A value in engine memory; valid until its run ends. */
export class EngineValue {
  readonly dtype: DType;
  readonly shape: FullShape;
  readonly address: number;

  constructor(dtype: DType, shape: FullShape, address: number) {
    this.dtype = dtype;
    this.shape = shape;
    this.address = address;
  }
}

/** A variable as a value: a reference edge or a known resource handle. */
export class VariableValue implements VariableRef {
  readonly slot: number;
  readonly name: string;
  readonly dtype: VariableRef["dtype"];
  readonly isResource: boolean;
  readonly #container: { readonly exists: boolean };

  constructor(
    slot: number,
    name: string,
    dtype: VariableRef["dtype"],
    isResource: boolean,
    container: { readonly exists: boolean },
  ) {
    this.slot = slot;
    this.name = name;
    this.dtype = dtype;
    this.isResource = isResource;
    this.#container = container;
  }

  get hasContainer(): boolean {
    return this.#container.exists;
  }
}

/** A value that a branch not taken would have made. */
export const dead: unique symbol = Symbol("dead");
export type Dead = typeof dead;

export type RunValue = NdArray | EngineValue | VariableValue | Dead;

/** A view (not a copy) of a value in engine memory. */
export function viewOf(engine: Engine, value: EngineValue): NdArray {
  const { dtype, shape, address } = value;
  return new NdArray(dtype, shape, viewElements(dtype, memoryOf(engine).buffer!, address, elementCount(shape)));
}

/** Views of all of engine memory, made anew when it has grown: small values are read and written without views of their own. */
class MemoryViews {
  buffer: ArrayBufferLike | null = null;
  floats = new Float32Array(0);
  bytes = new Uint8Array(0);

  of(engine: Engine): this {
    const { buffer } = engine;
    if (buffer !== this.buffer) {
      this.buffer = buffer;
      engineBuffers.add(buffer);
      this.floats = new Float32Array(buffer as ArrayBuffer);
      this.bytes = new Uint8Array(buffer as ArrayBuffer);
    }
    return this;
  }
}

const views = new WeakMap<Engine, MemoryViews>();
const engineBuffers = new WeakSet<ArrayBufferLike>();

/** A value that lies in engine memory, as such; any other array as it is. */
export function located(array: NdArray): NdArray | EngineValue {
  const { data } = array;
  if (!ArrayBuffer.isView(data) || !engineBuffers.has(data.buffer)) return array;
  return new EngineValue(array.dtype, array.shape, data.byteOffset);
}

export function memoryOf(engine: Engine): MemoryViews {
  let known = views.get(engine);
  if (!known) {
    known = new MemoryViews();
    views.set(engine, known);
  }
  return known.of(engine);
}

/** A copy in JavaScript's own memory. */
export const copyOut = (engine: Engine, { dtype, shape, address }: EngineValue): NdArray =>
  copyOutAt(engine, dtype, shape, address);

/** A view of shared memory takes longer than so many elements. */
const fewElements = 32;

export function copyOutAt(engine: Engine, dtype: DType, shape: FullShape, address: number): NdArray {
  const count = elementCount(shape);
  if (dtype !== float32 || count > fewElements)
    return new NdArray(dtype, shape, ownCopy(viewElements(dtype, engine.buffer, address, count)));
  const { floats } = memoryOf(engine);
  const copy = new Float32Array(count);
  for (let i = 0; i < count; i++) copy[i] = floats[(address >> 2) + i]!;
  return new NdArray(dtype, shape, copy);
}

/** The array itself, or a copy where its elements lie in engine memory, are kept, or are strings, which constants and queues hold too. */
export function ownArray(engine: Engine, array: NdArray): NdArray {
  const { data } = array;
  memoryOf(engine);
  if (kept.has(array) || array.dtype.base === "string") return new NdArray(array.dtype, array.shape, ownCopy(data));
  if (!ArrayBuffer.isView(data) || !engineBuffers.has(data.buffer)) return array;
  return new NdArray(array.dtype, array.shape, ownCopy(data));
}

/** Arrays that a plan holds for its next runs: who fetches one gets a copy. */
const kept = new WeakSet<NdArray>();

export function keep(array: NdArray): NdArray {
  kept.add(array);
  return array;
}

/** A copy on an unshared ArrayBuffer; of a list of strings, another list. */
function ownCopy<T extends { length: number; constructor: unknown }>(view: T): T {
  return Array.isArray(view) ? (view.slice() as typeof view) : new (view.constructor as new (from: T) => T)(view);
}

/** Copies an array's bytes to an address. */
export function copyIn(engine: Engine, array: NdArray, address: number): void {
  const data = array.data as Float32Array;
  const memory = memoryOf(engine);
  if (data.length === 1 && array.dtype === float32) memory.floats[address >> 2] = data[0]!;
  else if (data.buffer === memory.buffer) engine.copy(address, data.byteOffset, data.byteLength);
  else memory.bytes.set(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength), address);
}

export const sizeBytesOf = (dtype: DType, shape: FullShape): number => elementCount(shape) * dtype.sizeBytes;
