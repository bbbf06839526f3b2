/** Adding a border: Pad, PadV2, MirrorPad and their gradients. */
import { InvalidArgumentError, invalidArgument, ValueError } from "../../../../core/error.ts";
import { type Dim, formatShape, isFull, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { isSymbolic, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import type { Named } from "../basic/names.ts";
import { numbersFromInput } from "../basic/shape_input.ts";
import { getStaticValue } from "../basic/static_value.ts";

/** The shape with paddings added; -1 times for taking them away. Source: array_ops.cc, PadShapeFn. */
function paddedShape(input: Shape, paddings: Shape, context: ShapeContext, sign: 1 | -1): Shape[] {
  const [rows, columns] = withRank(paddings, 2);
  if (columns !== null && columns !== 2) throw invalidArgument(`Dimension must be 2 but is ${columns}`);
  const amounts = numbersFromInput(context, "paddings");
  if (!amounts) {
    const rank = rows ?? input?.length;
    if (rank === undefined || rank === null) return [null];
    return [new Array<Dim>(withRank(input, rank).length).fill(null)];
  }
  const shape = withRank(input, amounts.length / 2);
  return [
    shape.map((n, i) => {
      const [low, high] = [amounts[2 * i]!, amounts[2 * i + 1]!];
      if (low < 0 || high < 0) throw invalidArgument("Paddings must be non-negative");
      return n === null ? null : n + sign * (low + high);
    }),
  ];
}

/** Paddings as [low, high]. Throws the kernel's INVALID_ARGUMENT. */
function amountsOf(p: Lowering, input: Value, paddings: Value): { low: number[]; high: number[] } {
  const rank = input.shape.length;
  if (paddings.shape.length !== 2 || paddings.shape[1] !== 2) {
    throw new InvalidArgumentError(`paddings must be a matrix with 2 columns: ${formatShape(paddings.shape)}`);
  }
  if (paddings.shape[0] !== rank) {
    throw new InvalidArgumentError(
      `The first dimension of paddings must be the rank of inputs${formatShape(paddings.shape)} ${formatShape(input.shape)}`,
    );
  }
  const amounts = p.numbers(paddings);
  const low = input.shape.map((_, i) => amounts[2 * i]!);
  const high = input.shape.map((_, i) => amounts[2 * i + 1]!);
  for (const i of low.keys()) {
    if (low[i]! < 0 || high[i]! < 0)
      throw new InvalidArgumentError(`Paddings must be non-negative: ${low[i]} ${high[i]}`);
  }
  return { low, high };
}

function padGradient(tf: GradientTools, input: Tensor, paddings: Tensor, dy: Tensor): Tensor {
  const size = tf.stack([tf.rank(input), 1]);
  const before = tf.slice(paddings, [0, 0], size);
  const begin = tf.reshape(before, [-1]);
  return tf.slice(dy, begin, tf.shape(input, { outType: begin.dtype }));
}

/** output = input inside a border of zeros; paddings: [rank, 2]. Source: array_ops.cc, pad_op.cc, array_grad.py. */
export const padOp = defineOp("Pad", {
  inputs: ["input: T", "paddings: Tpaddings"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tpaddings: {int32, int64} = DT_INT32"],
  shape: ({ input, paddings }, context) => paddedShape(input, paddings, context, 1),
  lower(p, { input, paddings }) {
    const { low, high } = amountsOf(p, input, paddings);
    return p.pad(input, low, high);
  },
  gradient: (tf, { input, paddings }, dy) => ({ input: padGradient(tf, input, paddings, dy!) }),
});

/** output = input inside a border of constant_values, a scalar. */
export const padV2Op = defineOp("PadV2", {
  inputs: ["input: T", "paddings: Tpaddings", "constant_values: T"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tpaddings: {int32, int64} = DT_INT32"],
  shape: ({ input, paddings }, context) => paddedShape(input, paddings, context, 1),
  lower(p, { input, paddings, constant_values: fill }) {
    const { low, high } = amountsOf(p, input, paddings);
    if (fill.shape.length !== 0)
      throw new InvalidArgumentError(`constant_values must be a scalar. Found: ${formatShape(fill.shape)}`);
    return p.pad(input, low, high, { fill });
  },
  gradient: (tf, { input, paddings }, dy) => ({ input: padGradient(tf, input, paddings, dy!) }),
});

/** A strip of x along an axis, mirrored: the border itself (SYMMETRIC) or what lies beside it (REFLECT). */
function strip(p: Lowering, x: Value, axis: number, from: number, size: number): Value {
  const begin = x.shape.map((_, d) => (d === axis ? from : 0));
  const box = x.shape.map((n, d) => (d === axis ? size : n));
  return p.reverse(p.slice(x, begin, box), [axis]);
}

/** output = input and its mirror images around it. Source: mirror_pad_op.cc. */
export const mirrorPadOp = defineOp("MirrorPad", {
  inputs: ["input: T", "paddings: Tpaddings"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tpaddings: {int32, int64} = DT_INT32", "mode: {'REFLECT', 'SYMMETRIC'}"],
  shape: ({ input, paddings }, context) => paddedShape(input, paddings, context, 1),
  lower(p, { input, paddings, mode }) {
    const { low, high } = amountsOf(p, input, paddings);
    const offset = mode === "REFLECT" ? 1 : 0;
    for (const [i, n] of input.shape.entries()) {
      if (low[i]! > n - offset || high[i]! > n - offset) {
        throw new InvalidArgumentError(
          `paddings must be ${offset ? "less than" : "no greater than"} the dimension size: ${low[i]}, ${high[i]} ${offset ? "not less than" : "greater than"} ${n}`,
        );
      }
    }
    let x = input;
    for (const axis of input.shape.keys()) {
      const parts = [x];
      if (low[axis]!) parts.unshift(strip(p, x, axis, offset, low[axis]!));
      if (high[axis]!) parts.push(strip(p, x, axis, x.shape[axis]! - offset - high[axis]!, high[axis]!));
      if (parts.length > 1) x = p.concat(parts, axis);
    }
    return x;
  },
  gradient: (tf, { paddings, mode }, dy) => ({ input: tf.mirrorPadGrad(dy!, paddings, mode) }),
});

/** output = input with the mirrored border added back onto where it came from. */
export const mirrorPadGradOp = defineOp("MirrorPadGrad", {
  inputs: ["input: T", "paddings: Tpaddings"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tpaddings: {int32, int64} = DT_INT32", "mode: {'REFLECT', 'SYMMETRIC'}"],
  shape: ({ input, paddings }, context) => paddedShape(input, paddings, context, -1),
  lower(p, { input, paddings, mode }) {
    const { low, high } = amountsOf(p, input, paddings);
    const offset = mode === "REFLECT" ? 1 : 0;
    let x = input;
    for (const axis of input.shape.keys()) {
      const [before, after] = [low[axis]!, high[axis]!];
      const n = x.shape[axis]! - before - after;
      const cut = (from: number, size: number) => {
        const begin = x.shape.map((_, d) => (d === axis ? from : 0));
        return p.slice(
          x,
          begin,
          x.shape.map((m, d) => (d === axis ? size : m)),
        );
      };
      const onto = (border: Value, at: number) => {
        const place = (amount: number) => x.shape.map((_, d) => (d === axis ? amount : 0));
        return p.pad(p.reverse(border, [axis]), place(at), place(n - at - border.shape[axis]!));
      };
      let sum = cut(before, n);
      if (before) sum = p.add(sum, onto(cut(0, before), offset));
      if (after) sum = p.add(sum, onto(cut(before + n, after), n - offset - after));
      x = sum;
    }
    return x;
  },
  gradient: (tf, { paddings, mode }, dy) => ({ input: tf.pad(dy!, paddings, { mode }) }),
});

export const mirrorPadGrad = (input: TensorLike, paddings: TensorLike, mode: string): Tensor =>
  mirrorPadGradOp({ input, paddings, mode });

export interface PadOptions extends Named {
  /** CONSTANT, REFLECT or SYMMETRIC, in any case. */
  readonly mode?: string;
  readonly constantValues?: TensorLike;
}

/** The tensor inside a border of a constant or of its own mirror image; paddings: [rank, 2]. Source: array_ops.py. */
export const pad = byKeyword(
  ["tensor", "paddings"],
  function pad(
    tensor: TensorLike,
    paddings: TensorLike,
    ...rest: Rest<PadOptions, ["mode", "name", "constantValues"]>
  ): Tensor {
    const options: PadOptions = byName(rest, ["mode", "name", "constantValues"]);
    const { constantValues = 0, name } = options;
    const mode = (options.mode ?? "CONSTANT").toUpperCase();
    let result: Tensor;
    if (mode === "CONSTANT") {
      const isZero = constantValues === 0 || constantValues === false || constantValues === 0n;
      result = isZero
        ? padOp({ input: tensor, paddings }, name)
        : padV2Op({ input: tensor, paddings, constant_values: constantValues }, name);
    } else if (mode === "REFLECT" || mode === "SYMMETRIC")
      result = mirrorPadOp({ input: tensor, paddings, mode }, name);
    else {
      throw new ValueError(
        `Value of argument \`mode\` expected to be one of "CONSTANT", "REFLECT", or "SYMMETRIC". Received \`mode\` = ${mode}`,
      );
    }
    refine(result, paddings);
    return result;
  },
);

/** Sets dimensions that paddings known in part allow to know. */
function refine(result: Tensor, paddings: TensorLike): void {
  const shape = result.op.inputs[0]!.shape;
  if (shape === null || (result.shape !== null && isFull(result.shape)) || isSymbolic(paddings)) return;
  const rows = paddings as readonly (readonly unknown[])[];
  const numberOf = (item: unknown): number | null => {
    if (typeof item === "number") return item;
    const value = item instanceof Tensor ? getStaticValue(item) : null;
    return value ? Number(value.data[0]) : null;
  };
  if (!Array.isArray(rows) || !rows.every(Array.isArray)) return;
  result.setShape(
    shape.map((n, i) => {
      const amounts = (rows[i] ?? []).map(numberOf);
      return n === null || amounts.length !== 2 || amounts.includes(null) ? null : n + amounts[0]! + amounts[1]!;
    }),
  );
}
