/** Places of pixels, taps and rows in images, as tables for correlate.ts and its like. */
import { elementCount } from "../../../core/shape.ts";
import type { SpatialDim } from "../../primitive.ts";
import type { Scratch } from "./part.ts";

/** A number for each i in the box of extents, in row-major order. */
export function places(extents: readonly number[], at: (i: readonly number[]) => number): number[] {
  const out: number[] = [];
  const i = extents.map(() => 0);
  for (let left = elementCount(extents); left > 0; left--) {
    out.push(at(i));
    for (let d = extents.length - 1; d >= 0; d--) {
      if (++i[d]! < extents[d]!) break;
      i[d] = 0;
    }
  }
  return out;
}

export const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, n, d) => sum + n * b[d]!, 0);

/** How one dimension of an image lies in its frame: element i at start + i * spread, of `size` elements. */
export interface FrameDim {
  readonly input: number;
  readonly start: number;
  readonly spread: number;
  readonly size: number;
}

/** An image as the kernels read it: in a frame of zeros, or where it lies (frame 0). */
export interface Framed {
  /** Byte strides of the dimensions, frame or not. */
  readonly strides: readonly number[];
  readonly frame: number;
  /** Bytes of the frame, of which every thread has one. */
  readonly frameBytes: number;
  readonly rowTable: number;
  readonly rowCount: number;
  readonly rowBytes: number;
}

export function frameOf(dims: readonly FrameDim[], pixelBytes: number, scratch: Scratch): Framed {
  const sizes = dims.map((d) => Math.max(d.size, d.start + (d.input - 1) * d.spread + 1));
  const strides = sizes.map((_, d) => elementCount(sizes.slice(d + 1)) * pixelBytes);
  if (dims.every((d, k) => d.start === 0 && d.spread === 1 && sizes[k] === d.input)) {
    return { strides, frame: 0, frameBytes: 0, rowTable: 0, rowCount: 0, rowBytes: 0 };
  }
  const last = dims.length - 1;
  const isWhole = dims[last]!.spread === 1;
  const inputs = dims.map((d, k) => (k === last && isWhole ? 1 : d.input));
  const table = places(inputs, (i) =>
    i.reduce((sum, n, d) => sum + (dims[d]!.start + n * dims[d]!.spread) * strides[d]!, 0),
  );
  const name = `frame ${dims.map((d) => `${d.input} ${d.start} ${d.spread} ${d.size}`)} ${pixelBytes}`;
  const frameBytes = Math.ceil((elementCount(sizes) * pixelBytes) / 64) * 64;
  return {
    strides,
    frame: scratch.block(name, frameBytes * scratch.threads),
    frameBytes,
    rowTable: scratch.table(table),
    rowCount: table.length,
    rowBytes: isWhole ? dims[last]!.input * pixelBytes : pixelBytes,
  };
}

/** Elements from the first tap of a dimension to the last. */
export const span = (s: SpatialDim): number => (s.filter - 1) * s.dilation;

export const forwardDims = (spatial: readonly SpatialDim[]): FrameDim[] =>
  spatial.map((s) => ({
    input: s.input,
    start: s.padBefore,
    spread: 1,
    size: (s.output - 1) * s.stride + span(s) + 1,
  }));

/** The gradient of the output between zeros, as the gradient of the input reads it. */
export const turnedDims = (spatial: readonly SpatialDim[]): FrameDim[] =>
  spatial.map((s) => ({ input: s.output, start: span(s) - s.padBefore, spread: s.stride, size: s.input + span(s) }));

/** Byte offsets of all taps. */
export const tapPlaces = (spatial: readonly SpatialDim[], strides: readonly number[]): number[] =>
  places(
    spatial.map((s) => s.filter),
    (i) =>
      dot(
        i.map((n, d) => n * spatial[d]!.dilation),
        strides,
      ),
  );
