/** What passes between the stages of a run. */
import type { DType } from "../../core/dtype.ts";
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
  return new NdArray(
    value.dtype,
    value.shape,
    viewElements(value.dtype, engine.buffer, value.address, elementCount(value.shape)),
  );
}

/** A copy in JavaScript's own memory. */
export function copyOut(engine: Engine, value: EngineValue): NdArray {
  const view = viewElements(value.dtype, engine.buffer, value.address, elementCount(value.shape));
  return new NdArray(value.dtype, value.shape, ownCopy(view));
}

/** A copy on an unshared ArrayBuffer. */
function ownCopy<T extends { length: number; constructor: unknown }>(view: T): T {
  return new (view.constructor as new (from: T) => T)(view);
}

/** Copies an array's bytes to an address. */
export function copyIn(engine: Engine, array: NdArray, address: number): void {
  const data = array.data as Float32Array;
  const target = new Uint8Array(engine.buffer as ArrayBuffer, address, data.byteLength);
  target.set(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength));
}

export const sizeBytesOf = (dtype: DType, shape: FullShape): number => elementCount(shape) * dtype.sizeBytes;
