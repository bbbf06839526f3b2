/**
 * Conversion between dtypes. Floats to integers truncate; what does not fit (NaN, infinity) becomes the sign bit alone for 32 and 64
 * bits, and its low bits (0) for fewer, as TensorFlow gives on x86. Integers wrap. To bool: whether it is not 0.
 */
import type { DTypeName } from "../../core/dtype.ts";
import type { Complex } from "./complex.ts";
import { type Format, formatOf, type Scalar } from "./format.ts";

const isComplex = (x: Scalar): x is Complex => typeof x === "object";

/** int64 to the nearest float32, rounded once although it goes through a double: the bits lost on the way stay visible in the last one. */
function bigToFloat(x: bigint): number {
  if (x >= -(2n ** 53n) && x <= 2n ** 53n) return Number(x);
  return Number((x >> 11n) | ((x & 2047n) !== 0n ? 1n : 0n)) * 2048;
}

function floatToBig(x: number, signed: boolean): bigint {
  const t = Math.trunc(x);
  if (t >= -(2 ** 63) && t < (signed ? 2 ** 63 : 2 ** 64)) return BigInt(t);
  return 2n ** 63n;
}

function floatToInteger(x: number, format: Format): Scalar {
  const t = Math.trunc(x);
  const fits = t >= -(2 ** 31) && t < (format.bits === 32 && format.lowest === 0 ? 2 ** 32 : 2 ** 31);
  return format.round(fits ? t : -(2 ** 31));
}

export function castOf(from: DTypeName, to: DTypeName): (x: Scalar) => Scalar {
  const source = formatOf(from);
  const target = formatOf(to);
  if (target.class === "complex") {
    if (source.class === "complex") return (x) => target.round(x);
    const real = to === "complex64" ? castOf(from, "float32") : castOf(from, "float64");
    return (x) => ({ re: real(x) as number, im: 0 });
  }
  if (source.class === "complex") {
    if (target.class === "bool") return (x) => (isComplex(x) && (x.re !== 0 || x.im !== 0) ? 1 : 0);
    const real = castOf(from === "complex64" ? "float32" : "float64", to);
    return (x) => real((x as Complex).re);
  }
  switch (target.class) {
    case "bool":
      return (x) => (Number(x) === 0 ? 0 : 1);
    case "float":
      if (source.class !== "big") return (x) => target.round(x);
      return to === "float64" ? (x) => Number(x) : (x) => target.round(bigToFloat(x as bigint));
    case "big":
      if (source.class === "float") {
        const signed = to === "int64";
        return (x) => target.round(floatToBig(x as number, signed));
      }
      return (x) => target.round(BigInt(x as number | bigint));
    case "integer":
      if (source.class === "big") return (x) => target.round(Number(BigInt.asIntN(32, x as bigint)));
      if (source.class === "float") return (x) => floatToInteger(x as number, target);
      return (x) => target.round(x);
  }
}
