/** Convolutions and their gradients: products over tables of places, direct loops for groups of channels. */
import { dtypeOf } from "../../../core/dtype.ts";
import { elementCount } from "../../../core/shape.ts";
import type { ConvolutionStep, Place } from "../../step.ts";
import { areaBytesFor } from "../kernels/product/blocks.ts";
import { directConvolution, directFilterGradient } from "../kernels/product/direct_convolution.ts";
import { filterGradient } from "../kernels/product/filter_gradient.ts";
import { stepOfB, tileColumns, tileRows } from "../kernels/product/tile.ts";
import type { Expr, Scalar } from "../lanes.ts";
import { fitsBlocks, forwardParts, inputGradientParts } from "./correlation.ts";
import { dot, forwardDims, frameOf, places, tapPlaces, turnedDims } from "./frame.ts";
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

const gradientSteps = 256;
/** Parts of a filter's gradient, and the memory for their results. */
const mostParts = 8;
const partsBytes = 32 * 1024 * 1024;

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
  const { inChannels, outChannels, spatial } = step.geometry;
  const { type } = shape;
  if (step.fn === "filterGradient") {
    return fitsBlocks(spatial.at(-1)!.output, type) ? [filterGradientCall(step, shape, scratch)] : null;
  }
  if (step.fn === "forward") return fitsBlocks(inChannels, type) ? forwardParts(step, type, scratch) : null;
  return fitsBlocks(outChannels, type) ? inputGradientParts(step, type, scratch) : null;
}

const addresses =
  (...list: Place[]) =>
  (base: Expr): Expr[] =>
    list.map((place) => addressOf(place, base));

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
  const tapOffsets = tapPlaces(spatial, framed.strides);
  const line = spatial[last]!.output;
  const perBlock = Math.max(1, Math.floor(gradientSteps / line));
  const packedBytes = Math.min(perBlock, lines.length) * line * Math.ceil(outChannels / tileColumns(type)) * stepOfB;
  const areaBytes = areaBytesFor(tileRows, Math.min(perBlock, lines.length) * line, size);
  const shared = isShared(2 * batch * outputs * taps * inChannels * outChannels, scratch);
  const resultBytes = taps * inChannels * outChannels * size;
  const perPart = Math.ceil(batch / Math.max(1, Math.min(batch, mostParts, Math.floor(partsBytes / resultBytes))));
  const parts = Math.ceil(batch / perPart);
  const take = scratch.room(step);
  const working = shared ? scratch.threads : 1;
  const packed = take(packedBytes * working);
  const areas = take(areaBytes * working);
  const results = parts > 1 ? take(parts * resultBytes) : null;
  const lineTable = scratch.table(lines);
  const tapTable = scratch.table(tapOffsets);
  return {
    kernel: filterGradient(type),
    args(base) {
      const [image, dy, out] = addresses(step.x, step.y, step.out)(base);
      return [
        ...[image!, inputs * inChannels * size, framed.frame, framed.rowTable, framed.rowCount, framed.rowBytes],
        ...[lineTable, lines.length, line, moves[last]!, perBlock, tapTable, taps, inChannels],
        ...[dy!, outputs * outChannels * size, packed(base), outChannels, parts, perPart, batch],
        ...[results?.(base) ?? out!, areas(base), areaBytes, framed.frameBytes, packedBytes, out!, scratch.job, shared],
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
  const tapOffsets = tapPlaces(spatial, framed.strides);
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
