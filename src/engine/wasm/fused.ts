/**
 * x y + z rounded once (relaxed SIMD's madd): half the arithmetic instructions of a product's inner loop. Node 20 keeps it behind a flag of V8, which is set only
 * while such a module is compiled: V8 rejects code that it kept under other flags, and so would start slowly.
 *
 * A processor without the instruction rounds twice, as the engine does where WebAssembly has no relaxed SIMD.
 */
import { setFlagsFromString } from "node:v8";
import { v8Version } from "../../core/host.ts";
import { ModuleBuilder } from "./assembler.ts";
import { add, madd, mul } from "./instructions.ts";
import { constant, type Expr } from "./lanes.ts";

const flag = "experimental-wasm-relaxed-simd";

function smallestModule(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const one = constant("f32x4", 1);
  m.function("run", [], null, (f) => f.do(madd(one, one, one)));
  return m.bytes();
}

const isTaken = (): boolean => WebAssembly.validate(smallestModule());

/** Whether WebAssembly has it as it is, behind the flag, or not at all. */
let support: "plain" | "flagged" | "none" | undefined;

function supported(): "plain" | "flagged" | "none" {
  if (support === undefined) {
    if (isTaken()) support = "plain";
    else support = v8Version().startsWith("11.3.") && withFlag(isTaken) ? "flagged" : "none";
  }
  return support;
}

function withFlag<R>(run: () => R): R {
  setFlagsFromString(`--${flag}`);
  try {
    return run();
  } finally {
    setFlagsFromString(`--no-${flag}`);
  }
}

export const hasFused = (): boolean => supported() !== "none";

/** x y + z of vectors: of floats rounded once where that can be had. */
export const multiplyAdd = (x: Expr, y: Expr, z: Expr): Expr =>
  x.type.startsWith("f") && hasFused() ? madd(x, y, z) : add(z, mul(x, y));

/** A module of code that `multiplyAdd` may be part of. */
export const compileFused = (bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module =>
  supported() === "flagged" ? withFlag(() => new WebAssembly.Module(bytes)) : new WebAssembly.Module(bytes);
