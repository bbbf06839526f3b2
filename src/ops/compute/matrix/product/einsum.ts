/** Products and sums of tensors by their axes' names. Source: linalg_ops.cc, einsum_op_impl.h, linalg_grad.py, special_math_ops.py. */
import { int32 } from "../../../../core/dtype.ts";
import { elementCount } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { reducedShape } from "../../math/reduce/reduced_shape.ts";
import { mapped } from "../diagonal/geometry.ts";
import { einsumShape, ellipsis, hasEllipsis, type Labels, parseEquation, resolve } from "./equation.ts";

/** A value with a name for each axis; no name twice. */
interface Named {
  readonly value: Value;
  readonly labels: Labels;
}

type Label = string | number;

/** Keeps the diagonal of axes that have one name. */
function withoutRepeats(p: Lowering, { value, labels }: Named): Named {
  const twice = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (twice < 0) return { value, labels };
  const first = labels.indexOf(labels[twice]!);
  const others = labels.map((_, i) => i).filter((i) => i !== first && i !== twice);
  const moved = p.transpose(value, [...others, first, twice]);
  const n = value.shape[first]!;
  const flat = p.reshape(moved, [...others.map((i) => value.shape[i]!), n * n]);
  const places = Array.from({ length: n }, (_, i) => i * (n + 1));
  const diagonal = p.gather(flat, p.list(places), { axis: others.length });
  return withoutRepeats(p, { value: diagonal, labels: [...others.map((i) => labels[i]!), labels[first]!] });
}

/** Sums over the axes whose names nobody else needs. */
function summed(p: Lowering, { value, labels }: Named, kept: (label: Label) => boolean): Named {
  const axes = labels.flatMap((label, i) => (kept(label) ? [] : [i]));
  return axes.length === 0 ? { value, labels } : { value: p.reduce("sum", value, axes), labels: labels.filter(kept) };
}

const arranged = (p: Lowering, { value, labels }: Named, order: Labels): Value =>
  p.transpose(
    value,
    order.map((label) => labels.indexOf(label)),
  );

/** Axes behind "..." that one operand lacks become axes of size 1. */
function withAxes(p: Lowering, { value, labels }: Named, wanted: Labels): Named {
  const missing = wanted.filter((label) => !labels.includes(label));
  if (missing.length === 0) return { value, labels };
  return { value: p.reshape(value, [...missing.map(() => 1), ...value.shape]), labels: [...missing, ...labels] };
}

/** The product of two operands, summed over the names that the output lacks. */
function contract(p: Lowering, left: Named, right: Named, output: Labels): Named {
  const hidden = output.filter((label) => typeof label === "number");
  const a = withAxes(p, left, hidden);
  const b = withAxes(p, right, hidden);
  const isShared = (label: Label) => a.labels.includes(label) && b.labels.includes(label);
  const batch = a.labels.filter((label) => isShared(label) && output.includes(label));
  const inner = a.labels.filter((label) => isShared(label) && !output.includes(label));
  const onlyA = a.labels.filter((label) => !isShared(label));
  const onlyB = b.labels.filter((label) => !isShared(label));
  const x = arranged(p, a, [...batch, ...onlyA, ...inner]);
  const y = arranged(p, b, [...batch, ...inner, ...onlyB]);
  const size = (value: Value, from: number, count: number): number =>
    elementCount(value.shape.slice(from, from + count));
  const [nb, na, ni] = [batch.length, onlyA.length, inner.length];
  const m = size(x, nb, na);
  const k = size(x, nb + na, ni);
  const n = size(y, nb + ni, onlyB.length);
  const product = p.matmul(
    p.reshape(x, [...x.shape.slice(0, nb), m, k]),
    p.reshape(y, [...y.shape.slice(0, nb), k, n]),
  );
  const shape = [...product.shape.slice(0, nb), ...x.shape.slice(nb, nb + na), ...y.shape.slice(nb + ni)];
  return { value: p.reshape(product, shape), labels: [...batch, ...onlyA, ...onlyB] };
}

