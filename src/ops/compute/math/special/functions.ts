/** Special functions as ops: computed in doubles, element by element. Source: math_ops.cc, special_math_ops.cc, math_grad.py. */

import type { DType } from "../../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../../core/error.ts";
import { allocateElements, elementAt, NdArray, setElement } from "../../../../core/nd_array.ts";
import { broadcastShapes, elementCount, mergeShapes, type Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp, type OpBuilder } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byKeyword } from "../../../options.ts";
import { inScope, type Name, nameOf } from "../../array/basic/names.ts";
import { floatLiteral } from "../cast.ts";
import { after } from "../elementwise/after.ts";
import { broadcastReducers } from "../elementwise/broadcast_gradient.ts";
import { pairsOf } from "../elementwise/operands.ts";
import {
  type BinaryCall,
  callUnary,
  checkBroadcast,
  floats,
  type UnaryCall,
  type UnaryGradient,
  type UnaryOp,
  unary,
} from "../elementwise/table.ts";
import { reduceSum } from "../reduce/sums.ts";
import { besselI, besselIe, besselJ, besselK, besselKe, besselY } from "./bessel.ts";
import { erfinv as inverseErf, ndtri as normalQuantile } from "./erf.ts";
import * as gamma from "./gamma.ts";
import * as integrals from "./integrals.ts";

function build(dtype: DType, shape: readonly number[], element: (i: number) => number): NdArray {
  const n = elementCount(shape);
  const data = allocateElements(dtype, n);
  for (let i = 0; i < n; i++) setElement(dtype, data, i, element(i));
  return new NdArray(dtype, shape, data);
}

const at = (array: NdArray, i: number): number => elementAt(array, i) as number;

const smallestNormal: Readonly<Record<string, number>> = {
  float32: 2 ** -126,
  bfloat16: 2 ** -126,
  float64: 2 ** -1022,
};

/** Numbers below the smallest normal one count as 0, as TensorFlow's kernels run. */
const flushed = (x: number, dtype: DType): number => (Math.abs(x) < (smallestNormal[dtype.base] ?? 0) ? 0 * x : x);

/** y = f(x), element by element in doubles. */
const special = (type: string, f: (x: number) => number, gradient: UnaryGradient): UnaryOp =>
  unary(type, floats, { compute: (x) => build(x.dtype, x.shape, (i) => f(flushed(at(x, i), x.dtype))), gradient });

type Slope = (tf: GradientTools, x: Tensor, y: Tensor) => Tensor;

/** dy times a slope of input and output, built once dy is there. */
const slope =
  (of: Slope): UnaryGradient =>
  (tf, { x, y }, dy) =>
    after(dy, () => dy.mul(of(tf, x, y)));

export const lgammaOp: UnaryOp = special(
  "Lgamma",
  gamma.lgamma,
  slope((tf, x) => tf.digamma(x)),
);
export const digammaOp: UnaryOp = special(
  "Digamma",
  gamma.digamma,
  slope((tf, x) => tf.polygamma(tf.constant(1, { dtype: x.dtype.baseDtype }), x)),
);

/** factor exp(g(y)) of the output y; the factor is made first. */
const exponentialSlope =
  (factor: number, power: (tf: GradientTools, y: Tensor) => Tensor): UnaryGradient =>
  (tf, { y }, dy) => {
    const c = tf.constant(factor, { dtype: dy.dtype.baseDtype });
    return after(dy, () => dy.mul(c).mul(tf.exp(power(tf, y))));
  };

export const erfinvOp: UnaryOp = special(
  "Erfinv",
  inverseErf,
  exponentialSlope(Math.sqrt(Math.PI) / 2, (tf, y) => tf.square(y)),
);
export const ndtriOp: UnaryOp = special(
  "Ndtri",
  normalQuantile,
  exponentialSlope(Math.sqrt(2 * Math.PI), (tf, y) => tf.square(y).div(2)),
);

export const dawsnOp: UnaryOp = special(
  "Dawsn",
  integrals.dawsn,
  slope((_, x, y) => x.rmul(2).mul(y).rsub(1)),
);
export const expintOp: UnaryOp = special("Expint", integrals.expint, (tf, { x }, dy) =>
  after(dy, () => dy.mul(tf.exp(x)).div(x)),
);
export const fresnelCosOp: UnaryOp = special(
  "FresnelCos",
  integrals.fresnelCos,
  slope((tf, x) => tf.cos(tf.square(x).rmul(Math.PI / 2))),
);
export const fresnelSinOp: UnaryOp = special(
  "FresnelSin",
  integrals.fresnelSin,
  slope((tf, x) => tf.sin(tf.square(x).rmul(Math.PI / 2))),
);
export const spenceOp: UnaryOp = special("Spence", integrals.spence, (tf, { x }, dy) =>
  after(dy, () => {
    const general = tf.log(x).div(x.rsub(1));
    const partial = tf.where(tf.equal(x, 1), tf.onesLike(x).neg(), general);
    return dy.mul(partial);
  }),
);

