/** Functions of the normal and the Laplace distribution, elementwise. Source: special_math.py (coefficients: Cephes, ndtri.c). */
import { float32, float64 } from "../../core/dtype.ts";
import { TypeError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, literalToArray, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";

function scoped(name: string, given: TensorLike, argument: string, fn: (x: Tensor) => Tensor): Tensor {
  return getDefaultGraph().nameScope(name, () => {
    const x = convertToTensor(given, { name: argument });
    const base = x.dtype.baseDtype;
    if (base !== float32 && base !== float64)
      throw new TypeError(`${argument}.dtype=${x.dtype} is not handled, see docstring for supported types.`);
    return fn(x);
  });
}

function below(x: Tensor): Tensor {
  const half = tf.constant(0.5 * Math.sqrt(2), { dtype: x.dtype.baseDtype, name: "half_sqrt_2" });
  const w = x.mul(half);
  const z = tf.abs(w);
  const inner = tf.less(z, half);
  const central = tf.erf(w).radd(1);
  const tail = tf.whereV2(tf.greater(w, 0), tf.erfc(z).rsub(2), tf.erfc(z));
  return tf.whereV2(inner, central, tail).rmul(0.5);
}

/** P[X <= x] of the standard normal distribution. Throws TypeError unless x is float32 or float64. */
export const ndtr = (x: TensorLike): Tensor => scoped("ndtr", x, "x", below);

/** From the constant upwards. */
type Polynomial = readonly number[];
type Ratio = readonly [above: Polynomial, below: Polynomial];

const central: Ratio = [
  [-1.2391658386738125, 13.931260938727968, -56.67628574690703, 98.00107541859997, -59.96335010141079],
  [
    -1.1833162112133, 15.90562251262117, -82.03722561683334, 200.26021238006066, -225.46268785411937, 86.36024213908905,
    4.676279128988815, 1.9544885833814176, 1,
  ],
];
const outer: Ratio = [
  [
    -0.0008574567851546854, -0.03504246268278482, -0.1402560791713545, 2.1866330685079025, 14.684956192885803,
    44.08050738932008, 57.16281922464213, 31.525109459989388, 4.0554489230596245,
  ],
  [
    -0.0009332594808954574, -0.03808064076915783, -0.14218292285478779, 2.504649462083094, 15.04253856929075,
    41.3172038254672, 45.39076351288792, 15.779988325646675, 1,
  ],
];
const farthest: Ratio = [
  [
    6.239745391849833e-9, 2.6580697468673755e-6, 0.00030158155350823543, 0.012371663481782003, 0.20148538954917908,
    1.3330346081580755, 3.9388102529247444, 6.915228890689842, 3.2377489177694603,
  ],
  [
    6.790194080099813e-9, 2.8924786474538068e-6, 0.00032801446468212774, 0.013420400608854318, 0.21623699359449663,
    1.3770209948908132, 3.6798356385616087, 6.02427039364742, 1,
  ],
];

const polynomial = (x: Tensor, [first, ...others]: Polynomial): Tensor =>
  first === undefined ? tf.zerosLike(x) : polynomial(x, others).mul(x).radd(first);

const inverse = (z: Tensor): Tensor => z.rdiv(1);
const ofInverse = (z: Tensor, [over, under]: Ratio): Tensor =>
  polynomial(inverse(z), over)
    .div(polynomial(inverse(z), under))
    .div(z);

function quantile(p: Tensor): Tensor {
  const edge = Math.exp(-2);
  const isUpper = p.greater(-Math.expm1(-2));
  const lower = tf.whereV2(isUpper, p.rsub(1), p);
  const isNone = lower.lessEqual(0);
  const half = tf.fill(tf.shape(p), literalToArray(0.5, p.dtype.baseDtype));
  const given = tf.whereV2(isNone, half, lower);
  const w = given.sub(0.5);
  const ww = w.pow(2);
  const outerPart = w.mul(ww);
  const ratio = polynomial(ww, central[0]).div(polynomial(ww, central[1]));
  const nearHalf = w.add(outerPart.mul(ratio)).mul(-Math.sqrt(2 * Math.PI));
  const z = tf.sqrt(tf.log(given).rmul(-2));
  const first = z.sub(tf.log(z).div(z));
  const far = ofInverse(z, farthest);
  const near = ofInverse(z, outer);
  const smallest = first.sub(far);
  const small = first.sub(near);
  const isCentral = given.greater(edge);
  const tail = tf.whereV2(z.greaterEqual(8), smallest, small);
  const magnitude = tf.whereV2(isCentral, nearHalf, tail);
  const isAbove = p.greater(1 - edge);
  const x = tf.whereV2(isAbove, magnitude, magnitude.neg());
  const scalar = tf.constant(Number.POSITIVE_INFINITY, { dtype: p.dtype.baseDtype });
  const infinity = tf.fill(tf.shape(p), scalar);
  const isLeast = p.lessEqual(0);
  const least = infinity.neg();
  return tf.whereV2(isLeast, least, tf.whereV2(p.greaterEqual(1), infinity, x));
}

/** The x where ndtr(x) is p. Throws TypeError unless p is float32 or float64. */
export const ndtri = (p: TensorLike): Tensor => scoped("ndtri", p, "p", quantile);

const terms = [1, 3, 15]; // (2n - 1)!!

/** An asymptotic series for x that are far below 0. */
function farBelow(x: Tensor): Tensor {
  const scale = tf
    .square(x)
    .rmul(-0.5)
    .sub(tf.log(x.neg()))
    .sub(0.5 * Math.log(2 * Math.PI));
  const squared = tf.square(x);
  let even = tf.zerosLike(x);
  let odd = tf.zerosLike(x);
  let power = squared;
  for (const [i, term] of terms.entries()) {
    const y = power.rdiv(term);
    if (i % 2 === 0) odd = odd.add(y);
    else even = even.add(y);
    power = power.mul(squared);
  }
  return scale.add(tf.log(even.radd(1).sub(odd)));
}

/** The logarithm of ndtr, exact where that one is 0 or 1. Throws TypeError unless x is float32 or float64. */
export const logNdtr = (given: TensorLike): Tensor =>
  scoped("log_ndtr", given, "x", (x) => {
    const [lowest, highest] = x.dtype.baseDtype === float64 ? [-20, 8] : [-10, 5];
    const isHigh = tf.greater(x, highest);
    const high = below(x.neg()).neg();
    const isMiddle = tf.greater(x, lowest);
    const middle = tf.log(below(tf.maximum(x, lowest)));
    return tf.whereV2(isHigh, high, tf.whereV2(isMiddle, middle, farBelow(tf.minimum(x, lowest))));
  });

/** log P[X <= x] of the standard Laplace distribution. */
export const logCdfLaplace = (given: Tensor): Tensor =>
  getDefaultGraph().nameScope("log_cdf_laplace", () => {
    const x = convertToTensor(given, { name: "x" });
    const lower = x.radd(-Math.log(2));
    const decay = tf.exp(tf.abs(x).neg());
    const upper = tf.log1p(decay.rmul(-0.5));
    return tf.whereV2(x.less(0), lower, upper);
  });
