/** Grey-scale morphology: the largest sum of an image and a filter in each window. Source: nn_ops.cc, dilation_ops.cc, nn_grad.py. */

import { invalidArgument, UnimplementedError } from "../../../core/error.ts";
import { type NdArray, setElement } from "../../../core/nd_array.ts";
import { type FullShape, formatShape, mergeDims, type Shape, withRank } from "../../../core/shape.ts";
import type { SpatialDim } from "../../../engine/primitive.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byName, type Rest } from "../../options.ts";
import { rounder } from "../../rounding.ts";
import { emptyArray, toNumbers } from "../array/basic/elements.ts";
import { inScope, type Named } from "../array/basic/names.ts";
import { limitsOf } from "../math/cast.ts";
import { type Padding, slideAxis, staticOutput } from "./window.ts";

interface Attrs {
  readonly strides: readonly number[];
  readonly rates: readonly number[];
  readonly padding: string;
}

const attrs = [
  "T: realnumbertype" as "T: type",
  "strides: list(int) >= 4",
  "rates: list(int) >= 4",
  "padding: {'SAME', 'VALID'}",
] as const;

interface Geometry {
  readonly batch: number;
  readonly depth: number;
  readonly rows: SpatialDim;
  readonly columns: SpatialDim;
}

/** Throws INVALID_ARGUMENT or UNIMPLEMENTED for inputs and windows that the kernels do not take. */
function geometryOf(input: FullShape, filter: FullShape, { strides, rates, padding }: Attrs): Geometry {
  for (const [values, word] of [
    [strides, "stride"],
    [rates, "rates"],
  ] as const) {
    if (values.length !== 4) throw invalidArgument(`Sliding window ${word} field must specify 4 dimensions`);
  }
  if (strides[0] !== 1 || strides[3] !== 1)
    throw new UnimplementedError("Stride is only supported across spatial dimensions.");
  if (rates[0] !== 1 || rates[3] !== 1)
    throw new UnimplementedError("Rate is only supported across spatial dimensions.");
  if (input.length !== 4) throw invalidArgument(`input must be 4-dimensional: ${formatShape(input)}`);
  if (filter.length !== 3) throw invalidArgument(`filter must be 3-dimensional: ${formatShape(filter)}`);
  if (input[3] !== filter[2])
    throw invalidArgument(`input and filter must have the same depth: ${input[3]} vs ${filter[2]}`);
  const slide = (axis: number): SpatialDim =>
    slideAxis(input[axis]!, filter[axis - 1]!, {
      stride: strides[axis]!,
      dilation: rates[axis]!,
      padding: padding as Padding,
    });
  return { batch: input[0]!, depth: input[3]!, rows: slide(1), columns: slide(2) };
}

/** Calls `visit(output, input, filter, value)` with the places of the largest sum of each window; the first of equal ones. */
function forEachMaximum(
  input: NdArray,
  filter: NdArray,
  { batch, depth, rows, columns }: Geometry,
  visit: (output: number, inputAt: number, filterAt: number, value: number) => void,
): void {
  const [x, w, rounded] = [toNumbers(input), toNumbers(filter), rounder(input.dtype)];
  const lowest = lowestOf(input);
  let output = 0;
  for (let b = 0; b < batch; b++) {
    for (let r = 0; r < rows.output; r++) {
      const top = r * rows.stride - rows.padBefore;
      for (let c = 0; c < columns.output; c++) {
        const left = c * columns.stride - columns.padBefore;
        for (let d = 0; d < depth; d++) {
          const at = (row: number, column: number): number =>
            ((b * rows.input + row) * columns.input + column) * depth + d;
          let value = lowest;
          let [inputAt, filterAt] = [at(Math.max(top, 0), Math.max(left, 0)), d];
          for (let h = 0; h < rows.filter; h++) {
            const row = top + h * rows.dilation;
            if (row < 0 || row >= rows.input) continue;
            for (let k = 0; k < columns.filter; k++) {
              const column = left + k * columns.dilation;
              if (column < 0 || column >= columns.input) continue;
              const place = (h * columns.filter + k) * depth + d;
              const sum = rounded(x[at(row, column)]! + w[place]!);
              if (sum > value) [value, inputAt, filterAt] = [sum, at(row, column), place];
            }
          }
          visit(output++, inputAt, filterAt, value);
        }
      }
    }
  }
}

const lowestOf = ({ dtype }: NdArray): number => Number(limitsOf(dtype)[0]);

function staticShape(input: Shape, filter: Shape, { strides, rates, padding }: Attrs): Shape {
  const [batch, rows, columns, depth] = withRank(input, 4);
  const [filterRows, filterColumns, filterDepth] = withRank(filter, 3);
  for (const [values, word] of [
    [strides, "stride"],
    [rates, "rates"],
  ] as const) {
    if (values.length !== 4)
      throw invalidArgument(`Dilation2D requires the ${word} attribute to contain 4 values, but got: ${values.length}`);
  }
  const merged = mergeDims(depth!, filterDepth!);
  if ([rows, columns, filterRows, filterColumns].some((d) => d === null)) return [batch!, null, null, merged];
  const slide = (axis: number) => ({ stride: strides[axis]!, dilation: rates[axis]!, padding: padding as Padding });
  return [batch!, staticOutput(rows!, filterRows!, slide(1)), staticOutput(columns!, filterColumns!, slide(2)), merged];
}