/** A slope that is a limit where x is 0. */
const limitAtZero =
  (limit: number, of: Slope): Slope =>
  (tf, x, y) =>
    tf.whereV2(tf.equal(x, 0), tf.cast(floatLiteral(limit), x.dtype.baseDtype), of(tf, x, y));

export const besselI0Op: UnaryOp = special(
  "BesselI0",
  (x) => besselI(0, x),
  slope((tf, x) => tf.besselI1(x)),
);
export const besselI0eOp: UnaryOp = special(
  "BesselI0e",
  (x) => besselIe(0, x),
  slope((tf, x, y) => tf.besselI1e(x).sub(tf.sign(x).mul(y))),
);
export const besselI1Op: UnaryOp = special(
  "BesselI1",
  (x) => besselI(1, x),
  slope(limitAtZero(1, (tf, x, y) => tf.besselI0(x).sub(tf.div(y, x)))),
);
export const besselI1eOp: UnaryOp = special(
  "BesselI1e",
  (x) => besselIe(1, x),
  slope(limitAtZero(0.5, (tf, x, y) => tf.besselI0e(x).sub(y.mul(tf.sign(x).add(tf.reciprocal(x)))))),
);
export const besselK0Op: UnaryOp = special(
  "BesselK0",
  (x) => besselK(0, x),
  slope((tf, x) => tf.besselK1(x).neg()),
);
export const besselK0eOp: UnaryOp = special(
  "BesselK0e",
  (x) => besselKe(0, x),
  slope((tf, x, y) => y.sub(tf.besselK1e(x))),
);
export const besselK1Op: UnaryOp = special(
  "BesselK1",
  (x) => besselK(1, x),
  slope((tf, x, y) => tf.besselK0(x).neg().sub(tf.div(y, x))),
);
export const besselK1eOp: UnaryOp = special(
  "BesselK1e",
  (x) => besselKe(1, x),
  slope((tf, x, y) => y.mul(tf.reciprocal(x).rsub(1)).sub(tf.besselK0e(x))),
);
export const besselJ0Op: UnaryOp = special(
  "BesselJ0",
  (x) => besselJ(0, x),
  slope((tf, x) => tf.besselJ1(x).neg()),
);
export const besselJ1Op: UnaryOp = special(
  "BesselJ1",
  (x) => besselJ(1, x),
  slope(limitAtZero(0.5, (tf, x, y) => tf.besselJ0(x).sub(tf.div(y, x)))),
);
export const besselY0Op: UnaryOp = special(
  "BesselY0",
  (x) => besselY(0, x),
  slope((tf, x) => tf.besselY1(x).neg()),
);
export const besselY1Op: UnaryOp = special(
  "BesselY1",
  (x) => besselY(1, x),
  slope((tf, x, y) => tf.besselY0(x).sub(tf.div(y, x))),
);

type Pair<A extends string, X extends string> = OpBuilder<
  readonly [`${A}: T`, `${X}: T`],
  readonly ["z: T"],
  readonly ["T: type"]
>;

interface PairRecord {
  readonly first: Tensor;
  readonly second: Tensor;
}

type PairGradient =
  | ((tf: GradientTools, op: PairRecord, dy: Tensor) => { readonly first?: Tensor; readonly second?: Tensor })
  | "unregistered";

/** z = f(a, x), broadcast. */
function specialPair<const A extends string, const X extends string>(
  type: string,
  [a, x]: readonly [A, X],
  dtypes: string,
  f: (a: number, x: number) => number,
  gradient: PairGradient,
): Pair<A, X> {
  const define = defineOp as unknown as (type: string, spec: object) => Pair<A, X>;
  return define(type, {
    inputs: [`${a}: T`, `${x}: T`],
    outputs: ["z: T"],
    attrs: [`T: {${dtypes}}`],
    shape: (op: Record<string, Shape>) => [broadcastShapes(op[a]!, op[x]!)],
    compute(op: Record<string, NdArray>) {
      const [left, right] = [op[a]!, op[x]!];
      checkBroadcast(left.shape, right.shape);
      const pairs = pairsOf(left.shape, right.shape);
      return build(left.dtype, pairs.shape, (i) => {
        const [j, k] = pairs.at(i);
        return f(at(left, j), at(right, k));
      });
    },
    gradient:
      gradient === "unregistered"
        ? gradient
        : (tf: GradientTools, op: Record<string, Tensor>, dy: Tensor) => {
            const { first, second } = gradient(tf, { first: op[a]!, second: op[x]! }, dy);
            return { ...(first ? { [a]: first } : {}), ...(second ? { [x]: second } : {}) };
          },
  });
}

