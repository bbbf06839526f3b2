/** Complex arithmetic in doubles, by the textbook formulas. */

export interface Complex {
  readonly re: number;
  readonly im: number;
}

export const complex = (re: number, im: number): Complex => ({ re, im });

export const add = (x: Complex, y: Complex): Complex => complex(x.re + y.re, x.im + y.im);
export const sub = (x: Complex, y: Complex): Complex => complex(x.re - y.re, x.im - y.im);
export const mul = (x: Complex, y: Complex): Complex => complex(x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re);
const scale = (x: Complex, s: number): Complex => complex(x.re * s, x.im * s);
const negate = (x: Complex): Complex => complex(-x.re, -x.im);
const abs = (x: Complex): number => Math.hypot(x.re, x.im);
const one = complex(1, 0);
const i = complex(0, 1);

/** Smith's algorithm: no overflow in between. */
export function div(x: Complex, y: Complex): Complex {
  if (Math.abs(y.re) >= Math.abs(y.im)) {
    const r = y.im / y.re;
    const d = y.re + y.im * r;
    return complex((x.re + x.im * r) / d, (x.im - x.re * r) / d);
  }
  const r = y.re / y.im;
  const d = y.re * r + y.im;
  return complex((x.re * r + x.im) / d, (x.im * r - x.re) / d);
}

export function exp(x: Complex): Complex {
  const r = Math.exp(x.re);
  return x.im === 0 ? complex(r, x.im) : complex(r * Math.cos(x.im), r * Math.sin(x.im));
}

export const log = (x: Complex): Complex => complex(Math.log(abs(x)), Math.atan2(x.im, x.re));

export function sqrt(x: Complex): Complex {
  const r = abs(x);
  if (r === 0) return complex(0, x.im);
  const a = Math.sqrt((r + Math.abs(x.re)) / 2);
  const b = Math.abs(x.im) / (2 * a);
  const sign = x.im < 0 || Object.is(x.im, -0) ? -1 : 1;
  return x.re >= 0 ? complex(a, sign * b) : complex(b, sign * a);
}

/** x^y; 0^0 = 1, and 0 to any other power is 0. */
export function pow(x: Complex, y: Complex): Complex {
  if (y.re === 0 && y.im === 0) return one;
  if (x.re === 0 && x.im === 0) return complex(0, 0);
  return exp(mul(y, log(x)));
}

const sinh = (x: Complex): Complex => complex(Math.sinh(x.re) * Math.cos(x.im), Math.cosh(x.re) * Math.sin(x.im));
const cosh = (x: Complex): Complex => complex(Math.cosh(x.re) * Math.cos(x.im), Math.sinh(x.re) * Math.sin(x.im));

function tanh(x: Complex): Complex {
  if (Math.abs(x.re) > 20) return complex(Math.sign(x.re), 0);
  const d = Math.cosh(2 * x.re) + Math.cos(2 * x.im);
  return complex(Math.sinh(2 * x.re) / d, Math.sin(2 * x.im) / d);
}

/** f(i x) / i, which turns a hyperbolic function into its circular one. */
const rotated =
  (f: (x: Complex) => Complex) =>
  (x: Complex): Complex => {
    const y = f(complex(-x.im, x.re));
    return complex(y.im, -y.re);
  };

const asinh = (x: Complex): Complex => log(add(x, sqrt(add(mul(x, x), one))));
const acosh = (x: Complex): Complex => log(add(x, mul(sqrt(add(x, one)), sqrt(sub(x, one)))));
const atanh = (x: Complex): Complex => scale(sub(log(add(one, x)), log(sub(one, x))), 0.5);
const asin = rotated(asinh);

/** The functions of one complex argument, by the name of the primitive. `sign` is x / |x|. */
export const complexUnary: Record<string, (x: Complex) => Complex> = {
  neg: negate,
  sign: (x) => (abs(x) === 0 ? complex(0, 0) : scale(x, 1 / abs(x))),
  sqrt,
  rsqrt: (x) => div(one, sqrt(x)),
  reciprocal: (x) => div(one, x),
  square: (x) => mul(x, x),
  exp,
  expm1: (x) => sub(exp(x), one),
  log,
  log1p: (x) => log(add(x, one)),
  sigmoid: (x) => div(one, add(one, exp(negate(x)))),
  tanh,
  sin: rotated(sinh),
  cos: (x) => cosh(mul(i, x)),
  tan: rotated(tanh),
  asin,
  acos: (x) => sub(complex(Math.PI / 2, 0), asin(x)),
  atan: rotated(atanh),
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
};

export const complexBinary: Record<string, (x: Complex, y: Complex) => Complex> = { add, sub, mul, div, pow };
