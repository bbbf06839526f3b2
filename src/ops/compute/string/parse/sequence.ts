/** SequenceExamples as tensors: ParseSequenceExample(V2), ParseSingleSequenceExample. Source: parsing_ops.cc, example_proto_fast_parsing.cc. */
import type { DType } from "../../../../core/dtype.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import type { Dim, FullShape, Shape } from "../../../../core/shape.ts";
import { defineOp } from "../../../define.ts";
import { integerArray } from "../../array/basic/elements.ts";
import { stringsOf, toText } from "../bytes.ts";

import { type ContextSpec, parseAll, type SequenceSpecs, sourcesOf } from "./lists.ts";

/** The k-th part of each. */
const column = (rows: readonly (readonly NdArray[])[], k: number): NdArray[] => rows.map((row) => row[k]!);
const triples = (rows: readonly (readonly NdArray[])[]): NdArray[] => [
  ...column(rows, 0),
  ...column(rows, 1),
  ...column(rows, 2),
];

const repeat = (n: number, shape: Shape): Shape[] => new Array<Shape>(n).fill(shape);

function sparseShapes(n: number, rank: Dim): Shape[] {
  return [...repeat(n, [null, rank]), ...repeat(n, [null]), ...repeat(n, [rank])];
}

const plus = (rank: Dim, n: number): Dim => (rank === null ? null : rank + n);

/** Context and lists of a batch of SequenceExamples, or of one alone (a scalar). */
export const parseSequenceExampleV2Op = defineOp("ParseSequenceExampleV2", {
  inputs: [
    "serialized: string",
    "debug_name: string",
    "context_sparse_keys: string",
    "context_dense_keys: string",
    "context_ragged_keys: string",
    "feature_list_sparse_keys: string",
    "feature_list_dense_keys: string",
    "feature_list_ragged_keys: string",
    "feature_list_dense_missing_assumed_empty: bool",
    "context_dense_defaults: Tcontext_dense",
  ],
  outputs: [
    "context_sparse_indices: Ncontext_sparse * int64",
    "context_sparse_values: context_sparse_types",
    "context_sparse_shapes: Ncontext_sparse * int64",
    "context_dense_values: Tcontext_dense",
    "context_ragged_values: context_ragged_value_types",
    "context_ragged_row_splits: context_ragged_split_types",
    "feature_list_sparse_indices: Nfeature_list_sparse * int64",
    "feature_list_sparse_values: feature_list_sparse_types",
    "feature_list_sparse_shapes: Nfeature_list_sparse * int64",
    "feature_list_dense_values: feature_list_dense_types",
    "feature_list_dense_lengths: Nfeature_list_dense * int64",
    "feature_list_ragged_values: feature_list_ragged_value_types",
    "feature_list_ragged_outer_splits: feature_list_ragged_split_types",
    "feature_list_ragged_inner_splits: feature_list_ragged_split_types",
  ],
  attrs: [
    "Ncontext_sparse: int >= 0 = 0",
    "Tcontext_dense: list({float, int64, string}) >= 0 = []",
    "context_sparse_types: list({float, int64, string}) >= 0 = []",
    "context_ragged_value_types: list({float, int64, string}) >= 0 = []",
    "context_ragged_split_types: list({int32, int64}) >= 0 = []",
    "context_dense_shapes: list(shape) >= 0 = []",
    "Nfeature_list_sparse: int >= 0 = 0",
    "Nfeature_list_dense: int >= 0 = 0",
    "feature_list_dense_types: list({float, int64, string}) >= 0 = []",
    "feature_list_sparse_types: list({float, int64, string}) >= 0 = []",
    "feature_list_ragged_value_types: list({float, int64, string}) >= 0 = []",
    "feature_list_ragged_split_types: list({int32, int64}) >= 0 = []",
    "feature_list_dense_shapes: list(shape) >= 0 = []",
  ],
  shape(op) {
    const { serialized } = op;
    const rank: Dim = serialized?.length ?? null;
    const rows: Dim = serialized === null ? null : serialized.length === 0 ? 0 : plus(serialized[0]!, 1);
    const behind = (shape: Shape, steps: readonly Dim[]): Shape =>
      serialized === null || shape === null ? null : [...serialized, ...steps, ...shape];
    return [
      ...sparseShapes(op.context_sparse_types.length, plus(rank, 1)),
      ...op.context_dense_shapes.map((shape) => behind(shape, [])),
      ...repeat(op.context_ragged_value_types.length, [null]),
      ...repeat(op.context_ragged_split_types.length, [rows]),
      ...sparseShapes(op.feature_list_sparse_types.length, plus(rank, 2)),
      ...op.feature_list_dense_shapes.map((shape) => behind(shape, [null])),
      ...op.feature_list_dense_shapes.map(() => serialized),
      ...repeat(op.feature_list_ragged_value_types.length, [null]),
      ...repeat(op.feature_list_ragged_split_types.length, [rows]),
      ...repeat(op.feature_list_ragged_split_types.length, [null]),
    ];
  },
  compute(op) {
    const keys = (input: NdArray): string[] => stringsOf(input).map(toText);
    const isBatch = op.serialized.shape.length === 1;
    const specs: SequenceSpecs = {
      sparse: keys(op.context_sparse_keys).map((key, i) => ({ key, dtype: op.context_sparse_types[i]! })),
      dense: contextSpecs(keys(op.context_dense_keys), op),
      ragged: keys(op.context_ragged_keys).map((key, i) => ({
        key,
        dtype: op.context_ragged_value_types[i]!,
        splits: op.context_ragged_split_types[i]!,
      })),
      listSparse: keys(op.feature_list_sparse_keys).map((key, i) => ({ key, dtype: op.feature_list_sparse_types[i]! })),
      listDense: keys(op.feature_list_dense_keys).map((key, i) => ({
        key,
        dtype: op.feature_list_dense_types[i]!,
        shape: op.feature_list_dense_shapes[i] as FullShape,
        mayBeMissing: op.feature_list_dense_missing_assumed_empty.data[i] === 1,
      })),
      listRagged: keys(op.feature_list_ragged_keys).map((key, i) => ({
        key,
        dtype: op.feature_list_ragged_value_types[i]!,
        splits: op.feature_list_ragged_split_types[i]!,
      })),
    };
    const result = parseAll(sourcesOf(op.serialized, op.debug_name), specs, isBatch);
    const lengths = column(result.listDense, 1);
    return [
      ...triples(result.sparse),
      ...result.dense,
      ...column(result.ragged, 0),
      ...column(result.ragged, 1),
      ...triples(result.listSparse),
      ...column(result.listDense, 0),
      ...(isBatch ? lengths : lengths.map(scalarOf)),
      ...column(result.listRagged, 0),
      ...column(result.listRagged, 1),
      ...column(result.listRagged, 2),
    ];
  },
  gradient: "unregistered",
});

