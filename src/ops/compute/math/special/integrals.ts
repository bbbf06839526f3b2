/** Integrals without a closed form, in doubles: Dawson's, the exponential, Fresnel's, and the dilogarithm. */

/** exp(-x^2) times the integral of exp(t^2) from 0 to x. Source: Rybicki's sum over odd multiples of a step. */
export function dawsn(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a < 0.2) {
    let [term, sum] = [x, x];
    for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
      term *= (-2 * x * x) / (2 * k + 1);
      sum += term;
    }
    return sum;
  }
  if (a > 50) {
    const q = 1 / (2 * x * x);
    return (1 / (2 * x)) * (1 + q * (1 + 3 * q * (1 + 5 * q)));
  }
  const step = 0.2;
  const center = 2 * Math.round(a / (2 * step));
  let sum = 0;
  for (let k = -61; k <= 61; k += 2) {
    const n = center + k;
    sum += Math.exp(-((a - n * step) ** 2)) / n;
  }
  return (Math.sign(x) * sum) / Math.sqrt(Math.PI);
}

/** Ei(x), the integral of exp(t) / t from -infinity to x, for x > 0; NaN below and for infinity. */
export function expint(x: number): number {
  if (!(x >= 0)) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return Number.NaN;
  if (x > 50) {
    let [term, sum] = [1, 1];
    for (let k = 1; k < x && term > 1e-17; k++) {
      term *= k / x;
      sum += term;
    }
    return (Math.exp(x) / x) * sum;
  }
  let [power, sum] = [1, 0];
  for (let k = 1; k < 300; k++) {
    power *= x / k;
    sum += power / k;
    if (power / k < 1e-18 * sum) break;
  }
  return 0.5772156649015329 + Math.log(x) + sum;
}

/** The integrals of cos(pi t^2 / 2) and sin(pi t^2 / 2) from 0 to x. */
function fresnel(x: number): readonly [number, number] {
  if (Number.isNaN(x)) return [x, x];
  const a = Math.abs(x);
  const sign = Math.sign(x);
  if (a < 1.6) return fresnelSeries(x);
  if (a > 36974) return [0.5 * sign, 0.5 * sign];
  const [c, s] = fresnelFraction(a);
  return [sign * c, sign * s];
}

function fresnelSeries(x: number): readonly [number, number] {
  const q = (Math.PI / 2) * x * x;
  let term = x;
  let [c, s] = [0, 0];
  for (let k = 0; k < 60; k++) {
    const value = term / (2 * k + 1);
    const signed = k % 4 < 2 ? value : -value;
    if (k % 2 === 0) c += signed;
    else s += signed;
    term *= q / (k + 1);
  }
  return [c, s];
}

type Complex = readonly [number, number];

const over = ([a, b]: Complex, [c, d]: Complex): Complex => {
  const n = c * c + d * d;
  return [(a * c + b * d) / n, (b * c - a * d) / n];
};
const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];

/** By the continued fraction of the complex error function (Lentz). */
function fresnelFraction(x: number): Complex {
  const q = Math.PI * x * x;
  let b: Complex = [1, -q];
  let c: Complex = [1e300, 0];
  let d = over([1, 0], b);
  let h = d;
  for (let k = 2, n = -1; k < 1000; k++) {
    n += 2;
    const a = -n * (n + 1);
    b = [b[0] + 4, b[1]];
    d = over([1, 0], [a * d[0] + b[0], a * d[1] + b[1]]);
    const part = over([a, 0], c);
    c = [b[0] + part[0], b[1] + part[1]];
    const delta = times(c, d);
    h = times(h, delta);
    if (Math.abs(delta[0] - 1) + Math.abs(delta[1]) < 1e-16) break;
  }
  h = times([x, -x], h);
  const phase: Complex = [Math.cos(q / 2), Math.sin(q / 2)];
  const product = times(phase, h);
  return times([0.5, 0.5], [1 - product[0], -product[1]]);
}

export const fresnelCos = (x: number): number => fresnel(x)[0];
export const fresnelSin = (x: number): number => fresnel(x)[1];

/** The integral of log(t) / (1 - t) from 1 to x: the dilogarithm of 1 - x. NaN below 0. */
export function spence(x: number): number {
  if (!(x >= 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return Number.NaN;
  return dilogarithm(1 - x);
}

function dilogarithm(z: number): number {
  if (z === 1) return (Math.PI * Math.PI) / 6;
  if (z < -1) return -dilogarithm(1 / z) - (Math.PI * Math.PI) / 6 - Math.log(-z) ** 2 / 2;
  if (z < 0) return -dilogarithm(z / (z - 1)) - Math.log1p(-z) ** 2 / 2;
  if (z > 0.5) return (Math.PI * Math.PI) / 6 - Math.log(z) * Math.log1p(-z) - dilogarithm(1 - z);
  let [power, sum] = [1, 0];
  for (let k = 1; k < 80; k++) {
    power *= z;
    sum += power / (k * k);
  }
  return sum;
}
