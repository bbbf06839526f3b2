/**
 * WebAssembly's relaxed SIMD. Node 20 keeps it behind a flag of V8, which is set only while such a module is compiled: V8 rejects code that it
 * kept under other flags, and so would start slowly.
 */
import { setFlagsFromString } from "node:v8";
import { v8Version } from "../host.ts";

const flag = "experimental-wasm-relaxed-simd";

/** One function: i8x16.relaxed_swizzle of two zeros. */
const smallestModule = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 0x2c, 1, 0x2a, 0],
  ...[
    0xfd,
    12,
    ...new Array<number>(16).fill(0),
    0xfd,
    12,
    ...new Array<number>(16).fill(0),
    0xfd,
    0x80,
    2,
    0x1a,
    0x0b,
  ],
]);

const isTaken = (): boolean => WebAssembly.validate(smallestModule);

/** Whether WebAssembly has it as it is, behind the flag, or not at all. */
let support: "plain" | "flagged" | "none" | undefined;

function supported(): "plain" | "flagged" | "none" {
  support ??= isTaken() ? "plain" : v8Version().startsWith("11.3.") && withFlag(isTaken) ? "flagged" : "none";
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

export const hasRelaxedSimd = (): boolean => supported() !== "none";

/** A module whose code may hold relaxed instructions. */
export const compileRelaxed = (bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module =>
  supported() === "flagged" ? withFlag(() => new WebAssembly.Module(bytes)) : new WebAssembly.Module(bytes);
