/**
 * What every primitive means: one obvious loop each, on typed arrays. The judge of all other code of the engine; it also folds constants
 * and is the engine of `--engine reference`.
 */
import { type DTypeName, dtypeOf } from "../core/dtype.ts";
import { allocateElements, type NumberArray } from "../core/nd_array.ts";
import { elementCount, type FullShape, rowMajorStrides } from "../core/shape.ts";
import type { Primitive, PrimitiveKind, Value } from "./primitive.ts";
import { castOf } from "./reference/cast.ts";
import { convolution, matmul, window, windowGradient } from "./reference/dense.ts";
import { formatOf, type Scalar } from "./reference/format.ts";
import { argReduce, checkedBegin, firstEqual, gatherRows, order, scan, scatter } from "./reference/indexed.ts";
import { dot, Failure, forEachIndex } from "./reference/loops.ts";
import { draw } from "./reference/random.ts";
import { accumulatorOf, binaryOf, faultOf, unaryOf } from "./reference/scalar.ts";

/** What a run has beside the values. */
export interface Effects {
  input(index: number): NumberArray;
  /** The variable's elements, or the 8 words of a random state. They may be changed. */
  slot(slot: number, dtype: DTypeName, count: number): NumberArray;
}

type Of<K extends PrimitiveKind> = Extract<Primitive, { readonly kind: K }>;
type Rule<K extends PrimitiveKind> = (
  value: Value,
  primitive: Of<K>,
  inputs: readonly NumberArray[],
  effects: Effects,
) => NumberArray;

const zeros = (dtype: DTypeName, shape: FullShape): NumberArray =>
  allocateElements(
    dtypeOf(dtype === "string" || dtype === "variant" ? "int32" : dtype),
    elementCount(shape),
  ) as NumberArray;

const emptyLike = (value: Value): NumberArray => zeros(value.dtype, value.shape);

/** Element by element of the result. */
function fill(value: Value, element: (i: number) => Scalar): NumberArray {
  const out = emptyLike(value);
  const { write } = formatOf(value.dtype);
  const n = elementCount(value.shape);
  for (let i = 0; i < n; i++) write(out, i, element(i));
  return out;
}

/** The elements of an array as raw bits, so that moving one changes none. */
function bitsOf(data: NumberArray, sizeBytes: number): Uint8Array[] {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return Array.from({ length: bytes.length / sizeBytes }, (_, i) => bytes.subarray(i * sizeBytes, (i + 1) * sizeBytes));
}

/** y[at] = x[from(at)] in bits; -1 leaves zeros (or what `start` holds). */
function move(
  value: Value,
  x: NumberArray,
  from: (at: readonly number[], position: number) => number,
  start: NumberArray = emptyLike(value),
): NumberArray {
  const { sizeBytes } = dtypeOf(value.dtype);
  const source = bitsOf(x, sizeBytes);
  const target = bitsOf(start, sizeBytes);
  forEachIndex(value.shape, (at, position) => {
    const i = from(at, position);
    if (i >= 0) target[position]!.set(source[i]!);
  });
  return start;
}

const input = (primitive: { readonly inputs: readonly Value[] }, k = 0): Value => primitive.inputs[k]!;

/** x as [outer, n, inner] around one axis. */
function line(x: Value, axis: number) {
  const outer = elementCount(x.shape.slice(0, axis));
  const inner = elementCount(x.shape.slice(axis + 1));
  return { dtype: x.dtype, outer, n: x.shape[axis]!, inner };
}

