/**
 * Elements of datasets as nested values: lists and records (keys in alphabetical order) around components. A list of plain numbers or
 * strings is one component; a list that holds tensors, arrays or records is a structure. Source: nest.py, structure.py
 */
import type { DType } from "../../core/dtype.ts";
import { compatible, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { plainShape } from "../../graph/tensor_shape.ts";
import { isSymbolic } from "../../ops/convert.ts";
import { SparseTensor } from "../../ops/index.ts";
import { DatasetSpec } from "../tensors/composite_specs.ts";
import { SparseTensorSpec, TypeSpec } from "../tensors/specs.ts";
import {
  asTypeSpec,
  boxed,
  boxedRows,
  carried,
  kindOf,
  normalized,
  type Spec,
  specOf,
  unboxed,
  withShape,
} from "./element/component.ts";

export type { Spec } from "./element/component.ts";

// biome-ignore lint/suspicious/noExplicitAny: what an element is follows from the program
export type Any = any;

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

/** A structure with other leaves: visited with records by their sorted keys, but left in the records' own order. */
function mapped<T>(part: unknown, isLeaf: (part: unknown) => boolean, change: (leaf: unknown) => T): Nested<T> {
  if (isLeaf(part)) return change(part);
  if (Array.isArray(part)) return part.map((each) => mapped(each, isLeaf, change));
  const record = part as Record<string, unknown>;
  const packed = new Map(
    Object.keys(record)
      .sort()
      .map((key) => [key, mapped(record[key], isLeaf, change)]),
  );
  return Object.fromEntries(Object.keys(record).map((key) => [key, packed.get(key)!]));
}

/** A value of the same form with other components. */
export function packAs<T>(like: unknown, components: readonly T[]): Nested<T> {
  let at = 0;
  return mapped(
    like,
    (part) => !hasParts(part),
    () => components[at++]!,
  );
}

const isSpec = (value: unknown): value is Spec =>
  value instanceof TypeSpec ||
  (typeof value === "object" && value !== null && isDtype((value as Partial<Spec>).dtype) && "shape" in value);

const isDtype = (value: unknown): boolean => typeof (value as DType | undefined)?.repr === "function";

/** As `flatten`, where components are specs. */
export function specsOf(structure: Nested<Spec>): Spec[] {
  const found: Spec[] = [];
  mapped(structure, isSpec, (spec) => found.push(spec as Spec));
  return found;
}

/** A value of the form of specs with other components. */
export function mapSpecs<T>(structure: Nested<Spec>, change: (spec: Spec, i: number) => T): Nested<T> {
  let at = 0;
  return mapped(structure, isSpec, (spec) => change(spec as Spec, at++));
}

/** The attrs that say what elements are. */
export const attrsOf = (structure: Nested<Spec>): { output_types: DType[]; output_shapes: Shape[] } => {
  const specs = specsOf(structure).map(carried);
  return { output_types: specs.map((spec) => spec.dtype), output_shapes: specs.map((spec) => spec.shape) };
};

/** The specs as objects of their classes. */
export const typeSpecs = (structure: Nested<Spec>): Nested<Spec & TypeSpec> => mapSpecs(structure, asTypeSpec);

/** A dataset as a component. */
export const datasetSpec = (elements: Nested<Spec>): Spec => new DatasetSpec(typeSpecs(elements));

/** The elements where the component is a dataset. */
export const elementsIn = (spec: Nested<Spec>): Nested<Spec> | undefined =>
  spec instanceof DatasetSpec ? (spec.elementSpec as Nested<Spec>) : undefined;

/** An element ready for use: its components, in order, and its form. */
export interface Element {
  readonly values: readonly unknown[];
  readonly specs: Nested<Spec>;
}

/** The components of an element, in order, as tensors and what else travels as one. Throws TypeError where one cannot. */
export function elementFrom(element: unknown): Element {
  const values = getDefaultGraph().nameScope("normalize_element", () =>
    flatten(element).map((part, i) => normalized(part, `component_${i}`)),
  );
  return { values, specs: packAs(element, values.map(specOf)) as Nested<Spec> };
}

/** Components as the tensors that they travel as. */
export const tensorsOf = (values: readonly unknown[]): Tensor[] => values.map((value) => boxed(value));
export const rowTensorsOf = (values: readonly unknown[], specs: Nested<Spec>): Tensor[] => {
  const flat = specsOf(specs);
  return values.map((value, i) => boxedRows(value, flat[i]!));
};

/** Flat tensors as an element of these specs. */
export const elementOf = (specs: Nested<Spec>, tensors: readonly Tensor[]): Any =>
  mapSpecs(specs, (spec, i) => unboxed(spec, tensors[i]!));

/** The arguments that a function gets for an element: a list is spread. */
export const argumentsOf = (element: Any): Any[] => (Array.isArray(element) ? element : [element]);

/** The most specific structure that is true of both. */
export function commonSpecs(a: Nested<Spec>, b: Nested<Spec>): Nested<Spec> {
  const others = specsOf(b);
  return mapSpecs(a, (spec, i) => {
    const other = others[i]!;
    const shape =
      spec.shape === null || other.shape === null || spec.shape.length !== other.shape.length
        ? null
        : spec.shape.map((n, d) => (n === other.shape![d] ? n : null));
    return withShape(spec, shape);
  });
}

/** Types, shapes and classes given apart, in one form. Shapes are unknown where none are given. */
export function structureOf(types: Nested<DType>, shapes: unknown, kinds?: unknown): Nested<Spec> {
  if (types instanceof TypeSpec) return types as unknown as Spec;
  if (types !== null && typeof types === "object" && "base" in types) {
    const dtype = (types as DType).baseDtype;
    const shape = plainShape((shapes ?? null) as Shape);
    return kinds === SparseTensor ? (new SparseTensorSpec(shape, dtype) as Spec) : { dtype, shape };
  }
  const at = (from: unknown, key: string | number): unknown =>
    (from as Record<string | number, unknown> | undefined)?.[key];
  if (Array.isArray(types)) return types.map((type, i) => structureOf(type, at(shapes, i), at(kinds, i)));
  const record = types as { readonly [key: string]: Nested<DType> };
  return Object.fromEntries(
    Object.entries(record).map(([key, type]) => [key, structureOf(type, at(shapes, key), at(kinds, key))]),
  );
}

/** Are elements of one form also of the other? */
export function fits(wanted: Nested<Spec>, given: Nested<Spec>): boolean {
  const [a, b] = [specsOf(wanted), specsOf(given)];
  const isSame = (spec: Spec, other: Spec | undefined): boolean =>
    other !== undefined &&
    kindOf(spec) === kindOf(other) &&
    spec.dtype === other.dtype &&
    compatible(spec.shape, other.shape);
  return a.length === b.length && a.every((spec, i) => isSame(spec, b[i]));
}
