/** The usual case of parsing, without an object for any feature: dense features of fixed sizes that every Example has. */
import { OpError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { elementCount, type FullShape, isFull } from "../../../../core/shape.ts";
import { ExampleScanner } from "../../../../io/example/scanner.ts";
import { emptyArray } from "../../array/basic/elements.ts";
import type { DenseSpec } from "./features.ts";

/** Scanners that were used last: each knows what the last Example was like. */
const scanners: { readonly keys: readonly string[]; readonly scanner: ExampleScanner }[] = [];
const scannersMax = 8;

/** The scanner for these features. Records that come one by one would else each make one. */
function scannerOf(specs: readonly DenseSpec[]): ExampleScanner {
  for (const { keys, scanner } of scanners) {
    if (keys.length === specs.length && specs.every((spec, i) => spec.key === keys[i])) return scanner;
  }
  const keys = specs.map((spec) => spec.key);
  const scanner = new ExampleScanner(keys);
  if (scanners.length === scannersMax) scanners.shift();
  scanners.push({ keys, scanner });
  return scanner;
}

/** The features of each Example stacked (of the one Example alone without `isBatch`); null where an Example is not as usual. */
export function parseUsual(
  serialized: readonly Uint8Array[],
  specs: readonly DenseSpec[],
  isBatch: boolean,
): NdArray[] | null {
  if (!specs.every((spec) => isFull(spec.shape))) return null;
  const scanner = scannerOf(specs);
  const sizes = specs.map((spec) => elementCount(spec.shape as FullShape));
  const results = specs.map(({ dtype, shape }) =>
    emptyArray(dtype, isBatch ? [serialized.length, ...(shape as FullShape)] : (shape as FullShape)),
  );
  try {
    for (const [row, bytes] of serialized.entries()) {
      scanner.scan(bytes);
      for (let i = 0; i < specs.length; i++) {
        if (scanner.count(i) !== sizes[i]) return null;
        if (!copy(scanner, i, results[i]!, row * sizes[i]!)) return null;
      }
    }
  } catch (error) {
    if (error instanceof OpError) return null;
    throw error;
  } finally {
    scanner.letGo();
  }
  return results;
}

/** False when the feature is of another kind. */
function copy(scanner: ExampleScanner, i: number, { dtype, data }: NdArray, at: number): boolean {
  const kind = scanner.kind(i);
  if (dtype.base === "float32" && kind === "float") scanner.floatsInto(i, data as Float32Array, at);
  else if (dtype.base === "int64" && kind === "int64") scanner.int64sInto(i, data as BigInt64Array, at);
  else if (dtype.base === "string" && kind === "bytes") {
    const values = scanner.bytes(i);
    for (let k = 0; k < values.length; k++) (data as Uint8Array[])[at + k] = values[k]!;
  } else return false;
  return true;
}
