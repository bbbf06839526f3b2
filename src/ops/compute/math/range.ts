/** Sequences of numbers: Range and LinSpace. Source: math_ops.cc, sequence_ops.cc, math_ops.py. */

import { type DType, float32, int32, int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError, TypeError } from "../../../core/error.ts";
import { elementAt, type NdArray } from "../../../core/nd_array.ts";
import { type Shape, withRank } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, isTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { inScope, type Named } from "../array/basic/names.ts";
import { cast } from "./cast.ts";

/** How many numbers from start lie before limit. Throws INVALID_ARGUMENT when delta leads nowhere. */
function countSteps(start: number | bigint, limit: number | bigint, delta: number | bigint): number {
  if (Number(delta) === 0) throw new InvalidArgumentError("Requires delta != 0");
  if (delta > 0 && start > limit)
    throw new InvalidArgumentError(`Requires start <= limit when delta > 0: ${start}/${limit}`);
  if (delta < 0 && start < limit)
    throw new InvalidArgumentError(`Requires start >= limit when delta < 0: ${start}/${limit}`);
  if ([start, limit, delta].every((n) => typeof n === "bigint" || Number.isInteger(n))) {
    const [a, b, d] = [BigInt(start), BigInt(limit), BigInt(delta)];
    const [gap, step] = [b > a ? b - a : a - b, d < 0n ? -d : d];
    return Number((gap + step - 1n) / step);
  }
  return Math.ceil(Math.abs((Number(limit) - Number(start)) / Number(delta)));
}

const only = (array: NdArray): number | bigint => elementAt(array, 0) as number | bigint;

/** output = start, start + delta, … before limit. */
export const rangeOp = defineOp("Range", {
  inputs: ["start: Tidx", "limit: Tidx", "delta: Tidx"],
  outputs: ["output: Tidx"],
  attrs: ["Tidx: {bfloat16, half, float, double, int8, int16, int32, int64, uint16, uint32, uint64} = DT_INT32"],
  shape({ start, limit, delta }, context) {
    for (const shape of [start, limit, delta]) withRank(shape, 0);
    const values = [context.value("start"), context.value("limit"), context.value("delta")];
    if (values.some((value) => value === null)) return [[null]];
    const [a, b, d] = values.map((value) => only(value!));
    return [[countSteps(a!, b!, d!)]];
  },
  lower(p, { start, limit, delta, Tidx }) {
    for (const [name, x] of Object.entries({ start, limit, delta })) {
      if (x.shape.some((n) => n !== 1))
        throw new InvalidArgumentError(`${name} must be a scalar, not shape [${x.shape.join(",")}]`);
    }
    const [a, b, d] = [p.concrete(start), p.concrete(limit), p.concrete(delta)].map(only);
    if (Number(d) === 0) throw new InvalidArgumentError("Requires delta != 0: 0");
    const n = countSteps(a!, b!, d!);
    const wide = Tidx.isInteger ? Tidx.base : "float64";
    const steps = p.mul(p.iota(wide, [n], 0), p.scalar(d!, wide));
    return p.cast(p.add(steps, p.scalar(a!, wide)), Tidx.base);
  },
  gradient: "none",
});

/** output = num numbers from start to stop, both included. */
export const linSpaceOp = defineOp("LinSpace", {
  inputs: ["start: T", "stop: T", "num: Tidx"],
  outputs: ["output: T"],
  attrs: ["T: {bfloat16, half, float, double}", "Tidx: {int32, int64} = DT_INT32"],
  shape({ start, stop, num }, context) {
    for (const shape of [start, stop, num] as Shape[]) withRank(shape, 0);
    const value = context.value("num");
    if (!value) return [[null]];
    checkCount(Number(only(value)));
    return [[Number(only(value))]];
  },
  lower(p, { start, stop, num, T }) {
    const n = p.numbers(num)[0]!;
    checkCount(n);
    const first = p.reshape(start, [1]);
    if (n === 1) return first;
    const step = p.div(p.sub(stop, start), p.scalar(n - 1, T.base));
    const inner = p.add(first, p.mul(p.iota(T.base, [n - 1], 0), step));
    return p.concat([inner, p.reshape(stop, [1])], 0);
  },
  gradient: "none",
});

function checkCount(n: number): void {
  if (n <= 0) throw new InvalidArgumentError(`Requires num > 0: ${n}`);
}

const hierarchy = ["int32", "int64", "float16", "bfloat16", "float32", "float64"];

