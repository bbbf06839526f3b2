/** Shapes while building: `null` as a dimension is unknown, `null` as a shape is of unknown rank. */
import { invalidArgument } from "./error.ts";

export type Dim = number | null;
export type Shape = readonly Dim[] | null;
export type FullShape = readonly number[];

export const isFull = (shape: Shape): shape is FullShape => shape?.every((d) => d !== null) ?? false;

/** Product of the dimensions; 1 for a scalar. */
export function elementCount(shape: FullShape): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

export function sameShape(a: FullShape, b: FullShape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** TensorFlow's C++ form: `[?,784]`, `<unknown>`, `[]`. */
export const formatShape = (shape: Shape): string =>
  shape === null ? "<unknown>" : `[${shape.map((d) => d ?? "?").join(",")}]`;

/** How an unknown dimension is printed: `?` in TensorFlow 1, `None` in TensorFlow 2. */
export const unknownDimension = { text: "?" };

/** Python's form in a Tensor's repr: `(?, 784)`, `(3,)`, `()`, `<unknown>`. */
export function formatShapePython(shape: Shape): string {
  if (shape === null) return "<unknown>";
  const dims = shape.map((d) => d ?? unknownDimension.text);
  return dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(", ")})`;
}

export const compatibleDims = (a: Dim, b: Dim): boolean => a === null || b === null || a === b;

export const compatible = (a: Shape, b: Shape): boolean =>
  a === null || b === null || (a.length === b.length && a.every((d, i) => compatibleDims(d, b[i]!)));

/** The most specific dimension that agrees with both. Throws TensorFlow's `Dimensions must be equal, but are 3 and 4`. */
export function mergeDims(a: Dim, b: Dim): Dim {
  if (a === null) return b;
  if (b === null || a === b) return a;
  throw invalidArgument(`Dimensions must be equal, but are ${a} and ${b}`);
}

/** The most specific shape that agrees with both. Throws INVALID_ARGUMENT with TensorFlow's words when they differ. */
export function mergeShapes(a: Shape, b: Shape): Shape {
  if (a === null) return b;
  if (b === null) return a;
  if (a.length !== b.length) throw invalidArgument(`Shapes must be equal rank, but are ${a.length} and ${b.length}`);
  return a.map((d, i) => {
    if (d !== null && b[i] !== null && d !== b[i]) {
      throw invalidArgument(
        `Dimension ${i} in both shapes must be equal, but are ${d} and ${b[i]}. Shapes are ${formatShape(a)} and ${formatShape(b)}.`,
      );
    }
    return d ?? b[i]!;
  });
}

/** The dimensions of a shape of the wanted rank (unknown ones for unknown rank). Throws `Shape must be rank 2 but is rank 1`. */
export function withRank(shape: Shape, rank: number): readonly Dim[] {
  if (shape === null) return new Array<Dim>(rank).fill(null);
  if (shape.length !== rank) throw invalidArgument(`Shape must be rank ${rank} but is rank ${shape.length}`);
  return shape;
}

/** Throws `Shape must be at least rank 2 but is rank 1`. */
export function withRankAtLeast(shape: Shape, rank: number): Shape {
  if (shape !== null && shape.length < rank) {
    throw invalidArgument(`Shape must be at least rank ${rank} but is rank ${shape.length}`);
  }
  return shape;
}

/** Throws `Shape must be at most rank 2 but is rank 3`. */
export function withRankAtMost(shape: Shape, rank: number): Shape {
  if (shape !== null && shape.length > rank) {
    throw invalidArgument(`Shape must be at most rank ${rank} but is rank ${shape.length}`);
  }
  return shape;
}

/** Numpy's broadcast of two shapes. Throws `Dimensions must be equal, but are 2 and 3`. Source: common_shape_fns.cc. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  if (a === null || b === null) return null;
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const da = i < rank - a.length ? 1 : a[i - (rank - a.length)]!;
    const db = i < rank - b.length ? 1 : b[i - (rank - b.length)]!;
    if (da === null || db === null) {
      out.push(da !== null && da > 1 ? da : db !== null && db > 1 ? db : da === 1 ? db : db === 1 ? da : null);
    } else if (da === 1 || db === 1 || da === db) {
      out.push(da === 1 ? db : da);
    } else {
      throw invalidArgument(`Dimensions must be equal, but are ${da} and ${db}`);
    }
  }
  return out;
}

/** Row-major strides, in elements. */
export function rowMajorStrides(shape: FullShape): number[] {
  const strides = new Array<number>(shape.length);
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = n;
    n *= shape[i]!;
  }
  return strides;
}
