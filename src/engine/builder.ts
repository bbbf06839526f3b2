/**
 * Makes a program from the calls of the ops' `lower`. A value appears once: constants fold, equal values are shared, and what algebra
 * makes needless (simplify.ts) never enters. Values are in the order of the calls; `finish` drops what nothing needs.
 */
import { type DTypeName, dtypeOf } from "../core/dtype.ts";
import { NdArray, type NumberArray } from "../core/nd_array.ts";
import { elementCount, type FullShape, sameShape } from "../core/shape.ts";
import { methodsOf } from "./builder/methods.ts";
import { type Narrowing, narrowings, operandParts } from "./builder/narrow.ts";
import { simplify } from "./builder/simplify.ts";
import type { ErrorOf, Lowering, VariableRef } from "./lowering.ts";
import { type CheckNumbers, inputsOf, type Primitive, type Program, type Value } from "./primitive.ts";
import { Failure } from "./reference/loops.ts";
import { evaluateConstant } from "./reference.ts";

/** Thrown by `concrete` and `numbers`: the op needs this value as numbers while it is lowered. */
export class NeedsValue extends Error {
  readonly value: Value;

  constructor(value: Value) {
    super("bug: a value that is needed while planning was not computed before");
    this.value = value;
  }
}

export interface VariableState {
  /** null: no value yet. */
  readonly shape: FullShape | null;
}

export interface BuilderOptions {
  /** What a variable holds before the program. Asked once a slot. */
  variable(slot: number): VariableState;
}

/** The op that is being lowered. */
export interface OpContext {
  /** The slot of the op's random state; asked for each stateful `random`. */
  randomSlot(): number;
  /** Adds op and line to the error of a check at run time. */
  wrapError(error: Error): Error;
}

export interface Builder {
  /** The k-th call makes input k. */
  input(dtype: DTypeName, shape: FullShape): Value;
  lowering(op: OpContext): Lowering;
  /** Values made from here on are for this one. */
  from(origin: number): void;
  /** The program for these outputs and all effects. */
  finish(outputs: readonly Value[]): Program;
  /** Slots that the program writes, with what they hold afterwards. */
  written(): ReadonlyMap<number, { readonly dtype: DTypeName; readonly shape: FullShape }>;
  /** Slots whose value from before the program is read. */
  reads(): ReadonlySet<number>;
  /** Slots of random states. */
  randoms(): ReadonlySet<number>;
}

/** What the methods of `Lowering` and the rules of `simplify` build with. */
export interface Maker {
  /** The value of a primitive whose type rule holds already: simplified, folded, shared. */
  make(primitive: Primitive, dtype: DTypeName, shape: FullShape): Value;
  /** Its elements if it depends on constants alone and has at most `limit` of them. */
  dataOf(x: Value, limit?: number): NumberArray | undefined;
  /** The one element (bits as a typed array of length 1) that fills it, if it is constant and uniform. */
  uniformOf(x: Value): NumberArray | undefined;
  site(onError: ErrorOf, op: OpContext): number;
  randomSlot(op: OpContext): number;
  read(variable: VariableRef): Value | null;
  shapeOf(variable: VariableRef): FullShape | null;
  write(variable: VariableRef, value: Value): void;
}

/** Results of at most this many elements, from inputs of at most 16 times as many, are computed while building. */
const foldLimit = 4096;
/** Elements that `constantOf` is willing to compute. */
const lookLimit = 1 << 20;

const bytesOf = (data: NumberArray) => new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);

/** Equal keys mean equal values. Null: the value has an effect, or is too large to compare. */
function keyOf(primitive: Primitive, dtype: DTypeName, shape: FullShape): string | null {
  switch (primitive.kind) {
    case "input":
    case "read":
    case "write":
    case "check":
    case "random":
      return null;
    case "constant":
      return primitive.data.byteLength > 256 ? null : `constant ${dtype} ${shape} ${bytesOf(primitive.data)}`;
    default: {
      const { inputs, site, ...rest } = primitive as Primitive & { inputs?: readonly Value[]; site?: number };
      const ids = inputs?.map((x) => x.id).join() ?? "";
      return `${dtype} ${shape} ${ids} ${site !== undefined && site >= 0} ${JSON.stringify(rest)}`;
    }
  }
}

