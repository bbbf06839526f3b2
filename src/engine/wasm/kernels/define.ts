/** Kernels with named parameters, one for each name. */
import type { Callee, FunctionBuilder, Local } from "../assembler.ts";
import type { Kernel } from "./kernel.ts";
import { jobOf } from "./product/blocks.ts";

const kernels = new Map<string, Kernel>();

export interface KernelSignature<Name extends string> {
  readonly params: readonly Name[];
  readonly result?: "i32" | null;
  readonly uses?: readonly Kernel[];
  readonly math?: readonly string[];
}

/**
 * The kernel of this name, whose parameters are all i32. `body` is asked once; it gets them by name, and the kernels it uses as functions.
 */
export function defineKernel<Name extends string>(
  name: string,
  { params, result = null, uses = [], math = [] }: KernelSignature<Name>,
  body: (f: FunctionBuilder, args: Record<Name, Local>, uses: readonly Callee[]) => void,
): Kernel {
  const known = kernels.get(name);
  if (known) return known;
  const types = new Array<"i32">(params.length).fill("i32");
  const made: Kernel = {
    name,
    params: types,
    result,
    uses,
    math,
    build(m, callees) {
      const run = (f: FunctionBuilder, ...args: Local[]) =>
        body(f, Object.fromEntries(params.map((param, k) => [param, args[k]!])) as Record<Name, Local>, callees);
      m.function(name, types, result, run, { export: true });
    },
  };
  kernels.set(name, made);
  return made;
}

/**
 * A kernel of one piece of work for each of `count` (one of its parameters), which threads share. It takes two parameters more, a job's memory
 * and whether it is shared. Pieces write to different places. `body` gets the number of the piece.
 */
export function defineShared<Name extends string>(
  name: string,
  { params, count }: { readonly params: readonly Name[]; readonly count: NoInfer<Name> },
  body: (f: FunctionBuilder, args: Record<Name, Local>, index: Local) => void,
): Kernel {
  const known = kernels.get(name);
  if (known) return known;
  const job = jobOf(params);
  const types = new Array<"i32">(params.length + 2).fill("i32");
  const made: Kernel = {
    name,
    params: types,
    result: null,
    pieces: ["piece"],
    build(m, _, each) {
      const run = (f: FunctionBuilder, at: Local, index: Local) =>
        body(f, Object.fromEntries(params.map((p) => [p, job.get(f, at, p)])) as Record<Name, Local>, index);
      const piece = m.function("piece", ["i32", "i32", "i32"], null, (f, at, index) => run(f, at!, index!), {
        export: true,
      });
      const share = (f: FunctionBuilder, ...args: Local[]) => {
        const [jobAt, isShared] = args.slice(params.length) as [Local, Local];
        params.forEach((p, k) => {
          job.put(f, jobAt, p, args[k]!);
        });
        each(f, piece, { job: jobAt, count: args[params.indexOf(count)]!, isShared });
      };
      m.function(name, types, null, share, { export: true });
    },
  };
  kernels.set(name, made);
  return made;
}
