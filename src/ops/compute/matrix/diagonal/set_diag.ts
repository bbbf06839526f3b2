/** Matrices with other diagonals, bands of matrices, and what Python calls on diagonals. Source: array_ops.cc, matrix_set_diag_op.cc, array_ops.py. */

import type { DType } from "../../../../core/dtype.ts";
import { float32, int32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError, TypeError } from "../../../../core/error.ts";
import {
  type Dim,
  elementCount,
  formatShape,
  isFull,
  mergeDims,
  mergeShapes,
  type Shape,
  sameShape,
  withRankAtLeast,
} from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../../array/basic/names.ts";
import { numbersFromInput } from "../../array/basic/shape_input.ts";
import { diagOp, diagPartOp, matrixDiagPartV3Op, matrixDiagV3Op, zero } from "./diag.ts";
import { type Band, bandOf, checkBand, isSingle, longest, mapped, matrixMap } from "./geometry.ts";

/** The input's shape, made more specific by the diagonals'. */
function setShape(input: Shape, diagonal: Shape, k: readonly number[] | null): Shape {
  withRankAtLeast(input, 2);
  withRankAtLeast(diagonal, 1);
  if (k === null || diagonal === null) return input;
  const single = isSingle(bandOf(k));
  const batch = diagonal.slice(0, single ? -1 : -2);
  if (input === null) return [...batch, null, null];
  return [...mergeShapes(input.slice(0, -2), batch)!, ...input.slice(-2)];
}

function lowerSet(p: Lowering, input: Value, diagonal: Value, k: readonly number[], align: string): Value {
  const { shape } = input;
  if (shape.length < 2)
    throw new InvalidArgumentError(`input must be at least 2-dim, received shape: ${formatShape(shape)}`);
  const [rows, columns] = shape.slice(-2) as [number, number];
  const band: Band = { ...bandOf(k, true), rows, columns, align };
  checkBand(band);
  const batch = shape.slice(0, -2);
  const count = isSingle(band) ? [] : [band.upper - band.lower + 1];
  const wanted = [...batch, ...count, longest(band)];
  if (!sameShape(wanted, diagonal.shape)) {
    throw new InvalidArgumentError(
      `Either first dimensions of diagonal don't match input.shape[:-2], or diagonal.shape[:-1] is not equal to the longests diagonal in range [lower_diag_index:upper_diag_index].\nInput shape: ${formatShape(shape)}\nDiagonal shape: ${formatShape(diagonal.shape)}\nExpected diagonal shape: ${formatShape(wanted)}`,
    );
  }
  const n = elementCount(batch);
  const packed = p.reshape(diagonal, [n, elementCount(diagonal.shape.slice(batch.length))]);
  return p.reshape(mapped(p, packed, matrixMap(band), p.reshape(input, [n, rows * columns])), shape);
}

/** output = input with another main diagonal. */
export const matrixSetDiagOp = defineOp("MatrixSetDiag", {
  inputs: ["input: T", "diagonal: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape({ input, diagonal }) {
    withRankAtLeast(input, 2);
    withRankAtLeast(diagonal, 1);
    const least: Dim = input?.at(-2) == null || input.at(-1) == null ? null : Math.min(input.at(-2)!, input.at(-1)!);
    if (diagonal !== null && input !== null) mergeDims(least, diagonal.at(-1)!);
    return [setShape(input, diagonal, [0])];
  },
  lower: (p, { input, diagonal }) => lowerSet(p, input, diagonal, [0], "LEFT_LEFT"),
  gradient(tf, op, dy) {
    const inputShape = mergeShapes(op.input.shape, dy!.shape);
    const batch = mergeShapes(inputShape?.slice(0, -2) ?? null, op.diagonal.shape?.slice(0, -1) ?? null);
    const matrix = inputShape?.slice(-2) ?? [null, null];
    const isKnown = isFull(batch) && isFull(matrix);
    const shape = isKnown
      ? [...batch, Math.min(...(matrix as number[]))]
      : getDefaultGraph().colocateWith(dy!, () => diagonalShape(tf, dy!));
    const zeros = tf.zeros(shape, dy!.dtype.baseDtype);
    return { input: tf.matrixSetDiag(dy!, zeros), diagonal: tf.matrixDiagPart(dy!) };
  },
});

