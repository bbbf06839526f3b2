/** Shapes and states of elements before and after: batches, padding, slices. */
import { TypeError, ValueError } from "../../core/error.ts";
import { type Dim, formatShapePython, type Shape } from "../../core/shape.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { flatten, mapSpecs, type Nested, packAs, type Spec } from "./structure.ts";

/** Elements with a number of rows in front. */
export const batchedSpecs = (specs: Nested<Spec>, rows: Dim): Nested<Spec> =>
  mapSpecs(specs, (spec): Spec => ({ ...spec, shape: spec.shape && [rows, ...spec.shape] }));

/** Throws ValueError where first dimensions are known and differ. */
export function checkRows(tensors: readonly Tensor[]): void {
  const known = tensors.map(({ shape }) => shape?.[0] ?? null);
  const first = known.find((n) => n !== null);
  for (const n of known) {
    if (n !== null && n !== first) throw new ValueError(`Dimensions ${first} and ${n} are not compatible`);
  }
}

/** The state before the first element. */
export function initial(state: unknown): { tensors: Tensor[]; specs: Nested<Spec> } {
  const tensors = flatten(state).map((part) => convertToTensor(part as TensorLike));
  const specs = tensors.map((tensor): Spec => ({ dtype: tensor.dtype.baseDtype, shape: tensor.shape }));
  return { tensors, specs: packAs(state, specs) as Nested<Spec> };
}

const isShape = (value: unknown): value is Shape =>
  Array.isArray(value) && value.every((n) => n === null || typeof n === "number" || n instanceof Tensor);

/** What is known of padded dimensions while building: nothing of those that are computed. */
export const staticDims = (dims: readonly unknown[]): Dim[] => dims.map((n) => (typeof n === "number" ? n : null));

/** Shapes component by component; one alone for one component. */
export function paddedShapesOf(given: unknown, n: number): readonly Shape[] | undefined {
  if (given === undefined) return undefined;
  if (n === 1 && isShape(given)) return [given];
  const list: Shape[] = [];
  const visit = (part: unknown): void => {
    if (isShape(part)) list.push(part);
    else for (const inner of Array.isArray(part) ? part : sortedValues(part)) visit(inner);
  };
  visit(given);
  return list;
}

const sortedValues = (record: unknown): unknown[] =>
  Object.entries(record as Record<string, unknown>)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, value]) => value);

export function paddedShape(spec: Spec, wanted: Shape | undefined): readonly Dim[] {
  const shape = wanted ?? spec.shape;
  if (shape === null)
    throw new ValueError("You must provide `padded_shapes` argument because component 0 has unknown rank.");
  if (spec.shape !== null && spec.shape.length !== shape.length)
    throw new ValueError(
      `The padded shape ${formatShapePython(shape)} is not compatible with the shape ${formatShapePython(spec.shape)} of the corresponding input component.`,
    );
  return shape;
}

/** What the datasets that a function gives hold. Throws TypeError where it gives none. */
export function elementsOf(output: Nested<Spec>, method: string): Nested<Spec> {
  const elements = (output as Spec).elements;
  if (!elements) throw new TypeError(`\`map_func\` must return a \`Dataset\` object in ${method}.`);
  return elements;
}

export interface PaddedBatchOptions {
  /** A shape for each component, null where the longest decides; by default the components' own. */
  readonly paddedShapes?: unknown;
  readonly paddingValues?: unknown;
  readonly dropRemainder?: boolean | undefined;
}
