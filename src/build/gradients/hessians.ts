/** `tf.hessians`: second derivatives, row by row in a loop. Source: gradients_impl.py. */
import { int32 } from "../../core/dtype.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { asTensor } from "../../graph/tensor.ts";
import { concat, constant, reshape, shape as shapeOf, size, TensorArray } from "../../ops/index.ts";
import { byKeyword } from "../../ops/options.ts";
import { whileLoop } from "../control_flow/while_loop.ts";
import { type Differentiable, type GradientsOptions, gradients } from "./gradients.ts";

/**
 * For each x the second derivatives of the sum of ys, [...x.shape, ...x.shape]. Throws what `gradients` throws, and ValueError where ys do
 * not depend on x.
 */
export const hessians = byKeyword(
  ["ys", "xs"],
  function hessians(
    ys: Differentiable | readonly Differentiable[],
    xs: Differentiable | readonly Differentiable[],
    options: Omit<GradientsOptions, "gradYs"> = {},
  ): Tensor[] {
    const all = (Array.isArray(xs) ? xs : [xs]) as readonly Differentiable[];
    const first = gradients(ys as Differentiable[], [...all], options);
    return all.map((x, i) => {
      const gradient = reshape(first[i] as Tensor, [-1]);
      const value = asTensor in x ? x[asTensor]() : (x as Tensor);
      const n = size(value);
      const loopVars = [constant(0, { dtype: int32 }), new TensorArray(value.dtype, { size: n })] as const;
      const [, rows] = whileLoop(
        (j: Tensor) => j.less(n),
        (j: Tensor, result: TensorArray) =>
          [j.add(1), result.write(j, gradients(gradient.at(j), [x])[0] as Tensor)] as const,
        loopVars as never,
      ) as unknown as [Tensor, TensorArray];
      const shape = shapeOf(value);
      return reshape(rows.stack(), concat([shape, shape], 0));
    });
  },
);
