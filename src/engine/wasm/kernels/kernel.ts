/** The kernel library: functions of fixed code over addresses and sizes, assembled and compiled at their first use. */

import { compileRelaxed } from "../../../core/wasm/relaxed_simd.ts";
import type { PieceTime } from "../../step.ts";
import { type Callee, type FunctionBuilder, ModuleBuilder } from "../assembler.ts";
import { asExpr, type Lanes, type Operand } from "../lanes.ts";
import { mathImports } from "../math/imports.ts";

export interface Kernel {
  /** Unique; says what and for which dtype. */
  readonly name: string;
  readonly params: readonly Lanes[];
  readonly result: "i32" | null;
  /** Kernels that its code calls. */
  readonly uses?: readonly Kernel[];
  /** Functions of doubles that it borrows from JavaScript (math/imports.ts). */
  readonly math?: readonly string[];
  /** Exported functions piece(job, index, worker) that threads share. */
  readonly pieces?: readonly string[];
  /** Does its code use `multiplyAdd` (fused.ts)? */
  readonly isFused?: boolean;
  /** Adds the kernel's functions to a module; the one named `name` is exported. `uses` are the kernels, then the borrowed functions. */
  build(m: ModuleBuilder, uses: readonly Callee[], each: EachPiece): void;
}

/** Memory of any size fits this import. */
export const maximumPages = 65536;

/** The import object's names. */
export const memoryImport = ["env", "memory"] as const;
export const kernelImport = "kernel";

export function importMemory(m: ModuleBuilder): void {
  m.importMemory(...memoryImport, { shared: true, maximumPages });
}

export const importKernel = (m: ModuleBuilder, { name, params, result }: Kernel): Callee =>
  m.importFunction(kernelImport, name, params, result);

/** A function of math/imports.ts. */
export function importMath(m: ModuleBuilder, name: string): Callee {
  const params = new Array<"f64">(mathImports[name]!.length).fill("f64");
  return m.importFunction("math", name, params, "f64");
}

/**
 * Work that threads share: `count` pieces, each a call piece(job, index, worker) of an exported function. Without `isShared` they run
 * here, one after the other, as worker 0.
 */
export type EachPiece = (
  f: FunctionBuilder,
  piece: Callee,
  work: { readonly job: Operand; readonly count: Operand; readonly isShared: Operand },
) => void;

/** Lets a module's functions share pieces. Each piece has a number of its own in each engine, which the import `pool` gives. */
export function importPool(m: ModuleBuilder, pieces: readonly string[]): EachPiece {
  const share = m.importFunction("pool", "share", ["i32", "i32", "i32"], null);
  const numbers = new Map(pieces.map((name) => [name, m.importGlobal("pool", name)]));
  return (f, piece, { job, count, isShared }) => {
    const index = f.local("i32");
    f.if(
      asExpr("i32", isShared),
      () => f.call(share, numbers.get(piece.name)!, job, count),
      () => f.for(index, { from: 0, to: count }, () => f.call(piece, job, index, 0)),
    );
  };
}

/** Compiled modules serve every engine of the process; instances belong to one memory. */
const modules = new Map<string, WebAssembly.Module>();

function moduleOf(kernel: Kernel): WebAssembly.Module {
  const known = modules.get(kernel.name);
  if (known) return known;
  const m = new ModuleBuilder();
  importMemory(m);
  const uses = (kernel.uses ?? []).map((used) => importKernel(m, used));
  const borrowed = (kernel.math ?? []).map((name) => importMath(m, name));
  const each = kernel.pieces ? importPool(m, kernel.pieces) : noPieces;
  kernel.build(m, [...uses, ...borrowed], each);
  const module = kernel.isFused ? compileRelaxed(m.bytes()) : new WebAssembly.Module(m.bytes());
  modules.set(kernel.name, module);
  return module;
}

const noPieces: EachPiece = () => {
  throw new Error("bug: a kernel without pieces");
};

/** What the library needs of the threads. */
export interface PieceRegistry {
  readonly share: (...args: number[]) => void;
  /** Times of the shared pieces of what runs. */
  timed(run: () => void): readonly PieceTime[];
  /** Makes an instance known to the threads, and numbers its pieces. Returns the import object `pool` with the numbers. */
  register(unit: Unit): Record<string, unknown>;
  /** Idle threads sleep at once, so that others may have their processors. */
  park(): void;
  /** The instance's functions are there. */
  ready(unit: Unit, exports: Record<string, unknown>): void;
}

/** A module as threads need it: what it imports of other units, and the pieces it exports. */
export interface Unit {
  readonly name: string;
  readonly module: WebAssembly.Module;
  readonly uses: readonly string[];
  readonly pieces: readonly string[];
}

export interface ModuleFacts {
  readonly name: string;
  readonly pieces: readonly string[];
  readonly uses: readonly Kernel[];
  /** Others may use it. */
  readonly isKernel?: boolean;
}

/** Kernels of one memory, instantiated at their first use. */
export class Library {
  private readonly memory: WebAssembly.Memory;
  private readonly registry: PieceRegistry;
  private readonly functions = new Map<string, unknown>();

  constructor(memory: WebAssembly.Memory, registry: PieceRegistry) {
    this.memory = memory;
    this.registry = registry;
  }

  private get(kernel: Kernel): unknown {
    const known = this.functions.get(kernel.name);
    if (known) return known;
    const { name, pieces = [], uses = [] } = kernel;
    const exports = this.instantiate(moduleOf(kernel), { name, pieces, uses, isKernel: true });
    this.functions.set(name, exports[name]);
    return exports[name];
  }

  /** Exports of a module that uses these kernels. `host`: further functions that it imports. */
  instantiate(
    module: WebAssembly.Module,
    { name, pieces, uses, isKernel = false }: ModuleFacts,
    host: Record<string, unknown> = {},
  ): Record<string, unknown> {
    const kernels = Object.fromEntries(uses.map((kernel) => [kernel.name, this.get(kernel)]));
    const unit: Unit = { name, module, uses: uses.map((kernel) => kernel.name), pieces };
    const isKnown = isKernel || pieces.length > 0;
    const pool = isKnown ? this.registry.register(unit) : {};
    const { exports } = new WebAssembly.Instance(module, {
      [memoryImport[0]]: { [memoryImport[1]]: this.memory },
      [kernelImport]: kernels,
      math: mathImports,
      pool,
      host,
    });
    if (isKnown) this.registry.ready(unit, exports);
    return exports;
  }
}