const scalarOf = (vector: NdArray): NdArray =>
  integerArray(vector.dtype, Array.from(vector.data as BigInt64Array, Number), []);

interface ContextInputs {
  readonly Tcontext_dense: readonly DType[];
  readonly context_dense_shapes: readonly Shape[];
  readonly context_dense_defaults: readonly NdArray[];
}

const contextSpecs = (keys: readonly string[], op: ContextInputs): ContextSpec[] =>
  keys.map((key, i) => ({
    key,
    dtype: op.Tcontext_dense[i]!,
    shape: op.context_dense_shapes[i] as FullShape,
    byDefault: op.context_dense_defaults[i]!,
  }));

interface ListAttrs extends ContextInputs {
  readonly context_sparse_types: readonly DType[];
  readonly feature_list_sparse_types: readonly DType[];
  readonly feature_list_dense_types: readonly DType[];
  readonly feature_list_dense_shapes: readonly Shape[];
}

interface SequenceKeys {
  readonly sparse: readonly string[];
  readonly dense: readonly string[];
  readonly listSparse: readonly string[];
  readonly listDense: readonly string[];
  readonly mayBeMissing: readonly string[];
}

const specsOf = (op: ListAttrs, keys: SequenceKeys): SequenceSpecs => ({
  sparse: keys.sparse.map((key, i) => ({ key, dtype: op.context_sparse_types[i]! })),
  dense: contextSpecs(keys.dense, op),
  ragged: [],
  listSparse: keys.listSparse.map((key, i) => ({ key, dtype: op.feature_list_sparse_types[i]! })),
  listDense: keys.listDense.map((key, i) => ({
    key,
    dtype: op.feature_list_dense_types[i]!,
    shape: op.feature_list_dense_shapes[i] as FullShape,
    mayBeMissing: keys.mayBeMissing.includes(key),
  })),
  listRagged: [],
});

