/** Numbers as they are, and numbers as buckets. Source: feature_column_v2.py, NumericColumn, BucketizedColumn. */
import { type DType, float32, int64 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { elementCount, type FullShape } from "../../core/shape.ts";
import { SparseTensor } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  add,
  bucketizeOp,
  cast,
  expandDims,
  multiply,
  oneHot,
  range,
  reshape,
  SparseTensor as SparseTensorOf,
  shape as shapeOf,
  stack,
  tile,
  transpose,
} from "../../ops/index.ts";
import { type FeatureSpec, FixedLenFeature } from "../parsing/features.ts";
import { named } from "./arguments.ts";
import {
  assertKeyIsString,
  type CategoricalColumn,
  checkedShape,
  type DenseColumn,
  FeatureColumn,
  type IdWeightPair,
  representation,
  type TransformationCache,
} from "./column.ts";

type NestedNumbers = number | readonly NestedNumbers[];
type Normalizer = (x: Tensor) => Tensor;

export interface NumericColumnOptions {
  /** The shape of one example's value; [1] by default. */
  readonly shape?: number | readonly number[] | undefined;
  /** For Examples without the feature: one number for all places, or numbers of the shape. */
  readonly defaultValue?: NestedNumbers | null | undefined;
  readonly dtype?: DType | undefined;
  /** Applied to the feature before it is cast to float32. */
  readonly normalizerFn?: Normalizer | null | undefined;
}

/** Real numbers. */
export class NumericColumn extends FeatureColumn implements DenseColumn {
  protected override readonly kind = "NumericColumn";
  readonly key: string;
  readonly shape: FullShape;
  readonly defaultValue: NestedNumbers | null;
  readonly dtype: DType;
  readonly normalizerFn: Normalizer | null;

  constructor(key: string, options: Required<NumericColumnOptions>) {
    super();
    this.key = key;
    this.shape = options.shape as FullShape;
    this.defaultValue = options.defaultValue as NestedNumbers | null;
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
    return { [this.key]: new FixedLenFeature(this.shape, this.dtype, this.defaultValue) };
  }

  get variableShape(): FullShape {
    return this.shape;
  }

  override transformFeature(cache: TransformationCache): Tensor {
    const input = cache.feature(this.key);
    if (input instanceof SparseTensor) {
      throw new ValueError(
        `The corresponding Tensor of numerical column must be a Tensor. SparseTensor is not supported. key: ${this.key}`,
      );
    }
    return cast(this.normalizerFn ? this.normalizerFn(input) : input, float32);
  }

  getDenseTensor(cache: TransformationCache): Tensor {
    return cache.get(this) as Tensor;
  }
}

function tupleOf(shape: readonly number[], value: number): NestedNumbers {
  return shape.length === 0 ? value : Array.from({ length: shape[0]! }, () => tupleOf(shape.slice(1), value));
}

function fitsShape(value: NestedNumbers, shape: readonly number[]): boolean {
  if (Array.isArray(value) !== shape.length > 0) return false;
  if (!Array.isArray(value)) return true;
  return value.length === shape[0] && value.every((item) => fitsShape(item, shape.slice(1)));
}

function checkedDefault(
  shape: readonly number[],
  given: NestedNumbers | null,
  { dtype, key }: { readonly dtype: DType; readonly key: string },
): NestedNumbers | null {
  if (given === null) return null;
  if (typeof given === "number" && (Number.isInteger(given) || dtype.isFloating)) return tupleOf(shape, given);
  const list = ArrayBuffer.isView(given) ? Array.from(given as unknown as Float32Array) : given;
  if (Array.isArray(list)) {
    if (!fitsShape(list, shape)) {
      throw new ValueError(
        `The shape of default_value must be equal to given shape. default_value: ${representation(list).replace(/^\((.*?),?\)$/s, "[$1]")}, shape: ${representation(shape)}, key: ${key}`,
      );
    }
    const flat = list.flat(Number.POSITIVE_INFINITY) as number[];
    if (flat.every((item) => Number.isInteger(item)) || dtype.isFloating) return list as NestedNumbers;
  }
  throw new TypeError(
    `default_value must be compatible with dtype. default_value: ${representation(given)}, dtype: ${dtype}, key: ${key}`,
  );
}

