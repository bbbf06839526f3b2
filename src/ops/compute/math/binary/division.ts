/** Quotients and remainders. Source: math_ops.cc, cwise_ops.h, math_grad.py. */
import { type DType, float32, float64 } from "../../../../core/dtype.ts";
import { InternalError, InvalidArgumentError, TypeError } from "../../../../core/error.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../../convert.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { inScope, nameOf } from "../../array/basic/names.ts";
import { cast } from "../cast.ts";
import { reduceGradientArgs } from "../elementwise/broadcast_gradient.ts";
import { alike } from "../elementwise/operands.ts";
import {
  type BinaryCall,
  type BinaryGradients,
  type BinaryOp,
  type BinaryRecord,
  binary,
  callBinary,
} from "../elementwise/table.ts";

const everything =
  "bfloat16, half, float, double, uint8, int8, uint16, int16, int32, uint32, uint64, int64, complex64, complex128";

const byZero = (): Error => new InvalidArgumentError("Integer division by zero");
/** The kernel's word for the ops that are not expected to divide by zero. */
const unexpected = (): Error =>
  new InternalError("Unexpected error in binary operator (only integer div and mod should have errors)");
const zeroOf = (p: Lowering, x: Value): Value => p.scalar(0, x.dtype);

/** Gradients of x / y, each quotient made by `divide`. */
function quotientGradient(
  tf: GradientTools,
  { x, y }: BinaryRecord,
  dy: Tensor,
  divide: (a: Tensor, b: Tensor) => Tensor,
): BinaryGradients {
  const cx = tf.conj(x);
  const cy = tf.conj(y);
  const gx = divide(dy, cy);
  const gy = dy.mul(divide(divide(cx.neg(), cy), cy));
  return reduceGradientArgs(tf, x, y, gx, gy);
}

/** x / y; integers are truncated. */
export const divOp: BinaryOp = binary("Div", everything, {
  lower: (p, x, y) => p.div(x, y, byZero),
  gradient: (tf, op, dy) => quotientGradient(tf, op, dy, (a, b) => a.div(b)),
});

export const realDivOp: BinaryOp = binary("RealDiv", everything, {
  lower: (p, x, y) => p.div(x, y, byZero),
  gradient: (tf, op, dy) => quotientGradient(tf, op, dy, (a, b) => tf.realdiv(a, b)),
});

/** The quotient rounded down. */
export const floorDivOp: BinaryOp = binary("FloorDiv", everything, {
  lower: (p, x, y) => p.floorDiv(x, y, byZero),
  gradient: () => ({}),
});

/** The remainder that has the sign of y. */
export const floorModOp: BinaryOp = binary(
  "FloorMod",
  "int8, int16, int32, int64, uint8, uint16, uint32, uint64, bfloat16, half, float, double",
  {
    lower: (p, x, y) => p.floorMod(x, y, byZero),
    gradient(tf, { x, y }, dy) {
      const quotient = tf.floorDivOp({ x: tf.conj(x), y: tf.conj(y) });
      const gy = dy.mul(tf.negative(quotient));
      return reduceGradientArgs(tf, x, y, dy, gy);
    },
  },
);

/** The remainder that has the sign of x. */
export const modOp: BinaryOp = binary("Mod", "int32, int64, half, half, bfloat16, float, double", {
  lower: (p, x, y) => p.mod(x, y, byZero),
  gradient: "unregistered",
});

/** The quotient rounded towards 0. */
export const truncateDivOp: BinaryOp = binary("TruncateDiv", everything, {
  lower(p, x, y) {
    const quotient = p.div(x, y, unexpected);
    if (x.dtype.includes("int")) return quotient;
    return p.select(p.lt(quotient, zeroOf(p, x)), p.ceil(quotient), p.floor(quotient));
  },
  gradient: () => ({}),
});

export const truncateModOp: BinaryOp = binary("TruncateMod", "int32, int64, bfloat16, half, float, double", {
  lower: (p, x, y) => p.mod(x, y, unexpected),
  gradient: "unregistered",
});

