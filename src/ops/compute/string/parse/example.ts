/** Examples as tensors: ParseExample, ParseExampleV2, ParseSingleExample. Source: parsing_ops.cc, example_parsing_ops.cc. */
import type { DType } from "../../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { type Dim, formatShape, isFull, type Shape } from "../../../../core/shape.ts";
import { decodeExample } from "../../../../io/example/example.ts";
import { defineOp } from "../../../define.ts";
import { escaped, stringsOf, toText } from "../bytes.ts";
import { parseUsual } from "./dense.ts";
import {
  type DenseSpec,
  parseDense,
  parseRagged,
  parseSparse,
  type RaggedSpec,
  type Source,
  type SparseSpec,
  type Wording,
} from "./features.ts";

/** The features of each serialized Example. Throws INVALID_ARGUMENT for bytes that are none. */
function sourcesOf(serialized: NdArray, names: NdArray | null): Source[] {
  return stringsOf(serialized).map((bytes, i) => {
    const name = names && names.size > 0 ? toText(stringsOf(names)[i]!) : "<unknown>";
    try {
      return { features: decodeExample(bytes), name };
    } catch {
      throw new InvalidArgumentError(`Could not parse example input, value: '${escaped(bytes)}'`);
    }
  });
}

/** Checks a default against its feature's shape. */
function checkDefault(d: number, byDefault: NdArray, shape: readonly Dim[], dtype: DType): void {
  if (byDefault.dtype !== dtype)
    throw new InvalidArgumentError(
      `dense_defaults[${d}].dtype() == ${byDefault.dtype.name} != dense_types_[${d}] == ${dtype.name}`,
    );
  if (shape[0] === null) {
    if (byDefault.size !== 1) {
      throw new InvalidArgumentError(
        `dense_shape[${d}] is a variable length shape: ${formatShape(shape)}, therefore def_value[${d}] must contain a single element (the padding element).  But its shape is: ${formatShape(byDefault.shape)}`,
      );
    }
    return;
  }
  if (byDefault.size > 0 && byDefault.shape.join() !== shape.join()) {
    throw new InvalidArgumentError(
      `def_value[${d}].shape() == ${formatShape(byDefault.shape)} is not compatible with dense_shapes_[${d}] == ${formatShape(shape)}`,
    );
  }
}

interface Specs {
  readonly sparse: readonly SparseSpec[];
  readonly dense: readonly DenseSpec[];
  readonly ragged: readonly RaggedSpec[];
}

function parse(serialized: NdArray, names: NdArray | null, specs: Specs, wording: Wording): NdArray[] {
  const isDense = specs.sparse.length === 0 && specs.ragged.length === 0;
  const usual = isDense ? parseUsual(stringsOf(serialized), specs.dense, wording.isBatch) : null;
  return usual ?? parseAll(sourcesOf(serialized, names), specs, wording);
}

function parseAll(sources: readonly Source[], specs: Specs, wording: Wording): NdArray[] {
  const dense = specs.dense.map((spec) => parseDense(sources, spec, wording));
  const sparse = specs.sparse.map((spec) => parseSparse(sources, spec, wording));
  const ragged = specs.ragged.map((spec) => parseRagged(sources, spec, wording));
  return [
    ...sparse.map(([indices]) => indices),
    ...sparse.map(([, values]) => values),
    ...sparse.map(([, , shape]) => shape),
    ...dense,
    ...ragged.map(([values]) => values),
    ...ragged.map(([, splits]) => splits),
  ];
}

const keysOf = (keys: NdArray): string[] => stringsOf(keys).map(toText);

interface DenseInputs {
  readonly Tdense: readonly DType[];
  readonly dense_shapes: readonly Shape[];
  readonly dense_defaults: readonly NdArray[];
}

function denseSpecs(keys: readonly string[], { Tdense, dense_shapes, dense_defaults }: DenseInputs): DenseSpec[] {
  return keys.map((key, d) => {
    const shape = dense_shapes[d]!;
    if (shape === null || !isFull(shape.slice(1)))
      throw new InvalidArgumentError(
        `dense_shapes[${d}] has unknown rank or unknown inner dimensions: ${formatShape(shape)}`,
      );
    checkDefault(d, dense_defaults[d]!, shape, Tdense[d]!);
    return { key, dtype: Tdense[d]!, shape, byDefault: dense_defaults[d]! };
  });
}

function checkNames(serialized: NdArray, names: NdArray): void {
  if (serialized.shape.length > 1)
    throw new InvalidArgumentError(
      `Expected serialized to be a scalar or vector, got shape: ${formatShape(serialized.shape)}`,
    );
  if (names.size > 0 && names.shape.join() !== serialized.shape.join()) {
    throw new InvalidArgumentError(`Expected len(names) == len(serialized), got ${names.size} vs. ${serialized.size}`);
  }
}

/** Static shapes of outputs: sparse ones by rank, dense ones behind the batch. */
function outputShapes(
  serialized: Shape,
  sparse: number,
  dense: readonly Shape[],
  ragged: { readonly values: number; readonly splits: number } = { values: 0, splits: 0 },
): Shape[] {
  const rank = serialized?.length ?? null;
  const matrix: Dim = rank === null ? null : rank + 1;
  const each = (n: number, shape: Shape): Shape[] => new Array<Shape>(n).fill(shape);
  const rows =
    serialized === null ? null : serialized.length === 0 ? 0 : serialized[0]! === null ? null : serialized[0]! + 1;
  return [
    ...each(sparse, [null, matrix]),
    ...each(sparse, [null]),
    ...each(sparse, [matrix]),
    ...dense.map((shape): Shape => {
      if (serialized === null || shape === null) return null;
      return [...serialized, ...shape];
    }),
    ...each(ragged.values, [null]),
    ...each(ragged.splits, [rows]),
  ];
}

