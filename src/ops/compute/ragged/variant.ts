/**
 * Ragged tensors in variants, whole or row by row: a batch of them is then stacked as one ragged tensor of a higher rank.
 * Source: ragged_tensor_to_variant_op.cc, ragged_tensor_from_variant_op.cc.
 */
import type { DType } from "../../../core/dtype.ts";
import { int32 } from "../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { elementCount, type FullShape, type Shape, sameShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { defineOp } from "../../define.ts";
import {
  addArrays,
  elementsOf,
  type VariantValue,
  variantOf,
  variantsOf,
  zerosLikeArray,
} from "../../variant/value.ts";
import { copyElements, emptyArray, integerArray, toNumbers } from "../array/basic/elements.ts";

// biome-ignore lint/suspicious/noExplicitAny: gradients name ops of this file
type Tools = any;

/** Row splits, the outermost first, and the values of all rows. */
class RaggedValue implements VariantValue {
  readonly typeName = "RaggedTensorVariant";
  readonly splits: readonly NdArray[];
  readonly values: NdArray;

  constructor(splits: readonly NdArray[], values: NdArray) {
    this.splits = splits;
    this.values = values;
  }

  get text(): string {
    return "RaggedTensorVariant";
  }

  zerosLike(): RaggedValue {
    return new RaggedValue(this.splits, zerosLikeArray(this.values));
  }

  plus(other: RaggedValue): RaggedValue {
    return new RaggedValue(this.splits, addArrays(this.values, other.values));
  }

  /** The number of rows. */
  get rows(): number {
    return this.splits.length > 0 ? this.splits[0]!.size - 1 : (this.values.shape[0] ?? 0);
  }
}

/** Rows from..to of the values, as an array of its own. */
function rowsOf(array: NdArray, from: number, to: number, shape: FullShape): NdArray {
  const row = elementCount(array.shape.slice(1));
  const part = emptyArray(array.dtype, shape);
  copyElements(array.dtype, array.data, from * row, part.data, 0, (to - from) * row);
  return part;
}

/** Each row as a ragged value of one rank less. */
function unstacked({ splits, values }: RaggedValue): RaggedValue[] {
  const inner = values.shape.slice(1);
  const [outer, ...others] = splits;
  if (!outer)
    return Array.from({ length: values.shape[0] ?? 0 }, (_, i) => new RaggedValue([], rowsOf(values, i, i + 1, inner)));
  const ends = Array.from(toNumbers(outer));
  const tables = others.map((each) => Array.from(toNumbers(each)));
  return ends.slice(1).map((end, i) => {
    let [from, to] = [ends[i]!, end];
    const own = tables.map((table) => {
      const part = table.slice(from, to + 1);
      const first = part[0] ?? 0;
      [from, to] = [first, part.at(-1) ?? first];
      return integerArray(
        outer.dtype,
        part.map((n) => n - first),
      );
    });
    return new RaggedValue(own, rowsOf(values, from, to, [to - from, ...inner]));
  });
}

/** The parts one below the other along axes of these sizes. */
function stacked(
  parts: readonly RaggedValue[],
  sizes: FullShape,
  rank: number,
  types: { values: DType; splits: DType },
): RaggedValue {
  const uniform = sizes.slice(0, -1).map((_, axis) => {
    const rows = elementCount(sizes.slice(0, axis + 1));
    return integerArray(
      types.splits,
      Array.from({ length: rows + 1 }, (_, i) => i * sizes[axis + 1]!),
    );
  });
  const cumulated = (lengths: readonly number[]): NdArray => {
    let sum = 0;
    return integerArray(types.splits, [0, ...lengths.map((n) => (sum += n))]);
  };
  const ragged = rank < 0 ? [] : [cumulated(parts.map(({ rows }) => rows))];
  for (let level = 0; level < rank; level++) {
    const lengths = parts.flatMap(({ splits }) => {
      const ends = Array.from(toNumbers(splits[level]!));
      return ends.slice(1).map((end, i) => end - ends[i]!);
    });
    ragged.push(cumulated(lengths));
  }
  return new RaggedValue([...uniform, ...ragged], joined(parts, rank, types.values));
}

function joined(parts: readonly RaggedValue[], rank: number, dtype: DType): NdArray {
  const shapes = parts.map(({ values }) => (rank < 0 ? [1, ...values.shape] : values.shape));
  const inner = shapes[0]?.slice(1) ?? [];
  for (const [i, { values }] of parts.entries()) {
    if (!sameShape(shapes[i]!.slice(1), inner)) {
      throw invalidArgument(
        `All flat_values must have compatible shapes.  Shape at index 0: [${shapes[0]!.join(",")}].  Shape at index ${i}: [${values.shape.join(",")}].  If you are using tf.map_fn, then you may need to specify an explicit fn_output_signature with appropriate ragged_rank, and/or convert output tensors to RaggedTensors.`,
      );
    }
  }
  const all = emptyArray(dtype, [shapes.reduce((n, shape) => n + shape[0]!, 0), ...inner]);
  let at = 0;
  for (const { values } of parts) {
    copyElements(dtype, values.data, 0, all.data, at, values.size);
    at += values.size;
  }
  return all;
}

/** A ragged tensor as a scalar variant. */
export const raggedVariant = (splits: readonly NdArray[], values: NdArray): NdArray =>
  variantOf(new RaggedValue(splits, values));

const own = (array: NdArray): NdArray => new NdArray(array.dtype, array.shape, array.data.slice() as NdArray["data"]);

