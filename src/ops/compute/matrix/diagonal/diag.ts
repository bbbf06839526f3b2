/** Matrices from diagonals and diagonals of matrices, any dtype. Source: array_ops.cc, matrix_diag_op.cc, array_grad.py. */
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import {
  type Dim,
  elementCount,
  type FullShape,
  formatShape,
  type Shape,
  withRankAtLeast,
} from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import { defineOp } from "../../../define.ts";
import { numbersFromInput } from "../../array/basic/shape_input.ts";
import { type Band, bandOf, checkBand, isSingle, longest, mapped, matrixMap, packedMap } from "./geometry.ts";

const alignAttr = "align: {'LEFT_RIGHT', 'RIGHT_LEFT', 'LEFT_LEFT', 'RIGHT_RIGHT'} = 'RIGHT_LEFT'";

/** x as [batch, n]: its trailing dimensions in one. */
const flattened = (p: Lowering, x: Value, trailing: number): Value => {
  const rank = x.shape.length - trailing;
  return p.reshape(x, [elementCount(x.shape.slice(0, rank)), elementCount(x.shape.slice(rank))]);
};

interface Sizes {
  readonly lower: number;
  readonly upper: number;
  readonly numRows: number;
  readonly numColumns: number;
}

/** The size of a matrix whose longest diagonal is given; -1 stands for "as small as possible". */
function matrixSize(
  width: number,
  { lower, upper, numRows, numColumns }: Sizes,
  isKernel: boolean,
): readonly [number, number] {
  const wrong = (kernel: string, builder: string) =>
    isKernel ? new InvalidArgumentError(kernel) : invalidArgument(builder);
  const leastRows = width - Math.min(upper, 0);
  const leastColumns = width + Math.max(lower, 0);
  if (numRows === -1 && numColumns === -1) {
    const n = Math.max(leastRows, leastColumns);
    return [n, n];
  }
  const rows = numRows === -1 ? leastRows : numRows;
  const columns = numColumns === -1 ? leastColumns : numColumns;
  if (rows < leastRows) throw wrong("The number of rows is too small.", "num_rows is too small");
  if (columns < leastColumns) throw wrong("The number of columns is too small.", "num_cols is too small");
  if (rows !== leastRows && columns !== leastColumns) {
    throw wrong(
      "The number of rows or columns is not consistent with the specified d_lower, d_upper, and diagonal.",
      "num_rows and num_cols are not consistent with lower_diag_index, upper_diag_index, and the length of the given diagonals.",
    );
  }
  return [rows, columns];
}

function diagShape(diagonal: Shape, k: readonly number[] | null, numRows: number, numColumns: number): Shape {
  if (diagonal === null || k === null) return null;
  withRankAtLeast(diagonal, 1);
  const band = bandOf(k);
  const count = band.upper - band.lower + 1;
  if (!isSingle(band)) {
    withRankAtLeast(diagonal, 2);
    const rows = diagonal.at(-2)!;
    if (rows !== null && rows !== count) {
      throw invalidArgument(
        `The number of rows of \`diagonal\` doesn't match the number of diagonals implied from \`d_lower\` and \`d_upper\`.\nnum_diags = ${rows}, d_lower = ${band.lower}, d_upper = ${band.upper} ${diagonal.length} ${diagonal.at(-1)}`,
      );
    }
  }
  const batch = diagonal.slice(0, isSingle(band) ? -1 : -2);
  const width = diagonal.at(-1)!;
  if (width === null) return [...batch, null, null];
  return [...batch, ...matrixSize(width, { ...band, numRows, numColumns }, false)];
}

/** Matrices that hold the diagonals; `padding` elsewhere. */
function lowerDiag(p: Lowering, diagonal: Value, sizes: Sizes, align: string, padding: Value): Value {
  const { shape } = diagonal;
  const single = isSingle(sizes);
  if (shape.length < (single ? 1 : 2)) {
    throw new InvalidArgumentError(
      `diagonal must be at least ${single ? 1 : 2}-dim, received shape: ${formatShape(shape)}`,
    );
  }
  if (!single && shape.at(-2) !== sizes.upper - sizes.lower + 1) {
    throw new InvalidArgumentError(
      "The number of diagonals provided in the input does not match the lower_diag_index and upper_diag_index range.",
    );
  }
  const [rows, columns] = matrixSize(shape.at(-1)!, sizes, true);
  const band: Band = { lower: sizes.lower, upper: sizes.upper, rows, columns, align };
  const batch = shape.slice(0, single ? -1 : -2);
  const elements = mapped(p, flattened(p, diagonal, single ? 1 : 2), matrixMap(band), padding);
  return p.reshape(elements, [...batch, rows, columns]);
}

