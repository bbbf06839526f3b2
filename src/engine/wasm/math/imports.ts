/**
 * Functions that compiled code borrows from JavaScript: doubles in, a double out. Used for float64 and for rare float32 functions,
 * whose result is rounded once.
 */

const twoOverSqrtPi = 2 / Math.sqrt(Math.PI);

/** erf for |x| < 2.5 by its series with positive terms: 2/sqrt(pi) exp(-x²) (x + 2x³/3 + 4x⁵/15 + …). */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17 && n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return twoOverSqrtPi * expOfMinusSquare(x) * sum;
}

/** exp(-x²) without the rounding error of x²: the high half of x squares exactly. */
function expOfMinusSquare(x: number): number {
  const high = Math.fround(x);
  return Math.exp(-high * high) * Math.exp((high - x) * (high + x));
}

/** erfc for x >= 2.5 by its continued fraction, evaluated from the back. */
function erfcFraction(x: number): number {
  let tail = x;
  for (let n = 60; n > 0; n--) tail = x + n / 2 / tail;
  return expOfMinusSquare(x) / (Math.sqrt(Math.PI) * tail);
}

export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size < 2.5) return erfSeries(x);
  const y = size > 6 ? 1 : 1 - erfcFraction(size);
  return x < 0 ? -y : y;
}

export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 27.5) return 0;
  if (x >= 2.5) return erfcFraction(x);
  if (x <= -2.5) return x < -6 ? 2 : 2 - erfcFraction(-x);
  return 1 - erfSeries(x);
}

/** C's pow: 1 to any power and -1 to an infinite one are 1, where JavaScript says NaN. */
export const pow = (x: number, y: number): number =>
  x === 1 || (x === -1 && (y === Number.POSITIVE_INFINITY || y === Number.NEGATIVE_INFINITY)) ? 1 : x ** y;

/** log(1 + exp(x)) without overflow. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

export function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

const { exp, expm1, log, log1p, tanh, sin, cos, tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh, atan2 } = Math;

export const unaryImports = {
  exp,
  expm1,
  log,
  log1p,
  tanh,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  erf,
  erfc,
  softplus,
  sigmoid,
};

/** C's fmod: the truncated remainder. */
const mod = (x: number, y: number): number => x % y;

/** The remainder with the sign of the divisor. */
function floorMod(x: number, y: number): number {
  const r = x % y;
  return r !== 0 && r < 0 !== y < 0 ? r + y : r;
}

export const binaryImports = { pow, atan2, mod, floorMod };

export const mathImports: Record<string, (...args: number[]) => number> = { ...unaryImports, ...binaryImports };
