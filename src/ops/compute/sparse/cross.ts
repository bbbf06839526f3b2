/** Crossed features: every combination of one feature from each column. Source: sparse_cross_op.cc, sparse_ops.py. */

import { int64, string } from "../../../core/dtype.ts";
import { InvalidArgumentError, TypeError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { Shape } from "../../../core/shape.ts";
import type { SparseTensor as SparseParts } from "../../../graph/sparse_tensor.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byName, type Rest } from "../../options.ts";
import { toNumbers } from "../array/basic/elements.ts";
import type { Named } from "../array/basic/names.ts";
import { joinBytes, stringArray, stringsOf, toBytes } from "../string/bytes.ts";
import { fingerprint64, fingerprintCat64, sipHash } from "../string/fingerprint.ts";
import { entriesOf, indexMatrix, int64Vector } from "./entries.ts";
import { isSparse, SparseTensor } from "./tensor.ts";

/** The features of one column, batch entry by batch entry, as positions in its values. */
interface Column {
  readonly values: NdArray;
  readonly isSparse: boolean;
  readonly rows: readonly (readonly number[])[];
}

interface CrossInputs {
  readonly indices: readonly NdArray[];
  readonly values: readonly NdArray[];
  readonly shapes: readonly NdArray[];
  readonly dense_inputs: readonly NdArray[];
}

function columnsOf({ indices, values, shapes, dense_inputs }: CrossInputs): { columns: Column[]; batch: number } {
  const batch = shapes.length ? toNumbers(shapes[0]!)[0]! : dense_inputs.length ? dense_inputs[0]!.shape[0]! : 0;
  const columns: Column[] = [];
  for (const [k, matrix] of indices.entries()) {
    const entries = entriesOf(matrix);
    if (entries.rank !== 2)
      throw new InvalidArgumentError(`Expected D2 of index to be 2 got ${entries.rank} at position ${k}`);
    if (toNumbers(shapes[k]!)[0] !== batch)
      throw new InvalidArgumentError(`Expected batch size ${batch} got ${toNumbers(shapes[k]!)[0]} at position ${k}`);
    const rows: number[][] = Array.from({ length: batch }, () => []);
    for (let i = 0; i < entries.n; i++) {
      const row = entries.coordinates[2 * i]!;
      if (row < 0 || row >= batch) throw new InvalidArgumentError(`Index out of range: row ${row} of batch ${batch}`);
      rows[row]!.push(i);
    }
    columns.push({ values: values[k]!, isSparse: true, rows });
  }
  for (const [k, dense] of dense_inputs.entries()) {
    if (dense.shape.length !== 2)
      throw new InvalidArgumentError(
        `Dense inputs should be a matrix but received shape [${dense.shape.join(",")}] at position ${k}`,
      );
    if (dense.shape[0] !== batch)
      throw new InvalidArgumentError(`Expected batch size ${batch} got ${dense.shape[0]} at dense tensor ${k}`);
    const width = dense.shape[1]!;
    columns.push({
      values: dense,
      isSparse: false,
      rows: Array.from({ length: batch }, (_, row) => Array.from({ length: width }, (_, i) => row * width + i)),
    });
  }
  return { columns, batch };
}

/** All combinations of a batch entry, the last column changing fastest. */
function combinations(columns: readonly Column[], row: number): number[][] {
  let result: number[][] = [[]];
  for (const column of columns) result = result.flatMap((head) => column.rows[row]!.map((i) => [...head, i]));
  return result;
}

interface Crossed<T> {
  readonly coordinates: number[];
  readonly values: T[];
  readonly shape: readonly [number, number];
}

function crossAll<T>(inputs: CrossInputs, make: (columns: readonly Column[], at: readonly number[]) => T): Crossed<T> {
  const { columns, batch } = columnsOf(inputs);
  const coordinates: number[] = [];
  const values: T[] = [];
  let widest = 0;
  for (let row = 0; row < batch; row++) {
    const all = columns.length ? combinations(columns, row) : [];
    for (const [i, at] of all.entries()) {
      coordinates.push(row, i);
      values.push(make(columns, at));
    }
    widest = Math.max(widest, all.length);
  }
  return { coordinates, values, shape: [batch, widest] };
}

const textAt = (values: NdArray, i: number): Uint8Array =>
  values.dtype.base === "string" ? stringsOf(values)[i]! : toBytes(String(values.data[i]));

const joined =
  (separator: Uint8Array) =>
  (columns: readonly Column[], at: readonly number[]): Uint8Array =>
    joinBytes(
      at.map((i, k) => textAt(columns[k]!.values, i)),
      separator,
    );

type Hash = (bytes: Uint8Array) => bigint;

const maxInt64 = (1n << 63n) - 1n;

const inBuckets = (fingerprint: bigint, buckets: number): bigint =>
  fingerprint % (buckets > 0 ? BigInt(buckets) : maxInt64);

/** Fingerprints of the features, one after the other on top of the key. Integers count as they are. */
const hashed =
  (key: bigint, buckets: number) =>
  (columns: readonly Column[], at: readonly number[]): bigint => {
    let result = BigInt.asUintN(64, key);
    for (const [k, i] of at.entries()) {
      const { values } = columns[k]!;
      const feature =
        values.dtype.base === "string"
          ? fingerprint64(stringsOf(values)[i]!)
          : BigInt.asUintN(64, values.data[i] as bigint);
      result = fingerprintCat64(result, feature);
    }
    return inBuckets(result, buckets);
  };

/** The four low bytes of an integer: what TensorFlow hashes of integers in sparse columns. */
function lowBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, Number(BigInt.asUintN(32, value)), true);
  return bytes;
}

