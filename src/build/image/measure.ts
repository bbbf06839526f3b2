/** `tf.image`: how images differ, and where they change. Source: image_ops_impl.py. */

import { type DType, float32, int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { ndarray } from "../../core/nd_array.ts";
import { compatible, formatShapePython } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  abs,
  avgPool,
  cast,
  concat,
  constant,
  depthwiseConv2d,
  equal,
  expandDims,
  greaterEqual,
  identity,
  log,
  notEqual,
  pad,
  pow,
  range,
  reduceAll,
  reduceAny,
  reduceMean,
  reduceProd,
  reduceSum,
  relu,
  reshape,
  shapeN,
  shape as shapeOf,
  size as sizeOf,
  softmax,
  square,
  squaredDifference,
  stack,
  subtract,
  tile,
  unstack,
  zeros,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { assertThat } from "../control_flow/assert.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { mul, truediv } from "../operators.ts";
import { convertImageDtype } from "./color.ts";

const inScope = <R>(name: string, fn: () => R): R => getDefaultGraph().nameScope(name, fn);
const after = <R>(checks: readonly Operation[], fn: () => R): R => getDefaultGraph().controlDependencies(checks, fn);

type TotalVariationOptions = { readonly name?: string | undefined };

/** The sum of the differences of neighbours: a scalar, or one for each image of a batch. Throws ValueError for other ranks. */
export function totalVariation(images: Tensor, ...rest: Rest<TotalVariationOptions, typeof psnrPlaces>): Tensor {
  const options = byName<TotalVariationOptions>(rest, psnrPlaces);
  return inScope(options.name ?? "total_variation", () => {
    const n = images.shape?.length;
    if (n !== 3 && n !== 4) throw new ValueError("'images' must be either 3 or 4-dimensional.");
    const batch = n === 4 ? [":"] : [];
    const rows = images.at(...batch, "1:", ":", ":").sub(images.at(...batch, ":-1", ":", ":"));
    const columns = images.at(...batch, ":", "1:", ":").sub(images.at(...batch, ":", ":-1", ":"));
    const sum = (x: Tensor): Tensor => (n === 4 ? reduceSum(abs(x), { axis: [1, 2, 3] }) : reduceSum(abs(x)));
    return sum(rows).add(sum(columns));
  });
}

interface Pair {
  readonly shapes: readonly [Tensor, Tensor];
  readonly checks: readonly Operation[];
}

function compatibleImages(a: Tensor, b: Tensor): Pair {
  for (const { shape } of [a, b]) {
    if (shape && shape.length < 3) {
      throw new ValueError(`Shape ${formatShapePython(shape)} must have rank at least 3`);
    }
  }
  if (a.shape && b.shape) {
    const [inner, other] = [a.shape.slice(-3), b.shape.slice(-3)];
    if (!compatible(inner, other)) {
      throw new ValueError(`Shapes ${formatShapePython(inner)} and ${formatShapePython(other)} are incompatible`);
    }
  }
  const shapes = shapeN([a, b]) as [Tensor, Tensor];
  const checks = [
    assertThat(greaterEqual(sizeOf(shapes[0]), 3), shapes, { summarize: 10 }),
    assertThat(reduceAll(equal(shapes[0].at("-3:"), shapes[1].at("-3:"))), shapes, { summarize: 10 }),
  ];
  return { shapes, checks };
}

/** maxVal as a float, in the images' scale. A plain number is of the images' dtype. */
function topOf(maxVal: TensorLike, dtype: DType): Tensor {
  const top =
    typeof maxVal === "number"
      ? inScope("Cast", () => convertToTensor(maxVal, { dtype, name: "x" }))
      : (cast(maxVal, dtype) as Tensor);
  return convertImageDtype(top, float32);
}

type PsnrOptions = { readonly name?: string | undefined };
const psnrPlaces = ["name"] as const;

/** The peak signal-to-noise ratio in dB of images [..., h, w, c], one for each pair. `maxVal`: the range of their values. */
export const psnr = byKeyword(
  ["a", "b", "maxVal"],
  function psnr(a: Tensor, b: Tensor, maxVal: TensorLike, ...rest: Rest<PsnrOptions, typeof psnrPlaces>): Tensor {
    const options = byName<PsnrOptions>(rest, psnrPlaces);
    return inScope(options.name ?? "PSNR", () => {
      const top = topOf(maxVal, a.dtype.baseDtype);
      const [x, y] = [convertImageDtype(a, float32), convertImageDtype(b, float32)];
      const error = reduceMean(squaredDifference(x, y), { axis: [-3, -2, -1] });
      const peak = truediv(mul(20, log(top)), log(ndarray(10, "float32")));
      const value = subtract(peak, mul(Math.fround(10 / Math.log(10)), log(error)), { name: "psnr" });
      return after(compatibleImages(x, y).checks, () => identity(value));
    });
  },
);

export interface SsimOptions {
  /** 11. */
  readonly filterSize?: number;
  /** 1.5. */
  readonly filterSigma?: number;
  /** 0.01. */
  readonly k1?: number;
  /** 0.03. */
  readonly k2?: number;
}

/** A Gaussian of size × size, which sums to 1: [size, size, 1, 1]. */
function gaussian(size: Tensor, sigma: Tensor): Tensor {
  let coordinates = cast(range(size), sigma.dtype) as Tensor;
  coordinates = coordinates.sub((cast(size.sub(1), sigma.dtype) as Tensor).truediv(2));
  let g = square(coordinates);
  g = g.mul(truediv(-0.5, square(sigma)));
  const both = reshape(g, [1, -1]).add(reshape(g, [-1, 1]));
  return reshape(softmax(reshape(both, [1, -1])), [size, size, 1, 1]);
}

/** Similarity and contrast of each channel. */
function byChannel(
  a: Tensor,
  b: Tensor,
  maxVal: TensorLike,
  options: SsimOptions,
): [similarity: Tensor, contrast: Tensor] {
  const filterSize = constant(options.filterSize ?? 11, { dtype: int32 });
  const sigma = constant(options.filterSigma ?? 1.5, { dtype: a.dtype.baseDtype });
  const [shapeA, shapeB] = shapeN([a, b]) as [Tensor, Tensor];
  const isLarge = (shape: Tensor): Operation =>
    assertThat(reduceAll(greaterEqual(shape.at("-3:-1"), filterSize)), [shape, filterSize], { summarize: 8 });
  const x = after([isLarge(shapeA), isLarge(shapeB)], () => identity(a));
  const kernel = tile(gaussian(filterSize, sigma), [1, 1, shapeA.at(-1), 1]);
  const smooth = (given: Tensor): Tensor => {
    const shape = shapeOf(given);
    const flat = reshape(given, concat([[-1], shape.at("-3:")], 0));
    const y = depthwiseConv2d(flat, kernel, { strides: [1, 1, 1, 1], padding: "VALID" });
    return reshape(y, concat([shape.at(":-3"), shapeOf(y).at("1:")], 0));
  };
  const c1 = mul(options.k1 ?? 0.01, maxVal).pow(2);
  const c2 = mul(options.k2 ?? 0.03, maxVal).pow(2);
  const [mean0, mean1] = [smooth(x), smooth(b)];
  const num0 = mean0.mul(mean1).mul(2);
  const den0 = square(mean0).add(square(mean1));
  const luminance = num0.add(c1).truediv(den0.add(c1));
  const num1 = smooth(x.mul(b)).mul(2);
  const den1 = smooth(square(x).add(square(b)));
  const scaled = c2.mul(1);
  const contrast = num1.sub(num0).add(scaled).truediv(den1.sub(den0).add(scaled));
  const axes = constant([-3, -2], { dtype: int32 });
  const similarity = reduceMean(luminance.mul(contrast), { axis: axes });
  return [similarity, reduceMean(contrast, { axis: axes })];
}

function prepared(
  img1: TensorLike,
  img2: TensorLike,
  maxVal: TensorLike,
): { x: Tensor; y: Tensor; top: Tensor } & Pair {
  const a = convertToTensor(img1, { name: "img1" });
  const b = convertToTensor(img2, { name: "img2" });
  const pair = compatibleImages(a, b);
  const checked = after(pair.checks, () => identity(a));
  const top = topOf(maxVal, a.dtype.baseDtype);
  return { ...pair, top, x: convertImageDtype(checked, float32), y: convertImageDtype(b, float32) };
}

const ssimPlaces = ["filterSize", "filterSigma", "k1", "k2"] as const;

/** The structural similarity of images [..., h, w, c], one for each pair; at most 1. */
export const ssim = byKeyword(
  ["img1", "img2", "maxVal"],
  function ssim(
    img1: TensorLike,
    img2: TensorLike,
    maxVal: TensorLike,
    ...rest: Rest<SsimOptions, typeof ssimPlaces>
  ): Tensor {
    const options = byName<SsimOptions>(rest, ssimPlaces);
    return inScope("SSIM", () => {
      const { x, y, top } = prepared(img1, img2, maxVal);
      return reduceMean(byChannel(x, y, top, options)[0], { axis: [-1] });
    });
  },
);

const scaleWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;

type SsimMultiscaleOptions = SsimOptions & { readonly powerFactors?: readonly number[] };
const ssimMultiscalePlaces = ["powerFactors", "filterSize", "filterSigma", "k1", "k2"] as const;

/** The structural similarity over several scales, each half the one before, weighted by powerFactors. */
export const ssimMultiscale = byKeyword(
  ["img1", "img2", "maxVal"],
  function ssimMultiscale(
    img1: TensorLike,
    img2: TensorLike,
    maxVal: TensorLike,
    ...rest: Rest<SsimMultiscaleOptions, typeof ssimMultiscalePlaces>
  ): Tensor {
    const options = byName<SsimMultiscaleOptions>(rest, ssimMultiscalePlaces);
    return inScope("MS-SSIM", () => {
      const { powerFactors = scaleWeights } = options;
      const { x, y, top, shapes } = prepared(img1, img2, maxVal);
      const heads = shapes.map((shape) => shape.at(":-3"));
      let tails = shapes.map((shape) => shape.at("-3:"));
      let images = [x, y];
      const divisor = constant([2, 2, 1], { dtype: int32 });
      const contrasts: Tensor[] = [];
      let similarity: Tensor | null = null;
      powerFactors.forEach((_, k) => {
        inScope(`Scale${k}`, () => {
          if (k > 0) ({ images, tails } = halved(images, heads, tails, divisor));
          const [value, contrast] = byChannel(images[0]!, images[1]!, top, options);
          similarity = value;
          contrasts.push(relu(contrast));
        });
      });
      contrasts.pop();
      const all = stack([...contrasts, relu(similarity!)], { axis: -1 });
      return reduceMean(reduceProd(pow(all, powerFactors as number[]), { axis: [-1] }), { axis: [-1] });
    });
  },
);

function halved(
  images: readonly Tensor[],
  heads: readonly Tensor[],
  tails: readonly Tensor[],
  divisor: Tensor,
): { images: Tensor[]; tails: Tensor[] } {
  const flat = images.map((image, i) => reshape(image, concat([[-1], tails[i]!], 0)));
  const remainder = tails[0]!.mod(divisor);
  const padded = cond(
    reduceAny(notEqual(remainder, 0)),
    () => {
      const padding = pad(expandDims(remainder, -1), [
        [1, 0],
        [1, 0],
      ]);
      return flat.map((image) => pad(image, padding, { mode: "SYMMETRIC" }));
    },
    () => flat,
  ) as Tensor[];
  const ksize = [1, 2, 2, 1] as const;
  const smaller = padded.map((image) => avgPool(image, { ksize, strides: ksize, padding: "VALID" }));
  const shapes = shapeN(smaller).map((shape) => shape.at("1:"));
  return { tails: shapes, images: smaller.map((image, i) => reshape(image, concat([heads[i]!, shapes[i]!], 0))) };
}

/** How images [n, h, w, c] change downwards and to the right: [dy, dx]; zero in the last row and column. */
export function imageGradients(image: Tensor): [dy: Tensor, dx: Tensor] {
  if (image.shape?.length !== 4) {
    throw new ValueError(
      `image_gradients expects a 4D tensor [batch_size, h, w, d], not ${formatShapePython(image.shape)}.`,
    );
  }
  const shape = shapeOf(image);
  const [n, h, w, c] = unstack(shape) as [Tensor, Tensor, Tensor, Tensor];
  const rows = image.at(":", "1:", ":", ":").sub(image.at(":", ":-1", ":", ":"));
  const columns = image.at(":", ":", "1:", ":").sub(image.at(":", ":", ":-1", ":"));
  const dtype = image.dtype.baseDtype;
  const filled = (x: Tensor, size: readonly TensorLike[], axis: number): Tensor =>
    reshape(concat([x, zeros(stack(size as Tensor[]), dtype)], axis), shape);
  return [filled(rows, [n, 1, w, c], 1), filled(columns, [n, h, 1, c], 2)];
}

const sobel = [
  [-1, -2, -1, 0, 0, 0, 1, 2, 1],
  [-1, 0, 1, -2, 0, 2, -1, 0, 1],
] as const;

/** Sobel's edges of images [n, h, w, c]: [n, h, w, c, 2], downwards and to the right. */
export function sobelEdges(image: Tensor): Tensor {
  const shape = shapeOf(image);
  const kernels = [0, 1, 2].map((row) => [0, 1, 2].map((column) => [sobel.map((kernel) => kernel[row * 3 + column]!)]));
  const filters = tile(constant(kernels, { dtype: image.dtype.baseDtype }), [1, 1, shape.at(-1), 1], {
    name: "sobel_filters",
  });
  const paddings = [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ];
  const padded = pad(image, paddings, { mode: "REFLECT" });
  const output = depthwiseConv2d(padded, filters, { strides: [1, 1, 1, 1], padding: "VALID" });
  const result = reshape(output, concat([shape, [2]], 0));
  result.setShape(image.shape ? [...image.shape, 2] : null);
  return result;
}
