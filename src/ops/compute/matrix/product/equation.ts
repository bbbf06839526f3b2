/**
 * Equations of Einsum: `...ij,...jk->...ik`. Each letter is an axis; letters left out of the output are summed; "..." stands for any number
 * of axes that broadcast. Source: linalg_ops.cc (EinsumShape), einsum_op_util.cc.
 */
import { InvalidArgumentError, invalidArgument, OpError } from "../../../../core/error.ts";
import {
  broadcastShapes,
  type Dim,
  type FullShape,
  formatShape,
  mergeDims,
  type Shape,
} from "../../../../core/shape.ts";

export interface Equation {
  readonly text: string;
  readonly inputs: readonly string[];
  readonly output: string;
}

/** Throws INVALID_ARGUMENT in TensorFlow's words for what is no equation of 1 or 2 inputs. */
export function parseEquation(text: string): Equation {
  const sides = text.split("->");
  if (sides.length !== 2) throw invalidArgument(`Expecting exactly one '->' in einsum equation: ${text}`);
  const inputs = sides[0]!.split(",");
  const output = sides[1]!;
  if (inputs.length > 2) {
    throw invalidArgument(`Expecting 1 or 2 input subscripts in equation '${text}' but got: ${inputs.length}`);
  }
  for (const letter of lettersOf(output)) {
    if (!inputs.some((input) => input.includes(letter))) {
      throw invalidArgument(
        `Einsum output subscripts for equation '${text}' has label '${letter}' which is not present in the input subscripts`,
      );
    }
  }
  return { text, inputs, output };
}

export const ellipsis = "...";
export const hasEllipsis = (subscripts: string): boolean => subscripts.includes(ellipsis);
export const lettersOf = (subscripts: string): readonly string[] => [...subscripts.replace(ellipsis, "")];

const ordinals = ["0th", "1th"];

/** The shape of the result; sets of axes behind "..." broadcast. */
export function einsumShape(shapes: readonly Shape[], equation: Equation): Shape {
  if (shapes.length !== equation.inputs.length) {
    throw invalidArgument(
      `Expected ${shapes.length} inputs for equation ${equation.text} but got: ${equation.inputs.length}`,
    );
  }
  const dims = new Map<string, Dim>();
  let broadcast: Shape = [];
  let isUnknown = false;
  for (const [i, shape] of shapes.entries()) {
    const subscripts = equation.inputs[i]!;
    const letters = lettersOf(subscripts);
    if (shape === null) {
      if (hasEllipsis(subscripts)) isUnknown = true;
      for (const letter of letters) if (!dims.has(letter)) dims.set(letter, null);
      continue;
    }
    checkStaticRank(
      shape.length,
      letters.length,
      hasEllipsis(subscripts),
      `${ordinals[i]} input and equation: ${equation.text}`,
    );
    const { axes, middle } = axesOf(subscripts, shape);
    for (const [k, letter] of letters.entries()) dims.set(letter, mergeDims(dims.get(letter) ?? null, axes[k]!));
    if (hasEllipsis(subscripts) && !isUnknown) broadcast = broadcastShapes(broadcast, middle);
  }
  return outputShape(equation, dims, isUnknown ? null : broadcast);
}

function checkStaticRank(rank: number, count: number, isOpen: boolean, where: string): void {
  if (isOpen ? rank >= count : rank === count) return;
  const words = isOpen ? `at least rank ${count}` : `rank ${count}`;
  throw invalidArgument(`Shape must be ${words} but is rank ${rank}\n\t for ${where}`);
}

/** The dimensions of the letters in order, and those behind "...". */
function axesOf<D extends Dim>(
  subscripts: string,
  shape: readonly D[],
): { readonly axes: readonly D[]; readonly middle: readonly D[] } {
  if (!hasEllipsis(subscripts)) return { axes: shape, middle: [] };
  const before = subscripts.indexOf(ellipsis);
  const after = subscripts.length - before - ellipsis.length;
  const end = shape.length - after;
  return { axes: [...shape.slice(0, before), ...shape.slice(end)], middle: shape.slice(before, end) };
}

