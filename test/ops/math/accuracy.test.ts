/**
 * How near float32 functions come to the exact value, in units in the last place of it: over all floats by their bits (every 16381st;
 * TSFLOW_ACCURACY_STRIDE=1 takes all 2^32, some minutes a function), and all neighbours of the places where a formula gives way to the
 * next. Judged in doubles, whose own error is below 1e-8 of a float's ulp.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { environment } from "../../../src/core/host.ts";
import { createWasmEngine } from "../../../src/engine/wasm_engine.ts";
import * as tf from "../../../src/index.ts";

const twoOverSqrtPi = 2 / Math.sqrt(Math.PI);
const sqrtPi = Math.sqrt(Math.PI);

/** exp(-x²): the high half of x squares exactly. */
function gauss(x: number): number {
  const high = Math.fround(x);
  return Math.exp(-high * high) * Math.exp((high - x) * (high + x));
}

/** Below 2.5 the series 2/√π exp(-x²) Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!, above it 1 - erfc by Lentz's continued fraction. */
function exactErf(x: number): number {
  const size = Math.abs(x);
  if (size < 2.5) {
    let [term, sum] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return twoOverSqrtPi * gauss(x) * sum;
  }
  if (Number.isNaN(x)) return x;
  let fraction = size;
  for (let n = 64; n > 0; n--) fraction = size + n / 2 / fraction;
  const y = size > 6 ? 1 : 1 - gauss(size) / (sqrtPi * fraction);
  return x < 0 ? -y : y;
}

function exactSigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);
const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);

/** The distance of neighbouring floats around a number. */
function ulp(x: number): number {
  double[0] = x;
  const exponent = ((doubleWords[1]! >>> 20) & 0x7ff) - 1023;
  return 2 ** (Math.max(exponent, -126) - 23);
}

/** Floats around a number, up to so many to each side. */
function neighbours(x: number, reach: number): number[] {
  float[0] = x;
  const middle = floatBits[0]!;
  return Array.from({ length: 2 * reach + 1 }, (_, i) => {
    floatBits[0] = middle + i - reach;
    return float[0]!;
  });
}

const both = (xs: readonly number[]): number[] => xs.flatMap((x) => [x, -x]);
const powers = Array.from({ length: 276 }, (_, i) => 2 ** (i - 149));
const halves = Array.from({ length: 300 }, (_, i) => (i + 0.5) * Math.LN2);

interface Function {
  readonly name: string;
  readonly ulps: number;
  readonly op: (x: tf.Tensor) => tf.Tensor;
  readonly exact: (x: number) => number;
  /** Where formulas, binades of the result or clamps meet. */
  readonly seams: readonly number[];
}

const functions: readonly Function[] = [
  {
    name: "exp",
    ulps: 1,
    op: tf.exp,
    exact: Math.exp,
    seams: [...both(halves), 88.72284, 89, -87.33655, -103.2789, -103.97208, -104],
  },
  { name: "log", ulps: 1, op: tf.log, exact: Math.log, seams: [...powers, ...powers.map((x) => x * Math.SQRT1_2)] },
  {
    name: "tanh",
    ulps: 2,
    op: tf.tanh,
    exact: Math.tanh,
    seams: both([0.625, 9.010913, 10, ...halves.map((x) => x / 2)]),
  },
  { name: "sigmoid", ulps: 2, op: tf.sigmoid, exact: exactSigmoid, seams: both([16.63553, 17.3, 104, ...halves]) },
  { name: "erf", ulps: 2, op: tf.erf, exact: exactErf, seams: both([0.84375, 1.25, 2.5, 2.857, 3.9192059, 4]) },
];

const special = [
  0,
  -0,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  -(2 ** -126),
  3.4028234663852886e38,
  -3.4028234663852886e38,
];
const ends = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];

/** The function through the public API, on an engine of its own. */
function evaluator({ op }: Function): { run: (xs: Float32Array) => Float32Array; close: () => void } {
  const graph = new tf.Graph();
  const [x, y] = graph.asDefault(() => {
    const fed = tf.placeholder(tf.float32, [null]);
    return [fed, op(fed)] as const;
  });
  const sess = new tf.Session({ graph, engine: createWasmEngine() });
  const call = sess.makeCallable(y, [x]);
  return {
    run: (xs) => (call(new tf.NdArray(tf.float32, [xs.length], xs)) as tf.NdArray).data as Float32Array,
    close: () => sess.close(),
  };
}

/** The largest error among these, and where it is. */
function worstOf(xs: Float32Array, ys: Float32Array, exact: (x: number) => number): { ulps: number; x: number } {
  let worst = { ulps: 0, x: 0 };
  for (let i = 0; i < xs.length; i++) {
    const wanted = exact(xs[i]!);
    const got = ys[i]!;
    if (Object.is(Math.fround(wanted), got)) continue;
    const isOff = Number.isNaN(wanted) || Number.isNaN(got) || (wanted === 0 && got === 0);
    const ulps = isOff ? Number.POSITIVE_INFINITY : Math.abs(got - wanted) / ulp(wanted);
    if (ulps > worst.ulps) worst = { ulps, x: xs[i]! };
  }
  return worst;
}

const samples = 1 << 16;
const stride = Number(environment().TSFLOW_ACCURACY_STRIDE ?? 16381);

describe.each(functions)("$name of float32", (fn) => {
  test(`is within ${fn.ulps} ulp of the exact value over all floats`, () => {
    const { run, close } = evaluator(fn);
    const xs = new Float32Array(samples);
    const bits = new Uint32Array(xs.buffer);
    let worst = { ulps: 0, x: 0 };
    for (let from = 0; from < 2 ** 32; from += samples * stride) {
      for (let i = 0; i < samples; i++) bits[i] = from + i * stride;
      const found = worstOf(xs, run(xs), fn.exact);
      if (found.ulps > worst.ulps) worst = found;
    }
    close();
    expect(worst.ulps, `at ${worst.x}`).toBeLessThanOrEqual(fn.ulps);
  }, 3_600_000);

  test(`is within ${fn.ulps} ulp where its formulas meet, and right at zeros, denormals, the largest, infinities and NaN`, () => {
    const { run, close } = evaluator(fn);
    const xs = Float32Array.from([...special, ...ends, ...fn.seams.flatMap((x) => neighbours(x, 40))]);
    const worst = worstOf(xs, run(xs), fn.exact);
    close();
    expect(worst.ulps, `at ${worst.x}`).toBeLessThanOrEqual(fn.ulps);
  });

  test("has the same bits in vectors, in what is left of them, and alone", () => {
    const { run, close } = evaluator(fn);
    const xs = Float32Array.from([...special, ...ends, ...fn.seams.slice(0, 12), 0.3, -0.7, 5.5, -20]);
    const inVectors = run(xs).slice();
    for (const n of [1, 2, 3, 5, 7]) {
      for (let i = 0; i + n <= xs.length; i++) {
        expect([...run(xs.slice(i, i + n))]).toEqual([...inVectors.slice(i, i + n)]);
      }
    }
    close();
  });
});

test("the exact erf of this file is Python's", () => {
  const path = new URL("../../fixtures/accuracy/erf.json", import.meta.url);
  const { x, erf } = JSON.parse(readFileSync(path, "utf8")) as { x: number[]; erf: number[] };
  for (const [i, value] of x.entries()) {
    expect(Math.abs(exactErf(value) - erf[i]!)).toBeLessThanOrEqual(Math.abs(erf[i]!) * 1e-15);
  }
});
