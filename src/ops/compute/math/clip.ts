/** Values kept within limits, and gradients within norms. Source: math_ops.cc, clip_ops.py. */
import { InvalidArgumentError, TypeError, ValueError } from "../../../core/error.ts";
import { compatible, formatShape, formatShapePython, sameShape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { IndexedSlices } from "../../../graph/indexed_slices.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { constant } from "../../constant.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../array/basic/names.ts";

/** output = t, no less than clip_value_min and no more than clip_value_max: scalars, or of t's shape. */
export const clipByValueOp = defineOp("ClipByValue", {
  inputs: ["t: T", "clip_value_min: T", "clip_value_max: T"],
  outputs: ["output: T"],
  attrs: ["T: numbertype"],
  shape: ({ t }) => [t],
  lower(p, { t, clip_value_min: low, clip_value_max: high }) {
    const fits = (limit: typeof low) => limit.shape.length === 0 || sameShape(limit.shape, t.shape);
    if (!fits(low) || !fits(high)) {
      throw new InvalidArgumentError(
        `clip_value_min and clip_value_max must be either of the same shape as input, or a scalar. input shape: ${formatShape(t.shape)}clip_value_min shape: ${formatShape(low.shape)}clip_value_max shape: ${formatShape(high.shape)}`,
      );
    }
    return p.max(p.min(t, high), low);
  },
  gradient(tf, { t: x, clip_value_min: y, clip_value_max: z }, dy) {
    const [sx, sy, sz] = [tf.shape(x), tf.shape(y), tf.shape(z)];
    const zeros = tf.zeros(tf.shape(dy!), dy!.dtype.baseDtype);
    const isBelow = tf.less(x, y);
    const isAbove = tf.greater(x, z);
    const { r1: ry } = tf.broadcastGradientArgsOp({ s0: sx, s1: sy });
    const { r1: rz } = tf.broadcastGradientArgsOp({ s0: sx, s1: sz });
    const gx = tf.where(tf.logicalOr(isBelow, isAbove), zeros, dy!);
    const gy = tf.where(isBelow, dy!, zeros);
    const gz = tf.where(isAbove, dy!, zeros);
    return {
      t: gx,
      clip_value_min: tf.reshape(tf.reduceSum(gy, { axis: ry }), sy),
      clip_value_max: tf.reshape(tf.reduceSum(gz, { axis: rz }), sz),
    };
  },
});

type Clippable = TensorLike | IndexedSlices;
type Clipped<X> = X extends IndexedSlices ? IndexedSlices : Tensor;

const valuesOf = (t: Clippable, name: string): Tensor =>
  convertToTensor(t instanceof IndexedSlices ? t.values : t, { name });

const like = (t: Clippable, values: Tensor): Tensor | IndexedSlices =>
  t instanceof IndexedSlices ? new IndexedSlices(values, t.indices, t.denseShape) : values;

/** Throws ValueError when clipping would have broadcast the values to a larger shape. */
function checkSame(values: Tensor, clipped: Tensor): void {
  if (!compatible(values.shape, clipped.shape)) {
    throw new ValueError(
      `Shapes ${formatShapePython(values.shape)} and ${formatShapePython(clipped.shape)} are incompatible`,
    );
  }
}

/** t, no less than clipValueMin and no more than clipValueMax: a Minimum and a Maximum. */
export const clipByValue = byKeyword(["t", "clipValueMin", "clipValueMax"], function clipByValue<
  X extends Clippable,
>(t: X, clipValueMin: TensorLike, clipValueMax: TensorLike, name?: Name): Clipped<X> {
  return inScope(nameOf(name), "clip_by_value", (scope) => {
    const values = valuesOf(t, "t");
    const below = ops.minimum(values, clipValueMax);
    checkSame(values, below);
    const clipped = ops.maximum(below, clipValueMin, { name: scope });
    checkSame(values, clipped);
    return like(t, clipped);
  }) as Clipped<X>;
});

type ClipByNormArguments = { readonly axes?: TensorLike | null } & Named;

/** t scaled down to an L2 norm of at most clipNorm along `axes` (all by default). */
export const clipByNorm = byKeyword(["t", "clipNorm"], function clipByNorm<
  X extends Clippable,
>(t: X, clipNorm: TensorLike, ...rest: Rest<ClipByNormArguments, ["axes", "name"]>): Clipped<X> {
  const options: ClipByNormArguments = byName(rest, ["axes", "name"]);
  return inScope(options.name, "clip_by_norm", (scope) => {
    const values = valuesOf(t, "t");
    const limit =
      typeof clipNorm === "number" ? Math.max(clipNorm, 0) : ops.cast(ops.maximum(clipNorm, 0), values.dtype.baseDtype);
    const squares = ops.reduceSum(values.mul(values), { axis: options.axes ?? null, keepdims: true });
    const isPositive = squares.greater(0);
    const safe = ops.where(isPositive, squares, ops.onesLike(squares));
    const norm = ops.where(isPositive, ops.sqrt(safe), squares);
    const scaled = values.mul(limit);
    checkSame(values, scaled);
    return like(t, ops.identity(scaled.div(ops.maximum(norm, limit)), { name: scope }));
  }) as Clipped<X>;
});

/** The root of the sum of the squares of all elements of all tensors; nulls are left out. Throws TypeError when it is no list. */
export function globalNorm(tList: readonly (Clippable | null)[], name?: Name): Tensor {
  checkList(tList);
  return inScope(nameOf(name), "global_norm", () => {
    const values = tList.map((t, i) => (t === null ? null : valuesOf(t, `t_${i}`))).filter((value) => value !== null);
    const halves = values.map((value) => getDefaultGraph().colocateWith(value, () => ops.l2LossOp({ t: value })));
    const half = ops.reduceSum(ops.stack(halves));
    return ops.sqrt(half.mul(constant(2, { dtype: half.dtype.baseDtype })), { name: "global_norm" });
  });
}

function checkList(tList: unknown): void {
  if (!Array.isArray(tList))
    throw new TypeError(`\`t_list\` should be a sequence of tensors. Received ${typeof tList}.`);
}

type ClipByGlobalNormArguments = { readonly useNorm?: Tensor | null } & Named;

/** All tensors scaled by one factor so that their global norm is at most clipNorm; and that norm. Nulls stay null. */
export const clipByGlobalNorm = byKeyword(["tList", "clipNorm"], function clipByGlobalNorm<
  X extends Clippable | null,
>(tList: readonly X[], clipNorm: TensorLike, ...rest: Rest<ClipByGlobalNormArguments, ["useNorm", "name"]>): readonly [
  (Tensor | IndexedSlices | null)[],
  Tensor,
] {
  const options: ClipByGlobalNormArguments = byName(rest, ["useNorm", "name"]);
  checkList(tList);
  const norm = options.useNorm ?? globalNorm(tList, options);
  const clipped = inScope(options.name, "clip_by_global_norm", (scope) => {
    const one = () => constant(1, { dtype: norm.dtype.baseDtype });
    const factor = (): Tensor => {
      const inverse = norm.rdiv(1);
      return ops.minimum(inverse, one().div(clipNorm));
    };
    const finite =
      typeof clipNorm === "object" && "mul" in (clipNorm as object)
        ? (clipNorm as Tensor).mul(factor())
        : factor().rmul(clipNorm);
    const scale = finite.add(norm.sub(norm));
    const values = tList.map((t, i) => (t === null ? null : valuesOf(t as Clippable, `t_${i}`)));
    return values.map((value, i) => {
      if (value === null) return null;
      const scaled = getDefaultGraph().colocateWith(value, () =>
        ops.identity(value.mul(ops.cast(scale, value.dtype.baseDtype)), { name: `${scope}_${i}` }),
      );
      return like(tList[i] as Clippable, scaled);
    });
  });
  return [clipped, norm];
});

/** t scaled down to an average L2 norm of at most clipNorm. */
export const clipByAverageNorm = byKeyword(
  ["t", "clipNorm"],
  function clipByAverageNorm(t: TensorLike, clipNorm: TensorLike, name?: Name): Tensor {
    return inScope(nameOf(name), "clip_by_average_norm", (scope) => {
      const x = convertToTensor(t, { name: "t" });
      const count = ops.toFloat(ops.size(x), { name: "Cast" });
      const inverse = ops.rsqrt(ops.reduceSum(x.mul(x), { axis: ops.range(ops.rank(x)) }));
      const limit = (): Tensor => {
        const average = inverse.mul(count);
        return ops.minimum(average, constant(1, { dtype: x.dtype.baseDtype }).div(clipNorm));
      };
      return ops.identity(x.mul(clipNorm).mul(limit()), { name: scope });
    });
  },
);
