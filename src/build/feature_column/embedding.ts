/** Categorical columns made dense by a table of embeddings. Source: feature_column_v2.py, EmbeddingColumn. */
import { ValueError } from "../../core/error.ts";
import type { FullShape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { type Combiner, embeddingLookupSparse, safeEmbeddingLookupSparse } from "../../ops/index.ts";
import { truncatedNormalInitializer } from "../initializers.ts";
import type { FeatureSpec } from "../parsing/features.ts";
import { checkpointSource } from "../variables/initialize.ts";
import type { Initializer } from "../variables/store.ts";
import type { Variable } from "../variables/variable.ts";
import { named } from "./arguments.ts";
import {
  type CategoricalColumn,
  type DenseColumn,
  type EmbeddingState,
  FeatureColumn,
  type IdWeightPair,
  type TransformationCache,
  type Transformed,
} from "./column.ts";
import { notInDense, type SequenceDense, sequenceDense } from "./sequence.ts";

type Fields = readonly (readonly [string, unknown])[];

export interface TableOptions {
  /** How the embeddings of one example become one: "mean" by default. */
  readonly combiner?: Combiner | undefined;
  /** Truncated normal of deviation 1 / sqrt(dimension) by default. */
  readonly initializer?: Initializer | null | undefined;
  readonly ckptToLoadFrom?: string | null | undefined;
  readonly tensorNameInCkpt?: string | null | undefined;
  /** Longer embeddings are scaled down to this l2 norm. */
  readonly maxNorm?: number | null | undefined;
  readonly trainable?: boolean | undefined;
  /** Also for ids that are none and rows without ids; true by default. */
  readonly useSafeEmbeddingLookup?: boolean | undefined;
}

export interface Table {
  readonly dimension: number;
  readonly combiner: Combiner;
  readonly initializer: Initializer;
  readonly ckptToLoadFrom: string | null;
  readonly tensorNameInCkpt: string | null;
  readonly maxNorm: number | null;
  readonly trainable: boolean;
  readonly useSafeEmbeddingLookup: boolean;
}

export function checkedTable(dimension: number, options: TableOptions, ofColumn: string): Table {
  const { ckptToLoadFrom = null, tensorNameInCkpt = null, initializer } = options;
  if (dimension === undefined || dimension === null || dimension < 1) {
    throw new ValueError(`Invalid dimension ${dimension ?? "None"}.`);
  }
  if ((ckptToLoadFrom === null) !== (tensorNameInCkpt === null)) {
    throw new ValueError("Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them.");
  }
  if (initializer !== undefined && initializer !== null && typeof initializer !== "function") {
    throw new ValueError(`initializer must be callable if specified.${ofColumn}`);
  }
  return {
    dimension,
    combiner: options.combiner ?? "mean",
    initializer: initializer ?? truncatedNormalInitializer({ mean: 0, stddev: 1 / Math.sqrt(dimension) }),
    ckptToLoadFrom,
    tensorNameInCkpt,
    maxNorm: options.maxNorm ?? null,
    trainable: options.trainable ?? true,
    useSafeEmbeddingLookup: options.useSafeEmbeddingLookup ?? true,
  };
}

/** The rows of a table for ids, combined example by example. */
export function lookUp(table: Table, weights: Variable, pair: IdWeightPair, name: string): Tensor {
  const { ids, weights: idWeights } = pair;
  const { combiner, maxNorm, ckptToLoadFrom, tensorNameInCkpt } = table;
  if (ckptToLoadFrom !== null) checkpointSource.restore?.(ckptToLoadFrom, tensorNameInCkpt!, weights);
  const rank = ids.denseShape.shape?.[0] ?? null;
  const options = { combiner, maxNorm, name, partitionStrategy: "div" } as const;
  const params = weights as unknown as TensorLike;
  return !table.useSafeEmbeddingLookup && rank !== null && rank <= 2
    ? embeddingLookupSparse(params, ids, idWeights, options)
    : safeEmbeddingLookupSparse(params, ids, idWeights, options);
}

export const tableFields = (table: Table): Fields => [
  ["combiner", table.combiner],
  ["initializer", table.initializer],
  ["ckpt_to_load_from", table.ckptToLoadFrom],
  ["tensor_name_in_ckpt", table.tensorNameInCkpt],
  ["max_norm", table.maxNorm],
  ["trainable", table.trainable],
  ["use_safe_embedding_lookup", table.useSafeEmbeddingLookup],
];

/** Rows of a table of its own. */
class EmbeddingColumn extends FeatureColumn implements DenseColumn, EmbeddingState {
  protected override readonly kind = "EmbeddingColumn";
  readonly categoricalColumn: CategoricalColumn;
  readonly table: Table;

  constructor(categoricalColumn: CategoricalColumn, table: Table) {
    super();
    this.categoricalColumn = categoricalColumn;
    this.table = table;
  }

  override get name(): string {
    return `${this.categoricalColumn.name}_embedding`;
  }

  protected override get fields(): Fields {
    return [
      ["categorical_column", this.categoricalColumn],
      ["dimension", this.table.dimension],
      ...tableFields(this.table),
    ];
  }

  override get isV2Column(): boolean {
    return this.categoricalColumn.isV2Column;
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

  get embeddingShape(): readonly [number, number] {
    return [this.categoricalColumn.numBuckets, this.table.dimension];
  }

  get initializer(): Initializer {
    return this.table.initializer;
  }

  get trainable(): boolean {
    return this.table.trainable;
  }

  #rows(cache: TransformationCache, pair: IdWeightPair): Tensor {
    return lookUp(this.table, cache.weightsOf(this), pair, `${this.name}_weights`);
  }

  getDenseTensor(cache: TransformationCache): Tensor {
    notInDense("embedding_column", this.name, this.categoricalColumn);
    return this.#rows(cache, this.categoricalColumn.getSparseTensors(cache));
  }

  /** [n, steps, dimension] and each example's number of steps. Throws ValueError for a column that is no sequence. */
  getSequenceDenseTensor(cache: TransformationCache): SequenceDense {
    return sequenceDense("embedding_column", this.name, this.categoricalColumn, cache, (pair) =>
      this.#rows(cache, pair),
    );
  }
}

/** A table of embeddings for the ids of a categorical column. Throws ValueError for a dimension below 1. */
export function embeddingColumn(
  options: { readonly categoricalColumn: CategoricalColumn; readonly dimension: number } & TableOptions,
): EmbeddingColumn;
export function embeddingColumn(
  categoricalColumn: CategoricalColumn,
  dimension: number | ({ readonly dimension: number } & TableOptions),
  options?: TableOptions,
): EmbeddingColumn;
export function embeddingColumn(...given: readonly unknown[]): EmbeddingColumn {
  type All = { readonly categoricalColumn: CategoricalColumn; readonly dimension: number } & TableOptions;
  const { categoricalColumn, dimension, ...options } = named<All>(given, [
    "categoricalColumn",
    "dimension",
    "combiner",
    "initializer",
    "ckptToLoadFrom",
    "tensorNameInCkpt",
    "maxNorm",
    "trainable",
    "useSafeEmbeddingLookup",
  ]);
  const table = checkedTable(dimension, options, ` Embedding of column_name: ${categoricalColumn?.name}`);
  return new EmbeddingColumn(categoricalColumn, table);
}
