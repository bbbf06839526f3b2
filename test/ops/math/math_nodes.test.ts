/** Math ops and their gradients make Python's nodes: test/fixtures/math_nodes/make.py. */
import { describe } from "vitest";
import { gradients } from "../../../src/build/gradients/gradients.ts";
import { complex64, float16, float32, float64, int32, int64, uint8 } from "../../../src/core/dtype.ts";
import { NdArray } from "../../../src/core/nd_array.ts";
import type { Shape } from "../../../src/core/shape.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/ops/index.ts";
import { f, grad, ids, ofShape, testPrograms, truths } from "./node_programs.ts";

type Binary = (x: Tensor, y: Tensor) => Tensor;
type Unary = (x: Tensor) => Tensor;

const shapes: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], []],
  [[], [2, 3]],
  [[2, 3], [3]],
  [[null, 3], [3]],
  [
    [null, 3],
    [null, 3],
  ],
  [null, [3]],
  [
    [4, 1, 3],
    [4, 5, 3],
  ],
];
const fewer = [0, 3, 5].map((i) => shapes[i]!);
const floats = (...values: number[]): Float32Array => Float32Array.from(values);
const matrix = (...values: number[]) => new NdArray(float32, [1, values.length], floats(...values));

function pairs(fns: readonly Binary[], of: typeof shapes): void {
  for (const fn of fns) {
    for (const [a, b] of of) {
      const [x, y] = [ofShape(a), ofShape(b)];
      grad(fn(x, y), x, y);
    }
  }
}

const binaryFunctions: readonly Binary[] = [
  tf.maximum,
  tf.minimum,
  tf.squaredDifference,
  tf.truediv,
  tf.divide,
  tf.realdiv,
  tf.div,
  tf.divNoNan,
  tf.add,
  tf.subtract,
  tf.multiply,
  tf.pow,
  tf.atan2,
  tf.xlogy,
  tf.xdivy,
  tf.xlog1py,
  tf.multiplyNoNan,
  tf.floordiv,
  tf.mod,
  tf.floorDiv,
  tf.truncatediv,
];

const unaryFunctions: readonly Unary[] = [
  ...[tf.abs, tf.sign, tf.negative, tf.square, tf.sqrt, tf.rsqrt, tf.reciprocal, tf.exp, tf.expm1, tf.log, tf.log1p],
  ...[tf.sin, tf.cos, tf.tan, tf.asin, tf.acos, tf.atan, tf.sinh, tf.cosh, tf.tanh, tf.asinh, tf.acosh, tf.atanh],
  ...[tf.sigmoid, tf.erf, tf.erfc, tf.floor, tf.ceil, tf.round, tf.rint, tf.softplus, tf.logSigmoid],
  tf.reciprocalNoNan,
];

const specialFunctions: readonly Unary[] = [
  ...[tf.lgamma, tf.digamma, tf.erfinv, tf.ndtri, tf.besselI0, tf.besselI0e, tf.besselI1, tf.besselI1e],
  ...[tf.besselK0, tf.besselK0e, tf.besselK1, tf.besselK1e, tf.besselJ0, tf.besselJ1, tf.besselY0, tf.besselY1],
  ...[tf.dawsn, tf.expint, tf.fresnelCos, tf.fresnelSin, tf.spence, tf.erfcinv, tf.lbeta],
];

