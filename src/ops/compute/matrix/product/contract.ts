/** `tf.einsum` and `tf.tensordot`. Source: special_math_ops.py, math_ops.py; the order of contractions is that of opt_einsum's greedy path. */
import { int32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { elementCount, isFull, type Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, isTensor, type TensorLike } from "../../../convert.ts";
import * as ops from "../../../index.ts";
import { byKeyword } from "../../../options.ts";
import { inScope, type Name, type Named, nameOf } from "../../array/basic/names.ts";
import { einsumOp } from "./einsum.ts";
import { matmul } from "./matmul.ts";

/** The equation with its output side, and "0" for "...". Throws ValueError in Python's words. */
function resolveEquation(equation: string, count: number): { readonly inputs: string[]; readonly output: string } {
  const compact = equation.replaceAll(" ", "");
  if (compact.includes("...") && compact.includes("0"))
    throw new ValueError(`Invalid character "0" in equation: ${equation}.`);
  const text = compact.replaceAll("...", "0");
  const isOpen = text.includes("0");
  const match = (isOpen ? /^([a-zA-Z0,]*)(->[a-zA-Z0]*)?$/ : /^([a-zA-Z,]*)(->[a-zA-Z]*)?$/).exec(text);
  if (!match) throw new ValueError(`Subscripts have incorrect format: ${text}`);
  const inputs = match[1]!.split(",");
  if (inputs.length !== count)
    throw new ValueError(`Got ${count} inputs for equation "${equation}", expecting ${inputs.length}`);
  const letters = [...match[1]!].filter((letter) => letter !== ",");
  const output =
    match[2]?.slice(2) ??
    [...new Set(letters)]
      .sort()
      .filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter))
      .join("");
  if (new Set(output).size !== output.length)
    throw new ValueError(`Output subscripts contain a label appearing more than once: ${equation}`);
  for (const letter of output) {
    if (letter !== "0" && !letters.includes(letter)) {
      throw new ValueError(`Output subscripts contain the label ${letter} not present in the input subscripts.`);
    }
  }
  return { inputs, output };
}

/** Sizes of the letters, as far as static shapes tell them; 1 for others. */
function letterSizes(inputs: readonly string[], shapes: readonly Shape[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [i, letters] of inputs.entries()) {
    for (const letter of letters) if (!sizes.has(letter)) sizes.set(letter, 1);
    const shape = shapes[i];
    if (!shape) continue;
    const at = letters.indexOf("0");
    const hidden = shape.length + 1 - letters.length;
    const dims =
      at < 0
        ? shape
        : [
            ...shape.slice(0, at),
            elementCount(shape.slice(at, at + hidden).filter((d) => d !== null)),
            ...shape.slice(at + hidden),
          ];
    if (dims.length !== letters.length) {
      throw new ValueError(
        `Number of named labels in input #${i} of equation must be equal to the number of dimensions in shape ${shape}`,
      );
    }
    for (const [k, letter] of [...letters].entries()) sizes.set(letter, Math.max(sizes.get(letter)!, dims[k] ?? 1));
  }
  return sizes;
}

interface Step {
  /** Places of the operands in the list, the later one first. */
  readonly operands: readonly number[];
  readonly equation: string;
}

/** Contracts two operands at a time, always those whose result is smallest beside them. */
function greedyPath(inputs: readonly string[], output: string, sizes: ReadonlyMap<string, number>): Step[] {
  const list = [...inputs];
  const steps: Step[] = [];
  const size = (letters: Iterable<string>): number => [...letters].reduce((n, letter) => n * sizes.get(letter)!, 1);
  const resultOf = (i: number, k: number): string[] => {
    const others = list.filter((_, j) => j !== i && j !== k).join("") + output;
    return [...new Set(list[i]! + list[k]!)].filter((letter) => others.includes(letter));
  };
  while (list.length > 1) {
    let best: { cost: number; i: number; k: number; isOuter: boolean } | null = null;
    for (let k = 1; k < list.length; k++) {
      for (let i = 0; i < k; i++) {
        const isOuter = ![...list[i]!].some((letter) => list[k]!.includes(letter));
        const cost = isOuter
          ? size(new Set(list[i]!)) * size(new Set(list[k]!))
          : size(resultOf(i, k)) - size(list[i]!) - size(list[k]!);
        if (!best || (best.isOuter && !isOuter) || (best.isOuter === isOuter && cost < best.cost))
          best = { cost, i, k, isOuter };
      }
    }
    const { i, k } = best!;
    const isLast = list.length === 2;
    const result = isLast ? output : sortedLetters(resultOf(i, k), sizes);
    steps.push({ operands: [k, i], equation: `${list[k]},${list[i]}->${result}` });
    list.splice(k, 1);
    list.splice(i, 1);
    list.push(result);
  }
  return steps;
}

