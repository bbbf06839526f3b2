/**
 * x y + z rounded once (relaxed SIMD's madd): half the arithmetic instructions of a product's inner loop. A processor without the instruction
 * rounds twice, as the engine does where WebAssembly has no relaxed SIMD.
 */
import { hasRelaxedSimd } from "../../core/wasm/relaxed_simd.ts";
import { add, madd, mul } from "./instructions.ts";
import type { Expr } from "./lanes.ts";

/** x y + z of vectors: of floats rounded once where that can be had. The module is made by `compileRelaxed`. */
export const multiplyAdd = (x: Expr, y: Expr, z: Expr): Expr =>
  x.type.startsWith("f") && hasRelaxedSimd() ? madd(x, y, z) : add(z, mul(x, y));
