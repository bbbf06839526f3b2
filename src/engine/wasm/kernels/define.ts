/** Kernels with named parameters, one for each name. */
import { type Callee, call, type FunctionBuilder, type Local } from "../assembler.ts";
import { add, div, mul, sub } from "../instructions.ts";
import type { Kernel } from "./kernel.ts";
import { jobOf, min } from "./product/blocks.ts";

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

export interface Pieces<Name extends string> {
  readonly params: readonly Name[];
  /** Counts lines, none of which reads what another one writes. */
  readonly lines: NoInfer<Name>;
  /** Addresses that are further on for each line before. */
  readonly moved: readonly NoInfer<Name>[];
  /** An address of memory to work in, of which each thread has its own. */
  readonly own?: NoInfer<Name>;
}

/**
 * A kernel in pieces that threads share; its result, if it has one, is lost. It takes four parameters and more: how many lines a piece has, for
 * each address in `moved` the bytes of a line, the bytes of `own` that a thread has, and a job's memory.
 */
export function inPieces<Name extends string>(kernel: Kernel, { params, lines, moved, own }: Pieces<Name>): Kernel {
  const name = `${kernel.name}_of_${lines}`;
  const known = kernels.get(name);
  if (known) return known;
  const fields = [...params, "perPiece", ...moved.map((param) => `${param} line`), "ownBytes"] as const;
  const job = jobOf<string>(fields);
  const types = new Array<"i32">(fields.length + 1).fill("i32");
  const made: Kernel = {
    name,
    params: types,
    result: null,
    uses: [kernel],
    pieces: ["piece"],
    build(m, [callee], each) {
      const run = (f: FunctionBuilder, at: Local, index: Local, worker: Local) => {
        const args = new Map(params.map((param) => [param, job.get(f, at, param)]));
        const perPiece = job.get(f, at, "perPiece");
        const start = f.let(mul(index, perPiece));
        const count = args.get(lines)!;
        f.set(count, min(f, perPiece, sub(count, start)));
        const move = (param: Name, by: Local, times: Local) =>
          f.set(args.get(param)!, add(args.get(param)!, mul(times, by)));
        for (const param of moved) move(param, job.get(f, at, `${param} line`), start);
        if (own) move(own, job.get(f, at, "ownBytes"), worker);
        if (kernel.result) f.do(call(callee!, ...args.values()));
        else f.call(callee!, ...args.values());
      };
      const piece = m.function(
        "piece",
        ["i32", "i32", "i32"],
        null,
        (f, at, index, worker) => run(f, at!, index!, worker!),
        { export: true },
      );
      const share = (f: FunctionBuilder, ...args: Local[]) => {
        const jobAt = args[fields.length]!;
        fields.forEach((field, k) => {
          job.put(f, jobAt, field, args[k]!);
        });
        const perPiece = args[params.length]!;
        const count = div(sub(add(args[params.indexOf(lines)]!, perPiece), 1), perPiece);
        each(f, piece, { job: jobAt, count, isShared: 1 });
      };
      m.function(name, types, null, share, { export: true });
    },
  };
  kernels.set(name, made);
  return made;
}
