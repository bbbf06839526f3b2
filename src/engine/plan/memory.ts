/**
 * Where the values of a run lie in its workspace. Lifetimes are counted in groups; a buffer may be used again once its last reader has run, and
 * an elementwise result takes over the buffer of an operand that dies with it. The largest buffers are placed first, each at the lowest offset
 * that is free all its life; of very many, each as it begins, in the smallest gap that holds it.
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
  const place = buffers.size > manyBuffers ? placeByTime : placeBySize;
  const end = place([...buffers], start, ({ ids }, offset) => {
    for (const id of ids) offsets.set(id, offset);
  });
  return { offsets, sizeBytes: end - start };
}

/** More buffers than this are placed one after the other in time: comparing each with all others would take seconds. */
const manyBuffers = 2048;

/** Tells where each buffer goes, and returns the end of the last one. */
type Placing = (buffers: readonly Buffer[], start: number, tell: (buffer: Buffer, offset: number) => void) => number;

const placeBySize: Placing = (buffers, start, tell) => {
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
    tell(buffer, offset);
    end = Math.max(end, offset + buffer.sizeBytes);
  }
  return end;
};

const placeByTime: Placing = (buffers, start, tell) => {
  const gaps = new Gaps();
  /** Buffers that end in a group, by group. */
  const ending = new Map<number, { readonly offset: number; readonly sizeBytes: number }[]>();
  let end = start;
  let released = -1;
  for (const buffer of [...buffers].sort((a, b) => a.from - b.from || b.sizeBytes - a.sizeBytes)) {
    for (; released < buffer.from - 1; released++) {
      for (const { offset, sizeBytes } of ending.get(released + 1) ?? []) gaps.add(offset, sizeBytes);
      ending.delete(released + 1);
    }
    const offset = gaps.take(buffer.sizeBytes) ?? end;
    if (offset === end) end += buffer.sizeBytes;
    tell(buffer, offset);
    const list = ending.get(buffer.to);
    if (list) list.push({ offset, sizeBytes: buffer.sizeBytes });
    else ending.set(buffer.to, [{ offset, sizeBytes: buffer.sizeBytes }]);
  }
  return end;
};

/** Free ranges, joined with their neighbours, by where they begin, where they end, and size. */
class Gaps {
  readonly #sizeAt = new Map<number, number>();
  readonly #startBefore = new Map<number, number>();
  readonly #bySize = new Map<number, Set<number>>();
  /** Sizes that there are, in order. */
  readonly #sizes: number[] = [];

  add(offset: number, sizeBytes: number): void {
    if (sizeBytes === 0) return;
    let [from, to] = [offset, offset + sizeBytes];
    const before = this.#startBefore.get(from);
    if (before !== undefined) {
      this.#remove(before);
      from = before;
    }
    const after = this.#sizeAt.get(to);
    if (after !== undefined) {
      this.#remove(to);
      to += after;
    }
    this.#insert(from, to - from);
  }

  /** The begin of a free range of so many bytes, which is no longer free; undefined where there is none. */
  take(sizeBytes: number): number | undefined {
    const size = this.#sizes[this.#position(sizeBytes)];
    if (size === undefined || sizeBytes === 0) return undefined;
    const offset = this.#bySize.get(size)!.values().next().value!;
    this.#remove(offset);
    if (size > sizeBytes) this.#insert(offset + sizeBytes, size - sizeBytes);
    return offset;
  }

  #insert(offset: number, sizeBytes: number): void {
    this.#sizeAt.set(offset, sizeBytes);
    this.#startBefore.set(offset + sizeBytes, offset);
    const known = this.#bySize.get(sizeBytes);
    if (known) known.add(offset);
    else {
      this.#bySize.set(sizeBytes, new Set([offset]));
      this.#sizes.splice(this.#position(sizeBytes), 0, sizeBytes);
    }
  }

  #remove(offset: number): void {
    const sizeBytes = this.#sizeAt.get(offset)!;
    this.#sizeAt.delete(offset);
    this.#startBefore.delete(offset + sizeBytes);
    const same = this.#bySize.get(sizeBytes)!;
    same.delete(offset);
    if (same.size > 0) return;
    this.#bySize.delete(sizeBytes);
    this.#sizes.splice(this.#position(sizeBytes), 1);
  }

  /** The first of `sizes` that is not smaller. */
  #position(sizeBytes: number): number {
    let [low, high] = [0, this.#sizes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sizes[middle]! < sizeBytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
