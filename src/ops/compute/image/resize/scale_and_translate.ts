/** Images scaled and moved, sampled with a kernel. Source: image_ops.cc, scale_and_translate_op.cc, image_grad.py. */
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import { formatShape, mergeShapes, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { Named } from "../../array/basic/names.ts";
import { spread, weightedSum } from "./along_axis.ts";
import type { AxisWeights } from "./axis_weights.ts";
import { kernelWeights, samplingKernels } from "./kernel_weights.ts";
import { outputSize, resizedShape } from "./resize.ts";

interface Sampling {
  readonly scale: Value;
  readonly translation: Value;
  readonly kernel_type: string;
  readonly antialias: boolean;
}

function pair(p: Lowering, value: Value, name: string): [number, number] {
  if (value.shape.length !== 1 || value.shape[0] !== 2)
    throw new InvalidArgumentError(`${name} must have two elements${formatShape(value.shape)}`);
  const array = p.concrete(value);
  return Array.from(array.data as Float32Array) as [number, number];
}

/** Weights of rows and of columns. Throws the kernel's INVALID_ARGUMENT. */
function weightsOf(
  p: Lowering,
  from: readonly number[],
  to: readonly number[],
  op: Sampling,
): [AxisWeights, AxisWeights] {
  const kernel = samplingKernels[op.kernel_type];
  if (!kernel) throw new InvalidArgumentError(`Unrecognized kernel type: ${op.kernel_type}`);
  const scales = pair(p, op.scale, "scale");
  if (scales.some((n) => !(n > 0))) throw new InvalidArgumentError("Scale must be greater than zero.");
  const moves = pair(p, op.translation, "translation");
  const weights = (axis: 0 | 1): AxisWeights =>
    kernelWeights(from[axis + 1]!, to[axis + 1]!, {
      scale: scales[axis],
      translate: moves[axis],
      kernel,
      antialias: op.antialias,
    });
  return [weights(0), weights(1)];
}

function checkPairs(scale: Shape, translation: Shape): void {
  for (const shape of [scale, translation]) mergeShapes(shape, [2]);
}

/** resized_images: float32 [batch, size[0], size[1], channels]; input pixel (y, x) lands at (y, x) * scale + translation. */
export const scaleAndTranslateOp = defineOp("ScaleAndTranslate", {
  inputs: ["images: T", "size: int32", "scale: float", "translation: float"],
  outputs: ["resized_images: float"],
  attrs: [
    "T: {int8, uint8, int16, uint16, int32, int64, bfloat16, half, float, double}",
    "kernel_type: string = 'lanczos3'",
    "antialias: bool = true",
  ],
  shape(op, context) {
    withRank(op.images, 4);
    checkPairs(op.scale, op.translation);
    return [resizedShape(op.images, op.size, context)];
  },
  lower(p, op) {
    const size = outputSize(p, op.images, op.size);
    const [rows, columns] = weightsOf(p, op.images.shape, [0, ...size], op);
    return weightedSum(p, weightedSum(p, p.cast(op.images, "float32"), 1, rows), 2, columns);
  },
  gradient: (tf, op, dy) => ({
    images: tf.scaleAndTranslateGradOp({
      grads: dy!,
      original_image: op.images,
      scale: op.scale,
      translation: op.translation,
      kernel_type: op.kernel_type,
      antialias: op.antialias,
    }),
  }),
});

export const scaleAndTranslateGradOp = defineOp("ScaleAndTranslateGrad", {
  inputs: ["grads: T", "original_image: T", "scale: float", "translation: float"],
  outputs: ["output: T"],
  attrs: ["T: {float}", "kernel_type: string = 'lanczos3'", "antialias: bool = true"],
  shape: ({ original_image }) => [original_image],
  lower(p, op) {
    const { grads, original_image: image } = op;
    if (grads.shape.length !== 4) throw invalidArgument(`input_grad must be 4-dimensional${formatShape(grads.shape)}`);
    const [rows, columns] = weightsOf(p, image.shape, grads.shape, op);
    return spread(p, spread(p, grads, 2, image.shape[2]!, columns), 1, image.shape[1]!, rows);
  },
  gradient: "unregistered",
});

export interface ScaleAndTranslateOptions extends Named {
  readonly kernelType?: string;
  readonly antialias?: boolean;
}

/** Images [n, h, w, c] scaled by [rows, columns], moved and sampled into the size [height, width]. */
export const scaleAndTranslate = (
  images: TensorLike,
  size: TensorLike,
  scale: TensorLike,
  translation: TensorLike,
  { kernelType = "lanczos3", antialias = true, name }: ScaleAndTranslateOptions = {},
): Tensor => scaleAndTranslateOp({ images, size, scale, translation, kernel_type: kernelType, antialias }, name);
