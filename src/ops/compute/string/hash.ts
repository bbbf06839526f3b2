/** Strings to bucket numbers. Source: string_to_hash_bucket_op.cc, string_to_hash_bucket_fast_op.h. */

import { int64, uint8 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { elementCount, formatShape, withRank, withRankAtLeast } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { type Name, type Named, nameOf } from "../array/basic/names.ts";
import { stringsOf, toText } from "./bytes.ts";
import { fingerprint64, hash64, sipHash } from "./fingerprint.ts";

function buckets(input: NdArray, count: number, hash: (bytes: Uint8Array) => bigint): NdArray {
  const n = BigInt(count);
  return new NdArray(
    int64,
    input.shape,
    BigInt64Array.from(stringsOf(input), (bytes) => hash(bytes) % n),
  );
}

/** output = FarmHash's fingerprint modulo num_buckets. */
export const stringToHashBucketFastOp = defineOp("StringToHashBucketFast", {
  inputs: ["input: string"],
  outputs: ["output: int64"],
  attrs: ["num_buckets: int >= 1"],
  shape: ({ input }) => [input],
  compute: ({ input, num_buckets }) => buckets(input, num_buckets, fingerprint64),
  gradient: "none",
});

/** output = a keyed hash (SipHash-2-4) modulo num_buckets; the key is two numbers. */
export const stringToHashBucketStrongOp = defineOp("StringToHashBucketStrong", {
  inputs: ["input: string"],
  outputs: ["output: int64"],
  attrs: ["num_buckets: int >= 1", "key: list(int)"],
  shape: ({ input }) => [input],
  compute({ input, num_buckets, key }) {
    if (key.length !== 2) throw new InvalidArgumentError("Key must have 2 elements");
    const words: [bigint, bigint] = [BigInt(key[0]!), BigInt(key[1]!)];
    return buckets(input, num_buckets, (bytes) => sipHash(bytes, words));
  },
  gradient: "none",
});

export const stringToHashBucketOp = defineOp("StringToHashBucket", {
  inputs: ["string_tensor: string"],
  outputs: ["output: int64"],
  attrs: ["num_buckets: int >= 1"],
  shape: ({ string_tensor }) => [string_tensor],
  compute: ({ string_tensor, num_buckets }) => buckets(string_tensor, num_buckets, hash64),
  gradient: "none",
});

/** fingerprint: uint8 [batch, 8], FarmHash of each entry's bytes. Source: fingerprint_op.cc. */
export const fingerprintOp = defineOp("Fingerprint", {
  inputs: ["data: T", "method: string"],
  outputs: ["fingerprint: uint8"],
  attrs: ["T: type"],
  shape({ data, method }, context) {
    withRankAtLeast(data, 1);
    withRank(method, 0);
    return [[data?.[0] ?? null, context.value("method") ? 8 : null]];
  },
  compute({ data, method }) {
    const name = toText(stringsOf(method)[0]!);
    if (name !== "farmhash64") throw new InvalidArgumentError(`Unsupported fingerprint method: ${name}`);
    if (data.shape.length < 1)
      throw new InvalidArgumentError(`Data shape must have at least one dimension, got ${formatShape(data.shape)}`);
    const rows = data.shape[0]!;
    const size = rows === 0 ? 0 : elementCount(data.shape) / rows;
    const out = new DataView(new ArrayBuffer(8 * rows));
    for (let row = 0; row < rows; row++) out.setBigUint64(8 * row, fingerprint64(rowBytes(data, row, size)), true);
    return new NdArray(uint8, [rows, 8], new Uint8Array(out.buffer));
  },
  gradient: "unregistered",
});

/** The bytes of a row; of strings, one alone is hashed itself, several by their fingerprints. */
function rowBytes(data: NdArray, row: number, size: number): Uint8Array {
  if (ArrayBuffer.isView(data.data)) {
    const width = (data.data.byteLength / Math.max(1, elementCount(data.shape))) * size;
    return new Uint8Array(data.data.buffer, data.data.byteOffset + row * width, width);
  }
  const strings = stringsOf(data).slice(row * size, (row + 1) * size);
  if (data.shape.length === 1) return strings[0]!;
  const words = new DataView(new ArrayBuffer(8 * strings.length));
  for (const [i, bytes] of strings.entries()) words.setBigUint64(8 * i, fingerprint64(bytes), true);
  return new Uint8Array(words.buffer);
}

/** A number from 0 up to numBuckets for each string, int64, by FarmHash. */
export const stringToHashBucketFast = byKeyword(
  ["input", "numBuckets"],
  function stringToHashBucketFast(input: TensorLike, numBuckets: number, name?: Name): Tensor {
    return stringToHashBucketFastOp({ input, num_buckets: numBuckets }, nameOf(name));
  },
);

/** A number from 0 up to numBuckets for each string, int64, by SipHash with a key of two numbers. */
export const stringToHashBucketStrong = byKeyword(
  ["input", "numBuckets", "key"],
  function stringToHashBucketStrong(
    input: TensorLike,
    numBuckets: number,
    key: readonly number[],
    name?: Name,
  ): Tensor {
    return stringToHashBucketStrongOp({ input, num_buckets: numBuckets, key }, nameOf(name));
  },
);

const stringToHashBucketPlaces = ["name"] as const;

/** A number from 0 up to numBuckets for each string, int64. */
export const stringToHashBucket = (
  input: TensorLike,
  numBuckets: number,
  ...rest: Rest<Named, typeof stringToHashBucketPlaces>
): Tensor => {
  const options = byName<Named>(rest, stringToHashBucketPlaces);
  return stringToHashBucketOp({ string_tensor: input, num_buckets: numBuckets }, options.name);
};

type FingerprintOptions = { readonly method?: TensorLike } & Named;
const fingerprintPlaces = ["method", "name"] as const;

/** Eight bytes, [rows, 8] uint8, that stand for each row of data. */
export const fingerprint = (data: TensorLike, ...rest: Rest<FingerprintOptions, typeof fingerprintPlaces>): Tensor => {
  const options = byName<FingerprintOptions>(rest, fingerprintPlaces);
  return fingerprintOp({ data, method: options.method ?? "farmhash64" }, options.name);
};