const programs: Record<string, () => void> = {
  operators() {
    const fns: Binary[] = [
      (x, y) => x.add(y),
      (x, y) => x.sub(y),
      (x, y) => x.mul(y),
      (x, y) => x.div(y),
      (x, y) => x.floordiv(y),
      (x, y) => x.mod(y),
      (x, y) => x.pow(y),
    ];
    pairs(fns, shapes);
  },
  functions() {
    pairs(binaryFunctions, fewer);
  },
  unary() {
    for (const fn of unaryFunctions) {
      const x = f(2, 3);
      const [first] = grad(fn(x), x);
      if (first) grad(first as Tensor, x);
    }
  },
  tests() {
    const x = f(2, 3);
    for (const fn of [tf.isNan, tf.isInf, tf.isFinite, tf.toInt32, tf.toDouble, tf.toFloat]) fn(x);
    grad(tf.softsign(x), x);
  },
  literals() {
    const x = f(2);
    x.add(1);
    x.radd(1);
    x.mul(2);
    x.rmul(2);
    x.sub(1.5);
    x.rsub(1.5);
    x.div(3);
    x.rdiv(3);
    x.floordiv(2);
    x.mod(2);
    x.pow(2);
    x.rpow(2);
    x.neg();
    x.abs();
    x.less(1);
    x.greaterEqual(2);
    x.add([1, 2]);
    tf.add(x, 1);
    tf.add(1, x);
    tf.maximum(x, 0);
    tf.pow(x, 2);
  },
  logic() {
    const [x, y, i] = [truths(2), truths(2), ids(2)];
    x.logicalAnd(y);
    x.logicalOr(y);
    x.logicalXor(y);
    x.logicalNot();
    tf.logicalXor(x, y);
    tf.where(x, floats(1, 2), floats(3, 4));
    i.logicalAnd(i);
    i.logicalOr(i);
    i.logicalXor(i);
    i.logicalNot();
    i.div(i);
    i.floordiv(i);
    i.mod(i);
    x.mul(y);
  },
  reductions() {
    for (const fn of [tf.reduceSum, tf.reduceMean, tf.reduceProd, tf.reduceMax, tf.reduceLogsumexp]) {
      for (const axis of [null, 0, [0, 2], -1, []]) {
        for (const shape of [[2, 3, 4], [null, 3, 4], null]) {
          const x = ofShape(shape);
          grad(fn(x, { axis, keepdims: axis === -1 }), x);
        }
      }
    }
  },
  reductions_more() {
    const [x, axis] = [f(2, 3), ids(1)];
    grad(tf.reduceSum(tf.reduceMean(x, 0)), x);
    grad(tf.reduceSum(x, 1), x);
    grad(tf.reduceMean(x, 1), x);
    grad(tf.reduceSum(x, 1), x);
    for (const fn of [tf.reduceSum, tf.reduceMean, tf.reduceMax, tf.reduceProd]) grad(fn(x, axis), x);
    tf.reduceSum(floats(1, 2));
    tf.reduceMean(matrix(1, 2), 0);
    tf.reduceAll([true]);
    tf.argmax(matrix(1, 2), 1);
    tf.argmin(matrix(1, 2), { axis: 0, outputType: int32 });
    grad(tf.reduceEuclideanNorm(x, 1), x);
    grad(tf.reduceEuclideanNorm(x), x);
    tf.reduceAll(x.greater(0));
    tf.reduceAny(x.greater(0), 1);
    tf.countNonzero(x);
    tf.reduceVariance(x);
    tf.reduceStd(x, 0);
  },
  ranges() {
    tf.range(5);
    tf.range(2, 5);
    tf.range(tf.floatLiteral(2), tf.floatLiteral(5), 0.5);
    tf.range(ids());
    tf.range(0, tf.placeholder(int64, []));
    tf.linspace(tf.floatLiteral(0), tf.floatLiteral(1), 5);
    tf.range(3, null, { dtype: float32 });
  },
  clips() {
    const [x, y] = [f(null, 3), f(3)];
    grad(tf.clipByValue(x, 0, 1), x);
    tf.clipByNorm(x, 5);
    tf.clipByAverageNorm(x, 5);
    tf.clipByGlobalNorm([x, y], 5);
    tf.globalNorm([x]);
    tf.saturateCast(x, uint8);
  },
  selects() {
    const [c, x, y] = [truths(2, 3), f(2, 3), f(2, 3)];
    grad(tf.where(c, x, y), x, y);
    grad(tf.whereV2(c, x, 1), x);
    const [d, u, v] = [truths(null), f(2, null), f(3)];
    grad(tf.whereV2(d, u, v), u, v);
  },
  sums() {
    const [x, y] = [f(2), f(2)];
    grad(tf.addN([x, y, x]), x, y);
    tf.addN([x]);
    tf.addN([x], { name: "a" });
    tf.accumulateN([x, y]);
    tf.scalarMul(2, x);
    tf.polyval([1, 2, x], y);
  },
  scans() {
    const x = f(2, 3);
    for (const fn of [tf.cumsum, tf.cumprod]) grad(fn(x, { axis: 1, exclusive: true }), x);
    grad(tf.cumulativeLogsumexp(x, { axis: 1 }), x);
  },
  casts() {
    const x = f(2);
    tf.cast(x, float32);
    grad(tf.cast(tf.cast(x, float64), float16), x);
    tf.cast(3, float32);
    tf.cast([1, 2], int64, { name: "q" });
  },
  complexes() {
    const [x, y] = [tf.placeholder(complex64, [2]), f(2)];
    const results = [
      () => tf.abs(x).mul(y),
      () => tf.real(x),
      () => tf.imag(x),
      () => tf.angle(x),
      () => tf.conj(x),
      () => tf.complex(y, y),
      () => tf.square(x),
      () => x.mul(x),
      () => tf.exp(x),
      () => x.div(x),
    ].map((make) => make());
    for (const z of results) gradients(z, [x, y], { gradYs: tf.onesLike(z) });
  },
  segments() {
    const [x, i, s] = [f(5, 3), ids(5), ids(4)];
    for (const fn of [tf.segmentSum, tf.segmentMean, tf.segmentProd, tf.segmentMax, tf.segmentMin]) grad(fn(x, i), x);
    const unsorted = [tf.unsortedSegmentSum, tf.unsortedSegmentProd, tf.unsortedSegmentMax, tf.unsortedSegmentMin];
    for (const fn of [...unsorted, tf.unsortedSegmentMean, tf.unsortedSegmentSqrtN]) grad(fn(x, i, 4), x);
    for (const fn of [tf.sparseSegmentSum, tf.sparseSegmentMean, tf.sparseSegmentSqrtN]) {
      grad(fn(x, s, s), x);
      grad(fn(x, s, s, { numSegments: 4 }), x);
      grad(fn(x, s, s, { sparseGradient: true }), x);
    }
  },
  slices() {
    const [w, v, i] = [f(10, 3), f(10, 3), ids(4)];
    grad(tf.gather(w.mul(v), i), w, v);
    grad(tf.gather(w.add(v), i), w, v);
    grad(tf.gather(tf.tanh(w), i), w);
    grad(tf.gather(tf.exp(w).div(v), i), w, v);
    grad(tf.gather(w.neg(), i), w);
    grad(tf.gather(w.sub(v), i).mul(2).add(tf.gather(w, i)), w);
  },
  twice() {
    const [x, y] = [f(2, 3), f(2, 3)];
    const [first] = grad(tf.tanh(x.mul(y)).pow(3), x);
    grad(first as Tensor, x, y);
  },
  special() {
    const [x, y] = [f(2, 3), f(3)];
    for (const fn of specialFunctions) grad(fn(x), x);
    for (const fn of [tf.igamma, tf.igammac, tf.zeta, tf.polygamma, tf.nextafter]) grad(fn(x, y), x, y);
    grad(tf.betainc(x, x, x), x);
    grad(tf.cross(x, x), x);
    const i = ids(5);
    tf.bincount(i);
    tf.bincount(i, { weights: f(5), minlength: 3, maxlength: 9 });
    tf.histogramFixedWidth(f(5), [0, 1], { nbins: 5 });
  },
};

describe("math ops make Python's nodes", () => {
  testPrograms("math", programs);
});