const sortedLetters = (letters: readonly string[], sizes: ReadonlyMap<string, number>): string =>
  [...letters].sort((a, b) => sizes.get(a)! - sizes.get(b)! || (a < b ? -1 : 1)).join("");

/** Sums of products by the names of axes: `tf.einsum("ij,jk->ik", a, b)`. The last argument may be `{ name }`. */
export function einsum(equation: string, ...args: readonly (TensorLike | Named)[]): Tensor {
  const last = args.at(-1);
  const hasOptions = typeof last === "object" && last !== null && Object.getPrototypeOf(last) === Object.prototype;
  const inputs = (hasOptions ? args.slice(0, -1) : args) as readonly TensorLike[];
  return inScope(hasOptions ? (last as Named).name : undefined, "einsum", () => {
    const operands: TensorLike[] = [...inputs];
    const resolved = resolveEquation(equation, operands.length);
    const written = (text: string): string => text.replaceAll("0", "...");
    if (operands.length <= 2) {
      return einsumOp({ inputs: operands, equation: written(`${resolved.inputs.join(",")}->${resolved.output}`) });
    }
    const tensors = operands.map((operand) => convertToTensor(operand));
    const sizes = letterSizes(
      resolved.inputs,
      tensors.map((tensor) => tensor.shape),
    );
    for (const step of greedyPath(resolved.inputs, resolved.output, sizes)) {
      const taken = step.operands.map((at) => tensors.splice(at, 1)[0]!);
      tensors.push(einsumOp({ inputs: taken, equation: written(step.equation) }));
    }
    return tensors[0]!;
  });
}

interface Flat {
  readonly matrix: Tensor;
  /** The axes that are left, as numbers where the shape is known. */
  readonly free: readonly number[] | Tensor;
  readonly freeStatic: Shape;
}

/** The tensor as a matrix with the summed axes last (first when flipped). */
function flatten(x: Tensor, axes: readonly number[] | Tensor, isFlipped: boolean): Flat {
  if (!isTensor(axes) && isFull(x.shape)) return flattenKnown(x, x.shape, axes, isFlipped);
  let [free, shape, summed, freeStatic]: [TensorLike, Tensor | null, Tensor, Shape] = [[], null, x, null];
  if (!isTensor(axes) && x.shape !== null) {
    const { length } = x.shape;
    const wanted = axes.map((axis) => (axis < 0 ? axis + length : axis));
    const others = x.shape.map((_, i) => i).filter((i) => !wanted.includes(i));
    freeStatic = others.map((i) => x.shape![i]!);
    summed = convertToTensor(wanted, { dtype: int32, name: "axes" });
    free = convertToTensor(others, { dtype: int32, name: "free" });
    shape = ops.shape(x);
  } else {
    shape = ops.shape(x);
    const rank = ops.rank(x);
    const given = convertToTensor(axes, { dtype: int32, name: "axes" });
    summed = ops.where(given.greaterEqual(0), given, given.add(rank));
    free = ops.listDiffOp({ x: ops.range(rank), y: summed, out_idx: int32 }).out;
  }
  const freeDims = ops.gather(shape, free);
  const summedDims = ops.gather(shape, summed);
  const freeSize = ops.reduceProd(freeDims);
  const summedSize = ops.reduceProd(summedDims);
  const perm = ops.concat(isFlipped ? [summed, free] : [free, summed], 0);
  const sizes = ops.stack(isFlipped ? [summedSize, freeSize] : [freeSize, summedSize]);
  return { matrix: ops.reshape(ops.transpose(x, { perm }), sizes), free: freeDims, freeStatic };
}

