/** Small modules for tests: a shared memory and the functions that a test writes. */
import { ModuleBuilder } from "../../../src/engine/wasm/assembler.ts";
import { mathImports } from "../../../src/engine/wasm/math/imports.ts";

// biome-ignore lint/suspicious/noExplicitAny: exports of a module that the test has just written
type Exports = Record<string, any>;

export const newMemory = (pages = 256): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });

/** Builds a module over a memory, checks that it is valid, and returns its exports. */
export function instantiate(
  build: (m: ModuleBuilder) => void,
  memory: WebAssembly.Memory = newMemory(1),
  imports: WebAssembly.Imports = {},
): Exports {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { shared: true, maximumPages: 65536 });
  build(m);
  const bytes = m.bytes();
  if (!WebAssembly.validate(bytes)) new WebAssembly.Module(bytes);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory }, math: mathImports, ...imports })
    .exports as Exports;
}

/** Numbers in (0, 1) that are the same in every run. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) + 0.5) / 2 ** 24;
  };
}
