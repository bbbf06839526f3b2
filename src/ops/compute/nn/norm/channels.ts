/** What the batch norm ops share: layouts, checks of vectors, statistics over channels. Source: fused_batch_norm_op.cc, common_shape_fns.cc. */
import { invalidArgument } from "../../../../core/error.ts";
import { type Dim, type FullShape, formatShape, mergeDims, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import { layoutOf } from "../window.ts";

/** The axis of the channels in an image or volume of the format. */
export const channelOf = (dataFormat: string): number => layoutOf(dataFormat).channel;

export const axesBeside = (rank: number, channel: number): number[] =>
  Array.from({ length: rank }, (_, i) => i).filter((i) => i !== channel);

/** Static shapes of x and its channels, which all the vectors have as well. */
export function withChannels(x: Shape, dataFormat: string, vectors: readonly Shape[]): { x: Shape; channels: Dim } {
  const dims = withRank(x, dataFormat.length);
  const axis = channelOf(dataFormat);
  let channels: Dim = dims[axis]!;
  for (const vector of vectors) channels = mergeDims(channels, withRank(vector, 1)[0]!);
  return { x: dims.map((d, i) => (i === axis ? channels : d)), channels };
}

/** Throws unless the value is a vector with one element for each channel. */
export function checkVector(name: string, shape: FullShape, channels: number, condition = ""): void {
  if (shape[0] !== channels) {
    throw invalidArgument(
      `${condition}${name} must have the same number of elements as the channels of x, got ${shape[0]} and ${channels}`,
    );
  }
}

export function checkRankOne(name: string, shape: FullShape): void {
  if (shape.length !== 1) throw invalidArgument(`${name} must be 1-dimensional${formatShape(shape)}`);
}

/** A vector of channels in a shape that broadcasts to x. */
export const overChannels = (p: Lowering, vector: Value, rank: number, axis: number): Value =>
  p.reshape(
    vector,
    Array.from({ length: rank }, (_, i) => (i === axis ? vector.shape[0]! : 1)),
  );

/** The mean over all axes but the channels', [channels]. */
export function channelMean(p: Lowering, x: Value, axis: number): Value {
  const axes = axesBeside(x.shape.length, axis);
  const count = axes.reduce((n, i) => n * x.shape[i]!, 1);
  return p.div(p.sum(x, axes), p.scalar(count, x.dtype));
}
