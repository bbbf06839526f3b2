/** The engines that sessions of this process share: one for each choice of what computes and with how many threads. */
import { FailedPreconditionError } from "../core/error.ts";
import type { Engine } from "../engine/engine.ts";
import { findNative, nativeSource } from "../engine/native/find.ts";
import { createReferenceEngine } from "../engine/reference_engine.ts";
import { createWasmEngine } from "../engine/wasm_engine.ts";
import type { Graph } from "../graph/graph.ts";

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

/** How many threads sessions made from here on compute on. */
export function chooseThreads(threads: number): void {
  wantedThreads = threads;
}

export const chosenThreads = (): number => wantedThreads;

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

/** Numbers of a matrix, and of a convolution's filter, from which on a step of training is large enough for a native library. */
const largeMatrix = 4096;
const largeFilter = 128;

function isLarge(graph: Graph): boolean {
  return graph.operations.some((op) => {
    const { shape } = op.plainAttrs;
    if (!op.definition.variable || !Array.isArray(shape)) return false;
    const count = (shape as (number | null)[]).reduce<number>((product, d) => product * (d ?? 1), 1);
    return shape.length > 1 && count >= (shape.length > 2 ? largeFilter : largeMatrix);
  });
}

/**
 * The engine of a whole run of a graph, settled before its first step, so that its name can be told and saved: of `auto`, WebAssembly
 * alone for a graph of small variables; else the library is looked for at once.
 */
export function engineFor(graph: Graph, threads: number): Engine {
  if (wanted !== "auto") return processEngine(wanted, threads);
  if (!isLarge(graph)) return processEngine("wasm", threads);
  const engine = processEngine("auto", threads);
  engine.lookForNative?.();
  return engine;
}
