/**
 * Forward convolutions and gradients of the input as products of correlate.ts. With strides the gradient falls apart into phases: the
 * pixels i = stride * q + r of one r take only every stride-th tap, and no zeros between the rows of dy are multiplied.
 */
import { elementCount } from "../../../core/shape.ts";
import type { SpatialDim } from "../../primitive.ts";
import type { ConvolutionStep, Place } from "../../step.ts";
import { areaBytesFor, blockRows, stepsFor } from "../kernels/product/blocks.ts";
import { correlate, packFilter, packTurned, placePixels } from "../kernels/product/correlate.ts";
import { stepOfB, tileColumns } from "../kernels/product/tile.ts";
import { type Expr, laneBytes, type Scalar } from "../lanes.ts";
import { dot, type FrameDim, forwardDims, frameOf, places, turnedDims } from "./frame.ts";
import { addressOf, fillZero, isShared, type KernelCall, type Part, type Scratch } from "./part.ts";

/** Steps of k that one pass over the pixels sums. */
const blockSteps = 512;

/** One dimension of the pixels and taps that a correlation visits, in elements of the frame. */
interface Walk {
  readonly pixels: number;
  readonly first: number;
  readonly stride: number;
  readonly taps: number;
  readonly dilation: number;
}

interface Correlation {
  readonly type: Scalar;
  readonly batch: number;
  readonly image: Place;
  readonly channels: number;
  readonly frame: readonly FrameDim[];
  readonly walk: readonly Walk[];
  readonly filter: Place;
  readonly columns: number;
  /** The filter's taps in the order of the walk, each [columns, channels]; null: all of them, each [channels, columns]. */
  readonly turned: readonly number[] | null;
  readonly out: (base: Expr) => Expr | number;
}

type Take = ReturnType<Scratch["room"]>;

/** Whether rows of so many channels fit the blocks. */
export const fitsBlocks = (channels: number, type: Scalar): boolean => channels <= stepsFor(64, laneBytes(type));

/** The filter packed, then one product for each image. */
function calls(c: Correlation, scratch: Scratch, take: Take): KernelCall[] {
  const { type, batch, channels, columns, walk } = c;
  const size = laneBytes(type);
  const framed = frameOf(c.frame, channels * size, scratch);
  const pixels = places(
    walk.map((w) => w.pixels),
    (i) =>
      dot(
        i.map((n, d) => walk[d]!.first + n * walk[d]!.stride),
        framed.strides,
      ),
  );
  const taps = elementCount(walk.map((w) => w.taps));
  const last = walk.length - 1;
  const isRun = walk[last]!.dilation === 1 && walk[last]!.taps * channels <= stepsFor(64, size);
  const tapsEach = isRun ? walk[last]!.taps : 1;
  const segments = places(
    walk.map((w, d) => (d === last && isRun ? 1 : w.taps)),
    (i) =>
      dot(
        i.map((n, d) => n * walk[d]!.dilation),
        framed.strides,
      ),
  );
  const segment = tapsEach * channels;
  const perBlock = Math.max(1, Math.floor(blockSteps / segment));
  const packed = take(taps * channels * Math.ceil(columns / tileColumns(type)) * stepOfB);
  const turned = c.turned && scratch.table(c.turned);
  const filter = (base: Expr) => addressOf(c.filter, base);
  const pack: KernelCall =
    turned === null
      ? {
          kernel: packFilter(type),
          args: (base) => [filter(base), packed(base), taps * channels, columns, perBlock * segment],
        }
      : {
          kernel: packTurned(type),
          args: (base) => [filter(base), packed(base), turned, taps, columns, channels, perBlock * tapsEach],
        };
  const imageBytes = elementCount(c.frame.map((d) => d.input)) * channels * size;
  const outBytes = pixels.length * columns * size;
  const pixelTable = scratch.table(pixels);
  const segmentTable = scratch.table(segments);
  const shared = isShared(2 * batch * pixels.length * taps * channels * columns, scratch);
  const steps = Math.min(perBlock, segments.length) * segment;
  const areaBytes = areaBytesFor(Math.min(blockRows, pixels.length), steps, size);
  const areas = take(areaBytes * (shared ? scratch.threads : 1));
  const run: KernelCall = {
    kernel: correlate(type),
    args: (base) => [
      ...[addressOf(c.image, base), imageBytes, framed.frame, framed.rowTable, framed.rowCount, framed.rowBytes],
      ...[pixelTable, pixels.length, segmentTable, segments.length, segment, perBlock],
      ...[packed(base), columns, c.out(base), outBytes, batch, areas(base), areaBytes, framed.frameBytes],
      ...[scratch.job, shared],
    ],
  };
  return [pack, run];
}

