/** `tf.parseExample` and its kin: Examples as tensors, by features. Source: parsing_ops.py, parsing_config.py. */

import { type DType, int64, string } from "../core/dtype.ts";
import { ValueError } from "../core/error.ts";
import { ndarray } from "../core/nd_array.ts";
import { formatShapePython, isFull, type Shape } from "../core/shape.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import { SparseTensor } from "../graph/sparse_tensor.ts";
import { Tensor } from "../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import {
  constant,
  equal,
  parseExampleV2Op,
  parseSequenceExampleV2Op,
  rank,
  reshape,
  sparseMerge,
  withDependencies,
} from "../ops/index.ts";
import { byName, type Rest } from "../ops/options.ts";
import { assertThat } from "./control_flow/assert.ts";

interface Named {
  readonly name?: string | undefined;
}

/** A feature of one shape in every Example; without a default value it must be there. */
export class FixedLenFeature {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly defaultValue: TensorLike | null;

  constructor(shape: Shape, dtype: DType, defaultValue: TensorLike | null = null) {
    this.shape = shape;
    this.dtype = dtype;
    this.defaultValue = defaultValue;
  }
}

/** Items of one shape, as many as there are: padded to the longest of the batch. */
export class FixedLenSequenceFeature {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly allowMissing: boolean;
  readonly defaultValue: TensorLike | null;

  constructor(
    shape: Shape,
    dtype: DType,
    options: { readonly allowMissing?: boolean; readonly defaultValue?: TensorLike | null } = {},
  ) {
    this.shape = shape;
    this.dtype = dtype;
    this.allowMissing = options.allowMissing ?? false;
    this.defaultValue = options.defaultValue ?? null;
  }
}

/** Any number of values: a sparse tensor. */
export class VarLenFeature {
  readonly dtype: DType;

  constructor(dtype: DType) {
    this.dtype = dtype;
  }
}

/** A sparse tensor from a feature of indices (or several) and one of values. */
export class SparseFeature {
  readonly indexKey: string | readonly string[];
  readonly valueKey: string;
  readonly dtype: DType;
  readonly size: number | readonly number[];
  readonly alreadySorted: boolean;

  constructor(
    indexKey: string | readonly string[],
    valueKey: string,
    dtype: DType,
    size: number | readonly number[],
    alreadySorted = false,
  ) {
    this.indexKey = indexKey;
    this.valueKey = valueKey;
    this.dtype = dtype;
    this.size = size;
    this.alreadySorted = alreadySorted;
  }
}

export type Feature = FixedLenFeature | FixedLenSequenceFeature | VarLenFeature | SparseFeature;
export type FeatureSpec = Readonly<Record<string, Feature>>;
export type ParsedFeatures = Record<string, Tensor | SparseTensor>;

type Kind = new (...given: never[]) => Feature;

/** What the parsing ops are told. */
class Params {
  readonly sparseKeys: string[] = [];
  readonly sparseTypes: DType[] = [];
  readonly denseKeys: string[] = [];
  readonly denseTypes: DType[] = [];
  readonly denseShapes: Shape[] = [];
  readonly defaults = new Map<string, TensorLike | null>();

  constructor(features: FeatureSpec | null | undefined, kinds: readonly Kind[]) {
    for (const key of Object.keys(features ?? {}).sort()) {
      const feature = features![key]!;
      if (!kinds.some((kind) => feature instanceof kind)) {
        throw new ValueError(`Unsupported ${feature?.constructor?.name ?? typeof feature} ${feature} for key '${key}'`);
      }
      this.#add(key, feature);
    }
    const both = this.denseKeys.filter((key) => this.sparseKeys.includes(key));
    if (both.length) {
      throw new ValueError(
        `Dense and sparse keys must not intersect; dense_keys: ${list(this.denseKeys)}, sparse_keys: ${list(this.sparseKeys)}, intersection: {${both.map((key) => `'${key}'`).join(", ")}}`,
      );
    }
  }

  get count(): number {
    return this.sparseKeys.length + this.denseKeys.length;
  }

