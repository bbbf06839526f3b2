/** Mixing images [batch, height, width, channels] along an axis, and back. */
import { float32 } from "../../../../core/dtype.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { AxisWeights } from "./axis_weights.ts";

/** Weights along an axis, broadcast over the others. */
function weightValue(p: Lowering, weights: Float32Array, axis: 1 | 2, dtype: "float32" | "float64"): Value {
  const shape = [1, 1, 1, 1];
  shape[axis] = weights.length;
  const value = p.constant(new NdArray(float32, shape, weights));
  return dtype === "float32" ? value : p.cast(value, dtype);
}

/** Low + (high - low) * distance along an axis. */
export function interpolate(p: Lowering, x: Value, axis: 1 | 2, { indices, weights }: AxisWeights): Value {
  const low = p.gather(x, p.list(indices[0]!), { axis });
  const high = p.gather(x, p.list(indices[1]!), { axis });
  return p.add(low, p.mul(p.sub(high, low), weightValue(p, weights[1]!, axis, "float32")));
}

/** The weighted sum of all terms along an axis. */
export function weightedSum(p: Lowering, x: Value, axis: 1 | 2, { indices, weights }: AxisWeights): Value {
  return indices
    .map((list, k) => p.mul(p.gather(x, p.list(list), { axis }), weightValue(p, weights[k]!, axis, "float32")))
    .reduce((a, b) => p.add(a, b));
}

/** Spreads values back along an axis to a length: the transpose of `weightedSum`. */
export function spread(p: Lowering, dy: Value, axis: 1 | 2, length: number, { indices, weights }: AxisWeights): Value {
  const perm = [axis, ...[0, 1, 2, 3].filter((d) => d !== axis)];
  const back = [0, 1, 2, 3].map((d) => perm.indexOf(d));
  const rows = [length, ...perm.slice(1).map((d) => dy.shape[d]!)];
  const dtype = dy.dtype as "float32" | "float64";
  let sum = p.fill(0, dtype, rows);
  for (const [k, list] of indices.entries()) {
    const term = p.mul(dy, weightValue(p, weights[k]!, axis, dtype));
    sum = p.scatter("add", sum, p.list(list), p.transpose(term, perm));
  }
  return p.transpose(sum, back);
}
