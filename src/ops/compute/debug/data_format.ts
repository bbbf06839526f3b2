/** Axes from one order to another: DataFormatDimMap, DataFormatVecPermute. Source: data_format_ops.cc. */
import { InvalidArgumentError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { formatShape, withRankAtLeast } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { integerArray, takeRows, toNumbers } from "../array/basic/elements.ts";

const attrs = ["T: {int32, int64} = DT_INT32", "src_format: string = 'NHWC'", "dst_format: string = 'NCHW'"] as const;

function checkFormats(src: string, dst: string): void {
  for (const [name, short, format] of [
    ["Source", "src", src],
    ["Destination", "dst", dst],
  ] as const) {
    if (format.length === 4 || format.length === 5) continue;
    throw new InvalidArgumentError(`${name} format must be of length 4 or 5, received ${short}_format = ${format}`);
  }
  if ([...src].sort().join() !== [...dst].sort().join()) {
    throw new InvalidArgumentError(`Destination and source format must determine a permutation, got ${src} and ${dst}`);
  }
}

/** y = where the axis x of src_format lies in dst_format. */
export const dataFormatDimMapOp = defineOp("DataFormatDimMap", {
  inputs: ["x: T"],
  outputs: ["y: T"],
  attrs,
  shape: ({ x }) => [x],
  compute({ x, src_format, dst_format }) {
    checkFormats(src_format, dst_format);
    const n = src_format.length;
    const map = Array.from(toNumbers(x), (axis) => dst_format.indexOf(src_format[((axis % n) + n) % n]!));
    return integerArray(x.dtype, map, x.shape);
  },
  gradient: "unregistered",
});

/** The elements (or rows) of x, which belong to src_format's axes, in the order of dst_format's; without N and C where there are fewer. */
export const dataFormatVecPermuteOp = defineOp("DataFormatVecPermute", {
  inputs: ["x: T"],
  outputs: ["y: T"],
  attrs,
  shape: ({ x }) => [withRankAtLeast(x, 1)],
  compute({ x, src_format, dst_format }) {
    checkFormats(src_format, dst_format);
    const [from, to] = formatsFor(x, src_format, dst_format);
    const rows = [...to].map((axis) => from.indexOf(axis));
    return takeRows(x, rows, x.size / x.shape[0]!, x.shape);
  },
  gradient: "unregistered",
});

function formatsFor(x: NdArray, src: string, dst: string): [string, string] {
  const full = src.length;
  const got = `but got shape ${formatShape(x.shape)}`;
  if (x.shape.length !== 1 && x.shape.length !== 2) {
    throw new InvalidArgumentError(`input must be a vector or 2D tensor, ${got}`);
  }
  const count = x.shape[0]!;
  const isLine = x.shape.length === 1;
  if (count !== full && count !== full - 2) {
    throw new InvalidArgumentError(
      `${isLine ? "1D" : "First dimension of 2D"} input must be of size ${full - 2} or ${full}, ${got}`,
    );
  }
  if (!isLine && x.shape[1] !== 2) {
    throw new InvalidArgumentError(`Second dimension of 2D input must be of size 2, ${got}`);
  }
  const spatial = (format: string): string => (count === full ? format : format.replace(/[NC]/g, ""));
  return [spatial(src), spatial(dst)];
}
