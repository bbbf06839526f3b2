/** `tf.parseSingleSequenceExample` and `tf.io.parseSequenceExample`. Source: parsing_ops.py. */
import { ValueError } from "../../core/error.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { parseSequenceExampleV2Op } from "../../ops/index.ts";
import { inScope, type Named, type ParseExampleOptions, scalar } from "./example.ts";
import {
  type FeatureSpec,
  FixedLenFeature,
  FixedLenSequenceFeature,
  type ParsedBy,
  type ParsedFeatures,
  VarLenFeature,
} from "./features.ts";
import { Params } from "./params.ts";

export interface SequenceFeatures<C extends FeatureSpec = FeatureSpec, S extends FeatureSpec = FeatureSpec> {
  readonly contextFeatures?: C | null | undefined;
  readonly sequenceFeatures?: S | null | undefined;
}

interface ParsedSequence {
  readonly context: ParsedFeatures;
  readonly lists: ParsedFeatures;
  readonly lengths: Record<string, Tensor>;
}

function parseSequences(
  serialized: Tensor,
  names: TensorLike | null | undefined,
  context: Params,
  lists: Params,
  name: string | undefined,
): ParsedSequence {
  if (context.count + lists.count === 0) throw new ValueError("Must provide at least one feature key.");
  return inScope(name ?? "ParseSequenceExample", () => {
    for (const [key, value] of lists.defaults) {
      if (value !== null) throw new ValueError(`Value feature_list.dense_defaults[${key}] must be None`);
    }
    const made = parseSequenceExampleV2Op(
      {
        context_dense_defaults: context.defaultTensors(),
        serialized,
        debug_name: names ?? [],
        context_sparse_keys: context.sparseKeys,
        context_dense_keys: context.denseKeys,
        context_ragged_keys: [],
        feature_list_sparse_keys: lists.sparseKeys,
        feature_list_dense_keys: lists.denseKeys,
        feature_list_ragged_keys: [],
        feature_list_dense_missing_assumed_empty: lists.denseKeys.map((key) => lists.defaults.has(key)),
        Ncontext_sparse: context.sparseKeys.length,
        Nfeature_list_sparse: lists.sparseKeys.length,
        Nfeature_list_dense: lists.denseKeys.length,
        context_sparse_types: context.sparseTypes,
        feature_list_sparse_types: lists.sparseTypes,
        feature_list_dense_types: lists.denseTypes,
        context_dense_shapes: context.denseShapes,
        feature_list_dense_shapes: lists.denseShapes,
      },
      name,
    );
    return {
      context: context.collect(
        [made.context_sparse_indices, made.context_sparse_values, made.context_sparse_shapes],
        made.context_dense_values,
      ),
      lists: lists.collect(
        [made.feature_list_sparse_indices, made.feature_list_sparse_values, made.feature_list_sparse_shapes],
        made.feature_list_dense_values,
      ),
      lengths: Object.fromEntries(lists.denseKeys.map((key, i) => [key, made.feature_list_dense_lengths[i]!])),
    };
  });
}

function sequenceParams({ contextFeatures, sequenceFeatures }: SequenceFeatures, quote: string): [Params, Params] {
  const isEmpty = (features: FeatureSpec | null | undefined): boolean => !features || !Object.keys(features).length;
  if (isEmpty(contextFeatures) && isEmpty(sequenceFeatures)) {
    const [context, sequence] = [`${quote}context_features${quote}`, `${quote}sequence_features${quote}`];
    throw new ValueError(
      `Both ${context} and ${sequence}${quote ? " argument" : ""} are None, but at least one should have values.`,
    );
  }
  return [
    new Params(contextFeatures, [VarLenFeature, FixedLenFeature]),
    new Params(sequenceFeatures, [VarLenFeature, FixedLenSequenceFeature]),
  ];
}

/** Context and lists of one serialized SequenceExample, a scalar. */
export function parseSingleSequenceExample<C extends FeatureSpec, S extends FeatureSpec>(
  serialized: TensorLike,
  features: SequenceFeatures<C, S>,
  options: { readonly exampleName?: TensorLike | null } & Named = {},
): [context: ParsedBy<C>, lists: ParsedBy<S>] {
  const [context, lists] = sequenceParams(features, "");
  return inScope(options.name ?? "ParseSingleSequenceExample", () => {
    const one = inScope(options.name ?? "ParseSingleExample", () =>
      scalar(convertToTensor(serialized, { name: "serialized" }), "serialized"),
    );
    const parsed = parseSequences(one, options.exampleName, context, lists, options.name);
    return [parsed.context as ParsedBy<C>, parsed.lists as ParsedBy<S>];
  });
}

/** Context, lists and the lists' lengths of serialized SequenceExamples [n]. */
export function parseSequenceExample<C extends FeatureSpec, S extends FeatureSpec>(
  serialized: TensorLike,
  features: SequenceFeatures<C, S>,
  options: ParseExampleOptions = {},
): [context: ParsedBy<C>, lists: ParsedBy<S>, lengths: Record<string, Tensor>] {
  const [context, lists] = sequenceParams(features, "`");
  return inScope(options.name ?? "ParseSequenceExample", () => {
    const input = convertToTensor(serialized, { name: "serialized" });
    const parsed = parseSequences(input, options.exampleNames, context, lists, options.name);
    return [parsed.context as ParsedBy<C>, parsed.lists as ParsedBy<S>, parsed.lengths];
  });
}