/** As `hashed` without a key: the first feature begins. Integers are hashed in sparse columns and count as they are in dense ones. */
const salted =
  (buckets: number, hash: Hash) =>
  (columns: readonly Column[], at: readonly number[]): bigint => {
    const features = at.map((i, k) => {
      const { values, isSparse: isHashed } = columns[k]!;
      if (values.dtype.base === "string") return hash(stringsOf(values)[i]!);
      const value = values.data[i] as bigint;
      return isHashed ? hash(lowBytes(value)) : BigInt.asUintN(64, value);
    });
    return inBuckets(features.reduce(fingerprintCat64), buckets);
  };

const stringOutputs = ({ coordinates, values, shape }: Crossed<Uint8Array>): NdArray[] => [
  indexMatrix(coordinates, 2),
  stringArray([values.length], values),
  int64Vector(shape),
];

const numberOutputs = ({ coordinates, values, shape }: Crossed<bigint>): NdArray[] => [
  indexMatrix(coordinates, 2),
  new NdArray(int64, [values.length], BigInt64Array.from(values)),
  int64Vector(shape),
];

const crossShape = (): Shape[] => [[null, 2], [null], [2]];

/** Crossed features, as text joined by "_X_" or hashed into buckets. */
export const sparseCrossOp = defineOp("SparseCross", {
  inputs: ["indices: N * int64", "values: sparse_types", "shapes: N * int64", "dense_inputs: dense_types"],
  outputs: ["output_indices: int64", "output_values: out_type", "output_shape: int64"],
  attrs: [
    "N: int >= 0",
    "hashed_output: bool",
    "num_buckets: int >= 0",
    "hash_key: int",
    "sparse_types: list({int64, string}) >= 0",
    "dense_types: list({int64, string}) >= 0",
    "out_type: {int64, string}",
    "internal_type: {int64, string}",
  ],
  shape: crossShape,
  compute({ hashed_output, num_buckets, hash_key, ...inputs }) {
    if (hashed_output) return numberOutputs(crossAll(inputs, hashed(BigInt(hash_key), num_buckets)));
    return stringOutputs(crossAll(inputs, joined(toBytes("_X_"))));
  },
  gradient: "unregistered",
});

/** Crossed features as text, joined by `sep`. */
export const sparseCrossV2Op = defineOp("SparseCrossV2", {
  inputs: [
    "indices: N * int64",
    "values: sparse_types",
    "shapes: N * int64",
    "dense_inputs: dense_types",
    "sep: string",
  ],
  outputs: ["output_indices: int64", "output_values: string", "output_shape: int64"],
  attrs: ["N: int >= 0", "sparse_types: list({int64, string}) >= 0", "dense_types: list({int64, string}) >= 0"],
  shape: crossShape,
  compute: ({ sep, ...inputs }) => stringOutputs(crossAll(inputs, joined(stringsOf(sep)[0]!))),
  gradient: "unregistered",
});

