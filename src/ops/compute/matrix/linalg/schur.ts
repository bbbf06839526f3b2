/** A = Q T Q^H with an upper triangular T, and what follows from it: eigenvectors, square roots, logarithms, and the exponential. */
import { reflectionOf, reflectLeft } from "./householder.ts";
import { factorize, solve } from "./lu.ts";
import { addScaled, adjoint, copy, identity, type Matrix, multiply, quotient, scale, zeros } from "./matrix.ts";

export interface Schur {
  readonly t: Matrix;
  readonly q: Matrix;
}

type Complex = readonly [number, number];

const at = (a: Matrix, i: number, j: number): Complex => [a.re[i * a.columns + j]!, a.im[i * a.columns + j]!];
const put = (a: Matrix, i: number, j: number, [x, y]: Complex): void => {
  a.re[i * a.columns + j] = x;
  a.im[i * a.columns + j] = y;
};
const plus = ([a, b]: Complex, [c, d]: Complex): Complex => [a + c, b + d];
const minus = ([a, b]: Complex, [c, d]: Complex): Complex => [a - c, b - d];
const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const size = ([a, b]: Complex): number => Math.hypot(a, b);

function root([x, y]: Complex): Complex {
  const r = Math.hypot(x, y);
  if (r === 0) return [0, 0];
  const a = Math.sqrt((r + Math.abs(x)) / 2);
  const b = Math.abs(y) / (2 * a);
  const sign = y < 0 ? -1 : 1;
  return x >= 0 ? [a, sign * b] : [b, sign * a];
}

/** Zeros below the first subdiagonal, by similarity. */
function hessenberg(a: Matrix): Schur {
  const n = a.rows;
  const t = copy(a);
  let q = identity(n);
  for (let k = 0; k < n - 2; k++) {
    const reflection = reflectionOf(t, k + 1, k);
    const { tau } = reflection;
    reflectLeft(t, reflection, tau, k + 1, 0);
    const right = adjoint(t);
    reflectLeft(right, reflection, tau, k + 1, 0);
    const back = adjoint(right);
    t.re.set(back.re);
    t.im.set(back.im);
    const qh = adjoint(q);
    reflectLeft(qh, reflection, tau, k + 1, 0);
    q = adjoint(qh);
    for (let i = k + 2; i < n; i++) put(t, i, k, [0, 0]);
  }
  return { t, q };
}

/** The eigenvalue of the last 2 x 2 block that is nearer to its corner. */
function shiftOf(t: Matrix, end: number, iteration: number): Complex {
  if (iteration === 10 || iteration === 20) {
    const before = end > 1 ? Math.abs(at(t, end - 1, end - 2)[0]) : 0;
    return [Math.abs(at(t, end, end - 1)[0]) + before, 0];
  }
  const [a, b, c, d] = [at(t, end - 1, end - 1), at(t, end - 1, end), at(t, end, end - 1), at(t, end, end)];
  const product = times(b, c);
  const difference = minus(a, d);
  const discriminant = root(plus(times(difference, difference), times([4, 0], product)));
  const trace = plus(a, d);
  const first: Complex = times([0.5, 0], plus(trace, discriminant));
  const second: Complex = times([0.5, 0], minus(trace, discriminant));
  return size(minus(first, d)) < size(minus(second, d)) ? first : second;
}

/** Rows i and i + 1 so that (x, y) becomes (r, 0), and the columns by the adjoint. */
function rotate(t: Matrix, q: Matrix, i: number, x: Complex, y: Complex): void {
  const r = Math.hypot(...x, ...y);
  if (r === 0) return;
  const c: Complex = [x[0] / r, -x[1] / r];
  const s: Complex = [y[0] / r, -y[1] / r];
  const conj = ([a, b]: Complex): Complex => [a, -b];
  for (let j = 0; j < t.columns; j++) {
    const [u, v] = [at(t, i, j), at(t, i + 1, j)];
    put(t, i, j, plus(times(c, u), times(s, v)));
    put(t, i + 1, j, minus(times(conj(c), v), times(conj(s), u)));
  }
  for (const m of [t, q]) {
    for (let j = 0; j < m.rows; j++) {
      const [u, v] = [at(m, j, i), at(m, j, i + 1)];
      put(m, j, i, plus(times(conj(c), u), times(conj(s), v)));
      put(m, j, i + 1, minus(times(c, v), times(s, u)));
    }
  }
}

/** The Schur form of a square matrix, by shifted QR steps. */
export function schur(a: Matrix): Schur {
  const { t, q } = hessenberg(a);
  const isNegligible = (i: number): boolean => {
    const around = size(at(t, i, i)) + size(at(t, i + 1, i + 1));
    if (size(at(t, i + 1, i)) > 2 ** -52 * around) return false;
    put(t, i + 1, i, [0, 0]);
    return true;
  };
  let end = a.rows - 1;
  let iteration = 0;
  for (let total = 0; total < 30 * a.rows; total++) {
    while (end > 0 && isNegligible(end - 1)) {
      end--;
      iteration = 0;
    }
    if (end <= 0) break;
    iteration++;
    let start = end - 1;
    while (start > 0 && !isNegligible(start - 1)) start--;
    const shift = shiftOf(t, end, iteration);
    rotate(t, q, start, minus(at(t, start, start), shift), at(t, start + 1, start));
    for (let i = start + 1; i < end; i++) {
      rotate(t, q, i, at(t, i, i - 1), at(t, i + 1, i - 1));
      put(t, i + 1, i - 1, [0, 0]);
    }
  }
  for (let i = 1; i < a.rows; i++) for (let j = 0; j < i; j++) put(t, i, j, [0, 0]);
  return { t, q };
}