const rules: { readonly [K in PrimitiveKind]: Rule<K> } = {
  constant: (_, { data }) => data,
  input: (_, { index }, __, effects) => effects.input(index),
  iota(value, { axis }) {
    const inner = elementCount(value.shape.slice(axis + 1));
    const cast = castOf("int32", value.dtype);
    return fill(value, (i) => cast(Math.floor(i / inner) % value.shape[axis]!));
  },
  random(value, { distribution, slot, seeded, inputs: values }, inputs, effects) {
    const out = emptyLike(value);
    const integers = distribution === "integers";
    const scalar = (k: number) => (integers ? formatOf(value.dtype).read(inputs[k]!, 0) : null);
    draw(
      { distribution, dtype: value.dtype, count: elementCount(value.shape), min: scalar(0), max: scalar(1) },
      seeded ? null : (effects.slot(slot, "uint32", 8) as Uint32Array),
      seeded ? inputs[values.length - 1]! : null,
      out,
    );
    return out;
  },
  read: (value, { slot }, __, effects) => effects.slot(slot, value.dtype, elementCount(value.shape)).slice(),

  unary(value, primitive, [x]) {
    const { dtype } = input(primitive);
    const f = unaryOf(primitive.fn, dtype);
    const { read } = formatOf(dtype);
    return fill(value, (i) => f(read(x!, i)));
  },
  binary(value, primitive, [x, y]) {
    const { dtype } = input(primitive);
    const f = binaryOf(primitive.fn, dtype);
    const fault = faultOf(primitive.fn, dtype);
    const { read } = formatOf(dtype);
    return fill(value, (i) => {
      const divisor = read(y!, i);
      if (!fault?.(divisor)) return f(read(x!, i), divisor);
      if (primitive.site >= 0) throw new Failure(primitive.site, i, Number(divisor), 0);
      return formatOf(value.dtype).zero;
    });
  },
  select: (value, _, [condition, x, y]) => move(value, x!, (_, i) => (condition![i] ? i : -1), y!.slice()),
  cast(value, primitive, [x]) {
    const { dtype } = input(primitive);
    const f = castOf(dtype, value.dtype);
    const { read } = formatOf(dtype);
    return fill(value, (i) => f(read(x!, i)));
  },
  bitcast(value, _, [x]) {
    const out = emptyLike(value);
    new Uint8Array(out.buffer).set(new Uint8Array(x!.buffer as ArrayBuffer, x!.byteOffset, x!.byteLength));
    return out;
  },

  reduce(value, primitive, [x]) {
    const { shape, dtype } = input(primitive);
    const { start, step, finish } = accumulatorOf(primitive.fn, dtype);
    const { read } = formatOf(dtype);
    const sums = new Array<Scalar>(elementCount(value.shape)).fill(start);
    const strides = rowMajorStrides(value.shape);
    const kept = shape.map((_, d) => d).filter((d) => !primitive.axes.includes(d));
    forEachIndex(shape, (at, position) => {
      const o = dot(
        strides,
        kept.map((d) => at[d]!),
      );
      sums[o] = step(sums[o]!, read(x!, position));
    });
    return fill(value, (i) => finish(sums[i]!));
  },
  argReduce(value, primitive, [x]) {
    const positions = argReduce(primitive.fn, line(input(primitive), primitive.axis), x!);
    return fill(value, (i) => (value.dtype === "int64" ? BigInt(positions[i]!) : positions[i]!));
  },

  reshape: (value, _, [x]) => move(value, x!, (_, i) => i),
  transpose(value, primitive, [x]) {
    const strides = rowMajorStrides(input(primitive).shape);
    const permuted = primitive.perm.map((d) => strides[d]!);
    return move(value, x!, (at) => dot(permuted, at));
  },
  broadcast(value, primitive, [x]) {
    const { shape } = input(primitive);
    const lead = value.shape.length - shape.length;
    const strides = rowMajorStrides(shape).map((s, d) => (shape[d] === 1 ? 0 : s));
    return move(value, x!, (at) => dot(strides, at.slice(lead)));
  },
  slice(value, primitive, [x]) {
    const strides = rowMajorStrides(input(primitive).shape);
    return move(value, x!, (at) =>
      dot(
        strides,
        at.map((i, d) => primitive.begin[d]! + i * primitive.strides[d]!),
      ),
    );
  },
  dynamicSlice(value, primitive, [x, begin]) {
    const { shape } = input(primitive);
    const from = checkedBegin(shape, value.shape, begin!, primitive.site);
    const strides = rowMajorStrides(shape);
    return move(value, x!, (at) =>
      dot(
        strides,
        at.map((i, d) => from[d]! + i),
      ),
    );
  },
  pad(value, primitive, [x, scalar]) {
    const { shape } = input(primitive);
    const strides = rowMajorStrides(shape);
    const filled = move(value, scalar!, () => 0);
    return move(
      value,
      x!,
      (at) => {
        const from = at.map((i, d) => (i - primitive.low[d]!) / (primitive.interior[d]! + 1));
        return from.every((i, d) => Number.isInteger(i) && i >= 0 && i < shape[d]!) ? dot(strides, from) : -1;
      },
      filled,
    );
  },
  concat(value, { inputs: values, axis }, inputs) {
    const out = emptyLike(value);
    let begin = 0;
    values.forEach((part, k) => {
      const from = begin;
      const strides = rowMajorStrides(part.shape);
      move(
        value,
        inputs[k]!,
        (at) => {
          const i = at[axis]! - from;
          return i >= 0 && i < part.shape[axis]! ? dot(strides, at) - from * strides[axis]! : -1;
        },
        out,
      );
      begin += part.shape[axis]!;
    });
    return out;
  },
  reverse(value, { axes }, [x]) {
    const strides = rowMajorStrides(value.shape);
    return move(value, x!, (at) =>
      dot(
        strides,
        at.map((i, d) => (axes.includes(d) ? value.shape[d]! - 1 - i : i)),
      ),
    );
  },

  matmul(value, primitive, [a, b]) {
    const [x, y] = primitive.inputs;
    const { transposeA, transposeB } = primitive;
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    const ldb = y.shape.at(-1)!;
    const [m, k] = transposeA ? [columns, rows] : [rows, columns];
    const n = value.shape.at(-1)!;
    const out = emptyLike(value);
    const { write } = formatOf(value.dtype);
    const parts = dtypeOf(value.dtype).isComplex ? 2 : 1;
    const batch = elementCount(value.shape.slice(0, -2));
    for (let i = 0; i < batch; i++) {
      matmul(
        { dtype: value.dtype, m, n, k, transposeA, transposeB, lda: columns, ldb },
        a!.subarray(i * m * k * parts),
        b!.subarray(i * k * n * parts),
        (at, sum) => write(out, i * m * n + at, sum),
      );
    }
    return out;
  },
  convolution(value, { fn, geometry }, [x, y]) {
    const sums = convolution(fn, value.dtype, geometry, x!, y!);
    return fill(value, (i) => sums[i]!);
  },
  window(value, { fn, geometry }, [x]) {
    const y = window(fn, value.dtype, geometry, x!);
    return fill(value, (i) => y[i]!);
  },
  windowGradient(value, { fn, geometry }, inputs) {
    const [x, y, dy] = fn === "max" ? inputs : [null, null, inputs[0]];
    const dx = windowGradient(fn, value.dtype, geometry, { x: x ?? null, y: y ?? null, dy: dy! });
    return fill(value, (i) => dx[i]!);
  },

  gather(value, { inputs: [params, indices], axis, batchDims, site }, [x, at]) {
    const batch = elementCount(params.shape.slice(0, batchDims));
    const outer = elementCount(params.shape.slice(batchDims, axis));
    const limit = params.shape[axis]!;
    const inner = elementCount(params.shape.slice(axis + 1));
    const count = elementCount(indices.shape.slice(batchDims));
    const rows: number[] = [];
    gatherRows({ batch, outer, limit, count, site }, at!, (to, from) => {
      rows[to] = from;
    });
    return move(value, x!, (_, i) => {
      const from = rows[Math.floor(i / inner)]!;
      return from < 0 ? -1 : from * inner + (i % inner);
    });
  },
  scatter(value, { fn, inputs: [base, indices], site }, [x, at, u]) {
    const out = x!.slice();
    const inner = elementCount(base.shape.slice(1));
    const count = elementCount(indices.shape);
    scatter({ fn, dtype: value.dtype, rows: base.shape[0]!, inner, count, scalar: false, site }, out, at!, u!);
    return out;
  },
  order(_, primitive, [x]) {
    const { dtype, shape } = input(primitive);
    const n = shape.at(-1)!;
    return order(dtype, primitive.descending, n === 0 ? 0 : elementCount(shape) / n, n, x!);
  },
  firstEqual: (_, __, [x]) => firstEqual(x as Int32Array | BigInt64Array),
  scan(value, primitive, [x]) {
    const { exclusive, reverse } = primitive;
    const out = scan(primitive.fn, line(value, primitive.axis), { exclusive, reverse }, x!);
    return fill(value, (i) => out[i]!);
  },

  write(value, { slot }, [x], effects) {
    const variable = effects.slot(slot, value.dtype, elementCount(value.shape));
    new Uint8Array(variable.buffer as ArrayBuffer, variable.byteOffset, variable.byteLength).set(
      new Uint8Array(x!.buffer as ArrayBuffer, x!.byteOffset, x!.byteLength),
    );
    return x!;
  },
  check(_, { site }, [condition]) {
    const bad = (condition as Uint8Array).indexOf(0);
    if (bad >= 0) throw new Failure(site, bad, 0, 0);
    return condition!;
  },
} satisfies { readonly [K in PrimitiveKind]: Rule<K> };

/** The value's elements from those of its inputs. Throws `Failure` where a check fails. */
export function evaluate(value: Value, inputs: readonly NumberArray[], effects: Effects): NumberArray {
  const { primitive } = value;
  return (rules[primitive.kind] as Rule<PrimitiveKind>)(value, primitive as never, inputs, effects);
}

const noEffects: Effects = {
  input: () => {
    throw new Error("bug: a constant has no inputs");
  },
  slot: () => {
    throw new Error("bug: a constant has no variables");
  },
};

/** `evaluate` for values that depend on constants alone. */
export const evaluateConstant = (value: Value, inputs: readonly NumberArray[]): NumberArray =>
  evaluate(value, inputs, noEffects);
