/** Complex numbers and their parts. In memory a complex number is its real and its imaginary part. Source: math_ops.cc, math_grad.py. */
import { complex64, complex128, type DType, float32, float64 } from "../../../../core/dtype.ts";
import { TypeError } from "../../../../core/error.ts";
import { broadcastShapes } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, isTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import * as ops from "../../../index.ts";
import { byKeyword } from "../../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../../array/basic/names.ts";
import { after } from "./after.ts";
import { reduceGradientArgs } from "./broadcast_gradient.ts";

const isComplex = (x: Value): boolean => x.dtype === "complex64" || x.dtype === "complex128";
const partOf = (x: Value): "float32" | "float64" => (x.dtype === "complex64" ? "float32" : "float64");

/** The dtype of the parts of a complex dtype, or the real dtype itself. */
export const realDtype = (dtype: DType): DType =>
  dtype.base === "complex64" ? float32 : dtype.base === "complex128" ? float64 : dtype.baseDtype;

/** Part 0 (real) or 1 (imaginary). */
function part(p: Lowering, x: Value, which: 0 | 1): Value {
  const pairs = p.bitcast(x, partOf(x));
  const begin = [...x.shape.map(() => 0), which];
  return p.reshape(p.slice(pairs, begin, [...x.shape, 1]), x.shape);
}

/** The conjugate; a real value is its own. */
export function conjugate(p: Lowering, x: Value): Value {
  return isComplex(x) ? joined(p, part(p, x, 0), p.neg(part(p, x, 1))) : x;
}

function joined(p: Lowering, re: Value, im: Value): Value {
  const pair = [...re.shape, 1];
  const pairs = p.concat([p.reshape(re, pair), p.reshape(im, pair)], re.shape.length);
  return p.bitcast(pairs, re.dtype === "float32" ? "complex64" : "complex128");
}

/** out = real + i imag, broadcast. */
export const complexOp = defineOp("Complex", {
  inputs: ["real: T", "imag: T"],
  outputs: ["out: Tout"],
  attrs: ["T: {float, double} = DT_FLOAT", "Tout: {complex64, complex128} = DT_COMPLEX64"],
  shape: ({ real, imag }) => [broadcastShapes(real, imag)],
  lower(p, { real, imag }) {
    const shape = broadcastShapes(real.shape, imag.shape) as readonly number[];
    return joined(p, p.broadcast(real, shape), p.broadcast(imag, shape));
  },
  gradient(tf, op, dy) {
    const gx = tf.real(dy!);
    const gy = tf.imag(dy!);
    const { x, y } = reduceGradientArgs(tf, op.real, op.imag, gx, gy);
    return { real: x, imag: y };
  },
});

const zeroLike = (dy: Tensor): Tensor => ops.constant(0, { dtype: dy.dtype.baseDtype });

export const realOp = defineOp("Real", {
  inputs: ["input: T"],
  outputs: ["output: Tout"],
  attrs: ["T: {complex64, complex128} = DT_COMPLEX64", "Tout: {float, double} = DT_FLOAT"],
  shape: ({ input }) => [input],
  lower: (p, { input }) => part(p, input, 0),
  gradient: (tf, _, dy) => {
    const zero = zeroLike(dy!);
    return { input: tf.complex(dy!, zero) };
  },
});

export const imagOp = defineOp("Imag", {
  inputs: ["input: T"],
  outputs: ["output: Tout"],
  attrs: ["T: {complex64, complex128} = DT_COMPLEX64", "Tout: {float, double} = DT_FLOAT"],
  shape: ({ input }) => [input],
  lower: (p, { input }) => part(p, input, 1),
  gradient: (tf, _, dy) => {
    const zero = zeroLike(dy!);
    return { input: tf.complex(zero, dy!) };
  },
});

/** The argument, in (-pi, pi]. */
export const angleOp = defineOp("Angle", {
  inputs: ["input: T"],
  outputs: ["output: Tout"],
  attrs: ["T: {complex64, complex128} = DT_COMPLEX64", "Tout: {float, double} = DT_FLOAT"],
  shape: ({ input }) => [input],
  lower: (p, { input }) => p.atan2(part(p, input, 1), part(p, input, 0)),
  gradient: (tf, { input }, dy) =>
    after(dy!, () => {
      const re = tf.real(input);
      const im = tf.imag(input);
      const z = tf.reciprocal(tf.complex(im, re));
      const zero = zeroLike(dy!);
      const grad = tf.complex(dy!, zero);
      return { input: grad.neg().mul(z) };
    }),
});

