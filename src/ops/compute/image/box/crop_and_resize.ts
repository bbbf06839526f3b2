/** Crops given as boxes of relative coordinates, each resized to one size. Source: image_ops.cc, crop_and_resize_op.cc, image_grad.py. */

import { float32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument, OutOfRangeError } from "../../../../core/error.ts";
import { elementAt, halfToNumber, NdArray, numberToHalf, setElement } from "../../../../core/nd_array.ts";
import { elementCount, formatShape, mergeDims, type Shape, withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { emptyArray, toNumbers } from "../../array/basic/elements.ts";
import type { Named } from "../../array/basic/names.ts";
import { numbersFromInput } from "../../array/basic/shape_input.ts";

const f = Math.fround;

type Method = "bilinear" | "nearest";

/** Throws the kernel's errors; gives the image of each box. */
function boxImages(boxes: NdArray, indices: NdArray, batch: number): ArrayLike<number> {
  if (!(boxes.size === 0 && indices.size === 0)) {
    if (boxes.shape.length !== 2) throw new InvalidArgumentError(`boxes must be 2-D${formatShape(boxes.shape)}`);
    if (boxes.shape[1] !== 4) throw new InvalidArgumentError("boxes must have 4 columns");
    if (indices.shape.length !== 1)
      throw new InvalidArgumentError(`box_index must be 1-D${formatShape(indices.shape)}`);
    if (indices.shape[0] !== boxes.shape[0]) throw new InvalidArgumentError("box_index has incompatible shape");
  }
  const images = toNumbers(indices);
  for (let i = 0; i < images.length; i++)
    if (images[i]! < 0 || images[i]! >= batch)
      throw new OutOfRangeError("box_index has values outside [0, batch_size)");
  return images;
}

interface Crop {
  readonly height: number;
  readonly width: number;
  readonly depth: number;
  readonly rows: number;
  readonly columns: number;
}

/** Where position i of `count` lies along an axis of `size` pixels, between `from` and `to` (1 is the last pixel). */
function positionIn(from: number, to: number, size: number, count: number, i: number): number {
  if (count === 1) return f(f(0.5 * f(from + to)) * f(size - 1));
  const step = f(f(f(to - from) * f(size - 1)) / f(count - 1));
  return f(f(from * f(size - 1)) + f(i * step));
}

/** Calls fn for each crop pixel that lies inside its image, with its position there. */
function eachPixel(
  boxes: ArrayLike<number>,
  images: ArrayLike<number>,
  { height, width, rows, columns }: Crop,
  fn: (box: number, image: number, row: number, column: number, y: number, x: number) => void,
): void {
  for (let b = 0; b < images.length; b++) {
    const [y1, x1, y2, x2] = [boxes[4 * b]!, boxes[4 * b + 1]!, boxes[4 * b + 2]!, boxes[4 * b + 3]!];
    for (let row = 0; row < rows; row++) {
      const y = positionIn(y1, y2, height, rows, row);
      if (!(y >= 0 && y <= height - 1)) continue;
      for (let column = 0; column < columns; column++) {
        const x = positionIn(x1, x2, width, columns, column);
        if (x >= 0 && x <= width - 1) fn(b, images[b]!, row, column, y, x);
      }
    }
  }
}

interface Neighbours {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  /** How far the position is from the top and the left one. */
  readonly down: number;
  readonly across: number;
}

/** The pixels around a position. */
function around(y: number, x: number): Neighbours {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  return { top, bottom: Math.ceil(y), left, right: Math.ceil(x), down: f(y - top), across: f(x - left) };
}

const roundAway = (x: number): number => Math.floor(x + 0.5);

/** crops: float32 [boxes, crop height, crop width, channels]; extrapolation_value where a box reaches out of its image. */
export const cropAndResizeOp = defineOp("CropAndResize", {
  inputs: ["image: T", "boxes: float", "box_ind: int32", "crop_size: int32"],
  outputs: ["crops: float"],
  attrs: [
    "T: {uint8, uint16, int8, int16, int32, int64, half, float, double}",
    "method: {'bilinear', 'nearest'} = 'bilinear'",
    "extrapolation_value: float = 0.0",
  ],
  shape({ image, boxes, box_ind, crop_size }, context) {
    const depth = withRank(image, 4)[3]!;
    const [count, corners] = withRank(boxes, 2);
    if (corners !== null && corners !== 4) throw invalidArgument(`Dimension must be 4 but is ${corners}`);
    const boxCount = mergeDims(withRank(box_ind, 1)[0]!, count!);
    const [two] = withRank(crop_size, 1);
    if (two !== null && two !== 2) throw invalidArgument(`Dimension must be 2 but is ${two}`);
    const size = numbersFromInput(context, "crop_size");
    return [[boxCount, size?.[0] ?? null, size?.[1] ?? null, depth]];
  },
  compute({ image, boxes, box_ind, crop_size, method, extrapolation_value }) {
    if (image.shape.length !== 4) throw new InvalidArgumentError(`input image must be 4-D${formatShape(image.shape)}`);
    const [batch, height, width, depth] = image.shape as [number, number, number, number];
    if (height <= 0 || width <= 0) throw new InvalidArgumentError("image dimensions must be positive");
    const images = boxImages(boxes, box_ind, batch);
    if (crop_size.shape.length !== 1)
      throw new InvalidArgumentError(`crop_size must be 1-D${formatShape(crop_size.shape)}`);
    if (crop_size.size !== 2)
      throw new InvalidArgumentError(`crop_size must have two elements${formatShape(crop_size.shape)}`);
    const [rows, columns] = Array.from(toNumbers(crop_size)) as [number, number];
    if (rows <= 0 || columns <= 0) throw new InvalidArgumentError("crop dimensions must be positive");
    const corners = toNumbers(boxes);
    for (let i = 0; i < corners.length; i++)
      if (!Number.isFinite(corners[i]!))
        throw new InvalidArgumentError("Boxes contains at least one element that is not finite");

    const pixels = toNumbers(image);
    const shape = [images.length, rows, columns, depth];
    const crops = new Float32Array(elementCount(shape)).fill(extrapolation_value);
    const crop = { height, width, depth, rows, columns };
    eachPixel(corners, images, crop, (box, n, row, column, y, x) => {
      const out = ((box * rows + row) * columns + column) * depth;
      const pixel = (i: number, j: number): number => ((n * height + i) * width + j) * depth;
      if (method === "nearest") {
        const from = pixel(roundAway(y), roundAway(x));
        for (let c = 0; c < depth; c++) crops[out + c] = pixels[from + c]!;
        return;
      }
      const { top, bottom, left, right, down, across } = around(y, x);
      const [a, b, d, e] = [pixel(top, left), pixel(top, right), pixel(bottom, left), pixel(bottom, right)];
      for (let c = 0; c < depth; c++) {
        const upper = f(pixels[a + c]! + f(f(pixels[b + c]! - pixels[a + c]!) * across));
        const lower = f(pixels[d + c]! + f(f(pixels[e + c]! - pixels[d + c]!) * across));
        crops[out + c] = upper + f(lower - upper) * down;
      }
    });
    return new NdArray(float32, shape, crops);
  },
  gradient(tf, op, dy) {
    const { shape } = op.image;
    const full = shape?.every((d) => d !== null) ? (shape as number[]) : null;
    const imageSize = full ?? tf.shape(op.image);
    const differentiable = ["float16", "float32", "float64"].includes(op.T.base);
    const method = op.method as Method;
    return {
      image: differentiable
        ? tf.cropAndResizeGradImageOp({
            grads: dy!,
            boxes: op.boxes,
            box_ind: op.box_ind,
            image_size: imageSize,
            T: op.T,
            method,
          })
        : null,
      boxes: tf.cropAndResizeGradBoxesOp({ grads: dy!, image: op.image, boxes: op.boxes, box_ind: op.box_ind }),
    };
  },
});

/** Throws the kernel's errors about the gradient that flows in. */
function checkGrads(grads: NdArray, boxes: NdArray): void {
  if (grads.shape.length !== 4) throw new InvalidArgumentError(`grads image must be 4-D${formatShape(grads.shape)}`);
  if (grads.shape[1]! <= 0 || grads.shape[2]! <= 0) throw new InvalidArgumentError("grads dimensions must be positive");
  if (grads.shape[0] !== boxes.shape[0]) throw new InvalidArgumentError("boxes and grads have incompatible shape");
}

/** output: the gradient of the image, [batch, height, width, channels] as image_size says. */
export const cropAndResizeGradImageOp = defineOp("CropAndResizeGradImage", {
  inputs: ["grads: float", "boxes: float", "box_ind: int32", "image_size: int32"],
  outputs: ["output: T"],
  attrs: ["T: {float, half, double}", "method: {'bilinear', 'nearest'} = 'bilinear'"],
  shape(_op, context) {
    return [withRank(context.valueAsShape("image_size"), 4)];
  },
  compute({ grads, boxes, box_ind, image_size, T, method }) {
    if (image_size.shape.length !== 1)
      throw new InvalidArgumentError(`image_size must be 1-D${formatShape(image_size.shape)}`);
    if (image_size.size !== 4)
      throw new InvalidArgumentError(`image_size must have 4 elements${formatShape(image_size.shape)}`);
    const shape = Array.from(toNumbers(image_size)) as [number, number, number, number];
    const [batch, height, width, depth] = shape;
    if (height <= 0 || width <= 0) throw new InvalidArgumentError("image dimensions must be positive");
    checkGrads(grads, boxes);
    if (grads.shape[3] !== depth) throw new InvalidArgumentError("image_size and grads are incompatible");
    const images = boxImages(boxes, box_ind, batch);

    const dy = toNumbers(grads);
    const output = emptyArray(T, shape);
    const rounded = (x: number): number => (T.base === "float16" ? halfToNumber(numberToHalf(x)) : x);
    const [, rows, columns] = grads.shape as [number, number, number];
    eachPixel(toNumbers(boxes), images, { height, width, depth, rows, columns }, (box, n, row, column, y, x) => {
      const from = ((box * rows + row) * columns + column) * depth;
      const give = (i: number, j: number, part: number): void => {
        const to = ((n * height + i) * width + j) * depth;
        for (let c = 0; c < depth; c++) {
          const sum = (elementAt(output, to + c) as number) + rounded(dy[from + c]! * part);
          setElement(T, output.data, to + c, sum);
        }
      };
      if (method === "nearest") return give(roundAway(y), roundAway(x), 1);
      const { top, bottom, left, right, down, across } = around(y, x);
      give(top, left, (1 - down) * (1 - across));
      give(top, right, (1 - down) * across);
      give(bottom, left, down * (1 - across));
      give(bottom, right, down * across);
    });
    return output;
  },
  gradient: "unregistered",
});

/** output: the gradient of the boxes, float32 [boxes, 4], for bilinear crops. */
export const cropAndResizeGradBoxesOp = defineOp("CropAndResizeGradBoxes", {
  inputs: ["grads: float", "image: T", "boxes: float", "box_ind: int32"],
  outputs: ["output: float"],
  attrs: ["T: {uint8, uint16, int8, int16, int32, int64, half, float, double}", "method: {'bilinear'} = 'bilinear'"],
  shape: ({ boxes }) => [withRank(boxes, 2) as Shape],
  compute({ grads, image, boxes, box_ind }) {
    if (image.shape.length !== 4) throw new InvalidArgumentError(`input image must be 4-D${formatShape(image.shape)}`);
    const [batch, height, width, depth] = image.shape as [number, number, number, number];
    if (height <= 0 || width <= 0) throw new InvalidArgumentError("image dimensions must be positive");
    checkGrads(grads, boxes);
    if (grads.shape[3] !== depth) throw new InvalidArgumentError("image, grads depth differ");
    const images = boxImages(boxes, box_ind, batch);

    const [dy, pixels] = [toNumbers(grads), toNumbers(image)];
    const sums = new Float32Array(boxes.size);
    const [, rows, columns] = grads.shape as [number, number, number];
    const corners = toNumbers(boxes);
    eachPixel(corners, images, { height, width, depth, rows, columns }, (box, n, row, column, y, x) => {
      const from = ((box * rows + row) * columns + column) * depth;
      const pixel = (i: number, j: number): number => ((n * height + i) * width + j) * depth;
      const { top, bottom, left, right, down, across } = around(y, x);
      const [a, b, d, e] = [pixel(top, left), pixel(top, right), pixel(bottom, left), pixel(bottom, right)];
      let dVertical = 0;
      let dHorizontal = 0;
      for (let c = 0; c < depth; c++) {
        const [p, q, r, s] = [pixels[a + c]!, pixels[b + c]!, pixels[d + c]!, pixels[e + c]!];
        dVertical += dy[from + c]! * ((r - p) * (1 - across) + (s - q) * across);
        dHorizontal += dy[from + c]! * ((q - p) * (1 - down) + (s - r) * down);
      }
      const [last, lastColumn] = [height - 1, width - 1];
      const ofBottom = rows > 1 ? (row * last) / (rows - 1) : 0.5 * last;
      const ofRight = columns > 1 ? (column * lastColumn) / (columns - 1) : 0.5 * lastColumn;
      sums[4 * box]! += dVertical * (last - ofBottom);
      sums[4 * box + 1]! += dHorizontal * (lastColumn - ofRight);
      sums[4 * box + 2]! += dVertical * ofBottom;
      sums[4 * box + 3]! += dHorizontal * ofRight;
    });
    return new NdArray(float32, boxes.shape, sums);
  },
  gradient: "unregistered",
});

export interface CropAndResizeOptions extends Named {
  readonly method?: Method;
  readonly extrapolationValue?: number;
}

const cropAndResizePlaces = ["method", "extrapolationValue", "name"] as const;

/** Boxes [n, (y1, x1, y2, x2)] of images boxIndices [n], each resized to cropSize [height, width]. */
export const cropAndResize = byKeyword(
  ["image", "boxes"],
  function cropAndResize(
    image: TensorLike,
    boxes: TensorLike,
    boxIndices: TensorLike,
    cropSize: TensorLike,
    ...rest: Rest<CropAndResizeOptions, typeof cropAndResizePlaces>
  ): Tensor {
    const {
      method = "bilinear",
      extrapolationValue = 0,
      name,
    } = byName<CropAndResizeOptions>(rest, cropAndResizePlaces);
    return cropAndResizeOp(
      { image, boxes, box_ind: boxIndices, crop_size: cropSize, method, extrapolation_value: extrapolationValue },
      name,
    );
  },
);