export interface RangeOptions extends Named {
  readonly limit?: TensorLike | null;
  readonly delta?: TensorLike;
  readonly dtype?: DType;
}

const rangePlaces = ["limit", "delta", "dtype", "name"] as const;

/**
 * start, start + delta, … before limit, a vector; `range(n)` begins at 0. The widest dtype of the three is that of the result. Throws
 * TypeError for dtypes without an order of width.
 */
export function range(start: TensorLike, ...rest: Rest<RangeOptions, typeof rangePlaces>): Tensor {
  const { limit = null, delta: step = 1, dtype, name = "range" } = byName<RangeOptions>(rest, rangePlaces);
  const [from, to] = limit === null ? [0, start] : [start, limit];
  return inScope(name, "Range", (scope) => {
    const asTensor = (value: TensorLike, argument: string) =>
      isTensor(value) ? value : convertToTensor(value, { dtype, name: argument });
    const args = [asTensor(from, "start"), asTensor(to, "limit"), asTensor(step, "delta")] as const;
    const wanted = dtype?.baseDtype ?? widest(args);
    const [a, b, d] = args.map((arg) => cast(arg, wanted)) as [Tensor, Tensor, Tensor];
    return rangeOp({ start: a, limit: b, delta: d }, scope);
  });
}

function widest(args: readonly Tensor[]): DType {
  const wrong = args.find((arg) => !hierarchy.includes(arg.dtype.base));
  if (wrong) throw new TypeError(`Invalid dtype ${wrong.dtype} in range`);
  return args
    .map((arg) => arg.dtype.baseDtype)
    .reduce((a, b) => (hierarchy.indexOf(b.base) > hierarchy.indexOf(a.base) ? b : a));
}

type LinspaceOptions = { readonly axis?: number } & Named;
const linspacePlaces = ["name", "axis"] as const;

/**
 * num numbers from start to stop along a new axis, for float tensors that broadcast; made of the nodes of TensorFlow's own composition.
 * Source: math_ops.py, linspace_nd.
 */
export const linspace = byKeyword(
  ["start", "stop", "num"],
  function linspace(
    start: TensorLike,
    stop: TensorLike,
    num: TensorLike,
    ...rest: Rest<LinspaceOptions, typeof linspacePlaces>
  ): Tensor {
    const options = byName<LinspaceOptions>(rest, linspacePlaces);
    const { axis = 0, name } = options;
    return inScope(name, "linspace", () => {
      const first = convertToTensor(start, { name: "start", preferredDtype: float32 });
      const last = convertToTensor(stop, { name: "stop", dtype: first.dtype.baseDtype });
      const given = convertToTensor(num, { name: "num", preferredDtype: int32 });
      const count = given.dtype.isInteger ? ops.castOp({ x: given, DstT: int32 }) : given;
      cast(count, first.dtype.baseDtype);
      const shape = ops.broadcastDynamicShape(ops.shape(first), ops.shape(last));
      const [start0, stop0] = [ops.broadcastTo(first, shape), ops.broadcastTo(last, shape)];
      return between({ from: ops.expandDims(start0, axis), to: ops.expandDims(stop0, axis), count, axis });
    });
  },
);

function between({ from, to, count, axis }: { from: Tensor; to: Tensor; count: Tensor; axis: number }): Tensor {
  const shape = ops.shape(from);
  const rank = ops.shape(shape).at(0);
  const at = ops.whereV2(axis >= 0, axis, rank.add(axis));
  const inner = ops.maximum(count.sub(2), 0);
  const steps = ops.maximum(count.sub(1), 1);
  const delta = to.sub(from).div(cast(steps, to.dtype.baseDtype));
  const end = ops.whereV2(count.greaterEqual(0), steps, -1);
  const whole = cast(range(1, end, { dtype: int64 }), delta.dtype.baseDtype);
  const mask = ops.equal(at, range(rank));
  const steppedShape = ops.whereV2(mask, inner, 1);
  const middle = from.add(delta.mul(ops.reshape(whole, steppedShape)));
  const all = ops.concat([from, middle, to], at);
  const begin = ops.zerosLike(shape);
  const size = ops.concat(
    [shape.at({ start: 0, stop: at }), ops.reshape(count, [1]), shape.at({ start: at.add(1) })],
    0,
  );
  return ops.slice(all, begin, size);
}

export const linSpace: typeof linspace = linspace;