/** A scalar variant of a ragged tensor; with batched_input a vector of its rows. */
export const raggedTensorToVariantOp = defineOp("RaggedTensorToVariant", {
  inputs: ["rt_nested_splits: RAGGED_RANK * Tsplits", "rt_dense_values: Tvalues"],
  outputs: ["encoded_ragged: variant"],
  attrs: ["RAGGED_RANK: int >= 0", "Tvalues: type", "Tsplits: {int32, int64} = DT_INT64", "batched_input: bool"],
  shape({ rt_nested_splits, rt_dense_values, batched_input }) {
    if (!batched_input) return [[]];
    const [splits] = rt_nested_splits;
    if (splits !== undefined) return [[splits?.[0] == null ? null : splits[0] - 1]];
    return [[rt_dense_values?.[0] ?? null]];
  },
  compute({ rt_nested_splits, rt_dense_values, batched_input }) {
    const whole = new RaggedValue(rt_nested_splits.map(own), own(rt_dense_values));
    if (!batched_input) return variantOf(whole);
    const rows = unstacked(whole);
    return variantsOf([rows.length], rows);
  },
  gradient: (tf: Tools, { rt_nested_splits, rt_dense_values, encoded_ragged, Tsplits }, dy) => {
    const dense_values_shape = tf.shape(rt_dense_values, { outType: int32 });
    const isBatch = (encoded_ragged.shape?.length ?? 0) > 0;
    return {
      rt_dense_values:
        isBatch && rt_nested_splits.length > 0
          ? tf.raggedTensorToVariantGradientOp({
              encoded_ragged_grad: dy!,
              row_splits: rt_nested_splits[0]!,
              dense_values_shape,
              Tvalues: rt_dense_values.dtype,
              Tsplits,
            })
          : tf.raggedTensorFromVariantOp({
              encoded_ragged: dy!,
              input_ragged_rank: -1,
              output_ragged_rank: rt_nested_splits.length,
              Tvalues: rt_dense_values.dtype,
              Tsplits,
            }).output_dense_values,
    };
  },
});

/** The ragged tensors in variants, stacked along the axes of these. */
export const raggedTensorFromVariantOp = defineOp("RaggedTensorFromVariant", {
  inputs: ["encoded_ragged: variant"],
  outputs: ["output_nested_splits: output_ragged_rank * Tsplits", "output_dense_values: Tvalues"],
  attrs: [
    "input_ragged_rank: int >= -1",
    "output_ragged_rank: int >= 0",
    "Tvalues: type",
    "Tsplits: {int32, int64} = DT_INT64",
  ],
  shape: ({ output_ragged_rank }) => [...Array.from({ length: output_ragged_rank }, (): Shape => [null]), null],
  compute({ encoded_ragged, input_ragged_rank, output_ragged_rank, Tvalues, Tsplits }) {
    const { shape } = encoded_ragged;
    const rank = input_ragged_rank === -1 ? output_ragged_rank - shape.length : input_ragged_rank;
    if (rank < -1)
      throw invalidArgument(
        `Inferred input_ragged_rank (output_ragged_rank - encoded_variant.dims()) must be >= -1, found output_ragged_rank: ${output_ragged_rank}, encoded_variant.dims(): ${shape.length}, inferred input_ragged_rank: ${rank}`,
      );
    if (output_ragged_rank !== shape.length + rank)
      throw invalidArgument(
        `output_ragged_rank must be equal to input_ragged_rank + encoded_ragged.dims(); output_ragged_rank: ${output_ragged_rank}, input_ragged_rank: ${rank}, encoded_variant.dims(): ${shape.length}.`,
      );
    const parts = elementsOf(encoded_ragged).map((held) => checked(held, Math.max(rank, 0), Tvalues));
    const { splits, values } =
      shape.length === 0 ? parts[0]! : stacked(parts, shape, rank, { values: Tvalues, splits: Tsplits });
    return [...splits, values];
  },
  gradient: (tf: Tools, { encoded_ragged, output_nested_splits }, ...dys) => ({
    encoded_ragged: tf.raggedTensorToVariantOp({
      rt_nested_splits: output_nested_splits as Tensor[],
      rt_dense_values: dys.at(-1) as Tensor,
      batched_input: (encoded_ragged.shape?.length ?? 0) > 0,
    }),
  }),
});

function checked(held: unknown, rank: number, dtype: DType): RaggedValue {
  if (!(held instanceof RaggedValue))
    throw new InvalidArgumentError("Input Variant element at index 0 doesn't hold a RaggedTensorVariant");
  if (held.splits.length !== rank)
    throw invalidArgument(
      `Encoded input RaggedTensorVariant has ragged_rank=${held.splits.length}.  Expected ragged_rank=${rank}.`,
    );
  if (held.values.dtype !== dtype)
    throw invalidArgument(`Expected values Tensor dtype: ${dtype.name}, found: ${held.values.dtype.name}`);
  return held;
}

/** The gradient of values that a vector of variants was made of. */
export const raggedTensorToVariantGradientOp = defineOp("RaggedTensorToVariantGradient", {
  inputs: ["encoded_ragged_grad: variant", "row_splits: Tsplits", "dense_values_shape: int32"],
  outputs: ["dense_values_grad: Tvalues"],
  attrs: ["Tvalues: type", "Tsplits: {int32, int64} = DT_INT64"],
  shape: (_, context) => {
    const shape = context.value("dense_values_shape");
    return [shape ? Array.from(toNumbers(shape)) : null];
  },
  compute({ encoded_ragged_grad, dense_values_shape, Tvalues }) {
    const all = emptyArray(Tvalues, Array.from(toNumbers(dense_values_shape)));
    let at = 0;
    for (const held of elementsOf(encoded_ragged_grad)) {
      if (!(held instanceof RaggedValue)) continue;
      copyElements(Tvalues, held.values.data, 0, all.data, at, held.values.size);
      at += held.values.size;
    }
    return all;
  },
  gradient: "unregistered",
});
