/** Numbers to strings and back: AsString, StringToNumber, StringFormat. */

import { type DType, float32 } from "../../../core/dtype.ts";
import { InvalidArgumentError, ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { printElement } from "../../../core/text/summarize.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byName, type Rest } from "../../options.ts";
import { emptyArray, toNumbers } from "../array/basic/elements.ts";
import type { Named } from "../array/basic/names.ts";
import { mapStrings, stringArray, stringsOf, toBytes, toLatin1, toText } from "./bytes.ts";
import { formatE, formatF, formatG, padded } from "./printf.ts";

interface Notation {
  readonly precision: number;
  readonly scientific: boolean;
  readonly shortest: boolean;
  readonly width: number;
  readonly fill: string;
}

function checkNotation(T: DType, { precision, scientific, shortest, fill }: Notation): void {
  const isFloat = T.isFloating || T.isComplex;
  if (!isFloat && T.base !== "string" && (scientific || shortest)) {
    throw new InvalidArgumentError(`scientific and shortest format not supported for datatype ${T.name}`);
  }
  if (!isFloat && precision > -1 && T.base !== "string")
    throw new InvalidArgumentError(`precision not supported for datatype ${T.name}`);
  if (scientific && shortest) throw new InvalidArgumentError("Cannot select both scientific and shortest notation");
  if (fill.length > 1) throw new InvalidArgumentError(`Fill argument must be single character: "${fill}"`);
  if (fill && !" +-0#".includes(fill)) throw new InvalidArgumentError(`Fill argument not supported: "${fill}"`);
}

const floatText = (x: number, { precision, scientific, shortest }: Notation): string => {
  const digits = precision < 0 ? 6 : precision;
  return shortest ? formatG(x, digits) : scientific ? formatE(x, digits) : formatF(x, digits);
};

/** output = each element's text, as printf writes it: %d, %f, %e or %g with width, fill and precision. Source: as_string_op.cc. */
export const asStringOp = defineOp("AsString", {
  inputs: ["input: T"],
  outputs: ["output: string"],
  attrs: [
    "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, complex64, complex128, bool, variant, string}",
    "precision: int = -1",
    "scientific: bool = false",
    "shortest: bool = false",
    "width: int = -1",
    "fill: string = ''",
  ],
  shape: ({ input }) => [input],
  compute({ input, T, ...notation }) {
    checkNotation(T, notation);
    const field = (text: string): Uint8Array => toBytes(padded(text, notation.width, notation.fill));
    if (T.base === "string")
      return mapStrings(input, (bytes) => toBytes(toText(bytes).padStart(Math.max(0, notation.width))));
    if (T.isBool)
      return stringArray(
        input.shape,
        Array.from(input.data as Uint8Array, (x) => toBytes(x ? "true" : "false")),
      );
    if (T.isComplex) {
      const data = input.data as Float64Array;
      const part = (x: number) => padded(floatText(x, notation), notation.width, notation.fill);
      return stringArray(
        input.shape,
        Array.from({ length: input.size }, (_, i) => toBytes(`(${part(data[2 * i]!)},${part(data[2 * i + 1]!)})`)),
      );
    }
    if (T.isFloating)
      return stringArray(
        input.shape,
        Array.from(toNumbers(input), (x) => field(floatText(x, notation))),
      );
    return stringArray(
      input.shape,
      Array.from(input.data as Int32Array, (x) => field(String(x))),
    );
  },
  gradient: "none",
});

const integerLimits: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/**
 * A number of a dtype from its text, or null when it is none: spaces around are allowed, whole numbers must fit, floats may be `inf`,
 * `nan` or hexadecimal. Source: strings/numbers.cc.
 */
export function parseNumber(bytes: Uint8Array, dtype: DType): number | bigint | null {
  const text = toLatin1(bytes).replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, "");
  const limits = integerLimits[dtype.base];
  if (limits) {
    if (!/^[+-]?\d+$/.test(text) || (text.startsWith("-") && limits[0] === 0n)) return null;
    const value = BigInt(text.replace(/^\+/, ""));
    if (value < limits[0] || value > limits[1]) return null;
    return dtype.sizeBytes === 8 ? value : Number(value);
  }
  const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(text);
  if (special)
    return special[2]!.toLowerCase() === "nan"
      ? Number.NaN
      : special[1] === "-"
        ? Number.NEGATIVE_INFINITY
        : Number.POSITIVE_INFINITY;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null;
  return Number(text);
}

