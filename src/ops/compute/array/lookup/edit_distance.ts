/** How many insertions, deletions and replacements lie between sequences: EditDistance. Source: edit_distance_op.cc. */

import { float32 } from "../../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { type Dim, elementCount, formatShape, rowMajorStrides, withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { coordinate, entriesOf, shapeOfArray } from "../../sparse/entries.ts";
import { type SparseLike, toSparse } from "../../sparse/tensor.ts";
import { keyReader } from "../basic/elements.ts";
import type { Named } from "../basic/names.ts";

/** The sequences (last axis) of a sparse tensor as keys, by group. */
function sequences(
  indices: NdArray,
  values: NdArray,
  shape: readonly number[],
): Map<string, { group: number[]; keys: unknown[] }> {
  const entries = entriesOf(indices, "indices");
  const key = keyReader(values);
  const result = new Map<string, { group: number[]; keys: unknown[] }>();
  for (let i = 0; i < entries.n; i++) {
    const group = Array.from({ length: shape.length - 1 }, (_, d) => coordinate(entries, i, d));
    const name = group.join();
    const sequence = result.get(name);
    if (sequence) sequence.keys.push(key(i));
    else result.set(name, { group, keys: [key(i)] });
  }
  return result;
}

/** Levenshtein's distance. */
function distance(a: readonly unknown[], b: readonly unknown[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, x] of a.entries()) {
    const next = [i + 1];
    for (const [j, y] of b.entries()) next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (x === y ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

/** output[group] = the distance of the group's hypothesis and truth, divided by the truth's length where asked. */
export const editDistanceOp = defineOp("EditDistance", {
  inputs: [
    "hypothesis_indices: int64",
    "hypothesis_values: T",
    "hypothesis_shape: int64",
    "truth_indices: int64",
    "truth_values: T",
    "truth_shape: int64",
  ],
  outputs: ["output: float"],
  attrs: ["normalize: bool = true", "T: type"],
  shape({ hypothesis_indices, truth_indices }, context) {
    withRank(hypothesis_indices, 2);
    withRank(truth_indices, 2);
    const [h, t] = [context.value("hypothesis_shape"), context.value("truth_shape")];
    if (!h || !t) return [null];
    const [x, y] = [shapeOfArray(h), shapeOfArray(t)];
    if (x.length !== y.length)
      throw new InvalidArgumentError(
        `Num elements of hypothesis_shape does not match truth_shape: ${x.length} vs. ${y.length}`,
      );
    return [x.slice(0, -1).map((n, d): Dim => Math.max(n, y[d]!))];
  },
  compute(op) {
    const [h, t] = [shapeOfArray(op.hypothesis_shape), shapeOfArray(op.truth_shape)];
    if (h.length !== t.length)
      throw new InvalidArgumentError(
        `Expected hypothesis_shape and truth_shape to have the same rank: ${formatShape(h)} vs. ${formatShape(t)}`,
      );
    if (h.length < 2)
      throw new InvalidArgumentError(
        `Input SparseTensors must have rank at least 2, but hypothesis_shape rank is: ${h.length}`,
      );
    const shape = h.slice(0, -1).map((n, d) => Math.max(n, t[d]!));
    const strides = rowMajorStrides(shape);
    const output = new Float32Array(elementCount(shape));
    const hypotheses = sequences(op.hypothesis_indices, op.hypothesis_values, h);
    const truths = sequences(op.truth_indices, op.truth_values, t);
    for (const [name, { group }] of [...hypotheses, ...truths]) {
      const at = group.reduce((sum, x, d) => sum + x * strides[d]!, 0);
      if (at < 0 || at >= output.length)
        throw new InvalidArgumentError(
          `Got an inner product ${at} which would require writing to outside of the buffer for the output tensor (max elements ${output.length})`,
        );
      const a = hypotheses.get(name)?.keys ?? [];
      const b = truths.get(name)?.keys ?? [];
      const steps = distance(a, b);
      output[at] = !op.normalize ? steps : b.length ? steps / b.length : a.length ? Number.POSITIVE_INFINITY : 0;
    }
    return new NdArray(float32, shape, output);
  },
  gradient: "none",
});

type EditDistanceOptions = { readonly normalize?: boolean } & Named;
const editDistancePlaces = ["normalize", "name"] as const;

/** The edit distance of each pair of sequences along the last axis. Source: array_ops.py. */
export const editDistance = byKeyword(
  ["hypothesis", "truth"],
  function editDistance(
    hypothesis: SparseLike,
    truth: SparseLike,
    ...rest: Rest<EditDistanceOptions, typeof editDistancePlaces>
  ): Tensor {
    const options = byName<EditDistanceOptions>(rest, editDistancePlaces);
    const [h, t] = [toSparse(hypothesis), toSparse(truth)];
    return editDistanceOp(
      {
        hypothesis_indices: h.indices,
        hypothesis_values: h.values,
        hypothesis_shape: h.denseShape,
        truth_indices: t.indices,
        truth_values: t.values,
        truth_shape: t.denseShape,
        normalize: options.normalize ?? true,
      },
      options.name ?? "edit_distance",
    );
  },
);