/** The shape of the main diagonals of x, as nodes. */
function diagonalShape(tf: GradientTools, x: Tensor): Tensor {
  const shape = tf.shape(x);
  const rank = tf.rank(x);
  const batch = tf.slice(shape, [0], [rank.sub(2)]);
  const matrix = tf.slice(shape, [rank.sub(2)], [2]);
  const least = tf.reduceMin(matrix);
  return tf.concat([batch, [least]], 0);
}

interface SetRecord {
  readonly diagonal: Tensor;
  readonly k: Tensor;
}

/** Gradients of both inputs; `align` is left out where the op has none. */
function setGradients(tf: GradientTools, { diagonal, k }: SetRecord, dy: Tensor, align: { readonly align?: string }) {
  const shape = isFull(diagonal.shape) ? diagonal.shape : bandShape(tf, diagonal, k, dy);
  const zeros = tf.zeros(shape, dy.dtype.baseDtype);
  return { input: tf.matrixSetDiag(dy, zeros, { k, ...align }), diagonal: tf.matrixDiagPart(dy, { k, ...align }) };
}

/** The shape of the diagonals as nodes; the rank of `diagonal` says whether there is one or several. */
function bandShape(tf: GradientTools, diagonal: Tensor, k: Tensor, dy: Tensor): Tensor {
  const shape = tf.shape(dy);
  const [batch, matrix] = [shape.at(":-2"), shape.at("-2:")];
  const index = tf.reshape(k, [-1]);
  const [lower, upper] = [index.at(0), index.at(-1)];
  const rows = matrix.at(0).add(tf.minimum(upper, 0));
  const columns = matrix.at(1).sub(tf.maximum(lower, 0));
  const width = tf.minimum(rows, columns);
  const hasSeveral = diagonal.shape !== null && dy.shape !== null && diagonal.shape.length === dy.shape.length;
  return tf.concat([batch, hasSeveral ? [upper.sub(lower).add(1), width] : [width]], 0);
}

