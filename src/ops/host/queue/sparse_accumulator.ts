/**
 * An accumulator of IndexedSlices: rows of one index are added, and the mean of a row is over the gradients that had it. Indices are taken
 * as sorted, as TensorFlow does. Source: tensorflow/core/kernels/sparse_conditional_accumulator.h
 */
import { int64 } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { elementAt, NdArray } from "../../../core/nd_array.ts";
import { elementCount, formatShape, type Shape, withRank } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { copyArray, copyElements, sliceRows, zeros } from "../arrays.ts";
import { accumulatorAttrs, accumulatorOf, checkDtype, combine, makeAccumulator, type Sum } from "./accumulator.ts";

interface Slices {
  readonly indices: NdArray;
  readonly values: NdArray;
  /** Null when the gradient does not say it. */
  readonly shape: readonly number[] | null;
}

class SparseSum implements Sum<Slices, readonly NdArray[]> {
  readonly #shape: Shape;
  readonly #isMean: boolean;
  #indices: bigint[] = [];
  /** How many gradients had each row. */
  #counts: number[] = [];
  #values: NdArray | null = null;

  constructor(shape: Shape, isMean: boolean) {
    this.#shape = shape;
    this.#isMean = isMean;
  }

  add({ indices, values, shape }: Slices, count: number): void {
    const want = count > 0 && this.#values ? [this.#shape?.[0] ?? null, ...this.#values.shape.slice(1)] : this.#shape;
    checkSlices(indices, values, shape, want);
    const rows = indices.data as BigInt64Array;
    if (count === 0 || !this.#values) {
      this.#indices = [...rows];
      this.#counts = this.#indices.map(() => 1);
      this.#values = copyArray(values);
      return;
    }
    this.#merge(rows, values);
  }

