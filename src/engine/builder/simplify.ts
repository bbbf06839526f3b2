/**
 * Algebra that changes no bit of a result (or only sums fewer times): applied to every primitive before it enters a program. Each rule gives
 * a simpler value or nothing. Broadcasts move towards the results, so that arithmetic runs on the smaller side.
 */
import type { DTypeName } from "../../core/dtype.ts";
import type { NumberArray } from "../../core/nd_array.ts";
import { broadcastShapes, elementCount, type FullShape, sameShape } from "../../core/shape.ts";
import type { Maker } from "../builder.ts";
import type { BinaryFunction, Primitive, PrimitiveKind, Value } from "../primitive.ts";
import { predicates } from "../primitive.ts";
import type { Complex } from "../reference/complex.ts";
import { formatOf, type Scalar } from "../reference/format.ts";

type Of<K extends PrimitiveKind> = Extract<Primitive, { readonly kind: K }>;
type Rule<K extends PrimitiveKind> = (
  b: Maker,
  primitive: Of<K>,
  dtype: DTypeName,
  shape: FullShape,
) => Value | undefined;

const reshaped = (b: Maker, x: Value, shape: FullShape): Value =>
  sameShape(x.shape, shape) ? x : b.make({ kind: "reshape", inputs: [x] }, x.dtype, shape);

const spread = (b: Maker, x: Value, shape: FullShape): Value =>
  sameShape(x.shape, shape) ? x : b.make({ kind: "broadcast", inputs: [x] }, x.dtype, shape);

/** A one-element value as a scalar. */
const asScalar = (b: Maker, x: Value): Value => reshaped(b, x, []);

/** The number that fills x, if it is constant. */
function numberOf(b: Maker, x: Value): Scalar | undefined {
  const data = b.uniformOf(x);
  return data && formatOf(x.dtype).read(data, 0);
}

const is = (value: Scalar | undefined, wanted: number): boolean =>
  typeof value === "object"
    ? (value as Complex).re === wanted && (value as Complex).im === 0
    : value !== undefined && Number(value) === wanted;

/** What x repeats, when it is a broadcast of fewer elements. */
const broadcastSource = (x: Value): Value | undefined =>
  x.primitive.kind === "broadcast" ? x.primitive.inputs[0] : undefined;

/**
 * f of broadcasts is the broadcast of f, where the sources together have fewer elements than the result.
 * `rebuild` makes f of operands of the smaller shape.
 */
function hoist(
  b: Maker,
  operands: readonly Value[],
  shape: FullShape,
  rebuild: (operands: readonly Value[], shape: FullShape) => Value,
): Value | undefined {
  const sources: Value[] = [];
  let small: FullShape = [];
  for (const x of operands) {
    const source = broadcastSource(x) ?? (x.shape.length === 0 ? x : undefined);
    if (!source) return undefined;
    sources.push(source);
    small = broadcastShapes(small, source.shape) as FullShape;
  }
  if (elementCount(small) >= elementCount(shape)) return undefined;
  const result = rebuild(
    sources.map((x) => spread(b, x, small)),
    small,
  );
  return spread(b, result, shape);
}

/** x fn c = x, bit for bit (a NaN stays some NaN). x + 0 is not here for floats: -0 + 0 is 0. */
const rightNeutral: Partial<Record<BinaryFunction, number>> = {
  sub: 0,
  mul: 1,
  div: 1,
  pow: 1,
  logicalAnd: 1,
  logicalOr: 0,
};

const isInteger = (dtype: DTypeName): boolean => {
  const kind = formatOf(dtype).class;
  return kind === "integer" || kind === "big";
};

function neutral(b: Maker, fn: BinaryFunction, x: Value, y: Value): Value | undefined {
  const right = numberOf(b, y);
  const wanted = rightNeutral[fn];
  if (wanted !== undefined && is(right, wanted) && !Object.is(right, -0)) return x;
  if (fn === "floorDiv" && isInteger(x.dtype) && is(right, 1)) return x;
  if (fn === "add") {
    if (Object.is(right, -0) || (isInteger(x.dtype) && is(right, 0))) return x;
    const left = numberOf(b, x);
    if (Object.is(left, -0) || (isInteger(x.dtype) && is(left, 0))) return y;
  }
  if (fn === "mul" && is(numberOf(b, x), 1)) return y;
  if (fn === "logicalAnd" && is(numberOf(b, x), 1)) return y;
  if (fn === "logicalOr" && is(numberOf(b, x), 0)) return y;
  if ((fn === "max" || fn === "min") && x === y) return x;
  return undefined;
}

/** Whether 1 / x is exact: a power of two whose inverse is a normal float. */
const isPowerOfTwo = (x: Scalar | undefined): x is number =>
  typeof x === "number" &&
  x !== 0 &&
  Math.abs(Math.log2(Math.abs(x))) < 100 &&
  2 ** Math.round(Math.log2(Math.abs(x))) === Math.abs(x);

const isFloat = (dtype: DTypeName): boolean => formatOf(dtype).class === "float";

