/** Type rules that several methods share. A broken one is a bug of the op that is lowered. */

import { formatShape } from "../../core/shape.ts";
import type { OpContext } from "../builder.ts";
import type { ConvolutionGeometry, Value, WindowGeometry } from "../primitive.ts";

export function bug(words: string): never {
  throw new Error(`bug: ${words}`);
}

export const show = (x: Value): string => `${x.dtype}${formatShape(x.shape)}`;

export function axisOf(axis: number, rank: number, what: string): number {
  const d = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(d) || d < 0 || d >= rank) bug(`${what} along axis ${axis} of rank ${rank}`);
  return d;
}

export const isIndex = (x: Value): boolean => x.dtype === "int32" || x.dtype === "int64";

/** What a method that can fail or draw needs of its receiver. */
export interface Bound {
  readonly op: OpContext;
}

/** Shapes of a convolution's three arrays. */
export function convolutionShapes({ batch, inChannels, outChannels, groups, spatial }: ConvolutionGeometry) {
  return {
    input: [batch, ...spatial.map((s) => s.input), inChannels],
    filter: [...spatial.map((s) => s.filter), inChannels / groups, outChannels],
    output: [batch, ...spatial.map((s) => s.output), outChannels],
  };
}

/** Shapes before and after a pooling window. */
export function windowShapes({ batch, channels, spatial }: WindowGeometry) {
  return {
    input: [batch, ...spatial.map((s) => s.input), channels],
    output: [batch, ...spatial.map((s) => s.output), channels],
  };
}