function outputShape({ text, output }: Equation, dims: ReadonlyMap<string, Dim>, broadcast: Shape): Shape {
  if (!hasEllipsis(output)) {
    if (broadcast !== null && broadcast.length > 0) {
      throw invalidArgument(
        `Shape must be at most rank 0 but is rank ${broadcast.length}\n\t for einsum equation '${text}' without ellipsis (...) in the output subscripts where input(s) have non-empty broadcasting shape`,
      );
    }
    return [...output].map((letter) => dims.get(letter)!);
  }
  if (broadcast === null) return null;
  const before = output.indexOf(ellipsis);
  const known = lettersOf(output).map((letter) => dims.get(letter)!);
  return [...known.slice(0, before), ...broadcast, ...known.slice(before)];
}

/** Labels for every axis, with numbers for the axes behind "...", counted from the right. */
export type Labels = readonly (string | number)[];

export interface Resolved {
  readonly inputs: readonly Labels[];
  readonly output: Labels;
  readonly sizes: ReadonlyMap<string | number, number>;
}

/** Labels and sizes for inputs of full shape. Throws in the kernel's words. */
export function resolve(equation: Equation, shapes: readonly FullShape[]): Resolved {
  const sizes = new Map<string | number, number>();
  let rank = 0;
  const middles: FullShape[] = [];
  for (const [i, shape] of shapes.entries()) {
    const subscripts = equation.inputs[i]!;
    const letters = lettersOf(subscripts);
    const isOpen = hasEllipsis(subscripts);
    if (isOpen ? shape.length < letters.length : shape.length !== letters.length) {
      const least = isOpen ? "at least " : "";
      throw new InvalidArgumentError(
        `Expected input ${i} to have rank ${least}${letters.length} but got: ${shape.length}`,
      );
    }
    const { axes, middle } = axesOf(subscripts, shape);
    for (const [k, letter] of letters.entries()) {
      const known = sizes.get(letter) ?? axes[k]!;
      if (known !== axes[k]) {
        throw new InvalidArgumentError(
          `Expected dimension ${known} at axis ${axisOf(subscripts, k, middle.length)} of the input shaped ${formatShape(shape)} but got dimension ${axes[k]}`,
        );
      }
      sizes.set(letter, known);
    }
    rank = Math.max(rank, middle.length);
    middles.push(middle);
  }
  const broadcast = joined(middles, shapes);
  for (const [i, d] of broadcast.entries()) sizes.set(rank - 1 - i, d);
  if (rank > 0 && !hasEllipsis(equation.output)) {
    throw new InvalidArgumentError(
      `Output contains ${rank} broadcasting dimension(s) but no ellipsis (...) was found in the output subscripts.`,
    );
  }
  const inputs = equation.inputs.map((subscripts, i) => labelsOf(subscripts, middles[i]!.length));
  return { inputs, output: labelsOf(equation.output, rank), sizes };
}

const axisOf = (subscripts: string, k: number, hidden: number): number => {
  const before = subscripts.indexOf(ellipsis);
  return before >= 0 && k >= before ? k + hidden : k;
};

function joined(middles: readonly FullShape[], shapes: readonly FullShape[]): FullShape {
  try {
    return middles.reduce<FullShape>((a, b) => broadcastShapes(a, b) as FullShape, []);
  } catch (cause) {
    if (!(cause instanceof OpError)) throw cause;
    throw new InvalidArgumentError(
      `Invalid broadcasting dimensions: ${formatShape(shapes[0]!)} vs. ${formatShape(shapes[1] ?? [])}`,
      { cause },
    );
  }
}

function labelsOf(subscripts: string, hidden: number): Labels {
  const before = subscripts.indexOf(ellipsis);
  const letters = lettersOf(subscripts);
  if (before < 0) return letters;
  const middle = Array.from({ length: hidden }, (_, i) => hidden - 1 - i);
  return [...letters.slice(0, before), ...middle, ...letters.slice(before)];
}
