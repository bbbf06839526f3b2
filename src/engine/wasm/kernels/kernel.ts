/** The kernel library: functions of fixed code over addresses and sizes, assembled and compiled at their first use. */
import { type Callee, ModuleBuilder } from "../assembler.ts";
import type { Lanes } from "../lanes.ts";

export interface Kernel {
  /** Unique; says what and for which dtype. */
  readonly name: string;
  readonly params: readonly Lanes[];
  readonly result: "i32" | null;
  /** Kernels that its code calls. */
  readonly uses?: readonly Kernel[];
  /** Adds the kernel's functions to a module; the one named `name` is exported. */
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
      kernel.build(m, uses);
      module = new WebAssembly.Module(m.bytes());
      modules.set(kernel.name, module);
    }
    const instance = new WebAssembly.Instance(module, this.imports(kernel.uses ?? []));
    const made = instance.exports[kernel.name] as KernelFunction;
    this.functions.set(kernel.name, made);
    return made;
  }

  /** An import object with the memory and these kernels. */
  imports(kernels: readonly Kernel[]): WebAssembly.Imports {
    return {
      [memoryImport[0]]: { [memoryImport[1]]: this.memory },
      [kernelImport]: Object.fromEntries(kernels.map((kernel) => [kernel.name, this.get(kernel)])),
    };
  }
}
