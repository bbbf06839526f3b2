/** Comparisons. Source: math_ops.cc, cwise_ops_common.cc. */

import { bool } from "../../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import {
  broadcastShapes,
  type Dim,
  elementCount,
  formatShape,
  mergeShapes,
  type Shape,
  sameShape,
} from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import { defineOp, type OpBuilder } from "../../../define.ts";
import { nameOf } from "../../array/basic/names.ts";
import { pairsOf } from "../elementwise/operands.ts";
import { type BinaryCall, checkBroadcast, mayBroadcast } from "../elementwise/table.ts";

export type CompareOp = OpBuilder<readonly ["x: T", "y: T"], readonly ["z: bool"], readonly ["T: realnumbertype"]>;
export type EqualOp = OpBuilder<
  readonly ["x: T", "y: T"],
  readonly ["z: bool"],
  readonly ["T: type", "incompatible_shape_error: bool = true"]
>;

/** z[i] = whether x[i] and y[i] are in this order. */
function comparison(type: string, fn: "lt" | "le" | "gt" | "ge"): CompareOp {
  return defineOp(type, {
    inputs: ["x: T", "y: T"],
    outputs: ["z: bool"],
    attrs: ["T: realnumbertype"],
    shape: ({ x, y }) => [broadcastShapes(x, y)],
    lower(p, { x, y }) {
      checkBroadcast(x.shape, y.shape);
      return p[fn](x, y);
    },
    gradient: "none",
  });
}

export const lessOp: CompareOp = comparison("Less", "lt");
export const lessEqualOp: CompareOp = comparison("LessEqual", "le");
export const greaterOp: CompareOp = comparison("Greater", "gt");
export const greaterEqualOp: CompareOp = comparison("GreaterEqual", "ge");

/** The shape of a comparison that answers false (one scalar) for shapes that do not broadcast. */
function lenientShape(x: Shape, y: Shape): Shape {
  if (x === null || y === null) return null;
  if (!mayBroadcast(x, y)) return [];
  const rank = Math.max(x.length, y.length);
  const at = (s: readonly Dim[], i: number): Dim => (i < rank - s.length ? 1 : s[i - (rank - s.length)]!);
  for (let i = 0; i < rank; i++) {
    const [dx, dy] = [at(x, i), at(y, i)];
    const large = dx === null ? dy : dy === null ? dx : 1;
    if (large !== null && large > 1) return null;
  }
  return broadcastShapes(x, y);
}

function equality(type: string, isEqual: boolean): EqualOp {
  const compare = (p: Lowering, x: Value, y: Value): Value => (isEqual ? p.eq(x, y) : p.ne(x, y));
  return defineOp(type, {
    inputs: ["x: T", "y: T"],
    outputs: ["z: bool"],
    attrs: ["T: type", "incompatible_shape_error: bool = true"],
    shape: ({ x, y, incompatible_shape_error }) => [
      incompatible_shape_error ? broadcastShapes(x, y) : lenientShape(x, y),
    ],
    lower(p, { x, y, incompatible_shape_error }) {
      if (incompatible_shape_error) checkBroadcast(x.shape, y.shape);
      return mayBroadcast(x.shape, y.shape) ? compare(p, x, y) : p.scalar(!isEqual, "bool");
    },
    lowers: ({ T }) => T.base !== "string",
    compute({ x, y, incompatible_shape_error }) {
      if (incompatible_shape_error) checkBroadcast(x.shape, y.shape);
      if (!mayBroadcast(x.shape, y.shape)) return new NdArray(bool, [], Uint8Array.of(isEqual ? 0 : 1));
      const { shape, at } = pairsOf(x.shape, y.shape);
      const [a, b] = [x.data as readonly Uint8Array[], y.data as readonly Uint8Array[]];
      const data = new Uint8Array(elementCount(shape));
      for (let i = 0; i < data.length; i++) {
        const [left, right] = at(i);
        data[i] = sameBytes(a[left]!, b[right]!) === isEqual ? 1 : 0;
      }
      return new NdArray(bool, shape, data);
    },
    gradient: "none",
  });
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

export const equalOp: EqualOp = equality("Equal", true);
export const notEqualOp: EqualOp = equality("NotEqual", false);

const call =
  (op: CompareOp | EqualOp): BinaryCall =>
  (x, y, name) =>
    (op as CompareOp)({ x, y }, nameOf(name));

/** z[i] = |x[i] - y[i]| < tolerance; shapes are equal. */
export const approximateEqualOp = defineOp("ApproximateEqual", {
  inputs: ["x: T", "y: T"],
  outputs: ["z: bool"],
  attrs: ["T: numbertype", "tolerance: float = 9.999999747378752e-06"],
  shape: ({ x, y }) => [mergeShapes(x, y)],
  lower(p, { x, y, tolerance }) {
    if (!sameShape(x.shape, y.shape)) {
      throw new InvalidArgumentError(
        `x and y must be of the same shape. x shape: ${formatShape(x.shape)}. y shape: ${formatShape(y.shape)}`,
      );
    }
    return p.lt(p.abs(p.sub(x, y)), p.scalar(tolerance, x.dtype));
  },
  gradient: "none",
});

/** x < y, element by element, as bools; shapes broadcast, dtypes are equal: real numbers. */
export const less: BinaryCall = call(lessOp);
/** x <= y, element by element, as bools; shapes broadcast, dtypes are equal: real numbers. */
export const lessEqual: BinaryCall = call(lessEqualOp);
/** x > y, element by element, as bools; shapes broadcast, dtypes are equal: real numbers. */
export const greater: BinaryCall = call(greaterOp);
/** x >= y, element by element, as bools; shapes broadcast, dtypes are equal: real numbers. */
export const greaterEqual: BinaryCall = call(greaterEqualOp);
/** x == y, element by element, as bools; shapes broadcast, dtypes are equal: any. */
export const equal: BinaryCall = call(equalOp);
/** x != y, element by element, as bools; shapes broadcast, dtypes are equal: any. */
export const notEqual: BinaryCall = call(notEqualOp);
