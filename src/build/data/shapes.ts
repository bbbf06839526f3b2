/** Shapes and states of elements before and after: batches, padding, slices. */
import { ValueError } from "../../core/error.ts";
import { type Dim, formatShapePython, type Shape } from "../../core/shape.ts";
import { constantValue, constantValueAsShape } from "../../graph/infer.ts";
import { Tensor } from "../../graph/tensor.ts";
import { plainShape, TensorShape } from "../../graph/tensor_shape.ts";
import { type Element, elementFrom, elementsIn, type Nested, type Spec } from "./structure.ts";
import { noDataset } from "./words.ts";

/** Throws ValueError where first dimensions are known and differ. */
export function checkRows(tensors: readonly Tensor[]): void {
  const known = tensors.map(({ shape }) => shape?.[0] ?? null);
  const first = known.find((n) => n !== null);
  for (const n of known) {
    if (n !== null && n !== first) throw new ValueError(`Dimensions ${first} and ${n} are not compatible`);
  }
}

/** The state before the first element. */
export function initial(state: unknown): Element {
  return elementFrom(state);
}

const isShape = (value: unknown): value is Shape =>
  Array.isArray(value) && value.every((n) => n === null || typeof n === "number" || n instanceof Tensor);

/** What is known of padded dimensions while building: nothing of those that are computed. */
export function staticDims(dims: readonly unknown[] | Tensor): Dim[] {
  if (dims instanceof Tensor) return [...(constantValueAsShape(dims) ?? [])];
  return dims.map((n) => (typeof n === "number" ? n : null));
}

/** Shapes component by component; one alone for one component. */
export function paddedShapesOf(given: unknown, n: number): readonly (Shape | Tensor)[] | undefined {
  if (given === undefined || given === null) return undefined;
  if (n === 1 && (isShape(given) || given instanceof Tensor)) return [given];
  const list: (Shape | Tensor)[] = [];
  const visit = (part: unknown): void => {
    if (part instanceof TensorShape) list.push(plainShape(part));
    else if (isShape(part) || part instanceof Tensor) list.push(part);
    else for (const inner of Array.isArray(part) ? part : sortedValues(part)) visit(inner);
  };
  visit(given);
  return list;
}

const sortedValues = (record: unknown): unknown[] =>
  Object.entries(record as Record<string, unknown>)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, value]) => value);

/** A component's shape with its padding. Throws ValueError for one that is unknown, or that the component does not fit in. */
export function paddedShape(spec: Spec, wanted: Shape | Tensor | undefined, i: number): readonly Dim[] | Tensor {
  if (wanted instanceof Tensor) return wanted;
  const shape = wanted ?? spec.shape;
  if (shape === null)
    throw new ValueError(`You must provide \`padded_shapes\` argument because component ${i} has unknown rank.`);
  const isTooSmall = (own: Dim, d: number): boolean => own !== null && typeof shape[d] === "number" && shape[d] < own;
  if (spec.shape !== null && (spec.shape.length !== shape.length || spec.shape.some(isTooSmall)))
    throw new ValueError(
      `The padded shape ${formatShapePython(shape)} is not compatible with the shape ${formatShapePython(spec.shape)} of the corresponding input component.`,
    );
  return shape;
}

/** The rows of batches of these sizes made of batches: known where none can be smaller. Throws ValueError for scalars. */
export function rebatchedRows(sizes: Tensor, drop: Tensor, specs: readonly Spec[]): Dim {
  const value = constantValue(sizes);
  if (!value) return null;
  const numbers = Array.from(value.data as ArrayLike<number | bigint>, Number);
  if (value.shape.length > 1)
    throw new ValueError(
      `Invalid \`batch_sizes\`. Expected \`batch_sizes\` to be a scalar or a vector. Received \`batch_sizes\` of rank ${value.shape.length}.`,
    );
  if (numbers.some((n) => n !== numbers[0])) return null;
  const rows = numbers[0]!;
  if (constantValue(drop)?.data[0] === 1) return rows;
  const own = specs.flatMap(({ shape }) => {
    if (shape?.length === 0)
      throw new ValueError(
        "Invalid `batch_sizes`. Expected dataset with rank of >= 1 but found a dataset with scalar elements. Fix the issue by adding the `batch` transformation to the dataset.",
      );
    const n = shape?.[0];
    return typeof n === "number" ? [n] : [];
  });
  if (own.some((n) => n !== own[0]))
    throw new ValueError(
      `Invalid \`input_dataset.\` The batch dimension of component 0 is ${own[0]}, while the batch dimension of component i is [${own.join(" ")}].`,
    );
  return own.length === 0 || own[0]! % rows !== 0 ? null : rows;
}

/** What the datasets that a function gives hold. Throws TypeError where it gives none. */
export function elementsOf(output: Nested<Spec>): Nested<Spec> {
  const elements = elementsIn(output);
  if (!elements) throw noDataset(output);
  return elements;
}

export interface PaddedBatchOptions {
  readonly name?: string | undefined;
  /** A shape for each component, null where the longest decides; by default the components' own. */
  readonly paddedShapes?: unknown;
  readonly paddingValues?: unknown;
  readonly dropRemainder?: boolean | undefined;
}
