/** Functions of tensors on the values of ragged ones: `tf.ragged.mapFlatValues`, operators, elementwise ops. Source: ragged_functional_ops.py, ragged_dispatch.py. */
import type { DType } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { composites, convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import type { Operators } from "../../../ops/operators.ts";
import type { RowPartition } from "../partition/row_partition.ts";
import { isRagged, matchSplits, type RaggedLike, type RaggedOrDense, RaggedTensor } from "../ragged_tensor.ts";
import { raggedConcat, raggedStack } from "./concat.ts";
import { raggedGather } from "./gather.ts";
import * as reduce from "./reduce.ts";
import { raggedExpandDims } from "./shape.ts";

type Arithmetic = Omit<Operators, never>;
declare module "../ragged_tensor.ts" {
  interface RaggedTensor extends RaggedOperators {}
}

/** The operators of tensors, element by element; they give ragged tensors. */
type RaggedOperators = { [K in keyof Arithmetic]: (y?: RaggedLike | TensorLike) => RaggedTensor };

/** All partitions as one, level by level. Throws ValueError for different ranks. */
function merged(lists: readonly (readonly RowPartition[])[]): readonly RowPartition[] {
  const [first, ...others] = lists;
  return others.reduce((all, list) => {
    if (list.length !== all.length) throw new ValueError("All ragged inputs must have the same ragged_rank.");
    return all.map((partition, i) => partition.mergedWith(list[i]!));
  }, first!);
}

const inRows = (values: Tensor, partitions: readonly RowPartition[]): RaggedTensor =>
  partitions.reduceRight<RaggedOrDense>(
    (inner, partition) => new RaggedTensor(inner, partition),
    values,
  ) as RaggedTensor;

/**
 * What fn gives for the values of all ragged arguments (also inside lists), in their rows. Throws ValueError when the ragged ones have
 * different ranks or numbers of values, or fn another number than it got.
 */
export function mapFlatValues<A extends readonly unknown[]>(
  fn: (...args: never[]) => Tensor,
  ...args: A
): RaggedTensor {
  const lists: (readonly RowPartition[])[] = [];
  const sizes = new Set<number>();
  const flat = (arg: unknown): unknown => {
    if (Array.isArray(arg)) return arg.map(flat);
    if (!isRagged(arg)) return arg;
    lists.push(arg.nestedPartitions);
    const n = arg.flatValues.shape?.[0] ?? null;
    if (n !== null) sizes.add(n);
    return arg.flatValues;
  };
  const inner = args.map(flat);
  if (lists.length === 0) return fn(...(inner as never[])) as never;
  if (sizes.size > 1) {
    throw new ValueError(
      `Input RaggedTensors' flat_values must all have the same outer-dimension size.  Got sizes: {${[...sizes].join(", ")}}`,
    );
  }
  if (new Set(lists.map(([partition]) => partition!.dtype)).size > 1) {
    throw new ValueError(
      "Input RaggedTensors have mismatched row partition dtypes; use RaggedTensor.with_row_splits_dtype() to convert them to compatible dtypes.",
    );
  }
  const output = fn(...(inner as never[]));
  const [wanted] = sizes;
  const got = output.shape?.[0] ?? null;
  if (wanted !== undefined && got !== null && got !== wanted) {
    throw new ValueError(
      `tf.ragged.map_flat_values requires that the output of \`op\` have the same outer-dimension size as flat_values of any ragged inputs. (output shape: ${output.getShape()}; expected outer dimension size: ${wanted})`,
    );
  }
  return inRows(output, merged(lists));
}

/** A dense operand as far as rows: a column [rows, 1] serves each value of its row. */
function beside(ragged: RaggedTensor, dense: Tensor): Tensor {
  const rank = dense.shape?.length ?? 0;
  const inner = ragged.flatValues.shape?.length ?? 1;
  if (rank < inner) return dense;
  if (ragged.raggedRank === 1 && inner === 1 && rank === 2 && dense.shape?.[1] === 1) {
    const column = tf.squeeze(dense, { axis: 1 });
    return dense.shape[0] === 1 ? tf.reshape(column, []) : tf.gather(column, ragged.valueRowids());
  }
  if (rank <= 1 && dense.shape?.[0] === 1) return tf.reshape(dense, []);
  throw new ValueError(
    `Unable to broadcast: dimension size mismatch in dimension 1: a tensor of shape ${dense.getShape()} beside a ragged one of shape ${ragged.shape}`,
  );
}

/** An elementwise function of two operands, one of them ragged at least. */
function pairwise(x: RaggedLike, y: RaggedLike, act: (x: Tensor, y: Tensor) => Tensor): RaggedTensor {
  if (isRagged(x) && isRagged(y)) {
    matchSplits(x, y);
    return mapFlatValues(act as never, x, y);
  }
  const ragged = (isRagged(x) ? x : y) as RaggedTensor;
  const dense = (value: RaggedLike): Tensor => convertToTensor(value as TensorLike, { preferredDtype: ragged.dtype });
  if (isRagged(x)) {
    const other = dense(y);
    return x.withFlatValues(act(x.flatValues, beside(x, other)));
  }
  const other = dense(x);
  return ragged.withFlatValues(act(beside(ragged, other), ragged.flatValues));
}

/** Ops whose inputs are ragged: the op on their values. */
function applyToValues<R>(record: Record<string, unknown>, run: (record: Record<string, unknown>) => R): R {
  const entries = Object.entries(record);
  const own = entries.filter((entry): entry is [string, RaggedTensor] => isRagged(entry[1]));
  if (own.length === 1) {
    const [key, ragged] = own[0]!;
    const others = entries.map(([name, value]) =>
      value instanceof Tensor ? [name, beside(ragged, value)] : [name, value],
    );
    const values = run({ ...Object.fromEntries(others), [key]: ragged.flatValues });
    return (values instanceof Tensor ? ragged.withFlatValues(values) : values) as R;
  }
  const partitions = merged(own.map(([, ragged]) => ragged.nestedPartitions));
  const values = run({ ...record, ...Object.fromEntries(own.map(([key, ragged]) => [key, ragged.flatValues])) });
  return (values instanceof Tensor ? inRows(values, partitions) : values) as R;
}

type Pair = (x: Tensor, y: Tensor) => Tensor;

/** Gives ragged tensors the operators, and functions of tensors what they do with ragged ones. */
export function installOperators(prototype: RaggedTensor): void {
  composites.has = isRagged;
  composites.apply = applyToValues;
  Object.assign(composites.calls, {
    Sum: (x: RaggedOrDense, options: object) => reduce.raggedReduceSum(x, options),
    Prod: (x: RaggedOrDense, options: object) => reduce.raggedReduceProd(x, options),
    Max: (x: RaggedOrDense, options: object) => reduce.raggedReduceMax(x, options),
    Min: (x: RaggedOrDense, options: object) => reduce.raggedReduceMin(x, options),
    Mean: (x: RaggedOrDense, options: object) => reduce.raggedReduceMean(x, options),
    All: (x: RaggedOrDense, options: object) => reduce.raggedReduceAll(x, options),
    Any: (x: RaggedOrDense, options: object) => reduce.raggedReduceAny(x, options),
    concat: (values: readonly RaggedLike[], axis: number, options: object) => raggedConcat(values, axis, options),
    stack: (values: readonly RaggedLike[], options: object) => raggedStack(values, options),
    expandDims: (value: RaggedTensor, axis: number, options: object) => raggedExpandDims(value, axis, options),
    gather: (params: RaggedLike, indices: RaggedLike, options: object) => raggedGather(params, indices, options),
    cast: (value: RaggedTensor, dtype: DType, options: object) =>
      value.dtype === dtype ? value : value.withFlatValues(tf.cast(value.flatValues, dtype, options) as Tensor),
  });
  const pairs: Readonly<Record<string, Pair>> = {
    add: (x, y) => tf.add(x, y),
    sub: (x, y) => tf.subtract(x, y),
    mul: (x, y) => tf.multiply(x, y),
    div: (x, y) => tf.truediv(x, y),
    truediv: (x, y) => tf.truediv(x, y),
    floordiv: (x, y) => tf.floordiv(x, y),
    mod: (x, y) => tf.floormod(x, y),
    pow: (x, y) => tf.pow(x, y),
    less: (x, y) => tf.less(x, y),
    lessEqual: (x, y) => tf.lessEqual(x, y),
    greater: (x, y) => tf.greater(x, y),
    greaterEqual: (x, y) => tf.greaterEqual(x, y),
    equal: (x, y) => tf.equal(x, y),
    notEqual: (x, y) => tf.notEqual(x, y),
    logicalAnd: (x, y) => tf.logicalAnd(x, y),
    logicalOr: (x, y) => tf.logicalOr(x, y),
    logicalXor: (x, y) => tf.logicalXor(x, y),
  };
  const define = (name: string, value: (this: RaggedTensor, y: RaggedLike) => RaggedTensor): void => {
    Object.defineProperty(prototype, name, { configurable: true, writable: true, value });
  };
  for (const [name, act] of Object.entries(pairs)) {
    define(name, function forward(y) {
      return pairwise(this, y, act);
    });
    define(`r${name}`, function reversed(y) {
      return pairwise(y, this, act);
    });
  }
  const single: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    neg: (x) => tf.negative(x),
    abs: (x) => tf.abs(x),
    logicalNot: (x) => tf.logicalNot(x),
  };
  for (const [name, act] of Object.entries(single)) {
    define(name, function alone() {
      return this.withFlatValues(act(this.flatValues));
    });
  }
}
