/** Ragged tensors one behind the other: `tf.ragged.concat`, `tf.ragged.stack`. Source: ragged_concat_ops.py. */

import { type DType, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope, type Named } from "../../../ops/compute/array/basic/names.ts";
import * as tf from "../../../ops/index.ts";
import { assertEqual } from "../../checks/compare.ts";
import { positiveAxis } from "../ragged_rows.ts";
import {
  isRagged,
  matchSplits,
  type RaggedLike,
  type RaggedOrDense,
  RaggedTensor,
  toTensorOrRagged,
} from "../ragged_tensor.ts";
import { raggedGather } from "./gather.ts";

/** Along an axis that they have. Throws ValueError for none. */
export const raggedConcat = (values: readonly RaggedLike[], axis: number, options: Named = {}): RaggedOrDense =>
  inScope(options.name, "RaggedConcat", () => joined(values, axis, false));

/** Along an axis of their own; tensors of different lengths become the rows. */
export const raggedStack = (
  values: readonly RaggedLike[],
  options: Named & { readonly axis?: number | undefined } = {},
): RaggedOrDense => inScope(options.name, "RaggedConcat", () => joined(values, options.axis ?? 0, true));

function joined(values: readonly RaggedLike[], given: number, stacks: boolean): RaggedOrDense {
  if (values.length === 0) throw new ValueError("rt_inputs may not be empty.");
  const inputs = values.map((value) => toTensorOrRagged(value, { name: "rt_input" }));
  const dtype = matchSplits(...inputs) ?? int64;
  if (inputs.length === 1 && !stacks) return inputs[0]!;
  const ranks = inputs.map((each) => each.getShape().ndims);
  const rank = ranks[0]!;
  const axis = positiveAxis(given, rank === null ? null : rank + (stacks ? 1 : 0));
  if (stacks && rank === 1 && axis === 0) {
    const dense = inputs as Tensor[];
    const all = tf.concat(dense, 0);
    return RaggedTensor.fromRowLengths(
      all,
      tf.concat(
        dense.map((each) => tf.shape(each)),
        0,
      ),
    );
  }
  if (inputs.every((each) => !isRagged(each)) && rank !== null && (axis === rank - 1 || (stacks && axis === rank))) {
    return stacks ? tf.stack(inputs as Tensor[], { axis }) : tf.concat(inputs as Tensor[], axis);
  }
  const ragged = inputs.map((each) =>
    isRagged(each) ? each : RaggedTensor.fromTensor(each, { rowSplitsDtype: dtype }),
  );
  const deepest = Math.max(1, ...ragged.map(({ raggedRank }) => raggedRank));
  const even = ragged.map((each) => deepened(each, deepest, dtype) as RaggedTensor);
  if (axis === 0) return rows(even, stacks);
  if (axis === 1) return sideBySide(even, stacks);
  const splits = even[0]!.rowSplits;
  const checks = even
    .slice(1)
    .map((each) => assertEqual(splits, each.rowSplits, { message: "Inputs must have identical ragged splits" }));
  return getDefaultGraph().controlDependencies(checks, () => {
    const inner = joined(
      even.map((each) => each.values),
      axis - 1,
      stacks,
    );
    return RaggedTensor.fromRowSplits(inner, splits, { validate: false });
  });
}

function deepened(value: RaggedOrDense, rank: number, dtype: DType): RaggedOrDense {
  if (rank <= 0) return value;
  const ragged = isRagged(value) ? value : RaggedTensor.fromTensor(value, { rowSplitsDtype: dtype });
  return ragged.raggedRank < rank ? ragged.withValues(deepened(ragged.values, rank - 1, dtype)) : ragged;
}

function rows(inputs: readonly RaggedTensor[], stacks: boolean): RaggedTensor {
  const flat = tf.concat(
    inputs.map(({ flatValues }) => flatValues),
    0,
  );
  const nested = inputs.map(({ nestedRowSplits }) => nestedRowSplits);
  const splits = nested[0]!.map((_, level) => joinedSplits(nested.map((each) => each[level]!)));
  if (stacks) {
    const lengths = tf.stack(inputs.map((each) => each.nrows()));
    splits.unshift(tf.concat([[0], tf.cumsum(lengths)], -1));
  }
  return RaggedTensor.fromNestedRowSplits(flat, splits, { validate: false });
}

function joinedSplits([first, ...others]: readonly Tensor[]): Tensor {
  const pieces = [first!];
  let offset = first!.at(-1);
  for (const splits of others) {
    pieces.push(splits.at("1:").add(offset));
    offset = offset.add(splits.at(-1));
  }
  return tf.concat(pieces, 0);
}

function sideBySide(inputs: readonly RaggedTensor[], stacks: boolean): RaggedTensor {
  const count = inputs.length;
  const n = inputs[0]!.nrows();
  const checks = inputs.slice(1).map((each, i) =>
    assertEqual(n, each.nrows(), {
      message: `Input tensors at index 0 (=x) and ${i + 1} (=y) have incompatible shapes.`,
    }),
  );
  return getDefaultGraph().controlDependencies(checks, () => {
    const all = rows(inputs, false);
    const order = tf.reshape(tf.range(n.mul(count)), [count, -1]);
    const permuted = raggedGather(all, tf.reshape(tf.transpose(order), [-1])) as RaggedTensor;
    const splits = stacks ? tf.range(0, n.mul(count).add(1), count) : permuted.rowSplits.at(`::${count}`);
    for (const { shape } of inputs) {
      const d = shape.ndims === null ? null : shape[0]!;
      if (d !== null) splits.setShape([d + 1]);
    }
    return RaggedTensor.fromRowSplits(stacks ? permuted : permuted.values, splits, { validate: false });
  });
}
