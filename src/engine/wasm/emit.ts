/**
 * One function for a list of steps: kernels are called with constant sizes, loops become functions of their own, loops of a few elements
 * and scalars are written in place.
 */
import type { LoopStep, Run, Step } from "../step.ts";
import { type Callee, call, type FunctionBuilder, ModuleBuilder } from "./assembler.ts";
import { convert } from "./instructions.ts";
import { importKernel, importMath, importMemory, type Kernel, type Library } from "./kernels/kernel.ts";
import type { Expr } from "./lanes.ts";
import { type Fail, hasSites } from "./loop/body.ts";
import { importedFunctions, type MathCallees } from "./loop/functions.ts";
import { emitLoop } from "./loop/loop.ts";
import { countOf } from "./loop/strategy.ts";
import { lower } from "./lower/lower.ts";
import { isLoop, type Part, type Scratch } from "./lower/part.ts";

export interface ProgramEnvironment {
  readonly library: Library;
  readonly scratch: Scratch;
  readonly fallback: (index: number, base: number) => number;
}

/** Loops of no more elements and nodes than this are written in place. */
const inlineWork = 64;

/** Stores (position, value, limit) as doubles and returns 1 + site. */
const failAt =
  (f: FunctionBuilder, base: Expr, reportOffset: number): Fail =>
  (site, position, value) => {
    f.store("f64", base, convert("i32ToF64", position), reportOffset);
    f.store("f64", base, convert(value.type === "i64" ? "i64ToF64" : "i32ToF64", value), reportOffset + 8);
    f.store("f64", base, 0, reportOffset + 16);
    f.return(1 + site);
  };

const isInline = (step: LoopStep): boolean =>
  countOf(step.extents) * (step.nodes.length + 1) <= inlineWork || countOf(step.extents) === 1;

/** Returns the status if it is not 0. */
function stopOn(f: FunctionBuilder, status: Expr): void {
  const local = f.let(status);
  f.if(local, () => f.return(local));
}

export function emitProgram(environment: ProgramEnvironment, steps: readonly Step[]): Run {
  const { library, scratch, fallback } = environment;
  const { reportOffset } = scratch;
  const lowered = steps.map((step) => lower(step, scratch));
  const parts = lowered.flatMap((list) => list ?? []);
  const m = new ModuleBuilder();
  importMemory(m);
  const math = borrowed(m, new Set(parts.flatMap((part) => (isLoop(part) ? importedFunctions(part) : []))));
  const kernels = [...new Set(parts.flatMap((part) => (isLoop(part) ? [] : [part.kernel])))];
  const callees = new Map(kernels.map((kernel): [Kernel, Callee] => [kernel, importKernel(m, kernel)]));
  const callFallback = m.importFunction("host", "fallback", ["i32", "i32"], "i32");

  const loops = new Map<Part, Callee>();
  for (const part of parts) {
    if (!isLoop(part) || isInline(part)) continue;
    const result = hasSites(part) ? "i32" : null;
    const callee = m.function(`loop_${loops.size}`, ["i32"], result, (f, base) => {
      emitLoop({ f, math, base: base!, fail: failAt(f, base!, reportOffset) }, part);
      if (result) f.return(0);
    });
    loops.set(part, callee);
  }

  const emitPart = (f: FunctionBuilder, base: Expr, part: Part) => {
    const callee = isLoop(part) ? loops.get(part) : callees.get(part.kernel)!;
    if (isLoop(part) && !callee) emitLoop({ f, math, base, fail: failAt(f, base, reportOffset) }, part);
    else if (callee!.result) stopOn(f, call(callee!, ...(isLoop(part) ? [base] : part.args(base))));
    else f.call(callee!, ...(isLoop(part) ? [base] : (part as Exclude<Part, LoopStep>).args(base)));
  };
  m.function(
    "run",
    ["i32"],
    "i32",
    (f, base) => {
      lowered.forEach((list, k) => {
        f.scope(() => {
          if (list) for (const part of list) emitPart(f, base!, part);
          else stopOn(f, call(callFallback, k, base!));
        });
      });
      f.return(0);
    },
    { export: true },
  );

  const imports = { ...library.imports(kernels), host: { fallback } };
  return new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), imports).exports.run as Run;
}

function borrowed(m: ModuleBuilder, names: ReadonlySet<string>): MathCallees {
  const callees = new Map([...names].map((name) => [name, importMath(m, name)]));
  return (name) => callees.get(name)!;
}