/** Each key's feature over a batch of Examples, or of one alone (a scalar). */
export const parseExampleV2Op = defineOp("ParseExampleV2", {
  inputs: [
    "serialized: string",
    "names: string",
    "sparse_keys: string",
    "dense_keys: string",
    "ragged_keys: string",
    "dense_defaults: Tdense",
  ],
  outputs: [
    "sparse_indices: num_sparse * int64",
    "sparse_values: sparse_types",
    "sparse_shapes: num_sparse * int64",
    "dense_values: Tdense",
    "ragged_values: ragged_value_types",
    "ragged_row_splits: ragged_split_types",
  ],
  attrs: [
    "Tdense: list({float, int64, string}) >= 0",
    "num_sparse: int >= 0",
    "sparse_types: list({float, int64, string}) >= 0",
    "ragged_value_types: list({float, int64, string}) >= 0",
    "ragged_split_types: list({int32, int64}) >= 0",
    "dense_shapes: list(shape) >= 0",
  ],
  shape({ serialized, sparse_types, dense_shapes, ragged_value_types, ragged_split_types }) {
    if (serialized !== null && serialized.length > 1)
      throw invalidArgument(`Shape must be at most rank 1 but is rank ${serialized.length}`);
    return outputShapes(serialized, sparse_types.length, dense_shapes, {
      values: ragged_value_types.length,
      splits: ragged_split_types.length,
    });
  },
  compute(op) {
    checkNames(op.serialized, op.names);
    const ragged = keysOf(op.ragged_keys).map((key, i) => ({
      key,
      dtype: op.ragged_value_types[i]!,
      splits: op.ragged_split_types[i]!,
    }));
    const specs: Specs = {
      sparse: keysOf(op.sparse_keys).map((key, i) => ({ key, dtype: op.sparse_types[i]! })),
      dense: denseSpecs(keysOf(op.dense_keys), op),
      ragged,
    };
    return parse(op.serialized, op.names, specs, { isBatch: op.serialized.shape.length === 1 });
  },
  gradient: "unregistered",
});

const oneKey = (key: NdArray): string => toText(stringsOf(key)[0]!);

export const parseExampleOp = defineOp("ParseExample", {
  inputs: [
    "serialized: string",
    "names: string",
    "sparse_keys: Nsparse * string",
    "dense_keys: Ndense * string",
    "dense_defaults: Tdense",
  ],
  outputs: [
    "sparse_indices: Nsparse * int64",
    "sparse_values: sparse_types",
    "sparse_shapes: Nsparse * int64",
    "dense_values: Tdense",
  ],
  attrs: [
    "Nsparse: int >= 0",
    "Ndense: int >= 0",
    "sparse_types: list({float, int64, string}) >= 0",
    "Tdense: list({float, int64, string}) >= 0",
    "dense_shapes: list(shape) >= 0",
  ],
  shape: ({ serialized, sparse_types, dense_shapes }) =>
    outputShapes(serialized ?? [null], sparse_types.length, dense_shapes),
  compute(op) {
    checkNames(op.serialized, op.names);
    if (op.serialized.shape.length !== 1)
      throw new InvalidArgumentError(
        `Expected serialized to be a vector, got shape: ${formatShape(op.serialized.shape)}`,
      );
    const specs: Specs = {
      sparse: op.sparse_keys.map((key, i) => ({ key: oneKey(key), dtype: op.sparse_types[i]! })),
      dense: denseSpecs(op.dense_keys.map(oneKey), op),
      ragged: [],
    };
    return parse(op.serialized, op.names, specs, { isBatch: true });
  },
  gradient: "unregistered",
});

/** One Example; its keys are attrs. */
export const parseSingleExampleOp = defineOp("ParseSingleExample", {
  inputs: ["serialized: string", "dense_defaults: Tdense"],
  outputs: [
    "sparse_indices: num_sparse * int64",
    "sparse_values: sparse_types",
    "sparse_shapes: num_sparse * int64",
    "dense_values: Tdense",
  ],
  attrs: [
    "num_sparse: int >= 0",
    "sparse_keys: list(string) >= 0",
    "dense_keys: list(string) >= 0",
    "sparse_types: list({float, int64, string}) >= 0",
    "Tdense: list({float, int64, string}) >= 0",
    "dense_shapes: list(shape) >= 0",
  ],
  shape: ({ sparse_types, dense_shapes }) => outputShapes([], sparse_types.length, dense_shapes),
  compute(op) {
    if (op.serialized.shape.length !== 0)
      throw new InvalidArgumentError(
        `Expected serialized to be a scalar, got shape: ${formatShape(op.serialized.shape)}`,
      );
    const specs: Specs = {
      sparse: op.sparse_keys.map((key, i) => ({ key, dtype: op.sparse_types[i]! })),
      dense: denseSpecs(op.dense_keys, op),
      ragged: [],
    };
    return parse(op.serialized, null, specs, { isBatch: false });
  },
  gradient: "unregistered",
});
