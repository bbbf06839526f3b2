/** Running sums, products and log-sums along an axis. Source: math_ops.cc, scan_ops.cc, math_grad.py. */

import { InvalidArgumentError } from "../../../../core/error.ts";
import { allocateElements, elementAt, NdArray, type NumberArray, setElement } from "../../../../core/nd_array.ts";
import { elementCount } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp, type OpBuilder } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope, type Named } from "../../array/basic/names.ts";
import { limitsOf } from "../cast.ts";

export type ScanOp = OpBuilder<
  readonly ["x: T", "axis: Tidx"],
  readonly ["out: T"],
  readonly ["exclusive: bool = false", "reverse: bool = false", "T: numbertype", "Tidx: {int32, int64} = DT_INT32"]
>;

interface ScanRecord {
  readonly x: Tensor;
  readonly axis: Tensor;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** The axis counted from the front. Throws the kernel's words when there is no such axis. */
function scanAxis(axes: readonly number[], axisRank: number, rank: number): number {
  if (axisRank !== 0) throw new InvalidArgumentError("ScanOp: axis must be a scalar, not [1]");
  const axis = axes[0]!;
  if (axis < -rank || axis >= rank) {
    throw new InvalidArgumentError(`ScanOp: Expected scan axis in the range [${-rank}, ${rank}), but got ${axis}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** out[i] = the sum or product of x[0] … x[i] along the axis (without x[i] when exclusive, from the end when reverse). */
function scanOp(
  type: string,
  fn: "sum" | "prod",
  gradient: (tf: GradientTools, op: ScanRecord, dy: Tensor) => Tensor,
): ScanOp {
  return defineOp(type, {
    inputs: ["x: T", "axis: Tidx"],
    outputs: ["out: T"],
    attrs: ["exclusive: bool = false", "reverse: bool = false", "T: numbertype", "Tidx: {int32, int64} = DT_INT32"],
    shape: ({ x }) => [x],
    lower: (p, { x, axis, exclusive, reverse }) =>
      p.scan(fn, x, scanAxis(p.numbers(axis), axis.shape.length, x.shape.length), { exclusive, reverse }),
    gradient: (tf, op, dy) => ({ x: gradient(tf, op, dy!) }),
  });
}

export const cumsumOp: ScanOp = scanOp("Cumsum", "sum", (tf, { axis, exclusive, reverse }, dy) =>
  tf.cumsum(dy, { axis, exclusive, reverse: !reverse }),
);

export const cumprodOp: ScanOp = scanOp("Cumprod", "prod", (tf, { x, axis, exclusive, reverse }, dy) => {
  const products = tf.cumprod(x, { axis, exclusive, reverse });
  const sums = tf.cumsum(products.mul(dy), { axis, exclusive, reverse: !reverse });
  return tf.divNoNan(sums, x);
});

function logAddExp(a: number, b: number): number {
  const [large, small] = a > b ? [a, b] : [b, a];
  return small === Number.NEGATIVE_INFINITY ? large : large + Math.log1p(Math.exp(small - large));
}

/** out[i] = log(exp(x[0]) + … + exp(x[i])) along the axis; an exclusive scan begins with -Infinity. */
export const cumulativeLogsumexpOp = defineOp("CumulativeLogsumexp", {
  inputs: ["x: T", "axis: Tidx"],
  outputs: ["out: T"],
  attrs: [
    "exclusive: bool = false",
    "reverse: bool = false",
    "T: {bfloat16, half, float, double}",
    "Tidx: {int32, int64} = DT_INT32",
  ],
  shape: ({ x }) => [x],
  compute({ x, axis, exclusive, reverse, T }) {
    const at = scanAxis(Array.from(axis.data as Int32Array, Number), axis.shape.length, x.shape.length);
    const n = x.shape[at]!;
    const inner = elementCount(x.shape.slice(at + 1));
    const outer = elementCount(x.shape.slice(0, at));
    const data = allocateElements(T, x.size) as NumberArray;
    for (let line = 0; line < outer * inner; line++) {
      const start = Math.floor(line / inner) * n * inner + (line % inner);
      let running = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < n; k++) {
        const i = start + (reverse ? n - 1 - k : k) * inner;
        const next = logAddExp(running, elementAt(x, i) as number);
        setElement(T, data, i, exclusive ? running : next);
        running = next;
      }
    }
    return new NdArray(T, x.shape, data);
  },
  gradient(tf, { x, axis, exclusive, reverse, out }, dy) {
    const [lowest] = limitsOf(dy!.dtype.baseDtype) as readonly [number, number];
    const positive = tf.whereV2(tf.greater(dy!, 0), tf.log(dy!), lowest);
    const negative = tf.whereV2(tf.less(dy!, 0), tf.log(dy!.neg()), lowest);
    const part = (logs: Tensor): Tensor =>
      tf.exp(tf.cumulativeLogsumexp(logs.sub(out), { axis, reverse: !reverse, exclusive }).add(x));
    const [above, below] = [part(positive), part(negative)];
    return { x: above.sub(below) };
  },
});

export interface ScanOptions extends Named {
  /** 0 by default. */
  readonly axis?: TensorLike;
  /** Each result leaves its own element out. */
  readonly exclusive?: boolean;
  /** From the end. */
  readonly reverse?: boolean;
}

const scanPlaces = ["axis", "exclusive", "reverse", "name"] as const;
export type ScanCall = (x: TensorLike, ...rest: Rest<ScanOptions, typeof scanPlaces>) => Tensor;

const call =
  (
    make: (inputs: { x: Tensor; axis: TensorLike; exclusive: boolean; reverse: boolean }, name: string) => Tensor,
    scopeName: string,
  ): ScanCall =>
  (x, ...rest) => {
    const options = byName<ScanOptions>(rest, scanPlaces);
    return inScope(options.name, scopeName, (scope) => {
      const { axis = 0, exclusive = false, reverse = false } = options;
      return make({ x: convertToTensor(x, { name: "x" }), axis, exclusive, reverse }, scope);
    });
  };

/** Running sums along `axis`. */
export const cumsum: ScanCall = call(cumsumOp, "Cumsum");
/** Running products along `axis`. */
export const cumprod: ScanCall = call(cumprodOp, "Cumprod");
/** Running log-sums of exponentials along `axis`. */
export const cumulativeLogsumexp: ScanCall = call(cumulativeLogsumexpOp, "CumulativeLogsumexp");
