/** What is known of an operator's matrix: hints that users give, and what follows for operators made of others. Source: property_hint_util.py, linear_operator_util.py. */
import { type DType, float32, int32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { broadcastShapes, type Dim, type Shape } from "../../../core/shape.ts";
import { isTensorConvertible, type Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { constant } from "../../../ops/index.ts";

/** True, false, or null where nobody says. */
export type Hint = boolean | null;

export interface Hints {
  readonly isNonSingular?: Hint | undefined;
  readonly isSelfAdjoint?: Hint | undefined;
  readonly isPositiveDefinite?: Hint | undefined;
  readonly isSquare?: Hint | undefined;
}

export interface OperatorOptions extends Hints {
  /** The operator's name, which begins the scopes of its methods; its class's by default. */
  readonly name?: string | undefined;
}

/** What the rules below look at. */
export interface Hinted {
  readonly isNonSingular: Hint;
  readonly isSelfAdjoint: Hint;
  readonly isPositiveDefinite: Hint;
  readonly isSquare: Hint;
  readonly domainDimension: Dim;
  readonly rangeDimension: Dim;
}

/** Variables stay what they are and are read where they are used; all else becomes a tensor, numbers of float32 unless `wanted` says. */
export const held = (value: TensorLike, name: string, wanted: DType = float32): Tensor =>
  isTensorConvertible(value) ? (value as unknown as Tensor) : convertToTensor(value, { name, preferredDtype: wanted });

/** Sizes as a constant, of int32 when there are none. */
export const sizesTensor = (sizes: readonly number[], name = "Const"): Tensor =>
  constant([...sizes], { dtype: int32, name });

/** The shape that all batches broadcast to. Throws INVALID_ARGUMENT where they do not. */
export const broadcastBatches = (shapes: readonly Shape[]): Shape =>
  shapes.reduce((all, shape) => broadcastShapes(all, shape));

/** Throws ValueError when both sizes are known and differ. */
export function checkDims(a: Dim | undefined, b: Dim | undefined): void {
  if (typeof a === "number" && typeof b === "number" && a !== b) {
    throw new ValueError(`Dimensions ${a} and ${b} are not compatible`);
  }
}

export const productOfDims = (dims: readonly Dim[]): Dim =>
  dims.reduce<Dim>((all, d) => (all === null || d === null ? null : all * d), 1);

export const sumOfDims = (dims: readonly Dim[]): Dim =>
  dims.reduce<Dim>((all, d) => (all === null || d === null ? null : all + d), 0);

export function isSquareProduct(a: Hinted, b: Hinted): Hint {
  if (a.isSquare && b.isSquare) return true;
  if (a.isSquare === false && b.isSquare === false) {
    const [m, l] = [a.rangeDimension, b.domainDimension];
    return m === null || l === null ? null : m === l;
  }
  return a.isSquare !== b.isSquare && a.isSquare !== null && b.isSquare !== null ? false : null;
}

/** Of a product or quotient. */
export const areNonSingular = (a: Hinted, b: Hinted): Hint =>
  a.isNonSingular === false || b.isNonSingular === false ? false : a.isNonSingular && b.isNonSingular;

/** Of a product of operators that commute. */
export function areSelfAdjoint(a: Hinted, b: Hinted): Hint {
  if (a.isSelfAdjoint && b.isSelfAdjoint) return true;
  return a.isSelfAdjoint !== null && b.isSelfAdjoint !== null && a.isSelfAdjoint !== b.isSelfAdjoint ? false : null;
}

/** Of a product of operators that commute. */
export const arePositiveDefinite = (a: Hinted, b: Hinted): Hint =>
  [a, b].every(({ isPositiveDefinite, isSelfAdjoint }) => isPositiveDefinite && isSelfAdjoint) ? true : null;

/** All three for operators that commute. */
export const commutingHints = (a: Hinted, b: Hinted): Hints => ({
  isNonSingular: areNonSingular(a, b),
  isSelfAdjoint: areSelfAdjoint(a, b),
  isPositiveDefinite: arePositiveDefinite(a, b),
  isSquare: true,
});

/** For products in general. */
export function productHints(a: Hinted, b: Hinted): Hints {
  const isSquare = isSquareProduct(a, b);
  if (isSquare === false) return { isNonSingular: false, isSelfAdjoint: false, isPositiveDefinite: false, isSquare };
  return {
    isNonSingular: isSquare ? areNonSingular(a, b) : null,
    isSelfAdjoint: null,
    isPositiveDefinite: null,
    isSquare,
  };
}

/** The hint of an operator and the one given for what is made of it. Throws ValueError with `words` when they contradict each other. */
export function mergedHint(own: Hint, given: Hint | undefined, words: string): Hint {
  if ((own === false && given) || (own && given === false)) throw new ValueError(words);
  if (own || given) return true;
  return own === false || given === false ? false : null;
}

/** `value`, unless the user has said the opposite. Throws ValueError with `words`. */
export function implied(given: Hint | undefined, value: boolean, words: string): boolean {
  if (given !== null && given !== undefined && given !== value) throw new ValueError(words);
  return value;
}

/** The hints of the operator itself, for one that is made of it. */
export const hintsOf = ({ isNonSingular, isSelfAdjoint, isPositiveDefinite, isSquare }: Hinted): Hints => ({
  isNonSingular,
  isSelfAdjoint,
  isPositiveDefinite,
  isSquare,
});
