/** What convolution and pooling layers say of their windows. Source: tf_keras/utils/conv_utils.py. */
import { ValueError } from "../../core/error.ts";
import type { DataFormat } from "./core.ts";

export type Size = number | readonly number[];
export type Padding = "valid" | "same" | "VALID" | "SAME";

/** A size for each of n axes. Throws ValueError when there are more or fewer, or one that is not positive. */
export function sizes(value: Size, n: number, name: string): number[] {
  const list = typeof value === "number" ? new Array<number>(n).fill(value) : [...value];
  const wrong = `The \`${name}\` argument must be a tuple of ${n} integers. Received: ${
    typeof value === "number" ? value : `[${value.join(", ")}]`
  }`;
  if (list.length !== n || list.some((size) => !Number.isInteger(size))) throw new ValueError(wrong);
  const unqualified = list.filter((size) => size < 1);
  if (unqualified.length) {
    throw new ValueError(
      `${wrong} including {${unqualified.join(", ")}} that does not satisfy the requirement \`> 0\`.`,
    );
  }
  return list;
}

/** "same" as "SAME". Throws ValueError for other words. */
export function paddingOf(value: Padding | undefined): "SAME" | "VALID" {
  const padding = (value ?? "valid").toLowerCase();
  if (padding === "same") return "SAME";
  if (padding === "valid") return "VALID";
  throw new ValueError(
    `The \`padding\` argument must be a list/tuple or one of "valid", "same" (or "causal", only for \`Conv1D). Received: ${padding}`,
  );
}

/** Throws ValueError for other words. */
export function dataFormatOf(value: DataFormat | undefined): DataFormat {
  const format = (value ?? "channels_last").toLowerCase();
  if (format !== "channels_last" && format !== "channels_first") {
    throw new ValueError(
      `The \`data_format\` argument must be one of "channels_first", "channels_last". Received: ${value}`,
    );
  }
  return format;
}

const formats = { 1: ["NWC", "NCW"], 2: ["NHWC", "NCHW"], 3: ["NDHWC", "NCDHW"] } as const;

/** The ops' word for the order of axes. */
export const opFormat = (format: DataFormat, rank: 1 | 2 | 3): string =>
  formats[rank][format === "channels_first" ? 1 : 0];

/** Sizes of the spatial axes among ones for batch and channels. */
export const amongAll = (spatial: readonly number[], format: DataFormat): number[] =>
  format === "channels_first" ? [1, 1, ...spatial] : [1, ...spatial, 1];
