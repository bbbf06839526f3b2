/** What the session sees of an engine: memory, and programs that become executables. */
import type { DTypeName } from "../core/dtype.ts";
import type { FullShape } from "../core/shape.ts";
import type { Program } from "./primitive.ts";
import type { PieceTime, Share } from "./step.ts";

/** Where the variables and random states of a session lie: slot -> address. Fixed as long as the executable lives. */
export type SlotAddress = (slot: number) => number;

export interface Engine {
  /** `wasm`, `reference`, or `native:` and a library's name once the engine has taken one. */
  readonly name: string;
  /** Looks for a native library at once; else an engine that may use one does at its first large step. */
  lookForNative?(): void;
  /** The memory that addresses count in. It grows: read this again after anything that allocates or compiles. */
  readonly buffer: ArrayBufferLike;
  /** Zeroed memory, aligned to 64 bytes. Throws RESOURCE_EXHAUSTED naming the bytes wanted. */
  allocate(sizeBytes: number): number;
  free(address: number): void;
  /** Copies bytes of the memory; the ranges may overlap. */
  copy(to: number, from: number, sizeBytes: number): void;
  /** Bytes allocated at present, and the most there ever were. */
  readonly usage: { readonly bytes: number; readonly peakBytes: number };
  compile(program: Program, slots: SlotAddress, inputs?: readonly InputFacts[]): Executable;
}

/** What is known of an input. */
export interface InputFacts {
  /** `kept` where it is left out. */
  readonly room?: InputRoom;
  /** Its elements stay as they are from run to run, until `renew`: what is made of them for faster products is kept. */
  readonly isLasting?: boolean;
}

/**
 * Memory for an input in the workspace: it is the input's alone; or it is the input's when a run begins, and used for other values as soon as the
 * input has been read; or there is none, because the input lies elsewhere.
 */
export type InputRoom = "kept" | "once" | "none";

/**
 * A compiled program. Its workspace (any 64-byte aligned block of `workspaceBytes`, allocated by the caller, one for each run at a time)
 * begins with the arguments: an int32 address for each input. `inputOffsets` is room for each input inside the workspace, which the
 * arguments point at after `prepare`; -1: none.
 */
export interface Executable {
  readonly workspaceBytes: number;
  readonly inputOffsets: readonly number[];
  readonly outputs: readonly { readonly dtype: DTypeName; readonly shape: FullShape }[];
  /** Writes the default argument addresses into a fresh workspace. */
  prepare(base: number): void;
  /** Makes input k come from another address than its own room. */
  setInput(base: number, k: number, address: number): void;
  /** Lasting inputs may have other elements than in the last run; absent where that makes no difference. */
  readonly renew?: () => void;
  /** Runs to the end. Throws the program's own error when a check fails; writes made before it stay. */
  run(base: number): void;
  /** Where output k lies after a run: never inside a variable's memory. */
  outputAddress(base: number, k: number): number;
  /** Gives back memory of its own (constants); it is not run again. */
  dispose?(): void;
  /** As `run`, one kernel after another, with the same bits; `report` hears of each when it is done. */
  runTraced(base: number, report: KernelReport): void;
  /** Has it become machine code, each step of it? */
  readonly isCompiled: boolean;
  /** What runs, in order. */
  kernels(): readonly Kernel[];
  /** Bytes of its memory: inputs that are copied in, values between kernels and results, constants. */
  readonly memory: { readonly inputs: number; readonly buffers: number; readonly constants: number };
}

export interface Kernel {
  /** Name, sizes, dtype. */
  readonly text: string;
  /** Read and written. */
  readonly bytes: number;
  /** For whom it works. */
  readonly shares: readonly Share[];
}

/** Milliseconds as `performance.now()` counts them. */
export interface KernelTime {
  readonly startMs: number;
  readonly endMs: number;
  /** What threads did of it; none where the caller's did it all. */
  readonly pieces: readonly PieceTime[];
}

export type KernelReport = (kernel: Kernel, time: KernelTime) => void;
