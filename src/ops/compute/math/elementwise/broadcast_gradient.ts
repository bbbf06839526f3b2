/** How gradients come back through broadcasting: summed over the axes that were repeated. Source: math_grad.py, bcast.h. */
import { InvalidArgumentError } from "../../../../core/error.ts";
import { type FullShape, isFull, type Shape } from "../../../../core/shape.ts";
import type { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";

/** r0, r1 = the axes over which a gradient is summed to get back to the shapes s0, s1. Throws INVALID_ARGUMENT when they do not broadcast. */
export const broadcastGradientArgsOp = defineOp("BroadcastGradientArgs", {
  inputs: ["s0: T", "s1: T"],
  outputs: ["r0: T", "r1: T"],
  attrs: ["T: {int32, int64} = DT_INT32"],
  shape: () => [[null], [null]],
  lower(p, { s0, s1, T }) {
    const [a, b] = [p.numbers(s0), p.numbers(s1)];
    const { x, y } = reducedAxes(a, b);
    return [p.list(x, T.base), p.list(y, T.base)];
  },
  gradient: "none",
});

/** r0 = the shape that s0 and s1 broadcast to. */
export const broadcastArgsOp = defineOp("BroadcastArgs", {
  inputs: ["s0: T", "s1: T"],
  outputs: ["r0: T"],
  attrs: ["T: {int32, int64} = DT_INT32"],
  shape({ s0, s1 }) {
    const [n0, n1] = [s0?.[0] ?? null, s1?.[0] ?? null];
    return [[n0 === null || n1 === null ? null : Math.max(n0, n1)]];
  },
  lower(p, { s0, s1, T }) {
    const [a, b] = [p.numbers(s0), p.numbers(s1)];
    reducedAxes(a, b);
    const rank = Math.max(a.length, b.length);
    const padded = (s: readonly number[]) => [...new Array<number>(rank - s.length).fill(1), ...s];
    const [x, y] = [padded(a), padded(b)];
    return p.list(
      x.map((d, i) => (d === 1 ? y[i]! : d)),
      T.base,
    );
  },
  gradient: "unregistered",
});

/** Axes where one of the shapes has 1; for equal shapes none at all, otherwise an axis that is 1 in both belongs to both. */
function reducedAxes(s0: readonly number[], s1: readonly number[]): { readonly x: number[]; readonly y: number[] } {
  const rank = Math.max(s0.length, s1.length);
  const at = (s: readonly number[], axis: number) => (axis < rank - s.length ? 1 : s[axis - (rank - s.length)]!);
  const isSame = s0.length === s1.length && s0.every((d, i) => d === s1[i]);
  const x: number[] = [];
  const y: number[] = [];
  for (let axis = 0; axis < rank && !isSame; axis++) {
    const [d0, d1] = [at(s0, axis), at(s1, axis)];
    if (d0 !== d1 && d0 !== 1 && d1 !== 1) {
      throw new InvalidArgumentError(`Incompatible shapes: [${s0.join(",")}] vs. [${s1.join(",")}]`);
    }
    if (d0 === 1) x.push(axis);
    if (d1 === 1) y.push(axis);
  }
  return { x, y };
}

interface Reduction {
  readonly shape: Tensor;
  readonly axes: readonly number[] | Tensor;
  readonly mustReduce: boolean;
}

/** The axes by static shapes, or null where values decide. */
function staticAxes(x: Shape, y: Shape): readonly [number[], number[]] | null {
  if (x === null || y === null) return null;
  const rank = Math.max(x.length, y.length);
  const xAxes: number[] = [];
  const yAxes: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const dx = axis < rank - x.length ? 1 : x[axis - (rank - x.length)]!;
    const dy = axis < rank - y.length ? 1 : y[axis - (rank - y.length)]!;
    if (dx === 1 && dy !== 1) xAxes.push(axis);
    else if (dy === 1 && dx !== 1) yAxes.push(axis);
    else if (dx === null || dy === null) return null;
  }
  return [xAxes, yAxes];
}

function reductions(tf: GradientTools, x: Tensor, y: Tensor): readonly [Reduction, Reduction] {
  const xShape = tf.shape(x);
  const yShape = tf.shape(y);
  const known = staticAxes(x.shape, y.shape);
  if (known) {
    const [xRank, yRank] = [x.shape!.length, y.shape!.length];
    return [
      { shape: xShape, axes: known[0], mustReduce: known[0].length > 0 || xRank < yRank },
      { shape: yShape, axes: known[1], mustReduce: known[1].length > 0 || yRank < xRank },
    ];
  }
  const { r0, r1 } = tf.broadcastGradientArgsOp({ s0: xShape, s1: yShape });
  return [
    { shape: xShape, axes: r0, mustReduce: true },
    { shape: yShape, axes: r1, mustReduce: true },
  ];
}

type Incoming = Tensor | IndexedSlices;

function reduceTo(tf: GradientTools, gradient: Incoming, { shape, axes, mustReduce }: Reduction): Tensor {
  if (!mustReduce) return gradient as Tensor;
  return tf.reshape(tf.reduceSum(gradient as Tensor, { axis: axes, keepdims: true }), shape);
}

/** The gradients gx and gy of x and y of a broadcasting op, summed to the shapes of x and y. */
export function reduceGradientArgs<X extends Tensor | null, Y extends Tensor | null>(
  tf: GradientTools,
  x: Tensor,
  y: Tensor,
  gx: X,
  gy: Y,
): { readonly x: X; readonly y: Y } {
  const [toX, toY] = reductions(tf, x, y);
  return {
    x: (gx && reduceTo(tf, gx, toX)) as X,
    y: (gy && reduceTo(tf, gy, toY)) as Y,
  };
}

/** Full static shapes of x, y and the gradient, all equal: nothing was broadcast. */
export function sameStaticShapes(x: Tensor, y: Tensor, gradient: Tensor): boolean {
  if (!(gradient instanceof Tensor)) return false;
  const { shape } = x;
  return isFull(shape) && isEqual(shape, y.shape) && isEqual(shape, gradient.shape);
}

function isEqual(a: FullShape, b: Shape): boolean {
  if (b === null || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The reduction that ops without static shortcuts build: shapes and axes first, then `reduce` for each gradient. */
export function broadcastReducers(
  tf: GradientTools,
  x: Tensor,
  y: Tensor,
): { readonly x: (g: Tensor) => Tensor; readonly y: (g: Tensor) => Tensor } {
  const xShape = tf.shape(x);
  const yShape = tf.shape(y);
  const { r0, r1 } = tf.broadcastGradientArgsOp({ s0: xShape, s1: yShape });
  return {
    x: (g) => tf.reshape(tf.reduceSum(g, { axis: r0 }), xShape),
    y: (g) => tf.reshape(tf.reduceSum(g, { axis: r1 }), yShape),
  };
}
