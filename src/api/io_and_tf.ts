/** Names of tf.io and tf. Written by scripts/api.mjs. */
export { parseExample, parseSingleExample } from "../build/parsing/example.ts";
export { FixedLenFeature, FixedLenSequenceFeature, SparseFeature, VarLenFeature } from "../build/parsing/features.ts";
export { parseSingleSequenceExample } from "../build/parsing/sequence.ts";
export { deserializeManySparse, serializeManySparse, serializeSparse } from "../ops/compute/sparse/serialize.ts";
export { decodeCsv } from "../ops/compute/string/csv.ts";
export { decodeBase64, encodeBase64 } from "../ops/compute/string/join.ts";
export { decodeJsonExample } from "../ops/compute/string/parse/json.ts";
export { decodeCompressed, decodeRaw, parseTensor, serializeTensor } from "../ops/compute/string/raw.ts";
export { matchingFiles, readFile, writeFile } from "../ops/host/file/ops.ts";
