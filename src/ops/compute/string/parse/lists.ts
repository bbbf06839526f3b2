/** The context and feature lists of SequenceExamples as tensors. Source: example_proto_fast_parsing.cc. */
import { int64 } from "../../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { elementCount, type FullShape, formatShape } from "../../../../core/shape.ts";
import { cppName } from "../../../../graph/def/node_text.ts";
import { decodeSequenceExample, type FeatureValue } from "../../../../io/example/example.ts";
import { emptyArray, integerArray } from "../../array/basic/elements.ts";
import { int64Vector } from "../../sparse/entries.ts";
import { escaped, stringsOf, toText } from "../bytes.ts";
import { parseRagged, parseSparse, type RaggedSpec, type Source, type SparseSpec, writeValues } from "./features.ts";

export interface SequenceSource extends Source {
  readonly lists: ReadonlyMap<string, readonly FeatureValue[]>;
}

/** A dense feature list: every step has values of one shape. */
export interface ListSpec extends SparseSpec {
  readonly shape: FullShape;
  readonly mayBeMissing: boolean;
}

export interface ContextSpec extends SparseSpec {
  readonly shape: FullShape;
  readonly byDefault: NdArray;
}

export interface SequenceSpecs {
  readonly sparse: readonly SparseSpec[];
  readonly dense: readonly ContextSpec[];
  readonly ragged: readonly RaggedSpec[];
  readonly listSparse: readonly SparseSpec[];
  readonly listDense: readonly ListSpec[];
  readonly listRagged: readonly RaggedSpec[];
}

export function sourcesOf(serialized: NdArray, names: NdArray): SequenceSource[] {
  return stringsOf(serialized).map((bytes, i) => {
    const name = names.size > 0 ? toText(stringsOf(names)[i]!) : "<unknown>";
    try {
      const { context, featureLists } = decodeSequenceExample(bytes);
      return { features: context, lists: featureLists, name };
    } catch {
      throw new InvalidArgumentError(`Could not parse example input, value: '${escaped(bytes)}'`);
    }
  });
}

type Values = Exclude<FeatureValue, { kind: "none" }>;

const kindOf: Readonly<Record<string, string>> = { float32: "float", int64: "int64", string: "bytes" };

/** The steps of a feature list; a step without values is null. */
function stepsOf(source: SequenceSource, spec: SparseSpec, i: number): (Values | null)[] {
  return (source.lists.get(spec.key) ?? []).map((step) => {
    if (step.kind === "none") return null;
    if (step.kind !== kindOf[spec.dtype.base]) {
      throw new InvalidArgumentError(
        `Name: ${source.name}, Feature list: ${spec.key}, Index: ${i}.  Data types don't match. Expected type: ${cppName(spec.dtype)}`,
      );
    }
    return step;
  });
}

function parseContextDense(sources: readonly SequenceSource[], spec: ContextSpec, isBatch: boolean): NdArray {
  const size = elementCount(spec.shape);
  const result = emptyArray(spec.dtype, isBatch ? [sources.length, ...spec.shape] : spec.shape);
  for (const [i, source] of sources.entries()) {
    const value = source.features.get(spec.key);
    if (value === undefined || value.kind === "none") {
      if (spec.byDefault.size !== size) {
        throw new InvalidArgumentError(
          `Inconsistent max number of elements for feature ${spec.key}: expected ${size}, but found ${spec.byDefault.size}`,
        );
      }
      for (let k = 0; k < size; k++) (result.data as unknown[])[i * size + k] = spec.byDefault.data[k];
      continue;
    }
    if (value.kind !== kindOf[spec.dtype.base]) {
      throw new InvalidArgumentError(
        `Name: ${source.name}, Context feature: ${spec.key}.  Data types don't match. Expected type: ${cppName(spec.dtype)}`,
      );
    }
    if (value.value.length !== size) {
      throw new InvalidArgumentError(
        `Inconsistent max number of elements for feature ${spec.key}: expected ${size}, but found ${value.value.length}`,
      );
    }
    writeValues(result, i * size, value);
  }
  return result;
}

