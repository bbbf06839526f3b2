/** Windows around points of images, with noise outside. Source: image_ops.cc, attention_ops.cc. */

import { float32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { elementCount, formatShape, mergeDims, type Shape, withRank } from "../../../../core/shape.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { toNumbers } from "../../array/basic/elements.ts";
import type { Named } from "../../array/basic/names.ts";
import { numbersFromInput } from "../../array/basic/shape_input.ts";

interface GlimpseAttrs {
  readonly centered: boolean;
  readonly normalized: boolean;
  readonly uniform_noise: boolean;
  readonly noise: string;
}

function glimpseShape(
  { input, size, offsets }: { input: Shape; size: Shape; offsets: Shape },
  { uniform_noise, noise }: GlimpseAttrs,
  context: ShapeContext,
): Shape[] {
  const [batch, , , depth] = withRank(input, 4);
  const [points, two] = withRank(offsets, 2);
  const n = mergeDims(batch!, points!);
  if (two !== null && two !== 2) throw invalidArgument(`Dimension must be 2 but is ${two}`);
  if (uniform_noise && noise !== "" && noise !== "uniform")
    throw invalidArgument("The uniform_noise should not be True when noise is not uniform");
  const [count] = withRank(size, 1);
  if (count !== null && count !== 2) throw invalidArgument(`Dimension must be 2 but is ${count}`);
  const wanted = numbersFromInput(context, "size");
  return [[n, wanted?.[0] ?? null, wanted?.[1] ?? null, depth!]];
}

const normal = (): number => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

/** What pixels outside of image n are: a number for each channel. TensorFlow's noise has no seed, nor has this. */
function noiseSource(
  kind: string,
  pixels: ArrayLike<number>,
  n: number,
  area: number,
  depth: number,
): (c: number) => number {
  if (kind === "zero") return () => 0;
  const start = n * area * depth;
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const [sums, squares] = [new Float64Array(depth), new Float64Array(depth)];
  for (let i = 0; i < area * depth; i++) {
    const x = pixels[start + i]!;
    min = Math.min(min, x);
    max = Math.max(max, x);
    sums[i % depth]! += x;
    squares[i % depth]! += x * x;
  }
  if (kind === "uniform") return () => min + Math.random() * (max - min);
  return (c) => {
    const mean = sums[c]! / area;
    const deviation = Math.sqrt(Math.max(squares[c]! / area - mean * mean, 0));
    return Math.min(Math.max(mean + deviation * normal(), min), max);
  };
}

interface GlimpseInputs {
  readonly input: NdArray;
  readonly size: NdArray;
  readonly offsets: NdArray;
}

/** `start` gives the first row or column of a window along an axis, from the offset, the image's and the window's size. */
function glimpses(
  { input, size, offsets }: GlimpseInputs,
  { uniform_noise, noise }: GlimpseAttrs,
  start: (offset: number, image: number, window: number) => number,
): NdArray {
  const kind = uniform_noise || noise === "" ? "uniform" : noise;
  if (!["uniform", "gaussian", "zero"].includes(kind))
    throw new InvalidArgumentError(`The noise could only be uniform, gaussian, or zero, got${noise}`);
  if (input.shape.length !== 4) {
    throw new InvalidArgumentError(
      `input must be 4-dimensional (batch_size, height, width, depth)${formatShape(input.shape)}`,
    );
  }
  if (size.shape.length !== 1 || size.size !== 2)
    throw new InvalidArgumentError(`input must be a vector of size 2 (height, width)${formatShape(size.shape)}`);
  if (offsets.shape.length !== 2) throw new InvalidArgumentError(`input must be a matrix${formatShape(offsets.shape)}`);
  const [batch, height, width, depth] = input.shape as [number, number, number, number];
  if (offsets.shape[0] !== batch)
    throw new InvalidArgumentError(`first dimension should be batch${formatShape(offsets.shape)}`);
  if (offsets.shape[1] !== 2)
    throw new InvalidArgumentError(`second dimension should be of size 2 (y,x)${formatShape(offsets.shape)}`);
  const [rows, columns] = Array.from(toNumbers(size)) as [number, number];
  const shape = [batch, rows, columns, depth];
  const output = new Float32Array(elementCount(shape));
  const [pixels, places] = [toNumbers(input), toNumbers(offsets)];
  for (let n = 0, k = 0; n < batch; n++) {
    const top = start(places[2 * n]!, height, rows);
    const left = start(places[2 * n + 1]!, width, columns);
    const outside = noiseSource(kind, pixels, n, height * width, depth);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const [y, x] = [top + i, left + j];
        const inside = y >= 0 && y < height && x >= 0 && x < width;
        const from = ((n * height + y) * width + x) * depth;
        for (let c = 0; c < depth; c++) output[k++] = inside ? pixels[from + c]! : outside(c);
      }
    }
  }
  return new NdArray(float32, shape, output);
}

const signature = {
  inputs: ["input: float", "size: int32", "offsets: float"],
  outputs: ["glimpse: float"],
  attrs: [
    "centered: bool = true",
    "normalized: bool = true",
    "uniform_noise: bool = true",
    "noise: string = 'uniform'",
  ],
} as const;

/** glimpse: windows [batch, size[0], size[1], channels] round offsets [batch, (y, x)], counted in images or pixels, from the middle or the corner. */
export const extractGlimpseOp = defineOp("ExtractGlimpse", {
  ...signature,
  shape: (op, context) => glimpseShape(op, op, context),
  compute: (op) =>
    glimpses(op, op, (offset, image, window) => {
      const moved = op.normalized ? offset * image : offset;
      return Math.trunc((op.centered ? moved / 2 + image / 2 : moved) - window / 2);
    }),
  gradient: "none",
});

/** As ExtractGlimpse; offsets from the corner, and offsets in pixels, say where a window begins. */
export const extractGlimpseV2Op = defineOp("ExtractGlimpseV2", {
  ...signature,
  shape: (op, context) => glimpseShape(op, op, context),
  compute: (op) =>
    glimpses(op, op, (offset, image, window) => {
      const moved = op.normalized ? offset * image : offset;
      if (!op.centered) return Math.trunc(moved);
      return Math.trunc(op.normalized ? moved / 2 + image / 2 - window / 2 : moved + image / 2);
    }),
  gradient: "unregistered",
});

export interface GlimpseOptions extends Named {
  readonly centered?: boolean;
  readonly normalized?: boolean;
  /** Pixels outside are uniform noise either way, as in TensorFlow. */
  readonly uniformNoise?: boolean;
}

const extractGlimpsePlaces = ["centered", "normalized", "uniformNoise", "name"] as const;

/** Windows of size [height, width] of images [n, h, w, c] round offsets [n, (y, x)]. */
export const extractGlimpse = byKeyword(
  ["input", "size", "offsets"],
  function extractGlimpse(
    input: TensorLike,
    size: TensorLike,
    offsets: TensorLike,
    ...rest: Rest<GlimpseOptions, typeof extractGlimpsePlaces>
  ): Tensor {
    const {
      centered = true,
      normalized = true,
      uniformNoise = true,
      name,
    } = byName<GlimpseOptions>(rest, extractGlimpsePlaces);
    return extractGlimpseOp({ input, size, offsets, centered, normalized, uniform_noise: uniformNoise }, name);
  },
);
