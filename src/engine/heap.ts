/**
 * Memory of an engine: one WebAssembly.Memory that grows up to a limit, and blocks of it.
 * Small blocks have one of few sizes (at most a quarter is wasted); freed ones wait in a list for the next of their size. Large blocks are
 * cut from free ranges, the smallest that fits, and merge with free neighbours when they are given back. A training that repeats its sizes never grows.
 */
import { opError } from "../core/error.ts";
import { memoryLimitBytes } from "../core/host.ts";

export const alignment = 64;
const pageBytes = 65536;
/** From here on a block is checked against what the process may take. */
const checkedBytes = 2 ** 24;
/** At the end of the memory, so that kernels may read a vector beyond a row. */
const slackBytes = 64;
/** Up to here a block is small. */
const smallBytes = 32768;
/** Small blocks are cut from ranges of this size. */
const slabBytes = 262144;
/** Large blocks are multiples of it. */
const largeUnit = 4096;

export interface Heap {
  readonly memory: WebAssembly.Memory;
  /** The memory's present buffer: only the heap makes it grow, and asking the memory takes longer than a small step may. */
  readonly buffer: ArrayBufferLike;
  /** Bytes in blocks at present, and the most there ever were. */
  readonly usage: { readonly bytes: number; readonly peakBytes: number };
  /** A zeroed block, aligned to 64 bytes. Throws RESOURCE_EXHAUSTED. */
  allocate(sizeBytes: number): number;
  free(address: number): void;
}

export interface HeapOptions {
  /** The memory may grow up to this size; 4 GiB at most. */
  readonly limitBytes?: number;
  /** Shared with worker threads. */
  readonly shared?: boolean;
}

export const roundUp = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple;

/** The size of the block for so many bytes: 64, 128, 192, 256, 320, 384, 448, 512, 640 … 32768, then multiples of 4096. */
export function blockBytes(sizeBytes: number): number {
  if (sizeBytes > smallBytes) return roundUp(sizeBytes, largeUnit);
  if (sizeBytes <= 4 * alignment) return Math.max(roundUp(sizeBytes, alignment), alignment);
  return roundUp(sizeBytes, Math.max(2 ** (Math.ceil(Math.log2(sizeBytes)) - 3), alignment));
}

interface Range {
  readonly address: number;
  readonly size: number;
}

export function createHeap({ limitBytes = 2 ** 32 - pageBytes, shared = true }: HeapOptions = {}): Heap {
  const memory = createMemory(Math.floor(Math.min(limitBytes, 2 ** 32 - pageBytes) / pageBytes), shared);
  const maximum = memory.maximum;
  let buffer: ArrayBufferLike = memory.value.buffer;
  /** Sizes of the blocks in use, by address. */
  const sizes = new Map<number, number>();
  const lists = new Map<number, number[]>();
  /** Free ranges in the order of addresses, never touching. */
  const ranges: Range[] = [];
  const usage = { bytes: 0, peakBytes: 0 };
  let slab: Range = { address: 0, size: 0 };
  /** Address 0 is never given out. Memory from here on was never used, so it is zero. */
  let top = largeUnit;

  const exhausted = (sizeBytes: number, limit = maximum * pageBytes) =>
    opError(
      "RESOURCE_EXHAUSTED",
      `OOM when allocating ${sizeBytes} bytes: ${usage.bytes} are in use of a limit of ${limit}`,
    );

  function extend(size: number, wanted: number): number {
    const address = top;
    const missing = address + size + slackBytes - buffer.byteLength;
    if (missing > 0) {
      // Grown by a quarter of what is there, so that many blocks mean few calls.
      const needed = Math.ceil(missing / pageBytes);
      const present = buffer.byteLength / pageBytes;
      const generous = Math.min(Math.max(needed, Math.ceil(present / 4)), maximum - present);
      if (generous < needed) throw exhausted(wanted);
      try {
        memory.value.grow(generous);
        buffer = memory.value.buffer;
      } catch {
        throw exhausted(wanted);
      }
    }
    top += size;
    return address;
  }

  /** A range of exactly this size. */
  function take(size: number, wanted: number): { readonly address: number; readonly isFresh: boolean } {
    let best = -1;
    for (let i = 0; i < ranges.length; i++) {
      if (ranges[i]!.size >= size && (best < 0 || ranges[i]!.size < ranges[best]!.size)) best = i;
    }
    if (best < 0) return { address: extend(size, wanted), isFresh: true };
    const range = ranges[best]!;
    const rest = { address: range.address + size, size: range.size - size };
    ranges.splice(best, 1, ...(rest.size > 0 ? [rest] : []));
    return { address: range.address, isFresh: false };
  }

  /** Gives a range back, merged with its neighbours. */
  function give(address: number, size: number): void {
    let i = ranges.findIndex((range) => range.address > address);
    if (i < 0) i = ranges.length;
    const before = ranges[i - 1];
    const after = ranges[i];
    const joinsBefore = before !== undefined && before.address + before.size === address;
    const joinsAfter = after !== undefined && address + size === after.address;
    const merged = {
      address: joinsBefore ? before.address : address,
      size: size + (joinsBefore ? before.size : 0) + (joinsAfter ? after.size : 0),
    };
    ranges.splice(joinsBefore ? i - 1 : i, Number(joinsBefore) + Number(joinsAfter), merged);
  }

  function takeSmall(size: number, wanted: number): { readonly address: number; readonly isFresh: boolean } {
    const reused = lists.get(size)?.pop();
    if (reused !== undefined) return { address: reused, isFresh: false };
    if (slab.size < size) slab = { address: take(slabBytes, wanted).address, size: slabBytes };
    const { address } = slab;
    slab = { address: address + size, size: slab.size - size };
    return { address, isFresh: false };
  }

  return {
    memory: memory.value,
    get buffer() {
      return buffer;
    },
    usage,
    allocate(sizeBytes) {
      if (!Number.isFinite(sizeBytes) || sizeBytes < 0) throw new Error(`bug: allocation of ${sizeBytes} bytes`);
      const size = blockBytes(sizeBytes);
      if (size >= checkedBytes && usage.bytes + size > memoryLimitBytes())
        throw exhausted(sizeBytes, memoryLimitBytes());
      const { address, isFresh } = size <= smallBytes ? takeSmall(size, sizeBytes) : take(size, sizeBytes);
      if (!isFresh) new Uint8Array(buffer, address, size).fill(0);
      sizes.set(address, size);
      usage.bytes += size;
      usage.peakBytes = Math.max(usage.peakBytes, usage.bytes);
      return address;
    },
    free(address) {
      const size = sizes.get(address);
      if (size === undefined) throw new Error(`bug: free of ${address}, which is no block`);
      sizes.delete(address);
      usage.bytes -= size;
      if (size > smallBytes) give(address, size);
      else {
        const list = lists.get(size);
        if (list) list.push(address);
        else lists.set(size, [address]);
      }
    },
  };
}

/** Halves the limit where the system grants no such range of addresses (`ulimit -v`). */
function createMemory(
  maximum: number,
  shared: boolean,
): { readonly value: WebAssembly.Memory; readonly maximum: number } {
  for (let pages = maximum; ; pages = Math.floor(pages / 2)) {
    try {
      return {
        value: new WebAssembly.Memory({ initial: Math.min(16, pages), maximum: pages, shared }),
        maximum: pages,
      };
    } catch (error) {
      if (pages < 1024) {
        throw opError("RESOURCE_EXHAUSTED", "no WebAssembly memory can be made", { cause: error });
      }
    }
  }
}
