/** The exponential of matrices, by Padé approximants and squarings. Source: linalg_impl.py. */
import { complex64, type DType, float16, float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { isFull } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { whileLoop } from "../control_flow/while_loop.ts";

/** The odd and the even part of an approximant: exp(A) ≈ (v - u)^-1 (v + u). */
interface Parts {
  readonly u: Tensor;
  readonly v: Tensor;
}

/** What an approximant is made of: its coefficients, the identity and the even powers of the matrix. */
interface Terms {
  readonly b: readonly Tensor[];
  readonly one: Tensor;
  /** powers[k] is the matrix to the power 2 k + 2. */
  readonly powers: readonly Tensor[];
}

function termsOf(matrix: Tensor, coefficients: readonly number[], count: number): Terms {
  const b = coefficients.map((value) => tf.constant(value, matrix.dtype));
  const rows = tf.shape(matrix).at(-2);
  const one = tf.eye(rows, { batchShape: tf.shape(matrix).at(":-2"), dtype: matrix.dtype });
  const square = tf.matmul(matrix, matrix);
  const powers = [square];
  if (count > 1) powers.push(tf.matmul(square, square));
  while (powers.length < count) powers.push(tf.matmul(powers.at(-1)!, square));
  return { b, one, powers };
}

/** … + b[from + 2] A^2 + b[from] I, from the highest of `count` powers down, added to `start` if there is one. */
function polynomial({ b, one, powers }: Terms, from: number, count: number, start?: Tensor): Tensor {
  let sum = start;
  for (let k = count; k >= 0; k--) {
    const term = b[from + 2 * k]!.mul(k === 0 ? one : powers[k - 1]!);
    sum = sum ? sum.add(term) : term;
  }
  return sum!;
}

/** An approximant of degree 3, 5, 7 or 9, whose coefficients end before the highest, 1. */
function approximant(matrix: Tensor, coefficients: readonly number[]): Parts {
  const count = (coefficients.length - 1) / 2;
  const terms = termsOf(matrix, coefficients, count);
  const u = tf.matmul(matrix, polynomial(terms, 1, count - 1, terms.powers.at(-1)!));
  return { u, v: polynomial(terms, 0, count) };
}

function approximant13(matrix: Tensor): Parts {
  const terms = termsOf(matrix, pade13, 3);
  const { b, powers } = terms;
  const [two, four, six] = powers as [Tensor, Tensor, Tensor];
  const high = tf.matmul(six, six.add(b[11]!.mul(four)).add(b[9]!.mul(two)));
  const u = tf.matmul(matrix, polynomial(terms, 1, 3, high));
  const inner = b[12]!.mul(six).add(b[10]!.mul(four)).add(b[8]!.mul(two));
  return { u, v: polynomial(terms, 0, 3, tf.matmul(six, inner)) };
}

const pade3 = [120, 60, 12];
const pade5 = [30240, 15120, 3360, 420, 30];
const pade7 = [17297280, 8648640, 1995840, 277200, 25200, 1512, 56];
const pade9 = [17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90];
const pade13 = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182,
];

/** The best approximant for each matrix by its norm, and how often its result is to be squared. */
interface Approximation extends Parts {
  readonly squarings: Tensor;
}

function approximate(matrix: Tensor, norm: Tensor): Approximation {
  const constant = (value: number): Tensor => tf.constant(value, norm.dtype);
  const squaringsFor = (bound: number): Tensor => {
    const ratio = norm.div(constant(bound));
    return tf.maximum(tf.floor(tf.log(ratio).div(tf.log(constant(2)))), 0);
  };
  const scaled = (squarings: Tensor): Tensor =>
    matrix.div(tf.cast(tf.pow(constant(2), squarings), matrix.dtype.baseDtype));
  /** cases[i] where the norm is below bounds[i], the last case elsewhere. */
  const choose = (bounds: readonly number[], cases: readonly Tensor[]): Tensor => {
    const isBelow = tf.less(norm, constant(bounds[0]!));
    return tf.whereV2(isBelow, cases[0]!, bounds.length === 1 ? cases[1]! : choose(bounds.slice(1), cases.slice(1)));
  };
  const chosen = (bounds: readonly number[], parts: readonly Parts[], squarings: Tensor): Approximation => {
    const u = choose(
      bounds,
      parts.map((each) => each.u),
    );
    const v = choose(
      bounds,
      parts.map((each) => each.v),
    );
    return { u, v, squarings };
  };
  if (([float16, float32, complex64] as readonly DType[]).includes(matrix.dtype.baseDtype)) {
    const squarings = squaringsFor(3.92572478313866);
    const small = [pade3, pade5].map((b) => approximant(matrix, b));
    return chosen(
      [0.4258730016922831, 1.880152677804762],
      [...small, approximant(scaled(squarings), pade7)],
      squarings,
    );
  }
  const squarings = squaringsFor(5.371920351148152);
  const small = [pade3, pade5, pade7, pade9].map((b) => approximant(matrix, b));
  const bounds = [0.01495585217958292, 0.253939833006323, 0.9504178996162932, 2.097847961257068];
  return chosen(bounds, [...small, approximant13(scaled(squarings))], squarings);
}

/** [..., m, m] -> [..., m, m]: the sum of A^n / n! of floating point or complex matrices. Throws ValueError for other dtypes. */
export const expm = (input: TensorLike, options: Named = {}): Tensor =>
  inScope(options.name, "matrix_exponential", () => {
    const given = convertToTensor(input, { name: "input" });
    const { shape } = given;
    if (shape && shape.at(-1) === 0 && shape.at(-2) === 0) return given;
    if (!given.dtype.isFloating && !given.dtype.isComplex) {
      throw new ValueError(`tf.linalg.expm does not support matrices of type ${given.dtype}`);
    }
    const staticBatch = shape?.slice(0, -2) ?? null;
    const batch = isFull(staticBatch) ? staticBatch : tf.shape(given).at(":-2");
    const matrix = tf.reshape(given, tf.concat([[-1], tf.shape(given).at("-2:")], 0));
    const sizes = tf.abs(matrix);
    const sums = tf.reduceSum(sizes, { axis: tf.size(tf.shape(matrix)).sub(2) });
    const norm = tf.reduceMax(sums, { axis: -1 }).at("...", null, null);
    const { u, v, squarings } = approximate(matrix, norm);
    const isFinite = tf.isFinite(tf.reduceMax(norm));
    const nan = tf.constant(Number.NaN, matrix.dtype);
    const start = cond(
      isFinite,
      () => tf.matrixSolve(u.neg().add(v), u.add(v)),
      () => tf.fill(tf.shape(matrix), nan),
    ) as Tensor;
    const most = tf.reduceMax(squarings);
    const [, result] = whileLoop(
      (i: Tensor) =>
        cond(
          isFinite,
          () => tf.less(i, most),
          () => tf.constant(false),
        ) as Tensor,
      (i: Tensor, r: Tensor) => [i.add(1), tf.whereV2(tf.less(i, squarings), tf.matmul(r, r), r)],
      [tf.constant(0, norm.dtype), start],
    ) as [Tensor, Tensor];
    if (!isFull(matrix.shape)) return tf.reshape(result, tf.concat([batch, tf.shape(result).at("-2:")], 0));
    return tf.reshape(result, [...(staticBatch as number[]), ...(result.shape!.slice(-2) as number[])]);
  });
