/** What 128-bit vectors can do at most: a loop of multiplications and additions that touches no memory. */

import { compileRelaxed } from "../src/core/wasm/relaxed_simd.ts";
import { type FunctionBuilder, ModuleBuilder } from "../src/engine/wasm/assembler.ts";
import { multiplyAdd } from "../src/engine/wasm/fused.ts";
import { add, gt, mul, sub } from "../src/engine/wasm/instructions.ts";
import { constant, type Expr } from "../src/engine/wasm/lanes.ts";
import { timeSync } from "./measure.ts";

/** Sums that do not wait for each other: two units of each kind, three or four cycles each (ten leave units idle); 14 do not fit the registers. */
const chains = 12;
const rounds = 10_000;

type Step = (x: Expr, y: Expr, z: Expr) => Expr;

/** Both ways to x y + z: which is faster depends on the processor. */
const steps: readonly Step[] = [(x, y, z) => add(z, mul(x, y)), multiplyAdd];

function loop(f: FunctionBuilder, step: Step): void {
  const count = f.let(constant("i32", rounds));
  const factor = f.let(constant("f32x4", 0.999));
  const sums = Array.from({ length: chains }, (_, i) => f.let(constant("f32x4", i)));
  f.loop((again) => {
    for (const sum of sums) f.set(sum, step(sum, factor, factor));
    f.set(count, sub(count, 1));
    f.brIf(again, gt(count, 0));
  });
  const total = sums.reduce((a, b) => f.let(add(a, b)));
  f.store("f32x4", constant("i32", 0), total);
}

function measure(step: Step, seconds: number): number {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { shared: true, maximumPages: 1 });
  m.function("run", [], null, (f) => loop(f, step), { export: true });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { run } = new WebAssembly.Instance(compileRelaxed(m.bytes()), { env: { memory } }).exports as {
    run: () => void;
  };
  const { bestUs } = timeSync(run, seconds);
  return (rounds * chains * 8) / bestUs / 1000;
}

/** GFLOP/s of one thread, measured now. */
export const measureCeiling = (seconds: number): number =>
  Math.max(...steps.map((step) => measure(step, seconds / steps.length)));
