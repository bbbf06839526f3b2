/** Embeddings of sparse ids, combined row by row. Source: embedding_ops.py. */

import { bool, float32, int32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { SparseTensor as SparseParts } from "../../../graph/sparse_tensor.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import * as ops from "../../index.ts";
import { byName, type Rest } from "../../options.ts";
import { ones, onesLike, zerosLike } from "../array/basic/fill.ts";
import { inScope, type Named } from "../array/basic/names.ts";
import { expandDims, reshape } from "../array/basic/reshape.ts";
import { rank as rankOf, shape as shapeOf, size } from "../array/basic/shape.ts";
import { embeddingLookup } from "../array/index/embedding.ts";
import { gather } from "../array/index/gather.ts";
import { concat } from "../array/join/concat.ts";
import { stack } from "../array/join/pack.ts";
import { unique } from "../array/lookup/unique.ts";
import { where } from "../array/lookup/where.ts";
import { slice } from "../array/slice/slice.ts";
import { tile } from "../array/slice/tile.ts";
import { sparseRetain } from "./compose.ts";
import { type SparseLike, SparseTensor, toSparse } from "./tensor.ts";
import { sparseFillEmptyRows, sparseReshape } from "./wrappers.ts";

export type Combiner = "mean" | "sqrtn" | "sum";

export interface SparseEmbeddingOptions extends Named {
  readonly partitionStrategy?: "mod" | "div";
  readonly combiner?: Combiner;
  readonly maxNorm?: TensorLike | null;
}

const tablesOf = (params: TensorLike | readonly TensorLike[]): readonly TensorLike[] => {
  if (Array.isArray(params)) return params as readonly TensorLike[];
  const isIterable =
    typeof params === "object" && params !== null && !(params instanceof Tensor) && !ArrayBuffer.isView(params);
  return isIterable && Symbol.iterator in params ? [...(params as Iterable<TensorLike>)] : [params as TensorLike];
};

const isResourceTable = (params: unknown): boolean =>
  typeof (params as { sparseRead?: unknown }).sparseRead === "function";

const embeddingLookupSparsePlaces = ["partitionStrategy", "name", "combiner", "maxNorm"] as const;

/**
 * For each row of sparse ids the sum, mean or root-weighted mean of their embeddings; `weights` has the ids' indices, null for ones.
 * Throws ValueError for another combiner.
 */
export function embeddingLookupSparse(
  params: TensorLike | readonly TensorLike[],
  ids: SparseLike,
  weights: SparseLike | null,
  ...rest: Rest<SparseEmbeddingOptions, typeof embeddingLookupSparsePlaces>
): Tensor {
  const options = byName<SparseEmbeddingOptions>(rest, embeddingLookupSparsePlaces);
  const { combiner = "mean", maxNorm = null, partitionStrategy = "mod", name } = options;
  if (!["mean", "sqrtn", "sum"].includes(combiner))
    throw new ValueError(`combiner must be one of 'mean', 'sqrtn' or 'sum', got ${combiner}`);
  const tables = tablesOf(params);
  const sparseIds = toSparse(ids);
  const sparseWeights = weights === null ? null : toSparse(weights);
  return inScope(name, "embedding_lookup_sparse", (scope) => {
    const segmentIds = sparseIds.indices.at(":", 0);
    const first = tables[0]!;
    const single =
      tables.length === 1 ? (isResourceTable(first) ? first : convertToTensor(first, { name: "params" })) : null;
    // Resources gather their rows themselves; a reference is read whole, where it lies.
    const isPlain =
      single !== null &&
      !isResourceTable(first) &&
      deviceOf(single) === segmentIds.device &&
      maxNorm === null &&
      sparseWeights === null;
    if (isPlain) {
      const reduce =
        combiner === "sum"
          ? ops.sparseSegmentSum
          : combiner === "mean"
            ? ops.sparseSegmentMean
            : ops.sparseSegmentSqrtN;
      return reduce(single, sparseIds.values, segmentIds, { name: scope, sparseGradient: true });
    }
    const { y: distinct, idx } = unique(sparseIds.values);
    const rows = embeddingLookup(single ? [single] : tables, distinct, { partitionStrategy, maxNorm });
    if (sparseWeights) return weighted(rows, idx, sparseWeights.values, segmentIds, combiner, scope);
    const reduce =
      combiner === "sum" ? ops.sparseSegmentSum : combiner === "mean" ? ops.sparseSegmentMean : ops.sparseSegmentSqrtN;
    return reduce(rows, idx, segmentIds, { name: scope });
  });
}

const deviceOf = (table: TensorLike): string => (table as { readonly device?: string }).device ?? "";

/** Rows times their weights, summed (and divided) segment by segment. */
function weighted(
  distinct: Tensor,
  idx: Tensor,
  weightsGiven: Tensor,
  segmentIdsGiven: Tensor,
  combiner: Combiner,
  scope: string,
): Tensor {
  const segmentIds = segmentIdsGiven.dtype === int32 ? segmentIdsGiven : ops.cast(segmentIdsGiven, int32);
  const rowsGiven = gather(distinct, idx, {});
  const { dtype } = rowsGiven;
  const isHalf = dtype.base === "float16" || dtype.base === "bfloat16";
  const rows = isHalf ? ops.cast(rowsGiven, float32) : rowsGiven;
  const flat = weightsGiven.dtype === rows.dtype ? weightsGiven : ops.cast(weightsGiven, rows.dtype);
  const onesShape = expandDims(ops.subtract(rankOf(rows), 1, { name: "sub" }), 0);
  const weightsShape = shapeOf(flat);
  const weights = reshape(flat, concat([weightsShape, ones(onesShape, weightsShape.dtype)], 0));
  if (rows.shape !== null && flat.shape !== null)
    weights.setShape([...flat.shape, ...new Array<number>(rows.shape.length - 1).fill(1)]);
  const scaled = ops.multiply(rows, weights, { name: "mul" });
  const result = combined(scaled, weights, segmentIds, combiner, scope);
  return isHalf ? ops.cast(result, dtype) : result;
}

function combined(scaled: Tensor, weights: Tensor, segmentIds: Tensor, combiner: Combiner, scope: string): Tensor {
  if (combiner === "sum") return ops.segmentSum(scaled, segmentIds, { name: scope });
  const sum = ops.segmentSum(scaled, segmentIds);
  if (combiner === "mean") return ops.divNoNan(sum, ops.segmentSum(weights, segmentIds), { name: scope });
  const squares = ops.segmentSum(ops.pow(weights, 2), segmentIds);
  return ops.divNoNan(sum, ops.sqrt(squares), { name: scope });
}

export interface SafeEmbeddingOptions extends SparseEmbeddingOptions {
  /** The weight of each id; one when left out. */
  readonly sparseWeights?: SparseLike | null;
  /** The id of rows that have none; zeros when left out. */
  readonly defaultId?: TensorLike | null;
}

const safeEmbeddingLookupSparsePlaces = [
  "sparseWeights",
  "combiner",
  "defaultId",
  "name",
  "partitionStrategy",
  "maxNorm",
] as const;

/** As embeddingLookupSparse for ids of any rank; negative ids and weights that are not positive are left out, empty rows are zero. */
export function safeEmbeddingLookupSparse(
  params: TensorLike | readonly TensorLike[],
  ids: SparseLike,
  ...rest: Rest<SafeEmbeddingOptions, typeof safeEmbeddingLookupSparsePlaces>
): Tensor {
  const options = byName<SafeEmbeddingOptions>(rest, safeEmbeddingLookupSparsePlaces);
  const { combiner = "mean", partitionStrategy = "div", maxNorm = null, defaultId = null, name } = options;
  const given = tablesOf(params);
  if (given.length < 1) throw new ValueError(`Missing embedding_weights ${given}.`);
  const tables = given.map((table) => (isResourceTable(table) ? table : convertToTensor(table)));
  const sparseIds = toSparse(ids);
  const sparseWeights = options.sparseWeights ? toSparse(options.sparseWeights) : null;
  return inScope(name, "embedding_lookup", (scope) => {
    const original = sparseIds.denseShape;
    const known = original.shape?.[0] ?? null;
    const rank: Tensor | number = known ?? size(original);
    const last = (): TensorLike => (typeof rank === "number" ? rank - 1 : ops.subtract(rank, 1, { name: "sub" }));
    const rows = ops.reduceProd(slice(original, [0], [last()] as TensorLike));
    const flat = sparseReshape(sparseIds, [rows, gather(original, last())]);
    const flatWeights =
      sparseWeights &&
      new SparseTensor({ indices: flat.indices, values: sparseWeights.values, denseShape: flat.denseShape });
    let pruned = pruneIds(flat, flatWeights);
    if (combiner !== "sum") pruned = pruneWeights(pruned);
    const { sparse: filled, emptyRowIndicator } = sparseFillEmptyRows(pruned.ids, defaultId ?? 0);
    const filledWeights = pruned.weights && sparseFillEmptyRows(pruned.weights, 1.0).sparse;
    let result = embeddingLookupSparse(tables, filled, filledWeights, {
      combiner,
      partitionStrategy,
      maxNorm,
      ...(defaultId === null ? {} : { name: scope }),
    });
    if (defaultId === null) {
      const column = reshape(emptyRowIndicator, [-1, 1]);
      const isEmpty = tile(column, stack([1, shapeOf(result).at(1)]));
      result = where(isEmpty, zerosLike(result), result, { name: scope });
    }
    const head = slice(ops.cast(original, int32), [0], [last()] as TensorLike);
    const final = reshape(result, concat([head, slice(shapeOf(result), [1], [-1])], 0));
    if (known !== null && result.shape)
      final.setShape([...new Array<null>(known - 1).fill(null), ...result.shape.slice(1)]);
    return final;
  });
}

interface Pruned {
  readonly ids: SparseParts;
  readonly weights: SparseParts | null;
}

function pruneIds(ids: SparseParts, weights: SparseParts | null): Pruned {
  let isValid = ops.greaterEqual(ids.values, 0);
  if (weights) isValid = ops.logicalAnd(isValid, onesLike(weights.values, { dtype: bool }));
  return { ids: sparseRetain(ids, isValid), weights: weights && sparseRetain(weights, isValid) };
}

function pruneWeights({ ids, weights }: Pruned): Pruned {
  if (!weights) return { ids, weights };
  const isValid = ops.greater(weights.values, 0);
  return { ids: sparseRetain(ids, isValid), weights: sparseRetain(weights, isValid) };
}
