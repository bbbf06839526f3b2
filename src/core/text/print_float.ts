/**
 * numpy 1's text of floating numbers: the shortest decimal of each, cut to 8 digits after the point inside arrays, all numbers of an array
 * with their points in one column, or all with exponents. Source: numpy/core/arrayprint.py FloatingFormat, dragon4.c
 */

import { halfToNumber, numberToHalf } from "../nd_array.ts";
import {
  type Decimal,
  exponential,
  exponentText,
  nonFinite,
  pythonFloat,
  pythonFloat32,
  scalarText,
  shortestDecimal,
} from "./float_text.ts";

export type FloatBits = 16 | 32 | 64;

const precision = 8;

/** The fewest digits that name the number among those of its width. */
function shortest(x: number, bits: FloatBits): Decimal {
  if (bits !== 16) return shortestDecimal(x, bits === 32);
  for (let digits = 0; digits < 5; digits++) {
    const short = Math.sign(x) * Number(exponential(Math.abs(x), digits));
    if (halfToNumber(numberToHalf(short)) === x)
      return { ...shortestDecimal(short), negative: shortestDecimal(x).negative };
  }
  return shortestDecimal(x);
}

/** A numpy scalar's str(). */
export function scalarFloat(x: number, bits: FloatBits): string {
  if (bits === 64) return pythonFloat(x);
  if (bits === 32 || !Number.isFinite(x)) return pythonFloat32(x);
  return scalarText(x, shortest(x, 16));
}

/** x >= 0 with 8 digits after the point: the exact value rounded, ties to even (toFixed takes them up). */
function roundedFixed(x: number): string {
  const text = x.toFixed(precision);
  const exact = x.toFixed(100);
  const point = exact.indexOf(".");
  const rest = exact.slice(point + 1 + precision);
  if (!/^50*$/.test(rest)) return text;
  const down = exact.slice(0, point + 1 + precision);
  return Number(down.at(-1)) % 2 === 0 ? down : text;
}

/** Whole and fractional digits without an exponent: whole ones all of the value's own, at most 8 after the point, no trailing zeros. */
function positional(x: number, bits: FloatBits): [whole: string, fraction: string] {
  const { negative, digits, exponent } = shortest(x, bits);
  const sign = negative ? "-" : "";
  if (digits.length - 1 - exponent > precision) {
    const [whole, fraction] = roundedFixed(Math.abs(x)).split(".") as [string, string];
    return [sign + whole, fraction.replace(/0+$/, "")];
  }
  if (exponent < 0) return [`${sign}0`, digits === "0" ? "" : "0".repeat(-exponent - 1) + digits];
  if (digits.length <= exponent + 1) return [sign + String(Math.abs(x)), ""];
  return [sign + digits.slice(0, exponent + 1), digits.slice(exponent + 1)];
}

/** First digit, at most 8 more, and the exponent with its sign: the shortest ones, or exactly `fractionDigits` of the value itself. */
function scientific(
  x: number,
  bits: FloatBits,
  fractionDigits?: number,
): [whole: string, fraction: string, exponent: string] {
  const { negative, digits, exponent } = shortest(x, bits);
  const sign = negative ? "-" : "";
  if (fractionDigits === undefined && digits.length <= precision + 1) {
    return [sign + digits[0], digits.slice(1), exponentText(exponent)];
  }
  const [mantissa, e] = exponential(Math.abs(x), fractionDigits ?? precision).split("e") as [string, string];
  const fraction = mantissa.slice(2);
  return [
    sign + mantissa[0],
    fractionDigits === undefined ? fraction.replace(/0+$/, "") : fraction,
    exponentText(Number(e)),
  ];
}

const fromWidth: Record<FloatBits, (x: number) => number> = {
  16: (x) => halfToNumber(numberToHalf(x)),
  32: Math.fround,
  64: (x) => x,
};

/** How to print these numbers so that they line up; `plus` puts a sign before positive ones too (imaginary parts). */
export function floatFormat(numbers: readonly number[], bits: FloatBits, plus = false): (x: number) => string {
  const finite = numbers.filter((x) => Number.isFinite(x));
  const signed = (x: number, whole: string) => (plus && !(x < 0 || Object.is(x, -0)) ? `+${whole}` : whole);
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (const x of finite) {
    if (x === 0) continue;
    min = Math.min(min, Math.abs(x));
    max = Math.max(max, Math.abs(x));
  }
  const exponents = max > 0 && (max >= 1e8 || min < 0.0001 || fromWidth[bits](max / min) > 1000);
  const parts = finite.map((x) => (exponents ? scientific(x, bits) : positional(x, bits)));
  const longest = (lengths: number[]) => lengths.reduce((a, b) => Math.max(a, b), 0);
  const fractionSize = longest(parts.map((part) => part[1].length));
  const exponentSize = exponents ? longest(parts.map((part) => part[2]!.length)) - 1 : 0;
  let left = longest(parts.map((part, i) => signed(finite[i]!, part[0]).length));
  const right = exponents ? exponentSize + 2 + fractionSize : fractionSize;
  if (finite.length < numbers.length) {
    const infinitySize = numbers.some((x) => x === Number.NEGATIVE_INFINITY) || plus ? 4 : 3;
    left = Math.max(left, 3 - (right + 1), infinitySize - (right + 1));
  }
  return (x) => {
    if (!Number.isFinite(x)) return signed(x, nonFinite(x)).padStart(left + right + 1);
    if (!exponents) {
      const [whole, fraction] = positional(x, bits);
      return `${signed(x, whole).padStart(left)}.${fraction.padEnd(right)}`;
    }
    const [whole, fraction, exponent] = scientific(x, bits, fractionSize);
    const e = exponent[0] + exponent.slice(1).padStart(exponentSize, "0");
    return `${signed(x, whole).padStart(left)}.${fraction}e${e}`;
  };
}
