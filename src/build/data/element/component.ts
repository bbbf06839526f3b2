/**
 * The components of elements: how each kind of value travels as one tensor, and comes out of it again.
 *
 *     Tensor          itself
 *     SparseTensor    variant [3]; rows one by one [n, 3]      SerializeSparse, SerializeManySparse, DeserializeSparse
 *     RaggedTensor    variant []; rows one by one [n]          RaggedTensorToVariant, RaggedTensorFromVariant
 *     Dataset         variant []
 *     Optional        variant []
 *
 * Source: structure.py; tensor_spec.py, sparse_tensor.py, ragged_tensor.py
 */
import { type DType, int64, variant } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { type Dim, isFull, type Shape } from "../../../core/shape.ts";
import { SparseTensor as SparseParts } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope } from "../../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  constant,
  deserializeSparseOp,
  raggedTensorFromVariantOp,
  raggedTensorToVariantOp,
  SparseTensor,
  serializeManySparseOp,
  serializeSparseOp,
  stack,
  unstack,
} from "../../../ops/index.ts";
import { isRagged, RaggedTensor, toTensorOrRagged } from "../../ragged/ragged_tensor.ts";
import { RaggedTensorValue } from "../../ragged/value.ts";
import { DatasetSpec, OptionalSpec, RaggedTensorSpec } from "../../tensors/composite_specs.ts";
import { SparseTensorSpec, TensorSpec, TypeSpec } from "../../tensors/specs.ts";
import { Optional } from "../experimental/optional.ts";
import { withStaticShape } from "./ragged.ts";

