/**
 * First pass over a program: which values are only views of others, and copies where a view cannot serve:
 * - an operand that a kernel needs dense (a convolution of a transposed image);
 * - a value in a variable's memory that is still needed after a write to the variable;
 * - an output that would alias an input, a constant, a variable or part of another value.
 * A copy is a `reshape` that has memory of its own.
 */
import { type DTypeName, dtypeOf } from "../../core/dtype.ts";
import { elementCount, type FullShape, rowMajorStrides } from "../../core/shape.ts";
import { inputsOf, type Primitive, type Program, type Value } from "../primitive.ts";
import {
  type Access,
  broadcastAccess,
  isDense,
  isIdentity,
  ownAccess,
  reshapeAccess,
  reverseAccess,
  sliceAccess,
  transposeAccess,
} from "./access.ts";

export interface Layout {
  /** In order, numbered anew; views are among them. */
  readonly values: readonly Value[];
  /** By value id. */
  readonly access: readonly Access[];
  readonly inputs: readonly Value[];
  /** Values with memory of their own. */
  readonly outputs: readonly Value[];
}

/** Operands that are read through any strides; the others must be dense. Matmul decides for itself. */
const strided: ReadonlySet<Primitive["kind"]> = new Set([
  "unary",
  "binary",
  "select",
  "cast",
  "reduce",
  "reshape",
  "transpose",
  "broadcast",
  "slice",
  "reverse",
  "concat",
  "pad",
  "write",
]);

/** Dimensions of a matrix that a matmul can read: one stride is 1, the other steps over rows; batches are one stride apart. */
export interface MatrixView {
  readonly transposed: boolean;
  readonly ld: number;
  readonly batchStride: number;
}

export function matrixView(shape: FullShape, strides: readonly number[]): MatrixView | null {
  const rank = shape.length;
  const [rows, columns] = [shape[rank - 2]!, shape[rank - 1]!];
  const [down, along] = [strides[rank - 2]!, strides[rank - 1]!];
  const batch = shape.slice(0, -2);
  const batchStride = commonStride(batch, strides.slice(0, -2));
  if (batchStride === null) return null;
  if ((along === 1 || columns === 1) && (down >= columns || rows === 1)) {
    return { transposed: false, ld: rows === 1 ? columns : down, batchStride };
  }
  if ((down === 1 || rows === 1) && (along >= rows || columns === 1)) {
    return { transposed: true, ld: columns === 1 ? rows : along, batchStride };
  }
  return null;
}

/** The one stride that crosses all these dimensions, 0 for a single element. */
function commonStride(shape: FullShape, strides: readonly number[]): number | null {
  const real = shape.map((n, d) => ({ n, stride: strides[d]! })).filter(({ n }) => n !== 1);
  for (let d = 0; d + 1 < real.length; d++) {
    if (real[d]!.stride !== real[d + 1]!.stride * real[d + 1]!.n) return null;
  }
  const last = real.at(-1);
  return !last || last.stride < 0 ? (last ? null : 0) : last.stride;
}

