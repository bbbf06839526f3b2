/** What a library of native code does for the engine, whichever it is: products, convolutions, and how many threads it may use. */
import type { ConvolutionGeometry } from "../primitive.ts";

/**
 * c = alpha a b + beta c, row-major: a is [m, k] (or [k, m] with `ta`) in rows of `lda` elements, b [k, n] (or [n, k] with `tb`) of `ldb`,
 * c [m, n] of `ldc`. a, b and c are addresses of the process. Throws INTERNAL when the library reports a failure.
 */
export type Gemm = (
  ta: boolean,
  tb: boolean,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  beta: number,
  c: number,
  ldc: number,
) => void;

export type ConvolutionKind = "forward" | "inputGradient" | "filterGradient";

/** A convolution of one geometry; `dispose` gives its memory back. */
export interface ConvolutionRunner {
  /** Addresses of the process: the primitive's inputs in order, and the result, all dense float32. Throws INTERNAL. */
  run(x: number, y: number, out: number): void;
  dispose(): void;
}

export interface NativeLibrary {
  /** With its version: `onednn-2.6.3`, `openblas-0.3.21`. */
  readonly name: string;
  /** The file that it is. */
  readonly path: string;
  /** float32. */
  readonly gemm: Gemm;
  /** float64, where the library has it. */
  readonly gemm64: Gemm | null;
  /** Null where the library has none for this geometry, or not a faster one than WebAssembly. */
  convolution(kind: ConvolutionKind, geometry: ConvolutionGeometry): ConvolutionRunner | null;
  /** Threads of the calls that follow. */
  setThreads(n: number): void;
}
