/**
 * Maxima of windows over volumes [n, d, h, w, c]. Unlike images, every element that equals the maximum takes the gradient.
 * Source: nn_ops.cc, pooling_ops_3d.cc, nn_grad.py.
 */
import { invalidArgument } from "../../../../core/error.ts";
import { type NdArray, setElement } from "../../../../core/nd_array.ts";
import {
  elementCount,
  type FullShape,
  formatShape,
  mergeShapes,
  type Shape,
  sameShape,
  withRank,
} from "../../../../core/shape.ts";
import { defineOp } from "../../../define.ts";
import { copyElements, emptyArray, toNumbers } from "../../array/basic/elements.ts";
import {
  checkPool,
  comparable,
  forEachWindow,
  type PoolAttrs,
  type PoolGradients,
  pooledShape,
  poolShape,
  windowOf,
  zeroOriginals,
} from "./geometry.ts";

const attrs = [
  "ksize: list(int) >= 5",
  "strides: list(int) >= 5",
  "padding: {'SAME', 'VALID'}",
  "data_format: {'NDHWC', 'NCDHW'} = 'NDHWC'",
] as const;
const words = { what: "Pooling3DOp", isMax: true };

const handedOn = ({ ksize, strides, padding, data_format }: PoolAttrs) => ({
  ksize,
  strides,
  padding,
  data_format,
});

export const maxPool3DOp = defineOp("MaxPool3D", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: [...attrs, "T: {half, bfloat16, float}"],
  shape: (op) => [poolShape("Pool3D ops", op.input, op)],
  lower(p, op) {
    checkPool(op.input.shape, op, words);
    const geometry = windowOf(op.input.shape, op);
    const shape = pooledShape(geometry);
    return shape.includes(0) || op.input.shape.includes(0)
      ? p.fill(0, op.input.dtype, shape)
      : p.window("max", op.input, geometry);
  },
  gradient: (tf, op, dy) => ({
    input: tf.maxPool3DGradOp({ orig_input: op.input, orig_output: op.output, grad: dy!, ...handedOn(op) }),
  }),
});

function check(input: FullShape, output: FullShape, grad: FullShape, attrs: PoolAttrs, wanted: FullShape): void {
  checkPool(input, attrs, words);
  const pooled = pooledShape(windowOf(input, attrs));
  if (!sameShape(output, pooled))
    throw invalidArgument(`Expected orig_output shape to be ${formatShape(pooled)}, but got ${formatShape(output)}`);
  if (!sameShape(grad, wanted))
    throw invalidArgument(`Expected grad shape to be ${formatShape(wanted)}, but got ${formatShape(grad)}`);
}

/** output = grad added at every element that equals the maximum of its window. */
export const maxPool3DGradOp = defineOp("MaxPool3DGrad", {
  inputs: ["orig_input: TInput", "orig_output: TInput", "grad: T"],
  outputs: ["output: T"],
  attrs: [...attrs, "T: {half, bfloat16, float} = DT_FLOAT", "TInput: {half, bfloat16, float} = DT_FLOAT"],
  shape: ({ orig_input }): [Shape] => [withRank(orig_input, 5)],
  compute(op): NdArray {
    const { orig_input: input, orig_output: output, grad } = op;
    check(input.shape, output.shape, grad.shape, op, output.shape);
    const [values, maxima, gradients] = [comparable(input), comparable(output), toNumbers(grad)];
    const total = new Float32Array(elementCount(input.shape));
    forEachWindow(windowOf(input.shape, op), (at, positions) => {
      for (const position of positions)
        if (values[position] === maxima[at]) total[position] = total[position]! + gradients[at]!;
    });
    const result = emptyArray(grad.dtype, input.shape);
    for (let i = 0; i < total.length; i++) setElement(grad.dtype, result.data, i, total[i]);
    return result;
  },
  gradient: (tf, op, dy): PoolGradients =>
    zeroOriginals(tf, op, (originals) => tf.maxPool3DGradGradOp({ ...originals, grad: dy!, ...handedOn(op) })),
});

/** output = the elements of grad at the first maximum of each window. */
export const maxPool3DGradGradOp = defineOp("MaxPool3DGradGrad", {
  inputs: ["orig_input: T", "orig_output: T", "grad: T"],
  outputs: ["output: T"],
  attrs: [...attrs, "T: realnumbertype" as "T: type"],
  shape(op) {
    mergeShapes(op.orig_input, op.grad);
    return [mergeShapes(op.orig_output, poolShape("Pool3D ops", op.orig_input, op))];
  },
  compute(op) {
    const { orig_input: input, orig_output: output, grad } = op;
    check(input.shape, output.shape, grad.shape, op, input.shape);
    const [values, maxima] = [comparable(input), comparable(output)];
    const result = emptyArray(grad.dtype, output.shape);
    forEachWindow(windowOf(input.shape, op), (at, positions) => {
      const from = positions.find((position) => values[position] === maxima[at]);
      if (from !== undefined) copyElements(grad.dtype, grad.data, from, result.data, at, 1);
    });
    return result;
  },
  gradient: (tf, op, dy): PoolGradients =>
    zeroOriginals(tf, op, (originals) => tf.maxPool3DGradOp({ ...originals, grad: dy!, ...handedOn(op) })),
});
