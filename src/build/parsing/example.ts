/** `tf.parseExample` and `tf.parseSingleExample`: Examples as tensors, by features. Source: parsing_ops.py. */
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { SparseTensor } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { equal, parseExampleV2Op, rank, sparseMerge, withDependencies } from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { assertThat } from "../control_flow/assert.ts";
import { RaggedTensor } from "../ragged/ragged_tensor.ts";
import {
  type FeatureSpec,
  FixedLenFeature,
  FixedLenSequenceFeature,
  type ParsedBy,
  type ParsedFeatures,
  RaggedFeature,
  SparseFeature,
  VarLenFeature,
} from "./features.ts";
import { Params } from "./params.ts";
import { raggedFeature } from "./ragged.ts";

export interface Named {
  readonly name?: string | undefined;
}

export const inScope = <R>(name: string, fn: () => R): R => getDefaultGraph().nameScope(name, fn);

/** Sequences of a batch have an unknown length in front. */
export function withLength(features: FeatureSpec): FeatureSpec {
  const entries = Object.entries(features).map(([key, feature]) => {
    if (!(feature instanceof FixedLenSequenceFeature)) return [key, feature];
    if (!feature.allowMissing) {
      throw new ValueError("Unsupported: FixedLenSequenceFeature requires allow_missing to be True.");
    }
    const { shape, dtype, allowMissing, defaultValue } = feature;
    return [key, new FixedLenSequenceFeature([null, ...(shape ?? [])], dtype, { allowMissing, defaultValue })];
  });
  return Object.fromEntries(entries) as FeatureSpec;
}

export interface ParseExampleOptions extends Named {
  /** Names of the Examples, for messages. */
  readonly exampleNames?: TensorLike | null | undefined;
}

const parseExamplePlaces = ["name", "exampleNames"] as const;

/**
 * The features of serialized Examples [n] (or of one, a scalar), by key: dense ones [n, ...] and sparse ones. Throws ValueError when the
 * features do not go together.
 */
export const parseExample = byKeyword(["serialized", "features"], function parseExample<
  F extends FeatureSpec,
>(serialized: TensorLike, features: F, ...rest: Rest<ParseExampleOptions, typeof parseExamplePlaces>): ParsedBy<F> {
  const options = byName<ParseExampleOptions>(rest, parseExamplePlaces);
  if (!features || Object.keys(features).length === 0) {
    throw new ValueError(`Argument \`features\` cannot be None or falsy. Got ${features ? "{}" : "None"}`);
  }
  const all = withLength(features);
  const params = new Params(all, [
    VarLenFeature,
    SparseFeature,
    FixedLenFeature,
    FixedLenSequenceFeature,
    RaggedFeature,
  ]);
  const parsed = inScope(options.name ?? "ParseExample", () => {
    const input = convertToTensor(serialized, { name: "serialized" });
    const made = parseExampleV2Op(
      {
        dense_defaults: params.defaultTensors(),
        serialized: input,
        names: options.exampleNames ?? [],
        sparse_keys: params.sparseKeys,
        dense_keys: params.denseKeys,
        ragged_keys: params.raggedKeys,
        num_sparse: params.sparseKeys.length,
        sparse_types: params.sparseTypes,
        ragged_value_types: params.raggedTypes,
        ragged_split_types: params.raggedSplits,
        dense_shapes: params.denseShapes,
      },
      options.name,
    );
    const ragged = params.raggedKeys.map((_, i) => {
      const values = made.ragged_values[i]!;
      if (input.shape?.length === 0) return values;
      return RaggedTensor.fromRowSplits(values, made.ragged_row_splits[i]!, { validate: false });
    });
    return params.collect([made.sparse_indices, made.sparse_values, made.sparse_shapes], made.dense_values, ragged);
  });
  return composed(features, parsed) as ParsedBy<F>;
});

/** Sparse features are put together of their indices and values, ragged ones of values and partitions; what only serves them goes. */
export function composed(features: FeatureSpec, parsed: ParsedFeatures): ParsedFeatures {
  const result = { ...parsed };
  for (const key of Object.keys(features).sort()) {
    const feature = features[key]!;
    if (feature instanceof RaggedFeature) result[key] = raggedFeature(key, feature, parsed);
    if (!(feature instanceof SparseFeature)) continue;
    const { indexKey, valueKey, size, alreadySorted } = feature;
    const ids = typeof indexKey === "string" ? parsed[indexKey] : indexKey.map((each) => parsed[each]);
    result[key] = sparseMerge(ids as SparseTensor, parsed[valueKey] as SparseTensor, size, { alreadySorted });
  }
  for (const key of Object.keys(result)) if (!(key in features)) delete result[key];
  return result;
}

export function scalar(value: Tensor, name: string): Tensor {
  const n = value.shape?.length;
  if (n === 0) return value;
  const message = `Input ${name} must be a scalar`;
  if (n !== undefined) throw new ValueError(message);
  const check = assertThat(equal(rank(value), 0), [message], {
    name: `${name[0]!.toUpperCase()}${name.slice(1)}IsScalar`,
  });
  const result = withDependencies([check], value, { name: `${name}Dependencies` });
  result.setShape([]);
  return result;
}

/** The features of one serialized Example, a scalar. Throws ValueError for another rank. */
export const parseSingleExample = byKeyword(["serialized", "features"], function parseSingleExample<
  F extends FeatureSpec,
>(serialized: TensorLike, features: F, ...rest: Rest<ParseExampleOptions, typeof parseExamplePlaces>): ParsedBy<F> {
  const options = byName<ParseExampleOptions>(rest, parseExamplePlaces);
  if (!features) throw new ValueError("Invalid argument: features cannot be None.");
  if (Object.keys(features).length === 0) throw new ValueError("Invalid argument: features cannot be empty.");
  return inScope(options.name ?? "ParseSingleExample", () =>
    parseExample(scalar(convertToTensor(serialized, { name: "serialized" }), "serialized"), features, options),
  );
});
