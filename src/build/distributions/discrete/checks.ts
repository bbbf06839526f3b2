/** Logits and probabilities, and checks of whole numbers and of vectors of classes. Source: util.py. */
import { bool, type DType, float16, float32, float64, int16, int32, int64 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import {
  assertEqual,
  assertGreaterEqual,
  assertLessEqual,
  assertNear,
  assertNonNegative,
} from "../../checks/compare.ts";
import { assertRankAtLeast } from "../../checks/ranks.ts";
import type { CommonOptions } from "../distribution.ts";

export interface LogitsOptions extends CommonOptions {
  /** Logarithms of the odds, or (of classes, along the last axis) of probabilities that need not add up to 1. */
  readonly logits?: TensorLike | undefined;
  /** Probabilities; these or logits. */
  readonly probs?: TensorLike | undefined;
}

/** The largest whole number up to which all are exact, by dtype. */
const largest: Readonly<Record<string, number>> = {
  float16: 2 ** 11,
  float32: 2 ** 24,
  float64: 2 ** 53,
  bool: 1,
  uint8: 2 ** 8 - 1,
  uint16: 2 ** 16 - 1,
  int8: 2 ** 7 - 1,
  int16: 2 ** 15 - 1,
  int32: 2 ** 31 - 1,
  int64: Number(2n ** 63n - 1n),
};

const scoped = (name: string, x: TensorLike, argument: string, fn: (x: Tensor) => Tensor): Tensor =>
  getDefaultGraph().nameScope(name, () => fn(convertToTensor(x, { name: argument })));

function floating(value: TensorLike, name: string): Tensor {
  const tensor = convertToTensor(value, { name, preferredDtype: float32 });
  if (!tensor.dtype.isFloating) throw new TypeError(`${name} must having floating type.`);
  return tensor;
}

/**
 * Both, made of the one that is given, in the scope of the distribution. Throws ValueError when both or none is, TypeError when it is not
 * floating.
 */
export function logitsAndProbs(
  given: LogitsOptions,
  name: string,
  isVector: boolean,
): { readonly logits: Tensor; readonly probs: Tensor } {
  const { validateArgs = false } = given;
  return getDefaultGraph().nameScope(name, () => {
    if ((given.probs === undefined) === (given.logits === undefined))
      throw new ValueError("Must pass probs or logits, but not both.");
    if (given.logits !== undefined) {
      let logits = floating(given.logits, "logits");
      if (!isVector) return { logits, probs: tf.sigmoid(logits, "probs") };
      if (validateArgs) logits = checkClasses(logits);
      return { logits, probs: tf.softmax(logits, { name: "probs" }) };
    }
    const plain = floating(given.probs!, "probs");
    const probs = validateArgs ? checkProbs(plain, isVector) : plain;
    return getDefaultGraph().nameScope("logits", () => {
      const logits = tf.log(probs);
      return { logits: isVector ? logits : logits.sub(tf.log1p(probs.rmul(-1))), probs };
    });
  });
}

function checkProbs(given: Tensor, isVector: boolean): Tensor {
  return getDefaultGraph().nameScope("validate_probs", () => {
    const one = tf.constant(1, { dtype: given.dtype.baseDtype });
    const checks = [assertNonNegative(given)];
    const probs = isVector ? checkClasses(given) : given;
    checks.push(
      isVector
        ? assertNear(tf.reduceSum(probs, -1), one, { message: "probs does not sum to 1." })
        : assertLessEqual(probs, one, { message: "probs has components greater than 1." }),
    );
    return tf.withDependencies(checks, probs);
  });
}

/** The parameter, which has at least two classes along its last axis. Throws ValueError where it is known to have less, or too many. */
export function checkClasses(parameter: Tensor): Tensor {
  return scoped("embed_check_categorical_event_shape", parameter, "categorical_param", (x) => {
    const { name } = x.dtype.baseDtype;
    const most = x.dtype.isFloating ? largest[name] : undefined;
    if (most === undefined) throw new TypeError(`Unable to validate size of unrecognized dtype (${name}).`);
    const few = "A categorical-distribution parameter must have at least 2 events.";
    const flat = "A categorical-distribution parameter must have at least 1 dimension.";
    if (x.shape?.length === 0) throw new ValueError(flat);
    const size = x.shape?.at(-1) ?? null;
    if (size !== null && size < 2) throw new ValueError(few);
    if (size !== null && size > most) {
      throw new ValueError(
        `Number of classes exceeds \`dtype\` precision, i.e., ${name} implies shape (${size}) cannot exceed ${most}.`,
      );
    }
    if (size !== null) return x;
    const classes = tf.shape(x, { name: "x_shape" }).at(-1);
    const many = `Number of classes exceeds \`dtype\` precision, i.e., ${name} dtype cannot exceed ${most} shape.`;
    const checks = [
      assertRankAtLeast(x, 1, { message: flat }),
      assertGreaterEqual(tf.shape(x).at(-1), 2, { message: few }),
      assertLessEqual(classes, most, { message: many }),
    ];
    return tf.withDependencies(checks, x);
  });
}

const wholeOf = new Map<DType, DType>([
  [float16, int16],
  [float32, int32],
  [float64, int64],
]);

/** An operation that fails where x is not whole. */
function assertWhole(given: Tensor, message: string, wanted?: DType): Operation {
  const name = "assert_integer_form";
  return getDefaultGraph().nameScope(name, () => {
    const x = convertToTensor(given, { name: "x" });
    const dtype = wanted ?? wholeOf.get(x.dtype.baseDtype);
    if (!dtype) throw new TypeError(`Unrecognized type ${x.dtype.name}`);
    return assertEqual(x, tf.cast(tf.cast(x, dtype), x.dtype.baseDtype), { message, name });
  });
}

/** The tensor, whose elements are 0, 1, 2, … */
export const checkCounts = (given: Tensor): Tensor =>
  scoped("embed_check_nonnegative_integer_form", given, "x", (x) => {
    const checks = [assertNonNegative(x, { message: `'${x}' must be non-negative.` })];
    if (!x.dtype.isInteger) checks.push(assertWhole(x, `'${x}' cannot contain fractional components.`));
    return tf.withDependencies(checks, x);
  });

/** The tensor, whose elements are whole numbers from 0 that a dtype holds. */
export const checkCasts = (given: Tensor, target: DType): Tensor =>
  scoped("embed_check_casting_closed", given, "x", (x) => {
    const isWhole = x.dtype.isInteger || x.dtype.baseDtype === bool;
    if (!isWhole && !x.dtype.isFloating)
      throw new TypeError(`${x.dtype.name}.dtype must be floating- or integer-type.`);
    const checks = [assertNonNegative(x, { message: "Elements must be non-negative." })];
    const most = largest[target.name]!;
    if (x.dtype.isFloating) checks.push(assertWhole(x, `Elements must be ${target.name}-equivalent.`, target));
    else if (largest[x.dtype.name]! > most)
      checks.push(assertLessEqual(x, most, { message: `Elements cannot exceed ${most}.` }));
    return tf.withDependencies(checks, x);
  });

/** The counts [..., k], which are whole and add up to the total; as they are without `validateArgs`. */
export function checkTotal(counts: Tensor, totalCount: Tensor, message: string): Tensor {
  const whole = checkCounts(counts);
  return tf.withDependencies([assertEqual(totalCount, tf.reduceSum(whole, -1), { message })], whole);
}

/** log(n! / Π counts!), counts [..., k]. */
export const logCombinations = (n: Tensor, counts: Tensor): Tensor =>
  scoped("log_combinations", n, "n", (total) => {
    const each = convertToTensor(counts, { name: "counts" });
    const permutations = tf.lgamma(total.add(1));
    const factorials = tf.lgamma(each.add(1));
    return permutations.sub(tf.reduceSum(factorials, [-1]));
  });