/** Columns of length 1 that belong to the diagonal of t, in its order. */
export function eigenvectors({ t, q }: Schur): Matrix {
  const n = t.rows;
  const x = zeros(n, n);
  let largest = 0;
  for (let i = 0; i < t.re.length; i++) largest = Math.max(largest, Math.hypot(t.re[i]!, t.im[i]!));
  for (let k = n - 1; k >= 0; k--) {
    put(x, k, k, [1, 0]);
    for (let i = k - 1; i >= 0; i--) {
      let sum: Complex = times([-1, 0], at(t, i, k));
      for (let j = i + 1; j < k; j++) sum = minus(sum, times(at(t, i, j), at(x, j, k)));
      let divisor = minus(at(t, i, i), at(t, k, k));
      if (divisor[0] === 0 && divisor[1] === 0) divisor = [2 ** -52 * largest, 0];
      put(x, i, k, quotient(...sum, ...divisor));
    }
  }
  const vectors = multiply(q, x);
  for (let k = 0; k < n; k++) {
    let length = 0;
    for (let i = 0; i < n; i++) length += size(at(vectors, i, k)) ** 2;
    for (let i = 0; i < n; i++) put(vectors, i, k, times([1 / Math.sqrt(length), 0], at(vectors, i, k)));
  }
  return vectors;
}

function triangularRoot(t: Matrix): Matrix {
  const n = t.rows;
  const r = zeros(n, n);
  for (let j = 0; j < n; j++) {
    put(r, j, j, root(at(t, j, j)));
    for (let i = j - 1; i >= 0; i--) {
      let sum = at(t, i, j);
      for (let k = i + 1; k < j; k++) sum = minus(sum, times(at(r, i, k), at(r, k, j)));
      put(r, i, j, quotient(...sum, ...plus(at(r, i, i), at(r, j, j))));
    }
  }
  return r;
}

const back = ({ q }: Schur, t: Matrix): Matrix => multiply(multiply(q, t), adjoint(q));

/** The principal square root. */
export function squareRoot(a: Matrix): Matrix {
  const form = schur(a);
  return back(form, triangularRoot(form.t));
}

const norm1 = (a: Matrix): number => {
  let largest = 0;
  for (let j = 0; j < a.columns; j++) {
    let sum = 0;
    for (let i = 0; i < a.rows; i++) sum += size(at(a, i, j));
    largest = Math.max(largest, sum);
  }
  return largest;
};

/** Nodes and weights of Gauss-Legendre quadrature with 7 points on [0, 1]. */
const legendre: readonly (readonly [number, number])[] = [
  [0.9491079123427585, 0.1294849661688697],
  [0.7415311855993945, 0.2797053914892767],
  [0.4058451513773972, 0.3818300505051189],
  [0, 0.4179591836734694],
  [-0.4058451513773972, 0.3818300505051189],
  [-0.7415311855993945, 0.2797053914892767],
  [-0.9491079123427585, 0.1294849661688697],
].map(([x, w]) => [(1 + x!) / 2, w! / 2] as const);

/** The principal logarithm: square roots until the matrix is near 1, then the integral of x / (1 + s x) over s in [0, 1]. */
export function logarithm(a: Matrix): Matrix {
  const form = schur(a);
  const one = identity(a.rows);
  let t = form.t;
  let doublings = 0;
  while (norm1(addScaled(t, one, -1)) > 0.05 && doublings < 60) {
    t = triangularRoot(t);
    doublings++;
  }
  const x = addScaled(t, one, -1);
  let sum = zeros(a.rows, a.rows);
  for (const [s, weight] of legendre) sum = addScaled(sum, solve(factorize(addScaled(one, x, s)), x), weight);
  return back(form, scale(sum, 2 ** doublings));
}

const pade = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
];

/** The exponential, by the [13/13] Padé approximant of a / 2^k, squared k times. */
export function exponential(a: Matrix): Matrix {
  const norm = norm1(a);
  const squarings = norm > 5.37 ? Math.max(0, Math.ceil(Math.log2(norm / 5.37))) : 0;
  const x = scale(a, 2 ** -squarings);
  const x2 = multiply(x, x);
  let power = identity(a.rows);
  let odd = zeros(a.rows, a.rows);
  let even = zeros(a.rows, a.rows);
  for (let i = 0; i < 7; i++) {
    even = addScaled(even, power, pade[2 * i]!);
    odd = addScaled(odd, power, pade[2 * i + 1]!);
    power = multiply(power, x2);
  }
  const u = multiply(x, odd);
  let result = solve(factorize(addScaled(even, u, -1)), addScaled(even, u, 1));
  for (let i = 0; i < squarings; i++) result = multiply(result, result);
  return result;
}
