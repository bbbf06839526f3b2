/** The engine that sessions of this process share. */
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference_engine.ts";
import { createWasmEngine } from "../engine/wasm_engine.ts";

export type EngineName = "auto" | "wasm" | "reference";

let wanted: EngineName = "auto";
let wantedThreads = 1;
let engine: Engine | undefined;

/** Which engine sessions made from here on get, and with how many threads. Results do not depend on the threads. */
export function chooseEngine(name: EngineName, threads = wantedThreads): void {
  if (name === wanted && threads === wantedThreads) return;
  wanted = name;
  wantedThreads = threads;
  engine = undefined;
}

/** The shared engine, made on first use. */
export function processEngine(): Engine {
  engine ??= wanted === "reference" ? createReferenceEngine() : createWasmEngine({ threads: wantedThreads });
  return engine;
}
