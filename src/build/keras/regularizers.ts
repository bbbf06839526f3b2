/** `tf.keras.regularizers` and `tf.keras.constraints`. Source: tf_keras/src/regularizers.py, constraints.py. */
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  abs,
  add,
  cast,
  clipByValue,
  divide,
  greaterEqual,
  multiply,
  reduceSum,
  sqrt,
  square,
} from "../../ops/index.ts";
import type { Regularizer } from "../variables/store.ts";
import type { Constraint } from "../variables/variable.ts";
import { byName } from "./named.ts";
import { epsilon } from "./state.ts";

export type RegularizerName = Regularizer | string | null;
export type ConstraintName = Constraint | string | null;

/** l1 · Σ|x| + l2 · Σx². */
export const l1L2 =
  ({ l1 = 0, l2 = 0 }: { readonly l1?: number; readonly l2?: number } = {}): Regularizer =>
  (x) => {
    const parts: Tensor[] = [];
    if (l1) parts.push(multiply(l1, reduceSum(abs(convertToTensor(x)) as Tensor)));
    if (l2) parts.push(multiply(l2, reduceSum(square(convertToTensor(x)))));
    return parts.length ? parts.reduce((a, b) => add(a, b)) : convertToTensor(0, { dtype: convertToTensor(x).dtype });
  };
export const l1 = (rate = 0.01): Regularizer => l1L2({ l1: rate });
export const l2 = (rate = 0.01): Regularizer => l1L2({ l2: rate });

interface Norm {
  readonly axis?: number | readonly number[];
}

const normOf = (w: TensorLike, axis: number | readonly number[]): Tensor =>
  sqrt(reduceSum(square(convertToTensor(w)), { axis: axis as number, keepdims: true })) as Tensor;

/** Scales columns whose norm is larger down to it. */
export const maxNorm =
  ({ maxValue = 2, axis = 0 }: Norm & { readonly maxValue?: number } = {}): Constraint =>
  (w) => {
    const norms = normOf(w, axis);
    return multiply(w, divide(clipByValue(norms, 0, maxValue), add(norms, epsilon)));
  };
/** Negative numbers become zero. */
export const nonNeg = (): Constraint => (w) => multiply(w, cast(greaterEqual(w, 0), w.dtype) as Tensor);
/** Columns of norm 1. */
export const unitNorm =
  ({ axis = 0 }: Norm = {}): Constraint =>
  (w) =>
    divide(w, add(normOf(w, axis), epsilon)) as Tensor;
/** Columns with a norm between two bounds; `rate` says how far one step goes there. */
export const minMaxNorm =
  ({
    minValue = 0,
    maxValue = 1,
    rate = 1,
    axis = 0,
  }: Norm & { readonly minValue?: number; readonly maxValue?: number; readonly rate?: number } = {}): Constraint =>
  (w) => {
    const norms = normOf(w, axis);
    const desired = add(multiply(rate, clipByValue(norms, minValue, maxValue)), multiply(1 - rate, norms));
    return multiply(w, divide(desired, add(norms, epsilon)));
  };

const regularizers: Readonly<Record<string, () => Regularizer>> = {
  l1: () => l1(),
  l2: () => l2(),
  l1_l2: () => l1L2({ l1: 0.01, l2: 0.01 }),
};
const constraints: Readonly<Record<string, () => Constraint>> = {
  max_norm: maxNorm,
  non_neg: nonNeg,
  unit_norm: unitNorm,
  min_max_norm: minMaxNorm,
};

/** The regularizer of a name with its defaults. Throws ValueError for names that Keras has not. */
export const getRegularizer = (identifier: RegularizerName | undefined): Regularizer | null =>
  typeof identifier === "string" ? byName("regularizer", regularizers, identifier)() : (identifier ?? null);

/** The constraint of a name with its defaults. Throws ValueError for names that Keras has not. */
export const getConstraint = (identifier: ConstraintName | undefined): Constraint | null =>
  typeof identifier === "string" ? byName("constraint", constraints, identifier)() : (identifier ?? null);
