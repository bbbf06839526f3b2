/** Copies within the memory: JavaScript's own take three times as long where the memory is shared. */
import { ModuleBuilder } from "./assembler.ts";
import { copyBytes } from "./instructions.ts";
import { importMemory, memoryImport } from "./kernels/kernel.ts";

type Copy = (to: number, from: number, sizeBytes: number) => void;

let module: WebAssembly.Module | undefined;

function compiled(): WebAssembly.Module {
  const m = new ModuleBuilder();
  importMemory(m);
  m.function("copy", ["i32", "i32", "i32"], null, (f, to, from, size) => f.do(copyBytes(to!, from!, size!)), {
    export: true,
  });
  return new WebAssembly.Module(m.bytes());
}

/** Copies bytes from one address to another; the ranges may overlap. Made at its first use. */
export function createCopy(memory: WebAssembly.Memory): Copy {
  let copy: Copy | undefined;
  return (to, from, sizeBytes) => {
    if (!copy) {
      module ??= compiled();
      const imports = { [memoryImport[0]]: { [memoryImport[1]]: memory } };
      copy = new WebAssembly.Instance(module, imports).exports.copy as Copy;
    }
    copy(to, from, sizeBytes);
  };
}
