/** Conversion between dtypes. Source: math_ops.cc, cast_op.cc, math_ops.py. */
import {
  bfloat16,
  complex64,
  complex128,
  type DType,
  type DTypeLike,
  float32,
  float64,
  int32,
  int64,
  toDtype,
} from "../../../core/dtype.ts";
import { UnimplementedError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { Lowering } from "../../../engine/lowering.ts";
import type { Value } from "../../../engine/primitive.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import { IndexedSlices } from "../../../graph/indexed_slices.ts";
import { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { compositeCall, convertToTensor, isSymbolic, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byKeyword } from "../../options.ts";
import { inScope, type Name, nameOf } from "../array/basic/names.ts";

const carriers = new Set(["float16", "bfloat16", "float32", "float64", "complex64", "complex128"]);
const movable = new Set(["string", "resource", "variant"]);

/**
 * y = x in another dtype: floats to integers truncate, anything to bool is whether it is not 0. With Truncate, a float loses its low bits
 * rather than being rounded.
 */
export const castOp = defineOp("Cast", {
  inputs: ["x: SrcT"],
  outputs: ["y: DstT"],
  attrs: ["SrcT: type", "DstT: type", "Truncate: bool = false"],
  shape: ({ x }, context) => ({ shapes: [x], handles: [context.handle("x")] }),
  partialValue: ({ x, SrcT, DstT }, context) =>
    x?.length === 1 && SrcT.isInteger && DstT.isInteger ? context.valueAsShape("x") : null,
  lower(p, { x, SrcT, DstT, Truncate }) {
    if (SrcT === DstT) return x;
    if (movable.has(SrcT.base) || movable.has(DstT.base)) {
      throw new UnimplementedError(`Cast ${cppName(SrcT)} to ${cppName(DstT)} is not supported`);
    }
    return p.cast(Truncate ? truncated(p, x, SrcT, DstT) : x, DstT.base);
  },
  gradient(tf, { x }, dy) {
    const [from, to] = [x.dtype.baseDtype, dy!.dtype.baseDtype];
    return { x: carriers.has(from.base) && carriers.has(to.base) ? tf.cast(dy!, from) : null };
  },
});

/** A float whose low bits, which the narrower dtype cannot hold, are 0. */
function truncated(p: Lowering, x: Value, from: DType, to: DType): Value {
  if (from.sizeBytes <= 2 || !to.isFloating || to.sizeBytes > 2) return x;
  const single = p.cast(x, "float32");
  const mask = to === bfloat16 ? -0x10000 : -0x2000;
  return p.bitcast(p.bitAnd(p.bitcast(single, "int32"), p.scalar(mask, "int32")), "float32");
}

type Castable = TensorLike | SparseTensor | IndexedSlices;
type Casted<X> = X extends SparseTensor ? SparseTensor : X extends IndexedSlices ? IndexedSlices : Tensor;

/** x in the given dtype; a tensor that has it already comes back as it is. */
export const cast = byKeyword(["x", "dtype"], function cast<
  X extends Castable,
>(x: X, dtype: DTypeLike, name?: Name): Casted<X> {
  const base = toDtype(dtype).baseDtype;
  if (isSymbolic(x) && !(x instanceof IndexedSlices) && (x as { readonly dtype?: DType }).dtype === base)
    return x as unknown as Casted<X>;
  const ragged = compositeCall<Casted<X>>("cast", x, base, name);
  if (ragged) return ragged;
  return inScope(nameOf(name), "Cast", (scope) => {
    if (x instanceof SparseTensor) {
      const { indices, denseShape } = x;
      return new SparseTensor({ indices, values: cast(x.values, base, { name: scope }), denseShape });
    }
    if (x instanceof IndexedSlices)
      return new IndexedSlices(cast(x.values, base, { name: scope }), x.indices, x.denseShape);
    const tensor = convertToTensor(x as TensorLike, { name: "x" });
    return tensor.dtype === base ? tensor : castOp({ x: tensor, DstT: base }, scope);
  }) as Casted<X>;
});

const to =
  (dtype: DType, byDefault: string) =>
  <X extends Castable>(x: X, name?: Name): Casted<X> =>
    cast(x, dtype, nameOf(name) ?? byDefault);

type CastTo = <X extends Castable>(x: X, name?: Name) => Casted<X>;

/** x as float32, of the same shape. */
export const toFloat: CastTo = to(float32, "ToFloat");
/** x as float64, of the same shape. */
export const toDouble: CastTo = to(float64, "ToDouble");
/** x as int32, of the same shape. */
export const toInt32: CastTo = to(int32, "ToInt32");
/** x as int64, of the same shape. */
export const toInt64: CastTo = to(int64, "ToInt64");
/** x as bfloat16, of the same shape. */
export const toBfloat16: CastTo = to(bfloat16, "ToBFloat16");
/** x as complex64, of the same shape. */
export const toComplex64: CastTo = to(complex64, "ToComplex64");
/** x as complex128, of the same shape. */
export const toComplex128: CastTo = to(complex128, "ToComplex128");

/** A float32 scalar literal: Python's 0. and 1., which are no integers. */
export const floatLiteral = (value: number): NdArray => new NdArray(float32, [], Float32Array.of(value));

/** The least and the greatest finite value of a dtype. */
export function limitsOf(dtype: DType): readonly [number | bigint, number | bigint] {
  switch (dtype.base) {
    case "float64":
      return [-Number.MAX_VALUE, Number.MAX_VALUE];
    case "float32":
      return [-3.4028234663852886e38, 3.4028234663852886e38];
    case "bfloat16":
      return [-3.3895313892515355e38, 3.3895313892515355e38];
    case "float16":
      return [-65504, 65504];
    case "int64":
      return [-(2n ** 63n), 2n ** 63n - 1n];
    case "uint64":
      return [0n, 2n ** 64n - 1n];
    default: {
      const bits = 8 * dtype.sizeBytes;
      return dtype.base.startsWith("uint") || dtype.base.startsWith("quint")
        ? [0, 2 ** bits - 1]
        : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
    }
  }
}

/** x in the given dtype, values beyond its limits clamped to them. */
export const saturateCast = byKeyword(
  ["value", "dtype"],
  function saturateCast(value: TensorLike, dtype: DType, name?: Name): Tensor {
    return inScope(nameOf(name), "saturate_cast", (scope) => {
      let x = convertToTensor(value, { name: "value" });
      const wanted = dtype.baseDtype;
      if (x.dtype.isComplex && !wanted.isComplex) x = ops.real(x);
      if (x.dtype.isComplex) return cast(x, wanted, { name: scope });
      const [low, high] = commonLimits(x.dtype, wanted);
      const limit = (n: number | bigint) => convertToTensor(n, { dtype: x.dtype });
      const clamped = ops.clipByValueOp({ t: x, clip_value_min: limit(low), clip_value_max: limit(high) }, "clamp");
      return cast(clamped, wanted, { name: scope });
    });
  },
);

/** The limits of both dtypes, as values of the first: rounded towards 0 where it cannot hold them. */
function commonLimits(from: DType, to: DType): readonly [number | bigint, number | bigint] {
  const [a, b] = [limitsOf(from), limitsOf(to)];
  const pick = (i: 0 | 1): number | bigint => {
    const [own, other] = [a[i], b[i]];
    const isInside = i === 0 ? own >= other : own <= other;
    if (isInside) return own;
    return from.isFloating
      ? towardsZero(Number(other), other, from)
      : typeof own === "bigint"
        ? BigInt(other)
        : Number(other);
  };
  return [pick(0), pick(1)];
}

function towardsZero(rounded: number, exact: number | bigint, dtype: DType): number {
  const held = dtype.base === "float32" ? Math.fround(rounded) : rounded;
  const isBeyond = held > 0 ? BigInt(Math.trunc(held)) > BigInt(exact) : BigInt(Math.trunc(held)) < BigInt(exact);
  if (Number.isInteger(held) && (typeof exact === "bigint" || Number.isSafeInteger(exact)) && isBeyond) {
    return held * (1 - (dtype.base === "float32" ? 2 ** -24 : 2 ** -53));
  }
  return held;
}
