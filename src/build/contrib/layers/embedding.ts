/** `tf.contrib.layers`: rows of a table for ids. Source: contrib/layers encoders.py, embedding_ops.py, sparse_ops.py. */
import { int64, string } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  cast,
  concat,
  embeddingLookup,
  gather,
  gatherNd,
  notEqual,
  reduceMean,
  reduceProd,
  reshape,
  safeEmbeddingLookupSparse,
  shape as shapeOf,
  unique,
  where,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Reuse, VariableScope } from "../../variables/scope.ts";
import type { InitializerLike, Regularizer } from "../../variables/store.ts";
import type { Variable } from "../../variables/variable.ts";
import { modelVariable } from "../framework/variables.ts";
import { inLayerScope } from "./common.ts";

interface TableOptions {
  readonly initializer?: InitializerLike | null | undefined;
  readonly regularizer?: Regularizer | null | undefined;
  readonly trainable?: boolean | undefined;
  readonly scope?: string | VariableScope | null | undefined;
  readonly reuse?: Reuse | null | undefined;
}

interface EmbedOptions extends TableOptions {
  /** Needed unless variables are reused. */
  readonly vocabSize?: number | null | undefined;
  readonly embedDim?: number | null | undefined;
  /** True: each id is looked up once. */
  readonly unique?: boolean | undefined;
}

const tablePlaces = ["initializer", "regularizer", "trainable", "scope", "reuse"] as const;
const embedPlaces = ["vocabSize", "embedDim", "unique", ...tablePlaces] as const;

function table(shape: readonly number[] | undefined, options: TableOptions): Variable {
  const { initializer, regularizer, trainable = true } = options;
  return modelVariable("embeddings", { shape, initializer, regularizer, trainable });
}

/** Rows of a table `embeddings` [vocabSize, embedDim] for ids [...]: [..., embedDim]. Throws ValueError where the sizes are missing. */
export function embedSequence(ids: TensorLike, ...rest: Rest<EmbedOptions, typeof embedPlaces>): Tensor {
  const options: EmbedOptions = byName(rest, embedPlaces);
  const { vocabSize = null, embedDim = null, reuse } = options;
  if (!(reuse || (vocabSize && embedDim))) {
    throw new ValueError(
      `Must specify vocab size and embedding dimension when not reusing. Got vocab_size=${vocabSize ?? "None"} and embed_dim=${embedDim ?? "None"}`,
    );
  }
  return inLayerScope("EmbedSequence", options, null, () => {
    const isUnknown = (reuse && vocabSize === null) || embedDim === null;
    const embeddings = table(isUnknown ? undefined : [vocabSize!, embedDim], options);
    return options.unique ? embeddingLookupUnique(embeddings, ids) : embeddingLookup(embeddings, ids);
  });
}

/** Rows for ids, each distinct one looked up once. */
export function embeddingLookupUnique(
  params: Variable | Tensor | readonly (Variable | Tensor)[],
  given: TensorLike,
  ...rest: Rest<{ partitionStrategy?: "mod" | "div"; name?: string }, ["partitionStrategy", "name"]>
): Tensor {
  const options: { partitionStrategy?: "mod" | "div"; name?: string } = byName(rest, ["partitionStrategy", "name"]);
  return getDefaultGraph().nameScope(options.name ?? "EmbeddingLookupUnique", () => {
    const ids = convertToTensor(given);
    const dims = shapeOf(ids);
    const flat = reshape(ids, reduceProd(dims, { keepdims: true }));
    const { y, idx } = unique(flat);
    const rows = embeddingLookup(params as Variable, y, { partitionStrategy: options.partitionStrategy ?? "mod" });
    const found = gather(rows, idx);
    const outputs = reshape(found, concat([dims, shapeOf(rows).at("1:")], 0));
    if (ids.shape && rows.shape) outputs.setShape([...ids.shape, ...rows.shape.slice(1)]);
    return outputs;
  });
}

interface BagOptions extends TableOptions {
  /** True by default: ids that are 0 are left out. */
  readonly sparseLookup?: boolean | undefined;
}

/** The mean of the rows for ids [n, ...]: [n, embedDim]. Throws ValueError where a size is 0. */
export function bowEncoder(
  ids: TensorLike | SparseTensor,
  vocabSize: number,
  embedDim: number,
  ...rest: Rest<BagOptions, ["sparseLookup", ...typeof tablePlaces]>
): Tensor {
  const options: BagOptions = byName(rest, ["sparseLookup", ...tablePlaces]);
  if (!vocabSize || !embedDim) throw new ValueError("Must specify vocab size and embedding dimension");
  return inLayerScope("bow_encoder", options, null, () => {
    const embeddings = table([vocabSize, embedDim], options);
    if (options.sparseLookup === false) {
      if (ids instanceof SparseTensor) throw new TypeError(`ids are expected to be dense Tensor, got: ${ids}`);
      return reduceMean(embeddingLookup(embeddings, ids), { axis: 1 });
    }
    return safeEmbeddingLookupSparse(
      [embeddings],
      ids instanceof SparseTensor ? ids : nonZero(convertToTensor(ids)),
      null,
      {
        combiner: "mean",
        defaultId: 0,
      },
    );
  });
}

/** The elements that are not 0 (or ""), with their places. */
function nonZero(tensor: Tensor): SparseTensor {
  return getDefaultGraph().nameScope("DenseToSparseTensor", () => {
    const ignored = cast(tensor.dtype.baseDtype === string ? "" : 0, tensor.dtype, { name: "ignore_value" }) as Tensor;
    const indices = where(notEqual(tensor, ignored), null, null, { name: "indices" });
    const values = gatherNd(tensor, indices, { name: "values" });
    return new SparseTensor({ indices, values, denseShape: shapeOf(tensor, { outType: int64, name: "dense_shape" }) });
  });
}
