/** Categorical columns made dense: one place for each bucket. Source: feature_column_v2.py, IndicatorColumn. */
import { float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { FullShape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { oneHot, reduceSum, scatterNd, sparseMerge, sparseSlice, sparseTensorToDense } from "../../ops/index.ts";
import type { FeatureSpec } from "../parsing/features.ts";
import { named } from "./arguments.ts";
import {
  type CategoricalColumn,
  type DenseColumn,
  FeatureColumn,
  isCategorical,
  representation,
  type TransformationCache,
} from "./column.ts";
import { notInDense, type SequenceDense, sequenceDense } from "./sequence.ts";

/** Ids as a vector of counts (or of weights), one place for each bucket. */
export class IndicatorColumn extends FeatureColumn implements DenseColumn {
  protected override readonly kind = "IndicatorColumn";
  readonly categoricalColumn: CategoricalColumn;

  constructor(categoricalColumn: CategoricalColumn) {
    super();
    this.categoricalColumn = categoricalColumn;
  }

  override get name(): string {
    return `${this.categoricalColumn.name}_indicator`;
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

  get variableShape(): FullShape {
    return [1, this.categoricalColumn.numBuckets];
  }

  override transformFeature(cache: TransformationCache): Tensor {
    const { ids, weights } = this.categoricalColumn.getSparseTensors(cache);
    const size = this.categoricalColumn.numBuckets;
    if (weights) {
      const merged = sparseMerge(ids, weights, size);
      const whole = sparseSlice(merged, [0, 0], merged.denseShape);
      return scatterNd(whole.indices, whole.values, whole.denseShape);
    }
    const dense = sparseTensorToDense(ids, { defaultValue: -1 });
    return reduceSum(oneHot(dense, size, { onValue: 1, offValue: 0, dtype: float32 }), { axis: [-2] });
  }

  getDenseTensor(cache: TransformationCache): Tensor {
    notInDense("indicator_column", this.name, this.categoricalColumn);
    return cache.get(this) as Tensor;
  }

  getSequenceDenseTensor(cache: TransformationCache): SequenceDense {
    return sequenceDense("indicator_column", this.name, this.categoricalColumn, cache, () => cache.get(this) as Tensor);
  }
}

/** A categorical column as one-hot (or, with several ids, multi-hot) vectors. Throws ValueError for another kind of column. */
export function indicatorColumn(
  given: CategoricalColumn | { readonly categoricalColumn: CategoricalColumn },
): IndicatorColumn {
  const { categoricalColumn } = named<{ readonly categoricalColumn: CategoricalColumn }>(
    [given],
    ["categoricalColumn"],
  );
  if (!isCategorical(categoricalColumn)) {
    throw new ValueError(
      `Unsupported input type. Input must be a CategoricalColumn. Given: ${representation(categoricalColumn)}`,
    );
  }
  return new IndicatorColumn(categoricalColumn);
}
