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

/** The fewest digits that come back to the same float32, nearest to it among those, the even one of two. Nine always do. */
function shortestSingle(value: number): string {
  for (let precision = 0; precision < 8; precision++) {
    if (Math.fround(Number(value.toExponential(precision))) === value) return exponential(value, precision);
  }
  return value.toExponential(8);
}

/** Python's repr of a float: `0.1`, `1e-05`, `1e+16`, `100.0`, `nan`, `inf`. */
export function pythonFloat(x: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const decimal = shortestDecimal(x);
  return decimalText(decimal, decimal.exponent < -4 || decimal.exponent >= 16);
}

/** numpy's str of a float32: the shortest decimal that names it. */
export function pythonFloat32(x: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  return scalarText(x, shortestDecimal(x, true));
}

/** numpy's str of a scalar whose digits are given: with an exponent if the value itself is below 1e-4 or at least 1e16. */
export const scalarText = (x: number, decimal: Decimal): string =>
  decimalText(decimal, x !== 0 && !(Math.abs(x) >= 1e-4 && Math.abs(x) < 1e16));

export const nonFinite = (x: number): string => (Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf");

function decimalText({ negative, digits, exponent }: Decimal, withExponent: boolean): string {
  const sign = negative ? "-" : "";
  if (withExponent) {
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

/** x >= 0 as `d.ddde±x` with this many digits after the point: the exact value rounded, ties to even (toExponential takes them up). */
export function exponential(x: number, fractionDigits: number): string {
  const text = x.toExponential(fractionDigits);
  const exact = x.toExponential(100);
  const e = exact.indexOf("e");
  const kept = fractionDigits === 0 ? 1 : 2 + fractionDigits;
  if (!/^\.?50*$/.test(exact.slice(kept, e))) return text;
  const down = exact.slice(0, kept);
  return Number(down.at(-1)) % 2 === 0 ? down + exact.slice(e) : text;
}

/** C's `%.<precision>g`. */
export function formatG(x: number, precision = 6): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  const [mantissa, e] = exponential(Math.abs(x), precision - 1).split("e") as [string, string];
  const exponent = Number(e);
  const decimal = { negative: x < 0, digits: mantissa.replace(".", "").replace(/0+$/, ""), exponent };
  return decimalText(decimal, exponent < -4 || exponent >= precision).replace(/\.0$/, "");
}