  #add(key: string, feature: Feature): void {
    if (!feature.dtype) throw new ValueError(`Missing type for feature ${key}. Received feature=${feature}`);
    if (feature instanceof VarLenFeature) this.#addSparse(key, feature.dtype);
    else if (feature instanceof SparseFeature) {
      if (!feature.indexKey) throw new ValueError(`Missing index_key for SparseFeature ${feature}.`);
      if (!feature.valueKey) throw new ValueError(`Missing value_key for SparseFeature ${feature}.`);
      const keys = typeof feature.indexKey === "string" ? [feature.indexKey] : feature.indexKey;
      for (const indexKey of [...keys].sort()) this.#addSparse(indexKey, int64);
      this.#addSparse(feature.valueKey, feature.dtype);
    } else this.#addDense(key, feature);
  }

  #addSparse(key: string, dtype: DType): void {
    const at = this.sparseKeys.indexOf(key);
    if (at < 0) {
      this.sparseKeys.push(key);
      this.sparseTypes.push(dtype);
    } else if (this.sparseTypes[at] !== dtype) {
      throw new ValueError(`Conflicting type ${this.sparseTypes[at]} vs ${dtype} for feature ${key}.`);
    }
  }

  #addDense(key: string, feature: FixedLenFeature | FixedLenSequenceFeature): void {
    const { shape, dtype, defaultValue } = feature;
    if (shape === null) throw new ValueError(`Missing shape for feature ${key}. Received feature=${feature}.`);
    if (feature instanceof FixedLenFeature && !isFull(shape)) {
      throw new ValueError(
        shape[0] === null
          ? `First dimension of shape for feature ${key} unknown. Consider using FixedLenSequenceFeature. Received feature=${feature}.`
          : `All dimensions of shape for feature ${key} need to be known but received ${formatShapePython(shape)}.`,
      );
    }
    this.denseKeys.push(key);
    this.denseShapes.push(shape);
    this.denseTypes.push(dtype);
    if (feature instanceof FixedLenSequenceFeature && feature.allowMissing) this.defaults.set(key, null);
    if (defaultValue !== null) this.defaults.set(key, defaultValue);
  }

  defaultTensors(): Tensor[] {
    return this.denseKeys.map((key, i) => {
      const [shape, dtype] = [this.denseShapes[i]!, this.denseTypes[i]!];
      const value = this.defaults.get(key) ?? null;
      const plain = key.replace(/[^A-Za-z0-9_.\-/]/g, "_");
      if (shape.length > 0 && shape[0] === null) {
        if (value === null) return convertToTensor(dtype === string ? "" : 0, { dtype });
        return reshape(convertToTensor(value, { dtype, name: `padding_${plain}` }), []);
      }
      if (value === null) return constant([], { dtype });
      if (value instanceof Tensor) return value;
      return reshape(convertToTensor(value, { dtype, name: `key_${plain}` }), ndarray(shape, "int32"));
    });
  }

  collect(sparse: readonly (readonly Tensor[])[], dense: readonly Tensor[]): ParsedFeatures {
    const [indices, values, shapes] = sparse;
    return Object.fromEntries([
      ...this.sparseKeys.map((key, i) => [
        key,
        new SparseTensor({ indices: indices![i]!, values: values![i]!, denseShape: shapes![i]! }),
      ]),
      ...this.denseKeys.map((key, i) => [key, dense[i]!]),
    ]) as ParsedFeatures;
  }
}

const list = (keys: readonly string[]): string => `[${keys.map((key) => `'${key}'`).join(", ")}]`;
const inScope = <R>(name: string, fn: () => R): R => getDefaultGraph().nameScope(name, fn);

