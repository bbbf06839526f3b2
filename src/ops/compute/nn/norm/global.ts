/** The first batch norm op, of GraphDefs before version 9. Source: nn_ops.cc, batch_norm_op.cc. */
import { type Dim, mergeDims, mergeShapes, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import { defineOp } from "../../../define.ts";

const attrs = ["T: numbertype", "variance_epsilon: float", "scale_after_normalization: bool"] as const;

function withLast(t: Shape, vectors: readonly Shape[]): { t: Dim[]; depth: Dim } {
  const dims = withRank(t, 4);
  let depth: Dim = dims[3]!;
  for (const vector of vectors) depth = mergeDims(depth, withRank(vector, 1)[0]!);
  return { t: [...dims.slice(0, 3), depth], depth };
}

const inverseDeviation = (p: Lowering, v: Value, epsilon: number): Value =>
  p.rsqrt(p.add(v, p.scalar(Math.fround(epsilon), v.dtype)));

/** result = (t - m) / sqrt(v + variance_epsilon) [* gamma] + beta; t [n, h, w, c], the others [c]. */
export const batchNormWithGlobalNormalizationOp = defineOp("BatchNormWithGlobalNormalization", {
  inputs: ["t: T", "m: T", "v: T", "beta: T", "gamma: T"],
  outputs: ["result: T"],
  attrs,
  shape: ({ t, m, v, beta, gamma }) => [withLast(t, [m, v, beta, gamma]).t],
  lower(p, { t, m, v, beta, gamma, variance_epsilon, scale_after_normalization }) {
    const inverse = inverseDeviation(p, v, variance_epsilon);
    const factor = scale_after_normalization ? p.mul(inverse, gamma) : inverse;
    return p.add(p.mul(p.sub(t, m), factor), beta);
  },
  gradient(tf, { t, m, v, gamma, variance_epsilon, scale_after_normalization }, dy) {
    const record = { t, m, v, gamma, backprop: dy!, variance_epsilon, scale_after_normalization };
    const { dx, dm, dv, db, dg } = tf.batchNormWithGlobalNormalizationGradOp(record);
    return { t: dx, m: dm, v: dv, beta: db, gamma: dg };
  },
});

export const batchNormWithGlobalNormalizationGradOp = defineOp("BatchNormWithGlobalNormalizationGrad", {
  inputs: ["t: T", "m: T", "v: T", "gamma: T", "backprop: T"],
  outputs: ["dx: T", "dm: T", "dv: T", "db: T", "dg: T"],
  attrs,
  shape({ t, m, v, gamma, backprop }) {
    const known = withLast(mergeShapes(t, backprop), [m, v, gamma]);
    return [known.t, [known.depth], [known.depth], [known.depth], [known.depth]];
  },
  lower(p, { t, m, v, gamma, backprop, variance_epsilon, scale_after_normalization }) {
    const axes = [0, 1, 2];
    const inverse = inverseDeviation(p, v, variance_epsilon);
    const scaled = scale_after_normalization ? p.mul(inverse, gamma) : inverse;
    const centered = p.sum(p.mul(p.sub(t, m), backprop), axes);
    const cubed = p.mul(p.mul(inverse, inverse), scaled);
    const db = p.sum(backprop, axes);
    return [
      p.mul(backprop, scaled),
      p.neg(p.mul(db, scaled)),
      p.mul(p.mul(centered, cubed), p.scalar(-0.5, v.dtype)),
      db,
      scale_after_normalization ? p.mul(centered, inverse) : p.fill(0, gamma.dtype, gamma.shape),
    ];
  },
  gradient: "unregistered",
});
