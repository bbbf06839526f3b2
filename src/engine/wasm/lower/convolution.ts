/** Convolutions and their gradients: tables of places for correlate.ts and filter_gradient.ts, direct loops for grouped ones. */
import { dtypeOf } from "../../../core/dtype.ts";
import { elementCount } from "../../../core/shape.ts";
import type { SpatialDim } from "../../primitive.ts";
import type { ConvolutionStep, Place } from "../../step.ts";
import { stepsFor } from "../kernels/blocks.ts";
import { correlate, packFilter, packTurned } from "../kernels/correlate.ts";
import { directConvolution, directFilterGradient } from "../kernels/direct_convolution.ts";
import { filterGradient } from "../kernels/filter_gradient.ts";
import { stepOfB, tileColumns } from "../kernels/tile.ts";
import type { Expr, Scalar } from "../lanes.ts";
import {
  addressOf,
  epilogueParts,
  fillZero,
  isShared,
  type KernelCall,
  type Part,
  productType,
  type Scratch,
} from "./part.ts";

/** Steps of k that one pass over the pixels sums. */
const blockSteps = 512;
const gradientSteps = 256;
/** Parts of a filter's gradient, and the memory for their results. */
const mostParts = 8;
const partsBytes = 32 * 1024 * 1024;

/** All i in the box of extents, in row-major order. */
function places(extents: readonly number[], at: (i: readonly number[]) => number): number[] {
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

/** An image as the kernels read it: in a frame of zeros, or where it lies. */
interface Framed {
  /** Byte strides of the dimensions, frame or not. */
  readonly strides: readonly number[];
  readonly frame: number;
  /** Bytes of the frame, of which every thread has one. */
  readonly frameBytes: number;
  readonly rowTable: number;
  readonly rowCount: number;
  readonly rowBytes: number;
}

/** How one dimension of an image lies in its frame: element i at start + i * spread, of `size` elements. */
interface FrameDim {
  readonly input: number;
  readonly start: number;
  readonly spread: number;
  readonly size: number;
}

function frameOf(dims: readonly FrameDim[], pixelBytes: number, scratch: Scratch): Framed {
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

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, n, d) => sum + n * b[d]!, 0);

const span = (s: SpatialDim): number => (s.filter - 1) * s.dilation;

const forwardDims = (spatial: readonly SpatialDim[]): FrameDim[] =>
  spatial.map((s) => ({
    input: s.input,
    start: s.padBefore,
    spread: 1,
    size: (s.output - 1) * s.stride + span(s) + 1,
  }));

/** The gradient of the output between zeros, as the gradient of the input reads it. */
const turnedDims = (spatial: readonly SpatialDim[]): FrameDim[] =>
  spatial.map((s) => ({ input: s.output, start: span(s) - s.padBefore, spread: s.stride, size: s.input + span(s) }));

/** Taps of which neighbours along the last dimension may lie side by side. */
function segmentsOf(spatial: readonly SpatialDim[], strides: readonly number[], channels: number, most: number) {
  const last = spatial.length - 1;
  const isRun = spatial[last]!.dilation === 1 && spatial[last]!.filter * channels <= most;
  const taps = spatial.map((s, d) => (d === last && isRun ? 1 : s.filter));
  const offsets = places(taps, (i) =>
    dot(
      i.map((n, d) => n * spatial[d]!.dilation),
      strides,
    ),
  );
  return { offsets, tapsEach: isRun ? spatial[last]!.filter : 1 };
}

interface Shape {
  readonly type: Scalar;
  readonly size: number;
  readonly taps: number;
  readonly inputs: number;
  readonly outputs: number;
}