/** output[..., i, i] = diagonal[..., i], zeros elsewhere. */
export const matrixDiagOp = defineOp("MatrixDiag", {
  inputs: ["diagonal: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape: ({ diagonal }) => [withRankAtLeast(diagonal, 1) === null ? null : [...diagonal!, diagonal!.at(-1)!]],
  lower: (p, { diagonal }) =>
    lowerDiag(p, diagonal, { lower: 0, upper: 0, numRows: -1, numColumns: -1 }, "LEFT_LEFT", zero(p, diagonal)),
  gradient: (tf, _, dy) => ({ diagonal: tf.matrixDiagPart(dy!) }),
});

export const zero = (p: Lowering, like: Value): Value => p.scalar(like.dtype === "bool" ? false : 0, like.dtype);

interface DiagInputs {
  readonly k: Value;
  readonly num_rows: Value;
  readonly num_cols: Value;
}

const sizesOf = (p: Lowering, { k, num_rows, num_cols }: DiagInputs): Sizes => ({
  ...bandOf(p.numbers(k), true),
  numRows: p.numbers(num_rows)[0]!,
  numColumns: p.numbers(num_cols)[0]!,
});

const diagShapeFor = ({ diagonal }: { readonly diagonal: Shape }, context: ShapeContext): readonly Shape[] => {
  const number = (input: string): number => numbersFromInput(context, input)?.[0] ?? -1;
  return [diagShape(diagonal, numbersFromInput(context, "k"), number("num_rows"), number("num_cols"))];
};

/** Matrices with the diagonals from k[0] to k[1] (or k alone), all left aligned. */
export const matrixDiagV2Op = defineOp("MatrixDiagV2", {
  inputs: ["diagonal: T", "k: int32", "num_rows: int32", "num_cols: int32", "padding_value: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape: diagShapeFor,
  lower: (p, op) => lowerDiag(p, op.diagonal, sizesOf(p, op), "LEFT_LEFT", op.padding_value),
  gradient: (tf, { k }, dy) => ({ diagonal: tf.matrixDiagPart(dy!, { k }) }),
});

export const matrixDiagV3Op = defineOp("MatrixDiagV3", {
  inputs: ["diagonal: T", "k: int32", "num_rows: int32", "num_cols: int32", "padding_value: T"],
  outputs: ["output: T"],
  attrs: ["T: type", alignAttr],
  shape: diagShapeFor,
  lower: (p, op) => lowerDiag(p, op.diagonal, sizesOf(p, op), op.align, op.padding_value),
  gradient: (tf, { k, align }, dy) => ({ diagonal: tf.matrixDiagPart(dy!, { k, align }) }),
});

function partShape(input: Shape, k: readonly number[] | null): Shape {
  if (withRankAtLeast(input, 2) === null || k === null) return null;
  const { lower, upper } = bandOf(k);
  const batch = input!.slice(0, -2);
  const [rows, columns] = input!.slice(-2) as [Dim, Dim];
  const count = lower === upper ? [] : [upper - lower + 1];
  if (rows === null || columns === null) return [...batch, ...count, null];
  for (const [name, d] of [
    ["lower", lower],
    ["upper", upper],
  ] as const) {
    if (d !== 0 && (d <= -rows || d >= columns)) throw invalidArgument(`${name}_diag_index is out of bound.`);
  }
  return [...batch, ...count, longest({ lower, upper, rows, columns })];
}

/** The diagonals of matrices as rows, padded. */
function lowerPart(p: Lowering, input: Value, k: readonly number[], align: string, padding: Value): Value {
  const { shape } = input;
  if (shape.length < 2)
    throw new InvalidArgumentError(`input must be at least 2-dim, received shape: ${formatShape(shape)}`);
  const [rows, columns] = shape.slice(-2) as [number, number];
  const band: Band = { ...bandOf(k, true), rows, columns, align };
  checkBand(band);
  const packed = mapped(p, flattened(p, input, 2), packedMap(band), padding);
  const count = isSingle(band) ? [] : [band.upper - band.lower + 1];
  return p.reshape(packed, [...shape.slice(0, -2), ...count, longest(band)]);
}

const plainPartShape = ({ input }: { readonly input: Shape }): readonly Shape[] => {
  if (withRankAtLeast(input, 2) === null) return [null];
  const [rows, columns] = input!.slice(-2) as [Dim, Dim];
  return [[...input!.slice(0, -2), rows === null || columns === null ? null : Math.min(rows, columns)]];
};

/** diagonal[..., i] = input[..., i, i]. */
export const matrixDiagPartOp = defineOp("MatrixDiagPart", {
  inputs: ["input: T"],
  outputs: ["diagonal: T"],
  attrs: ["T: type"],
  shape: plainPartShape,
  lower: (p, { input }) => lowerPart(p, input, [0], "LEFT_LEFT", zero(p, input)),
  gradient(tf, { input }, dy) {
    const [rows, columns] = input.shape?.slice(-2) ?? [null, null];
    if (rows !== null && rows === columns) return { input: tf.matrixDiag(dy!) };
    return { input: tf.matrixSetDiag(tf.zerosLike(input), dy!) };
  },
});

const partShapeFor = ({ input }: { readonly input: Shape }, context: ShapeContext): readonly Shape[] => [
  partShape(input, numbersFromInput(context, "k")),
];

export const matrixDiagPartV2Op = defineOp("MatrixDiagPartV2", {
  inputs: ["input: T", "k: int32", "padding_value: T"],
  outputs: ["diagonal: T"],
  attrs: ["T: type"],
  shape: partShapeFor,
  lower: (p, { input, k, padding_value }) => lowerPart(p, input, p.numbers(k), "LEFT_LEFT", padding_value),
  gradient(tf, { input, k }, dy) {
    const [rows, columns] = input.shape?.slice(-2) ?? [null, null];
    if (rows !== null && columns !== null)
      return { input: tf.matrixDiag(dy!, { k, numRows: rows!, numCols: columns! }) };
    return { input: tf.matrixSetDiag(tf.zerosLike(input), dy!, { k }) };
  },
});

export const matrixDiagPartV3Op = defineOp("MatrixDiagPartV3", {
  inputs: ["input: T", "k: int32", "padding_value: T"],
  outputs: ["diagonal: T"],
  attrs: ["T: type", alignAttr],
  shape: partShapeFor,
  lower: (p, { input, k, padding_value, align }) => lowerPart(p, input, p.numbers(k), align, padding_value),
  gradient(tf, { input, k, align }, dy) {
    const [rows, columns] = input.shape?.slice(-2) ?? [null, null];
    if (rows !== null && columns !== null)
      return { input: tf.matrixDiag(dy!, { k, numRows: rows!, numCols: columns!, align }) };
    return { input: tf.matrixSetDiag(tf.zerosLike(input), dy!, { k, align }) };
  },
});

/** output[i…, i…] = diagonal[i…]: a tensor of twice the rank. */
export const diagOp = defineOp("Diag", {
  inputs: ["diagonal: T"],
  outputs: ["output: T"],
  attrs: ["T: {bfloat16, half, float, double, int32, int64, complex64, complex128}"],
  shape: ({ diagonal }) => [withRankAtLeast(diagonal, 1) === null ? null : [...diagonal!, ...diagonal!]],
  lower(p, { diagonal }) {
    const { shape } = diagonal;
    if (shape.length < 1) throw new InvalidArgumentError(`Input must be at least rank 1, got ${shape.length}`);
    const n = elementCount(shape);
    const sizes = { lower: 0, upper: 0, numRows: n, numColumns: n };
    return p.reshape(lowerDiag(p, p.reshape(diagonal, [n]), sizes, "LEFT_LEFT", zero(p, diagonal)), [
      ...shape,
      ...shape,
    ]);
  },
  gradient: (tf, _, dy) => ({ diagonal: tf.diagPart(dy!) }),
});

/** diagonal[i…] = input[i…, i…]. */
export const diagPartOp = defineOp("DiagPart", {
  inputs: ["input: T"],
  outputs: ["diagonal: T"],
  attrs: ["T: {bfloat16, half, float, double, int32, int64, complex64, complex128}"],
  shape({ input }) {
    if (input === null) return [null];
    if (input.length % 2 !== 0 || input.length === 0) {
      throw invalidArgument(`Input must have even and non-zero rank, input rank is ${input.length}`);
    }
    const half = input.length / 2;
    return [mergeHalves(input.slice(0, half), input.slice(half))];
  },
  lower(p, { input }) {
    const { shape } = input;
    const half = checkedHalf(shape);
    const n = elementCount(half);
    return p.reshape(lowerPart(p, p.reshape(input, [n, n]), [0], "LEFT_LEFT", zero(p, input)), half);
  },
  gradient: (tf, _, dy) => ({ input: tf.diag(dy!) }),
});

function mergeHalves(a: readonly Dim[], b: readonly Dim[]): readonly Dim[] {
  return a.map((d, i) => {
    const other = b[i]!;
    if (d !== null && other !== null && d !== other)
      throw invalidArgument(`Dimensions must be equal, but are ${d} and ${other}`);
    return d ?? other;
  });
}

function checkedHalf(shape: FullShape): FullShape {
  const rank = shape.length;
  if (rank % 2 !== 0 || rank === 0) {
    throw new InvalidArgumentError(
      `The rank of the tensor should be                                          even and positive, got shape ${formatShape(shape)}`,
    );
  }
  const half = shape.slice(0, rank / 2);
  for (const [i, d] of half.entries()) {
    const j = i + rank / 2;
    if (shape[j] !== d)
      throw new InvalidArgumentError(`Invalid shape ${formatShape(shape)}: dimensions ${i} and ${j} do not match.`);
  }
  return half;
}