/** A constant of the dtype of x. */
function constantLike(b: Maker, x: Value, value: number): Value {
  const scalar = asScalar(b, b.make({ kind: "constant", data: oneOf(x.dtype, value, b.uniformOf(x)!) }, x.dtype, []));
  return spread(b, scalar, x.shape);
}

function oneOf(dtype: DTypeName, value: number, like: NumberArray): NumberArray {
  const data = like.slice(0, 1);
  formatOf(dtype).write(data, 0, value);
  return data;
}

const rules: { readonly [K in PrimitiveKind]?: Rule<K> } = {
  constant(b, { data }, dtype, shape) {
    const n = elementCount(shape);
    if (n <= 16) return undefined;
    const size = data.byteLength / n;
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    for (let i = size; i < bytes.length; i++) if (bytes[i] !== bytes[i - size]) return undefined;
    const scalar = b.make({ kind: "constant", data: data.slice(0, data.length / n) }, dtype, []);
    return spread(b, scalar, shape);
  },

  unary(b, primitive, dtype, shape) {
    const [x] = primitive.inputs;
    const { fn } = primitive;
    if (
      x.primitive.kind === "unary" &&
      x.primitive.fn === fn &&
      (fn === "neg" || fn === "logicalNot" || fn === "bitNot")
    ) {
      return x.primitive.inputs[0];
    }
    return hoist(b, [x], shape, ([y], small) => b.make({ ...primitive, inputs: [y!] }, dtype, small));
  },

  binary(b, primitive, dtype, shape) {
    const { fn } = primitive;
    const [x, y] = primitive.inputs;
    if (!predicates.has(fn)) {
      const simpler = neutral(b, fn, x, y);
      if (simpler) return simpler;
    }
    if (isFloat(x.dtype) && formatOf(x.dtype).bits >= 32) {
      const right = numberOf(b, y);
      if (fn === "div" && isPowerOfTwo(right)) {
        return b.make(
          { kind: "binary", fn: "mul", inputs: [x, constantLike(b, y, 1 / right)], site: -1 },
          dtype,
          shape,
        );
      }
      if (fn === "pow" && is(right, 2)) return b.make({ kind: "unary", fn: "square", inputs: [x] }, dtype, shape);
    }
    return hoist(b, [x, y], shape, ([u, v], small) => b.make({ ...primitive, inputs: [u!, v!] }, dtype, small));
  },

  select(b, primitive, dtype, shape) {
    const [condition, x, y] = primitive.inputs;
    if (x === y) return x;
    const known = b.uniformOf(condition);
    if (known) return known[0] ? x : y;
    return hoist(b, [condition, x, y], shape, ([c, u, v], small) =>
      b.make({ kind: "select", inputs: [c!, u!, v!] }, dtype, small),
    );
  },

  cast(b, { inputs: [x] }, dtype, shape) {
    if (x.dtype === dtype) return x;
    return hoist(b, [x], shape, ([y], small) => b.make({ kind: "cast", inputs: [y!] }, dtype, small));
  },

  bitcast: (_, { inputs: [x] }, dtype) => (x.dtype === dtype ? x : undefined),

  reduce(b, { fn, inputs: [x], axes }, dtype, shape) {
    if (axes.every((d) => x.shape[d] === 1)) return reshaped(b, x, shape);
    const { primitive } = x;
    if (primitive.kind === "reduce" && primitive.fn === fn) {
      const [source] = primitive.inputs;
      const kept = source.shape.map((_, d) => d).filter((d) => !primitive.axes.includes(d));
      const all = [...primitive.axes, ...axes.map((d) => kept[d]!)].sort((p, q) => p - q);
      return b.make({ kind: "reduce", fn, inputs: [source], axes: all }, dtype, shape);
    }
    if (primitive.kind === "broadcast" && fn !== "prod") return reduceRepeats(b, fn, x, axes, shape);
    return undefined;
  },

  reshape(b, { inputs: [x] }, _, shape) {
    if (sameShape(x.shape, shape)) return x;
    const { primitive } = x;
    if (primitive.kind === "reshape") return reshaped(b, primitive.inputs[0], shape);
    const source = broadcastSource(x);
    if (source && elementCount(source.shape) === 1) return spread(b, asScalar(b, source), shape);
    return undefined;
  },

  transpose(b, { inputs: [x], perm }, dtype, shape) {
    if (perm.every((p, d) => p === d)) return x;
    const moving = perm.filter((p) => x.shape[p] !== 1);
    if (moving.every((p, k) => k === 0 || p > moving[k - 1]!)) return reshaped(b, x, shape);
    const { primitive } = x;
    if (primitive.kind === "transpose") {
      const composed = perm.map((p) => primitive.perm[p]!);
      return b.make({ kind: "transpose", inputs: primitive.inputs, perm: composed }, dtype, shape);
    }
    return uniformAgain(b, x, shape);
  },

  broadcast(b, { inputs: [x] }, dtype, shape) {
    if (sameShape(x.shape, shape)) return x;
    const source = broadcastSource(x);
    if (source) return b.make({ kind: "broadcast", inputs: [source] }, dtype, shape);
    if (elementCount(x.shape) === 1 && x.shape.length > 0) return spread(b, asScalar(b, x), shape);
    return elementCount(shape) === elementCount(x.shape) ? reshaped(b, x, shape) : undefined;
  },

  slice(b, primitive, dtype, shape) {
    const [x] = primitive.inputs;
    if (sameShape(x.shape, shape) && primitive.strides.every((s, d) => s === 1 || shape[d]! <= 1)) return x;
    const inner = x.primitive;
    if (inner.kind === "slice") {
      const begin = inner.begin.map((from, d) => from + primitive.begin[d]! * inner.strides[d]!);
      const strides = inner.strides.map((s, d) => s * primitive.strides[d]!);
      return b.make({ kind: "slice", inputs: inner.inputs, begin, strides }, dtype, shape);
    }
    return uniformAgain(b, x, shape);
  },

  dynamicSlice(b, { inputs: [x, begin] }, dtype, shape) {
    const known = b.dataOf(begin);
    if (!known) return undefined;
    const from = Array.from(known, Number);
    if (from.some((at, d) => at < 0 || at + shape[d]! > x.shape[d]!)) return undefined;
    return b.make({ kind: "slice", inputs: [x], begin: from, strides: from.map(() => 1) }, dtype, shape);
  },

  pad: (_, { inputs: [x] }, __, shape) => (sameShape(x.shape, shape) ? x : undefined),

  concat(b, { inputs, axis }, dtype, shape) {
    const parts = inputs.filter((x) => x.shape[axis] !== 0);
    if (parts.length === 1) return parts[0];
    if (parts.length === inputs.length || parts.length === 0) return undefined;
    return b.make({ kind: "concat", inputs: parts, axis }, dtype, shape);
  },

  reverse(b, { inputs: [x], axes }, dtype, shape) {
    const real = axes.filter((d) => shape[d]! > 1);
    if (real.length === 0) return x;
    if (real.length < axes.length) return b.make({ kind: "reverse", inputs: [x], axes: real }, dtype, shape);
    return uniformAgain(b, x, shape);
  },

  gather(b, primitive, dtype, shape) {
    const [params, indices] = primitive.inputs;
    const { axis, batchDims, site } = primitive;
    const known = b.dataOf(indices);
    if (!known) return undefined;
    const limit = params.shape[axis]!;
    const inside = (known as Int32Array).every((i) => Number(i) >= 0 && Number(i) < limit);
    if (!inside) return undefined;
    if (known.length === 1 && batchDims === 0) {
      const begin = params.shape.map((_, d) => (d === axis ? Number(known[0]) : 0));
      const size = params.shape.map((n, d) => (d === axis ? 1 : n));
      const row = b.make({ kind: "slice", inputs: [params], begin, strides: begin.map(() => 1) }, dtype, size);
      return reshaped(b, row, shape);
    }
    return site < 0 ? undefined : b.make({ ...primitive, inputs: [params, indices], site: -1 }, dtype, shape);
  },
};

