/**
 * Elements of datasets as nested values: lists and records (keys in alphabetical order) around components. A component is a tensor, or a
 * dataset (a window). A list of plain numbers or strings is one component; a list that holds tensors, arrays or records is a structure.
 * Source: nest.py, structure.py
 */
import type { DType } from "../../core/dtype.ts";
import { variant } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { compatible, formatShapePython, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { isSymbolic } from "../../ops/convert.ts";

// biome-ignore lint/suspicious/noExplicitAny: what an element is follows from the program
export type Any = any;

/** What is known of a component. */
export interface Spec {
  readonly dtype: DType;
  readonly shape: Shape;
  /** The elements, where the component is a dataset. */
  readonly elements?: Nested<Spec>;
}

export type Nested<T> = T | readonly Nested<T>[] | { readonly [key: string]: Nested<T> };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Is a list one component: numbers, strings and lists of them alone? */
const isPlain = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.every(isPlain)
    : typeof value !== "object" || value === null || value instanceof Uint8Array;

const hasParts = (value: unknown): boolean =>
  (Array.isArray(value) && !isPlain(value)) || (isRecord(value) && !isSymbolic(value));

/** The components in order. */
export function flatten(value: unknown): unknown[] {
  if (!hasParts(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(flatten);
  const record = value as Record<string, unknown>;
  return Object.keys(record)
    .sort()
    .flatMap((key) => flatten(record[key]));
}

/** A value of the same form with other components. */
export function packAs<T>(like: unknown, components: readonly T[]): Nested<T> {
  let at = 0;
  const pack = (part: unknown): Nested<T> => {
    if (!hasParts(part)) return components[at++]!;
    if (Array.isArray(part)) return part.map(pack);
    const record = part as Record<string, unknown>;
    const packed = new Map(
      Object.keys(record)
        .sort()
        .map((key) => [key, pack(record[key])]),
    );
    return Object.fromEntries(Object.keys(record).map((key) => [key, packed.get(key)!]));
  };
  return pack(like);
}

const isSpec = (value: unknown): value is Spec =>
  typeof value === "object" && value !== null && "dtype" in value && "shape" in value;

/** As `flatten`, where components are specs. */
export function specsOf(structure: Nested<Spec>): Spec[] {
  if (isSpec(structure)) return [structure];
  if (Array.isArray(structure)) return structure.flatMap(specsOf);
  const record = structure as { readonly [key: string]: Nested<Spec> };
  return Object.keys(record)
    .sort()
    .flatMap((key) => specsOf(record[key]!));
}

/** A value of the form of specs with other components. */
export function mapSpecs<T>(structure: Nested<Spec>, change: (spec: Spec, i: number) => T): Nested<T> {
  let at = 0;
  const visit = (part: Nested<Spec>): Nested<T> => {
    if (isSpec(part)) return change(part, at++);
    if (Array.isArray(part)) return part.map(visit);
    const record = part as { readonly [key: string]: Nested<Spec> };
    const packed = new Map(
      Object.keys(record)
        .sort()
        .map((key) => [key, visit(record[key]!)]),
    );
    return Object.fromEntries(Object.keys(record).map((key) => [key, packed.get(key)!]));
  };
  return visit(structure);
}

/** The attrs that say what elements are. */
export const attrsOf = (structure: Nested<Spec>): { output_types: DType[]; output_shapes: Shape[] } => {
  const specs = specsOf(structure);
  return { output_types: specs.map((spec) => spec.dtype), output_shapes: specs.map((spec) => spec.shape) };
};

/** A dataset as a component. */
export const datasetSpec = (elements: Nested<Spec>): Spec => ({ dtype: variant, shape: [], elements });

export const specOf = (tensor: Tensor): Spec => ({ dtype: tensor.dtype.baseDtype, shape: tensor.shape });

/** The arguments that a function gets for an element: a list is spread. */
export const argumentsOf = (element: Any): Any[] => (Array.isArray(element) ? element : [element]);

/** The most specific structure that is true of both. Throws TypeError's relatives in Python's words where dtypes differ. */
export function commonSpecs(a: Nested<Spec>, b: Nested<Spec>): Nested<Spec> {
  const others = specsOf(b);
  return mapSpecs(a, (spec, i) => {
    const other = others[i]!;
    const shape =
      spec.shape === null || other.shape === null || spec.shape.length !== other.shape.length
        ? null
        : spec.shape.map((n, d) => (n === other.shape![d] ? n : null));
    return { ...spec, shape };
  });
}

/** Types and shapes given apart, in one form. Shapes are unknown where none are given. */
export function structureOf(types: Nested<DType>, shapes: unknown): Nested<Spec> {
  if (types !== null && typeof types === "object" && "base" in types) {
    const dtype = types as DType;
    return { dtype: dtype.baseDtype, shape: (shapes ?? null) as Shape };
  }
  if (Array.isArray(types)) return types.map((type, i) => structureOf(type, (shapes as unknown[] | undefined)?.[i]));
  const record = types as { readonly [key: string]: Nested<DType> };
  return Object.fromEntries(
    Object.entries(record).map(([key, type]) => [key, structureOf(type, (shapes as Record<string, unknown>)?.[key])]),
  );
}

/** Throws ValueError when elements of one form cannot be those of another. */
export function checkCompatible(wanted: Nested<Spec>, given: Nested<Spec>): void {
  const [a, b] = [specsOf(wanted), specsOf(given)];
  const fits =
    a.length === b.length && a.every((spec, i) => spec.dtype === b[i]!.dtype && compatible(spec.shape, b[i]!.shape));
  if (fits) return;
  const text = (specs: readonly Spec[]): string =>
    specs.map((spec) => `${spec.dtype} ${formatShapePython(spec.shape)}`).join(", ");
  throw new ValueError(`The dataset's elements (${text(b)}) are not compatible with the iterator's (${text(a)}).`);
}
