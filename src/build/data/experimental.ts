/** Facts and functions of `tf.data` beside its classes, and of `tf.data.experimental` what reads a dataset. Source: dataset_ops.py, python/data/experimental/ops */
import type { DType } from "../../core/dtype.ts";
import type { Shape } from "../../core/shape.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { datasetToTFRecordOp } from "../../ops/index.ts";
import type { Rest } from "../../ops/options.ts";
import { DatasetSpec, OptionalSpec, RaggedTensorSpec } from "../tensors/composite_specs.ts";
import { SparseTensorSpec, TensorSpec, TypeSpec } from "../tensors/specs.ts";
import type { Dataset } from "./dataset.ts";
import { text } from "./inputs.ts";
import type { Iterator } from "./iterator.ts";
import { made } from "./nodes/base.ts";
import type { Any, Nested, Spec } from "./structure.ts";

export const AUTOTUNE = -1;
export const INFINITE_CARDINALITY = -1;
export const UNKNOWN_CARDINALITY = -2;

type Walked = Dataset | Iterator;

export const makeOneShotIterator = (dataset: Dataset): Iterator => dataset.makeOneShotIterator();
export const makeInitializableIterator = (
  dataset: Dataset,
  ...rest: Rest<{ readonly sharedName?: string }, ["sharedName"]>
): Iterator => dataset.makeInitializableIterator(...rest);

export const getOutputTypes = (of: Walked): Nested<DType> => of.outputTypes;
export const getOutputShapes = (of: Walked): Nested<Shape> => of.outputShapes;
export const getOutputClasses = (of: Walked): Nested<unknown> => of.outputClasses;

/** What is known of the elements of a dataset or an iterator. */
export const getStructure = (of: Walked): Nested<Spec & TypeSpec> => of.elementSpec;

/** The number of elements, where it is known: -1 without end, -2 unknown. */
export const cardinality = (dataset: Dataset): Tensor => dataset.cardinality();

/** The one element of a dataset. */
export const getSingleElement = (dataset: Dataset): Any => dataset.getSingleElement();

/** A dataset as a scalar variant, and back: its elements have this form. */
export const toVariant = (dataset: Dataset): Tensor => dataset.variantTensor;
export const fromVariant = (variant: Tensor, structure: Nested<Spec>): Dataset =>
  made(variant, structure, { isFirst: false, shownAs: "_VariantDataset" });

/** Older names of specs, with the dtype first. */
export class TensorStructure extends TensorSpec {
  constructor(dtype: DType, shape: Shape) {
    super(shape, dtype);
  }
}
export class SparseTensorStructure extends SparseTensorSpec {
  constructor(dtype: DType, shape: Shape) {
    super(shape, dtype);
  }
}
export class RaggedTensorStructure extends RaggedTensorSpec {
  constructor(dtype: DType, shape: Shape, raggedRank: number) {
    super(shape, dtype, raggedRank);
  }
}
export const Structure = TypeSpec;
export const DatasetStructure = DatasetSpec;
export const OptionalStructure = OptionalSpec;

/** Writes the strings of a dataset as TFRecords. */
export class TFRecordWriter {
  readonly #filename: TensorLike;
  readonly #compressionType: TensorLike;

  constructor(filename: TensorLike, compressionType: TensorLike = "") {
    this.#filename = filename;
    this.#compressionType = compressionType;
  }

  write(dataset: Dataset): Operation {
    return datasetToTFRecordOp({
      input_dataset: dataset.variantTensor,
      filename: text(this.#filename, "filename"),
      compression_type: text(this.#compressionType, "compression_type"),
    });
  }
}
