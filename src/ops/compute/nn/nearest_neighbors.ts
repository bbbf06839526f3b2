/** The centers nearest to points. Source: clustering_ops.cc, kernels/clustering_ops.cc. */
import { float32, int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { defineOp } from "../../define.ts";

/** For each row of points [n, d] the indices of its k nearest rows of centers [m, d] and the squares of their distances: [n, min(k, m)]. */
export const nearestNeighborsOp = defineOp("NearestNeighbors", {
  inputs: ["points: float", "centers: float", "k: int64"],
  outputs: ["nearest_center_indices: int64", "nearest_center_distances: float"],
  shape: () => [null, null],
  compute({ points, centers, k }) {
    if (points.shape.length !== 2) throw new InvalidArgumentError("Input points should be a matrix.");
    if (centers.shape.length !== 2) throw new InvalidArgumentError("Input centers should be a matrix.");
    if (k.shape.length !== 0) throw new InvalidArgumentError("Input k should be a scalar.");
    const [n, d] = points.shape as [number, number];
    const [m, width] = centers.shape as [number, number];
    if (d !== width)
      throw new InvalidArgumentError(`Expected point_dimensions == center_dimensions: ${d} vs ${width}.`);
    const kept = Math.min(Number((k.data as BigInt64Array)[0]!), m);
    const indices = new BigInt64Array(n * kept);
    const distances = new Float32Array(n * kept);
    const [p, c] = [points.data as Float32Array, centers.data as Float32Array];
    for (let i = 0; i < n; i++) {
      const all = Array.from({ length: m }, (_, j) => {
        let sum = 0;
        for (let x = 0; x < d; x++) sum += (p[i * d + x]! - c[j * d + x]!) ** 2;
        return [sum, j] as const;
      }).sort(([a, j], [b, l]) => a - b || j - l);
      for (const [r, [distance, j]] of all.slice(0, kept).entries()) {
        indices[i * kept + r] = BigInt(j);
        distances[i * kept + r] = distance;
      }
    }
    return [new NdArray(int64, [n, kept], indices), new NdArray(float32, [n, kept], distances)];
  },
  gradient: "unregistered",
});