/** Kinds that cost nothing as they are and would cost memory as numbers. */
const lazyKinds: ReadonlySet<Primitive["kind"]> = new Set(["broadcast", "iota"]);
const effectKinds: ReadonlySet<Primitive["kind"]> = new Set(["write", "check", "random"]);

/** Whether the value must be computed although nothing reads it: what it changes, or the error it may report. */
const isEffect = ({ primitive }: Value): boolean =>
  effectKinds.has(primitive.kind) || ("site" in primitive && primitive.site >= 0);

export function createBuilder(options: BuilderOptions): Builder {
  const values: Value[] = [];
  const inputs: Value[] = [];
  const sites: ((numbers: CheckNumbers) => Error)[] = [];
  const shared = new Map<string, Value>();
  /** By id: whether the value depends on constants alone. */
  const isConstant: boolean[] = [];
  const computed = new Map<number, NumberArray>();
  const variables = new Map<number, { value: Value | null; shape: FullShape | null }>();
  const written = new Map<number, { dtype: DTypeName; shape: FullShape }>();
  const reads = new Set<number>();
  const randoms = new Set<number>();
  let origin: number | undefined;

  function append(primitive: Primitive, dtype: DTypeName, shape: FullShape): Value {
    const value: Value = { id: values.length, dtype, shape, primitive, origin };
    values.push(value);
    const pure = primitive.kind === "constant" || primitive.kind === "iota";
    const operands = inputsOf(primitive);
    isConstant.push(
      pure || (operands.length > 0 && !effectKinds.has(primitive.kind) && operands.every((x) => isConstant[x.id])),
    );
    return value;
  }

  function compute(x: Value): NumberArray {
    const { primitive } = x;
    if (primitive.kind === "constant") return primitive.data;
    let data = computed.get(x.id);
    if (!data) {
      data = evaluateConstant(x, inputsOf(primitive).map(compute));
      computed.set(x.id, data);
    }
    return data;
  }

  /** Whether computing x goes through no array of more than `limit` elements. */
  const isWithin = (x: Value, limit: number): boolean =>
    computed.has(x.id) || (elementCount(x.shape) <= limit && inputsOf(x.primitive).every((y) => isWithin(y, limit)));

  function dataOf(x: Value, limit = lookLimit): NumberArray | undefined {
    if (!isConstant[x.id] || !isWithin(x, limit)) return undefined;
    try {
      return compute(x);
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }

  function uniformOf(x: Value): NumberArray | undefined {
    if (!isConstant[x.id]) return undefined;
    if (x.primitive.kind === "broadcast") return uniformOf(x.primitive.inputs[0]);
    return elementCount(x.shape) === 1 ? dataOf(x) : undefined;
  }

  /** The constant that a foldable value is, or undefined. */
  function fold(primitive: Primitive, dtype: DTypeName, shape: FullShape): Value | undefined {
    if (lazyKinds.has(primitive.kind) || elementCount(shape) > foldLimit) return undefined;
    const operands = inputsOf(primitive);
    if (operands.length === 0 || effectKinds.has(primitive.kind)) return undefined;
    if (!operands.every((x) => isConstant[x.id])) return undefined;
    const arrays: NumberArray[] = [];
    for (const x of operands) {
      const data = dataOf(x, 16 * foldLimit);
      if (!data) return undefined;
      arrays.push(data);
    }
    try {
      const data = evaluateConstant({ id: -1, dtype, shape, primitive }, arrays);
      return maker.make({ kind: "constant", data }, dtype, shape);
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }

  const maker: Maker = {
    make(primitive, dtype, shape) {
      const simpler = simplify(maker, primitive, dtype, shape);
      if (simpler) return simpler;
      const key = keyOf(primitive, dtype, shape);
      const known = key === null ? undefined : shared.get(key);
      if (known) return known;
      const value = fold(primitive, dtype, shape) ?? append(primitive, dtype, shape);
      if (key !== null) shared.set(key, value);
      return value;
    },
    dataOf,
    uniformOf,
    site(onError, op) {
      sites.push((numbers) => op.wrapError(onError(numbers)));
      return sites.length - 1;
    },
    randomSlot(op) {
      const slot = op.randomSlot();
      randoms.add(slot);
      return slot;
    },
    read(variable) {
      const state = stateOf(variable.slot);
      if (state.value || state.shape === null) return state.value;
      reads.add(variable.slot);
      state.value = append({ kind: "read", slot: variable.slot }, variable.dtype, state.shape);
      return state.value;
    },
    shapeOf: (variable) => stateOf(variable.slot).shape,
    write({ slot }, value) {
      const state = stateOf(slot);
      if (state.value === value) return;
      append({ kind: "write", slot, inputs: [value] }, value.dtype, value.shape);
      state.value = value;
      state.shape = value.shape;
      written.set(slot, { dtype: value.dtype, shape: value.shape });
    },
  };

  const methods = methodsOf(maker);

  function stateOf(slot: number) {
    let state = variables.get(slot);
    if (!state) {
      state = { value: null, shape: options.variable(slot).shape };
      variables.set(slot, state);
    }
    return state;
  }

  /** The methods, for one op. */
  class Writer {
    readonly op: OpContext;
    constructor(op: OpContext) {
      this.op = op;
    }
  }
  Object.setPrototypeOf(Writer.prototype, methods);

  return {
    input(dtype, shape) {
      const value = append({ kind: "input", index: inputs.length }, dtype, shape);
      inputs.push(value);
      return value;
    },
    from(given) {
      origin = given;
    },
    lowering: (op) => new Writer(op) as unknown as Lowering,
    finish: (outputs) => prune(values, inputs, outputs, sites),
    written: () => written,
    reads: () => reads,
    randoms: () => randoms,
  };
}

/** Writes that another write of the slot follows before anything can fail. */
function overwritten(values: readonly Value[]): ReadonlySet<Value> {
  const dead = new Set<Value>();
  let later = new Set<number>();
  for (const value of values.toReversed()) {
    const { primitive } = value;
    if (primitive.kind === "write") {
      if (later.has(primitive.slot)) dead.add(value);
      later.add(primitive.slot);
    } else if ("site" in primitive && primitive.site >= 0) later = new Set();
  }
  return dead;
}

/** The values that outputs and effects need, numbered anew. */
function prune(
  values: readonly Value[],
  inputs: readonly Value[],
  outputs: readonly Value[],
  sites: Program["sites"],
): Program {
  const dead = overwritten(values);
  const live = new Set<Value>([...inputs, ...outputs]);
  for (const value of values.toReversed()) {
    if (isEffect(value) && !dead.has(value)) live.add(value);
    if (live.has(value)) for (const x of inputsOf(value.primitive)) live.add(x);
  }
  const kept: Value[] = [];
  const renumbered = new Map<Value, Value>();
  const shapes = new Map<number, FullShape>();
  const parts = narrowings(live, outputs);
  const keep = (like: Value, primitive: Primitive, shape: FullShape): Value => {
    const next: Value = { ...like, id: kept.length, primitive, shape };
    kept.push(next);
    return next;
  };
  const narrow = (product: Value, part: Narrowing): Value => {
    const operands = operandParts(part).map(({ begin, size }, side) => {
      const x = renumbered.get(part.matmul.inputs[side]!)!;
      if (sameShape(x.shape, size)) return x;
      const slice: Primitive = { kind: "slice", inputs: [x], begin, strides: begin.map(() => 1) };
      return keep({ ...x, origin: product.origin }, slice, size);
    }) as [Value, Value];
    return keep(product, { ...part.matmul, inputs: operands }, part.taken.shape);
  };
  for (const value of values) {
    if (!live.has(value) || renumbered.has(value)) continue;
    const part = parts.get(value);
    if (part) {
      renumbered.set(part.taken, narrow(value, part));
      continue;
    }
    const { primitive } = value;
    if (primitive.kind === "write") {
      const before = shapes.get(primitive.slot);
      if (before && !sameShape(before, value.shape)) {
        throw new Error("bug: one program writes a variable in two shapes with a check between");
      }
      shapes.set(primitive.slot, value.shape);
    }
    const own = inputsOf(primitive).map((x) => renumbered.get(x)!);
    const renewed = (own.length > 0 ? { ...primitive, inputs: own } : primitive) as Primitive;
    renumbered.set(value, keep(value, renewed, value.shape));
  }
  const mapped = (list: readonly Value[]) => list.map((x) => renumbered.get(x)!);
  return { values: kept, inputs: mapped(inputs), outputs: mapped(outputs), sites };
}

/** A constant's elements as an NdArray. */
export const arrayOf = (x: Value, data: NumberArray): NdArray => new NdArray(dtypeOf(x.dtype), x.shape, data);
