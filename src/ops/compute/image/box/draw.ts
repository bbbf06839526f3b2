/** Boxes drawn onto images. Source: image_ops.cc, draw_bounding_box_op.cc. */

import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { type NdArray, setElement } from "../../../../core/nd_array.ts";
import { formatShape, type Shape, withRank, withRankAtLeast } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { copyElements, emptyArray, toNumbers } from "../../array/basic/elements.ts";
import type { Named } from "../../array/basic/names.ts";

type Color = readonly number[];

/** The colours of boxes without a table, one after another: yellow, blue, red, green, purple, olive, maroon, navy, aqua, fuchsia. */
const standardColors: readonly Color[] = [
  [1, 1, 0, 1],
  [0, 0, 1, 1],
  [1, 0, 0, 1],
  [0, 1, 0, 1],
  [0.5, 0, 0.5, 1],
  [0.5, 0.5, 0, 1],
  [0.5, 0, 0, 1],
  [0, 0, 0.5, 1],
  [0, 1, 1, 1],
  [1, 0, 1, 1],
];

function drawnShape(images: Shape, boxes: Shape): Shape[] {
  const corners = withRank(boxes, 3)[2]!;
  if (corners !== null && corners !== 4) throw invalidArgument(`Dimension must be 4 but is ${corners}`);
  return [withRankAtLeast(images, 3)];
}

function colorTable(colors: NdArray | null, depth: number): readonly Color[] {
  if (!colors || colors.size === 0) return depth === 1 ? [[1]] : standardColors;
  if (colors.shape.length !== 2)
    throw new InvalidArgumentError(`colors must be a 2-D matrix${formatShape(colors.shape)}`);
  const [count, width] = colors.shape as [number, number];
  if (width < depth) {
    throw new InvalidArgumentError(
      `colors must have equal or more channels than the image provided: ${formatShape(colors.shape)}`,
    );
  }
  const numbers = Array.from(toNumbers(colors));
  return Array.from({ length: count }, (_, i) => numbers.slice(i * width, (i + 1) * width));
}

function draw(images: NdArray, boxes: NdArray, colors: NdArray | null): NdArray {
  if (images.shape.length !== 4) throw new InvalidArgumentError("The rank of the images should be 4");
  if (boxes.shape.length !== 3) throw new InvalidArgumentError("The rank of the boxes tensor should be 3");
  if (images.shape[0] !== boxes.shape[0]) throw new InvalidArgumentError("The batch sizes should be the same");
  const [batch, height, width, depth] = images.shape as [number, number, number, number];
  if (depth !== 1 && depth !== 3 && depth !== 4) {
    throw new InvalidArgumentError("Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)");
  }
  const table = colorTable(colors, depth);
  const output = emptyArray(images.dtype, images.shape);
  copyElements(images.dtype, images.data, 0, output.data, 0, images.size);
  const edges = toNumbers(boxes);
  const count = boxes.shape[1]!;
  for (let n = 0; n < batch; n++) {
    const paint = (y: number, x: number, color: Color): void => {
      const at = ((n * height + y) * width + x) * depth;
      for (let c = 0; c < depth; c++) setElement(images.dtype, output.data, at + c, color[c]!);
    };
    for (let b = 0; b < count; b++) {
      const at = (n * count + b) * 4;
      const edge = (k: number, last: number): number => Math.trunc(Math.fround(edges[at + k]! * last));
      const [top, left, bottom, right] = [
        edge(0, height - 1),
        edge(1, width - 1),
        edge(2, height - 1),
        edge(3, width - 1),
      ];
      // A box that is upside down, empty of numbers or wholly outside is left out.
      if (!(top <= bottom && left <= right)) continue;
      if (top >= height || bottom < 0 || left >= width || right < 0) continue;
      const color = table[b % table.length]!;
      const [y1, y2] = [Math.max(top, 0), Math.min(bottom, height - 1)];
      const [x1, x2] = [Math.max(left, 0), Math.min(right, width - 1)];
      for (let x = x1; x <= x2; x++) {
        if (top >= 0) paint(top, x, color);
        if (bottom < height) paint(bottom, x, color);
      }
      for (let y = y1; y <= y2; y++) {
        if (left >= 0) paint(y, left, color);
        if (right < width) paint(y, right, color);
      }
    }
  }
  return output;
}

/** output = images [n, h, w, c] with the outlines of boxes [n, boxes, (y1, x1, y2, x2)], 1 being the last row or column. */
export const drawBoundingBoxesOp = defineOp("DrawBoundingBoxes", {
  inputs: ["images: T", "boxes: float"],
  outputs: ["output: T"],
  attrs: ["T: {float, half} = DT_FLOAT"],
  shape: ({ images, boxes }) => drawnShape(images, boxes),
  compute: ({ images, boxes }) => draw(images, boxes, null),
  gradient: "none",
});

/** As DrawBoundingBoxes in the colours [colors, channels], one after another. */
export const drawBoundingBoxesV2Op = defineOp("DrawBoundingBoxesV2", {
  inputs: ["images: T", "boxes: float", "colors: float"],
  outputs: ["output: T"],
  attrs: ["T: {float, half} = DT_FLOAT"],
  shape: ({ images, boxes }) => drawnShape(images, boxes),
  compute: ({ images, boxes, colors }) => draw(images, boxes, colors),
  gradient: "unregistered",
});

export interface DrawOptions extends Named {
  /** [colors, channels], taken one after another. */
  readonly colors?: TensorLike | null;
}

const drawBoundingBoxesPlaces = ["name", "colors"] as const;

/** Images [n, h, w, c] with the outlines of boxes [n, boxes, 4] drawn. */
export const drawBoundingBoxes = byKeyword(
  ["images", "boxes"],
  function drawBoundingBoxes(
    images: TensorLike,
    boxes: TensorLike,
    ...rest: Rest<DrawOptions, typeof drawBoundingBoxesPlaces>
  ): Tensor {
    const { colors, name } = byName<DrawOptions>(rest, drawBoundingBoxesPlaces);
    return colors === undefined || colors === null
      ? drawBoundingBoxesOp({ images, boxes }, name)
      : drawBoundingBoxesV2Op({ images, boxes, colors }, name);
  },
);
