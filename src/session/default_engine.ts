/** The engines that sessions of this process share: one for each choice of what computes and with how many threads. */
import { FailedPreconditionError } from "../core/error.ts";
import type { Engine } from "../engine/engine.ts";
import { findNative, nativeSource } from "../engine/native/find.ts";
import { createReferenceEngine } from "../engine/reference_engine.ts";
import { createWasmEngine } from "../engine/wasm_engine.ts";
import type { Graph } from "../graph/graph.ts";
import type { SessionState } from "./state.ts";

/**
 * auto: a native library for large products and convolutions where one is found, WebAssembly for all else. wasm: WebAssembly alone, with
 * the same bits on every machine. native: as auto, but a library must be there. reference: plain loops.
 */
export const engineNames = ["auto", "wasm", "native", "reference"] as const;
export type EngineName = (typeof engineNames)[number];

let wanted: EngineName = "auto";
let wantedThreads = 1;
const engines = new Map<string, Engine>();

/**
 * Which engine sessions made from here on get, and with how many threads. On WebAssembly results do not depend on the threads. Throws
 * FAILED_PRECONDITION for `native` where there is no library.
 */
export function chooseEngine(name: EngineName, threads = wantedThreads): void {
  if (name === "native") requireNative();
  wanted = name;
  wantedThreads = threads;
}

/** The shared engine of a name and so many threads, made on first use. Throws as `chooseEngine` does. */
export function processEngine(name: EngineName = wanted, threads = 0): Engine {
  const count = threads > 0 ? threads : wantedThreads;
  const key = name === "reference" ? name : `${name} ${count}`;
  let engine = engines.get(key);
  if (!engine) {
    engine = makeEngine(name, count);
    engines.set(key, engine);
  }
  return engine;
}

function makeEngine(name: EngineName, threads: number): Engine {
  if (name === "reference") return createReferenceEngine();
  if (name === "native") requireNative();
  const engine = createWasmEngine({ threads, native: name === "wasm" ? null : nativeSource });
  if (name === "native") engine.lookForNative!();
  return engine;
}

function requireNative(): void {
  const { library, reason, commands } = findNative();
  if (library) return;
  const hint = `${commands.length > 0 ? `To add one: ${commands.join("; ")}. ` : ""}See tsflow doctor, or use --engine wasm`;
  throw Object.assign(new FailedPreconditionError(`no native engine: ${reason}`, { hint }), { exit: 2 });
}

/** Numbers of a matrix from which on a step of training is large enough for a native library. */
const largeMatrix = 4096;

/**
 * Lets an engine that may use a native library look for it before the first run, where the graph has a variable that calls for one: its name
 * is known then.
 */
export function settleEngine({ graph, state }: { readonly graph: Graph; readonly state: SessionState }): void {
  const isLarge = graph.operations.some((op) => {
    if (!op.definition.variable) return false;
    const { shape } = op.plainAttrs;
    const dims = Array.isArray(shape) ? (shape as (number | null)[]) : [];
    return dims.length > 1 && dims.reduce<number>((count, d) => count * (d ?? 1), 1) >= largeMatrix;
  });
  if (isLarge) state.engine.lookForNative?.();
}
