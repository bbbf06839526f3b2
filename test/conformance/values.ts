/** Values of the goldens: their JSON form as NdArrays, and comparison within tolerance. The format: the oracle's README. */
import { createHash } from "node:crypto";
import { dtypeOf } from "../../src/core/dtype.ts";
import { allocateElements, elementAt, NdArray, setElement } from "../../src/core/nd_array.ts";
import { elementCount } from "../../src/core/shape.ts";

export interface GoldenValue {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values?: readonly unknown[];
  readonly sha256?: string;
  readonly first?: readonly unknown[];
  readonly last?: readonly unknown[];
  readonly sample?: { readonly index: readonly number[]; readonly values: readonly unknown[] };
}

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

const words: Record<string, number> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

export const bytesOf = (value: unknown): Uint8Array =>
  typeof value === "string"
    ? new TextEncoder().encode(value)
    : new Uint8Array(Buffer.from((value as { b64: string }).b64, "base64"));

function plain(value: unknown, dtype: string): unknown {
  if (dtype === "string") return bytesOf(value);
  if (dtype === "int64" || dtype === "uint64") return BigInt(value as string);
  if (Array.isArray(value)) return value.map((part) => plain(part, "float32"));
  return typeof value === "string" ? (words[value] ?? Number(value)) : value;
}

export function toArray(golden: GoldenValue): NdArray {
  const dtype = dtypeOf(golden.dtype);
  const data = allocateElements(dtype, elementCount(golden.shape));
  for (const [i, value] of golden.values!.entries()) setElement(dtype, data, i, plain(value, golden.dtype));
  return new NdArray(dtype, golden.shape, data);
}

function isClose(got: unknown, want: unknown, dtype: string, tol: Tolerance): boolean {
  if (dtype === "string") return Buffer.from(got as Uint8Array).equals(Buffer.from(want as Uint8Array));
  if (Array.isArray(want)) return want.every((part, i) => isClose((got as number[])[i], part, "float32", tol));
  if (typeof want === "bigint" || typeof got === "bigint") return BigInt(got as bigint) === BigInt(want as bigint);
  if (typeof want === "boolean") return got === want;
  const g = got as number;
  const w = want as number;
  if (Number.isNaN(w)) return Number.isNaN(g);
  if (!Number.isFinite(w)) return g === w;
  if (!/float|complex/.test(dtype)) return g === w;
  return Math.abs(g - w) <= tol.atol + tol.rtol * Math.abs(w);
}

const raw = (array: NdArray, i: number): unknown =>
  ArrayBuffer.isView(array.data) ? elementAt(array, i) : array.data[i];

/** What differs, or null when equal. */
export function difference(got: NdArray, want: GoldenValue, tol: Tolerance, how?: string): string | null {
  if (got.dtype.name !== want.dtype) return `dtype ${got.dtype.name}, wanted ${want.dtype}`;
  if (JSON.stringify(got.shape) !== JSON.stringify(want.shape)) return `shape [${got.shape}], wanted [${want.shape}]`;
  if (how === "shape") return null;
  const n = elementCount(want.shape);
  if (how === "set") {
    const key = (value: unknown): string =>
      value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
    const a = Array.from({ length: n }, (_, i) => key(raw(got, i))).sort();
    const b = want.values!.map((value) => key(plain(value, want.dtype))).sort();
    return JSON.stringify(a) === JSON.stringify(b) ? null : `elements {${a}}, wanted {${b}}`;
  }
  const near: Tolerance = how === "pixels" ? { rtol: 0, atol: 3 } : tol;
  const dtype = how === "pixels" ? "float32" : want.dtype;
  if (want.values) {
    for (let i = 0; i < n; i++) {
      const w = plain(want.values[i], want.dtype);
      if (!isClose(raw(got, i), w, dtype, near)) return `element ${i}: ${show(raw(got, i))}, wanted ${show(w)}`;
    }
    return null;
  }
  if (want.sha256 && createHash("sha256").update(got.tobytes()).digest("hex") === want.sha256) return null;
  if (want.sha256 && !/float|complex/.test(want.dtype)) return "bytes differ (sha256)";
  const check = (index: number, value: unknown): string | null =>
    isClose(raw(got, index), plain(value, want.dtype), want.dtype, near)
      ? null
      : `element ${index}: ${show(raw(got, index))}, wanted ${show(value)}`;
  for (const [i, value] of (want.first ?? []).entries()) {
    const bad = check(i, value);
    if (bad) return bad;
  }
  for (const [i, value] of (want.last ?? []).entries()) {
    const bad = check(n - want.last!.length + i, value);
    if (bad) return bad;
  }
  for (const [i, index] of (want.sample?.index ?? []).entries()) {
    const bad = check(index, want.sample!.values[i]);
    if (bad) return bad;
  }
  return null;
}

const show = (value: unknown): string =>
  value instanceof Uint8Array ? JSON.stringify(Buffer.from(value).toString("latin1")) : String(value);
