/** Ids of strings and integers: by hash, as they are, by vocabulary, with weights. Source: feature_column_v2.py. */
import { type DType, float32, int64, string } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { SparseTensor } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  asString,
  cast,
  fill,
  greaterEqual,
  less,
  logicalOr,
  SparseTensor as SparseTensorOf,
  shape as shapeOf,
  stringToHashBucketFast,
  whereV2,
} from "../../ops/index.ts";
import { type FeatureSpec, VarLenFeature } from "../parsing/features.ts";
import { named } from "./arguments.ts";
import {
  assertKeyIsString,
  assertStringOrInteger,
  type CategoricalColumn,
  FeatureColumn,
  type IdWeightPair,
  type TransformationCache,
  toSparseInput,
} from "./column.ts";

type Fields = readonly (readonly [string, unknown])[];

/** A column of one feature whose ids are what `transformFeature` gives. */
export abstract class KeyedCategoricalColumn extends FeatureColumn implements CategoricalColumn {
  readonly key: string;

  constructor(key: string) {
    super();
    this.key = key;
  }

  abstract get numBuckets(): number;

  /** Ids of the sparse feature. */
  protected abstract idsOf(input: SparseTensor): SparseTensor;

  override get name(): string {
    return this.key;
  }

  override transformFeature(cache: TransformationCache): SparseTensor {
    return this.idsOf(toSparseInput(cache.feature(this.key)));
  }

  getSparseTensors(cache: TransformationCache): IdWeightPair {
    return { ids: cache.get(this) as SparseTensor, weights: null };
  }
}

/** Throws ValueError where one is an integer and the other is not. */
export function checkSameKind(key: string, dtype: DType, input: SparseTensor): void {
  if (dtype.isInteger === input.dtype.isInteger) return;
  throw new ValueError(
    `Column dtype and SparseTensors dtype must be compatible. key: ${key}, column dtype: ${dtype}, tensor dtype: ${input.dtype}`,
  );
}

/** Ids by fingerprint. */
export class HashedCategoricalColumn extends KeyedCategoricalColumn {
  protected override readonly kind = "HashedCategoricalColumn";
  readonly hashBucketSize: number;
  readonly dtype: DType;

  constructor(key: string, hashBucketSize: number, dtype: DType) {
    super(key);
    this.hashBucketSize = hashBucketSize;
    this.dtype = dtype;
  }

  protected override get fields(): Fields {
    return [
      ["key", this.key],
      ["hash_bucket_size", this.hashBucketSize],
      ["dtype", this.dtype],
    ];
  }

  override get parseExampleSpec(): FeatureSpec {
    return { [this.key]: new VarLenFeature(this.dtype) };
  }

  override get numBuckets(): number {
    return this.hashBucketSize;
  }

  protected override idsOf(input: SparseTensor): SparseTensor {
    assertStringOrInteger(input.dtype, `column_name: ${this.key} input_tensor`);
    checkSameKind(this.key, this.dtype, input);
    const words = this.dtype === string ? input.values : asString(input.values);
    const values = stringToHashBucketFast(words, this.hashBucketSize, { name: "lookup" });
    return new SparseTensorOf({ indices: input.indices, values, denseShape: input.denseShape });
  }
}

interface HashBucketOptions {
  readonly hashBucketSize: number;
  readonly dtype?: DType | undefined;
}

/** Strings (or integers) by fingerprint modulo hashBucketSize. Throws ValueError for a size below 1 and another dtype. */
export function categoricalColumnWithHashBucket(
  options: { readonly key: string } & HashBucketOptions,
): HashedCategoricalColumn;
export function categoricalColumnWithHashBucket(key: string, options: HashBucketOptions): HashedCategoricalColumn;
export function categoricalColumnWithHashBucket(
  key: string,
  hashBucketSize: number,
  options?: { readonly dtype?: DType | undefined },
): HashedCategoricalColumn;
export function categoricalColumnWithHashBucket(...given: readonly unknown[]): HashedCategoricalColumn {
  type All = { readonly key: string } & HashBucketOptions;
  const { key, hashBucketSize, dtype = string } = named<All>(given, ["key", "hashBucketSize", "dtype"]);
  if (hashBucketSize === undefined || hashBucketSize === null) {
    throw new ValueError(`hash_bucket_size must be set. key: ${key}`);
  }
  if (hashBucketSize < 1) {
    throw new ValueError(`hash_bucket_size must be at least 1. hash_bucket_size: ${hashBucketSize}, key: ${key}`);
  }
  assertKeyIsString(key);
  assertStringOrInteger(dtype, `column_name: ${key}`);
  return new HashedCategoricalColumn(key, hashBucketSize, dtype);
}

/** Integers that are ids already. */
class IdentityCategoricalColumn extends KeyedCategoricalColumn {
  protected override readonly kind = "IdentityCategoricalColumn";
  readonly numberBuckets: number;
  readonly defaultValue: number | null;

  constructor(key: string, numberBuckets: number, defaultValue: number | null) {
    super(key);
    this.numberBuckets = numberBuckets;
    this.defaultValue = defaultValue;
  }

  protected override get fields(): Fields {
    return [
      ["key", this.key],
      ["number_buckets", this.numberBuckets],
      ["default_value", this.defaultValue],
    ];
  }

  override get parseExampleSpec(): FeatureSpec {
    return { [this.key]: new VarLenFeature(int64) };
  }

  override get numBuckets(): number {
    return this.numberBuckets;
  }