/** What is known of a component. Plain records stand for tensors. */
export interface Spec {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A dataset or an optional, as what functions take and give. */
export interface Held {
  readonly variantTensor: Tensor;
  readonly elementSpec: unknown;
}

/** The class of datasets, set by itself: it is made of what is here. */
export const classes: {
  dataset: { is(value: unknown): value is Held; from(tensor: Tensor, elementSpec: unknown, traits?: object): Held };
} = {
  dataset: {
    is: (value): value is Held => value === classes,
    from: (variantTensor, elementSpec) => ({ variantTensor, elementSpec }),
  },
};

const isHeld = (value: unknown): value is Held => classes.dataset.is(value) || value instanceof Optional;

/** The spec as an object of its class. */
export const asTypeSpec = (spec: Spec): Spec & TypeSpec =>
  spec instanceof TypeSpec ? (spec as Spec & TypeSpec) : new TensorSpec(spec.shape, spec.dtype.baseDtype);

/** What a component becomes before it is used: a tensor, where it is none of the other kinds. */
export function normalized(value: unknown, name?: string, dtype?: DType): unknown {
  if (value instanceof SparseParts || isHeld(value)) return value;
  const options = { ...(name === undefined ? {} : { name }), ...(dtype ? { dtype } : {}) };
  if (isRagged(value) || value instanceof RaggedTensorValue) return toTensorOrRagged(value, options);
  return convertToTensor(value as TensorLike, options);
}

/** The spec of a component that is normalized. */
export function specOf(value: unknown): Spec & TypeSpec {
  if (value instanceof SparseParts) return new SparseTensorSpec(value.shape, value.dtype);
  if (isRagged(value)) return RaggedTensorSpec.fromValue(value);
  if (classes.dataset.is(value)) return new DatasetSpec(value.elementSpec);
  if (value instanceof Optional) return new OptionalSpec(value.elementSpec);
  const tensor = value as Tensor;
  return new TensorSpec(tensor.shape, tensor.dtype.baseDtype);
}

/** The dtype and shape of the tensor that a component travels as. */
export const carried = (spec: Spec): Spec =>
  spec instanceof SparseTensorSpec || spec instanceof RaggedTensorSpec ? { dtype: variant, shape: null } : spec;

const sparseRecord = ({ indices, values, denseShape }: SparseParts) => ({
  sparse_indices: indices,
  sparse_values: values,
  sparse_shape: denseShape,
  out_type: variant,
});

/** The tensor that a component travels as. */
export function boxed(value: unknown, spec?: Spec): Tensor {
  if (value instanceof SparseParts) return serializeSparseOp(sparseRecord(value));
  if (isRagged(value)) return raggedBox(value, false);
  if (spec instanceof RaggedTensorSpec) return rowsBox(value as Tensor, false);
  return isHeld(value) ? value.variantTensor : (value as Tensor);
}

/** The tensor whose rows are the rows of a component as they travel. Throws ValueError where it has no rows. */
export function boxedRows(value: unknown, spec: Spec = specOf(value)): Tensor {
  if (value instanceof SparseParts) {
    if (spec.shape?.length === 0)
      throw new ValueError(`Unbatching a sparse tensor is only supported for rank >= 1. Obtained input: ${value}.`);
    return serializeManySparseOp(sparseRecord(value));
  }
  if (isRagged(value)) return raggedBox(value, true);
  if (spec instanceof RaggedTensorSpec) return rowsBox(value as Tensor, true);
  if (isHeld(value)) return value.variantTensor;
  const { shape } = value as Tensor;
  if (shape?.length === 0) throw new ValueError("Unbatching a tensor is only supported for rank >= 1");
  return value as Tensor;
}

/** Rows without ragged axes inside. */
const rowsBox = (values: Tensor, isBatch: boolean): Tensor =>
  raggedTensorToVariantOp({ rt_nested_splits: [], rt_dense_values: values, batched_input: isBatch });

const raggedBox = (value: RaggedTensor, isBatch: boolean): Tensor =>
  inScope(undefined, "RaggedToVariant", () =>
    raggedTensorToVariantOp({
      rt_nested_splits: [...value.nestedRowSplits],
      rt_dense_values: value.flatValues,
      batched_input: isBatch,
    }),
  );

/** The component that a tensor carries. */
export function unboxed(given: Spec, tensor: Tensor): unknown {
  const spec = given as Spec | SparseTensorSpec | RaggedTensorSpec | DatasetSpec | OptionalSpec;
  if (spec instanceof SparseTensorSpec) return sparseOf(spec, tensor);
  if (spec instanceof RaggedTensorSpec) return raggedOf(spec, tensor);
  if (spec instanceof DatasetSpec) return classes.dataset.from(tensor, spec.elementSpec);
  if (spec instanceof OptionalSpec) return new Optional(tensor, spec.elementSpec as never);
  return tensor;
}

function sparseOf({ shape, dtype }: SparseTensorSpec, serialized: Tensor): SparseParts {
  const { sparse_indices, sparse_values, sparse_shape } = deserializeSparseOp({ serialized_sparse: serialized, dtype });
  const rank = shape?.length ?? null;
  sparse_indices.setShape([null, rank]);
  return new SparseTensor({
    indices: sparse_indices,
    values: sparse_values,
    denseShape: denseShape(shape, sparse_shape),
  });
}

function denseShape(shape: Shape, computed: Tensor): Tensor {
  if (isFull(shape)) return constant(shape as number[], { dtype: int64, name: "shape" });
  if (shape?.some((n) => n !== null)) {
    const pieces = unstack(computed, { num: shape.length }) as Tensor[];
    return stack(shape.map((n, d) => (n === null ? pieces[d]! : constant(n, { dtype: int64 }))));
  }
  computed.setShape([shape?.length ?? null]);
  return computed;
}

function raggedOf(spec: RaggedTensorSpec, encoded: Tensor): Tensor | RaggedTensor {
  const value = inScope(undefined, "RaggedFromVariant", () => {
    const { output_nested_splits, output_dense_values } = raggedTensorFromVariantOp({
      encoded_ragged: encoded,
      input_ragged_rank: -1,
      output_ragged_rank: Math.max(spec.raggedRank, 0),
      Tvalues: spec.dtype,
      Tsplits: spec.rowSplitsDtype,
    });
    return RaggedTensor.fromNestedRowSplits(output_dense_values, output_nested_splits as Tensor[], { validate: false });
  }) as Tensor | RaggedTensor;
  if (isRagged(value)) return withStaticShape(value, spec.shape);
  if (spec.shape !== null) value.setShape(spec.shape);
  return value;
}

/** The spec of n of these one below the other. */
export function batchedSpec(spec: Spec, rows: Dim): Spec {
  const shape = spec.shape && [rows, ...spec.shape];
  if (spec instanceof SparseTensorSpec) return new SparseTensorSpec(shape, spec.dtype);
  if (spec instanceof RaggedTensorSpec)
    return new RaggedTensorSpec(shape, spec.dtype, spec.raggedRank + 1, spec.rowSplitsDtype);
  if (spec instanceof DatasetSpec) return new DatasetSpec(spec.elementSpec, [rows, ...(spec.datasetShape ?? [])]);
  if (spec instanceof OptionalSpec) throw new TypeError(`${spec} cannot be batched: it is no batchable type.`);
  return { dtype: spec.dtype, shape };
}

/** The spec of one row. Throws ValueError for scalars. */
export function rowSpec(spec: Spec): Spec {
  const shape = spec.shape?.slice(1) ?? null;
  if (spec instanceof RaggedTensorSpec)
    return new RaggedTensorSpec(shape, spec.dtype, spec.raggedRank - 1, spec.rowSplitsDtype);
  if (spec.shape?.length === 0) throw new ValueError("Unbatching a tensor is only supported for rank >= 1");
  if (spec instanceof SparseTensorSpec) return new SparseTensorSpec(shape, spec.dtype);
  if (spec instanceof DatasetSpec) return new DatasetSpec(spec.elementSpec, spec.datasetShape?.slice(1) ?? null);
  return { dtype: spec.dtype, shape };
}

/** A spec of the same kind with another shape. */
export function withShape(spec: Spec, shape: Shape): Spec {
  if (spec instanceof SparseTensorSpec) return new SparseTensorSpec(shape, spec.dtype);
  if (spec instanceof RaggedTensorSpec)
    return new RaggedTensorSpec(shape, spec.dtype, spec.raggedRank, spec.rowSplitsDtype);
  return spec instanceof DatasetSpec || spec instanceof OptionalSpec ? spec : { dtype: spec.dtype, shape };
}

/** The kind of a component: two are of one kind when both are tensors, or specs of one class. */
export const kindOf = (spec: Spec): unknown => (spec instanceof TypeSpec ? spec.constructor : TensorSpec);

/** What `outputTypes`, `outputShapes` and `outputClasses` say of a component. */
export const legacy = {
  types: (spec: Spec): unknown => (isHeldSpec(spec) ? spec : spec.dtype),
  shapes: (spec: Spec): unknown => (isHeldSpec(spec) ? spec : spec.shape),
  classes: (spec: Spec, tensorClass: unknown): unknown =>
    spec instanceof SparseTensorSpec
      ? SparseTensor
      : isHeldSpec(spec) || spec instanceof RaggedTensorSpec
        ? spec
        : tensorClass,
};

const isHeldSpec = (spec: Spec): boolean => spec instanceof DatasetSpec || spec instanceof OptionalSpec;
