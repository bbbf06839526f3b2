/** Combinations of features, hashed. Source: feature_column_v2.py, CrossedColumn. */
import { string } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { SparseTensor } from "../../graph/sparse_tensor.ts";
import { sparseCrossHashed } from "../../ops/index.ts";
import { type FeatureSpec, VarLenFeature } from "../parsing/features.ts";
import { named } from "./arguments.ts";
import { HashedCategoricalColumn } from "./categorical.ts";
import {
  type CategoricalColumn,
  FeatureColumn,
  type IdWeightPair,
  isCategorical,
  representation,
  type TransformationCache,
} from "./column.ts";

type Key = string | CategoricalColumn;

/** Every combination of one value from each of several features. */
class CrossedColumn extends FeatureColumn implements CategoricalColumn {
  protected override readonly kind = "CrossedColumn";
  readonly keys: readonly Key[];
  readonly hashBucketSize: number;
  readonly hashKey: number | null;

  constructor(keys: readonly Key[], hashBucketSize: number, hashKey: number | null) {
    super();
    this.keys = keys;
    this.hashBucketSize = hashBucketSize;
    this.hashKey = hashKey;
  }

  /** Keys of crossed columns within stand for those. */
  get #leaves(): readonly Key[] {
    return this.keys.flatMap((key) => (key instanceof CrossedColumn ? key.#leaves : [key]));
  }

  override get name(): string {
    return this.#leaves
      .map((key) => (typeof key === "string" ? key : key.name))
      .sort()
      .join("_X_");
  }

  protected override get fields(): readonly (readonly [string, unknown])[] {
    return [
      ["keys", this.keys],
      ["hash_bucket_size", this.hashBucketSize],
      ["hash_key", this.hashKey],
    ];
  }

  override get isV2Column(): boolean {
    return this.#leaves.every((key) => typeof key === "string" || key.isV2Column);
  }

  override get parseExampleSpec(): FeatureSpec {
    const specs = this.keys.map((key) =>
      typeof key === "string" ? { [key]: new VarLenFeature(string) } : key.parseExampleSpec,
    );
    return Object.assign({}, ...specs) as FeatureSpec;
  }

  get numBuckets(): number {
    return this.hashBucketSize;
  }

  override transformFeature(cache: TransformationCache): SparseTensor {
    const inputs = this.#leaves.map((key) => {
      if (typeof key === "string") return cache.feature(key);
      const { ids, weights } = key.getSparseTensors(cache);
      if (weights === null) return ids;
      throw new ValueError(
        `crossed_column does not support weight_tensor, but the given column populates weight_tensor. Given column: ${key.name}`,
      );
    });
    return sparseCrossHashed(inputs, { numBuckets: this.hashBucketSize, hashKey: this.hashKey });
  }

  getSparseTensors(cache: TransformationCache): IdWeightPair {
    return { ids: cache.get(this) as SparseTensor, weights: null };
  }
}

interface CrossedOptions {
  readonly hashBucketSize: number;
  readonly hashKey?: number | null | undefined;
}

/**
 * Combinations of string features (by key) and of categorical columns, hashed into buckets. Throws ValueError for fewer than two keys, and
 * for a hashed column: its feature's key says the same with fewer collisions.
 */
export function crossedColumn(options: { readonly keys: readonly Key[] } & CrossedOptions): CrossedColumn;
export function crossedColumn(
  keys: readonly Key[],
  hashBucketSize: number | CrossedOptions,
  options?: { readonly hashKey?: number | null | undefined },
): CrossedColumn;
export function crossedColumn(...given: readonly unknown[]): CrossedColumn {
  type All = { readonly keys: readonly Key[] } & CrossedOptions;
  const { keys, hashBucketSize, hashKey = null } = named<All>(given, ["keys", "hashBucketSize", "hashKey"]);
  if (!hashBucketSize || hashBucketSize < 1) {
    throw new ValueError(`hash_bucket_size must be > 1. hash_bucket_size: ${hashBucketSize}`);
  }
  if (!keys || keys.length < 2) {
    const shown = keys ? `[${[...keys].map(representation).join(", ")}]` : "None";
    throw new ValueError(`keys must be a list with length > 1. Given: ${shown}`);
  }
  for (const key of keys) {
    if (typeof key !== "string" && !isCategorical(key)) {
      throw new ValueError(
        `Unsupported key type. All keys must be either string, or categorical column except HashedCategoricalColumn. Given: ${representation(key)}`,
      );
    }
    if (key instanceof HashedCategoricalColumn) {
      throw new ValueError(
        `categorical_column_with_hash_bucket is not supported for crossing. Hashing before crossing will increase probability of collision. Instead, use the feature name as a string. Given: ${key}`,
      );
    }
  }
  return new CrossedColumn([...keys], hashBucketSize, hashKey);
}
