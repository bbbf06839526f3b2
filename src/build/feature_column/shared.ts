/** One table of embeddings for several columns. Source: feature_column.py, _SharedEmbeddingColumn. */
import { float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { type FullShape, formatShapePython, isFull, sameShape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { FeatureSpec } from "../parsing/features.ts";
import { getVariable } from "../variables/scope.ts";
import type { Variable } from "../variables/variable.ts";
import { named } from "./arguments.ts";
import { WeightedCategoricalColumn } from "./categorical.ts";
import {
  type CategoricalColumn,
  type DenseColumn,
  FeatureColumn,
  isCategorical,
  representation,
  type TransformationCache,
  type Transformed,
} from "./column.ts";
import { checkedTable, lookUp, type Table, type TableOptions, tableFields } from "./embedding.ts";
import { notInDense, SequenceCategoricalColumn, type SequenceDense, sequenceDense } from "./sequence.ts";

type Fields = readonly (readonly [string, unknown])[];

/** Rows of a table that several columns share. It lies in a collection of the graph. */
class SharedEmbeddingColumn extends FeatureColumn implements DenseColumn {
  protected override readonly kind = "_SharedEmbeddingColumn";
  readonly categoricalColumn: CategoricalColumn;
  readonly table: Table;
  readonly collection: string;

  constructor(categoricalColumn: CategoricalColumn, table: Table, collection: string) {
    super();
    this.categoricalColumn = categoricalColumn;
    this.table = table;
    this.collection = collection;
  }

  override get name(): string {
    return `${this.categoricalColumn.name}_shared_embedding`;
  }

  override get varScopeName(): string {
    return this.collection;
  }

  override get isV2Column(): boolean {
    return false;
  }

  protected override get fields(): Fields {
    const [combiner, initializer, ...rest] = tableFields(this.table);
    return [
      ["categorical_column", this.categoricalColumn],
      ["dimension", this.table.dimension],
      combiner!,
      initializer!,
      ["shared_embedding_collection_name", this.collection],
      ...rest,
    ];
  }

  override get parseExampleSpec(): FeatureSpec {
    return this.categoricalColumn.parseExampleSpec;
  }

  override transformFeature(cache: TransformationCache): Transformed {
    return cache.get(this.categoricalColumn);
  }

  get variableShape(): FullShape {
    return [this.table.dimension];
  }

  #weights(cache: TransformationCache): Variable {
    const graph = getDefaultGraph();
    const shape = [this.categoricalColumn.numBuckets, this.table.dimension];
    const found = graph.getCollection<Variable>(this.collection);
    const advice =
      "Suggested fix A: Choose a unique name for this collection. Suggested fix B: Do not add any variables to this collection. The feature_column library already adds a variable under the hood.";
    if (found.length > 1) throw new ValueError(`Collection [${found}] can only contain one variable. ${advice}`);
    if (found[0]) {
      if (isFull(found[0].shape) && sameShape(found[0].shape, shape)) return found[0];
      throw new ValueError(
        `Shared embedding collection ${this.collection} contains variable ${found[0].name} of unexpected shape ${formatShapePython(found[0].shape)}. Expected shape is ${formatShapePython(shape)}. ${advice}`,
      );
    }
    const made = getVariable("embedding_weights", {
      shape,
      dtype: float32,
      initializer: this.table.initializer,
      trainable: this.table.trainable && cache.trainable,
      collections: cache.weightCollections,
    });
    graph.addToCollection(this.collection, made);
    return made;
  }

  #rows(cache: TransformationCache): Tensor {
    return getDefaultGraph().nameScope(this.name, () => {
      const pair = this.categoricalColumn.getSparseTensors(cache);
      return lookUp(this.table, this.#weights(cache), pair, `${this.name}_weights`);
    });
  }

  getDenseTensor(cache: TransformationCache): Tensor {
    notInDense("embedding_column", this.name, this.categoricalColumn);
    return this.#rows(cache);
  }

  getSequenceDenseTensor(cache: TransformationCache): SequenceDense {
    return sequenceDense("embedding_column", this.name, this.categoricalColumn, cache, () => this.#rows(cache));
  }
}

/** The column under weights and sequences. */
function innermost(column: CategoricalColumn): CategoricalColumn {
  let inner = column;
  while (inner instanceof WeightedCategoricalColumn || inner instanceof SequenceCategoricalColumn) {
    inner = inner.categoricalColumn;
  }
  return inner;
}

interface SharedOptions extends TableOptions {
  readonly sharedEmbeddingCollectionName?: string | null | undefined;
}

/**
 * One table for several categorical columns of one kind and number of buckets: a column for each of them, in their order. Throws
 * ValueError for columns of different kinds or sizes.
 */
export function sharedEmbeddingColumns(
  options: { readonly categoricalColumns: readonly CategoricalColumn[]; readonly dimension: number } & SharedOptions,
): SharedEmbeddingColumn[];
export function sharedEmbeddingColumns(
  categoricalColumns: readonly CategoricalColumn[],
  dimension: number | ({ readonly dimension: number } & SharedOptions),
  options?: SharedOptions,
): SharedEmbeddingColumn[];
export function sharedEmbeddingColumns(...given: readonly unknown[]): SharedEmbeddingColumn[] {
  type All = { readonly categoricalColumns: readonly CategoricalColumn[]; readonly dimension: number } & SharedOptions;
  const { categoricalColumns, dimension, sharedEmbeddingCollectionName, ...options } = named<All>(given, [
    "categoricalColumns",
    "dimension",
    "combiner",
    "initializer",
    "sharedEmbeddingCollectionName",
    "ckptToLoadFrom",
    "tensorNameInCkpt",
    "maxNorm",
    "trainable",
    "useSafeEmbeddingLookup",
  ]);
  const table = checkedTable(dimension, options, "");
  const sorted = [...categoricalColumns].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  checkAlike(sorted);
  const joined = `${sorted.map(({ name }) => name).join("_")}_shared_embedding`;
  const collection = sharedEmbeddingCollectionName || joined;
  return categoricalColumns.map((column) => new SharedEmbeddingColumn(column, table, collection));
}

function checkAlike(sorted: readonly CategoricalColumn[]): void {
  const [head, ...others] = sorted;
  if (!isCategorical(head)) {
    throw new ValueError(
      `All categorical_columns must be subclasses of _CategoricalColumn. Given: ${representation(head)}`,
    );
  }
  const buckets = head.numBuckets;
  const first = innermost(head);
  for (const other of others) {
    const column = innermost(other);
    if (column.constructor !== first.constructor) {
      throw new ValueError(
        `To use shared_embedding_column, all categorical_columns must have the same type, or be weighted_categorical_column or sequence column of the same type. Given column: ${first} of type: ${first.constructor.name} does not match given column: ${column} of type: ${column.constructor.name}`,
      );
    }
    if (buckets !== column.numBuckets) {
      throw new ValueError(
        `To use shared_embedding_column, all categorical_columns must have the same number of buckets. ven column: ${first} with buckets: ${buckets} does  not match column: ${column} with buckets: ${column.numBuckets}`,
      );
    }
  }
}
