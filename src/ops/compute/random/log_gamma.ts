/** log(gamma(x)) and how gamma samples move with their parameter. */

/** Lanczos' approximation with g = 607 / 128, good to 15 digits. Source: "A note on the computation of the gamma function", Godfrey, 2001. */
const shift = 607 / 128;
const coefficients = [
  0.9999999999999971, 57.15623566586292, -59.59796035547549, 14.136097974741746, -0.4919138160976202,
  3.399464998481189e-5, 4.652362892704858e-5, -9.837447530487956e-5, 0.0001580887032249125, -0.00021026444172410488,
  0.00021743961811521265, -0.0001643181065367639, 8.441822398385275e-5, -2.6190838401581408e-5, 3.6899182659531625e-6,
];

/** log(gamma(x)) for x > 0. */
export function logGamma(x: number): number {
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) sum += coefficients[i]! / (x - 1 + i);
  const t = x - 0.5 + shift;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** gamma'(x) / gamma(x) for x > 0: up by recurrence, then the asymptotic series. */
function digamma(x: number): number {
  let result = 0;
  let y = x;
  while (y < 10) result -= 1 / y++;
  const z = 1 / (y * y);
  return result + Math.log(y) - 0.5 / y - z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z / 132))));
}

/**
 * d sample / d alpha at a fixed quantile: -(dP/da) / p for the distribution function P(a, x) and the density p. dP/da comes from the series
 * of P, or beyond its reach from that of the upper part, differentiated numerically as a continued fraction.
 */
export function gammaSampleGradient(alpha: number, sample: number): number {
  if (!(alpha > 0) || Number.isNaN(sample)) return Number.NaN;
  if (sample === 0) return 0;
  return sample <= 1 || sample < alpha ? bySeries(alpha, sample) : byFraction(alpha, sample);
}

/** P(a, x) = x^a e^-x / gamma(a + 1) * sum of x^n / ((a + 1) ... (a + n)); the factor cancels against the density. */
function bySeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  let logTermGradient = 0;
  let sumGradient = 0;
  for (let n = 1; n < 5000; n++) {
    term *= x / (a + n);
    logTermGradient -= 1 / (a + n);
    const gradient = term * logTermGradient;
    sum += term;
    sumGradient += gradient;
    if (Math.abs(gradient) <= Math.abs(sumGradient) * 1e-17) break;
  }
  const logFactor = Math.log(x) - digamma(a + 1);
  return (-x / a) * (sumGradient + logFactor * sum);
}

/** Q(a, x) = x^a e^-x / gamma(a) * c(a, x), c by its continued fraction together with its derivative. */
function byFraction(a: number, x: number): number {
  // c = 1 / (x + 1 - a - 1(1 - a) / (x + 3 - a - 2(2 - a) / (x + 5 - a - ...))), from the inside out with a fixed depth.
  const depth = 2000;
  let value = 0;
  let gradient = 0;
  for (let n = depth; n >= 0; n--) {
    const numerator = n === 0 ? 1 : -n * (n - a);
    const numeratorGradient = n === 0 ? 0 : n;
    const denominator = x + 2 * n + 1 - a + value;
    const denominatorGradient = -1 + gradient;
    gradient = (numeratorGradient * denominator - numerator * denominatorGradient) / (denominator * denominator);
    value = numerator / denominator;
  }
  return x * (gradient + (Math.log(x) - digamma(a)) * value);
}
