/** What the ops that parse Examples are told of features. Source: parsing_config.py, _ParseOpParams. */
import { type DType, int64, string } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { ndarray } from "../../core/nd_array.ts";
import { formatShapePython, isFull, type Shape } from "../../core/shape.ts";
import { SparseTensor } from "../../graph/sparse_tensor.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { constant, reshape } from "../../ops/index.ts";
import type { RaggedTensor } from "../ragged/ragged_tensor.ts";
import {
  type Feature,
  type FeatureSpec,
  FixedLenFeature,
  FixedLenSequenceFeature,
  type ParsedFeatures,
  RaggedFeature,
  SparseFeature,
  VarLenFeature,
} from "./features.ts";

/** A class of features. */
export type Kind = { readonly prototype: Feature };

/** What the parsing ops are told. */
export class Params {
  readonly sparseKeys: string[] = [];
  readonly sparseTypes: DType[] = [];
  readonly raggedKeys: string[] = [];
  readonly raggedTypes: DType[] = [];
  readonly raggedSplits: DType[] = [];
  readonly denseKeys: string[] = [];
  readonly denseTypes: DType[] = [];
  readonly denseShapes: Shape[] = [];
  readonly defaults = new Map<string, TensorLike | null>();

  constructor(features: FeatureSpec | null | undefined, kinds: readonly Kind[]) {
    for (const key of Object.keys(features ?? {}).sort()) {
      const feature = features![key]!;
      if (!kinds.some((kind) => feature instanceof (kind as unknown as new () => Feature))) {
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
    return this.sparseKeys.length + this.denseKeys.length + this.raggedKeys.length;
  }

  #add(key: string, feature: Feature): void {
    if (!feature.dtype) throw new ValueError(`Missing type for feature ${key}. Received feature=${feature}`);
    if (feature instanceof RaggedFeature) {
      this.#addRagged(feature.valueKey ?? key, feature.dtype, feature.rowSplitsDtype);
      for (const partition of feature.partitions) {
        if (partition.key) this.#addRagged(partition.key, int64, feature.rowSplitsDtype);
      }
    } else if (feature instanceof VarLenFeature) this.#addSparse(key, feature.dtype);
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

  #addRagged(key: string, dtype: DType, splits: DType): void {
    const at = this.raggedKeys.indexOf(key);
    if (at < 0) {
      this.raggedKeys.push(key);
      this.raggedTypes.push(dtype);
      this.raggedSplits.push(splits);
      return;
    }
    const [ownType, ownSplits] = [this.raggedTypes[at]!, this.raggedSplits[at]!];
    if (ownType !== dtype) throw new ValueError(`Conflicting type ${ownType} vs ${dtype} for feature ${key}.`);
    if (ownSplits !== splits)
      throw new ValueError(`Conflicting partition type ${ownSplits} vs ${splits} for feature ${key}.`);
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

  collect(
    sparse: readonly (readonly Tensor[])[],
    dense: readonly Tensor[],
    ragged: readonly (Tensor | RaggedTensor)[] = [],
  ): ParsedFeatures {
    const [indices, values, shapes] = sparse;
    return Object.fromEntries([
      ...this.sparseKeys.map((key, i) => [
        key,
        new SparseTensor({ indices: indices![i]!, values: values![i]!, denseShape: shapes![i]! }),
      ]),
      ...this.denseKeys.map((key, i) => [key, dense[i]!]),
      ...this.raggedKeys.map((key, i) => [key, ragged[i]!]),
    ]) as ParsedFeatures;
  }
}

const list = (keys: readonly string[]): string => `[${keys.map((key) => `'${key}'`).join(", ")}]`;
