/** Reductions made of several ops. Source: math_ops.py. */

import { type DType, int64 } from "../../../../core/dtype.ts";
import { TypeError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as ops from "../../../index.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope, type Name, nameOf } from "../../array/basic/names.ts";
import { knownScalar, type ReduceOptions, reduceOptions } from "./axes.ts";
import type { ReduceCall } from "./sums.ts";

/** log(sum(exp(x))) along `axis`, without overflow. */
export const reduceLogsumexp: ReduceCall = (input, ...rest) => {
  const { axis, keepDims, name } = reduceOptions(rest);
  return inScope(name, "ReduceLogSumExp", (scope) => {
    const largest = ops.reduceMax(input, { axis, keepdims: true });
    const finite = ops.stopGradient(ops.selectV2Op({ condition: ops.isFinite(largest), t: largest, e: 0 }));
    const sum = ops.reduceSum(ops.exp(ops.subtract(input, finite)), { axis, keepdims: keepDims });
    const logs = ops.log(sum);
    const shift = keepDims ? finite : ops.reshape(finite, ops.shapeOp({ input: logs }));
    return knownScalar(ops.add(logs, shift, { name: scope }), axis, keepDims);
  });
};

/** The mean of the squared distances from the mean. Throws TypeError for integers. */
export const reduceVariance: ReduceCall = (input, ...rest) => {
  const { axis, keepDims, name } = reduceOptions(rest);
  return inScope(name, "reduce_variance", () => {
    const x = convertToTensor(input);
    const means = ops.reduceMean(x, { axis, keepdims: true });
    if (means.dtype.isInteger)
      throw new TypeError(`Input must be either real or complex. Received integer type ${means.dtype}.`);
    const difference = x.sub(means);
    const squares = difference.dtype.isComplex
      ? ops.realOp({
          input: ops.mulOp({ x: ops.conjOp({ input: difference }), y: difference }),
          Tout: ops.realDtype(difference.dtype),
        })
      : ops.square(difference);
    return ops.reduceMean(squares, { axis, keepdims: keepDims });
  });
};

/** The root of the variance. */
export const reduceStd: ReduceCall = (input, ...rest) => {
  const { axis, keepDims, name } = reduceOptions(rest);
  return inScope(name, "reduce_std", () =>
    ops.sqrt(reduceVariance(convertToTensor(input), { axis, keepdims: keepDims })),
  );
};

export interface CountOptions extends ReduceOptions {
  /** int64 by default. */
  readonly dtype?: DType;
}

const countNonzeroPlaces = ["axis", "keepdims", "dtype", "name"] as const;

/** How many elements along `axis` are not 0 (true, not empty). */
export function countNonzero(input: TensorLike, ...rest: Rest<CountOptions, typeof countNonzeroPlaces>): Tensor {
  const options = byName<CountOptions>(rest, countNonzeroPlaces);
  const { axis, keepDims, name } = reduceOptions([options]);
  const { dtype = int64 } = options;
  return inScope(name, "count_nonzero", () => {
    const x = convertToTensor(input, { name: "input" });
    const isCounted = x.dtype.isBool ? x : ops.notEqualOp({ x, y: ops.zeros([], x.dtype.baseDtype) });
    return ops.cast(ops.reduceSum(ops.cast(isCounted, int64), { axis, keepdims: keepDims }), dtype);
  });
}

/** The sum of the diagonal of the last two dimensions. */
export const trace = (x: TensorLike, name?: Name): Tensor =>
  inScope(nameOf(name), "Trace", (scope) =>
    ops.reduceSum(ops.matrixDiagPart(convertToTensor(x, { name: "x" })), { axis: [-1], name: scope }),
  );
