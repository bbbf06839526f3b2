/**
 * Features of many Examples as tensors: dense ones stacked, sparse ones with coordinates, ragged ones with row splits.
 * Source: example_proto_fast_parsing.cc, example_parser_configuration.h.
 */
import { type DType, int64 } from "../../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { type Dim, elementCount, type FullShape, formatShape, type Shape } from "../../../../core/shape.ts";
import { cppName } from "../../../../graph/def/node_text.ts";
import type { FeatureValue } from "../../../../io/example/example.ts";
import { copyElements, emptyArray, integerArray } from "../../array/basic/elements.ts";
import { int64Vector } from "../../sparse/entries.ts";

export interface SparseSpec {
  readonly key: string;
  readonly dtype: DType;
}

export interface RaggedSpec extends SparseSpec {
  readonly splits: DType;
}

/** A dense feature; the first dimension is null when every example has its own length. */
export interface DenseSpec extends SparseSpec {
  readonly shape: readonly Dim[];
  /** The value of a missing feature: of the feature's shape, one element to pad with, or none. */
  readonly byDefault: NdArray;
}

/** The features of one example, and how messages name it. */
export interface Source {
  readonly features: ReadonlyMap<string, FeatureValue>;
  readonly name: string;
}

type Values = Exclude<FeatureValue, { kind: "none" }>;

const kindOf: Readonly<Record<string, string>> = { float32: "float", int64: "int64", string: "bytes" };
const dtypeOfKind: Readonly<Record<string, string>> = { float: "float", int64: "int64", bytes: "string" };

/** Messages speak of `Name: n, Key: k, Index: i.` in batches, of `Key: k.` alone for one example. */
export interface Wording {
  readonly isBatch: boolean;
}

const at = (source: Source, key: string, i: number, { isBatch }: Wording): string =>
  isBatch ? `Name: ${source.name}, Key: ${key}, Index: ${i}.` : `Key: ${key}.`;

function valuesOf(source: Source, spec: SparseSpec): Values | null {
  const value = source.features.get(spec.key);
  return value === undefined || value.kind === "none" ? null : value;
}

/** The feature's values, null when it is missing. Throws INVALID_ARGUMENT for another kind. */
function sparseValues(source: Source, spec: SparseSpec, i: number, wording: Wording): Values | null {
  const values = valuesOf(source, spec);
  if (values && values.kind !== kindOf[spec.dtype.base]) {
    throw new InvalidArgumentError(
      `${at(source, spec.key, i, wording)}  Data types don't match. Expected type: ${cppName(spec.dtype)}, Actual type: ${dtypeOfKind[values.kind]}`,
    );
  }
  return values;
}

/** Writes the values from a place on; returns how many. */
export function writeValues(target: NdArray, from: number, values: Values): number {
  const { data } = target;
  const n = values.value.length;
  if (values.kind === "bytes") for (let i = 0; i < n; i++) (data as Uint8Array[])[from + i] = values.value[i]!;
  else if (values.kind === "int64")
    for (let i = 0; i < n; i++) (data as BigInt64Array)[from + i] = BigInt(values.value[i]!);
  else for (let i = 0; i < n; i++) (data as Float32Array)[from + i] = values.value[i]!;
  return n;
}

/** indices, values, shape of one feature over all examples. */
export function parseSparse(
  sources: readonly Source[],
  spec: SparseSpec,
  wording: Wording,
): [NdArray, NdArray, NdArray] {
  const all = sources.map((source, i) => sparseValues(source, spec, i, wording));
  const total = all.reduce((sum, values) => sum + (values?.value.length ?? 0), 0);
  const joined = emptyArray(spec.dtype, [total]);
  const coordinates: number[] = [];
  let place = 0;
  let widest = 0;
  for (const [row, values] of all.entries()) {
    if (!values) continue;
    const n = writeValues(joined, place, values);
    for (let i = 0; i < n; i++) wording.isBatch ? coordinates.push(row, i) : coordinates.push(i);
    place += n;
    widest = Math.max(widest, n);
  }
  const rank = wording.isBatch ? 2 : 1;
  return [
    integerArray(int64, coordinates, [total, rank]),
    joined,
    int64Vector(wording.isBatch ? [sources.length, widest] : [widest]),
  ];
}