export function lowerConvolution(step: ConvolutionStep, scratch: Scratch): readonly Part[] | null {
  const type = productType(step.dtype);
  const after = epilogueParts(step.dtype, step.epilogue);
  if (!type || !after) return null;
  const { fn, geometry } = step;
  const { batch, inChannels, outChannels, groups, spatial } = geometry;
  const shape: Shape = {
    type,
    size: dtypeOf(step.dtype).sizeBytes,
    taps: elementCount(spatial.map((s) => s.filter)),
    inputs: elementCount(spatial.map((s) => s.input)),
    outputs: elementCount(spatial.map((s) => s.output)),
  };
  const { taps, inputs, outputs } = shape;
  const counts = {
    forward: batch * outputs * outChannels,
    inputGradient: batch * inputs * inChannels,
    filterGradient: (taps * inChannels * outChannels) / groups,
  };
  if (counts[fn] === 0) return [];
  if (batch * inputs * outputs * taps * inChannels * outChannels === 0) {
    return [fillZero(step.out, step.dtype, counts[fn]), ...after];
  }
  const dims = fn === "inputGradient" ? turnedDims(spatial) : forwardDims(spatial);
  if (dims.some((d) => d.start < 0)) return null;
  const main = groups > 1 ? grouped(step, shape, scratch) : dense(step, shape, scratch);
  return main && [...main, ...after];
}

function dense(step: ConvolutionStep, shape: Shape, scratch: Scratch): readonly Part[] | null {
  const { inChannels, outChannels } = step.geometry;
  const most = stepsFor(64, shape.size);
  if (step.fn === "filterGradient") {
    return step.geometry.spatial.at(-1)!.output > most ? null : [filterGradientCall(step, shape, scratch)];
  }
  const isForward = step.fn === "forward";
  const channels = isForward ? inChannels : outChannels;
  return channels > most ? null : correlateCalls(step, shape, scratch);
}

const addresses =
  (...list: Place[]) =>
  (base: Expr): Expr[] =>
    list.map((place) => addressOf(place, base));

/** The filter packed, then one product for each image. */
function correlateCalls(step: ConvolutionStep, shape: Shape, scratch: Scratch): KernelCall[] {
  const { batch, inChannels, outChannels, spatial } = step.geometry;
  const { type, size, taps, inputs, outputs } = shape;
  const isForward = step.fn === "forward";
  const [channels, columns] = isForward ? [inChannels, outChannels] : [outChannels, inChannels];
  const dims = isForward ? forwardDims(spatial) : turnedDims(spatial);
  const framed = frameOf(dims, channels * size, scratch);
  const moves = framed.strides.map((stride, d) => stride * (isForward ? spatial[d]!.stride : 1));
  const pixels = places(
    spatial.map((s) => (isForward ? s.output : s.input)),
    (i) => dot(i, moves),
  );
  const { offsets, tapsEach } = segmentsOf(spatial, framed.strides, channels, stepsFor(64, size));
  const segment = tapsEach * channels;
  const perBlock = Math.max(1, Math.floor(blockSteps / segment));
  const panels = Math.ceil(columns / tileColumns(type));
  const packed = scratch.block("packed", taps * channels * panels * stepOfB);
  const [image, filter] = isForward ? [step.x, step.y] : [step.y, step.x];
  const pack: KernelCall = isForward
    ? {
        kernel: packFilter(type),
        args: (base) => [addressOf(filter, base), packed, taps * channels, columns, perBlock * segment],
      }
    : {
        kernel: packTurned(type),
        args: (base) => [addressOf(filter, base), packed, taps, columns, channels, perBlock * tapsEach],
      };
  const imageBytes = (isForward ? inputs : outputs) * channels * size;
  const outBytes = pixels.length * columns * size;
  const pixelTable = scratch.table(pixels);
  const segmentTable = scratch.table(offsets);
  const shared = isShared(2 * batch * pixels.length * taps * channels * columns, scratch);
  const run: KernelCall = {
    kernel: correlate(type),
    args(base) {
      const [from, to] = addresses(image, step.out)(base);
      return [
        ...[from!, imageBytes, framed.frame, framed.rowTable, framed.rowCount, framed.rowBytes],
        ...[pixelTable, pixels.length, segmentTable, offsets.length, segment, perBlock],
        ...[packed, columns, to!, outBytes, batch, scratch.areas, framed.frameBytes, scratch.job, shared],
      ];
    },
  };
  return [pack, run];
}

