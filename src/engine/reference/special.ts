/** Functions of doubles that JavaScript's Math lacks, in a few plain lines each; good to about 1e-15 of the value. */

const twoOverSqrtPi = 2 / Math.sqrt(Math.PI);

/** exp(-x * x) without losing the low bits of the square. */
function expMinusSquare(x: number): number {
  const high = Math.fround(x);
  const low = x - high;
  return Math.exp(-high * high) * Math.exp(-low * (x + high));
}

/** 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (1 3 5 … (2n+1)): all terms have one sign. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200 && Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return twoOverSqrtPi * expMinusSquare(x) * sum;
}

/** Continued fraction of erfc for x >= 1.5, from its tail inwards. */
function erfcFraction(x: number): number {
  let t = x;
  for (let n = 160; n >= 1; n--) t = x + n / 2 / t;
  return expMinusSquare(x) / (t * Math.sqrt(Math.PI));
}

export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2) return x === 0 ? x : erfSeries(x);
  return Math.sign(x) * (1 - erfcFraction(a));
}

export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 28) return 0;
  return x < 1.5 ? 1 - erf(x) : erfcFraction(x);
}

/** log(1 + exp(x)) without overflow. */
export const softplus = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));

/** To the nearest whole number, ties to even. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return x < 0 && floor === 0 ? -0 : floor;
  if (rest > 0.5) return x < 0 && floor === -1 ? -0 : floor + 1;
  return floor % 2 === 0 ? floor : floor === -1 ? -0 : floor + 1;
}
