/** Local response normalization across channels. Source: nn_ops.cc, lrn_op.cc, nn_grad.py. */
import { invalidArgument } from "../../../../core/error.ts";
import { mergeShapes, sameShape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import type { Named } from "../../array/basic/names.ts";

const attrs = [
  "depth_radius: int = 5",
  "bias: float = 1.0",
  "alpha: float = 1.0",
  "beta: float = 0.5",
  "T: {half, bfloat16, float} = DT_FLOAT",
] as const;

interface Attrs {
  readonly depth_radius: number;
  readonly bias: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Sums over the channels at most `radius` away. */
function bandSum(p: Lowering, x: Value, radius: number): Value {
  const depth = x.shape[3]!;
  const reach = Math.min(radius, Math.max(depth - 1, 0));
  const padded = p.pad(x, [0, 0, 0, reach], [0, 0, 0, reach]);
  let total: Value | undefined;
  for (let k = 0; k <= 2 * reach; k++) {
    const part = p.slice(padded, [0, 0, 0, k], x.shape);
    total = total ? p.add(total, part) : part;
  }
  return total!;
}

function checked(radius: number): number {
  if (radius < 0) throw invalidArgument(`depth_radius = ${radius} larger than int max`);
  return radius;
}

/** bias + alpha * the sum of squares around. */
const norms = (p: Lowering, x: Value, { depth_radius, bias, alpha }: Attrs): Value =>
  p.add(
    p.scalar(Math.fround(bias), x.dtype),
    p.mul(p.scalar(Math.fround(alpha), x.dtype), bandSum(p, p.square(x), depth_radius)),
  );

/** output = input / (bias + alpha * sum(input ** 2 of the channels around)) ** beta; input [n, h, w, c]. */
export const lrnOp = defineOp("LRN", {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs,
  shape: ({ input }) => [withRank(input, 4)],
  lower(p, op) {
    const { input } = op;
    if (input.shape.length !== 4) throw invalidArgument("in must be 4-dimensional");
    checked(op.depth_radius);
    return p.mul(input, p.pow(norms(p, input, op), p.scalar(-Math.fround(op.beta), input.dtype)));
  },
  gradient: (tf, { input, output, depth_radius, bias, alpha, beta }, dy) => ({
    input: tf.lrnGradOp({
      input_grads: dy!,
      input_image: input,
      output_image: output,
      depth_radius,
      bias,
      alpha,
      beta,
    }),
  }),
});

export const lrnGradOp = defineOp("LRNGrad", {
  inputs: ["input_grads: T", "input_image: T", "output_image: T"],
  outputs: ["output: T"],
  attrs,
  shape({ input_grads, input_image, output_image }) {
    const shape = mergeShapes(mergeShapes(withRank(input_grads, 4), input_image), output_image);
    return [shape];
  },
  lower(p, op) {
    const { input_grads: dy, input_image: x, output_image: y } = op;
    if (dy.shape.length !== 4 || x.shape.length !== 4) throw invalidArgument("inputs must be 4-dimensional");
    if (!sameShape(dy.shape, x.shape) || !sameShape(y.shape, x.shape)) {
      throw invalidArgument("input_grads, input_image, and out_image should have the same shape");
    }
    checked(op.depth_radius);
    const norm = norms(p, x, op);
    const direct = p.mul(dy, p.pow(norm, p.scalar(-Math.fround(op.beta), x.dtype)));
    const around = bandSum(p, p.div(p.mul(dy, y), norm), op.depth_radius);
    return p.sub(direct, p.mul(p.mul(p.scalar(2 * Math.fround(op.alpha) * Math.fround(op.beta), x.dtype), x), around));
  },
  gradient: "unregistered",
});

export interface LocalResponseNormalizationOptions extends Named {
  readonly depthRadius?: number;
  readonly bias?: number;
  readonly alpha?: number;
  readonly beta?: number;
}

/** input / (bias + alpha * sum(input ** 2 of the channels around)) ** beta; input [n, h, w, c]. */
export const localResponseNormalization = byKeyword(
  ["input"],
  function localResponseNormalization(
    input: TensorLike,
    ...rest: Rest<LocalResponseNormalizationOptions, ["depthRadius", "bias", "alpha", "beta", "name"]>
  ): Tensor {
    const options: LocalResponseNormalizationOptions = byName(rest, ["depthRadius", "bias", "alpha", "beta", "name"]);
    const { depthRadius = 5, bias = 1, alpha = 1, beta = 0.5, name } = options;
    return lrnOp({ input, depth_radius: depthRadius, bias, alpha, beta }, name);
  },
);

export const lrn = localResponseNormalization;
