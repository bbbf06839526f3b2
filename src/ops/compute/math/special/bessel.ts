/** Bessel functions of orders 0 and 1, in doubles: series for small arguments, asymptotic ones for large. */

const euler = 0.5772156649015329;

/** Hankel's coefficients: the product of (4n^2 - (2j - 1)^2) / (8 j x) for j = 1 … k, until they stop falling. */
function hankel(n: number, x: number): number[] {
  const terms = [1];
  for (let k = 1; k < 60; k++) {
    const next = (terms[k - 1]! * (4 * n * n - (2 * k - 1) ** 2)) / (8 * k * x);
    if (Math.abs(next) > Math.abs(terms[k - 1]!) || Math.abs(next) < 1e-18) break;
    terms.push(next);
  }
  return terms;
}

/** exp(-|x|) I_n(x). */
export function besselIe(n: 0 | 1, x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  const sign = n === 1 && x < 0 ? -1 : 1;
  if (a === Number.POSITIVE_INFINITY) return 0;
  if (a > 30) {
    const sum = hankel(n, a).reduce((total, term, k) => total + (k % 2 === 0 ? term : -term), 0);
    return (sign * sum) / Math.sqrt(2 * Math.PI * a);
  }
  return sign * Math.exp(-a) * seriesI(n, a);
}

function seriesI(n: 0 | 1, x: number): number {
  const q = (x * x) / 4;
  let term = n === 0 ? 1 : x / 2;
  let sum = term;
  for (let k = 1; term > 1e-18 * sum; k++) {
    term *= q / (k * (k + n));
    sum += term;
  }
  return sum;
}

export function besselI(n: 0 | 1, x: number): number {
  const a = Math.abs(x);
  if (a <= 30) return (n === 1 && x < 0 ? -1 : 1) * seriesI(n, a);
  return a === Number.POSITIVE_INFINITY ? Number.NaN : besselIe(n, x) * Math.exp(a);
}

/** exp(x) K_n(x); infinite at 0 and below. */
export function besselKe(n: 0 | 1, x: number): number {
  if (x <= 0) return Number.POSITIVE_INFINITY;
  if (Number.isNaN(x)) return x;
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (x > 30) return Math.sqrt(Math.PI / (2 * x)) * hankel(n, x).reduce((sum, term) => sum + term, 0);
  return x <= 2 ? seriesK(n, x) * Math.exp(x) : integralK(n, x);
}

function seriesK(n: 0 | 1, x: number): number {
  const q = (x * x) / 4;
  const log = Math.log(x / 2);
  let term = n === 0 ? 1 : x / 2;
  let harmonic = n === 0 ? 0 : 0.5;
  let sum = term * harmonic;
  for (let k = 1; k < 40; k++) {
    term *= q / (k * (k + n));
    harmonic += n === 0 ? 1 / k : (1 / k + 1 / (k + 1)) / 2;
    sum += term * harmonic;
  }
  const tail = (log + euler) * seriesI(n, x);
  return n === 0 ? sum - tail : 1 / x + tail - sum;
}

/** The integral of exp(-x (cosh t - 1)) cosh(n t) over t >= 0, by the trapezoidal rule. */
function integralK(n: 0 | 1, x: number): number {
  const step = 0.04;
  let sum = 0.5;
  for (let k = 1; ; k++) {
    const c = Math.cosh(k * step);
    const value = Math.exp(-x * (c - 1)) * (n === 0 ? 1 : c);
    sum += value;
    if (value < 1e-18 * sum) return sum * step;
  }
}

export const besselK = (n: 0 | 1, x: number): number => {
  const scaled = besselKe(n, x);
  return Number.isFinite(scaled) ? scaled * Math.exp(-x) : scaled;
};

/** J_0 … J_m at x by downward recurrence. */
function allJ(x: number): number[] {
  const top = 2 * Math.ceil((x + 60) / 2);
  const values = new Array<number>(top + 2).fill(0);
  values[top] = 1e-300;
  for (let k = top; k > 0; k--) {
    values[k - 1] = ((2 * k) / x) * values[k]! - values[k + 1]!;
    if (Math.abs(values[k - 1]!) > 1e200) for (let i = k - 1; i <= top; i++) values[i]! *= 1e-250;
  }
  let norm = values[0]!;
  for (let k = 2; k <= top; k += 2) norm += 2 * values[k]!;
  return values.map((value) => value / norm);
}

/** Modulus and phase series of J_n and Y_n: amplitudes of cosine and sine of x - n pi/2 - pi/4. */
function phaseParts(n: 0 | 1, x: number): readonly [number, number, number] {
  let [p, q] = [0, 0];
  for (const [k, term] of hankel(n, x).entries()) {
    const sign = k % 4 < 2 ? 1 : -1;
    if (k % 2 === 0) p += sign * term;
    else q += sign * term;
  }
  return [p, q, x - (n * Math.PI) / 2 - Math.PI / 4];
}

export function besselJ(n: 0 | 1, x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const a = Math.abs(x);
  const sign = n === 1 && x < 0 ? -1 : 1;
  if (a < 1e-8) return n === 0 ? 1 : x / 2;
  if (a <= 30) return sign * allJ(a)[n]!;
  const [p, q, phase] = phaseParts(n, a);
  return sign * Math.sqrt(2 / (Math.PI * a)) * (p * Math.cos(phase) - q * Math.sin(phase));
}

/** Minus infinity at 0 and below. */
export function besselY(n: 0 | 1, x: number): number {
  if (x <= 0) return Number.NEGATIVE_INFINITY;
  if (!Number.isFinite(x)) return Number.NaN;
  if (x > 30) {
    const [p, q, phase] = phaseParts(n, x);
    return Math.sqrt(2 / (Math.PI * x)) * (p * Math.sin(phase) + q * Math.cos(phase));
  }
  const j = x < 1e-8 ? [1, x / 2, 0, 0] : allJ(x);
  const log = Math.log(x / 2) + euler;
  let sum = 0;
  for (let k = 1; 2 * k + 1 < j.length; k++) {
    const term = n === 0 ? -2 * j[2 * k]! : j[2 * k - 1]! - j[2 * k + 1]!;
    sum += (k % 2 === 0 ? term : -term) / k;
  }
  return (2 / Math.PI) * (sum + (n === 0 ? log * j[0]! : log * j[1]! - j[0]! / x));
}
