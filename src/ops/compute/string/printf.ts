/** Numbers as C's printf writes them: exact decimals of a double, rounded half to even. */
const words = new DataView(new ArrayBuffer(8));

/** |x| = mantissa * 2^exponent, both whole. */
function exactParts(x: number): { mantissa: bigint; exponent: number } {
  words.setFloat64(0, x);
  const bits = words.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** round(a / b), ties to even. */
function dividedEven(a: bigint, b: bigint): bigint {
  const q = a / b;
  const twice = 2n * (a - q * b);
  return twice > b || (twice === b && q % 2n === 1n) ? q + 1n : q;
}

/** round(|x| * 10^digits). */
function scaled(x: number, digits: number): bigint {
  const { mantissa, exponent } = exactParts(x);
  let over = mantissa;
  let under = 1n;
  if (digits >= 0) over *= 10n ** BigInt(digits);
  else under *= 10n ** BigInt(-digits);
  if (exponent >= 0) over <<= BigInt(exponent);
  else under <<= BigInt(-exponent);
  return dividedEven(over, under);
}

const isNegative = (x: number): boolean => x < 0 || Object.is(x, -0);

function nonFinite(x: number): string | null {
  if (Number.isNaN(x)) return "nan";
  return Number.isFinite(x) ? null : x > 0 ? "inf" : "-inf";
}

/** `%.Nf`. */
export function formatF(x: number, precision = 6): string {
  const special = nonFinite(x);
  if (special) return special;
  const digits = scaled(x, precision)
    .toString()
    .padStart(precision + 1, "0");
  const whole = digits.slice(0, digits.length - precision);
  const text = precision === 0 ? whole : `${whole}.${digits.slice(digits.length - precision)}`;
  return isNegative(x) ? `-${text}` : text;
}

/** `%.Ne`. */
export function formatE(x: number, precision = 6): string {
  const special = nonFinite(x);
  if (special) return special;
  const sign = isNegative(x) ? "-" : "";
  if (x === 0) return `${sign}0${precision ? `.${"0".repeat(precision)}` : ""}e+00`;
  let exponent = Math.floor(Math.log10(Math.abs(x)));
  let digits = scaled(x, precision - exponent).toString();
  // The logarithm may be one off either way, and rounding may carry into a new digit.
  while (digits.length > precision + 1) digits = scaled(x, precision - ++exponent).toString();
  while (digits.length < precision + 1) digits = scaled(x, precision - --exponent).toString();
  const size = Math.abs(exponent).toString().padStart(2, "0");
  return `${sign}${digits[0]}${precision ? `.${digits.slice(1)}` : ""}e${exponent < 0 ? "-" : "+"}${size}`;
}

/** `%.Ng`. */
export function formatG(x: number, precision = 6): string {
  const special = nonFinite(x);
  if (special) return special;
  const wanted = precision === 0 ? 1 : precision;
  const scientific = formatE(x, wanted - 1);
  const exponent = Number(scientific.slice(scientific.indexOf("e") + 1));
  const isScientific = exponent < -4 || exponent >= wanted;
  const text = isScientific ? scientific : formatF(x, wanted - 1 - exponent);
  if (!text.includes(".")) return text;
  const at = text.indexOf("e");
  const mantissa = (at < 0 ? text : text.slice(0, at)).replace(/\.?0+$/, "");
  return at < 0 ? mantissa : mantissa + text.slice(at);
}

/** A number's text in a field of `width`, padded by the flag: " " and "" at the left, "-" at the right, "0" after the sign, "+" with a sign. */
export function padded(text: string, width: number, flag: string): string {
  const signed =
    flag === "+" && !text.startsWith("-") ? `+${text}` : flag === " " && !text.startsWith("-") ? ` ${text}` : text;
  if (flag === "-") return signed.padEnd(width);
  if (flag !== "0" || /[a-z]{3}/.test(signed)) return signed.padStart(width);
  const sign = /^[+-]/.test(signed) ? signed[0]! : "";
  return sign + signed.slice(sign.length).padStart(width - sign.length, "0");
}
