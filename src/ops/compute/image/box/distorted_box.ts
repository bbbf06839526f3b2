/** Random crops that still show an object. Source: image_ops.cc, sample_distorted_bounding_box_op.cc, random_crop_op.cc. */

import { type DType, float32 } from "../../../../core/dtype.ts";
import { FailedPreconditionError, InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { elementAt, NdArray } from "../../../../core/nd_array.ts";
import { statelessState, wordSource } from "../../../../core/philox.ts";
import { formatShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { ComputeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { emptyArray, takeRows, toNumbers } from "../../array/basic/elements.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { numbersFromInput } from "../../array/basic/shape_input.ts";
import { type SimpleRandom, simpleRandom, takeBlocks } from "../../random/source.ts";

const f = Math.fround;

interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

const areaOf = (r: Rectangle): number => Math.max(r.bottom - r.top, 0) * Math.max(r.right - r.left, 0);

const common = (a: Rectangle, b: Rectangle): Rectangle => ({
  top: Math.max(a.top, b.top),
  left: Math.max(a.left, b.left),
  bottom: Math.min(a.bottom, b.bottom),
  right: Math.min(a.right, b.right),
});

/** Rounds half to even, as lrintf. */
function round(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

interface SampleAttrs {
  readonly aspect_ratio_range: readonly number[];
  readonly area_range: readonly number[];
  readonly max_attempts: number;
  readonly use_image_if_no_bounding_boxes: boolean;
}

function checkAttrs({ aspect_ratio_range: ratios, area_range: areas, max_attempts }: SampleAttrs): void {
  const listed = (range: readonly number[]): string => `[${range.map((n) => Number(n.toPrecision(6))).join(", ")}]`;
  if (ratios.length !== 2) throw new InvalidArgumentError("Aspect ratio range field must specify 2 dimensions");
  if (ratios.some((n) => n <= 0))
    throw new InvalidArgumentError(`Aspect ratio range must be non-negative: ${listed(ratios)}`);
  if (areas.length !== 2) throw new InvalidArgumentError("Area range field must specify 2 dimensions");
  if (areas.some((n) => n <= 0)) throw new InvalidArgumentError(`Area range must be non-negative: ${listed(areas)}`);
  if (areas.some((n) => n > 1))
    throw new InvalidArgumentError(`Area range must be less then or equal to 1.0: ${listed(areas)}`);
  if (max_attempts <= 0) throw new InvalidArgumentError(`Max attempts must be non-negative: ${max_attempts}`);
}

/** The boxes in pixels; the whole image when there are none and that is allowed. */
function objectsIn(boxes: NdArray, height: number, width: number, useImage: boolean): Rectangle[] {
  if (boxes.shape.length !== 3) {
    throw new InvalidArgumentError(
      `input boxes must be 3-dimensional [batch, num_boxes, coords]: ${formatShape(boxes.shape)}`,
    );
  }
  if (boxes.shape[2] !== 4)
    throw new InvalidArgumentError(`bounding boxes must have shape [4] or [*, 4], got ${formatShape(boxes.shape)}`);
  const edges = toNumbers(boxes);
  for (let i = 0; i < edges.length; i++) {
    if (!(edges[i]! >= 0 && edges[i]! <= 1))
      throw new InvalidArgumentError(
        `All bounding box coordinates must be in [0.0, 1.0]: ${Number(edges[i]!.toPrecision(6))}`,
      );
  }
  const pixel = (i: number, size: number): number => Math.trunc(f(edges[i]! * size));
  const objects = Array.from({ length: edges.length / 4 }, (_, i) => ({
    top: pixel(4 * i, height),
    left: pixel(4 * i + 1, width),
    bottom: pixel(4 * i + 2, height),
    right: pixel(4 * i + 3, width),
  }));
  if (objects.length > 0) return objects;
  if (!useImage) {
    throw new InvalidArgumentError(
      "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes if you wish to not provide any bounding boxes.",
    );
  }
  return [{ top: 0, left: 0, bottom: height, right: width }];
}

interface CropRange {
  readonly height: number;
  readonly width: number;
  /** Of the image's area. */
  readonly least: number;
  readonly most: number;
  /** Width by height. */
  readonly ratio: number;
}

/** A crop of a random size and place, or null when rounding leaves none. */
function randomCropOf({ height, width, least, most, ratio }: CropRange, random: SimpleRandom): Rectangle | null {
  if (most <= 0 || ratio <= 0 || width <= 0 || height <= 0 || least > most) return null;
  const smallest = f(f(least * width) * height);
  const largest = f(f(most * width) * height);
  let rows = round(f(Math.sqrt(f(smallest / ratio))));
  let mostRows = round(f(Math.sqrt(f(largest / ratio))));
  const columnsFor = (count: number): number => round(f(count * ratio));
  if (columnsFor(mostRows) > width) {
    mostRows = Math.trunc((width + 0.5 - f(1e-7)) / ratio);
    if (columnsFor(mostRows) > width) mostRows--;
  }
  mostRows = Math.min(mostRows, height);
  rows = Math.min(rows, mostRows);
  if (rows < mostRows) rows += random.below(mostRows - rows + 1);
  let columns = columnsFor(rows);
  if (rows * columns < smallest) {
    rows++;
    columns = columnsFor(rows);
  }
  if (rows * columns > largest) {
    rows--;
    columns = columnsFor(rows);
  }
  const area = rows * columns;
  if (area < smallest || area > largest || columns > width || rows > height || columns <= 0 || rows <= 0) return null;
  const top = rows < height ? random.below(height - rows) : 0;
  const left = columns < width ? random.below(width - columns) : 0;
  return { top, left, bottom: top + rows, right: left + columns };
}

/** Does the crop show enough of one object? */
function showsObject(crop: Rectangle, objects: readonly Rectangle[], minCovered: number): boolean {
  if (areaOf(crop) < 1) return false;
  return objects.some((object) => {
    const area = areaOf(object);
    return area >= 1 && f(areaOf(common(object, crop)) / area) >= minCovered;
  });
}

interface SampleInputs {
  readonly image_size: NdArray;
  readonly bounding_boxes: NdArray;
  readonly minCovered: number;
}

function sample(inputs: SampleInputs, attrs: SampleAttrs, T: DType, source: () => SimpleRandom): NdArray[] {
  const { image_size, bounding_boxes, minCovered } = inputs;
  checkAttrs(attrs);
  if (image_size.shape.length !== 1)
    throw new InvalidArgumentError(`image_size must be 1-dimensional${formatShape(image_size.shape)}`);
  if (image_size.size !== 3)
    throw new InvalidArgumentError(`image_size must contain 3 elements${formatShape(image_size.shape)}`);
  if (minCovered < 0)
    throw new InvalidArgumentError(`Min object covered must be non-negative: ${Number(minCovered.toPrecision(6))}`);
  const [height, width] = Array.from(toNumbers(image_size)) as [number, number];
  const objects = objectsIn(bounding_boxes, height, width, attrs.use_image_if_no_bounding_boxes);
  const random = source();
  const [least, most] = attrs.area_range as [number, number];
  const [flattest, steepest] = attrs.aspect_ratio_range.map(f) as [number, number];
  let crop: Rectangle = { top: 0, left: 0, bottom: height, right: width };
  for (let attempt = 0; attempt < attrs.max_attempts; attempt++) {
    const ratio = f(f(random.float() * f(steepest - flattest)) + flattest);
    const tried = randomCropOf({ height, width, least: f(least), most: f(most), ratio }, random);
    if (tried && showsObject(tried, objects, minCovered)) {
      crop = tried;
      break;
    }
  }
  const array = (values: readonly number[]): NdArray => {
    const result = emptyArray(T, [3]);
    const wide = T.base === "int64";
    for (const [i, n] of values.entries()) (result.data as Int32Array)[i] = (wide ? BigInt(n) : n) as number;
    return result;
  };
  const box = [crop.top / height, crop.left / width, crop.bottom / height, crop.right / width];
  return [
    array([crop.top, crop.left, 0]),
    array([crop.bottom - crop.top, crop.right - crop.left, -1]),
    new NdArray(float32, [1, 1, 4], Float32Array.from(box)),
  ];
}

function sampleShapes(imageSize: Shape, boxes: Shape): Shape[] {
  const [count] = withRank(imageSize, 1);
  if (count !== null && count !== 3) throw invalidArgument(`Dimension must be 3 but is ${count}`);
  if (boxes) withRank(boxes, 3);
  return [[3], [3], [1, 1, 4]];
}

const sampled = ["begin: T", "size: T", "bboxes: float"] as const;
const rangeAttrs = [
  "aspect_ratio_range: list(float) = [0.75, 1.33]",
  "area_range: list(float) = [0.05, 1.0]",
  "max_attempts: int = 100",
  "use_image_if_no_bounding_boxes: bool = false",
] as const;

const stateSource = (context: ComputeContext, attempts: number) => (): SimpleRandom =>
  simpleRandom(takeBlocks(context, attempts));

/** begin and size of a crop for `slice`, and the crop as a box of the image; from image_size [3] and bounding_boxes [1, boxes, 4]. */
export const sampleDistortedBoundingBoxOp = defineOp("SampleDistortedBoundingBox", {
  inputs: ["image_size: T", "bounding_boxes: float"],
  outputs: sampled,
  attrs: [
    "T: {uint8, int8, int16, int32, int64}",
    "seed: int = 0",
    "seed2: int = 0",
    "min_object_covered: float = 0.10000000149011612",
    ...rangeAttrs,
  ],
  stateful: true,
  shape: ({ image_size, bounding_boxes }) => sampleShapes(image_size, bounding_boxes),
  compute: ({ image_size, bounding_boxes, min_object_covered, T, ...attrs }, context) =>
    sample(
      { image_size, bounding_boxes, minCovered: f(min_object_covered) },
      attrs,
      T,
      stateSource(context, attrs.max_attempts),
    ),
  gradient: "none",
});

/** As the first form with the least part of an object as an input. */
export const sampleDistortedBoundingBoxV2Op = defineOp("SampleDistortedBoundingBoxV2", {
  inputs: ["image_size: T", "bounding_boxes: float", "min_object_covered: float"],
  outputs: sampled,
  attrs: ["T: {uint8, int8, int16, int32, int64}", "seed: int = 0", "seed2: int = 0", ...rangeAttrs],
  stateful: true,
  shape({ image_size, bounding_boxes, min_object_covered }) {
    withRank(min_object_covered, 0);
    return sampleShapes(image_size, bounding_boxes);
  },
  compute: ({ image_size, bounding_boxes, min_object_covered, T, ...attrs }, context) =>
    sample(
      { image_size, bounding_boxes, minCovered: toNumbers(min_object_covered)[0]! },
      attrs,
      T,
      stateSource(context, attrs.max_attempts),
    ),
  gradient: "none",
});

/** As the second form, the same crop for the same seed [2]. */
export const statelessSampleDistortedBoundingBoxOp = defineOp("StatelessSampleDistortedBoundingBox", {
  inputs: ["image_size: T", "bounding_boxes: float", "min_object_covered: float", "seed: Tseed"],
  outputs: sampled,
  attrs: ["T: {uint8, int8, int16, int32, int64}", "Tseed: {int32, int64}", ...rangeAttrs],
  shape({ image_size, bounding_boxes, min_object_covered, seed }) {
    const [two] = withRank(seed, 1);
    if (two !== null && two !== 2) throw invalidArgument(`Dimension must be 2 but is ${two}`);
    withRank(min_object_covered, 0);
    return sampleShapes(image_size, bounding_boxes);
  },
  compute({ image_size, bounding_boxes, min_object_covered, seed, T, ...attrs }) {
    const [a, b] = [elementAt(seed, 0) as number | bigint, elementAt(seed, 1) as number | bigint];
    const minCovered = toNumbers(min_object_covered)[0]!;
    return sample({ image_size, bounding_boxes, minCovered }, attrs, T, () => simpleRandom(statelessState(a, b)));
  },
  gradient: "unregistered",
});

/** output: a random crop [size[0], size[1], channels] of an image [height, width, channels]. */
export const randomCropOp = defineOp("RandomCrop", {
  inputs: ["image: T", "size: int64"],
  outputs: ["output: T"],
  attrs: ["T: {uint8, int8, int16, int32, int64, float, double}", "seed: int = 0", "seed2: int = 0"],
  stateful: true,
  shape({ image, size }, context) {
    const [, , channels] = withRank(image, 3);
    const [two] = withRank(size, 1);
    if (two !== null && two !== 2) throw invalidArgument(`Dimension must be 2 but is ${two}`);
    const wanted = numbersFromInput(context, "size");
    return [[wanted?.[0] ?? null, wanted?.[1] ?? null, channels!]];
  },
  compute({ image, size }, context) {
    if (image.shape.length !== 3)
      throw new InvalidArgumentError(`input must be 3-dimensional${formatShape(image.shape)}`);
    if (size.shape.length !== 1)
      throw new InvalidArgumentError(`shape_t must be 1-dimensional${formatShape(size.shape)}`);
    if (size.size !== 2) throw new InvalidArgumentError(`shape_t must have two elements${formatShape(size.shape)}`);
    const [height, width, channels] = image.shape as [number, number, number];
    const [rows, columns] = Array.from(toNumbers(size)) as [number, number];
    if (rows > height) {
      throw new FailedPreconditionError(`height must be >= target_height: height = ${height}, target_height = ${rows}`);
    }
    if (columns > width)
      throw new FailedPreconditionError(`width must be >= target_width: width = ${width}, target_width = ${columns}`);
    if (rows < 0 || columns < 0) throw new InvalidArgumentError(`size must not be negative: ${rows}, ${columns}`);
    const word = wordSource(takeBlocks(context, 1));
    const top = rows < height ? word() % (height - rows + 1) : 0;
    const left = columns < width ? word() % (width - columns + 1) : 0;
    const starts = Array.from({ length: rows * columns }, (_, i) => {
      const [y, x] = [Math.floor(i / columns), i % columns];
      return (top + y) * width + left + x;
    });
    return takeRows(image, starts, channels, [rows, columns, channels]);
  },
  gradient: "none",
});

export interface SampleOptions extends Named {
  readonly seed?: number;
  readonly seed2?: number;
  /** The least part of an object that a crop shows. */
  readonly minObjectCovered?: TensorLike;
  /** Width by height, from and to. */
  readonly aspectRatioRange?: readonly [number, number];
  /** Of the image's area, from and to. */
  readonly areaRange?: readonly [number, number];
  readonly maxAttempts?: number;
  readonly useImageIfNoBoundingBoxes?: boolean;
}

const sampleDistortedBoundingBoxPlaces = [
  "seed",
  "seed2",
  "minObjectCovered",
  "aspectRatioRange",
  "areaRange",
  "maxAttempts",
  "useImageIfNoBoundingBoxes",
  "name",
] as const;

/** A random crop of an image of imageSize [3] that shows one of boundingBoxes [1, boxes, 4]: begin and size for `tf.slice`, and the crop as a box. */
export const sampleDistortedBoundingBox = byKeyword(
  ["imageSize", "boundingBoxes"],
  function sampleDistortedBoundingBox(
    imageSize: TensorLike,
    boundingBoxes: TensorLike,
    ...rest: Rest<SampleOptions, typeof sampleDistortedBoundingBoxPlaces>
  ): { begin: Tensor; size: Tensor; bboxes: Tensor } {
    const options = byName<SampleOptions>(rest, sampleDistortedBoundingBoxPlaces);
    return inScope(options.name, "sample_distorted_bounding_box", () => {
      const ranges = {
        ...(options.seed !== undefined && { seed: options.seed }),
        ...(options.seed2 !== undefined && { seed2: options.seed2 }),
        ...(options.aspectRatioRange && { aspect_ratio_range: options.aspectRatioRange }),
        ...(options.areaRange && { area_range: options.areaRange }),
        ...(options.maxAttempts !== undefined && { max_attempts: options.maxAttempts }),
        use_image_if_no_bounding_boxes: options.useImageIfNoBoundingBoxes ?? false,
      };
      const min_object_covered = options.minObjectCovered ?? 0.1;
      const inputs = { image_size: imageSize, bounding_boxes: boundingBoxes, min_object_covered };
      return sampleDistortedBoundingBoxV2Op({ ...inputs, ...ranges }, options.name);
    });
  },
);