/** output = input with other diagonals from k[0] to k[1] (or k alone), which are left aligned. */
export const matrixSetDiagV2Op = defineOp("MatrixSetDiagV2", {
  inputs: ["input: T", "diagonal: T", "k: int32"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape: ({ input, diagonal }, context) => [setShape(input, diagonal, numbersFromInput(context, "k"))],
  lower: (p, { input, diagonal, k }) => lowerSet(p, input, diagonal, p.numbers(k), "LEFT_LEFT"),
  gradient: (tf, op, dy) => setGradients(tf, op, dy!, {}),
});

export const matrixSetDiagV3Op = defineOp("MatrixSetDiagV3", {
  inputs: ["input: T", "diagonal: T", "k: int32"],
  outputs: ["output: T"],
  attrs: ["T: type", "align: {'LEFT_RIGHT', 'RIGHT_LEFT', 'LEFT_LEFT', 'RIGHT_RIGHT'} = 'RIGHT_LEFT'"],
  shape: ({ input, diagonal }, context) => [setShape(input, diagonal, numbersFromInput(context, "k"))],
  lower: (p, { input, diagonal, k, align }) => lowerSet(p, input, diagonal, p.numbers(k), align),
  gradient: (tf, op, dy) => setGradients(tf, op, dy!, { align: op.align }),
});

/** The band of each matrix, zeros elsewhere; a negative count keeps a whole side. */
export function lowerBand(p: Lowering, input: Value, lower: Value, upper: Value): Value {
  const { shape } = input;
  if (shape.length < 2)
    throw new InvalidArgumentError(`input must be at least 2-dim, received shape: ${formatShape(shape)}`);
  const [rows, columns] = shape.slice(-2) as [number, number];
  const [below, above] = [p.numbers(lower)[0]!, p.numbers(upper)[0]!];
  if (below > rows)
    throw new InvalidArgumentError(
      `num_lower must be negative or less or equal to number of rows (${rows}) got: ${below}`,
    );
  if (above > columns) {
    throw new InvalidArgumentError(
      `num_upper must be negative or less or equal to number of columns (${columns}) got: ${above}`,
    );
  }
  const distance = p.sub(p.iota("int32", [rows, columns], 1), p.iota("int32", [rows, columns], 0));
  const isRight = p.ge(distance, p.scalar(below < 0 ? -rows : -below, "int32"));
  const isLeft = p.le(distance, p.scalar(above < 0 ? columns : above, "int32"));
  return p.select(p.logicalAnd(isRight, isLeft), input, zero(p, input));
}

/** band[..., i, j] = input[..., i, j] where i - j <= num_lower and j - i <= num_upper, else 0. */
export const matrixBandPartOp = defineOp("MatrixBandPart", {
  inputs: ["input: T", "num_lower: Tindex", "num_upper: Tindex"],
  outputs: ["band: T"],
  attrs: ["T: type", "Tindex: {int32, int64} = DT_INT64"],
  shape: ({ input }) => [input],
  lower: (p, { input, num_lower, num_upper }) => lowerBand(p, input, num_lower, num_upper),
  gradient: (tf, { num_lower, num_upper }, dy) => ({ input: tf.matrixBandPart(dy!, num_lower, num_upper) }),
});

export interface DiagOptions extends Named {
  /** One diagonal, or the lowest and the highest of several; 0 by default. */
  readonly k?: TensorLike;
  /** How shorter diagonals lie beside the longest: "RIGHT_LEFT" by default. */
  readonly align?: string;
  readonly paddingValue?: TensorLike;
}

const paddingFor = (x: TensorLike, given: TensorLike | undefined): TensorLike => {
  const isBool = isSymbolic(x) && (x as Tensor).dtype.isBool;
  return given ?? (isBool ? false : 0);
};

type MatrixDiagOptions = DiagOptions & { readonly numRows?: TensorLike; readonly numCols?: TensorLike };
const matrixDiagPlaces = ["name", "k", "numRows", "numCols", "paddingValue", "align"] as const;

/** Matrices with the given diagonals; `numRows` and `numCols` say how large they are, as small as possible by default. */
export const matrixDiag = (diagonal: TensorLike, ...rest: Rest<MatrixDiagOptions, typeof matrixDiagPlaces>): Tensor => {
  const options = byName<MatrixDiagOptions>(rest, matrixDiagPlaces);
  const { k = 0, numRows = -1, numCols = -1, align = "RIGHT_LEFT", paddingValue, name = "diag" } = options;
  const padding_value = paddingFor(diagonal, paddingValue);
  return matrixDiagV3Op({ diagonal, k, num_rows: numRows, num_cols: numCols, padding_value, align }, name);
};

const matrixDiagPartPlaces = ["name", "k", "paddingValue", "align"] as const;

/** The diagonals of matrices. */
export const matrixDiagPart = (input: TensorLike, ...rest: Rest<DiagOptions, typeof matrixDiagPartPlaces>): Tensor => {
  const options = byName<DiagOptions>(rest, matrixDiagPartPlaces);
  const { k = 0, align = "RIGHT_LEFT", paddingValue, name = "diag_part" } = options;
  return matrixDiagPartV3Op({ input, k, padding_value: paddingFor(input, paddingValue), align }, name);
};

type MatrixSetDiagOptions = { readonly k?: TensorLike; readonly align?: string } & Named;
const matrixSetDiagPlaces = ["name", "k", "align"] as const;

/** Matrices with other diagonals. */
export const matrixSetDiag = byKeyword(
  ["input", "diagonal"],
  function matrixSetDiag(
    input: TensorLike,
    diagonal: TensorLike,
    ...rest: Rest<MatrixSetDiagOptions, typeof matrixSetDiagPlaces>
  ): Tensor {
    const options = byName<MatrixSetDiagOptions>(rest, matrixSetDiagPlaces);
    const { k = 0, align = "RIGHT_LEFT", name = "set_diag" } = options;
    return matrixSetDiagV3Op({ input, diagonal, k, align }, name);
  },
);

/** The part of matrices between `numLower` diagonals below and `numUpper` above the main one; a negative number keeps all. */
export const matrixBandPart = byKeyword(
  ["input", "numLower", "numUpper"],
  function matrixBandPart(input: TensorLike, numLower: TensorLike, numUpper: TensorLike, name?: Name): Tensor {
    return matrixBandPartOp({ input, num_lower: numLower, num_upper: numUpper }, nameOf(name));
  },
);

/** A tensor of twice the rank with the given diagonal. */
export const diag = (diagonal: TensorLike, name?: Name): Tensor => diagOp({ diagonal }, nameOf(name));
/** The diagonal of a tensor whose shape is one shape twice. */
export const diagPart = (input: TensorLike, name?: Name): Tensor => diagPartOp({ input }, nameOf(name));
/** A tensor of twice the rank with the input on its diagonal, zeros elsewhere. */
export const tensorDiag: typeof diag = diag;
/** The diagonal of a tensor whose shape is one shape twice. */
export const tensorDiagPart: typeof diagPart = diagPart;

/** The conjugate transpose of matrices. */
export const adjoint = (matrix: TensorLike, name?: Name): Tensor =>
  inScope(nameOf(name), "adjoint", () =>
    ops.matrixTranspose(convertToTensor(matrix, { name: "matrix" }), { conjugate: true }),
  );

export interface EyeOptions extends Named {
  readonly numColumns?: TensorLike | null;
  /** Leading dimensions, as numbers or as a tensor. */
  readonly batchShape?: readonly number[] | Tensor | null;
  readonly dtype?: DType;
}

/** Identity matrices, or matrices with ones on their main diagonal. Throws TypeError for sizes that are no whole numbers. */
export function eye(
  numRows: TensorLike,
  ...rest: Rest<EyeOptions, ["numColumns", "batchShape", "dtype", "name"]>
): Tensor {
  const options: EyeOptions = byName(rest, ["numColumns", "batchShape", "dtype", "name"]);
  const { numColumns = null, batchShape = null, dtype = float32, name } = options;
  return inScope(name, "eye", () => {
    const columns = numColumns ?? numRows;
    const batch = batchShape ?? [];
    const isDynamic = isSymbolic(numRows) || isSymbolic(columns);
    if (!isDynamic && !(Number.isInteger(numRows) && Number.isInteger(columns))) {
      throw new TypeError(
        `Arguments \`num_rows\` and \`num_columns\` must be integer type. Received: num_rows=${String(numRows)}, num_columns=${String(columns)}`,
      );
    }
    const isSquare = isDynamic ? numColumns === null : numRows === columns;
    const size = isDynamic ? ops.minimum(numRows, columns) : Math.min(numRows as number, columns as number);
    if (batch instanceof Tensor || size instanceof Tensor) {
      const leading = convertToTensor(batch, { name: "shape", dtype: int32 });
      const ones = ops.concat([leading, [size]], 0);
      const full = isSquare ? null : ops.concat([leading, [numRows, columns]], 0);
      return filled(ops.ones(ones, dtype), full, dtype);
    }
    const full = isSquare ? null : [...batch, numRows as number, columns as number];
    return filled(ops.ones([...batch, size], dtype), full, dtype);
  });
}

const filled = (ones: Tensor, shape: Tensor | readonly number[] | null, dtype: DType): Tensor =>
  shape === null ? matrixDiag(ones) : matrixSetDiag(ops.zeros(shape, dtype), ones);