/** output = the numbers that the strings say. Source: string_to_number_op.cc. */
export const stringToNumberOp = defineOp("StringToNumber", {
  inputs: ["string_tensor: string"],
  outputs: ["output: out_type"],
  attrs: ["out_type: {float, double, int32, int64, uint32, uint64} = DT_FLOAT"],
  shape: ({ string_tensor }) => [string_tensor],
  compute({ string_tensor, out_type }) {
    const output = emptyArray(out_type, string_tensor.shape);
    const data = output.data as Float64Array;
    for (const [i, bytes] of stringsOf(string_tensor).entries()) {
      const value = parseNumber(bytes, out_type);
      if (value === null)
        throw new InvalidArgumentError(`StringToNumberOp could not correctly convert string: ${toText(bytes)}`);
      data[i] = value as number;
    }
    return output;
  },
  gradient: "none",
});

/**
 * A tensor as tf.print shows it: inner lists on lines of their own, of long axes the first and last `limit` entries (all for -1).
 * Source: tensor.cc, PrintDimV2.
 */
function shown(array: NdArray, limit: number): string {
  const { shape } = array;
  const rank = shape.length;
  const print = (axis: number, at: number, step: number): string => {
    if (axis === rank) return array.dtype.isBool ? String(array.data[at]) : printElement(array, at, { isV2: true });
    const n = shape[axis]!;
    const ends = limit < 0 ? n : limit;
    const inner = n === 0 ? 0 : step / n;
    const gap = axis === rank - 1 ? " " : "\n".repeat(rank - 1 - axis) + " ".repeat(axis + 1);
    const items: string[] = [];
    for (let i = 0; i < n; i++) {
      if (i < ends || i >= Math.max(ends, n - ends)) items.push(print(axis + 1, at + i * inner, inner));
      else if (i === ends) items.push("...");
    }
    return `[${items.join(gap)}]`;
  };
  return print(0, 0, array.size);
}

/** output = the template with each placeholder replaced by one input, summarized. Source: string_format_op.cc. */
export const stringFormatOp = defineOp("StringFormat", {
  inputs: ["inputs: T"],
  outputs: ["output: string"],
  attrs: ["T: list(type) >= 0", "template: string = '%s'", "placeholder: string = '%s'", "summarize: int = 3"],
  shape: () => [[]],
  compute({ inputs, template, placeholder, summarize: limit }) {
    const parts = template.split(placeholder);
    if (parts.length - 1 !== inputs.length) {
      throw new InvalidArgumentError(
        `num placeholders in template and num inputs must match: ${parts.length - 1} vs. ${inputs.length}`,
      );
    }
    const text = parts.map((part, i) => part + (i < inputs.length ? shown(inputs[i]!, limit) : "")).join("");
    return stringArray([], [toBytes(text)]);
  },
  gradient: "unregistered",
});

export interface AsStringOptions extends Named, Partial<Notation> {}

const asStringPlaces = ["precision", "scientific", "shortest", "width", "fill", "name"] as const;

/** Each element as text; floats as %f, or %e (`scientific`) or %g (`shortest`). */
export function asString(input: TensorLike, ...rest: Rest<AsStringOptions, typeof asStringPlaces>): Tensor {
  const options = byName<AsStringOptions>(rest, asStringPlaces);
  const { precision = -1, scientific = false, shortest = false, width = -1, fill = "", name } = options;
  return asStringOp({ input, precision, scientific, shortest, width, fill }, name);
}

type StringToNumberOptions = { readonly outType?: DType } & Named;
const stringToNumberPlaces = ["outType", "name"] as const;

/** The numbers that strings say, of float32, float64, int32 or int64. */
export const stringToNumber = (
  input: TensorLike,
  ...rest: Rest<StringToNumberOptions, typeof stringToNumberPlaces>
): Tensor => {
  const { outType = float32, name } = byName<StringToNumberOptions>(rest, stringToNumberPlaces);
  return stringToNumberOp({ string_tensor: input, out_type: outType }, name);
};

export interface FormatOptions extends Named {
  readonly placeholder?: string;
  readonly summarize?: number;
}

const stringFormatPlaces = ["placeholder", "summarize", "name"] as const;

/** The template with its placeholders (`{}`) replaced by the inputs' values when run. */
export function stringFormat(
  template: string,
  inputs: readonly TensorLike[] | Tensor,
  ...rest: Rest<FormatOptions, typeof stringFormatPlaces>
): Tensor {
  const options = byName<FormatOptions>(rest, stringFormatPlaces);
  const { placeholder = "{}", summarize: limit = 3, name } = options;
  const list = (Array.isArray(inputs) ? inputs : [inputs]) as readonly TensorLike[];
  const count = template.split(placeholder).length - 1;
  if (count !== list.length) {
    throw new ValueError(
      `The template expects ${count} tensors, but the inputs only has ${list.length}. Please ensure the number of placeholders in template matches inputs length.`,
    );
  }
  return stringFormatOp({ inputs: list, template, placeholder, summarize: limit }, name);
}