/** d igamma / da is an op; d igamma / dx is the density of the gamma distribution. */
const igammaGradient: PairGradient = (tf, { first: a, second: x }, dy) => {
  const reduce = broadcastReducers(tf, a, x);
  return after(dy, () => {
    const partialA = tf.igammaGradAOp({ a, x });
    const power = x.neg().add(a.sub(1).mul(tf.log(x)));
    const partialX = tf.exp(power.sub(tf.lgamma(a)));
    return { first: reduce.x(partialA.mul(dy)), second: reduce.y(partialX.mul(dy)) };
  });
};

export const igammaOp: Pair<"a", "x"> = specialPair("Igamma", ["a", "x"], floats, gamma.igamma, igammaGradient);
export const igammacOp: Pair<"a", "x"> = specialPair("Igammac", ["a", "x"], floats, gamma.igammac, (tf, op, dy) => {
  const { first, second } = igammaGradient(tf, op, dy);
  return { first: first!.neg(), second: second!.neg() };
});
export const igammaGradAOp: Pair<"a", "x"> = specialPair(
  "IgammaGradA",
  ["a", "x"],
  "float, double",
  gamma.igammaGradA,
  "unregistered",
);

export const zetaOp: Pair<"x", "q"> = specialPair("Zeta", ["x", "q"], "float, double", gamma.zeta, (tf, op, dy) => {
  const reduce = broadcastReducers(tf, op.first, op.second);
  return after(dy, () => {
    const [x, q] = [tf.conj(op.first), tf.conj(op.second)];
    const partial = x.neg().mul(tf.zeta(x.add(1), q));
    return { second: reduce.y(partial.mul(dy)) };
  });
});

export const polygammaOp: Pair<"a", "x"> = specialPair(
  "Polygamma",
  ["a", "x"],
  "float, double",
  gamma.polygamma,
  (tf, op, dy) => {
    const reduce = broadcastReducers(tf, op.first, op.second);
    return after(dy, () => {
      const [n, x] = [tf.conj(op.first), tf.conj(op.second)];
      const partial = tf.polygamma(n.add(1), x);
      return { second: reduce.y(partial.mul(dy)) };
    });
  },
);

/** The regularized incomplete beta function; inputs have one shape, or are scalars. */
export const betaincOp = defineOp("Betainc", {
  inputs: ["a: T", "b: T", "x: T"],
  outputs: ["z: T"],
  attrs: ["T: {float, double}"],
  shape({ a, b, x }) {
    let shape: Shape = [];
    for (const each of [a, b, x]) {
      if (each !== null && each.length === 0) continue;
      shape = shape !== null && shape.length === 0 ? each : mergeShapes(shape, each);
    }
    return [shape];
  },
  compute({ a, b, x }) {
    const large = [a, b, x].find((each) => each.shape.length > 0) ?? a;
    for (const each of [a, b, x]) {
      if (each.shape.length === 0 || JSON.stringify(each.shape) === JSON.stringify(large.shape)) continue;
      throw new InvalidArgumentError(
        `Shapes of ${[a, b, x].map((one) => `[${one.shape.join(",")}]`).join(" and ")} are inconsistent`,
      );
    }
    const pick = (each: NdArray, i: number): number => at(each, each.shape.length === 0 ? 0 : i);
    return build(a.dtype, large.shape, (i) => gamma.betainc(pick(a, i), pick(b, i), pick(x, i)));
  },
  gradient(tf, { a, b, x }, dy) {
    const sa = tf.shape(a);
    const sx = tf.shape(x);
    const { r1 } = tf.broadcastGradientArgsOp({ s0: sa, s1: sx });
    const logBeta = tf
      .lgamma(a)
      .add(tf.lgamma(b))
      .sub(tf.lgamma(a.add(b)));
    const upper = tf.xlog1py(b.sub(1), x.neg());
    const power = upper.add(tf.xlogy(a.sub(1), x)).sub(logBeta);
    const partial = tf.exp(power);
    return { x: tf.reshape(tf.reduceSum(partial.mul(dy!), { axis: r1 }), sx) };
  },
});

/** The logarithm of |gamma(x)|, element by element; shape and dtype are those of x, of floats. */
export const lgamma: UnaryCall = callUnary(lgammaOp);
/** The derivative of lgamma, element by element; shape and dtype are those of x, of floats. */
export const digamma: UnaryCall = callUnary(digammaOp);

const scoped =
  (op: UnaryOp, scopeName: string): UnaryCall =>
  (x, name) =>
    inScope(nameOf(name), scopeName, () => op({ x }));