/** [batch, longest, …shape] and each example's number of steps. */
function parseListDense(sources: readonly SequenceSource[], spec: ListSpec, isBatch: boolean): [NdArray, NdArray] {
  const size = elementCount(spec.shape);
  const all = sources.map((source, i) => {
    if (!source.lists.has(spec.key) && !spec.mayBeMissing) {
      throw new InvalidArgumentError(
        `Name: ${source.name}, Feature list '${spec.key}' is required but could not be found.  Did you mean to include it in feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?`,
      );
    }
    return stepsOf(source, spec, i);
  });
  const longest = all.reduce((most, steps) => Math.max(most, steps.length), 0);
  const result = emptyArray(spec.dtype, isBatch ? [sources.length, longest, ...spec.shape] : [longest, ...spec.shape]);
  for (const [i, steps] of all.entries()) {
    for (const [t, step] of steps.entries()) {
      const n = step?.value.length ?? 0;
      if (n !== size) {
        throw new InvalidArgumentError(
          `Name: ${sources[i]!.name}, Key: ${spec.key}, Index: ${t}.  Number of values != expected.  values size: ${n} but output shape: ${formatShape(spec.shape)}`,
        );
      }
      if (step) writeValues(result, (i * longest + t) * size, step);
    }
  }
  const lengths = int64Vector(all.map((steps) => steps.length));
  return [result, lengths];
}

function parseListSparse(
  sources: readonly SequenceSource[],
  spec: SparseSpec,
  isBatch: boolean,
): [NdArray, NdArray, NdArray] {
  const all = sources.map((source, i) => stepsOf(source, spec, i));
  const total = all.flat().reduce((sum, step) => sum + (step?.value.length ?? 0), 0);
  const values = emptyArray(spec.dtype, [total]);
  const coordinates: number[] = [];
  let place = 0;
  let [longest, widest] = [0, 0];
  for (const [row, steps] of all.entries()) {
    longest = Math.max(longest, steps.length);
    for (const [t, step] of steps.entries()) {
      const n = step ? writeValues(values, place, step) : 0;
      for (let i = 0; i < n; i++) isBatch ? coordinates.push(row, t, i) : coordinates.push(t, i);
      place += n;
      widest = Math.max(widest, n);
    }
  }
  const shape = isBatch ? [sources.length, longest, widest] : [longest, widest];
  return [integerArray(int64, coordinates, [total, shape.length]), values, int64Vector(shape)];
}

/** values, splits of the batch (none for one example) and splits of the steps. */
function parseListRagged(
  sources: readonly SequenceSource[],
  spec: RaggedSpec,
  isBatch: boolean,
): [NdArray, NdArray, NdArray] {
  const all = sources.map((source, i) => stepsOf(source, spec, i));
  const total = all.flat().reduce((sum, step) => sum + (step?.value.length ?? 0), 0);
  const values = emptyArray(spec.dtype, [total]);
  const [outer, inner] = [[0], [0]];
  let place = 0;
  for (const steps of all) {
    for (const step of steps) {
      if (step) place += writeValues(values, place, step);
      inner.push(place);
    }
    outer.push(inner.length - 1);
  }
  return [values, integerArray(spec.splits, isBatch ? outer : []), integerArray(spec.splits, inner)];
}

export interface Parsed {
  readonly sparse: readonly (readonly NdArray[])[];
  readonly dense: readonly NdArray[];
  readonly ragged: readonly (readonly NdArray[])[];
  readonly listSparse: readonly (readonly NdArray[])[];
  readonly listDense: readonly (readonly NdArray[])[];
  readonly listRagged: readonly (readonly NdArray[])[];
}

export function parseAll(sources: readonly SequenceSource[], specs: SequenceSpecs, isBatch: boolean): Parsed {
  const wording = { isBatch };
  return {
    dense: specs.dense.map((spec) => parseContextDense(sources, spec, isBatch)),
    sparse: specs.sparse.map((spec) => parseSparse(sources, spec, wording)),
    ragged: specs.ragged.map((spec) => parseRagged(sources, spec, wording)),
    listDense: specs.listDense.map((spec) => parseListDense(sources, spec, isBatch)),
    listSparse: specs.listSparse.map((spec) => parseListSparse(sources, spec, isBatch)),
    listRagged: specs.listRagged.map((spec) => parseListRagged(sources, spec, isBatch)),
  };
}
