/**
 * Workspaces of executables. One that is given back waits for the next run of the same executable; those that wait are bounded in bytes:
 * when a new one is needed that does not fit below the most memory there ever was in use, the ones of executables that have needed none for
 * longest are freed. So a training step that runs again and again allocates nothing, and what initializing or restoring took goes to it.
 */
import type { NdArray } from "../../../core/nd_array.ts";
import type { Engine, Executable, InputRoom } from "../../../engine/engine.ts";
import type { RunFrame } from "../segment.ts";
import { copyIn, EngineValue, type RunValue } from "../values.ts";
import type { Specialisation } from "./specialisation.ts";

/** Memory for one run of an executable, and where its inputs come from. */
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
  const sizeBytes = Math.max(executable.workspaceBytes, 64);
  freeIdle(engine, lists, sizeBytes);
  lists.add(free);
  const base = engine.allocate(sizeBytes);
  executable.prepare(base);
  return {
    base,
    end: base + sizeBytes,
    sources: Float64Array.from(executable.inputOffsets, (offset) => base + offset),
  };
}

/** What room an executable needs for an input that is such a value when it is compiled. */
export const roomFor = (value: RunValue): InputRoom => (value instanceof EngineValue ? "none" : "once");

/** Lets a specialisation read the values of a run where they lie. `index`: the plan's number for each input of the segment. */
export function bindInputs(
  engine: Engine,
  specialisation: Specialisation,
  index: readonly number[],
  { frame, workspace }: { readonly frame: RunFrame; readonly workspace: Workspace },
): void {
  const { executable, engineInputs } = specialisation;
  const { base, sources } = workspace;
  for (let i = 0; i < engineInputs.length; i++) {
    const value = frame.values[index[engineInputs[i]!]!];
    const address =
      value instanceof EngineValue
        ? value.address
        : bringIn(engine, value as NdArray, base, executable.inputOffsets[i]!, frame.releases);
    if (sources[i] !== address) {
      executable.setInput(base, i, address);
      sources[i] = address;
    }
  }
  if (executable.renew && specialisation.loop !== frame.sums) {
    executable.renew();
    specialisation.loop = frame.sums;
  }
}

/**
 * Copies an input to its room at `offset` in the workspace, or, where the executable was made for a value that lay in engine memory, to memory
 * for the rest of the run. Where it lies then. What nothing reads (-2) is not copied.
 */
function bringIn(engine: Engine, value: NdArray, base: number, offset: number, releases: (() => void)[]): number {
  if (offset === -2) return base;
  let address = base + offset;
  if (offset < 0) {
    address = engine.allocate(Math.max(value.size * value.dtype.sizeBytes, 4));
    releases.push(() => engine.free(address));
  }
  copyIn(engine, value, address);
  return address;
}

function freeIdle(engine: Engine, lists: ReadonlySet<Workspace[]>, wantedBytes: number): void {
  const { usage } = engine;
  const mostInUse = usage.peakBytes - wantedBytes;
  if (usage.bytes <= mostInUse) return;
  let idle = 0;
  for (const list of lists) for (const { base, end } of list) idle += end - base;
  const limit = Math.max(idleBytes, usage.bytes * idlePart);
  for (const list of lists) {
    while (idle > limit && usage.bytes > mostInUse && list.length > 0) {
      const { base, end } = list.pop()!;
      engine.free(base);
      idle -= end - base;
    }
    if (idle <= limit || usage.bytes <= mostInUse) return;
  }
}

/** The executable goes: its waiting workspaces do as well. */
export function freeWorkspaces(engine: Engine, free: Workspace[]): void {
  waiting.get(engine)?.delete(free);
  for (const { base } of free.splice(0)) engine.free(base);
}
