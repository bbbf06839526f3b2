/** Sparse tensors as strings, and kept in the session under handles. Source: serialize_sparse_op.cc, deserialize_sparse_string_op.cc, sparse_tensors_map_ops.cc. */

import { type DType, int64, variant } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { formatShape, rowMajorStrides, withRank } from "../../../core/shape.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import type { SparseTensor as SparseParts } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { copyElements, emptyArray, takeRows } from "../array/basic/elements.ts";
import type { Named } from "../array/basic/names.ts";
import { stringArray, stringsOf } from "../string/bytes.ts";
import { parsed, serialized } from "../string/raw.ts";
import { checkParts, coordinate, entriesOf, indexMatrix, int64Vector, shapeOfArray } from "./entries.ts";
import { type SparseLike, SparseTensor, toSparse } from "./tensor.ts";

/** One sparse value: coordinates [n, rank], values [n], shape [rank]. */
interface Stored {
  readonly indices: NdArray;
  readonly values: NdArray;
  readonly shape: NdArray;
}

const sparseInputs = ["sparse_indices: int64", "sparse_values: T", "sparse_shape: int64"] as const;
const sparseOutputs = ["sparse_indices: int64", "sparse_values: dtype", "sparse_shape: int64"] as const;

const bytesOf = ({ indices, values, shape }: Stored): Uint8Array[] => [
  serialized(indices),
  serialized(values),
  serialized(shape),
];

/** The slices of a sparse tensor along its first axis. */
function slices(indices: NdArray, values: NdArray, shape: NdArray): Stored[] {
  checkParts(indices, values, shape);
  const dims = shapeOfArray(shape);
  if (dims.length < 2)
    throw new InvalidArgumentError(`Rank of input SparseTensor should be > 1, but saw rank: ${dims.length}`);
  const entries = entriesOf(indices);
  const rows: number[][] = Array.from({ length: dims[0]! }, () => []);
  for (let i = 0; i < entries.n; i++) {
    const row = coordinate(entries, i, 0);
    if (row < 0 || row >= rows.length)
      throw new InvalidArgumentError(
        `Received unexpected column 0 value in input SparseTensor: ${row} < 0 (or >= ${rows.length})`,
      );
    rows[row]!.push(i);
  }
  const rest = int64Vector(dims.slice(1));
  return rows.map((list) => ({
    indices: indexMatrix(
      list.flatMap((i) => Array.from({ length: entries.rank - 1 }, (_, d) => coordinate(entries, i, d + 1))),
      entries.rank - 1,
    ),
    values: takeRows(values, list, 1, [list.length]),
    shape: rest,
  }));
}

/** Sparse tensors of one rank as one with further axes in front, whose sizes are `lead`. Shapes are widened to the largest. */
function stacked(parts: readonly Stored[], lead: readonly number[], dtype: DType): NdArray[] {
  const rank = parts[0] ? parts[0].shape.size : 0;
  const sizes = new Array<number>(rank).fill(0);
  const coordinates: number[] = [];
  let total = 0;
  const strides = rowMajorStrides(lead);
  for (const [k, part] of parts.entries()) {
    const own = shapeOfArray(part.shape);
    if (own.length !== rank)
      throw new InvalidArgumentError(
        `Inconsistent shape across SparseTensors: rank prior to SparseTensor[${k}] was: ${rank} but rank of SparseTensor[${k}] is: ${own.length}`,
      );
    for (const [d, n] of own.entries()) sizes[d] = Math.max(sizes[d]!, n);
    const entries = entriesOf(part.indices);
    const place = strides.map((stride, d) => Math.floor(k / stride) % lead[d]!);
    for (let i = 0; i < entries.n; i++) {
      coordinates.push(...place);
      for (let d = 0; d < rank; d++) coordinates.push(coordinate(entries, i, d));
    }
    total += entries.n;
  }
  const values = emptyArray(dtype, [total]);
  let at = 0;
  for (const part of parts) {
    copyElements(dtype, part.values.data, 0, values.data, at, part.values.size);
    at += part.values.size;
  }
  const matrix = indexMatrix(coordinates, lead.length + rank);
  return [
    new NdArray(matrix.dtype, [total, lead.length + rank], matrix.data),
    values,
    int64Vector([...lead, ...sizes]),
  ];
}

function readStored(strings: readonly Uint8Array[], dtype: DType): Stored {
  const [indices, values, shape] = [parsed(strings[0]!, int64), parsed(strings[1]!, dtype), parsed(strings[2]!, int64)];
  checkParts(indices, values, shape);
  return { indices, values, shape };
}

/** The tensors of sparse tensors themselves, three each, where variants hold them. */
const variantsOf = (lead: readonly number[], parts: readonly Stored[]): NdArray =>
  new NdArray(
    variant,
    [...lead, 3],
    parts.map(kept).flatMap(({ indices, values, shape }) => [indices, values, shape]) as never,
  );

