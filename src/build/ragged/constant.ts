/** Ragged tensors from nested lists: `tf.ragged.constant`, `constantValue`, `placeholder`. Source: ragged_factory_ops.py. */
import { type DType, int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { printValue } from "../../core/print.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import { type Literal, literalToArray } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";
import { RaggedTensor } from "./ragged_tensor.ts";
import { RaggedTensorValue } from "./value.ts";

export interface RaggedConstantOptions {
  readonly dtype?: DType | undefined;
  /** How many axes are ragged: as many as there can be, by default. */
  readonly raggedRank?: number | undefined;
  /** The shape of each value; scalars by default. */
  readonly innerShape?: readonly number[] | undefined;
  /** int64 by default. */
  readonly rowSplitsDtype?: DType | undefined;
}

type Nested = Literal | readonly Nested[];
const isList = (value: unknown): value is readonly Nested[] => Array.isArray(value);

/** How deep scalars stand (null where there are none), and how deep lists go. Throws ValueError for scalars of different depths. */
function depths(list: Nested): readonly [scalar: number | null, all: number] {
  if (!isList(list)) return [0, 0];
  let scalar: number | null = null;
  let all = 1;
  for (const item of list) {
    const [own, deep] = depths(item);
    if (own !== null) {
      if (scalar !== null && scalar !== own + 1)
        throw new ValueError("all scalar values must have the same nesting depth");
      scalar = own + 1;
    }
    all = Math.max(all, deep + 1);
  }
  return [scalar, all];
}

function shapeOf(item: Nested): number[] {
  if (!isList(item)) return [];
  return item.length ? [item.length, ...shapeOf(item[0]!)] : [0];
}

function checkShape(item: Nested, shape: readonly number[]): void {
  if (isList(item) !== shape.length > 0 || (isList(item) && shape[0] !== item.length)) {
    throw new ValueError("inner values have inconsistent shape");
  }
  if (isList(item)) for (const each of item) checkShape(each, shape.slice(1));
}

function innerShapeOf(list: Nested, rank: number): readonly number[] {
  let flat = list as readonly Nested[];
  for (let dim = 0; dim < rank; dim++) {
    if (!flat.every(isList)) {
      throw new ValueError(
        `pylist has scalar values depth ${dim + 1}, but ragged_rank=${rank} requires scalar value depth greater than ${rank}`,
      );
    }
    flat = flat.flatMap((each) => [...(each as readonly Nested[])]);
  }
  const shape = shapeOf(flat);
  checkShape(flat, shape);
  return shape.slice(1);
}

interface Factory<V> {
  readonly inner: (values: Nested, shape: readonly number[] | null, name?: string) => V;
  readonly ragged: (values: V, splits: readonly number[]) => V;
}

function build<V>(list: Nested, { inner, ragged }: Factory<V>, options: RaggedConstantOptions): V {
  let { raggedRank: rank, innerShape } = options;
  const shown = `Invalid pylist=${printValue(list)}`;
  if (!isList(list)) {
    if (rank) throw new ValueError(`${shown}: incompatible with ragged_rank=${rank}`);
    if (innerShape?.length) throw new ValueError(`${shown}: incompatible with dim(inner_shape)=${innerShape.length}`);
    return inner(list, []);
  }
  if (rank !== undefined && rank < 0) throw new ValueError(`Invalid ragged_rank=${rank}: must be nonnegative`);
  const [scalar, all] = depths(list);
  if (scalar !== null) {
    if (all > scalar) throw new ValueError(`${shown}: empty list nesting is greater than scalar value nesting`);
    if (rank !== undefined && all < rank) throw new ValueError(`${shown}, max depth smaller than ragged_rank=${rank}`);
  }
  if (innerShape && rank !== undefined) {
    const wanted = rank + innerShape.length + 1;
    if (scalar === null ? wanted < all : wanted !== scalar) {
      throw new ValueError(`${shown}: incompatible with ragged_rank=${rank} and dim(inner_shape)=${innerShape.length}`);
    }
  }
  if (rank === 0 || (rank === undefined && (all < 2 || (innerShape && all - innerShape.length < 2)))) {
    return inner(list, innerShape ?? null);
  }
  innerShape ??= rank === undefined ? [] : innerShapeOf(list, rank);
  rank ??= Math.max(1, scalar === null ? all - 1 : scalar - 1 - innerShape.length);
  const nested: number[][] = [];
  let values: readonly Nested[] = list;
  for (let dim = 0; dim < rank; dim++) {
    const splits = [0];
    for (const row of values) splits.push(splits.at(-1)! + (row as readonly Nested[]).length);
    nested.push(splits);
    values = values.flatMap((row) => [...(row as readonly Nested[])]);
  }
  return nested.reduceRight(ragged, inner(values, [values.length, ...innerShape], "values"));
}

/**
 * A constant of nested lists, whose lists of scalars may differ in length; a dense tensor where no axis is ragged.
 * Throws ValueError for scalars of different depths and for lists that do not fit the options.
 */
export function raggedConstant(list: Nested, options: RaggedConstantOptions & Named = {}): RaggedTensor {
  const { dtype, rowSplitsDtype = int64, name } = options;
  return inScope(name, "RaggedConstant", () =>
    build<Tensor | RaggedTensor>(
      list,
      {
        inner(values, shape, own) {
          const array = arrayOf(values as Literal, shape, dtype);
          return tf.constant(array, own === undefined ? {} : { name: own });
        },
        ragged: (values, splits) =>
          RaggedTensor.fromRowSplits(values, tf.constant([...splits], { dtype: rowSplitsDtype }), { validate: false }),
      },
      options,
    ),
  ) as RaggedTensor;
}

/** The same as a value: what feeds a ragged placeholder. */
export function raggedConstantValue(list: Nested, options: RaggedConstantOptions = {}): RaggedTensorValue {
  const { dtype, rowSplitsDtype = int64 } = options;
  return build<NdArray | RaggedTensorValue>(
    list,
    {
      inner: (values, shape) => arrayOf(values as Literal, shape, dtype),
      ragged: (values, splits) => new RaggedTensorValue(values, literalToArray([...splits], rowSplitsDtype)),
    },
    options,
  ) as RaggedTensorValue;
}

function arrayOf(values: Literal, shape: readonly number[] | null, dtype: DType | undefined): NdArray {
  const array = literalToArray(values, dtype);
  return shape === null || array.shape.length === shape.length ? array : new NdArray(array.dtype, shape, array.data);
}

/** A ragged tensor of placeholders, which is fed a RaggedTensorValue; a dense placeholder for rank 0. */
export function raggedPlaceholder(
  dtype: DType,
  raggedRank: number,
  options: Named & { readonly valueShape?: Shape | undefined } = {},
): RaggedTensor {
  const { valueShape = null, name } = options;
  if (raggedRank === 0) return tf.placeholder(dtype, valueShape, { name }) as never;
  return inScope(name, "RaggedPlaceholder", () => {
    const flat = valueShape === null ? null : [null, ...valueShape];
    let result: Tensor | RaggedTensor = tf.placeholder(dtype, flat, { name: "flat_values" });
    for (let i = raggedRank - 1; i >= 0; i--) {
      const splits = tf.placeholder(int64, [null], { name: `row_splits_${i}` });
      result = RaggedTensor.fromRowSplits(result, splits, { validate: false });
    }
    return result as RaggedTensor;
  });
}