/** Puts the value on the diagonal of axes that the output names twice. */
function repeated(p: Lowering, { value, labels }: Named, output: Labels): Value {
  const twice = output.findIndex((label, i) => output.indexOf(label) !== i);
  if (twice < 0) return arranged(p, { value, labels }, output);
  const rest = output.filter((_, i) => i !== twice);
  const first = output.indexOf(output[twice]!);
  const inner = repeated(p, { value, labels }, rest);
  const n = inner.shape[first]!;
  const others = rest.map((_, i) => i).filter((i) => i !== first);
  const flat = p.reshape(p.transpose(inner, [...others, first]), [elementCount(inner.shape) / Math.max(n, 1), n]);
  const map = new Int32Array(n * n).fill(-1);
  for (let i = 0; i < n; i++) map[i * (n + 1)] = i;
  const square = p.reshape(mapped(p, flat, map, p.scalar(0, value.dtype)), [
    ...others.map((i) => inner.shape[i]!),
    n,
    n,
  ]);
  const order = rest.flatMap((_, i) => (i === first ? [] : [i]));
  const place = (i: number): number =>
    i === first ? others.length : i === twice ? others.length + 1 : order.indexOf(i < twice ? i : i - 1);
  return p.transpose(
    square,
    output.map((_, i) => place(i)),
  );
}

/** output = the sum of the products of one or two inputs by the equation. */
export const einsumOp = defineOp("Einsum", {
  inputs: ["inputs: N * T"],
  outputs: ["output: T"],
  attrs: ["equation: string", "N: int >= 1", "T: type"],
  shape: ({ inputs, equation }) => [einsumShape(inputs, parseEquation(equation))],
  lower(p, { inputs, equation }) {
    const parsed = parseEquation(equation);
    const { inputs: names, output } = resolve(
      parsed,
      inputs.map((input) => input.shape),
    );
    const operands = inputs.map((value, i) => {
      const others = [...output, ...names.flatMap((labels, k) => (k === i ? [] : labels))];
      return summed(p, withoutRepeats(p, { value, labels: names[i]! }), (label) => others.includes(label));
    });
    const [a, b] = operands;
    const product = b ? contract(p, a!, b, output) : a!;
    return repeated(p, product, output);
  },
  gradient(tf, { inputs, equation }, dy) {
    const [left, output] = equation.split("->") as [string, string];
    if (inputs.length === 1) return { inputs: [unaryGradient(tf, inputs[0]!, left, output, dy!)] };
    return { inputs: binaryGradients(tf, inputs as readonly [Tensor, Tensor], left, output, dy!) };
  },
});

const einsumOf = (tf: GradientTools, inputs: readonly Tensor[], equation: string): Tensor =>
  tf.einsumOp({ inputs, equation });

/** Letters of the first that none of the others has, in order. */
const missingFrom = (letters: string, others: string): string[] =>
  [...new Set(letters)].filter((letter) => letter !== "." && !others.includes(letter));

function unaryGradient(tf: GradientTools, input: Tensor, subscripts: string, output: string, dy: Tensor): Tensor {
  const shape = tf.shape(input);
  const reduced = missingFrom(subscripts, output);
  if (reduced.length === 0) return einsumOf(tf, [dy], `${output}->${subscripts}`);
  return spread(tf, { dy, output, subscripts, shape, reduced });
}

interface Spread {
  readonly dy: Tensor;
  readonly output: string;
  readonly subscripts: string;
  readonly shape: Tensor;
  readonly reduced: readonly string[];
}

