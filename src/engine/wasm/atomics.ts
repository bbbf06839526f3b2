/** Atomic instructions on shared memory. Source: the threads proposal of WebAssembly. */
import type { Expr } from "./lanes.ts";

const atomics = {
  notify: [0x00, "i32"],
  wait: [0x01, "i32"],
  load: [0x10, "i32"],
  store: [0x17, "void"],
  load64: [0x11, "i64"],
  store64: [0x18, "void"],
  add: [0x1e, "i32"],
  exchange: [0x41, "i32"],
  compareExchange: [0x48, "i32"],
  compareExchange64: [0x49, "i64"],
} as const;

/** An atomic instruction at an address; `wait` takes the expected i32 and an i64 timeout in nanoseconds, -1 for ever. */
export function atomic(name: keyof typeof atomics, ...args: Expr[]): Expr {
  const [code, type] = atomics[name];
  return { type, code: [0xfe, code, name.endsWith("64") ? 3 : 2, 0], args };
}