function filterGradientCall(step: ConvolutionStep, shape: Shape, scratch: Scratch): KernelCall {
  const { batch, inChannels, outChannels, spatial } = step.geometry;
  const { type, size, taps, inputs, outputs } = shape;
  const last = spatial.length - 1;
  const framed = frameOf(forwardDims(spatial), inChannels * size, scratch);
  const moves = framed.strides.map((stride, d) => stride * spatial[d]!.stride);
  const lines = places(
    spatial.slice(0, last).map((s) => s.output),
    (i) => dot(i, moves),
  );
  const tapOffsets = places(
    spatial.map((s) => s.filter),
    (i) =>
      dot(
        i.map((n, d) => n * spatial[d]!.dilation),
        framed.strides,
      ),
  );
  const line = spatial[last]!.output;
  const perBlock = Math.max(1, Math.floor(gradientSteps / line));
  const packedBytes = Math.min(perBlock, lines.length) * line * Math.ceil(outChannels / tileColumns(type)) * stepOfB;
  const packed = scratch.block("packed", packedBytes * scratch.threads);
  const shared = isShared(2 * batch * outputs * taps * inChannels * outChannels, scratch);
  const resultBytes = taps * inChannels * outChannels * size;
  const perPart = Math.ceil(batch / Math.max(1, Math.min(batch, mostParts, Math.floor(partsBytes / resultBytes))));
  const parts = Math.ceil(batch / perPart);
  const results = parts > 1 ? scratch.block("parts", parts * resultBytes) : null;
  const lineTable = scratch.table(lines);
  const tapTable = scratch.table(tapOffsets);
  return {
    kernel: filterGradient(type),
    args(base) {
      const [image, dy, out] = addresses(step.x, step.y, step.out)(base);
      return [
        ...[image!, inputs * inChannels * size, framed.frame, framed.rowTable, framed.rowCount, framed.rowBytes],
        ...[lineTable, lines.length, line, moves[last]!, perBlock, tapTable, taps, inChannels],
        ...[dy!, outputs * outChannels * size, packed, outChannels, parts, perPart, batch, results ?? out!],
        ...[scratch.areas, framed.frameBytes, packedBytes, out!, scratch.job, shared],
      ];
    },
  };
}

/** Each group by itself, one output element after the other (vectors over channels where a group is one channel). */
function grouped(step: ConvolutionStep, shape: Shape, scratch: Scratch): readonly Part[] {
  const { batch, inChannels, outChannels, groups, spatial } = step.geometry;
  const { type, size, inputs, outputs } = shape;
  const isTurned = step.fn === "inputGradient";
  const channels = isTurned ? outChannels : inChannels;
  const framed = frameOf(isTurned ? turnedDims(spatial) : forwardDims(spatial), channels * size, scratch);
  const moves = framed.strides.map((stride, d) => stride * (isTurned ? 1 : spatial[d]!.stride));
  const pixels = scratch.table(
    places(
      spatial.map((s) => (isTurned ? s.input : s.output)),
      (i) => dot(i, moves),
    ),
  );
  const tapOffsets = places(
    spatial.map((s) => s.filter),
    (i) =>
      dot(
        i.map((n, d) => n * spatial[d]!.dilation),
        framed.strides,
      ),
  );
  const tapTable = scratch.table(isTurned ? tapOffsets.toReversed() : tapOffsets);
  const frame = [framed.frame, framed.rowTable, framed.rowCount, framed.rowBytes];
  const [image, other] = isTurned ? [step.y, step.x] : [step.x, step.y];
  const imageBytes = (isTurned ? outputs : inputs) * channels * size;
  const tail = [
    pixels,
    isTurned ? inputs : outputs,
    tapTable,
    tapOffsets.length,
    inChannels,
    outChannels,
    groups,
    batch,
  ];
  const kernel = step.fn === "filterGradient" ? directFilterGradient(type) : directConvolution(type, isTurned);
  return [
    {
      kernel,
      args(base) {
        const [from, with_, to] = addresses(image, other, step.out)(base);
        return [from!, imageBytes, ...frame, with_!, to!, ...tail];
      },
    },
  ];
}
