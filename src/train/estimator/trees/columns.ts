/**
 * Feature columns as trees see them: features of one integer for each example, numbered in the order of the columns' names. A bucketized or
 * categorical column is one feature, an indicator column one for each category, a numeric column one for each number, put into buckets by
 * its quantiles. Source: canned/boosted_trees.py.
 */
import {
  type FeatureColumn,
  isCategorical,
  isDense,
  sanitizeName,
  TransformationCache,
} from "../../../build/feature_column/column.ts";
import { IndicatorColumn } from "../../../build/feature_column/indicator.ts";
import { BucketizedColumn, NumericColumn } from "../../../build/feature_column/numeric.ts";
import { int32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { formatShapePython } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { boostedTreesBucketizeOp, cast, expandDims, sparseTensorToDense, unstack } from "../../../ops/index.ts";
import type { InputFeatures } from "../run/input.ts";

/** What columns make of their features. */
export type TransformedColumns = ReadonlyMap<FeatureColumn, Tensor | SparseTensor>;
/** Boundaries of buckets of each number of a column, by the column's name. */
export type Boundaries = ReadonlyMap<string, readonly Tensor[]>;

const unexpected = (column: unknown): ValueError => new ValueError(`Got unexpected feature column type: ${column}`);

export const sortedColumns = (columns: Iterable<FeatureColumn>): FeatureColumn[] =>
  [...columns].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

/** Is it a column of real numbers, which quantiles put into buckets? Throws ValueError for what trees cannot take. */
function isNumeric(column: FeatureColumn): boolean {
  if (column instanceof NumericColumn) return true;
  if (column instanceof BucketizedColumn || column instanceof IndicatorColumn || isCategorical(column)) return false;
  throw new ValueError(`Encountered unexpected column ${column}`);
}

export const numericColumns = (sorted: readonly FeatureColumn[]): FeatureColumn[] => sorted.filter(isNumeric);

/** Numbers of each example in a numeric column. */
const widthOf = (column: { readonly variableShape: readonly number[] }): number => column.variableShape[0] ?? 1;

/** Features of one column. Throws ValueError for what trees cannot take. */
function featuresOf(column: FeatureColumn): number {
  if (column instanceof IndicatorColumn) return column.categoricalColumn.numBuckets;
  if (column instanceof BucketizedColumn) return 1;
  if (isDense(column)) return widthOf(column);
  if (isCategorical(column)) return 1;
  throw unexpected(column);
}

export const countFeatures = (sorted: readonly FeatureColumn[]): number =>
  sorted.reduce((sum, column) => sum + featuresOf(column), 0);

/** The column's name for each feature. */
export const featureNames = (sorted: readonly FeatureColumn[]): string[] =>
  sorted.flatMap((column) => {
    const { name } = column instanceof IndicatorColumn ? column.categoricalColumn : column;
    return new Array<string>(featuresOf(column)).fill(name);
  });

/** Features that have the same number of buckets. */
export interface FeatureGroup {
  readonly buckets: number;
  readonly features: readonly { readonly id: number; readonly split: "inequality" | "equality" }[];
}

/** Groups features by their number of buckets. All bucketized columns count as the one with the most. */
export function groupFeatures(sorted: readonly FeatureColumn[], numQuantiles: number): FeatureGroup[] {
  const groups = new Map<number, FeatureGroup["features"][number][]>();
  const bucketized: FeatureGroup["features"][number][] = [];
  let mostBuckets = 2;
  let id = 0;
  const add = (buckets: number, split: "inequality" | "equality"): void => {
    groups.set(buckets, [...(groups.get(buckets) ?? []), { id: id++, split }]);
  };
  for (const column of sorted) {
    if (column instanceof BucketizedColumn) {
      mostBuckets = Math.max(mostBuckets, column.boundaries.length + 1);
      bucketized.push({ id: id++, split: "inequality" });
    } else if (column instanceof IndicatorColumn || isDense(column)) {
      const buckets = column instanceof IndicatorColumn ? 2 : numQuantiles;
      for (let i = featuresOf(column); i > 0; i--) add(buckets, "inequality");
    } else if (isCategorical(column)) add(column.numBuckets, "equality");
    else throw unexpected(column);
  }
  if (bucketized.length > 0) groups.set(mostBuckets, [...(groups.get(mostBuckets) ?? []), ...bucketized]);
  return [...groups].map(([buckets, features]) => ({ buckets, features }));
}

/** Boundaries by column, of all boundaries in the order of features. */
export function boundariesByColumn(numeric: readonly FeatureColumn[], boundaries: readonly Tensor[]): Boundaries {
  let at = 0;
  return new Map(
    numeric.map((column) => {
      const from = at;
      at += featuresOf(column);
      return [column.name, boundaries.slice(from, at)];
    }),
  );
}

const noTable = (): never => {
  throw new ValueError("trees take no embeddings");
};

/** What columns make of their features, under the scope `transform_features`. */
export function transformColumns(features: InputFeatures, columns: readonly FeatureColumn[]): TransformedColumns {
  const graph = getDefaultGraph();
  return graph.nameScope("transform_features", () => {
    const cache = new TransformationCache(features as never, noTable);
    return new Map(
      sortedColumns(columns).map((column) => {
        return [column, graph.nameScope(sanitizeName(column.name), () => cache.get(column) as Tensor | SparseTensor)];
      }),
    );
  });
}

const columnsOf = (tensor: Tensor): Tensor[] => unstack(tensor, { axis: 1 });
const asColumn = (tensor: Tensor): Tensor => expandDims(tensor, 1);

/**
 * The features int32 [n, 1] of all columns; without boundaries numbers stay numbers. `known`: columns that are transformed already; the
 * others are transformed here. Throws ValueError for features of more than one axis.
 */
export function treeFeatures(
  features: InputFeatures,
  sorted: readonly FeatureColumn[],
  boundaries: Boundaries | null,
  known: TransformedColumns = new Map(),
): Tensor[] {
  const others = sorted.filter((column) => !known.has(column));
  const transformed = new Map([...(others.length > 0 ? transformColumns(features, others) : []), ...known]);
  const result: Tensor[] = [];
  for (const column of sorted) {
    const given = transformed.get(column)!;
    if (column instanceof BucketizedColumn) {
      const bucketized = given as Tensor;
      if ((bucketized.shape?.length ?? 0) > 2) {
        throw new ValueError(
          `For now, only supports features equivalent to rank 2 but column \`${column.sourceColumn.name}\` got: ${shapeOfFeature(features, column.sourceColumn.name)}`,
        );
      }
      result.push(bucketized);
    } else if (column instanceof IndicatorColumn) {
      const counts = cast(given as Tensor, int32);
      if ((counts.shape?.length ?? 0) > 2) {
        const { name } = column.categoricalColumn;
        throw new ValueError(
          `Rank of indicator column must be no more than 2, but column \`${name}\` got: ${shapeOfFeature(features, name)}`,
        );
      }
      result.push(...columnsOf(counts).map(asColumn));
    } else if (isDense(column)) {
      if (column.variableShape.length > 1) {
        throw new ValueError(
          `For now, we only support Dense column with rank of 1, but column \`${column.name}\` got: ${formatShapePython(column.variableShape)}`,
        );
      }
      const numbers = columnsOf(given as Tensor);
      const own = boundaries?.get(column.name);
      result.push(
        ...(own
          ? boostedTreesBucketizeOp({ float_values: numbers, bucket_boundaries: own }).map(asColumn)
          : numbers.map(asColumn)),
      );
    } else result.push(cast(sparseTensorToDense(given as SparseTensor), int32));
  }
  return result;
}

const shapeOfFeature = (features: InputFeatures, name: string): string =>
  formatShapePython((features as Readonly<Record<string, Tensor>>)[name]?.shape ?? null);
