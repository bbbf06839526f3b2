/**
 * What 128-bit vectors can do at most: products and sums of registers in WebAssembly, no memory. Twelve sums go on side by side, since each
 * waits for the one before it; more of them and their factor would not fit 15 registers.
 */
import { ModuleBuilder } from "../src/engine/wasm/assembler.ts";
import { add, mul, sub } from "../src/engine/wasm/instructions.ts";
import { constant } from "../src/engine/wasm/lanes.ts";

const sums = 12;
const turns = 20_000;
/** Four lanes, a product and a sum each. */
const perTurn = sums * 8;

function build(): (turns: number) => void {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { shared: true, maximumPages: 1 });
  const body = (f: Parameters<Parameters<ModuleBuilder["function"]>[3]>[0], left: (typeof f.params)[number]) => {
    const values = Array.from({ length: sums }, (_, i) => f.local("f32x4", constant("f32x4", 1 + i)));
    const factor = f.local("f32x4", constant("f32x4", 2 ** -30));
    f.while(left, () => {
      for (const x of values) f.set(x, add(x, mul(x, factor)));
      f.set(left, sub(left, 1));
    });
    for (const [i, x] of values.entries()) f.store("f32x4", 16 * i, x);
  };
  m.function("run", ["i32"], null, (f, left) => body(f, left!), { export: true });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), { env: { memory } });
  return exports.run as (turns: number) => void;
}

let run: ((turns: number) => void) | undefined;

/** GFLOP/s of one thread: the best of short windows. */
export function ceiling(seconds: number): number {
  run ??= build();
  let best = 0;
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    run(turns);
    best = Math.max(best, (turns * perTurn) / (performance.now() - start) / 1e6);
  }
  return best;
}