export const erfinv: UnaryCall = scoped(erfinvOp, "erfinv");
export const ndtri: UnaryCall = scoped(ndtriOp, "ndtri");
/** Dawson's integral, element by element; shape and dtype are those of x, of floats. */
export const dawsn: UnaryCall = scoped(dawsnOp, "dawsn");
/** The exponential integral, element by element; shape and dtype are those of x, of floats. */
export const expint: UnaryCall = scoped(expintOp, "expint");
/** Fresnel's cosine integral, element by element; shape and dtype are those of x, of floats. */
export const fresnelCos: UnaryCall = scoped(fresnelCosOp, "fresnel_cos");
/** Fresnel's sine integral, element by element; shape and dtype are those of x, of floats. */
export const fresnelSin: UnaryCall = scoped(fresnelSinOp, "fresnel_sin");
/** Spence's dilogarithm, element by element; shape and dtype are those of x, of floats. */
export const spence: UnaryCall = scoped(spenceOp, "spence");
/** The modified Bessel function of order 0, element by element; shape and dtype are those of x, of floats. */
export const besselI0: UnaryCall = scoped(besselI0Op, "bessel_i0");
export const besselI0e: UnaryCall = scoped(besselI0eOp, "bessel_i0e");
/** The modified Bessel function of order 1, element by element; shape and dtype are those of x, of floats. */
export const besselI1: UnaryCall = scoped(besselI1Op, "bessel_i1");
export const besselI1e: UnaryCall = scoped(besselI1eOp, "bessel_i1e");
/** The modified Bessel function of the second kind of order 0, element by element; shape and dtype are those of x, of floats. */
export const besselK0: UnaryCall = scoped(besselK0Op, "bessel_k0");
export const besselK0e: UnaryCall = scoped(besselK0eOp, "bessel_k0e");
/** The modified Bessel function of the second kind of order 1, element by element; shape and dtype are those of x, of floats. */
export const besselK1: UnaryCall = scoped(besselK1Op, "bessel_k1");
export const besselK1e: UnaryCall = scoped(besselK1eOp, "bessel_k1e");
/** The Bessel function of the first kind of order 0, element by element; shape and dtype are those of x, of floats. */
export const besselJ0: UnaryCall = scoped(besselJ0Op, "bessel_j0");
/** The Bessel function of the first kind of order 1, element by element; shape and dtype are those of x, of floats. */
export const besselJ1: UnaryCall = scoped(besselJ1Op, "bessel_j1");
/** The Bessel function of the second kind of order 0, element by element; shape and dtype are those of x, of floats. */
export const besselY0: UnaryCall = scoped(besselY0Op, "bessel_y0");
/** The Bessel function of the second kind of order 1, element by element; shape and dtype are those of x, of floats. */
export const besselY1: UnaryCall = scoped(besselY1Op, "bessel_y1");

/** The inverse of erfc. */
export const erfcinv: UnaryCall = (x, name) =>
  inScope(nameOf(name), "erfcinv", () => {
    const q = convertToTensor(x, { name: "start" });
    return ndtri(q.rmul(0.5)).neg().mul(Math.SQRT1_2);
  });

/** The regularized incomplete gamma integral of a up to x, element by element; shapes broadcast; float32 or float64. */
export const igamma = byKeyword(["a", "x"], function igamma(a: TensorLike, x: TensorLike, name?: Name): Tensor {
  return igammaOp({ a, x }, nameOf(name));
});
/** 1 - igamma(a, x), element by element; shapes broadcast; float32 or float64. */
export const igammac = byKeyword(["a", "x"], function igammac(a: TensorLike, x: TensorLike, name?: Name): Tensor {
  return igammacOp({ a, x }, nameOf(name));
});
/** Hurwitz' zeta function of x from q on, element by element; shapes broadcast; float32 or float64. */
export const zeta: BinaryCall = (x, q, name) => zetaOp({ x, q }, nameOf(name));
/** The a-th derivative of digamma at x, element by element; shapes broadcast; float32 or float64. */
export const polygamma = byKeyword(["a", "x"], function polygamma(a: TensorLike, x: TensorLike, name?: Name): Tensor {
  return polygammaOp({ a, x }, nameOf(name));
});
/** The regularized incomplete beta integral of a, b up to x, element by element; shapes broadcast; float32 or float64. */
export const betainc = byKeyword(
  ["a", "b", "x"],
  function betainc(a: TensorLike, b: TensorLike, x: TensorLike, name?: Name): Tensor {
    return betaincOp({ a, b, x }, nameOf(name));
  },
);

/** log |beta(x)| along the last axis: the logarithm of the multivariate beta function. */
export const lbeta: UnaryCall = (x, name) =>
  inScope(nameOf(name), "lbeta", () => {
    const all = convertToTensor(x, { name: "x" });
    const logs = reduceSum(lgamma(all), { axis: [-1] });
    const total = reduceSum(all, { axis: [-1] });
    return logs.sub(lgamma(total));
  });
