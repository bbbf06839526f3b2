/** log(gamma(x)) and how gamma samples move with their parameter. */

/** Lanczos' approximation with g = 607 / 128, good to 15 digits. Source: "A note on the computation of the gamma function", Godfrey, 2001. */
const shift = 607 / 128;
const coefficients = [
  0.99999999999999709182, 57.156235665862923517, -59.597960355475491248, 14.136097974741747174, -0.49191381609762019978,
  0.33994649984811888699e-4, 0.46523628927048575665e-4, -0.98374475304879564677e-4, 0.15808870322491248884e-3,
  -0.21026444172410488319e-3, 0.2174396181152126432e-3, -0.16431810653676389022e-3, 0.84418223983852743293e-4,
  -0.2619083840158140867e-4, 0.36899182659531622704e-5,
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