export const parseSequenceExampleOp = defineOp("ParseSequenceExample", {
  inputs: ["serialized: string", "debug_name: string", "context_dense_defaults: Tcontext_dense"],
  outputs: [
    "context_sparse_indices: Ncontext_sparse * int64",
    "context_sparse_values: context_sparse_types",
    "context_sparse_shapes: Ncontext_sparse * int64",
    "context_dense_values: Tcontext_dense",
    "feature_list_sparse_indices: Nfeature_list_sparse * int64",
    "feature_list_sparse_values: feature_list_sparse_types",
    "feature_list_sparse_shapes: Nfeature_list_sparse * int64",
    "feature_list_dense_values: feature_list_dense_types",
    "feature_list_dense_lengths: Nfeature_list_dense * int64",
  ],
  attrs: [
    "feature_list_dense_missing_assumed_empty: list(string) >= 0",
    "context_sparse_keys: list(string) >= 0",
    "context_dense_keys: list(string) >= 0",
    "feature_list_sparse_keys: list(string) >= 0",
    "feature_list_dense_keys: list(string) >= 0",
    "Ncontext_sparse: int >= 0 = 0",
    "Ncontext_dense: int >= 0 = 0",
    "Nfeature_list_sparse: int >= 0 = 0",
    "Nfeature_list_dense: int >= 0 = 0",
    "context_sparse_types: list({float, int64, string}) >= 0 = []",
    "Tcontext_dense: list({float, int64, string}) >= 0 = []",
    "feature_list_dense_types: list({float, int64, string}) >= 0 = []",
    "context_dense_shapes: list(shape) >= 0 = []",
    "feature_list_sparse_types: list({float, int64, string}) >= 0 = []",
    "feature_list_dense_shapes: list(shape) >= 0 = []",
  ],
  shape(op) {
    const batch: Dim = op.serialized?.[0] ?? null;
    return [
      ...sparseShapes(op.context_sparse_types.length, 2),
      ...op.context_dense_shapes.map((shape): Shape => shape && [batch, ...shape]),
      ...sparseShapes(op.feature_list_sparse_types.length, 3),
      ...op.feature_list_dense_shapes.map((shape): Shape => shape && [batch, null, ...shape]),
      ...op.feature_list_dense_shapes.map((): Shape => [batch]),
    ];
  },
  compute(op) {
    const specs = specsOf(op, {
      sparse: op.context_sparse_keys,
      dense: op.context_dense_keys,
      listSparse: op.feature_list_sparse_keys,
      listDense: op.feature_list_dense_keys,
      mayBeMissing: op.feature_list_dense_missing_assumed_empty,
    });
    const result = parseAll(sourcesOf(op.serialized, op.debug_name), specs, true);
    return [
      ...triples(result.sparse),
      ...result.dense,
      ...triples(result.listSparse),
      ...column(result.listDense, 0),
      ...column(result.listDense, 1),
    ];
  },
  gradient: "unregistered",
});

/** One SequenceExample; its keys are inputs. */
export const parseSingleSequenceExampleOp = defineOp("ParseSingleSequenceExample", {
  inputs: [
    "serialized: string",
    "feature_list_dense_missing_assumed_empty: string",
    "context_sparse_keys: Ncontext_sparse * string",
    "context_dense_keys: Ncontext_dense * string",
    "feature_list_sparse_keys: Nfeature_list_sparse * string",
    "feature_list_dense_keys: Nfeature_list_dense * string",
    "context_dense_defaults: Tcontext_dense",
    "debug_name: string",
  ],
  outputs: [
    "context_sparse_indices: Ncontext_sparse * int64",
    "context_sparse_values: context_sparse_types",
    "context_sparse_shapes: Ncontext_sparse * int64",
    "context_dense_values: Tcontext_dense",
    "feature_list_sparse_indices: Nfeature_list_sparse * int64",
    "feature_list_sparse_values: feature_list_sparse_types",
    "feature_list_sparse_shapes: Nfeature_list_sparse * int64",
    "feature_list_dense_values: feature_list_dense_types",
  ],
  attrs: [
    "Ncontext_sparse: int >= 0 = 0",
    "Ncontext_dense: int >= 0 = 0",
    "Nfeature_list_sparse: int >= 0 = 0",
    "Nfeature_list_dense: int >= 0 = 0",
    "context_sparse_types: list({float, int64, string}) >= 0 = []",
    "Tcontext_dense: list({float, int64, string}) >= 0 = []",
    "feature_list_dense_types: list({float, int64, string}) >= 0 = []",
    "context_dense_shapes: list(shape) >= 0 = []",
    "feature_list_sparse_types: list({float, int64, string}) >= 0 = []",
    "feature_list_dense_shapes: list(shape) >= 0 = []",
  ],
  shape: (op) => [
    ...sparseShapes(op.context_sparse_types.length, 1),
    ...op.context_dense_shapes,
    ...sparseShapes(op.feature_list_sparse_types.length, 2),
    ...op.feature_list_dense_shapes.map((shape): Shape => shape && [null, ...shape]),
  ],
  compute(op) {
    const one = (key: NdArray): string => toText(stringsOf(key)[0]!);
    const specs = specsOf(op, {
      sparse: op.context_sparse_keys.map(one),
      dense: op.context_dense_keys.map(one),
      listSparse: op.feature_list_sparse_keys.map(one),
      listDense: op.feature_list_dense_keys.map(one),
      mayBeMissing: stringsOf(op.feature_list_dense_missing_assumed_empty).map(toText),
    });
    const result = parseAll(sourcesOf(op.serialized, op.debug_name), specs, false);
    return [...triples(result.sparse), ...result.dense, ...triples(result.listSparse), ...column(result.listDense, 0)];
  },
  gradient: "unregistered",
});
