/**
 * Where the values of a run lie in its workspace. Lifetimes are counted in groups; a buffer may be used again once its last reader has run, and
 * an elementwise result takes over the buffer of an operand that dies with it. The largest buffers are placed first, each at the lowest offset
 * that is free all its life.
 */
import { alignment, roundUp } from "../heap.ts";

/** A value that needs memory. Both ends are inclusive: in the group of its last reader it is still there. */
export interface Lifetime {
  readonly id: number;
  readonly sizeBytes: number;
  readonly from: number;
  /** Infinity: an output. */
  readonly to: number;
  /** A value that ends in group `from`, and whose buffer this one may take over. */
  readonly over: number | null;
}

export interface MemoryPlan {
  /** Offsets by id, relative to `start`. */
  readonly offsets: ReadonlyMap<number, number>;
  readonly sizeBytes: number;
}

interface Buffer {
  readonly ids: number[];
  readonly sizeBytes: number;
  readonly from: number;
  to: number;
}

export function planMemory(lifetimes: readonly Lifetime[], start = 0): MemoryPlan {
  const buffers = new Set<Buffer>();
  const bufferOf = new Map<number, Buffer>();
  for (const { id, sizeBytes, from, to, over } of [...lifetimes].sort((a, b) => a.from - b.from)) {
    const old = over === null ? undefined : bufferOf.get(over);
    if (old && old.to === from && old.sizeBytes === roundUp(sizeBytes, alignment)) {
      old.to = to;
      old.ids.push(id);
      bufferOf.set(id, old);
      continue;
    }
    const buffer: Buffer = { ids: [id], sizeBytes: roundUp(sizeBytes, alignment), from, to };
    buffers.add(buffer);
    bufferOf.set(id, buffer);
  }
  const offsets = new Map<number, number>();
  const placed: { readonly buffer: Buffer; readonly offset: number }[] = [];
  let end = start;
  for (const buffer of [...buffers].sort((a, b) => b.sizeBytes - a.sizeBytes || a.from - b.from)) {
    let offset = start;
    // `placed` is kept in the order of offsets, so the first gap is found in one walk.
    for (const other of placed) {
      if (other.buffer.to < buffer.from || buffer.to < other.buffer.from) continue;
      if (other.offset >= offset + buffer.sizeBytes) break;
      offset = Math.max(offset, other.offset + other.buffer.sizeBytes);
    }
    const at = placed.findIndex((other) => other.offset > offset);
    placed.splice(at < 0 ? placed.length : at, 0, { buffer, offset });
    for (const id of buffer.ids) offsets.set(id, offset);
    end = Math.max(end, offset + buffer.sizeBytes);
  }
  return { offsets, sizeBytes: end - start };
}