export function layOut(program: Program): Layout {
  const values: Value[] = [];
  const access: Access[] = [];
  /** What stands for an original value from here on. */
  const renewed = new Map<Value, Value>();
  const copies = new Map<Value, Value>();
  const lastUse = lastUses(program);
  /** The root that may lie in a slot's memory at present. */
  const resident = new Map<number, Value>();
  const homes = new Map<Value, number>();
  /** The original values that are (views of) a root. */
  const rooted = new Map<Value, Value[]>();

  function append(primitive: Primitive, like: Pick<Value, "dtype" | "shape" | "origin">, at?: Access): Value {
    const { shape, origin } = like;
    const value: Value = { id: values.length, dtype: storedAs(like.dtype), shape, primitive, origin };
    values.push(value);
    access.push(at ?? ownAccess(value));
    return value;
  }

  /** The value in memory of its own, dense. */
  function copy(x: Value): Value {
    let made = copies.get(x);
    if (!made) {
      made = append({ kind: "reshape", inputs: [x] }, x);
      copies.set(x, made);
    }
    return made;
  }

  function dense(x: Value): Value {
    const { root, strides } = access[x.id]!;
    return root.primitive.kind !== "iota" && isDense(x.shape, strides) ? x : copy(x);
  }

  /** The access of a primitive that only moves, or null. */
  function viewOf(primitive: Primitive, { dtype, shape }: Value): Access | null {
    if (primitive.kind === "iota") return iotaAccess(shape, primitive.axis, dtype);
    const [x] = inputsOf(primitive);
    if (!x) return null;
    const from = access[x.id]!;
    switch (primitive.kind) {
      case "reshape":
        return reshapeAccess(from, x.shape, shape);
      case "transpose":
        return transposeAccess(from, primitive.perm);
      case "broadcast":
        return broadcastAccess(from, x.shape, shape);
      case "slice":
        return sliceAccess(from, primitive.begin, primitive.strides);
      case "reverse":
        return reverseAccess(from, x.shape, primitive.axes);
      case "bitcast": {
        const offset = (from.offset * dtypeOf(x.dtype).sizeBytes) / dtypeOf(dtype).sizeBytes;
        return { root: from.root, offset, strides: rowMajorStrides(shape) };
      }
      default:
        return null;
    }
  }

  /** An iota is one counted line, repeated along the other axes. It has no memory; loops count. */
  function iotaAccess(shape: FullShape, axis: number, dtype: Value["dtype"]): Access {
    const root: Value = { id: -1, dtype, shape: [shape[axis]!], primitive: { kind: "iota", axis: 0 } };
    return { root, offset: 0, strides: shape.map((_, d) => (d === axis ? 1 : 0)) };
  }

  function operandsOf(primitive: Primitive): Value[] {
    const inputs = inputsOf(primitive).map((x) => renewed.get(x)!);
    if (primitive.kind === "matmul") {
      return inputs.map((x) => (matrixView(x.shape, access[x.id]!.strides) && isStored(x) ? x : copy(x)));
    }
    if (primitive.kind === "bitcast") return inputs.map((x) => (access[x.id]!.offset === 0 ? dense(x) : copy(x)));
    // A scatter may repeat one update.
    if (primitive.kind === "scatter") return inputs.map((x, i) => (i === 2 && isRepeated(x) ? x : dense(x)));
    return strided.has(primitive.kind) ? inputs : inputs.map(dense);
  }

  const isRepeated = (x: Value): boolean => isStored(x) && access[x.id]!.strides.every((s) => s === 0);

  const isStored = (x: Value): boolean => access[x.id]!.root.primitive.kind !== "iota";

  /** Lets a value stand for an original one from here on. */
  function renew(original: Value, now: Value): void {
    renewed.set(original, now);
    const { root } = access[now.id]!;
    const seen = rooted.get(root);
    if (seen) seen.push(original);
    else rooted.set(root, [original]);
  }

  /** Before a write: what lies in the variable's memory and is used later moves out. */
  function protect(slot: number, position: number): void {
    const root = resident.get(slot);
    if (!root) return;
    for (const original of [...(rooted.get(root) ?? [])]) {
      const now = renewed.get(original)!;
      const last = lastUse.get(original) ?? -1;
      if (last > position && access[now.id]!.root === root) renew(original, copy(now));
    }
  }

  function write(value: Value, primitive: Extract<Primitive, { kind: "write" }>, x: Value, position: number): void {
    const { slot } = primitive;
    let written = x;
    const at = access[x.id]!;
    if (homes.get(at.root) === slot && !isIdentity(x, at)) {
      written = copy(x);
      renew(primitive.inputs[0], written);
    }
    protect(slot, position);
    append({ ...primitive, inputs: [written] }, value);
    const { root } = access[written.id]!;
    resident.delete(slot);
    if (homes.has(root) || sourceKinds.has(root.primitive.kind) || !isIdentity(written, access[written.id]!)) return;
    homes.set(root, slot);
    resident.set(slot, root);
  }

  program.values.forEach((value, position) => {
    const { primitive } = value;
    const inputs = operandsOf(primitive);
    const own = (inputs.length > 0 ? { ...primitive, inputs } : primitive) as Primitive;
    if (primitive.kind === "write") {
      write(value, primitive, inputs[0]!, position);
      return;
    }
    const next = append(own, value, viewOf(own, value) ?? undefined);
    renew(value, next);
    if (primitive.kind === "read") {
      homes.set(next, primitive.slot);
      resident.set(primitive.slot, next);
    }
  });

  const outputs = program.outputs.map((value) => {
    const x = renewed.get(value)!;
    const at = access[x.id]!;
    const aliases = sourceKinds.has(at.root.primitive.kind) || homes.has(at.root) || !isIdentity(x, at);
    return aliases ? copy(x) : at.root;
  });
  return { values, access, inputs: program.inputs.map((x) => renewed.get(x)!), outputs };
}

const stored: Partial<Record<DTypeName, DTypeName>> = {
  string: "int32",
  resource: "int32",
  variant: "int32",
  qint8: "int8",
  qint16: "int16",
  qint32: "int32",
  quint8: "uint8",
  quint16: "uint16",
};

/** Handles and quantized numbers are plain integers from here on. */
const storedAs = (dtype: DTypeName): DTypeName => stored[dtype] ?? dtype;

/** Roots whose memory is not of the run. */
export const sourceKinds: ReadonlySet<Primitive["kind"]> = new Set(["input", "constant", "iota", "read"]);

/** Position of the last value that reads each one; outputs are read at the end. */
function lastUses(program: Program): Map<Value, number> {
  const last = new Map<Value, number>();
  program.values.forEach((value, position) => {
    for (const x of inputsOf(value.primitive)) last.set(x, position);
  });
  for (const x of program.outputs) last.set(x, program.values.length);
  return last;
}

export const countOf = (value: Value): number => elementCount(value.shape);