/** The modulus, without overflow in between. */
export const complexAbsOp = defineOp("ComplexAbs", {
  inputs: ["x: T"],
  outputs: ["y: Tout"],
  attrs: ["T: {complex64, complex128} = DT_COMPLEX64", "Tout: {float, double} = DT_FLOAT"],
  shape: ({ x }) => [x],
  lower(p, { x }) {
    const [re, im] = [p.abs(part(p, x, 0)), p.abs(part(p, x, 1))];
    const [large, small] = [p.max(re, im), p.min(re, im)];
    const ratio = p.div(small, large);
    const length = p.mul(large, p.sqrt(p.add(p.scalar(1, large.dtype), p.mul(ratio, ratio))));
    const isPlain = p.logicalOr(
      p.eq(small, p.scalar(0, small.dtype)),
      p.eq(large, p.scalar(Number.POSITIVE_INFINITY, large.dtype)),
    );
    return p.select(isPlain, large, length);
  },
  gradient(tf, { x, y }, dy) {
    const grad = tf.complex(dy!, tf.zerosLike(dy!)).mul(x);
    return { x: tf.divNoNan(grad, tf.complex(y, tf.zerosLike(y))) };
  },
});

export const conjOp = defineOp("Conj", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: ["T: {complex64, complex128, variant} = DT_COMPLEX64"],
  shape: ({ input }, context) => ({ shapes: [input], handles: [context.handle("input")] }),
  lower: (p, { input }) => conjugate(p, input),
  gradient: (tf, _, dy) => ({ input: tf.conj(dy!) }),
});

/** The complex number of two parts of one float dtype. Throws TypeError for others. */
export const complex = byKeyword(
  ["real", "imag"],
  function complex(real: TensorLike, imag: TensorLike, options: Named = {}): Tensor {
    const re = convertToTensor(real, { name: "real" });
    const im = convertToTensor(imag, { name: "imag" });
    return inScope(options.name, "Complex", (scope) => {
      const [a, b] = [re.dtype.base, im.dtype.base];
      if (a !== b || (a !== "float32" && a !== "float64")) {
        throw new TypeError(
          `The \`real\` and \`imag\` components have incorrect types: ${re.dtype.name} ${im.dtype.name}. They must be consistent, and one of [tf.float32, tf.float64]`,
        );
      }
      return complexOp({ real: re, imag: im, Tout: a === "float32" ? complex64 : complex128 }, scope);
    });
  },
);

/** The real part; real input comes back as it is. */
export const real = (input: TensorLike, name?: Name): Tensor =>
  inScope(nameOf(name), "Real", (scope) => {
    const x = convertToTensor(input, { name: "input" });
    return x.dtype.isComplex ? realOp({ input: x, Tout: realDtype(x.dtype) }, scope) : x;
  });

/** The imaginary part; zeros for real input. */
export const imag = (input: TensorLike, name?: Name): Tensor =>
  inScope(nameOf(name), "Imag", (scope) => {
    const x = convertToTensor(input, { name: "input" });
    return x.dtype.isComplex ? imagOp({ input: x, Tout: realDtype(x.dtype) }, scope) : ops.zerosLike(x);
  });

/** The argument; of real numbers 0 or pi. */
export const angle = (input: TensorLike, name?: Name): Tensor =>
  inScope(nameOf(name), "Angle", (scope) => {
    const x = convertToTensor(input, { name: "input" });
    if (x.dtype.isComplex) return angleOp({ input: x, Tout: realDtype(x.dtype) }, scope);
    const isNegative = x.less(0);
    return ops.where(isNegative, ops.onesLike(x).rmul(Math.PI), ops.zerosLike(x));
  });

/** The modulus of complex numbers. */
export const complexAbs = (x: Tensor, options: Named = {}): Tensor =>
  complexAbsOp({ x, Tout: realDtype(x.dtype) }, options.name);

/** The conjugate; real tensors come back as they are, without a node. Throws TypeError for what is no number. */
export function conj(x: TensorLike, name?: Name): Tensor {
  if (isTensor(x) && (x.dtype.isFloating || x.dtype.isInteger)) return x;
  return inScope(nameOf(name), "Conj", (scope) => {
    const tensor = convertToTensor(x, { name: "x" });
    if (tensor.dtype.isComplex || tensor.dtype.base === "variant") return conjOp({ input: tensor }, scope);
    if (tensor.dtype.isFloating || tensor.dtype.isInteger) return tensor;
    throw new TypeError(`Expected numeric or variant tensor, got dtype ${tensor.dtype}.`);
  });
}
