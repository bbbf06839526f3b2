/**
 * Discrete Fourier transforms of any length in double precision: lengths of small prime factors by splitting (Cooley and Tukey 1965), others
 * as a convolution of a power of two (Bluestein 1970).
 */

/** X[k] = sum over t of x[t] exp(-2 pi i k t / n), or with exp(+...) unscaled for the inverse; in place over n pairs (re, im). */
export type Transform = (x: Float64Array) => void;

const largestFactor = 13;

function factorsOf(n: number): number[] {
  const factors: number[] = [];
  let rest = n;
  for (const p of [4, 2, 3, 5, 7, 11, 13]) while (rest % p === 0) [factors[factors.length], rest] = [p, rest / p];
  if (rest > 1) factors.push(rest);
  return factors;
}

/** exp(sign 2 pi i k / n) for all k, as pairs. */
function roots(n: number, sign: number): Float64Array {
  const table = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    const angle = (sign * 2 * Math.PI * k) / n;
    table[2 * k] = Math.cos(angle);
    table[2 * k + 1] = Math.sin(angle);
  }
  return table;
}

/** Joins p transforms of m values each, which lie one after another in `y` from `at` on; `step` = n / (p m). */
function join(y: Float64Array, at: number, p: number, m: number, w: Float64Array, step: number): void {
  const n = w.length / 2;
  const parts = new Float64Array(2 * p);
  for (let u = 0; u < m; u++) {
    for (let q = 0; q < p; q++) {
      const i = 2 * (at + u + q * m);
      const k = 2 * ((u * q * step) % n);
      parts[2 * q] = y[i]! * w[k]! - y[i + 1]! * w[k + 1]!;
      parts[2 * q + 1] = y[i]! * w[k + 1]! + y[i + 1]! * w[k]!;
    }
    for (let r = 0; r < p; r++) {
      let [re, im] = [parts[0]!, parts[1]!];
      for (let q = 1; q < p; q++) {
        const k = 2 * ((q * r * m * step) % n);
        re += parts[2 * q]! * w[k]! - parts[2 * q + 1]! * w[k + 1]!;
        im += parts[2 * q]! * w[k + 1]! + parts[2 * q + 1]! * w[k]!;
      }
      const i = 2 * (at + u + r * m);
      y[i] = re;
      y[i + 1] = im;
    }
  }
}

function joinPairs(y: Float64Array, at: number, m: number, w: Float64Array, step: number): void {
  for (let u = 0; u < m; u++) {
    const i = 2 * (at + u);
    const j = i + 2 * m;
    const k = 2 * u * step;
    const re = y[j]! * w[k]! - y[j + 1]! * w[k + 1]!;
    const im = y[j]! * w[k + 1]! + y[j + 1]! * w[k]!;
    y[j] = y[i]! - re;
    y[j + 1] = y[i + 1]! - im;
    y[i] = y[i]! + re;
    y[i + 1] = y[i + 1]! + im;
  }
}

function bySplitting(n: number, factors: readonly number[], sign: number): Transform {
  const w = roots(n, sign);
  const input = new Float64Array(2 * n);
  const split = (y: Float64Array, at: number, from: number, step: number, depth: number): void => {
    if (depth === factors.length) {
      y[2 * at] = input[2 * from]!;
      y[2 * at + 1] = input[2 * from + 1]!;
      return;
    }
    const p = factors[depth]!;
    const m = n / step / p;
    for (let q = 0; q < p; q++) split(y, at + q * m, from + q * step, step * p, depth + 1);
    if (p === 2) joinPairs(y, at, m, w, step);
    else join(y, at, p, m, w, step);
  };
  return (x) => {
    input.set(x);
    split(x, 0, 0, 1, 0);
  };
}

/** k t = (k^2 + t^2 - (k - t)^2) / 2 makes the sum a convolution with a chirp. */
function byConvolution(n: number, sign: number): Transform {
  const size = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const forward = transformOf(size, -1);
  const back = transformOf(size, 1);
  const chirp = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    const angle = (sign * Math.PI * ((k * k) % (2 * n))) / n;
    chirp[2 * k] = Math.cos(angle);
    chirp[2 * k + 1] = Math.sin(angle);
  }
  const kernel = new Float64Array(2 * size);
  for (let k = 0; k < n; k++)
    for (const at of k === 0 ? [0] : [k, size - k]) {
      kernel[2 * at] = chirp[2 * k]!;
      kernel[2 * at + 1] = -chirp[2 * k + 1]!;
    }
  forward(kernel);
  const work = new Float64Array(2 * size);
  const multiply = (y: Float64Array, i: number, re: number, im: number): void => {
    const [a, b] = [y[i]!, y[i + 1]!];
    y[i] = a * re - b * im;
    y[i + 1] = a * im + b * re;
  };
  return (x) => {
    work.fill(0);
    work.set(x);
    for (let i = 0; i < 2 * n; i += 2) multiply(work, i, chirp[i]!, chirp[i + 1]!);
    forward(work);
    for (let i = 0; i < 2 * size; i += 2) multiply(work, i, kernel[i]!, kernel[i + 1]!);
    back(work);
    for (let i = 0; i < 2 * n; i += 2) {
      multiply(work, i, chirp[i]!, chirp[i + 1]!);
      x[i] = work[i]! / size;
      x[i + 1] = work[i + 1]! / size;
    }
  };
}

/** The transform of n values; `sign` -1 forward, 1 back, unscaled. */
export function transformOf(n: number, sign: -1 | 1): Transform {
  if (n <= 1) return () => {};
  const factors = factorsOf(n);
  return factors.every((p) => p <= largestFactor) ? bySplitting(n, factors, sign) : byConvolution(n, sign);
}

/** Transforms the last `rank` axes of complex data [..., shape] in place; back with the scale 1 / size. */
export function transformAxes(data: Float64Array, shape: readonly number[], rank: number, sign: -1 | 1): void {
  for (let axis = shape.length - rank; axis < shape.length; axis++) {
    const n = shape[axis]!;
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const transform = transformOf(n, sign);
    const line = new Float64Array(2 * n);
    const scale = sign === 1 ? 1 / n : 1;
    for (let block = 0; block < data.length / 2; block += n * inner)
      for (let start = block; start < block + inner; start++) {
        for (let i = 0; i < n; i++) {
          const at = 2 * (start + i * inner);
          line[2 * i] = data[at]!;
          line[2 * i + 1] = data[at + 1]!;
        }
        transform(line);
        for (let i = 0; i < n; i++) {
          const at = 2 * (start + i * inner);
          data[at] = line[2 * i]! * scale;
          data[at + 1] = line[2 * i + 1]! * scale;
        }
      }
  }
}
