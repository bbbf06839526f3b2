/** Kernels with named parameters, one for each name. */
import type { Callee, FunctionBuilder, Local } from "../assembler.ts";
import type { Kernel } from "./kernel.ts";

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
