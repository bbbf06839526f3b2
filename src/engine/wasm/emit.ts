/**
 * One function for a list of steps: kernels are called with constant sizes, loops become functions of their own, loops of a few elements
 * and scalars are written in place.
 */
import type { LoopStep, Run, Step } from "../step.ts";
import { type Callee, call, type FunctionBuilder, ModuleBuilder } from "./assembler.ts";
import { convert } from "./instructions.ts";
import { importMemory, type Library } from "./kernels/kernel.ts";
import type { Expr } from "./lanes.ts";
import { type Fail, hasSites } from "./loop/body.ts";
import { importedFunctions, type MathCallees } from "./loop/functions.ts";
import { emitLoop } from "./loop/loop.ts";
import { countOf, supportsLoop } from "./loop/strategy.ts";
import { mathImports } from "./math/imports.ts";

export interface ProgramEnvironment {
  readonly library: Library;
  readonly reportOffset: number;
  readonly fallback: (index: number, base: number) => number;
}

/** Loops of no more elements and nodes than this are written in place. */
const inlineWork = 64;

/** Stores (position, value, limit) as doubles and returns 1 + site. */
const failAt =
  (f: FunctionBuilder, base: Expr, reportOffset: number): Fail =>
  (site, position, value) => {
    f.store("f64", base, convert("i32ToF64", position), reportOffset);
    f.store("f64", base, toDouble(value), reportOffset + 8);
    f.store("f64", base, 0, reportOffset + 16);
    f.return(1 + site);
  };

const toDouble = (x: Expr): Expr => convert(x.type === "i64" ? "i64ToF64" : "i32ToF64", x);

export function emitProgram({ library, reportOffset, fallback }: ProgramEnvironment, steps: readonly Step[]): Run {
  const m = new ModuleBuilder();
  importMemory(m);
  const names = new Set(steps.flatMap((step) => (step.kind === "loop" ? importedFunctions(step) : [])));
  const math = importMath(m, names);
  const callFallback = m.importFunction("host", "fallback", ["i32", "i32"], "i32");
  const stop = (f: FunctionBuilder, status: Expr) => {
    const local = f.let(status);
    f.if(local, () => f.return(local));
  };

  const loops = new Map<LoopStep, Callee>();
  steps.forEach((step, k) => {
    if (step.kind !== "loop" || !supportsLoop(step) || isInline(step)) return;
    const result = hasSites(step) ? "i32" : null;
    const callee = m.function(`loop_${k}`, ["i32"], result, (f, base) => {
      emitLoop({ f, math, base: base!, fail: failAt(f, base!, reportOffset) }, step);
      if (result) f.return(0);
    });
    loops.set(step, callee);
  });

  m.function(
    "run",
    ["i32"],
    "i32",
    (f, base) => {
      const fail = failAt(f, base!, reportOffset);
      steps.forEach((step, k) => {
        f.scope(() => {
          const loop = step.kind === "loop" ? loops.get(step) : undefined;
          if (loop) {
            if (loop.result) stop(f, call(loop, base!));
            else f.call(loop, base!);
          } else if (step.kind === "loop" && supportsLoop(step)) emitLoop({ f, math, base: base!, fail }, step);
          else stop(f, call(callFallback, k, base!));
        });
      });
      f.return(0);
    },
    { export: true },
  );

  const imports = { ...library.imports([]), math: mathImports, host: { fallback } };
  return new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), imports).exports.run as Run;
}

const isInline = (step: LoopStep): boolean =>
  countOf(step.extents) * (step.nodes.length + 1) <= inlineWork || countOf(step.extents) === 1;

function importMath(m: ModuleBuilder, names: ReadonlySet<string>): MathCallees {
  const callees = new Map<string, Callee>();
  for (const name of names) {
    const params = new Array<"f64">(mathImports[name]!.length).fill("f64");
    callees.set(name, m.importFunction("math", name, params, "f64"));
  }
  return (name) => callees.get(name)!;
}
