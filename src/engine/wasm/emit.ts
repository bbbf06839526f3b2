/**
 * One function for a list of steps: kernels are called with constant sizes, loops become functions of their own, loops of a few elements
 * and scalars are written in place.
 */
import { compileRelaxed } from "../../core/wasm/relaxed_simd.ts";
import type { LoopStep, Run, Step } from "../step.ts";
import { type Callee, call, type FunctionBuilder, type Local, ModuleBuilder } from "./assembler.ts";
import { add, convert, load, mul } from "./instructions.ts";
import { importKernel, importMath, importMemory, importPool, type Kernel, type Library } from "./kernels/kernel.ts";
import { min } from "./kernels/product/blocks.ts";
import type { Expr } from "./lanes.ts";
import { type Fail, hasSites } from "./loop/body.ts";
import { importedFunctions, type MathCallees } from "./loop/functions.ts";
import { emitLoop } from "./loop/loop.ts";
import { countOf, rangeOf } from "./loop/strategy.ts";
import { lower } from "./lower/lower.ts";
import { type HostCall, isHostCall, isLoop, isShared, type KernelCall, type Part, type Scratch } from "./lower/part.ts";

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

const noSites: Fail = () => {
  throw new Error("bug: a shared loop has no sites");
};

/** Returns the status if it is not 0. */
function stopOn(f: FunctionBuilder, status: Expr): void {
  const local = f.let(status);
  f.if(local, () => f.return(local));
}

/** Loops whose pieces threads share: the name of the piece's function, how many pieces, elements in each. */
interface SharedLoop {
  readonly name: string;
  readonly pieces: number;
  readonly perPiece: number;
  readonly extent: number;
}

/** How a loop is cut, or null where it runs whole. */
function cut(part: Part, name: string, scratch: Scratch): SharedLoop | null {
  if (!isLoop(part) || hasSites(part) || importedFunctions(part).length > 0) return null;
  const streams = part.nodes.length + part.loads.length + part.stores.length;
  const range = rangeOf(part);
  if (!range || !isShared(4 * countOf(part.extents) * streams, scratch)) return null;
  const { extent, multiple } = range;
  const perPiece = Math.ceil(extent / (4 * scratch.threads) / multiple) * multiple;
  const pieces = Math.ceil(extent / perPiece);
  return pieces < 2 ? null : { name, pieces, perPiece, extent };
}

export function emitProgram(environment: ProgramEnvironment, steps: readonly Step[]): Run {
  const { library, scratch, fallback } = environment;
  const { reportOffset } = scratch;
  const lowered = steps.map((step) => lower(step, scratch));
  const parts = lowered.flatMap((list) => list ?? []);
  const m = new ModuleBuilder();
  importMemory(m);
  const math = borrowed(m, new Set(parts.flatMap((part) => (isLoop(part) ? importedFunctions(part) : []))));
  const kernels = [...new Set(parts.flatMap((part) => (isLoop(part) || isHostCall(part) ? [] : [part.kernel])))];
  const callees = new Map(kernels.map((kernel): [Kernel, Callee] => [kernel, importKernel(m, kernel)]));
  const shared = new Map<Part, SharedLoop>();
  for (const part of parts) {
    const how = cut(part, `piece_${shared.size}`, scratch);
    if (how) shared.set(part, how);
  }
  const names = [...shared.values()].map(({ name }) => name);
  const each = names.length > 0 ? importPool(m, names) : null;
  const callFallback = m.importFunction("host", "fallback", ["i32", "i32"], "i32");
  const natives = parts.filter(isHostCall);
  const nativeCallees = new Map(
    natives.map((part, k): [HostCall, Callee] => [
      part,
      m.importFunction(
        "host",
        `native_${k}`,
        part.call.places.map(() => "i32"),
        null,
      ),
    ]),
  );

  const loops = new Map<Part, Callee>();
  for (const part of parts) {
    if (!isLoop(part) || isInline(part)) continue;
    const how = shared.get(part);
    if (how) {
      const { name, perPiece, extent } = how;
      const piece = (f: FunctionBuilder, job: Local, index: Local) => {
        const from = f.let(mul(index, perPiece));
        const to = min(f, add(from, perPiece), extent);
        emitLoop({ f, math, base: f.let(load("i32", job)), fail: noSites }, part, { from, to });
      };
      const callee = m.function(name, ["i32", "i32", "i32"], null, (f, job, index) => piece(f, job!, index!), {
        export: true,
      });
      loops.set(part, callee);
      continue;
    }
    const result = hasSites(part) ? "i32" : null;
    const callee = m.function(`loop_${loops.size}`, ["i32"], result, (f, base) => {
      emitLoop({ f, math, base: base!, fail: failAt(f, base!, reportOffset) }, part);
      if (result) f.return(0);
    });
    loops.set(part, callee);
  }

  const emitPart = (f: FunctionBuilder, base: Expr, part: Part) => {
    if (isHostCall(part)) {
      f.call(nativeCallees.get(part)!, ...part.args(base));
      return;
    }
    const callee = isLoop(part) ? loops.get(part) : callees.get(part.kernel)!;
    const how = shared.get(part);
    if (how) {
      f.store("i32", scratch.job, base);
      each!(f, callee!, { job: scratch.job, count: how.pieces, isShared: 1 });
    } else if (isLoop(part) && !callee) emitLoop({ f, math, base, fail: failAt(f, base, reportOffset) }, part);
    else if (callee!.result) stopOn(f, call(callee!, ...(isLoop(part) ? [base] : part.args(base))));
    else f.call(callee!, ...(isLoop(part) ? [base] : (part as KernelCall).args(base)));
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

  const module = compileRelaxed(m.bytes());
  const host = {
    fallback,
    ...Object.fromEntries(natives.map(({ call: { run } }, k) => [`native_${k}`, run])),
  };
  const run = library.instantiate(module, { name: "program", pieces: names, uses: kernels }, host).run as Run;
  if (natives.length === 0) return run;
  for (const { call } of natives) call.retain();
  const release = (): void => {
    for (const { call } of natives) call.release();
  };
  return Object.assign((base: number) => run(base), { release });
}

function borrowed(m: ModuleBuilder, names: ReadonlySet<string>): MathCallees {
  const callees = new Map([...names].map((name) => [name, importMath(m, name)]));
  return (name) => callees.get(name)!;
}
