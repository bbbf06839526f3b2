/** The kernel library: functions of fixed code over addresses and sizes, assembled and compiled at their first use. */
import { type Callee, ModuleBuilder } from "../assembler.ts";
import type { Lanes } from "../lanes.ts";
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
  /** Adds the kernel's functions to a module; the one named `name` is exported. `uses` are the kernels, then the borrowed functions. */
  build(m: ModuleBuilder, uses: readonly Callee[]): void;
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

export type KernelFunction = (...args: number[]) => number;

/** Compiled modules serve every engine of the process; instances belong to one memory. */
const modules = new Map<string, WebAssembly.Module>();

export class Library {
  private readonly memory: WebAssembly.Memory;
  private readonly functions = new Map<string, KernelFunction>();

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  get(kernel: Kernel): KernelFunction {
    const known = this.functions.get(kernel.name);
    if (known) return known;
    let module = modules.get(kernel.name);
    if (!module) {
      const m = new ModuleBuilder();
      importMemory(m);
      const uses = (kernel.uses ?? []).map((used) => importKernel(m, used));
      kernel.build(m, [...uses, ...(kernel.math ?? []).map((name) => importMath(m, name))]);
      module = new WebAssembly.Module(m.bytes());
      modules.set(kernel.name, module);
    }
    const instance = new WebAssembly.Instance(module, this.imports(kernel.uses ?? []));
    const made = instance.exports[kernel.name] as KernelFunction;
    this.functions.set(kernel.name, made);
    return made;
  }

  /** An import object with the memory, the borrowed functions and these kernels. */
  imports(kernels: readonly Kernel[]): WebAssembly.Imports {
    return {
      [memoryImport[0]]: { [memoryImport[1]]: this.memory },
      math: mathImports,
      [kernelImport]: Object.fromEntries(kernels.map((kernel) => [kernel.name, this.get(kernel)])),
    };
  }
}
