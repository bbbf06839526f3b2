/** Features that are sequences: [n, steps, ...] with a length for each example. Source: sequence_feature_column.py, feature_column/utils.py. */
import { type DType, float32, int64 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { elementCount, type FullShape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { SparseTensor } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import {
  add,
  cast,
  ceil,
  concat,
  divide,
  onesLike,
  reduceProd,
  reshape,
  segmentMax,
  shape as shapeOf,
  sparseReshape,
  sparseTensorToDense,
  subtract,
  zeros,
} from "../../ops/index.ts";
import { type FeatureSpec, VarLenFeature } from "../parsing/features.ts";
import { named } from "./arguments.ts";
import { categoricalColumnWithHashBucket, categoricalColumnWithIdentity } from "./categorical.ts";
import {
  type CategoricalColumn,
  checkedShape,
  FeatureColumn,
  type IdWeightPair,
  type TransformationCache,
  type Transformed,
} from "./column.ts";
import { categoricalColumnWithVocabularyFile, categoricalColumnWithVocabularyList } from "./vocabulary.ts";

/** denseTensor: [n, steps, ...]; sequenceLength: int64 [n]. */
export interface SequenceDense {
  readonly denseTensor: Tensor;
  readonly sequenceLength: Tensor;
}

/** Ids of another column, one list of them for each step. */
export class SequenceCategoricalColumn extends FeatureColumn implements CategoricalColumn {
  protected override readonly kind = "SequenceCategoricalColumn";
  readonly categoricalColumn: CategoricalColumn;

  constructor(categoricalColumn: CategoricalColumn) {
    super();
    this.categoricalColumn = categoricalColumn;
  }

  override get name(): string {
    return this.categoricalColumn.name;
  }

  protected override get fields(): readonly (readonly [string, unknown])[] {
    return [["categorical_column", this.categoricalColumn]];
  }

  override get isV2Column(): boolean {
    return this.categoricalColumn.isV2Column;
  }

  override get parseExampleSpec(): FeatureSpec {
    return this.categoricalColumn.parseExampleSpec;
  }

  get numBuckets(): number {
    return this.categoricalColumn.numBuckets;
  }

  override transformFeature(cache: TransformationCache): Transformed {
    return this.categoricalColumn.transformFeature(cache);
  }

  getSparseTensors(cache: TransformationCache): IdWeightPair {
    const { ids, weights } = this.categoricalColumn.getSparseTensors(cache);
    const shape = shapeOf(ids);
    const target: TensorLike = [shape.at(0), shape.at(1), reduceProd(shape.at("2:"))];
    return { ids: sparseReshape(ids, target), weights: weights && sparseReshape(weights, target) };
  }
}

/** Throws ValueError for a sequence where one value for each example is wanted. */
export function notInDense(wanted: string, name: string, column: CategoricalColumn): void {
  if (!(column instanceof SequenceCategoricalColumn)) return;
  throw new ValueError(
    `In ${wanted}: ${name}. categorical_column must not be of type SequenceCategoricalColumn. Suggested fix A: If you wish to use DenseFeatures, use a non-sequence categorical_column_with_*. Suggested fix B: If you wish to create sequence input, use SequenceFeatures instead of DenseFeatures. Given (type ${column.constructor.name}): ${column}`,
  );
}

/** The dense tensor of a sequence and its lengths. Throws ValueError for a column that is no sequence. */
export function sequenceDense(
  wanted: string,
  name: string,
  column: CategoricalColumn,
  cache: TransformationCache,
  dense: (pair: IdWeightPair) => Tensor,
): SequenceDense {
  if (!(column instanceof SequenceCategoricalColumn)) {
    throw new ValueError(
      `In ${wanted}: ${name}. categorical_column must be of type SequenceCategoricalColumn to use SequenceFeatures. Suggested fix: Use one of sequence_categorical_column_with_*. Given (type ${column.constructor.name}): ${column}`,
    );
  }
  const pair = column.getSparseTensors(cache);
  const denseTensor = dense(pair);
  return { denseTensor, sequenceLength: sequenceLengths(pair.ids) };
}

/** int64 [n]: the number of steps of each example, numElements entries of the second axis being one step. */
function sequenceLengths(sparse: SparseTensor, numElements = 1): Tensor {
  return getDefaultGraph().nameScope("sequence_length", (scope) => {
    const rows = sparse.indices.at(":", 0);
    const columns = sparse.indices.at(":", 1);
    const ends = add(columns, onesLike(columns), { name: "add" });
    const longest = segmentMax(ends, rows);
    const lengths = cast(ceil(divide(longest, numElements)), int64);
    const missing = subtract(shapeOf(sparse).at(":1"), shapeOf(lengths).at(":1"), { name: "sub" });
    return concat([lengths, zeros(missing, lengths.dtype)], 0, { name: scope });
  });
}

/** A sequence of integers from 0 to numBuckets - 1. */
export const sequenceCategoricalColumnWithIdentity = (
  ...given: Parameters<typeof categoricalColumnWithIdentity>
): SequenceCategoricalColumn => new SequenceCategoricalColumn(categoricalColumnWithIdentity(...given));

/** A sequence of words by fingerprint. */
export const sequenceCategoricalColumnWithHashBucket = (
  ...given: Parameters<typeof categoricalColumnWithHashBucket>
): SequenceCategoricalColumn => new SequenceCategoricalColumn(categoricalColumnWithHashBucket(...given));

/** A sequence of words from a list. */
export const sequenceCategoricalColumnWithVocabularyList = (
  ...given: Parameters<typeof categoricalColumnWithVocabularyList>
): SequenceCategoricalColumn => new SequenceCategoricalColumn(categoricalColumnWithVocabularyList(...given));

/** A sequence of words from a file. */
export const sequenceCategoricalColumnWithVocabularyFile = (
  ...given: Parameters<typeof categoricalColumnWithVocabularyFile>
): SequenceCategoricalColumn => new SequenceCategoricalColumn(categoricalColumnWithVocabularyFile(...given));

type Normalizer = (x: Tensor | SparseTensor) => Tensor | SparseTensor;

interface SequenceNumericOptions {
  /** The shape of one step's value; [1] by default. */
  readonly shape?: number | readonly number[] | undefined;
  /** What fills up shorter sequences; 0 by default. */
  readonly defaultValue?: number | undefined;
  readonly dtype?: DType | undefined;
  readonly normalizerFn?: Normalizer | null | undefined;
}

/** Sequences of numbers from a sparse feature. */
class SequenceNumericColumn extends FeatureColumn {
  protected override readonly kind = "SequenceNumericColumn";
  readonly key: string;
  readonly shape: FullShape;
  readonly defaultValue: number;
  readonly dtype: DType;
  readonly normalizerFn: Normalizer | null;

  constructor(key: string, options: Required<SequenceNumericOptions>) {
    super();
    this.key = key;
    this.shape = options.shape as FullShape;
    this.defaultValue = options.defaultValue as number;
    this.dtype = options.dtype as DType;
    this.normalizerFn = options.normalizerFn as Normalizer | null;
  }

  override get name(): string {
    return this.key;
  }

  protected override get fields(): readonly (readonly [string, unknown])[] {
    return [
      ["key", this.key],
      ["shape", this.shape],
      ["default_value", this.defaultValue],
      ["dtype", this.dtype],
      ["normalizer_fn", this.normalizerFn],
    ];
  }

  override get parseExampleSpec(): FeatureSpec {
    return { [this.key]: new VarLenFeature(this.dtype) };
  }

  get variableShape(): FullShape {
    return this.shape;
  }

  override transformFeature(cache: TransformationCache): Transformed {
    const input = cache.feature(this.key);
    return this.normalizerFn ? this.normalizerFn(input) : input;
  }

  getSequenceDenseTensor(cache: TransformationCache): SequenceDense {
    const sparse = cache.get(this) as SparseTensor;
    const padded = sparseTensorToDense(sparse, { defaultValue: this.defaultValue });
    const shape = concat([shapeOf(padded).at(":1"), [-1], [...this.shape]], 0);
    const denseTensor = reshape(padded, shape);
    const numElements = sparse.shape?.length === 2 ? elementCount(this.shape) : 1;
    return { denseTensor, sequenceLength: sequenceLengths(sparse, numElements) };
  }
}

/** Sequences of numbers; shorter ones are filled up. Throws ValueError for a dtype that is no number. */
export function sequenceNumericColumn(
  options: { readonly key: string } & SequenceNumericOptions,
): SequenceNumericColumn;
export function sequenceNumericColumn(key: string, options?: SequenceNumericOptions): SequenceNumericColumn;
export function sequenceNumericColumn(...given: readonly unknown[]): SequenceNumericColumn {
  type All = { readonly key: string } & SequenceNumericOptions;
  const names = ["key", "shape", "defaultValue", "dtype", "normalizerFn"] as const;
  const { key, shape: size = [1], defaultValue = 0, dtype = float32, normalizerFn = null } = named<All>(given, names);
  const shape = checkedShape(size, key);
  if (!dtype.isInteger && !dtype.isFloating) {
    throw new ValueError(`dtype must be convertible to float. dtype: ${dtype}, key: ${key}`);
  }
  if (normalizerFn !== null && typeof normalizerFn !== "function") {
    throw new TypeError(`normalizer_fn must be a callable. Given: ${normalizerFn}`);
  }
  return new SequenceNumericColumn(key, { shape, defaultValue, dtype, normalizerFn });
}