function heldParts(array: NdArray, dtype: DType): Stored[] {
  const held = array.data as unknown as readonly NdArray[];
  return Array.from({ length: held.length / 3 }, (_, k) => {
    const [indices, values, shape] = held.slice(3 * k, 3 * k + 3);
    if (
      !(indices instanceof NdArray && values instanceof NdArray && shape instanceof NdArray) ||
      values.dtype !== dtype
    )
      throw new InvalidArgumentError("Could not get a tensor from serialized_sparse");
    return { indices, values, shape };
  });
}

/** serialized_sparse: [3] strings, the messages of indices, values and shape. */
export const serializeSparseOp = defineOp("SerializeSparse", {
  inputs: sparseInputs,
  outputs: ["serialized_sparse: out_type"],
  attrs: ["T: type", "out_type: {string, variant} = DT_STRING"],
  shape({ sparse_indices, sparse_values, sparse_shape }) {
    withRank(sparse_indices, 2);
    withRank(sparse_values, 1);
    withRank(sparse_shape, 1);
    return [[3]];
  },
  compute({ sparse_indices, sparse_values, sparse_shape, out_type }) {
    checkParts(sparse_indices, sparse_values, sparse_shape);
    if (out_type === variant)
      return variantsOf([], [{ indices: sparse_indices, values: sparse_values, shape: sparse_shape }]);
    return stringArray([3], bytesOf({ indices: sparse_indices, values: sparse_values, shape: sparse_shape }));
  },
  gradient: "unregistered",
});

/** serialized_sparse: [batch, 3], one row for each slice along the first axis. */
export const serializeManySparseOp = defineOp("SerializeManySparse", {
  inputs: sparseInputs,
  outputs: ["serialized_sparse: out_type"],
  attrs: ["T: type", "out_type: {string, variant} = DT_STRING"],
  shape({ sparse_indices, sparse_values, sparse_shape }) {
    withRank(sparse_indices, 2);
    withRank(sparse_values, 1);
    withRank(sparse_shape, 1);
    return [[null, 3]];
  },
  compute({ sparse_indices, sparse_values, sparse_shape, out_type }) {
    const rows = slices(sparse_indices, sparse_values, sparse_shape);
    if (out_type === variant) return variantsOf([rows.length], rows);
    return stringArray([rows.length, 3], rows.flatMap(bytesOf));
  },
  gradient: "unregistered",
});

/** The sparse tensors of the last axis's three strings, stacked along the axes before. */
export const deserializeSparseOp = defineOp("DeserializeSparse", {
  inputs: ["serialized_sparse: Tserialized"],
  outputs: sparseOutputs,
  attrs: ["dtype: type", "Tserialized: {string, variant} = DT_STRING"],
  shape: () => [[null, null], [null], [null]],
  compute({ serialized_sparse, dtype }) {
    const { shape } = serialized_sparse;
    if (shape.at(-1) !== 3)
      throw new InvalidArgumentError(`Serialized sparse should have 3 as the last dimension ${formatShape(shape)}`);
    if (serialized_sparse.dtype === variant)
      return stacked(heldParts(serialized_sparse, dtype), shape.slice(0, -1), dtype);
    const strings = stringsOf(serialized_sparse);
    const parts = Array.from({ length: strings.length / 3 }, (_, k) =>
      readStored(strings.slice(3 * k, 3 * k + 3), dtype),
    );
    return stacked(parts, shape.slice(0, -1), dtype);
  },
  gradient: "unregistered",
});

export const deserializeManySparseOp = defineOp("DeserializeManySparse", {
  inputs: ["serialized_sparse: string"],
  outputs: sparseOutputs,
  attrs: ["dtype: type"],
  shape({ serialized_sparse }) {
    const columns = withRank(serialized_sparse, 2)[1];
    if (columns !== null && columns !== 3) throw new InvalidArgumentError(`Dimension must be 3 but is ${columns}`);
    return [[null, null], [null], [null]];
  },
  compute({ serialized_sparse, dtype }) {
    const { shape } = serialized_sparse;
    if (shape.length !== 2)
      throw new InvalidArgumentError(`Serialized sparse should be a matrix but received shape ${formatShape(shape)}`);
    if (shape[1] !== 3)
      throw new InvalidArgumentError(
        `Serialized sparse should have 3 columns but received shape ${formatShape(shape)}`,
      );
    const strings = stringsOf(serialized_sparse);
    const parts = Array.from({ length: shape[0]! }, (_, k) => readStored(strings.slice(3 * k, 3 * k + 3), dtype));
    return stacked(parts, [shape[0]!], dtype);
  },
  gradient: "unregistered",
});

/** Sparse tensors of a session by handle. */
class SparseTensorsMap {
  readonly #stored = new Map<bigint, Stored>();
  #next = 0n;

  add(part: Stored): bigint {
    this.#stored.set(this.#next, part);
    return this.#next++;
  }