function flattenKnown(x: Tensor, shape: readonly number[], axes: readonly number[], isFlipped: boolean): Flat {
  const summed = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const free = shape.map((_, i) => i).filter((i) => !summed.includes(i));
  const dims = free.map((i) => shape[i]!);
  const [m, k] = [elementCount(dims), elementCount(summed.map((i) => shape[i]!))];
  const perm = isFlipped ? [...summed, ...free] : [...free, ...summed];
  const wanted = isFlipped ? [k, m] : [m, k];
  const moved = perm.some((axis, i) => axis !== i) ? ops.transpose(x, { perm }) : x;
  const isThere = JSON.stringify(moved.shape) === JSON.stringify(wanted);
  return { matrix: isThere ? moved : ops.reshape(moved, wanted), free: dims, freeStatic: dims };
}

type Axes = number | readonly [TensorLike, TensorLike] | Tensor;

/** The axes of each operand that are summed. Throws ValueError in Python's words. */
function axisLists(a: Tensor, axes: Axes): readonly [readonly number[] | Tensor, readonly number[] | Tensor] {
  if (typeof axes === "number") {
    if (axes < 0) throw new ValueError(`\`axes\` must be at least 0. Received: ${axes}.`);
    const first = Array.from({ length: axes }, (_, i) => i);
    if (a.shape === null) {
      const rank = ops.rank(a);
      return [ops.range(rank.sub(axes), rank, { dtype: int32 }), ops.range(axes, null, { dtype: int32 })];
    }
    const rank = a.shape.length;
    if (axes > rank) {
      throw new ValueError(
        `\`axes\` must not be larger than the number of dimensions of tensor ${a}.  Received ${axes}, vs tensor dimensions ${rank}.`,
      );
    }
    return [first.map((i) => rank - axes + i), first];
  }
  if (isTensor(axes)) return [axes.at(0), axes.at(1)];
  if (axes.length !== 2)
    throw new ValueError(`\`axes\` must be an integer or have length 2. Received ${String(axes)}.`);
  const lists = axes.map((axis) => (typeof axis === "number" ? [axis] : axis)) as [
    number[] | Tensor,
    number[] | Tensor,
  ];
  const [left, right] = lists;
  if (Array.isArray(left) && Array.isArray(right) && left.length !== right.length) {
    throw new ValueError(`Different number of contraction axes \`a\` and \`b\`, ${left.length} != ${right.length}.`);
  }
  return lists;
}

/** The sum of products over the last `axes` axes of a and the first of b, or over the lists of axes given. */
export const tensordot = byKeyword(
  ["a", "b", "axes"],
  function tensordot(a: TensorLike, b: TensorLike, axes: Axes, name?: Name): Tensor {
    return inScope(nameOf(name), "Tensordot", (scope) => {
      const [x, y] = [convertToTensor(a, { name: "a" }), convertToTensor(b, { name: "b" })];
      const [axesX, axesY] = axisLists(x, axes);
      const left = flatten(x, axesX, false);
      const right = flatten(y, axesY, true);
      const product = matmul(left.matrix, right.matrix);
      if (!isTensor(left.free) && !isTensor(right.free)) {
        const shape = [...left.free, ...right.free];
        return JSON.stringify(product.shape) === JSON.stringify(shape)
          ? product
          : ops.reshape(product, shape, { name: scope });
      }
      const free = [left.free, right.free].map((dims) => convertToTensor(dims, { dtype: int32 }));
      const result = ops.reshape(product, ops.concat(free, 0), { name: scope });
      if (left.freeStatic !== null && right.freeStatic !== null)
        result.setShape([...left.freeStatic, ...right.freeStatic]);
      return result;
    });
  },
);