/** x / y, and 0 wherever y is 0. */
export const divNoNanOp: BinaryOp = binary("DivNoNan", "half, float, bfloat16, double, complex64, complex128", {
  lower: (p, x, y) => p.select(p.eq(y, zeroOf(p, y)), zeroOf(p, y), p.div(x, y)),
  gradient(tf, op, dy) {
    const x = tf.conj(op.x);
    const y = tf.conj(op.y);
    const gx = tf.divNoNan(dy, y);
    const gy = dy.mul(tf.divNoNan(tf.divNoNan(x.neg(), y), y));
    return reduceGradientArgs(tf, x, y, gx, gy);
  },
});

/** x / y, element by element; shapes broadcast, dtypes are equal: numbers. */
export const realdiv: BinaryCall = callBinary(realDivOp);
/** x / y rounded towards zero, for integers, element by element; shapes broadcast, dtypes are equal: numbers. */
export const truncatediv: BinaryCall = callBinary(truncateDivOp);
/** The remainder of truncatediv, with the sign of x, element by element; shapes broadcast, dtypes are equal: real numbers. */
export const truncatemod: BinaryCall = callBinary(truncateModOp);
/** x / y rounded down, element by element; shapes broadcast, dtypes are equal: numbers. */
export const floorDiv: BinaryCall = callBinary(floorDivOp);
/** x / y rounded down, element by element; shapes broadcast, dtypes are equal: numbers. */
export const floordiv: BinaryCall = callBinary(floorDivOp, "floordiv");
/** The remainder of floordiv, with the sign of y, element by element; shapes broadcast, dtypes are equal: real numbers. */
export const floormod: BinaryCall = callBinary(floorModOp);
/** The remainder of floordiv, with the sign of y, element by element; shapes broadcast, dtypes are equal: real numbers. */
export const mod: BinaryCall = floormod;

/** The dtype in which integers are divided; undefined for dtypes that stay, null for those that do not divide. */
function quotientDtype(dtype: DType): DType | null | undefined {
  if (dtype.isFloating || dtype.isComplex) return undefined;
  if (!dtype.isInteger) return null;
  return dtype.sizeBytes <= 2 ? float32 : float64;
}

function inOneDtype(x: TensorLike, y: TensorLike, what: string): [Tensor, Tensor] {
  const [a, b] = alike(x, y);
  const [da, db] = [a.dtype.baseDtype, b.dtype.baseDtype];
  if (da !== db)
    throw new TypeError(`\`x\` and \`y\` must have the same dtype, got ${dtypeText(da)} != ${dtypeText(db)}.`);
  const wanted = quotientDtype(da);
  if (wanted === null)
    throw new TypeError(
      `Invalid dtype ${dtypeText(da)} in ${what}. Expected one of {${dividing.map((name) => `tf.${name}`).join(", ")}}.`,
    );
  return wanted ? [cast(a, wanted), cast(b, wanted)] : [a, b];
}

const dtypeText = (dtype: DType): string => `tf.${dtype.name}`;
const dividing =
  "uint8 int8 uint16 int16 uint32 int32 uint64 int64 bfloat16 float16 float32 float64 complex64 complex128".split(" ");

/** x / y; integers are divided as floats. Throws TypeError for two dtypes. */
export const truediv: BinaryCall = (x, y, name) =>
  inScope(nameOf(name), "truediv", (scope) => {
    const [a, b] = inOneDtype(x, y, "__truediv__");
    return realDivOp({ x: a, y: b }, scope);
  });

/** x / y as Python's operator divides, element by element; shapes broadcast, dtypes are equal: numbers; integers give floats. */
export const divide: BinaryCall = (x, y, name) => {
  if (nameOf(name)) return truediv(x, y, name);
  const dtype = !isSymbolic(x) && isSymbolic(y) ? (y as Tensor).dtype.baseDtype : undefined;
  return truediv(convertToTensor(x, { dtype }), y);
};

/** Python 2's division: integers are rounded down. */
export const div: BinaryCall = (x, y, name) =>
  inScope(nameOf(name), "div", (scope) => {
    const [a, b] = alike(x, y);
    return (a.dtype.isFloating || a.dtype.isComplex ? realDivOp : floorDivOp)({ x: a, y: b }, scope);
  });

/** x / y, and 0 wherever y is 0. */
export const divNoNan: BinaryCall = (x, y, name) =>
  inScope(nameOf(name), "div_no_nan", (scope) => {
    const [a, b] = inOneDtype(x, y, "tf.math.divide_no_nan");
    return divNoNanOp({ x: a, y: b }, scope);
  });