/** output [batch, rows, columns, depth] = the maxima over windows of input + filter; filter [rows, columns, depth]. */
export const dilation2DOp = defineOp("Dilation2D", {
  inputs: ["input: T", "filter: T"],
  outputs: ["output: T"],
  attrs,
  shape: (op): [Shape] => [staticShape(op.input, op.filter, op)],
  compute(op) {
    const { input, filter } = op;
    const geometry = geometryOf(input.shape, filter.shape, op);
    const output = emptyArray(input.dtype, outputShape(geometry));
    forEachMaximum(input, filter, geometry, (at, _, __, value) => setElement(input.dtype, output.data, at, value));
    return output;
  },
  gradient: (tf, { input, filter, strides, rates, padding }, dy) => ({
    input: tf.dilation2DBackpropInputOp({ input, filter, out_backprop: dy!, strides, rates, padding }),
    filter: tf.dilation2DBackpropFilterOp({ input, filter, out_backprop: dy!, strides, rates, padding }),
  }),
});

const outputShape = ({ batch, depth, rows, columns }: Geometry): FullShape => [
  batch,
  rows.output,
  columns.output,
  depth,
];

interface BackpropInputs extends Attrs {
  readonly input: NdArray;
  readonly filter: NdArray;
  readonly out_backprop: NdArray;
}

/** out_backprop added up where the maxima were, in the input or in the filter. */
function backprop(op: BackpropInputs, target: "input" | "filter"): NdArray {
  const { input, filter, out_backprop } = op;
  const geometry = geometryOf(input.shape, filter.shape, op);
  if (out_backprop.shape.join() !== outputShape(geometry).join())
    throw invalidArgument("out_backprop has incompatible size.");
  const { dtype, shape, size } = op[target];
  const [gradients, rounded, sums] = [toNumbers(out_backprop), rounder(dtype), new Float64Array(size)];
  forEachMaximum(input, filter, geometry, (at, inputAt, filterAt) => {
    const place = target === "input" ? inputAt : filterAt;
    sums[place] = rounded(sums[place]! + gradients[at]!);
  });
  const result = emptyArray(dtype, shape);
  for (let i = 0; i < sums.length; i++) setElement(dtype, result.data, i, sums[i]);
  return result;
}

export const dilation2DBackpropInputOp = defineOp("Dilation2DBackpropInput", {
  inputs: ["input: T", "filter: T", "out_backprop: T"],
  outputs: ["in_backprop: T"],
  attrs,
  shape: ({ input }): [Shape] => [input],
  compute: (op) => backprop(op, "input"),
  gradient: "unregistered",
});

export const dilation2DBackpropFilterOp = defineOp("Dilation2DBackpropFilter", {
  inputs: ["input: T", "filter: T", "out_backprop: T"],
  outputs: ["filter_backprop: T"],
  attrs,
  shape: ({ filter }): [Shape] => [filter],
  compute: (op) => backprop(op, "filter"),
  gradient: "unregistered",
});

export interface DilationOptions extends Named {
  readonly strides: readonly number[];
  readonly rates?: readonly number[];
  readonly dilations?: readonly number[];
  readonly padding: "SAME" | "VALID";
}

const dilation2dPlaces = ["strides", "rates", "padding", "name"] as const;

/** Grey-scale dilation of images [batch, rows, columns, depth] by a filter [rows, columns, depth]. Source: nn_ops.py. */
export function dilation2d(
  input: TensorLike,
  filter: TensorLike,
  ...rest: Rest<DilationOptions, typeof dilation2dPlaces>
): Tensor {
  const options = byName<DilationOptions>(rest, dilation2dPlaces);
  const { strides, rates, dilations, padding, name } = options;
  return dilation2DOp({ input, filter, strides, rates: rates ?? dilations ?? [], padding }, name);
}

const erosion2dPlaces = ["strides", "rates", "padding", "name"] as const;

/** Grey-scale erosion: minus the dilation of minus the images by the kernel turned around. Source: nn_ops.py. */
export function erosion2d(
  value: TensorLike,
  kernel: TensorLike,
  ...rest: Rest<DilationOptions, typeof erosion2dPlaces>
): Tensor {
  const options = byName<DilationOptions>(rest, erosion2dPlaces);
  const { strides, rates, dilations, padding, name } = options;
  return inScope(name, "erosion2d", (scope) => {
    const input = ops.negative(value);
    const filter = ops.reverse(kernel, [0, 1]);
    return ops.negative(dilation2DOp({ input, filter, strides, rates: rates ?? dilations ?? [], padding }), {
      name: scope,
    });
  });
}
