/** The gamma function's relatives, in doubles: log gamma, digamma, polygamma, Hurwitz zeta, the incomplete gamma and beta functions. */

const lanczos = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** log |gamma(x)|; infinite at 0, -1, -2, … */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return Number.POSITIVE_INFINITY;
  if (x <= 0 && Number.isInteger(x)) return Number.POSITIVE_INFINITY;
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - lgamma(1 - x);
  if (x === 1 || x === 2) return 0;
  if (x > 12) return stirling(x);
  const y = x - 1;
  let sum = lanczos[0]!;
  for (let i = 1; i < lanczos.length; i++) sum += lanczos[i]! / (y + i);
  const t = y + 7.5;
  return Math.log(Math.sqrt(2 * Math.PI) * sum) + (y + 0.5) * Math.log(t) - t;
}

function stirling(x: number): number {
  const r = 1 / (x * x);
  const tail = (1 / 12 + r * (-1 / 360 + r * (1 / 1260 + r * (-1 / 1680 + r * (1 / 1188 - (r * 691) / 360360))))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + tail;
}

/** The derivative of log gamma; NaN at 0, -1, -2, … */
export function digamma(x: number): number {
  if (x === Number.NEGATIVE_INFINITY || (x <= 0 && Number.isInteger(x))) return Number.NaN;
  if (x < 0) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * x);
  let sum = 0;
  let y = x;
  for (; y < 10; y++) sum -= 1 / y;
  const r = 1 / (y * y);
  const tail = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - (r * 691) / 32760)))));
  return sum + Math.log(y) - 0.5 / y - tail;
}

/** (2k)! / B(2k) of the Euler-Maclaurin sum. */
const zetaDivisors = [
  12, -720, 30240, -1209600, 47900160, -1892437580.3183792, 7.47242496e10, -2950130727918.164, 116467828143500.67,
  -4597978722407473.0, 1.8152105401943546e17, -7.166165256175667e18,
];

/** The sum of (k + q)^-x over k >= 0, for x > 1. */
export function zeta(x: number, q: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  if (!(x > 1) || Number.isNaN(q)) return Number.NaN;
  if (q <= 0) {
    if (q === Math.floor(q)) return x === Math.floor(x) && x % 2 === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
    if (x !== Math.floor(x)) return Number.NaN;
  }
  let sum = q ** -x;
  let a = q;
  for (let i = 0; i < 9 || a <= 9; i++) {
    a += 1;
    const term = a ** -x;
    sum += term;
    if (Math.abs(term / sum) < 1.1e-16) return sum;
  }
  let power = a ** -x;
  sum += (power * a) / (x - 1) - 0.5 * power;
  let factor = 1;
  let k = 0;
  for (const divisor of zetaDivisors) {
    factor *= x + k;
    power /= a;
    const term = (factor * power) / divisor;
    sum += term;
    if (Math.abs(term / sum) < 1.1e-16) return sum;
    k += 1;
    factor *= x + k;
    power /= a;
    k += 1;
  }
  return sum;
}

/** The n-th derivative of digamma, for whole n >= 0. */
export function polygamma(n: number, x: number): number {
  if (Math.floor(n) !== n || n < 0) return Number.NaN;
  if (n === 0) return digamma(x);
  const sign = n % 2 === 0 ? -1 : 1;
  return sign * Math.exp(lgamma(n + 1)) * zeta(n + 1, x);
}

/** A value with its derivative by a. */
interface Dual {
  readonly v: number;
  readonly d: number;
}

/** x^a exp(-x) / gamma(a + shift). */
function prefix(a: number, x: number, shift: number): Dual {
  const v = Math.exp(a * Math.log(x) - x - lgamma(a + shift));
  return { v, d: v * (Math.log(x) - digamma(a + shift)) };
}

/** The lower function by its series. */
function lowerSeries(a: number, x: number): Dual {
  let [term, termD, sum, sumD] = [1, 0, 1, 0];
  for (let n = 1; n < 10000; n++) {
    const factor = x / (a + n);
    termD = termD * factor - (term * factor) / (a + n);
    term *= factor;
    sum += term;
    sumD += termD;
    if (term < 1e-17 * sum && Math.abs(termD) <= 1e-17 * Math.abs(sumD)) break;
  }
  const ax = prefix(a, x, 1);
  return { v: ax.v * sum, d: ax.d * sum + ax.v * sumD };
}

/** The upper function by its continued fraction (Lentz), for x > a + 1. */
function upperFraction(a: number, x: number): Dual {
  const tiny = 1e-300;
  let [b, bD] = [x + 1 - a, -1];
  let [c, cD] = [1 / tiny, 0];
  let [d, dD] = [1 / b, -bD / (b * b)];
  let [h, hD] = [d, dD];
  for (let i = 1; i < 10000; i++) {
    const an = -i * (i - a);
    const anD = i;
    b += 2;
    const den = an * d + b;
    const denD = anD * d + an * dD + bD;
    [d, dD] = [1 / den, -denD / (den * den)];
    const next = b + an / c;
    const nextD = bD + (anD * c - an * cD) / (c * c);
    [c, cD] = [next === 0 ? tiny : next, nextD];
    const delta = d * c;
    const deltaD = dD * c + d * cD;
    hD = hD * delta + h * deltaD;
    h *= delta;
    if (Math.abs(delta - 1) < 1e-16 && Math.abs(deltaD) < 1e-16) break;
  }
  const ax = prefix(a, x, 0);
  return { v: ax.v * h, d: ax.d * h + ax.v * hD };
}

/** The regularized lower incomplete gamma function and its derivative by a. */
function lower(a: number, x: number): Dual {
  if (Number.isNaN(a) || Number.isNaN(x)) return { v: Number.NaN, d: Number.NaN };
  if (x === 0) return { v: 0, d: 0 };
  if (x < 0 || a <= 0) return { v: Number.NaN, d: Number.NaN };
  if (!Number.isFinite(x)) return Number.isFinite(a) ? { v: 1, d: 0 } : { v: Number.NaN, d: Number.NaN };
  if (!Number.isFinite(a)) return { v: 0, d: 0 };
  if (x > 1 && x > a) {
    const upper = upperFraction(a, x);
    return { v: 1 - upper.v, d: -upper.d };
  }
  return lowerSeries(a, x);
}

export const igamma = (a: number, x: number): number => lower(a, x).v;
export const igammaGradA = (a: number, x: number): number => lower(a, x).d;

export function igammac(a: number, x: number): number {
  if (!(a > 0)) return Number.NaN;
  if (x > 1 && x > a && a > 0 && Number.isFinite(x)) return upperFraction(a, x).v;
  return 1 - lower(a, x).v;
}

/** The regularized incomplete beta function; NaN outside 0 <= x <= 1 and for a, b <= 0. */
export function betainc(a: number, b: number, x: number): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1)) return Number.NaN;
  if (x === 0 || x === 1) return x;
  const front = Math.exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(a, b, x)) / a;
  return 1 - (front * betaFraction(b, a, 1 - x)) / b;
}

function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  const guard = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < 10000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return h;
}