/** Movement of a value whose elements are all equal. */
function uniformAgain(b: Maker, x: Value, shape: FullShape): Value | undefined {
  const source = broadcastSource(x);
  return source && elementCount(source.shape) === 1 ? spread(b, asScalar(b, source), shape) : undefined;
}

/** A reduction over axes that only repeat: a sum is a multiple, the other functions see each element once. */
function reduceRepeats(
  b: Maker,
  fn: "sum" | "max" | "min" | "any" | "all" | "prod",
  x: Value,
  axes: readonly number[],
  shape: FullShape,
): Value | undefined {
  const source = broadcastSource(x)!;
  const lead = x.shape.length - source.shape.length;
  const repeats = (d: number) => d < lead || source.shape[d - lead] === 1;
  const n = axes.reduce((product, d) => product * x.shape[d]!, 1);
  if (n === 0 || !axes.every(repeats)) return undefined;
  // The source with ones in the repeated places, then without the reduced ones.
  const full = x.shape.map((_, d) => (d < lead ? 1 : source.shape[d - lead]!));
  const once = spread(
    b,
    reshaped(
      b,
      source,
      full.filter((_, d) => !axes.includes(d)),
    ),
    shape,
  );
  if (fn !== "sum") return once;
  if (!isFloat(x.dtype) || n > 2 ** 24 || formatOf(x.dtype).bits < 32) return undefined;
  const data = (x.dtype === "float64" ? Float64Array : Float32Array).of(n);
  const times = spread(b, b.make({ kind: "constant", data }, x.dtype, []), shape);
  return b.make({ kind: "binary", fn: "mul", inputs: [once, times], site: -1 }, x.dtype, shape);
}

/** A simpler value that equals the primitive's, or undefined. */
export function simplify(b: Maker, primitive: Primitive, dtype: DTypeName, shape: FullShape): Value | undefined {
  return (rules[primitive.kind] as Rule<PrimitiveKind> | undefined)?.(b, primitive as never, dtype, shape);
}