/** The gradient through the sum over `reduced`: dy repeated along those axes. */
function spread(tf: GradientTools, { dy, output, subscripts, shape, reduced }: Spread): Tensor {
  const axes = reduced.map((letter) => axisFor(subscripts, letter));
  const dims = tf.stack(axes.map((axis) => shape.at(axis)));
  const hasRepeats = new Set(subscripts).size + new Set(output).size < subscripts.length + output.length;
  const rest = [...subscripts].filter((letter) => !reduced.includes(letter)).join("");
  if (!hasRepeats && rest === output) {
    const kept = reducedShape(tf, shape, tf.constant(axes, { dtype: int32 }));
    return tf.broadcastTo(tf.reshape(dy, kept), shape);
  }
  const long = tf.concat([dims, tf.shape(dy)], 0);
  const short = tf.concat([tf.ones([reduced.length], int32), tf.shape(dy)], 0);
  const repeatedDy = tf.broadcastTo(tf.reshape(dy, short), long);
  return einsumOf(tf, [repeatedDy], `${reduced.join("")}${output}->${subscripts}`);
}

/** Where a letter's axis is: from the front before "...", from the end behind it. */
function axisFor(subscripts: string, letter: string): number {
  const [before, behind] = subscripts.split(ellipsis);
  const index = before!.indexOf(letter);
  return index >= 0 ? index : behind!.indexOf(letter) - behind!.length;
}

interface OneSide {
  readonly dy: Tensor;
  readonly other: Tensor;
  readonly shape: Tensor;
  readonly subscripts: string;
  readonly otherSubscripts: string;
  readonly output: string;
}

function sideGradient(tf: GradientTools, { dy, other, shape, subscripts, otherSubscripts, output }: OneSide): Tensor {
  const reduced = missingFrom(subscripts, output + otherSubscripts);
  const left = [...subscripts].filter((letter) => !reduced.includes(letter)).join("");
  const grad = einsumOf(tf, [dy, other], `${output},${otherSubscripts}->${left}`);
  return reduced.length === 0 ? grad : spread(tf, { dy: grad, output: left, subscripts, shape, reduced });
}

function binaryGradients(
  tf: GradientTools,
  inputs: readonly [Tensor, Tensor],
  left: string,
  output: string,
  dy: Tensor,
): Tensor[] {
  let [xs, ys] = left.split(",") as [string, string];
  if (hasEllipsis(output)) {
    if (!hasEllipsis(xs)) xs += ellipsis;
    if (!hasEllipsis(ys)) ys += ellipsis;
  }
  const [x, y] = dy.dtype.isComplex ? [tf.conj(inputs[0]), tf.conj(inputs[1])] : inputs;
  const [shapeX, shapeY] = [tf.shape(x), tf.shape(y)];
  const gx = sideGradient(tf, { dy, other: y, shape: shapeX, subscripts: xs, otherSubscripts: ys, output });
  const gy = sideGradient(tf, { dy, other: x, shape: shapeY, subscripts: ys, otherSubscripts: xs, output });
  if (!hasEllipsis(output)) return [gx, gy];
  const [rangeX, rangeY] = [hiddenRange(xs), hiddenRange(ys)];
  const part = (t: Tensor, [from, to]: readonly [number, number | null]) => t.shape?.slice(from, to ?? undefined);
  const [a, b] = [part(x, rangeX), part(y, rangeY)];
  const isKnown = [x, y].every((t) => t.shape?.every((d) => d !== null));
  if (isKnown && JSON.stringify(a) === JSON.stringify(b)) return [gx, gy];
  const slice = (shape: Tensor, [start, stop]: readonly [number, number | null]) => shape.at({ start, stop });
  const { r0, r1 } = tf.broadcastGradientArgsOp({ s0: slice(shapeX, rangeX), s1: slice(shapeY, rangeY) });
  return [
    tf.reshape(tf.reduceSum(gx, { axis: r0.radd(rangeX[0]) }), shapeX),
    tf.reshape(tf.reduceSum(gy, { axis: r1.radd(rangeY[0]) }), shapeY),
  ];
}

/** Where the axes behind "..." begin and end (from the end of the shape). */
function hiddenRange(subscripts: string): readonly [number, number | null] {
  const start = subscripts.indexOf(ellipsis);
  if (start < 0) return [0, 0];
  const after = subscripts.length - start - ellipsis.length;
  return [start, after > 0 ? -after : null];
}
