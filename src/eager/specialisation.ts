/** One op compiled for one set of shapes (and of values of small inputs that its shapes depend on), with a workspace of its own. */
import { type DType, float32 } from "../core/dtype.ts";
import { NdArray } from "../core/nd_array.ts";
import { type FullShape, sameShape } from "../core/shape.ts";
import { type Builder, createBuilder, NeedsValue } from "../engine/builder.ts";
import type { Engine, Executable } from "../engine/engine.ts";
import type { Value } from "../engine/primitive.ts";
import type { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";
import { inputLeaves, type Lowered, lowerNode } from "../session/plan/lower_node.ts";
import { noOp, retyped } from "../session/plan/run/specialisation.ts";
import { copyIn, copyOut, EngineValue, memoryOf, VariableValue } from "../session/plan/values.ts";
import type { SessionState } from "../session/state.ts";
import type { EagerValue } from "./tensor.ts";

/** Where an output comes from: the program, a constant, or an input (in a shape of its own). */
type Source =
  | { readonly kind: "program"; readonly k: number; readonly dtype: DType; readonly shape: FullShape }
  | { readonly kind: "known"; readonly value: EagerValue }
  | { readonly kind: "input"; readonly i: number; readonly dtype: DType; readonly shape: FullShape };

interface Assumed {
  readonly slot: number;
  /** Undefined: it does not matter. */
  readonly shape: FullShape | null | undefined;
  readonly address: number;
}

export class Specialisation {
  readonly #state: SessionState;
  /** Null: nothing is to be computed. */
  readonly #executable: Executable | null;
  readonly #base: number;
  /** Input k of the executable is this input of the op. */
  readonly #engineInputs: readonly number[];
  readonly #sources: readonly Source[];
  readonly #written: readonly { readonly slot: number; readonly shape: FullShape }[];
  readonly #assumed: readonly Assumed[];
  /** The shapes of inputs, and the variables that are inputs. */
  readonly #shapes: readonly (FullShape | VariableValue)[];
  /** The values of inputs that the program is made for. */
  readonly #concrete: readonly (NdArray | undefined)[];
  #layoutVersion: number;
  /** For the sweep of those that are not used any more. */
  usedAt = 0;
  isDropped = false;

  constructor(
    state: SessionState,
    op: Operation,
    values: readonly EagerValue[],
    attempt: Attempt,
    concrete: ReadonlySet<number>,
  ) {
    this.#state = state;
    const { builder, lowered, engineInputs, inputOf, assumed } = attempt;
    const lowering = builder.lowering(noOp);
    const program: Value[] = [];
    this.#sources = op.outputs.map((tensor): Source => {
      const value = lowered.get(tensor)!;
      const dtype = tensor.dtype.baseDtype;
      if (value instanceof VariableValue) return { kind: "known", value };
      const constant = lowering.constantOf(value);
      if (constant) return { kind: "known", value: retyped(constant, dtype) };
      const passed = value.primitive.kind === "reshape" ? value.primitive.inputs[0] : value;
      const i = inputOf.get(passed);
      if (i !== undefined) return { kind: "input", i, dtype, shape: value.shape };
      program.push(value);
      return { kind: "program", k: program.length - 1, dtype, shape: value.shape };
    });
    const finished = builder.finish(program);
    this.#written = [...builder.written()].map(([slot, { shape }]) => ({ slot, shape }));
    for (const { slot, shape } of this.#written) {
      state.reserveVariable(state.variableAt(slot), shape);
      if (!assumed.has(slot)) assumed.set(slot, undefined);
    }
    const isIdle = finished.values.length === finished.inputs.length;
    this.#executable = isIdle ? null : state.engine.compile(finished, state.slotAddress);
    this.#base = this.#executable ? state.engine.allocate(Math.max(this.#executable.workspaceBytes, 64)) : 0;
    this.#executable?.prepare(this.#base);
    this.#engineInputs = engineInputs;
    this.#shapes = values.map((value) => (value instanceof VariableValue ? value : value.shape));
    this.#concrete = values.map((value, i) => (concrete.has(i) ? (value as NdArray) : undefined));
    this.#assumed = [...assumed].map(([slot, shape]) => ({ slot, shape, address: state.variableAt(slot).address }));
    this.#layoutVersion = state.layoutVersion;
  }

  /** Is it made for these values? */
  fits(values: readonly EagerValue[]): boolean {
    for (let i = 0; i < values.length; i++) {
      const shape = this.#shapes[i]!;
      if (shape instanceof VariableValue) {
        if (shape === values[i]) continue;
        return false;
      }
      const value = values[i] as NdArray;
      if (value.shape !== shape && !sameShape(value.shape, shape)) return false;
      const wanted = this.#concrete[i];
      if (wanted && wanted !== value && !sameElements(wanted, value)) return false;
    }
    return true;
  }

  /** Are the variables where they were, in the shapes that they had? */
  get isCurrent(): boolean {
    if (this.#assumed.length === 0 || this.#layoutVersion === this.#state.layoutVersion) return true;
    for (const { slot, shape, address } of this.#assumed) {
      const variable = this.#state.variableAt(slot);
      if (variable.address !== address) return false;
      if (shape === undefined) continue;
      if (variable.shape === null ? shape !== null : shape === null || !sameShape(variable.shape, shape)) return false;
    }
    this.#layoutVersion = this.#state.layoutVersion;
    return true;
  }

  run(values: readonly EagerValue[]): EagerValue[] {
    const state = this.#state;
    const { engine } = state;
    const executable = this.#executable;
    if (executable) {
      const base = this.#base;
      const inputs = this.#engineInputs;
      for (let k = 0; k < inputs.length; k++)
        putIn(engine, values[inputs[k]!] as NdArray, base + executable.inputOffsets[k]!);
      executable.run(base);
      for (const { slot, shape } of this.#written) state.commitVariable(state.variableAt(slot), shape);
    }
    const outputs = new Array<EagerValue>(this.#sources.length);
    for (let i = 0; i < outputs.length; i++) outputs[i] = this.#output(this.#sources[i]!, values);
    return outputs;
  }

  #output(source: Source, values: readonly EagerValue[]): EagerValue {
    if (source.kind === "known") return source.value;
    const { dtype, shape } = source;
    if (source.kind === "input") {
      const value = values[source.i] as NdArray;
      return value.dtype === dtype && value.shape === shape ? value : new NdArray(dtype, shape, value.data);
    }
    const { engine } = this.#state;
    const address = this.#executable!.outputAddress(this.#base, source.k);
    if (dtype.base === "float32") return new NdArray(dtype, shape, takeOut(engine, address, shape));
    return copyOut(engine, new EngineValue(dtype, shape, address));
  }

  dispose(): void {
    this.isDropped = true;
    if (!this.#executable) return;
    this.#state.engine.free(this.#base);
    this.#executable.dispose?.();
  }
}

/** So many elements are copied one by one: a call costs more. */
const smallCount = 16;

function putIn(engine: Engine, array: NdArray, address: number): void {
  const data = array.data as Float32Array;
  if (array.dtype !== float32) {
    copyIn(engine, array, address);
    return;
  }
  const { floats } = memoryOf(engine);
  const at = address >> 2;
  if (data.length > smallCount) floats.set(data, at);
  else for (let j = 0; j < data.length; j++) floats[at + j] = data[j]!;
}

function takeOut(engine: Engine, address: number, shape: FullShape): Float32Array {
  let n = 1;
  for (let d = 0; d < shape.length; d++) n *= shape[d]!;
  const { floats } = memoryOf(engine);
  const at = address >> 2;
  if (n > smallCount) return floats.slice(at, at + n);
  const data = new Float32Array(n);
  for (let j = 0; j < n; j++) data[j] = floats[at + j]!;
  return data;
}

/** Inputs of up to this many elements may become part of what a program is made for. */
const maxConcreteElements = 4096;

function sameElements(a: NdArray, b: NdArray): boolean {
  const x = a.data as Int32Array;
  const y = b.data as Int32Array;
  if (x.length !== y.length || a.dtype !== b.dtype) return false;
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}

interface Attempt {
  readonly builder: Builder;
  readonly lowered: ReadonlyMap<Tensor, Lowered>;
  readonly engineInputs: readonly number[];
  readonly inputOf: ReadonlyMap<Value, number>;
  readonly assumed: Map<number, FullShape | null | undefined>;
}

/**
 * Lowers and compiles an op for these values. Where its shapes depend on values of inputs, those become part of it: they are added to
 * `concrete`. Null when they are too large for that.
 */
export function specialise(
  state: SessionState,
  op: Operation,
  values: readonly EagerValue[],
  concrete: Set<number>,
): Specialisation | null {
  for (;;) {
    const attempt = lower(state, op, values, concrete);
    if (!("wanted" in attempt)) return new Specialisation(state, op, values, attempt, concrete);
    if (attempt.wanted === null) return null;
    for (const i of attempt.wanted) concrete.add(i);
  }
}

function lower(
  state: SessionState,
  op: Operation,
  values: readonly EagerValue[],
  concrete: ReadonlySet<number>,
): Attempt | { readonly wanted: readonly number[] | null } {
  const assumed = new Map<number, FullShape | null | undefined>();
  const builder = createBuilder({
    variable: (slot) => {
      const { shape } = state.variableAt(slot);
      assumed.set(slot, shape);
      return { shape };
    },
  });
  const lowered = new Map<Tensor, Lowered>();
  const engineInputs: number[] = [];
  const inputOf = new Map<Value, number>();
  for (const [i, tensor] of op.inputs.entries()) {
    const value = values[i]!;
    if (value instanceof VariableValue) lowered.set(tensor, value);
    else if (concrete.has(i)) lowered.set(tensor, builder.lowering(noOp).constant(value));
    else {
      const input = builder.input(value.dtype.base, value.shape);
      engineInputs.push(i);
      inputOf.set(input, i);
      lowered.set(tensor, input);
    }
  }
  try {
    lowerNode(op, builder, lowered, state);
  } catch (error) {
    if (!(error instanceof NeedsValue)) throw error;
    const leaves = inputLeaves(error.value, inputOf) ?? engineInputs.filter((i) => op.inputs[i]!.dtype.isInteger);
    const isSmall = leaves.length > 0 && leaves.every((i) => (values[i] as NdArray).size <= maxConcreteElements);
    return { wanted: isSmall ? leaves : null };
  }
  return { builder, lowered, engineInputs, inputOf, assumed };
}
