/** A CBLAS: OpenBLAS, or Accelerate on macOS. Products alone. Source: cblas.h. */
import { env, processorModel, setUnlessSet } from "../../core/host.ts";
import { type CType, createArena, type Koffi, optional, type SharedObject } from "./foreign.ts";
import type { Gemm, NativeLibrary } from "./library.ts";

const rowMajor = 101;
const [straight, transposed] = [111, 112];
/** OpenBLAS's threads look for work in a loop of 2^n cycles before they sleep; its own n is 26, tens of milliseconds. */
const spinExponent = "16";

const leastOpenBlas = [0, 3, 10];

/** What OpenBLAS reads from the environment when it is loaded. It takes new AMD processors for ones without AVX-512. */
export function prepareOpenBlas(koffi: Koffi): void {
  setUnlessSet("OPENBLAS_THREAD_TIMEOUT", spinExponent);
  if (env("OPENBLAS_CORETYPE") !== undefined || !/\bAMD\b/.test(processorModel())) return;
  if (hasAvx512(koffi)) setUnlessSet("OPENBLAS_CORETYPE", "SkylakeX");
}

/** Whether the system lets programs use AVX-512 F, DQ, CD, BW and VL. Source: glibc's sys/platform/x86.h, leaf 7, ebx. */
function hasAvx512(koffi: Koffi): boolean {
  try {
    const system = koffi.load(null);
    const leaf = system.func("__x86_get_cpuid_feature_leaf", "uintptr_t", ["unsigned int"])(1) as number;
    const out = createArena(koffi, 64);
    system.func("memmove", "uintptr_t", ["uintptr_t", "uintptr_t", "size_t"])(out.take(32), leaf, 32);
    const needed = [16, 17, 28, 30, 31].reduce((bits, bit) => bits | (1 << bit), 0);
    return (out.view.getInt32(20, true) & needed) === needed;
  } catch {
    return false;
  }
}

/** The product functions of a library of single and double precision. */
function gemmsOf(library: SharedObject): { readonly gemm: Gemm; readonly gemm64: Gemm } {
  const make = (name: string, real: "float" | "double"): Gemm => {
    const P = "uintptr_t";
    const types: CType[] = ["int", "int", "int", "int", "int", "int", real, P, "int", P, "int", real, P, "int"];
    const call = library.func(name, "void", types);
    return (ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) => {
      const [x, y] = [ta ? transposed : straight, tb ? transposed : straight];
      call(rowMajor, x, y, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    };
  };
  return { gemm: make("cblas_sgemm", "float"), gemm64: make("cblas_dgemm", "double") };
}

/** Throws when the library is no OpenBLAS, or an old one. */
export function openOpenBlas(library: SharedObject, path: string): NativeLibrary {
  const config = library.func("openblas_get_config", "str", [])() as string;
  const numbers = /OpenBLAS\s+(\d+)\.(\d+)\.(\d+)/.exec(config)?.slice(1).map(Number);
  if (!numbers) throw new Error(`a version in "${config}" is expected`);
  const text = numbers.join(".");
  const first = numbers.findIndex((n, i) => n !== leastOpenBlas[i]);
  if (first >= 0 && numbers[first]! < leastOpenBlas[first]!) {
    throw new Error(`OpenBLAS ${text} is too old: ${leastOpenBlas.join(".")} or later is needed`);
  }
  if (/\bUSE64BITINT\b/.test(config)) throw new Error("OpenBLAS of 64-bit sizes");
  const set = library.func("openblas_set_num_threads", "void", ["int"]);
  return { name: `openblas-${text}`, path, ...gemmsOf(library), convolution: () => null, setThreads: onChange(set) };
}

export function openAccelerate(library: SharedObject, path: string): NativeLibrary {
  // BLAS_THREADING_MULTI_THREADED is 0, BLAS_THREADING_SINGLE_THREADED 1.
  const set = optional(library, "BLASSetThreading", "int", ["int"]);
  const setThreads = onChange((n) => set?.(n === 1 ? 1 : 0));
  return { name: "accelerate", path, ...gemmsOf(library), convolution: () => null, setThreads };
}

function onChange(set: (n: number) => void): (n: number) => void {
  let threads = 0;
  return (n) => {
    if (n === threads) return;
    threads = n;
    set(n);
  };
}