  protected override idsOf(input: SparseTensor): SparseTensor {
    if (!input.dtype.isInteger) {
      throw new ValueError(`Invalid input, not integer. key: ${this.key} dtype: ${input.dtype}`);
    }
    let values: Tensor = cast(input.values, int64, { name: "values" });
    if (this.defaultValue !== null) {
      values = cast(input.values, int64, { name: "values" });
      const buckets = cast(this.numberBuckets, int64, { name: "num_buckets" }) as Tensor;
      const zero = cast(0, int64, { name: "zero" }) as Tensor;
      const isOutside = logicalOr(less(values, zero), greaterEqual(values, buckets), { name: "out_of_range" });
      const defaults = fill(shapeOf(values), cast(this.defaultValue, int64), { name: "default_values" });
      values = whereV2(isOutside, defaults, values);
    }
    return new SparseTensorOf({ indices: input.indices, values, denseShape: input.denseShape });
  }
}

interface IdentityOptions {
  readonly numBuckets: number;
  /** The id of integers that are none; without it they are an error. */
  readonly defaultValue?: number | null | undefined;
}

/** Integers from 0 to numBuckets - 1. Throws ValueError for no buckets, and a default value that is none of the ids. */
export function categoricalColumnWithIdentity(
  options: { readonly key: string } & IdentityOptions,
): IdentityCategoricalColumn;
export function categoricalColumnWithIdentity(key: string, options: IdentityOptions): IdentityCategoricalColumn;
export function categoricalColumnWithIdentity(
  key: string,
  numBuckets: number,
  options?: { readonly defaultValue?: number | null | undefined },
): IdentityCategoricalColumn;
export function categoricalColumnWithIdentity(...given: readonly unknown[]): IdentityCategoricalColumn {
  type All = { readonly key: string } & IdentityOptions;
  const { key, numBuckets, defaultValue = null } = named<All>(given, ["key", "numBuckets", "defaultValue"]);
  if (numBuckets < 1) throw new ValueError(`num_buckets ${numBuckets} < 1, column_name ${key}`);
  if (defaultValue !== null && (defaultValue < 0 || defaultValue >= numBuckets)) {
    throw new ValueError(`default_value ${defaultValue} not in range [0, ${numBuckets}), column_name ${key}`);
  }
  assertKeyIsString(key);
  return new IdentityCategoricalColumn(key, numBuckets, defaultValue);
}

/** Ids of another column, each with a weight of its own. */
export class WeightedCategoricalColumn extends FeatureColumn implements CategoricalColumn {
  protected override readonly kind = "WeightedCategoricalColumn";
  readonly categoricalColumn: CategoricalColumn;
  readonly weightFeatureKey: string;
  readonly dtype: DType;

  constructor(categoricalColumn: CategoricalColumn, weightFeatureKey: string, dtype: DType) {
    super();
    this.categoricalColumn = categoricalColumn;
    this.weightFeatureKey = weightFeatureKey;
    this.dtype = dtype;
  }

  override get name(): string {
    return `${this.categoricalColumn.name}_weighted_by_${this.weightFeatureKey}`;
  }

  protected override get fields(): Fields {
    return [
      ["categorical_column", this.categoricalColumn],
      ["weight_feature_key", this.weightFeatureKey],
      ["dtype", this.dtype],
    ];
  }

  override get isV2Column(): boolean {
    return this.categoricalColumn.isV2Column;
  }

  override get parseExampleSpec(): FeatureSpec {
    const spec = this.categoricalColumn.parseExampleSpec;
    const key = this.weightFeatureKey;
    if (spec[key]) throw new ValueError(`Parse config ${spec[key]} already exists for ${key}.`);
    return { ...spec, [key]: new VarLenFeature(this.dtype) };
  }

  get numBuckets(): number {
    return this.categoricalColumn.numBuckets;
  }

  override transformFeature(cache: TransformationCache): IdWeightPair {
    const weight = cache.feature(this.weightFeatureKey);
    if (this.dtype !== weight.dtype.baseDtype) {
      throw new ValueError(`Bad dtype, expected ${this.dtype}, but got ${weight.dtype}.`);
    }
    const sparse = toSparseInput(weight, 0);
    const weights = sparse.dtype.isFloating ? sparse : cast(sparse, float32);
    return { ids: toSparseInput(cache.get(this.categoricalColumn) as Tensor | SparseTensor), weights };
  }

  getSparseTensors(cache: TransformationCache): IdWeightPair {
    return cache.get(this) as IdWeightPair;
  }
}

interface WeightedOptions {
  readonly weightFeatureKey: string;
  readonly dtype?: DType | undefined;
}

/** A categorical column's ids, weighted by another feature of the same indices. Throws ValueError for a dtype that is no number. */
export function weightedCategoricalColumn(
  options: { readonly categoricalColumn: CategoricalColumn } & WeightedOptions,
): WeightedCategoricalColumn;
export function weightedCategoricalColumn(
  categoricalColumn: CategoricalColumn,
  weightFeatureKey: string | WeightedOptions,
  options?: { readonly dtype?: DType | undefined },
): WeightedCategoricalColumn;
export function weightedCategoricalColumn(...given: readonly unknown[]): WeightedCategoricalColumn {
  type All = { readonly categoricalColumn: CategoricalColumn } & WeightedOptions;
  const names = ["categoricalColumn", "weightFeatureKey", "dtype"] as const;
  const { categoricalColumn, weightFeatureKey, dtype = float32 } = named<All>(given, names);
  if (!dtype?.isInteger && !dtype?.isFloating) throw new ValueError(`dtype ${dtype} is not convertible to float.`);
  return new WeightedCategoricalColumn(categoricalColumn, weightFeatureKey, dtype);
}
