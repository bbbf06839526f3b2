/** Sizes that operators without a matrix of their own are given: numbers or tensors. Source: linear_operator_identity.py, linear_operator_util.py. */
import { int32 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { printArray } from "../../../core/print.ts";
import type { Dim, Shape } from "../../../core/shape.ts";
import { isTensorConvertible, type Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { assertEqual, assertNonNegative } from "../../checks/compare.ts";
import { assertRank } from "../../checks/ranks.ts";
import type { LinearOperator } from "./operator.ts";

export interface SizeTensor {
  readonly tensor: Tensor;
  /** The numbers, where they are known while building. */
  readonly known: readonly number[] | null;
}

const kinds = { num_rows: [0, "a 0-D"], num_columns: [0, "a 0-D"], batch_shape: [1, "a 1-D"] } as const;

function checked(given: TensorLike, argument: keyof typeof kinds, nodeName: string, asserts: boolean): SizeTensor {
  if (isTensorConvertible(given)) {
    throw new TypeError(`Argument ${argument} cannot be reference type. Found: ${given.constructor.name}.`);
  }
  const isNone = Array.isArray(given) && given.length === 0;
  let tensor = convertToTensor(given, { name: nodeName, ...(isNone ? { dtype: int32 } : {}) });
  const value: NdArray | null = tf.getStaticValue(tensor);
  const [rank, words] = kinds[argument];
  if (asserts) {
    const rule = `Argument ${argument} must be`;
    tensor = tf.withDependencies(
      [
        assertRank(tensor, rank, { message: `${rule} ${words} Tensor.` }),
        assertNonNegative(tensor, { message: `${rule} non-negative.` }),
      ],
      tensor,
    );
  }
  if (!tensor.dtype.isInteger) {
    throw new TypeError(`Argument ${argument} must be integer type.  Found: ${tensor}`);
  }
  if (value === null) return { tensor, known: null };
  const known = Array.from(value.data as ArrayLike<number | bigint>, Number);
  if (value.shape.length !== rank) {
    throw new ValueError(`Argument ${argument} must be ${words} Tensor.  Found: ${printArray(value)}`);
  }
  if (known.some((n) => n < 0)) {
    const gap = rank === 0 ? " " : "";
    throw new ValueError(`Argument ${argument} must be non-negative.  Found:${gap}${printArray(value)}`);
  }
  return { tensor, known };
}

/** A number of rows or columns. Throws TypeError for what is not whole, ValueError for what is negative or no scalar. */
export const sizeArgument = (given: TensorLike, argument: "num_rows" | "num_columns", asserts: boolean): SizeTensor =>
  checked(given, argument, argument, asserts);

/** The leading axes. Throws as sizeArgument. */
export const batchArgument = (given: TensorLike, asserts: boolean): SizeTensor =>
  checked(given, "batch_shape", "batch_shape_arg", asserts);

export const withBatch = (batch: SizeTensor | null, matrix: readonly Dim[]): Shape =>
  batch === null ? matrix : batch.known && [...batch.known, ...matrix];

/** x, once its rows are known to be as many as the operator's columns. */
export function checkArgumentSize(operator: LinearOperator, x: Tensor): Tensor {
  const check = assertEqual(tf.shape(x).at(-2), operator.domainDimensionTensor(), {
    message: "Dimensions are not compatible.  shape[-2] of argument to be the same as this operator",
  });
  return tf.withDependencies([check], x);
}
