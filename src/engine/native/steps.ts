/** Which steps a native library takes over, and how the emitted program calls it for them. */
import { InternalError } from "../../core/error.ts";
import type { ConvolutionGeometry } from "../primitive.ts";
import type { ConvolutionStep, MatmulStep, Place, Step } from "../step.ts";
import type { ConvolutionRunner, Gemm, NativeLibrary } from "./library.ts";

/** Multiplications and additions from which on a step is worth a library, and looking for one. */
const leastWork = 500_000;
/** Of each matrix of a batch. */
const leastMatrixWork = 100_000;
/** Below it waking another thread takes longer than it saves. */
const sharedWork = 4_000_000;

/** A step as a call: addresses (of engine memory) of these places go to `run`. Between `retain` and `release` it may run. */
export interface NativeCall {
  readonly places: readonly Place[];
  readonly run: (x: number, y: number, out: number) => void;
  retain(): void;
  release(): void;
}

export interface NativeSteps {
  /** The library, where one has been found so far. */
  readonly library: NativeLibrary | null;
  find(): NativeLibrary | null;
  /** The call for a step, or null where WebAssembly runs it. */
  plan(step: Step): NativeCall | null;
}

/** Where a library comes from. */
export interface NativeSource {
  /** The library, or null; asked for at the first step that is large enough. */
  library(): NativeLibrary | null;
  /** Where a view lies in the process. */
  addressOf(view: Uint8Array): number;
  /** Readies engine memory: so many bytes are in use from the address on, and so many may be. */
  prepare?(range: { readonly address: number; readonly used: number; readonly whole: number }): void;
}

export interface NativeStepsOptions {
  readonly source: NativeSource;
  /** Engine memory, shared: it never moves. */
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  /** Sends the engine's own threads to sleep, before those of the library begin. */
  park(): void;
}

interface Entry {
  readonly runner: ConvolutionRunner | null;
  uses: number;
}

const mostIdle = 64;

export function createNativeSteps({ source, memory, threads, park }: NativeStepsOptions): NativeSteps {
  let library: NativeLibrary | null | undefined;
  let base = 0;
  /** Runners by kind and geometry. */
  const runners = new Map<string, Entry>();

  const found = (): NativeLibrary | null => {
    if (library === undefined) {
      library = source.library();
      if (library) {
        base = source.addressOf(new Uint8Array(memory.buffer));
        source.prepare?.({ address: base, used: memory.buffer.byteLength, whole: 2 ** 32 - 65536 });
      }
    }
    return library;
  };

  /** So many threads for a step of so much work, the engine's own asleep. */
  function begin(native: NativeLibrary, work: number): void {
    const wanted = work < sharedWork ? 1 : threads;
    if (wanted > 1) park();
    native.setThreads(wanted);
  }

  function planMatmul(step: MatmulStep): NativeCall | null {
    const { dtype, batch, m, n, k, transposeA: ta, transposeB: tb, lda, ldb } = step;
    const each = 2 * m * n * k;
    if (m === 1 || n === 1 || each * batch < leastWork || each < leastMatrixWork) return null;
    if (dtype !== "float32" && dtype !== "float64") return null;
    const native = found();
    const gemm: Gemm | null = native && (dtype === "float32" ? native.gemm : native.gemm64);
    if (!native || !gemm) return null;
    const size = dtype === "float32" ? 4 : 8;
    const moves = [step.strideA, step.strideB, step.strideC].map((stride) => stride * size) as [number, number, number];
    const run = (a: number, b: number, c: number): void => {
      begin(native, each);
      let [x, y, z] = [base + (a >>> 0), base + (b >>> 0), base + (c >>> 0)];
      for (let i = 0; i < batch; i++) {
        gemm(ta, tb, m, n, k, 1, x, lda, y, ldb, 0, z, n);
        x += moves[0];
        y += moves[1];
        z += moves[2];
      }
    };
    return { places: [step.a, step.b, step.c], run, retain() {}, release() {} };
  }

  function entryOf(native: NativeLibrary, fn: ConvolutionStep["fn"], geometry: ConvolutionGeometry): [string, Entry] {
    const key = `${fn} ${JSON.stringify(geometry)}`;
    let entry = runners.get(key);
    if (!entry) {
      const idle = [...runners].filter(([, { uses }]) => uses === 0);
      if (idle.length > mostIdle) {
        for (const [old, { runner }] of idle) {
          runner?.dispose();
          runners.delete(old);
        }
      }
      begin(native, workOf(geometry));
      entry = { runner: native.convolution(fn, geometry), uses: 0 };
      runners.set(key, entry);
    }
    return [key, entry];
  }

  function planConvolution(step: ConvolutionStep): NativeCall | null {
    const { fn, dtype, geometry } = step;
    const work = workOf(geometry);
    if (dtype !== "float32" || work < leastWork) return null;
    const native = found();
    if (!native) return null;
    let [key, entry] = entryOf(native, fn, geometry);
    if (!entry.runner) return null;
    return {
      places: [step.x, step.y, step.out],
      run(x, y, out) {
        if (!entry.runner) throw new InternalError(`${native.name}: no convolution of a geometry that it had before`);
        begin(native, work);
        entry.runner.run(base + (x >>> 0), base + (y >>> 0), base + (out >>> 0));
      },
      retain() {
        [key, entry] = entryOf(native, fn, geometry);
        entry.uses++;
      },
      release() {
        entry.uses--;
        if (entry.uses > 0) return;
        runners.delete(key);
        entry.runner?.dispose();
      },
    };
  }

  return {
    get library() {
      return library ?? null;
    },
    find: found,
    plan(step) {
      if (step.kind === "matmul") return planMatmul(step);
      return step.kind === "convolution" ? planConvolution(step) : null;
    },
  };
}

function workOf({ batch, inChannels, outChannels, groups, spatial }: ConvolutionGeometry): number {
  const points = spatial.reduce((product, s) => product * s.output * s.filter, batch);
  return (2 * points * inChannels * outChannels) / groups;
}
