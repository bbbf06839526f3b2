/** How Python's wrappers read window sizes and paddings. Source: nn_ops.py. */
import { ValueError } from "../../../../core/error.ts";
import type { Named } from "../../array/basic/names.ts";

/** One number for all spatial axes, one for each of them, or one for each axis. */
export type WindowSize = number | readonly number[];

/** `SAME`, `VALID`, or pairs (before, after) for each axis. */
export type PaddingLike = "SAME" | "VALID" | readonly (readonly [number, number] | readonly number[])[];

export interface PoolOptions extends Named {
  readonly ksize: WindowSize;
  readonly strides: WindowSize;
  readonly padding: PaddingLike;
  readonly dataFormat?: string | null;
}

/** A window size as one number for each axis. Source: nn_ops.py, _get_sequence. */
export function sequence(
  value: WindowSize | null | undefined,
  n: number,
  channel: number,
  name: string,
): readonly number[] {
  const given = value === null || value === undefined ? [1] : typeof value === "number" ? [value] : value;
  if (given.length === n + 2) return given;
  const list = given.length === 1 ? new Array<number>(n).fill(given[0]!) : given;
  if (list.length !== n)
    throw new ValueError(
      `\`${name}\` should be of length 1, ${n} or ${n + 2}. Received: ${name}=${JSON.stringify(value)} of length ${list.length}`,
    );
  return channel === 1 ? [1, 1, ...list] : [1, ...list, 1];
}

/** The attrs `padding` and `explicit_paddings`. Source: nn_ops.py, convert_padding. */
export function paddingAttrs(
  padding: PaddingLike,
  rank: number,
): { padding: "SAME" | "VALID" | "EXPLICIT"; explicit_paddings: readonly number[] } {
  if (typeof padding === "string") {
    if ((padding as string) === "EXPLICIT") {
      throw new ValueError(
        "'EXPLICIT' is not a valid value for `padding`. To use explicit padding, `padding` must be a list.",
      );
    }
    return { padding, explicit_paddings: [] };
  }
  for (const [i, pair] of padding.entries()) {
    if (!Array.isArray(pair))
      throw new ValueError(
        `When \`padding\` is a list, each element of \`padding\` must be a list/tuple of size 2. Received: padding=${JSON.stringify(padding)} with element at index ${i} of type ${typeof pair}`,
      );
    if (pair.length !== 2)
      throw new ValueError(
        `When \`padding\` is a list, each element of \`padding\` must be a list/tuple of size 2. Received: padding=${JSON.stringify(padding)} with element at index ${i} of length ${pair.length}`,
      );
  }
  if (padding.length !== rank)
    throw new ValueError(
      `When padding is a list, it must be of size ${rank}. Received: padding=${JSON.stringify(padding)} of size ${padding.length}`,
    );
  return { padding: "EXPLICIT", explicit_paddings: padding.flat() };
}