/** Crossed features hashed into buckets, with a salt. */
export const sparseCrossHashedOp = defineOp("SparseCrossHashed", {
  inputs: [
    "indices: N * int64",
    "values: sparse_types",
    "shapes: N * int64",
    "dense_inputs: dense_types",
    "num_buckets: int64",
    "strong_hash: bool",
    "salt: int64",
  ],
  outputs: ["output_indices: int64", "output_values: int64", "output_shape: int64"],
  attrs: ["N: int >= 0", "sparse_types: list({int64, string}) >= 0", "dense_types: list({int64, string}) >= 0"],
  shape: crossShape,
  compute({ num_buckets, strong_hash, salt, ...inputs }) {
    const key: [bigint, bigint] = [salt.data[0] as bigint, salt.data[1] as bigint];
    const hash = strong_hash.data[0] ? (bytes: Uint8Array) => sipHash(bytes, key) : fingerprint64;
    return numberOutputs(crossAll(inputs, salted(Number(num_buckets.data[0]), hash)));
  },
  gradient: "unregistered",
});

/** The key that Python gives when none is asked for. */
const defaultHashKey = 956888297470;

interface Parted {
  readonly indices: Tensor[];
  readonly values: Tensor[];
  readonly shapes: Tensor[];
  readonly dense_inputs: Tensor[];
}

/** Sparse and dense inputs apart; numbers become int64. */
function parted(inputs: readonly (SparseParts | Tensor)[]): Parted {
  if (!inputs.every((input) => isSparse(input) || input instanceof Tensor))
    throw new TypeError("All inputs must be Tensor or SparseTensor.");
  const sparse = inputs.filter(isSparse);
  const dense = inputs.filter((input): input is Tensor => input instanceof Tensor);
  const wide = (x: Tensor): Tensor => (x.dtype.baseDtype === string ? x : ops.cast(x, int64));
  return {
    indices: sparse.map((input) => input.indices),
    shapes: sparse.map((input) => input.denseShape),
    values: sparse.map((input) => wide(input.values)),
    dense_inputs: dense.map(wide),
  };
}

type SparseCrossOptions = { readonly separator?: TensorLike } & Named;
const sparseCrossPlaces = ["name", "separator"] as const;

/** Every combination of one feature from each input, joined as text. */
export function sparseCross(
  inputs: readonly (SparseParts | Tensor)[],
  ...rest: Rest<SparseCrossOptions, typeof sparseCrossPlaces>
): SparseParts {
  const options = byName<SparseCrossOptions>(rest, sparseCrossPlaces);
  const sep = convertToTensor(options.separator ?? "_X_");
  const { output_indices, output_values, output_shape } = sparseCrossV2Op({ ...parted(inputs), sep }, options.name);
  return new SparseTensor({ indices: output_indices, values: output_values, denseShape: output_shape });
}

type SparseCrossHashedOptions = { readonly numBuckets?: number; readonly hashKey?: number | null } & Named;
const sparseCrossHashedPlaces = ["numBuckets", "hashKey", "name"] as const;

/** Every combination of one feature from each input, hashed. */
export function sparseCrossHashed(
  inputs: readonly (SparseParts | Tensor)[],
  ...rest: Rest<SparseCrossHashedOptions, typeof sparseCrossHashedPlaces>
): SparseParts {
  const options = byName<SparseCrossHashedOptions>(rest, sparseCrossHashedPlaces);
  const parts = parted(inputs);
  const isNumeric = [...parts.values, ...parts.dense_inputs].some((x) => x.dtype.baseDtype !== string);
  const { output_indices, output_values, output_shape } = sparseCrossOp(
    {
      ...parts,
      hashed_output: true,
      num_buckets: options.numBuckets ?? 0,
      hash_key: options.hashKey || defaultHashKey,
      out_type: int64,
      internal_type: isNumeric ? int64 : string,
    },
    options.name,
  );
  return new SparseTensor({ indices: output_indices, values: output_values, denseShape: output_shape });
}