  #merge(rows: BigInt64Array, values: NdArray): void {
    const old = this.#values!;
    const mine = this.#indices;
    /** Rows of the result: the place of each in the old values and in the new ones, or -1. */
    const places: [number, number][] = [];
    let i = 0;
    let j = 0;
    while (i < mine.length || j < rows.length) {
      if (j === rows.length || (i < mine.length && mine[i]! < rows[j]!)) places.push([i++, -1]);
      else if (i === mine.length || rows[j]! < mine[i]!) places.push([-1, j++]);
      else places.push([i++, j++]);
    }
    const inner = old.shape.slice(1);
    const step = elementCount(inner);
    const merged = zeros(old.dtype, [places.length, ...inner]);
    for (const [at, [a, b]] of places.entries()) {
      copyElements(a >= 0 ? sliceRows(old, a, a + 1) : sliceRows(values, b, b + 1), merged.data, at * step);
      if (a < 0 || b < 0) continue;
      const shift = (b - at) * step;
      const range = [at * step, (at + 1) * step] as const;
      combine(
        merged.dtype,
        merged.data,
        (k) => elementAt(values, k + shift) as number,
        (x, y) => x + y,
        range,
      );
    }
    this.#indices = places.map(([a, b]) => (a >= 0 ? mine[a]! : rows[b]!));
    this.#counts = places.map(([a, b]) => (a >= 0 ? this.#counts[a]! : 0) + (b >= 0 ? 1 : 0));
    this.#values = merged;
  }

  take(): readonly NdArray[] {
    const values = this.#values!;
    const inner = values.shape.slice(1);
    const step = elementCount(inner);
    if (this.#isMean) {
      for (const [row, n] of this.#counts.entries())
        combine(
          values.dtype,
          values.data,
          () => n,
          (a, b) => a / b,
          [row * step, (row + 1) * step],
        );
    }
    const indices = new NdArray(int64, [this.#indices.length], BigInt64Array.from(this.#indices));
    const dims = [this.#shape?.[0] ?? -1, ...inner];
    const shape = new NdArray(int64, [dims.length], BigInt64Array.from(dims, BigInt));
    this.#values = null;
    this.#indices = [];
    this.#counts = [];
    return [indices, values, shape];
  }
}

/** Indices [n], values [n, ...] that fit into `want`. Throws INVALID_ARGUMENT. */
function checkSlices(indices: NdArray, values: NdArray, shape: readonly number[] | null, want: Shape): void {
  if (indices.shape.length !== 1) {
    throw invalidArgument(`Input indices should be vector but received shape: ${formatShape(indices.shape)}`);
  }
  if (values.shape.length === 0) throw invalidArgument("Values cannot be 0-dimensional.");
  const n = indices.shape[0]!;
  if (values.shape[0] !== n) throw invalidArgument(`Expected ${n} non-empty input values, got ${values.shape[0]}`);
  // A scalar's shape stands for any, as SyncReplicasOptimizer gives it.
  if (want === null || want.length === 0) return;
  if (values.shape.length !== want.length) {
    throw invalidArgument(`Shape mismatch: expected values rank ${want.length}, got ${values.shape.length}`);
  }
  for (let i = 1; i < want.length; i++) {
    if (want[i] !== null && want[i] !== values.shape[i]) {
      throw invalidArgument(`Shape mismatch: expected values dim ${i} to be ${want[i]}, got ${values.shape[i]}`);
    }
  }
  if (shape) {
    if (shape.length !== want.length)
      throw invalidArgument(`Shape mismatch: expected shape rank ${want.length}, got ${shape.length}`);
    for (const [i, d] of want.entries()) {
      if (d !== null && d !== shape[i])
        throw invalidArgument(`Shape mismatch: expected shape dim ${i} to be ${d}, got ${shape[i]}`);
    }
  }
  const rows = want[0];
  if (rows === null || rows === undefined) return;
  for (const [i, index] of (indices.data as BigInt64Array).entries()) {
    if (index >= BigInt(rows)) {
      throw invalidArgument(
        `Shape mismatch: index of slice ${i} exceeded limits of shape; index is ${index} exceeded ${rows}`,
      );
    }
  }
}

export const sparseConditionalAccumulatorOp = defineOp("SparseConditionalAccumulator", {
  outputs: ["handle: Ref(string)"],
  attrs: accumulatorAttrs,
  stateful: true,
  shape: () => [[2]],
  compute: (op, context) =>
    makeAccumulator(context, "handle: Ref(string)", op, () => new SparseSum(op.shape, op.reduction_type === "MEAN")),
  gradient: "unregistered",
});

export const sparseAccumulatorApplyGradientOp = defineOp("SparseAccumulatorApplyGradient", {
  inputs: [
    "handle: Ref(string)",
    "local_step: int64",
    "gradient_indices: int64",
    "gradient_values: dtype",
    "gradient_shape: int64",
  ],
  attrs: ["dtype: numbertype", "has_known_shape: bool"],
  shape: ({ local_step }) => {
    withRank(local_step, 0);
    return [];
  },
  compute(op, context) {
    const accumulator = accumulatorOf<Slices, readonly NdArray[]>(context, op.handle);
    checkDtype(accumulator as never, op.dtype);
    accumulator.apply((op.local_step.data as BigInt64Array)[0]!, {
      indices: op.gradient_indices,
      values: op.gradient_values,
      shape: op.has_known_shape ? Array.from(op.gradient_shape.data as BigInt64Array, Number) : null,
    });
  },
  gradient: "unregistered",
});

export const sparseAccumulatorTakeGradientOp = defineOp("SparseAccumulatorTakeGradient", {
  inputs: ["handle: Ref(string)", "num_required: int32"],
  outputs: ["indices: int64", "values: dtype", "shape: int64"],
  attrs: ["dtype: numbertype"],
  shape: ({ num_required }) => {
    withRank(num_required, 0);
    return [null, null, null];
  },
  run(op, context) {
    const accumulator = accumulatorOf<Slices, readonly NdArray[]>(context, op.handle);
    checkDtype(accumulator as never, op.dtype);
    return accumulator.take(Number(elementAt(op.num_required, 0)), context.signal);
  },
  gradient: "unregistered",
});
