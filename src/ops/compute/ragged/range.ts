/** Ragged tensors made of others: RaggedRange, RaggedGather, RaggedTensorToSparse. Source: ragged_math_ops.cc, ragged_gather_op.cc, ragged_tensor_to_sparse_kernel.cc. */
import { int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { type NdArray, setElement } from "../../../core/nd_array.ts";
import { type Dim, elementCount, mergeShapes, type Shape, withRankAtLeast } from "../../../core/shape.ts";
import { IndexedSlices } from "../../../graph/indexed_slices.ts";
import { defineOp } from "../../define.ts";
import { copyElements, emptyArray, integerArray, takeRows, toNumbers } from "../array/basic/elements.ts";

const splitsType = "Tsplits: {int32, int64} = DT_INT64";

/** Rows start, start + delta, ... below limit, one for each element (scalars serve all). */
export const raggedRangeOp = defineOp("RaggedRange", {
  inputs: ["starts: T", "limits: T", "deltas: T"],
  outputs: ["rt_nested_splits: Tsplits", "rt_dense_values: T"],
  attrs: ["T: {bfloat16, float, double, int32, int64} = DT_INT32", splitsType],
  shape({ starts, limits, deltas }) {
    let rows: Dim | undefined;
    for (const shape of [starts, limits, deltas]) {
      if (!shape) continue;
      if (shape.length > 1) throw new InvalidArgumentError(`Shape must be at most rank 1 but is rank ${shape.length}`);
      const [n] = shape;
      if (n === undefined) continue;
      rows = rows === undefined ? n : mergeShapes([rows], [n])![0]!;
    }
    const isKnown = starts && limits && deltas;
    return [[rows === undefined ? (isKnown ? 2 : null) : rows === null ? null : rows + 1], [null]];
  },
  compute({ starts, limits, deltas, T, Tsplits }) {
    const inputs = { starts, limits, deltas };
    let rows: number | null = null;
    for (const [name, { shape }] of Object.entries(inputs)) {
      if (shape.length > 1) throw new InvalidArgumentError(`${name} must be a scalar or vector`);
      if (shape.length === 0) continue;
      if (rows !== null && rows !== shape[0]) {
        throw new InvalidArgumentError("starts, limits, and deltas must have the same shape");
      }
      rows = shape[0]!;
    }
    const [from, to, by] = [starts, limits, deltas].map(toNumbers);
    const at = (values: ArrayLike<number>, i: number): number => values[values.length === 1 ? 0 : i]!;
    const splits = [0];
    const values: number[] = [];
    for (let i = 0; i < (rows ?? 1); i++) {
      const [start, limit, delta] = [at(from!, i), at(to!, i), at(by!, i)];
      if (delta === 0) throw new InvalidArgumentError("Requires delta != 0");
      const isEmpty = (delta > 0 && start > limit) || (delta < 0 && start < limit);
      const count = isEmpty ? 0 : Math.ceil(Math.abs((limit - start) / delta));
      for (let k = 0; k < count; k++) values.push(start + k * delta);
      splits.push(values.length);
    }
    const dense = emptyArray(T, [values.length]);
    values.forEach((value, i) => {
      setElement(T, dense.data, i, T.base === "int64" ? BigInt(value) : value);
    });
    return [integerArray(Tsplits, splits), dense];
  },
  gradient: "none",
});

/** The rows of ragged params at the indices, whose shape comes first. */
export const raggedGatherOp = defineOp("RaggedGather", {
  inputs: ["params_nested_splits: PARAMS_RAGGED_RANK * Tsplits", "params_dense_values: Tvalues", "indices: Tindices"],
  outputs: ["output_nested_splits: OUTPUT_RAGGED_RANK * Tsplits", "output_dense_values: Tvalues"],
  attrs: [
    "Tvalues: type",
    "Tindices: {int32, int64}",
    splitsType,
    "PARAMS_RAGGED_RANK: int >= 1",
    "OUTPUT_RAGGED_RANK: int >= 0",
  ],
  shape({ params_dense_values, OUTPUT_RAGGED_RANK }) {
    const inner = withRankAtLeast(params_dense_values, 1);
    const splits: Shape[] = Array.from({ length: OUTPUT_RAGGED_RANK }, () => [null]);
    return [...splits, inner ? [null, ...inner.slice(1)] : null];
  },
  compute({ params_nested_splits, params_dense_values, indices, Tsplits }) {
    const outer = params_nested_splits.map((splits) => Array.from(toNumbers(splits)));
    const rows = outer[0]!.length - 1;
    const chosen = Array.from(toNumbers(indices));
    const splits: number[][] = [];
    for (let axis = 0; axis + 1 < indices.shape.length; axis++) {
      const count = elementCount(indices.shape.slice(0, axis + 1));
      const length = indices.shape[axis + 1]!;
      splits.push(Array.from({ length: count + 1 }, (_, i) => i * length));
    }
    let ranges = chosen.map((index, i): [number, number] => {
      if (index < 0 || index >= rows) {
        throw new InvalidArgumentError(`indices${at(indices, i)} = ${index} is not in [0, ${rows})`);
      }
      return [index, index + 1];
    });
    for (const own of outer) {
      const level = [0];
      const next: [number, number][] = [];
      for (const [from, to] of ranges) {
        for (let row = from; row < to; row++) level.push(level.at(-1)! + own[row + 1]! - own[row]!);
        next.push([own[from]!, own[to]!]);
      }
      splits.push(level);
      ranges = next;
    }
    const picked = ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
    const inner = params_dense_values.shape.slice(1);
    const dense = takeRows(params_dense_values, picked, elementCount(inner), [picked.length, ...inner]);
    // A scalar index takes a row, whose own length is no split.
    const kept = indices.shape.length === 0 ? splits.slice(1) : splits;
    return [...kept.map((level) => integerArray(Tsplits, level)), dense];
  },
  gradient(tf, { params_nested_splits, params_dense_values, indices }, ...grads) {
    let combined = params_nested_splits[0]!;
    for (const splits of params_nested_splits.slice(1)) combined = tf.gather(splits, combined);
    const flat = tf.reshape(indices, [-1]);
    const starts = tf.gather(combined, flat);
    const limits = tf.gather(combined.at("1:"), flat);
    const { rt_dense_values: rows } = tf.raggedRangeOp({ starts, limits, deltas: 1, Tsplits: combined.dtype });
    return {
      params_nested_splits: params_nested_splits.map(() => null),
      params_dense_values: new IndexedSlices(grads.at(-1)!, rows, tf.shape(params_dense_values)),
      indices: null,
    };
  },
});

/** `[1,0]` of the i-th element; nothing of a scalar. */
function at(array: NdArray, i: number): string {
  let rest = i;
  const position = [...array.shape].reverse().map((size) => {
    const here = rest % size;
    rest = Math.floor(rest / size);
    return here;
  });
  return position.length ? `[${position.reverse().join(",")}]` : "";
}

/** The elements of a ragged tensor as a sparse one. */
export const raggedTensorToSparseOp = defineOp("RaggedTensorToSparse", {
  inputs: ["rt_nested_splits: RAGGED_RANK * Tsplits", "rt_dense_values: T"],
  outputs: ["sparse_indices: int64", "sparse_values: T", "sparse_dense_shape: int64"],
  attrs: ["RAGGED_RANK: int >= 1", "T: type", splitsType],
  shape({ rt_nested_splits, rt_dense_values, RAGGED_RANK }) {
    for (const splits of rt_nested_splits) {
      if (splits && splits.length !== 1)
        throw new InvalidArgumentError(`Shape must be rank 1 but is rank ${splits.length}`);
    }
    const inner = withRankAtLeast(rt_dense_values, 1);
    const rank = inner ? RAGGED_RANK + inner.length : null;
    const count = inner?.every((d) => d !== null) ? elementCount(inner as readonly number[]) : null;
    return [[count, rank], [count], [rank]];
  },
  compute({ rt_nested_splits, rt_dense_values }) {
    const levels = rt_nested_splits.map((splits) => Array.from(toNumbers(splits)));
    for (const level of levels) checkSplits(level);
    const innerShape = rt_dense_values.shape.slice(1);
    const innerSize = elementCount(innerShape);
    if (levels.at(-1)!.at(-1) !== rt_dense_values.shape[0]) {
      throw new InvalidArgumentError(
        `Final value of the last split must match the length of the flat values: ${levels.at(-1)!.at(-1)} vs. ${rt_dense_values.shape[0]}`,
      );
    }
    const paths: number[][] = [];
    const walk = (level: number, row: number, prefix: readonly number[]): void => {
      if (level === levels.length) {
        paths.push([...prefix]);
        return;
      }
      const [from, to] = [levels[level]![row]!, levels[level]![row + 1]!];
      for (let i = from; i < to; i++) walk(level + 1, i, [...prefix, i - from]);
    };
    for (let row = 0; row + 1 < levels[0]!.length; row++) walk(0, row, [row]);
    const rank = levels.length + rt_dense_values.shape.length;
    const indices = paths.flatMap((path) =>
      Array.from({ length: innerSize }, (_, i) => [...path, ...unravel(i, innerShape)]).flat(),
    );
    const longest = levels.map((level) => level.slice(1).reduce((n, end, i) => Math.max(n, end - level[i]!), 0));
    const values = emptyArray(rt_dense_values.dtype, [rt_dense_values.size]);
    copyElements(values.dtype, rt_dense_values.data, 0, values.data, 0, values.size);
    return [
      integerArray(int64, indices, [values.size, rank]),
      values,
      integerArray(int64, [levels[0]!.length - 1, ...longest, ...innerShape]),
    ];
  },
  gradient: (tf, { rt_nested_splits, rt_dense_values }, _, dy) => ({
    rt_nested_splits: rt_nested_splits.map(() => null),
    rt_dense_values: tf.reshape(dy!, tf.shape(rt_dense_values)),
  }),
});

function checkSplits(level: readonly number[]): void {
  if (level.length === 0) throw new InvalidArgumentError("ragged splits may not be empty.");
  if (level[0] !== 0) throw new InvalidArgumentError("First value of ragged splits must be 0.");
  const i = level.findIndex((end, i) => i > 0 && end < level[i - 1]!);
  if (i < 0) return;
  throw new InvalidArgumentError(
    `Ragged splits should be non decreasing, but we got ${level[i - 1]} followed by ${level[i]}`,
  );
}

function unravel(i: number, shape: readonly number[]): number[] {
  let rest = i;
  return [...shape]
    .reverse()
    .map((size) => {
      const here = rest % size;
      rest = Math.floor(rest / size);
      return here;
    })
    .reverse();
}
