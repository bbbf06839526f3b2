/** Checks of values: at once where they are known, else by a node that fails the run. Source: tensorflow/python/ops/check_ops.py. */

import { complex64, complex128, type DType, float32, float64 } from "../../core/dtype.ts";
import { InvalidArgumentError } from "../../core/error.ts";
import { elementAt, type Item, type NdArray } from "../../core/nd_array.ts";
import { printArray } from "../../core/print.ts";
import { broadcastShapes, elementCount, type FullShape, rowMajorStrides } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { constantValue } from "../../graph/infer.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { assertions } from "../../ops/compute/nn/loss/assertions.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../ops/convert.ts";
import {
  abs,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  multiply,
  noOp,
  notEqual,
  reduceAll,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { assertThat } from "../control_flow/assert.ts";
import { comparisonError } from "../control_flow/at_once.ts";

export interface CheckOptions {
  /** What is printed when the check fails; a sentence and the tensors by default. */
  readonly data?: readonly TensorLike[] | undefined;
  /** How many elements of each tensor are printed; 3 by default. */
  readonly summarize?: number | undefined;
  /** A sentence in front. */
  readonly message?: string | undefined;
  readonly name?: string | undefined;
}

export const prefixOf = (message: string | undefined): string => (message ? `${message}.  ` : "");

interface Comparison {
  readonly sign: string;
  readonly scope: string;
  readonly node: (x: TensorLike, y: TensorLike) => Tensor;
  readonly holds: (x: Item, y: Item) => boolean;
}

/** Do all pairs of elements, broadcast, compare so? */
function allHold(x: NdArray, y: NdArray, holds: Comparison["holds"]): boolean {
  const shape = broadcastShapes(x.shape, y.shape) as FullShape;
  const sources = [x, y].map((array) => {
    const strides = rowMajorStrides(array.shape);
    const missing = shape.length - array.shape.length;
    return shape.map((_, d) => (d < missing || array.shape[d - missing] === 1 ? 0 : strides[d - missing]!));
  });
  const strides = rowMajorStrides(shape);
  const count = elementCount(shape);
  for (let i = 0; i < count; i++) {
    const [a, b] = sources.map((source) =>
      source.reduce((at, stride, d) => at + (Math.floor(i / strides[d]!) % shape[d]!) * stride, 0),
    );
    if (!holds(elementAt(x, a!), elementAt(y, b!))) return false;
  }
  return true;
}

/** Numbers beside a tensor are of its dtype. */
function pair(x: TensorLike, y: TensorLike): readonly [Tensor, Tensor] {
  const isNumber = (value: TensorLike): boolean => typeof value === "number";
  if (isNumber(x) && isSymbolic(y)) {
    const other = convertToTensor(y, { name: "y" });
    return [convertToTensor(x, { dtype: other.dtype.baseDtype, name: "x" }), other];
  }
  const first = convertToTensor(x, { name: "x" });
  const dtype = isNumber(y) && isSymbolic(x) ? { dtype: first.dtype.baseDtype } : {};
  return [first, convertToTensor(y, { ...dtype, name: "y" })];
}

const shown = (item: TensorLike): string => {
  const known = item instanceof Tensor ? constantValue(item) : null;
  return known ? printArray(known) : String(item);
};

function compare(kind: Comparison, x: TensorLike, y: TensorLike, options: CheckOptions): Operation {
  return getDefaultGraph().nameScope(options.name ?? kind.scope, () => {
    const [a, b] = pair(x, y);
    const { message, summarize } = options;
    if (getDefaultGraph().isEager) {
      const each = kind.node(a, b).numpy();
      const holds = Array.from(each.data as Uint8Array, (item) => item !== 0);
      if (holds.every(Boolean)) return noOp();
      throw comparisonError(kind.sign, a.numpy(), b.numpy(), holds, options);
    }
    const told = options.data ?? [
      `Condition x ${kind.sign} y did not hold element-wise:`,
      `x (${a.shownName}) = `,
      a,
      `y (${b.shownName}) = `,
      b,
    ];
    const data = message === undefined ? told : [message, ...told];
    const condition = reduceAll(kind.node(a, b));
    const [known, other] = [constantValue(a), constantValue(b)];
    if (known && other && !allHold(known, other, kind.holds))
      throw new InvalidArgumentError(data.map(shown).join("\n"));
    return assertThat(condition, data, { summarize });
  });
}

const places = ["data", "summarize", "message", "name"] as const;
type CheckRest = Rest<CheckOptions, typeof places>;
type Check = (x: TensorLike, y: TensorLike, ...rest: CheckRest) => Operation;
type SignCheck = (x: TensorLike, ...rest: CheckRest) => Operation;

const comparison =
  (kind: Comparison): Check =>
  (x, y, ...rest) =>
    compare(kind, x, y, byName<CheckOptions>(rest, places));

/** An operation that fails with INVALID_ARGUMENT unless x == y, element by element; fails at once where both are known. */
export const assertEqual: Check = (x, y, ...rest) => {
  const options = byName<CheckOptions>(rest, places);
  const scope = options.name ?? "assert_equal";
  return getDefaultGraph().nameScope(scope, () => (x === y ? noOp() : null)) ?? areEqual(x, y, options);
};

assertions.equal = (x, y) => assertEqual(x, y);

const areEqual: Check = comparison({
  sign: "==",
  scope: "assert_equal",
  node: equal,
  holds: (x, y) => x === y,
});
/**
 * An operation that fails with INVALID_ARGUMENT unless x != y everywhere; null in eager execution. What is known at once to be wrong is
 * thrown at once.
 */
export const assertNoneEqual: Check = comparison({
  sign: "!=",
  scope: "assert_none_equal",
  node: notEqual,
  holds: (x, y) => x !== y,
});
/**
 * An operation that fails with INVALID_ARGUMENT unless x < y everywhere; null in eager execution. What is known at once to be wrong is
 * thrown at once.
 */
export const assertLess: Check = comparison({
  sign: "<",
  scope: "assert_less",
  node: less,
  holds: (x, y) => x < y,
});
/**
 * An operation that fails with INVALID_ARGUMENT unless x <= y everywhere; null in eager execution. What is known at once to be wrong is
 * thrown at once.
 */
export const assertLessEqual: Check = comparison({
  sign: "<=",
  scope: "assert_less_equal",
  node: lessEqual,
  holds: (x, y) => x <= y,
});
/**
 * An operation that fails with INVALID_ARGUMENT unless x > y everywhere; null in eager execution. What is known at once to be wrong is
 * thrown at once.
 */
export const assertGreater: Check = comparison({
  sign: ">",
  scope: "assert_greater",
  node: greater,
  holds: (x, y) => x > y,
});
/**
 * An operation that fails with INVALID_ARGUMENT unless x >= y everywhere; null in eager execution. What is known at once to be wrong is
 * thrown at once.
 */
export const assertGreaterEqual: Check = comparison({
  sign: ">=",
  scope: "assert_greater_equal",
  node: greaterEqual,
  holds: (x, y) => x >= y,
});

const signed =
  (scope: string, sign: string, check: (x: Tensor, zero: Tensor, options: CheckOptions) => Operation): SignCheck =>
  (x, ...rest) => {
    const options = byName<CheckOptions>(rest, places);
    return getDefaultGraph().nameScope(options.name ?? scope, () => {
      const tensor = convertToTensor(x, { name: "x" });
      const { summarize, message } = options;
      const condition = `Condition x ${sign} 0 did not hold element-wise:`;
      const named = `x (${tensor.shownName}) = `;
      // TensorFlow joins the two texts of this check alone.
      const texts = sign === "<=" ? [condition + named] : [condition, named];
      const data = options.data ?? [prefixOf(message), ...texts, tensor];
      const zero = convertToTensor(0, { dtype: tensor.dtype.baseDtype });
      return check(tensor, zero, { data, summarize });
    });
  };

/**
 * An operation that fails with INVALID_ARGUMENT unless x < 0 everywhere; null in eager execution. What is known at once to be wrong is
 * thrown at once.
 */
export const assertNegative: SignCheck = signed("assert_negative", "<", assertLess);
/**
 * An operation that fails with INVALID_ARGUMENT unless x > 0 everywhere; null in eager execution. What is known at once to be wrong is
 * thrown at once.
 */
export const assertPositive: SignCheck = signed("assert_positive", ">", (x, zero, options) =>
  assertLess(zero, x, options),
);
/**
 * An operation that fails with INVALID_ARGUMENT unless x >= 0 everywhere; null in eager execution. What is known at once to be wrong is
 * thrown at once.
 */
export const assertNonNegative: SignCheck = signed("assert_non_negative", ">=", (x, zero, options) =>
  assertLessEqual(zero, x, options),
);
/**
 * An operation that fails with INVALID_ARGUMENT unless x <= 0 everywhere; null in eager execution. What is known at once to be wrong is
 * thrown at once.
 */
export const assertNonPositive: SignCheck = signed("assert_non_positive", "<=", assertLessEqual);

export interface NearOptions extends CheckOptions {
  /** 10 times the distance from 1 to the next number by default. */
  readonly rtol?: TensorLike | undefined;
  readonly atol?: TensorLike | undefined;
}

const epsilons: Readonly<Record<string, number>> = {
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
  float32: 2 ** -23,
  float64: 2 ** -52,
  complex64: 2 ** -23,
  complex128: 2 ** -52,
};

const realOf = (dtype: DType): DType => (dtype === complex64 ? float32 : dtype === complex128 ? float64 : dtype);

const assertNearPlaces = ["rtol", "atol", "data", "summarize", "message", "name"] as const;

/** An operation that fails unless |x - y| < atol + rtol · |y|. */
export const assertNear = byKeyword(
  ["x", "y"],
  function assertNear(x: TensorLike, y: TensorLike, ...rest: Rest<NearOptions, typeof assertNearPlaces>): Operation {
    const options = byName<NearOptions>(rest, assertNearPlaces);
    return getDefaultGraph().nameScope(options.name ?? "assert_near", () => {
      const a = convertToTensor(x, { name: "x" });
      const b = convertToTensor(y, { dtype: a.dtype.baseDtype, name: "y" });
      const dtype = realOf(a.dtype.baseDtype);
      const ten = 10 * (epsilons[a.dtype.base] ?? epsilons[float64.base]!);
      const rtol = convertToTensor(options.rtol ?? ten, { dtype, name: "rtol" });
      const atol = convertToTensor(options.atol ?? ten, { dtype, name: "atol" });
      const data = options.data ?? [
        prefixOf(options.message),
        `x and y not equal to tolerance rtol = ${rtol}, atol = ${atol}`,
        `x (${a.shownName}) = `,
        a,
        `y (${b.shownName}) = `,
        b,
      ];
      const limit = atol.add(multiply(rtol, abs(b), { name: "mul" }));
      return assertThat(reduceAll(less(abs(a.sub(b)), limit)), data, { summarize: options.summarize });
    });
  },
);