  take(handle: bigint): Stored {
    const part = this.#stored.get(handle);
    if (!part) throw new InvalidArgumentError(`Unable to find SparseTensor: ${handle} in map`);
    this.#stored.delete(handle);
    return part;
  }
}

function mapOf(
  op: { readonly container: string; readonly shared_name: string },
  context: ComputeContext,
): SparseTensorsMap {
  const name = op.shared_name || context.node.name;
  return context.makeResource({ container: op.container, name, create: () => new SparseTensorsMap() }).resource;
}

/** What stays after the run that gave the arrays. */
const kept = (part: Stored): Stored => ({
  indices: copied(part.indices),
  values: copied(part.values),
  shape: copied(part.shape),
});
const copied = (array: NdArray): NdArray =>
  new NdArray(array.dtype, array.shape, array.data.slice() as NdArray["data"]);

const mapAttrs = ["T: type", "container: string = ''", "shared_name: string = ''"] as const;

/** Keeps the sparse tensor; its handle. */
export const addSparseToTensorsMapOp = defineOp("AddSparseToTensorsMap", {
  inputs: sparseInputs,
  outputs: ["sparse_handle: int64"],
  attrs: mapAttrs,
  stateful: true,
  shape: () => [[]],
  compute(op, context) {
    checkParts(op.sparse_indices, op.sparse_values, op.sparse_shape);
    const handle = mapOf(op, context).add(
      kept({ indices: op.sparse_indices, values: op.sparse_values, shape: op.sparse_shape }),
    );
    return new NdArray(int64, [], BigInt64Array.of(handle));
  },
  gradient: "unregistered",
});

/** Keeps each slice along the first axis; their handles. */
export const addManySparseToTensorsMapOp = defineOp("AddManySparseToTensorsMap", {
  inputs: sparseInputs,
  outputs: ["sparse_handles: int64"],
  attrs: mapAttrs,
  stateful: true,
  shape: () => [[null]],
  compute(op, context) {
    const map = mapOf(op, context);
    const handles = slices(op.sparse_indices, op.sparse_values, op.sparse_shape).map((part) => map.add(kept(part)));
    return new NdArray(int64, [handles.length], BigInt64Array.from(handles));
  },
  gradient: "unregistered",
});

/** The sparse tensors behind handles, stacked along a new first axis; they are kept no longer. */
export const takeManySparseFromTensorsMapOp = defineOp("TakeManySparseFromTensorsMap", {
  inputs: ["sparse_handles: int64"],
  outputs: sparseOutputs,
  attrs: ["dtype: type", "container: string = ''", "shared_name: string = ''"],
  stateful: true,
  shape: () => [[null, null], [null], [null]],
  compute(op, context) {
    const map = mapOf(op, context);
    if (op.sparse_handles.shape.length !== 1)
      throw new InvalidArgumentError(
        `sparse_handles should be a vector but received shape ${formatShape(op.sparse_handles.shape)}`,
      );
    const parts = Array.from(op.sparse_handles.data as BigInt64Array, (handle) => map.take(handle));
    return stacked(parts, [parts.length], op.dtype);
  },
  gradient: "unregistered",
});

const recordOf = (input: SparseLike) => {
  const sparse = toSparse(input);
  return { sparse_indices: sparse.indices, sparse_values: sparse.values, sparse_shape: sparse.denseShape };
};

/** A sparse tensor as a vector of three strings. */
export const serializeSparse = (input: SparseLike, ...rest: Rest<Named, typeof serializeManySparsePlaces>): Tensor => {
  const options = byName<Named>(rest, serializeManySparsePlaces);
  return serializeSparseOp(recordOf(input), options.name);
};

const serializeManySparsePlaces = ["name"] as const;

/** Each slice along the first axis as a row of three strings. */
export const serializeManySparse = (
  input: SparseLike,
  ...rest: Rest<Named, typeof serializeManySparsePlaces>
): Tensor => {
  const options = byName<Named>(rest, serializeManySparsePlaces);
  return serializeManySparseOp(recordOf(input), options.name);
};

type DeserializeManySparseOptions = { readonly rank?: number | null } & Named;
const deserializeManySparsePlaces = ["rank", "name"] as const;

/** The sparse tensors of rows of three strings, stacked. */
export const deserializeManySparse = byKeyword(
  ["serializedSparse", "dtype"],
  function deserializeManySparse(
    serializedSparse: TensorLike,
    dtype: DType,
    ...rest: Rest<DeserializeManySparseOptions, typeof deserializeManySparsePlaces>
  ): SparseParts {
    const options = byName<DeserializeManySparseOptions>(rest, deserializeManySparsePlaces);
    const { sparse_indices, sparse_values, sparse_shape } = deserializeManySparseOp(
      { serialized_sparse: serializedSparse, dtype },
      options.name,
    );
    sparse_indices.setShape([null, options.rank ?? null]);
    sparse_shape.setShape([options.rank ?? null]);
    return new SparseTensor({ indices: sparse_indices, values: sparse_values, denseShape: sparse_shape });
  },
);