export function forwardParts(step: ConvolutionStep, type: Scalar, scratch: Scratch): readonly Part[] {
  const { batch, inChannels, outChannels, spatial } = step.geometry;
  const walk = spatial.map((s) => ({
    pixels: s.output,
    first: 0,
    stride: s.stride,
    taps: s.filter,
    dilation: s.dilation,
  }));
  const frame = forwardDims(spatial);
  const sides = { image: step.x, channels: inChannels, filter: step.y, columns: outChannels, turned: null };
  const out = (base: Expr) => addressOf(step.out, base);
  return calls({ type, batch, ...sides, frame, walk, out }, scratch, scratch.room(step));
}

export function inputGradientParts(step: ConvolutionStep, type: Scalar, scratch: Scratch): readonly Part[] {
  const { batch, inChannels, outChannels, spatial } = step.geometry;
  const sides = { type, batch, image: step.y, channels: outChannels, filter: step.x, columns: inChannels };
  if (spatial.some((s) => s.stride > 1) && spatial.every((s) => s.dilation === 1)) {
    return phases(step, sides, scratch);
  }
  const walk = spatial.map((s) => ({
    pixels: s.input,
    first: 0,
    stride: 1,
    taps: s.filter,
    dilation: s.dilation,
  }));
  const turned = Array.from({ length: elementCount(spatial.map((s) => s.filter)) }, (_, t) => t).reverse();
  const frame = turnedDims(spatial);
  const out = (base: Expr) => addressOf(step.out, base);
  return calls({ ...sides, frame, walk, turned, out }, scratch, scratch.room(step));
}

/**
 * The pixels stride * q + r of one dimension: tap k of those with k = first (mod stride) takes dy at
 * q + shift - t where k = first + stride * t.
 */
function phaseOf({ input, filter, stride, padBefore }: SpatialDim, r: number) {
  const first = (r + padBefore) % stride;
  const taps = first < filter ? Math.ceil((filter - first) / stride) : 0;
  const shift = (r + padBefore - first) / stride;
  const pixels = r < input ? Math.ceil((input - r) / stride) : 0;
  return { r, first, taps, shift, pixels };
}

type Phase = ReturnType<typeof phaseOf>;

function phases(
  step: ConvolutionStep,
  sides: Omit<Correlation, "frame" | "walk" | "turned" | "out">,
  scratch: Scratch,
): readonly Part[] {
  const { spatial } = step.geometry;
  const { type, batch, columns } = sides;
  const size = laneBytes(type);
  const inputs = spatial.map((s) => s.input);
  const strides = inputs.map((_, d) => elementCount(inputs.slice(d + 1)) * columns * size);
  const all: Phase[][] = [];
  const visit = (before: readonly Phase[]): void => {
    const s = spatial[before.length];
    if (!s) all.push([...before]);
    else for (let r = 0; r < s.stride; r++) visit([...before, phaseOf(s, r)]);
  };
  visit([]);
  const busy = all.filter((phase) => phase.every((p) => p.pixels > 0));
  const withTaps = busy.filter((phase) => phase.every((p) => p.taps > 0));
  const parts: Part[] = [];
  if (withTaps.length < busy.length) {
    parts.push(fillZero(step.out, step.dtype, batch * elementCount(inputs) * columns));
  }
  const take = scratch.room(step);
  const counts = withTaps.map((phase) => elementCount(phase.map((p) => p.pixels)));
  const room = take(batch * Math.max(0, ...counts) * columns * size);
  for (const [i, phase] of withTaps.entries()) {
    const count = counts[i]!;
    // where the frame would have to begin before dy, the pixels begin later instead
    const start = phase.map((p) => p.taps - 1 - p.shift);
    const walk = phase.map((p, d) => ({
      pixels: p.pixels,
      first: Math.max(0, -start[d]!),
      stride: 1,
      taps: p.taps,
      dilation: 1,
    }));
    const frame = spatial.map((s, d) => ({
      input: s.output,
      start: Math.max(0, start[d]!),
      spread: 1,
      size: walk[d]!.first + phase[d]!.pixels + phase[d]!.taps - 1,
    }));
    const filters = spatial.map((s) => s.filter);
    const turned = places(
      phase.map((p) => p.taps),
      (i) =>
        i.reduce((tap, n, d) => {
          const { first, taps } = phase[d]!;
          return tap * filters[d]! + first + spatial[d]!.stride * (taps - 1 - n);
        }, 0),
    );
    const table = scratch.table(
      places(
        phase.map((p) => p.pixels),
        (i) =>
          dot(
            i.map((n, d) => n * spatial[d]!.stride + phase[d]!.r),
            strides,
          ),
      ),
    );
    parts.push(...calls({ ...sides, frame, walk, turned, out: room }, scratch, take));
    const imageBytes = elementCount(inputs) * columns * size;
    parts.push({
      kernel: placePixels,
      args: (base) => [addressOf(step.out, base), imageBytes, table, room(base), count, columns * size, batch],
    });
  }
  return parts;
}