/** Real numbers of a shape. Throws ValueError or TypeError, in TensorFlow's words, for a shape, dtype or default value that is none. */
export function numericColumn(options: { readonly key: string } & NumericColumnOptions): NumericColumn;
export function numericColumn(key: string, options?: NumericColumnOptions): NumericColumn;
export function numericColumn(
  key: string,
  shape: number | readonly number[],
  options?: NumericColumnOptions,
): NumericColumn;
export function numericColumn(...given: readonly unknown[]): NumericColumn {
  type All = { readonly key: string } & NumericColumnOptions;
  const names = ["key", "shape", "defaultValue", "dtype", "normalizerFn"] as const;
  const {
    key,
    shape: size = [1],
    defaultValue = null,
    dtype = float32,
    normalizerFn = null,
  } = named<All>(given, names);
  const shape = checkedShape(size, key);
  if (!dtype.isInteger && !dtype.isFloating) {
    throw new ValueError(`dtype must be convertible to float. dtype: ${dtype}, key: ${key}`);
  }
  const checked = checkedDefault(shape, defaultValue, { dtype, key });
  if (normalizerFn !== null && typeof normalizerFn !== "function") {
    throw new TypeError(`normalizer_fn must be a callable. Given: ${normalizerFn}`);
  }
  assertKeyIsString(key);
  return new NumericColumn(key, { shape, defaultValue: checked, dtype, normalizerFn });
}

/** Which of the intervals between sorted boundaries a number lies in: dense as one-hot vectors, sparse as ids. */
export class BucketizedColumn extends FeatureColumn implements DenseColumn, CategoricalColumn {
  protected override readonly kind = "BucketizedColumn";
  readonly sourceColumn: NumericColumn;
  readonly boundaries: readonly number[];

  constructor(sourceColumn: NumericColumn, boundaries: readonly number[]) {
    super();
    this.sourceColumn = sourceColumn;
    this.boundaries = boundaries;
  }

  override get name(): string {
    return `${this.sourceColumn.name}_bucketized`;
  }

  protected override get fields(): readonly (readonly [string, unknown])[] {
    return [
      ["source_column", this.sourceColumn],
      ["boundaries", this.boundaries],
    ];
  }

  override get parseExampleSpec(): FeatureSpec {
    return this.sourceColumn.parseExampleSpec;
  }

  override transformFeature(cache: TransformationCache): Tensor {
    return bucketizeOp({ input: cache.get(this.sourceColumn) as Tensor, boundaries: [...this.boundaries] });
  }

  get #buckets(): number {
    return this.boundaries.length + 1;
  }

  get variableShape(): FullShape {
    return [...this.sourceColumn.shape, this.#buckets];
  }

  get numBuckets(): number {
    return this.#buckets * this.sourceColumn.shape[0]!;
  }

  getDenseTensor(cache: TransformationCache): Tensor {
    return oneHot(cast(cache.get(this) as Tensor, int64), this.#buckets, {
      onValue: 1,
      offValue: 0,
      dtype: float32,
    });
  }

  getSparseTensors(cache: TransformationCache): IdWeightPair {
    const input = cache.get(this) as Tensor;
    const batchSize = shapeOf(input).at(0);
    const width = elementCount(this.sourceColumn.shape.slice(0, 1));
    const rows = reshape(tile(expandDims(range(0, batchSize), 1), [1, width]), [-1]);
    const columns = tile(range(0, width), [batchSize]);
    const values = add(reshape(input, [-1]), multiply(this.#buckets, columns, { name: "mul" }), { name: "add" });
    const indices = cast(transpose(stack([rows, columns])), int64);
    const denseShape = cast(stack([batchSize, width]), int64);
    return { ids: new SparseTensorOf({ indices, values, denseShape }), weights: null };
  }
}

/** Numbers by interval. Throws ValueError for another kind of column, and for boundaries that are not sorted. */
export function bucketizedColumn(options: {
  readonly sourceColumn: NumericColumn;
  readonly boundaries: readonly number[];
}): BucketizedColumn;
export function bucketizedColumn(
  sourceColumn: NumericColumn,
  boundaries: readonly number[] | { readonly boundaries: readonly number[] },
): BucketizedColumn;
export function bucketizedColumn(...given: readonly unknown[]): BucketizedColumn {
  type All = { readonly sourceColumn: NumericColumn; readonly boundaries: readonly number[] };
  const { sourceColumn, boundaries } = named<All>(given, ["sourceColumn", "boundaries"]);
  if (!((sourceColumn as unknown) instanceof NumericColumn)) {
    throw new ValueError(
      `source_column must be a column generated with numeric_column(). Given: ${representation(sourceColumn)}`,
    );
  }
  if (sourceColumn.shape.length > 1) {
    throw new ValueError(`source_column must be one-dimensional column. Given: ${sourceColumn}`);
  }
  if (!boundaries || boundaries.length === 0) throw new ValueError("boundaries must not be empty.");
  const isSorted = Array.isArray(boundaries) && boundaries.every((x, i) => i === 0 || boundaries[i - 1]! < x);
  if (!isSorted) throw new ValueError("boundaries must be a sorted list.");
  return new BucketizedColumn(sourceColumn, [...boundaries]);
}
