/** `tf.keras.constraints`. Source: tf_keras/src/constraints.py. */
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  add,
  cast,
  clipByValue,
  divide,
  greaterEqual,
  multiply,
  reduceSum,
  reshape,
  shape as shapeOf,
  sqrt,
  square,
  stack,
  transpose,
  unstack,
} from "../../ops/index.ts";
import type { Constraint as ConstraintFunction } from "../variables/variable.ts";
import { familyOf, functionClass } from "./config/family.ts";
import { type Serialized, serializeObject } from "./config/registry.ts";
import { epsilon } from "./state.ts";

/** A constraint of one's own: a class with `call`, or a function of a variable's value. */
export abstract class Constraint {
  abstract call(w: Tensor): Tensor;
}

export type ConstraintName = ConstraintFunction | Constraint | Serialized | string | null;

interface Norm {
  readonly axis?: number | readonly number[];
}

const normOf = (w: TensorLike, axis: number | readonly number[]): Tensor =>
  sqrt(reduceSum(square(convertToTensor(w)), { axis: axis as number, keepdims: true })) as Tensor;

/** Scales columns whose norm is larger down to it. */
export const MaxNorm = functionClass(
  "MaxNorm",
  ["maxValue", "axis"],
  ({ maxValue = 2, axis = 0 }: Norm & { readonly maxValue?: number }): ConstraintFunction =>
    (w) => {
      const norms = normOf(w, axis);
      return multiply(w, divide(clipByValue(norms, 0, maxValue), add(norms, epsilon())));
    },
  ({ maxValue = 2, axis = 0 }) => ({ max_value: maxValue, axis }),
);
/** Negative numbers become zero. */
export const NonNeg = functionClass(
  "NonNeg",
  [],
  (_: object): ConstraintFunction =>
    (w) =>
      multiply(w, cast(greaterEqual(w, 0), w.dtype) as Tensor),
  () => ({}),
);
/** Columns of norm 1. */
export const UnitNorm = functionClass(
  "UnitNorm",
  ["axis"],
  ({ axis = 0 }: Norm): ConstraintFunction =>
    (w) =>
      divide(w, add(normOf(w, axis), epsilon())) as Tensor,
  ({ axis = 0 }) => ({ axis }),
);
interface Bounds extends Norm {
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly rate?: number;
}
/** Columns with a norm between two bounds; `rate` says how far one step goes there. */
export const MinMaxNorm = functionClass(
  "MinMaxNorm",
  ["minValue", "maxValue", "rate", "axis"],
  ({ minValue = 0, maxValue = 1, rate = 1, axis = 0 }: Bounds): ConstraintFunction =>
    (w) => {
      const norms = normOf(w, axis);
      const desired = add(multiply(rate, clipByValue(norms, minValue, maxValue)), multiply(1 - rate, norms));
      return multiply(w, divide(desired, add(norms, epsilon())));
    },
  ({ minValue = 0, maxValue = 1, rate = 1, axis = 0 }) => ({
    min_value: minValue,
    max_value: maxValue,
    rate,
    axis,
  }),
);

/** A square kernel with every element that of the ring around the middle that it lies in: [size, size, m, n]. */
const rings: ConstraintFunction = (w) => {
  const [height, width, ...rest] = w.shape as readonly number[];
  const flat = reshape(transpose(w, { perm: [2, 3, 0, 1] }), [-1, height!, width!]);
  const made = unstack(flat).map((kernel) => {
    const middle = Math.floor(height! / 2);
    const rowsOf = Array.from({ length: height! }, (_, i) =>
      stack(
        Array.from({ length: width! }, (__, j) => {
          const ring = Math.max(Math.abs(i - middle), Math.abs(j - middle));
          return kernel.at(middle - ring, middle);
        }),
      ),
    );
    return stack(rowsOf);
  });
  const back = reshape(stack(made), [...rest, height!, width!]);
  return reshape(transpose(back, { perm: [2, 3, 0, 1] }), shapeOf(w));
};
export const RadialConstraint = functionClass(
  "RadialConstraint",
  [],
  (_: object): ConstraintFunction => rings,
  () => ({}),
);

export const maxNorm = MaxNorm;
export const nonNeg = NonNeg;
export const unitNorm = UnitNorm;
export const minMaxNorm = MinMaxNorm;
export const radialConstraint = RadialConstraint;

const family = familyOf<ConstraintFunction>(
  "constraint",
  {
    max_norm: MaxNorm,
    non_neg: NonNeg,
    unit_norm: UnitNorm,
    min_max_norm: MinMaxNorm,
    radial_constraint: RadialConstraint,
  },
  { base: Constraint, asFunction: (own: Constraint) => (w) => own.call(w) },
);

/** The constraint of a name with its defaults, or that data describe. Throws ValueError for names that Keras has not. */
export const getConstraint = (identifier: ConstraintName | undefined): ConstraintFunction | null =>
  identifier === null || identifier === undefined ? null : family.get(identifier);
export const deserializeConstraint = (given: Serialized): ConstraintFunction => family.deserialize(given);
export const serializeConstraint = (constraint: ConstraintName): unknown => serializeObject(constraint);
