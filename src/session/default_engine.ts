/** The engine that sessions of this process share. */
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference_engine.ts";

export type EngineName = "auto" | "wasm" | "native" | "reference";

let wanted: EngineName = "auto";
let engine: Engine | undefined;

/** Which engine sessions made from here on get. */
export function chooseEngine(name: EngineName): void {
  if (name === wanted) return;
  wanted = name;
  engine = undefined;
}

/** The shared engine, made on first use. */
export function processEngine(_threads?: number): Engine {
  engine ??= createReferenceEngine();
  return engine;
}
