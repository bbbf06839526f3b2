/**
 * Workspaces of executables. One that is given back waits for the next run of the same executable; those that wait are bounded in bytes:
 * when a new one is needed, the ones of executables that have needed none for longest are freed. So a training step that runs again and
 * again allocates nothing, and what initializing or restoring took goes to it.
 */
import type { Engine, Executable } from "../../../engine/engine.ts";

/** Memory for one run of an executable, and where its inputs come from: 0 is their own room in it. */
export interface Workspace {
  readonly base: number;
  readonly end: number;
  readonly sources: Float64Array;
}

/** Bytes that may wait in any case, and the part of all memory in use that may. */
const idleBytes = 2 ** 18;
const idlePart = 1 / 32;

/** The lists of waiting workspaces of an engine's executables; the last to allocate is the last. */
const waiting = new WeakMap<Engine, Set<Workspace[]>>();

/** A fresh one for the executable whose waiting ones are in `free`. Throws RESOURCE_EXHAUSTED. */
export function allocateWorkspace(engine: Engine, executable: Executable, free: Workspace[]): Workspace {
  let lists = waiting.get(engine);
  if (!lists) {
    lists = new Set();
    waiting.set(engine, lists);
  }
  lists.delete(free);
  freeIdle(engine, lists);
  lists.add(free);
  const sizeBytes = Math.max(executable.workspaceBytes, 64);
  const base = engine.allocate(sizeBytes);
  executable.prepare(base);
  return {
    base,
    end: base + sizeBytes,
    sources: Float64Array.from(executable.inputOffsets, (offset) => base + offset),
  };
}

function freeIdle(engine: Engine, lists: ReadonlySet<Workspace[]>): void {
  let idle = 0;
  for (const list of lists) for (const { base, end } of list) idle += end - base;
  const limit = Math.max(idleBytes, engine.usage.bytes * idlePart);
  for (const list of lists) {
    while (idle > limit && list.length > 0) {
      const { base, end } = list.pop()!;
      engine.free(base);
      idle -= end - base;
    }
    if (idle <= limit) return;
  }
}

/** The executable goes: its waiting workspaces do as well. */
export function freeWorkspaces(engine: Engine, free: Workspace[]): void {
  waiting.get(engine)?.delete(free);
  for (const { base } of free.splice(0)) engine.free(base);
}
