/** Numbers as decimal text, as Python, numpy and C write them. */

/** The significant digits of a finite number and the power of ten of the first one. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** The shortest decimal that names this double, or with `single` this float32. */
export function shortestDecimal(x: number, single = false): Decimal {
  const negative = x < 0 || Object.is(x, -0);
  const value = Math.abs(x);
  const text = single ? shortestSingle(value) : value.toExponential();
  const [mantissa, exponent] = text.split("e") as [string, string];
  return { negative, digits: mantissa.replace(".", "").replace(/0+$/, "") || "0", exponent: Number(exponent) };
}

/** The fewest digits that come back to the same float32, nearest to it among those. Nine always do. */
function shortestSingle(value: number): string {
  for (let precision = 0; precision < 8; precision++) {
    const text = value.toExponential(precision);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential(8);
}

/** Python's repr of a float: `0.1`, `1e-05`, `1e+16`, `100.0`, `nan`, `inf`. */
export function pythonFloat(x: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  return fromDecimal(shortestDecimal(x), -4, 16);
}

/** numpy's str of a float32 scalar: the shortest decimal, exponents below 1e-4 and from 1e16 on. */
export function pythonFloat32(x: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  return fromDecimal(shortestDecimal(x, true), -4, 16);
}

export const nonFinite = (x: number): string => (Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf");

function fromDecimal({ negative, digits, exponent }: Decimal, from: number, below: number): string {
  const sign = negative ? "-" : "";
  if (exponent < from || exponent >= below) {
    const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
    return `${sign}${mantissa}e${exponentText(exponent)}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/** `+16`, `-05`, `+100`: a sign and at least two digits. */
export const exponentText = (exponent: number): string =>
  `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;

/** C's `%.<precision>g`. */
export function formatG(x: number, precision = 6): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  const [mantissa, exponent] = x.toExponential(precision - 1).split("e") as [string, string];
  const e = Number(exponent);
  if (e < -4 || e >= precision) return `${trimZeros(mantissa)}e${exponentText(e)}`;
  return trimZeros(x.toFixed(Math.max(0, precision - 1 - e)));
}

const trimZeros = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