/** values and row splits of one feature; no splits for one example alone. */
export function parseRagged(sources: readonly Source[], spec: RaggedSpec, wording: Wording): [NdArray, NdArray] {
  const all = sources.map((source, i) => sparseValues(source, spec, i, wording));
  const total = all.reduce((sum, values) => sum + (values?.value.length ?? 0), 0);
  const joined = emptyArray(spec.dtype, [total]);
  const splits = [0];
  let place = 0;
  for (const values of all) {
    if (values) place += writeValues(joined, place, values);
    splits.push(place);
  }
  return [joined, integerArray(spec.splits, wording.isBatch ? splits : [])];
}

/** A feature of every example stacked: [batch, …shape], or [batch, longest, …shape] with padding. */
export function parseDense(sources: readonly Source[], spec: DenseSpec, wording: Wording): NdArray {
  return spec.shape[0] === null ? parseVariable(sources, spec, wording) : parseFixed(sources, spec, wording);
}

function denseValues(source: Source, spec: DenseSpec, i: number, wording: Wording): Values | null {
  const values = valuesOf(source, spec);
  if (values && values.kind !== kindOf[spec.dtype.base]) {
    throw new InvalidArgumentError(
      `${at(source, spec.key, i, wording)}  Data types don't match. Data type: ${dtypeOfKind[values.kind]} but expected type: ${cppName(spec.dtype)}`,
    );
  }
  return values;
}

function parseFixed(sources: readonly Source[], spec: DenseSpec, wording: Wording): NdArray {
  const shape = spec.shape as FullShape;
  const size = elementCount(shape);
  const result = emptyArray(spec.dtype, wording.isBatch ? [sources.length, ...shape] : shape);
  for (const [i, source] of sources.entries()) {
    const values = denseValues(source, spec, i, wording);
    if (!values) {
      if (spec.byDefault.size === 0 && size > 0) {
        const who = wording.isBatch ? `Name: ${source.name}, ` : "";
        throw new InvalidArgumentError(
          `${who}Feature: ${spec.key} (data type: ${cppName(spec.dtype)}) is required but could not be found.`,
        );
      }
      copyElements(spec.dtype, spec.byDefault.data, 0, result.data, i * size, size);
      continue;
    }
    if (values.value.length !== size) {
      throw new InvalidArgumentError(
        wording.isBatch
          ? `${at(source, spec.key, i, wording)}  Number of ${values.kind} values != expected.  Values size: ${values.value.length} but output shape: ${formatShape(shape)}`
          : `${at(source, spec.key, i, wording)}  Can't parse serialized Example: Some ${values.kind}_list slice was not parsed.`,
      );
    }
    writeValues(result, i * size, values);
  }
  return result;
}

function parseVariable(sources: readonly Source[], spec: DenseSpec, wording: Wording): NdArray {
  const inner = spec.shape.slice(1) as FullShape;
  const stride = elementCount(inner);
  const all = sources.map((source, i) => {
    const values = denseValues(source, spec, i, wording);
    if (values && values.value.length % stride !== 0) {
      throw new InvalidArgumentError(
        wording.isBatch
          ? `${at(source, spec.key, i, wording)}  Number of ${values.kind} values is not a multiple of stride length. Saw ${values.value.length} values but output shape is: ${formatShape(spec.shape as Shape)}`
          : `Error while parsing feature with key ${spec.key}: number of elements should be divisible by ${stride}, found ${values.value.length} instead`,
      );
    }
    return values;
  });
  const longest = all.reduce((most, values) => Math.max(most, (values?.value.length ?? 0) / stride), 0);
  const result = emptyArray(spec.dtype, wording.isBatch ? [sources.length, longest, ...inner] : [longest, ...inner]);
  for (let k = 0; k < result.size; k++) copyElements(spec.dtype, spec.byDefault.data, 0, result.data, k, 1);
  for (const [i, values] of all.entries()) if (values) writeValues(result, i * longest * stride, values);
  return result;
}
