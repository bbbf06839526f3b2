/** What features of Examples are: `tf.FixedLenFeature` and its kin. Source: parsing_config.py. */
import { type DType, float32, int32, int64, string } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import type { SparseTensor } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { RaggedTensor } from "../ragged/ragged_tensor.ts";

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

/** A ragged axis inside a ragged feature: the feature that says where rows are, or the length of all rows. */
export class Partition {
  readonly kind: "RowSplits" | "RowLengths" | "RowStarts" | "RowLimits" | "ValueRowIds" | "UniformRowLength";
  /** The feature's key; none for uniform rows. */
  readonly key: string;
  readonly length: number;

  constructor(kind: Partition["kind"], key: string, length = 0) {
    this.kind = kind;
    this.key = key;
    this.length = length;
  }
}

const keyed = (kind: Partition["kind"]) =>
  class extends Partition {
    constructor(key: string) {
      super(kind, key);
    }
  };

interface RaggedOptions {
  /** The feature of the values: the one's own key by default. */
  readonly valueKey?: string | null | undefined;
  /** Ragged axes inside, the outermost first. */
  readonly partitions?: readonly Partition[] | undefined;
  readonly rowSplitsDtype?: DType | undefined;
  readonly validate?: boolean | undefined;
}
const raggedNames = ["valueKey", "partitions", "rowSplitsDtype", "validate"] as const;

/** Any number of values: a ragged tensor. Throws ValueError and TypeError for options that do not fit. */
export class RaggedFeature {
  static readonly RowSplits = keyed("RowSplits");
  static readonly RowLengths = keyed("RowLengths");
  static readonly RowStarts = keyed("RowStarts");
  static readonly RowLimits = keyed("RowLimits");
  static readonly ValueRowIds = keyed("ValueRowIds");
  static readonly UniformRowLength = class extends Partition {
    constructor(length: number) {
      super("UniformRowLength", "", length);
    }
  };

  readonly dtype: DType;
  readonly valueKey: string | null;
  readonly partitions: readonly Partition[];
  readonly rowSplitsDtype: DType;
  readonly validate: boolean;

  constructor(dtype: DType, ...rest: Rest<RaggedOptions, typeof raggedNames>) {
    const options: RaggedOptions = byName(rest, raggedNames);
    const { valueKey = null, partitions = [], rowSplitsDtype = int32, validate = false } = options;
    if (valueKey === "") throw new ValueError("Argument `value_key` must not be empty");
    if (dtype !== int64 && dtype !== float32 && dtype !== string)
      throw new ValueError(`Argument \`dtype\` must be int64, float32, or bytes; got ${dtype.repr()}`);
    if (rowSplitsDtype !== int32 && rowSplitsDtype !== int64)
      throw new ValueError(`Argument \`row_splits_dtype\` must be int32 or int64; got${rowSplitsDtype.repr()}`);
    if (!Array.isArray(partitions))
      throw new TypeError(
        `Argument \`partitions\` must be a list or tuple. Receivedpartitions=${partitions} of type ${typeof partitions}.`,
      );
    for (const partition of partitions) {
      if (!(partition instanceof Partition))
        throw new TypeError(`Argument \`partitions\` must be a list of partition objects; got: ${partition}`);
    }
    this.dtype = dtype;
    this.valueKey = valueKey;
    this.partitions = partitions;
    this.rowSplitsDtype = rowSplitsDtype;
    this.validate = validate;
  }
}

export type Feature = FixedLenFeature | FixedLenSequenceFeature | VarLenFeature | SparseFeature | RaggedFeature;
export type FeatureSpec = Readonly<Record<string, Feature>>;
export type ParsedFeatures = Record<string, Tensor | SparseTensor | RaggedTensor>;

/** What a feature is parsed to: features with a shape are dense. */
type Parsed<F> = F extends { readonly partitions: unknown }
  ? RaggedTensor
  : F extends { readonly indexKey: unknown }
    ? SparseTensor
    : F extends { readonly shape: unknown }
      ? Tensor
      : SparseTensor;

/** The tensors of features by their keys. */
export type ParsedBy<S extends FeatureSpec> = { -readonly [K in keyof S]: Parsed<S[K]> };