/** Sequences of a batch have an unknown length in front. */
function withLength(features: FeatureSpec): FeatureSpec {
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
export function parseExample(
  serialized: TensorLike,
  features: FeatureSpec,
  ...rest: Rest<ParseExampleOptions, typeof parseExamplePlaces>
): ParsedFeatures {
  const options = byName<ParseExampleOptions>(rest, parseExamplePlaces);
  if (!features || Object.keys(features).length === 0) {
    throw new ValueError(`Argument \`features\` cannot be None or falsy. Got ${features ? "{}" : "None"}`);
  }
  const all = withLength(features);
  const params = new Params(all, [VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature]);
  const parsed = inScope(options.name ?? "ParseExample", () => {
    const input = convertToTensor(serialized, { name: "serialized" });
    const made = parseExampleV2Op(
      {
        dense_defaults: params.defaultTensors(),
        serialized: input,
        names: options.exampleNames ?? [],
        sparse_keys: params.sparseKeys,
        dense_keys: params.denseKeys,
        ragged_keys: [],
        num_sparse: params.sparseKeys.length,
        sparse_types: params.sparseTypes,
        ragged_value_types: [],
        ragged_split_types: [],
        dense_shapes: params.denseShapes,
      },
      options.name,
    );
    return params.collect([made.sparse_indices, made.sparse_values, made.sparse_shapes], made.dense_values);
  });
  return composed(features, parsed);
}

/** Sparse features are put together of their indices and values; what only serves them goes. */
function composed(features: FeatureSpec, parsed: ParsedFeatures): ParsedFeatures {
  const result = { ...parsed };
  for (const key of Object.keys(features).sort()) {
    const feature = features[key]!;
    if (!(feature instanceof SparseFeature)) continue;
    const { indexKey, valueKey, size, alreadySorted } = feature;
    const ids = typeof indexKey === "string" ? parsed[indexKey] : indexKey.map((each) => parsed[each]);
    result[key] = sparseMerge(ids as SparseTensor, parsed[valueKey] as SparseTensor, size, { alreadySorted });
  }
  for (const key of Object.keys(result)) if (!(key in features)) delete result[key];
  return result;
}

function scalar(value: Tensor, name: string): Tensor {
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
export function parseSingleExample(
  serialized: TensorLike,
  features: FeatureSpec,
  ...rest: Rest<ParseExampleOptions, typeof parseExamplePlaces>
): ParsedFeatures {
  const options = byName<ParseExampleOptions>(rest, parseExamplePlaces);
  if (!features) throw new ValueError("Invalid argument: features cannot be None.");
  if (Object.keys(features).length === 0) throw new ValueError("Invalid argument: features cannot be empty.");
  return inScope(options.name ?? "ParseSingleExample", () =>
    parseExample(scalar(convertToTensor(serialized, { name: "serialized" }), "serialized"), features, options),
  );
}

export interface SequenceFeatures {
  readonly contextFeatures?: FeatureSpec | null | undefined;
  readonly sequenceFeatures?: FeatureSpec | null | undefined;
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
export function parseSingleSequenceExample(
  serialized: TensorLike,
  features: SequenceFeatures,
  options: { readonly exampleName?: TensorLike | null } & Named = {},
): [context: ParsedFeatures, lists: ParsedFeatures] {
  const [context, lists] = sequenceParams(features, "");
  return inScope(options.name ?? "ParseSingleSequenceExample", () => {
    const one = inScope(options.name ?? "ParseSingleExample", () =>
      scalar(convertToTensor(serialized, { name: "serialized" }), "serialized"),
    );
    const parsed = parseSequences(one, options.exampleName, context, lists, options.name);
    return [parsed.context, parsed.lists];
  });
}

/** Context, lists and the lists' lengths of serialized SequenceExamples [n]. */
export function parseSequenceExample(
  serialized: TensorLike,
  features: SequenceFeatures,
  options: ParseExampleOptions = {},
): [context: ParsedFeatures, lists: ParsedFeatures, lengths: Record<string, Tensor>] {
  const [context, lists] = sequenceParams(features, "`");
  return inScope(options.name ?? "ParseSequenceExample", () => {
    const input = convertToTensor(serialized, { name: "serialized" });
    const parsed = parseSequences(input, options.exampleNames, context, lists, options.name);
    return [parsed.context, parsed.lists, parsed.lengths];
  });
}
