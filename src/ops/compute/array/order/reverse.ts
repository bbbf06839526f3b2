/** Axes backwards: Reverse, ReverseV2, ReverseSequence; and around: Roll. */

import { InvalidArgumentError, invalidArgument, ValueError } from "../../../../core/error.ts";
import {
  type Dim,
  formatShape,
  mergeDims,
  type Shape,
  withRank,
  withRankAtLeast,
  withRankAtMost,
} from "../../../../core/shape.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { type Name, type Named, nameOf } from "../basic/names.ts";
import { numbersFromInput } from "../basic/shape_input.ts";

const maxRank = 8;

/** output = tensor with the axes reversed for which dims is true. */
export const reverseOp = defineOp("Reverse", {
  inputs: ["tensor: T", "dims: bool"],
  outputs: ["output: T"],
  attrs: [
    "T: {uint8, int8, uint16, int16, uint32, int32, uint64, int64, bool, bfloat16, half, float, double, complex64, complex128, string}",
  ],
  shape({ tensor, dims }) {
    const [count] = withRank(dims, 1);
    const shape: Shape = count === null ? tensor : withRank(tensor, count!);
    if (shape && shape.length > maxRank)
      throw invalidArgument("reverse does not work on tensors with more than 8 dimensions");
    return [shape];
  },
  lower(p, { tensor, dims }) {
    if (dims.shape.length !== 1) throw new InvalidArgumentError(`'dims' must be 1-dimension, not ${dims.shape.length}`);
    const flags = p.numbers(dims);
    if (flags.length !== tensor.shape.length) {
      throw new InvalidArgumentError(
        `'dims' must have the same number of values as 'input' has dimensions. 'input' has ${tensor.shape.length}'dims' has ${flags.length} values`,
      );
    }
    return p.reverse(
      tensor,
      flags.flatMap((flag, i) => (flag ? [i] : [])),
    );
  },
  gradient: (tf, { dims }, dy) => ({ tensor: tf.reverseDims(dy!, dims) }),
});

/** output = tensor with the given axes reversed. Source: array_ops.cc, reverse_op.cc, array_grad.py. */
export const reverseV2Op = defineOp("ReverseV2", {
  inputs: ["tensor: T", "axis: Tidx"],
  outputs: ["output: T"],
  attrs: [
    "Tidx: {int32, int64} = DT_INT32",
    "T: {uint8, int8, uint16, int16, int32, uint32, int64, uint64, bool, bfloat16, half, float, double, complex64, complex128, string}",
  ],
  shape({ tensor, axis }, context) {
    withRank(axis, 1);
    if (tensor && tensor.length > maxRank)
      throw invalidArgument("reverse does not work on tensors with more than 8 dimensions");
    const axes = numbersFromInput(context, "axis");
    if (tensor === null || !axes) return [tensor];
    const seen = new Set<number>();
    for (const a of axes) {
      const at = a < 0 ? a + tensor.length : a;
      if (at < 0 || at >= tensor.length)
        throw invalidArgument(`'axis'[${axes.indexOf(a)}] = ${a} is out of valid range [0, ${tensor.length - 1}`);
      if (seen.has(at)) throw invalidArgument(`axis ${at} specified more than once.`);
      seen.add(at);
    }
    return [tensor];
  },
  lower(p, { tensor, axis }) {
    const rank = tensor.shape.length;
    const axes = p.numbers(axis).map((a, i) => {
      const at = a < 0 ? a + rank : a;
      if (at < 0 || at >= rank)
        throw new InvalidArgumentError(`'axis'[${i}] = ${a} is out of valid range [0, ${rank - 1}`);
      return at;
    });
    for (const [i, a] of axes.entries())
      if (axes.indexOf(a) !== i) throw new InvalidArgumentError(`axis ${a} specified more than once.`);
    return p.reverse(tensor, axes);
  },
  gradient: (tf, { axis }, dy) => ({ tensor: tf.reverse(dy!, axis) }),
});

