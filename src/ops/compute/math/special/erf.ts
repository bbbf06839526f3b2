/** The error function, its complement and their inverses, in doubles. */

const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/** 2/sqrt(pi) exp(-x^2) times the sum of 2^n x^(2n+1) / (1 3 5 … (2n+1)). */
function series(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return twoOverRootPi * Math.exp(-x * x) * sum;
}

/** The continued fraction of erfc for x >= 2. */
function fraction(x: number): number {
  let t = x;
  for (let n = 80; n >= 1; n--) t = x + n / 2 / t;
  return Math.exp(-x * x) / (t * Math.sqrt(Math.PI));
}

export function erf(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  const a = Math.abs(x);
  return a < 2 ? series(x) : Math.sign(x) * (a > 6 ? 1 : 1 - fraction(a));
}

export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 2) return 1 - erf(x);
  return x > 27 ? 0 : fraction(x);
}

/** The x > 0 with erfc(x) = q, for q < 1: a rough start, then Newton's steps on log erfc. */
function inverseTail(q: number): number {
  const t = Math.sqrt(-2 * Math.log(q / 2));
  const rough = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  let x = rough / Math.SQRT2;
  for (let i = 0; i < 4; i++) {
    const tail = erfc(x);
    if (tail === 0) break;
    x += (Math.log(tail / q) * tail) / (twoOverRootPi * Math.exp(-x * x));
  }
  return x;
}

/** The inverse of erf, element by element; shape and dtype are those of x, of floats. */
export function erfinv(x: number): number {
  if (!(x >= -1 && x <= 1)) return Number.NaN;
  if (Math.abs(x) === 1) return x * Number.POSITIVE_INFINITY;
  if (Math.abs(x) > 0.5) return Math.sign(x) * inverseTail(1 - Math.abs(x));
  let y = x / twoOverRootPi;
  for (let i = 0; i < 6; i++) y -= (erf(y) - x) / (twoOverRootPi * Math.exp(-y * y));
  return y;
}

/** The quantile of the normal distribution. */
export function ndtri(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return Number.POSITIVE_INFINITY;
  if (p > 0.25 && p < 0.75) return Math.SQRT2 * erfinv(2 * p - 1);
  return p < 0.5 ? -Math.SQRT2 * inverseTail(2 * p) : Math.SQRT2 * inverseTail(2 * (1 - p));
}
