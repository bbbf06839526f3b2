/** Half the sum of squares. Source: nn_ops.cc, nn_grad.py. */
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { type Name, nameOf } from "../../array/basic/names.ts";

/** output = sum(t ** 2) / 2, a scalar. */
export const l2LossOp = defineOp("L2Loss", {
  inputs: ["t: T"],
  outputs: ["output: T"],
  attrs: ["T: {half, bfloat16, float, double}"],
  shape: () => [[]],
  lower: (p, { t }) =>
    p.mul(
      p.sum(
        p.square(t),
        t.shape.map((_, i) => i),
      ),
      p.scalar(0.5, t.dtype),
    ),
  gradient: (_, { t }, dy) => ({ t: t.mul(dy!) }),
});

/** sum(t ** 2) / 2. */
export const l2Loss = (t: TensorLike, name?: Name): Tensor => l2LossOp({ t }, nameOf(name));
