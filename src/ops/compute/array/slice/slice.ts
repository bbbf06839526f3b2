/** A box out of a tensor: Slice. */
import { InvalidArgumentError } from "../../../../core/error.ts";
import { type Dim, formatShape, mergeShapes, type Shape, withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byKeyword } from "../../../options.ts";
import { type Name, nameOf } from "../basic/names.ts";
import { numbersFromInput } from "../basic/shape_input.ts";

/**
 * output[i] = input[begin + i] for i below size; a size of -1 goes to the end. Where only begin changes from run to run, nothing is
 * compiled anew. Source: array_ops.cc, slice_op.cc, array_grad.py.
 */
export const sliceOp = defineOp("Slice", {
  inputs: ["input: T", "begin: Index", "size: Index"],
  outputs: ["output: T"],
  attrs: ["T: type", "Index: {int32, int64}"],
  shape({ input, begin, size }, context) {
    const [n] = mergeShapes(withRank(begin, 1), withRank(size, 1))!;
    const x: Shape = n === null ? input : withRank(input, n!);
    const sizes = numbersFromInput(context, "size");
    if (sizes) {
      const from = context.valueAsShape("begin");
      const known = numbersFromInput(context, "begin");
      return [
        sizes.map((count, i) => {
          if (count !== -1) return count;
          const start = known?.[i] ?? from?.[i] ?? null;
          const total: Dim = x?.[i] ?? null;
          return start === null || total === null ? null : total - start;
        }),
      ];
    }
    const partial = context.valueAsShape("size")?.map((d) => (d !== null && d < 0 ? null : d)) ?? null;
    if (partial?.some((d) => d !== null)) return [partial];
    return [x === null ? partial : new Array<Dim>(x.length).fill(null)];
  },
  lower(p, { input, begin, size }) {
    const rank = input.shape.length;
    if (begin.shape.length !== 1 || size.shape.length !== 1 || begin.shape[0] !== rank || size.shape[0] !== rank) {
      throw new InvalidArgumentError(
        `Expected begin and size arguments to be 1-D tensors of size ${rank}, but got shapes ${formatShape(begin.shape)} and ${formatShape(size.shape)} instead.`,
      );
    }
    const sizes = p.numbers(size);
    if (!p.constantOf(begin) && !sizes.includes(-1) && sizes.every((n, i) => n >= 0 && n <= input.shape[i]!)) {
      const box = sizes;
      return p.dynamicSlice(input, begin, box, ({ position, value }) => outside(input.shape, box, position, value));
    }
    const from = p.numbers(begin);
    const box = sizes.map((n, i) => (n === -1 ? input.shape[i]! - from[i]! : n));
    for (const [i, n] of box.entries()) {
      const total = input.shape[i]!;
      if (from[i]! < 0 || from[i]! > total || n < 0 || from[i]! + n > total)
        throw outside(input.shape, box, i, from[i]!);
    }
    return p.slice(input, from, box);
  },
  gradient(tf, { input, begin, output }, dy) {
    const rank = tf.rank(input);
    const sliced = tf.shape(output, { outType: begin.dtype });
    const column = tf.stack([rank, 1]);
    const before = tf.reshape(begin, column);
    const total = tf.shape(input, { outType: begin.dtype });
    const after = tf.reshape(tf.subtract(tf.subtract(total, sliced, { name: "sub" }), begin, { name: "sub" }), column);
    return { input: tf.pad(dy!, tf.concat([before, after], 1)) };
  },
});

function outside(shape: readonly number[], sizes: readonly number[], i: number, from: number): InvalidArgumentError {
  const total = shape[i]!;
  if (from < 0 || from > total)
    return new InvalidArgumentError(`Expected begin[${i}] in [0, ${total}], but got ${from}`);
  return new InvalidArgumentError(`Expected size[${i}] in [0, ${total - from}], but got ${sizes[i]}`);
}

/** The box of the given size that starts at begin; -1 in size goes to the end of the axis. */
export const slice = byKeyword(
  ["input", "begin", "size"],
  function slice(input: TensorLike, begin: TensorLike, size: TensorLike, name?: Name): Tensor {
    return sliceOp({ input, begin, size }, nameOf(name));
  },
);
