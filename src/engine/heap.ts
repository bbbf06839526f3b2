/**
 * Memory of an engine: one WebAssembly.Memory that grows up to a limit, and blocks of it by size class. A class is a power of two or
 * one of three steps between two of them, so a block wastes at most a quarter; freed blocks wait in the list of their class, and a training that repeats its sizes never grows.
 */
import { opError } from "../core/error.ts";

export const alignment = 64;
const pageBytes = 65536;
/** At the end of the memory, so that kernels may read a vector beyond a row. */
const slackBytes = 64;

export interface Heap {
  readonly memory: WebAssembly.Memory;
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

/** The smallest class that holds so many bytes: 64, 128, 192, 256, 320, 384, 448, 512, 640 … */
export function classBytes(sizeBytes: number): number {
  if (sizeBytes <= 4 * alignment) return Math.max(roundUp(sizeBytes, alignment), alignment);
  const step = 2 ** (Math.ceil(Math.log2(sizeBytes)) - 3);
  return roundUp(sizeBytes, Math.max(step, alignment));
}

export function createHeap({ limitBytes = 2 ** 32 - pageBytes, shared = true }: HeapOptions = {}): Heap {
  const maximum = Math.floor(Math.min(limitBytes, 2 ** 32 - pageBytes) / pageBytes);
  const memory = createMemory(maximum, shared);
  /** Block sizes by address, in use or not. */
  const sizes = new Map<number, number>();
  const inUse = new Set<number>();
  const lists = new Map<number, number[]>();
  const usage = { bytes: 0, peakBytes: 0 };
  /** Address 0 is never given out. */
  let top = alignment;

  const exhausted = (sizeBytes: number) =>
    opError(
      "RESOURCE_EXHAUSTED",
      `OOM when allocating ${sizeBytes} bytes: ${usage.bytes} are in use of a limit of ${maximum * pageBytes}`,
    );

  /** New memory is zero already. */
  function extend(sizeBytes: number, wanted: number): number {
    const address = top;
    const missing = address + sizeBytes + slackBytes - memory.buffer.byteLength;
    if (missing > 0) {
      // Grown by a quarter of what is there, so that many small blocks mean few calls.
      const needed = Math.ceil(missing / pageBytes);
      const present = memory.buffer.byteLength / pageBytes;
      const generous = Math.min(Math.max(needed, Math.ceil(present / 4)), maximum - present);
      if (generous < needed) throw exhausted(wanted);
      try {
        memory.grow(generous);
      } catch {
        throw exhausted(wanted);
      }
    }
    top += sizeBytes;
    return address;
  }

  return {
    memory,
    usage,
    allocate(sizeBytes) {
      if (!Number.isFinite(sizeBytes) || sizeBytes < 0) throw new Error(`bug: allocation of ${sizeBytes} bytes`);
      const size = classBytes(sizeBytes);
      const reused = lists.get(size)?.pop();
      const address = reused ?? extend(size, sizeBytes);
      if (reused !== undefined) new Uint8Array(memory.buffer, address, size).fill(0);
      sizes.set(address, size);
      inUse.add(address);
      usage.bytes += size;
      usage.peakBytes = Math.max(usage.peakBytes, usage.bytes);
      return address;
    },
    free(address) {
      const size = sizes.get(address);
      if (size === undefined || !inUse.delete(address)) throw new Error(`bug: free of ${address}, which is no block`);
      const list = lists.get(size);
      if (list) list.push(address);
      else lists.set(size, [address]);
      usage.bytes -= size;
    },
  };
}

/** Halves the limit where the system grants no such range of addresses (`ulimit -v`). */
function createMemory(maximum: number, shared: boolean): WebAssembly.Memory {
  for (let pages = maximum; ; pages = Math.floor(pages / 2)) {
    try {
      return new WebAssembly.Memory({ initial: Math.min(16, pages), maximum: pages, shared });
    } catch (error) {
      if (pages < 1024) {
        throw opError("RESOURCE_EXHAUSTED", "no WebAssembly memory can be made", { cause: error });
      }
    }
  }
}