/** output = input with the first seq_lengths[b] steps of each batch entry b reversed. Source: reverse_sequence_op.cc. */
export const reverseSequenceOp = defineOp("ReverseSequence", {
  inputs: ["input: T", "seq_lengths: Tlen"],
  outputs: ["output: T"],
  attrs: ["seq_dim: int", "batch_dim: int = 0", "T: type", "Tlen: {int32, int64} = DT_INT64"],
  shape({ input, seq_lengths, seq_dim, batch_dim }) {
    const [count] = withRank(seq_lengths, 1);
    if (input === null) return [null];
    if (batch_dim >= input.length)
      throw invalidArgument(`batch_dim must be < input rank: ${batch_dim} vs. ${input.length}`);
    if (seq_dim >= input.length) throw invalidArgument(`seq_dim must be < input rank: ${seq_dim} vs. ${input.length}`);
    const b: Dim = mergeDims(input[batch_dim]!, count!);
    return [input.map((n, i) => (i === batch_dim ? b : n))];
  },
  lower(p, { input, seq_lengths, seq_dim, batch_dim }) {
    const { shape } = input;
    if (seq_lengths.shape.length !== 1)
      throw new InvalidArgumentError(`seq_lengths must be 1-dim, not ${seq_lengths.shape.length}`);
    if (batch_dim === seq_dim) throw new InvalidArgumentError(`batch_dim == seq_dim == ${seq_dim}`);
    if (seq_dim >= shape.length)
      throw new InvalidArgumentError(`seq_dim must be < input rank ( ${seq_dim} vs. ${shape.length})`);
    if (batch_dim >= shape.length)
      throw new InvalidArgumentError(`batch_dim must be < input rank ( ${batch_dim} vs. ${shape.length})`);
    const [b, t] = [shape[batch_dim]!, shape[seq_dim]!];
    if (seq_lengths.shape[0] !== b) {
      throw new InvalidArgumentError(
        `Length of seq_lengths != input.dims(${batch_dim}), (${seq_lengths.shape[0]} vs. ${b})`,
      );
    }
    const zero = p.fill(0, seq_lengths.dtype, [b]);
    const limit = p.fill(t, seq_lengths.dtype, [b]);
    p.check(p.ge(seq_lengths, zero), ({ position }) => new InvalidArgumentError(`seq_lens(${position}) < 0`));
    p.check(
      p.le(seq_lengths, limit),
      ({ position }) => new InvalidArgumentError(`seq_lens(${position}) > input.dims(${seq_dim})`),
    );
    const lengths = p.broadcast(p.reshape(p.cast(seq_lengths, "int32"), [b, 1]), [b, t]);
    const step = p.iota("int32", [b, t], 1);
    const from = p.select(p.lt(step, lengths), p.sub(p.sub(lengths, p.fill(1, "int32", [b, t])), step), step);
    const perm = [batch_dim, seq_dim, ...shape.keys()].filter((d, i, all) => all.indexOf(d) === i);
    const moved: Value = p.transpose(input, perm);
    const back = perm.map((_, d) => perm.indexOf(d));
    return p.transpose(p.gather(moved, from, { axis: 1, batchDims: 1 }), back);
  },
  gradient: (tf, { seq_lengths, seq_dim, batch_dim }, dy) => ({
    input: tf.reverseSequence(dy!, seq_lengths, { seqAxis: seq_dim, batchAxis: batch_dim }),
  }),
});

/** output[i + shift] = input[i] around each given axis; shifts for one axis add up. Source: roll_op.cc, manip_grad.py. */
export const rollOp = defineOp("Roll", {
  inputs: ["input: T", "shift: Tshift", "axis: Taxis"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tshift: {int32, int64}", "Taxis: {int32, int64}"],
  shape({ input, shift, axis }) {
    withRankAtLeast(input, 1);
    withRankAtMost(shift, 1);
    withRankAtMost(axis, 1);
    return [input];
  },
  lower(p, { input, shift, axis }) {
    const { shape } = input;
    if (shape.length < 1) throw new InvalidArgumentError("input must be 1-D or higher");
    if (shift.shape.length > 1)
      throw new InvalidArgumentError(`shift must be a scalar or a 1-D vector. Found: ${formatShape(shift.shape)}`);
    if (axis.shape.length > 1)
      throw new InvalidArgumentError(`axis must be a scalar or a 1-D vector. Found: ${formatShape(axis.shape)}`);
    const [shifts, axes] = [p.numbers(shift), p.numbers(axis)];
    if (shifts.length !== axes.length) throw new InvalidArgumentError("shift and axis must have the same size");
    const total = shape.map(() => 0);
    for (const [i, a] of axes.entries()) {
      const at = a < 0 ? a + shape.length : a;
      if (at < 0 || at >= shape.length) throw new InvalidArgumentError(`axis ${a} is out of range`);
      total[at] = total[at]! + shifts[i]!;
    }
    let x = input;
    for (const [at, n] of shape.entries()) {
      const by = n === 0 ? 0 : ((total[at]! % n) + n) % n;
      if (by === 0) continue;
      const part = (from: number, size: number) =>
        p.slice(
          x,
          shape.map((_, d) => (d === at ? from : 0)),
          shape.map((m, d) => (d === at ? size : m)),
        );
      x = p.concat([part(n - by, by), part(0, n - by)], at);
    }
    return x;
  },
  gradient: (tf, { shift, axis }, dy) => ({ input: tf.roll(dy!, tf.negative(shift), axis) }),
});

/** The tensor with the given axes reversed. */
export const reverse = byKeyword(
  ["tensor", "axis"],
  function reverse(tensor: TensorLike, axis: TensorLike, name?: Name): Tensor {
    return reverseV2Op({ tensor, axis }, nameOf(name));
  },
);

/** The tensor with the axes reversed that a bool vector marks: TensorFlow's first form of reverse. */
export const reverseDims = (tensor: TensorLike, dims: TensorLike, options: Named = {}): Tensor =>
  reverseOp({ tensor, dims }, options.name);

export interface ReverseSequenceOptions extends Named {
  readonly seqAxis?: number;
  readonly batchAxis?: number;
}

const reverseSequencePlaces = ["seqAxis", "batchAxis", "name"] as const;

/** Each batch entry with its first seqLengths[b] steps reversed. */
export const reverseSequence = byKeyword(
  ["input", "seqLengths"],
  function reverseSequence(
    input: TensorLike,
    seqLengths: TensorLike,
    ...rest: Rest<ReverseSequenceOptions, typeof reverseSequencePlaces>
  ): Tensor {
    const options = byName<ReverseSequenceOptions>(rest, reverseSequencePlaces);
    const { seqAxis, batchAxis = 0, name } = options;
    if (seqAxis === undefined) throw new ValueError("reverse_sequence: `seq_axis` must be given");
    return reverseSequenceOp({ input, seq_lengths: seqLengths, seq_dim: seqAxis, batch_dim: batchAxis }, name);
  },
);

/** The elements moved around the given axes. */
export const roll = byKeyword(
  ["input", "shift", "axis"],
  function roll(input: TensorLike, shift: TensorLike, axis: TensorLike, name?: Name): Tensor {
    return rollOp({ input, shift, axis }, nameOf(name));
  },
);
