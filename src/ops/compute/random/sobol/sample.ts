/** Points of Sobol sequences, which fill a cube evenly. Source: sobol_op.cc, math_ops.cc. */
import { type DType, float32 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { allocateElements, elementAt, NdArray } from "../../../../core/nd_array.ts";
import { type Dim, withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { bits, directionNumbers, maxDimensions } from "./directions.ts";

const largest = 2 ** 31 - 1;

/** The numbers of the first point after `skip` others: point n is that of Gray's code of n. */
function begun(directions: readonly Uint32Array[], dim: number, skip: number): Uint32Array {
  const gray = skip ^ (skip >>> 1);
  const x = new Uint32Array(dim);
  for (let bit = 0; bit < bits; bit++) {
    if ((gray >>> bit) & 1) for (let d = 0; d < dim; d++) x[d]! ^= directions[d]![bit]!;
  }
  return x;
}

/** samples [num_results, dim] in [0, 1): the points after the first `skip`. */
export const sobolSampleOp = defineOp("SobolSample", {
  inputs: ["dim: int32", "num_results: int32", "skip: int32"],
  outputs: ["samples: dtype"],
  attrs: ["dtype: {float, double} = DT_FLOAT"],
  shape({ dim, num_results, skip }, context) {
    for (const scalar of [dim, num_results, skip]) withRank(scalar, 0);
    const size = (name: "dim" | "num_results"): Dim => {
      const value = context.value(name);
      return value ? Number(elementAt(value, 0)) : null;
    };
    return [[size("num_results"), size("dim")]];
  },
  compute({ dim: dims, num_results, skip: skipped, dtype }) {
    const [dim, count, skip] = [dims, num_results, skipped].map((array) => Number(elementAt(array, 0))) as [
      number,
      number,
      number,
    ];
    if (dim < 1) throw invalidArgument("dim must be at least one");
    if (dim > maxDimensions) throw invalidArgument(`dim must be at most ${maxDimensions}`);
    if (count < 1) throw invalidArgument("num_results must be at least one");
    if (skip < 0) throw invalidArgument("skip must be non-negative");
    if (count >= largest - skip) throw invalidArgument(`num_results+skip must be less than ${largest}`);
    const directions = directionNumbers(dim);
    const x = begun(directions, dim, skip);
    const data = allocateElements(dtype, count * dim) as Float32Array | Float64Array;
    for (let i = 0; i < count; i++) {
      const bit = 31 - Math.clz32(~(skip + i) & (skip + i + 1));
      for (let d = 0; d < dim; d++) {
        x[d]! ^= directions[d]![bit]!;
        data[i * dim + d] = x[d]! / 2 ** bits;
      }
    }
    return new NdArray(dtype, [count, dim], data);
  },
  gradient: "unregistered",
});

export interface SobolOptions extends Named {
  readonly skip?: TensorLike;
  readonly dtype?: DType;
}

/** Points of a Sobol sequence, [numResults, dim] in [0, 1), after the first `skip` of them. float32 or float64. */
export function sobolSample(
  dim: TensorLike,
  numResults: TensorLike,
  ...rest: Rest<SobolOptions, ["skip", "dtype", "name"]>
): Tensor {
  const { skip = 0, dtype = float32, name } = byName<SobolOptions>(rest, ["skip", "dtype", "name"]);
  return inScope(name, "sobol", () => sobolSampleOp({ dim, num_results: numResults, skip, dtype }));
}
