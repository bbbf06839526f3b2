/** Functions of shared objects, through the package koffi, which a user may add. Pointers are numbers, throughout. */
import { loadPackage, platform } from "../../core/host.ts";

/** C types of arguments and results. */
export type CType =
  | "void"
  | "char"
  | "int"
  | "unsigned int"
  | "int64_t"
  | "size_t"
  | "float"
  | "double"
  | "uintptr_t"
  | "str";

// biome-ignore lint/suspicious/noExplicitAny: arguments and results are of the C types that the caller names
export type ForeignFunction = (...args: any[]) => any;

export interface SharedObject {
  func(name: string, result: CType, args: readonly CType[]): ForeignFunction;
}

/** The part of koffi that is used. */
export interface Koffi {
  readonly version: string;
  /** Throws for a file that is not there, or not one for this machine. */
  load(path: string | null): SharedObject;
  /** Where the bytes of a view lie. */
  address(view: Uint8Array): bigint;
}

export interface Missing {
  readonly missing: string;
}

/** The first line of what an error says. */
export const errorText = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0]!;

/** koffi, or why there is none. */
export function loadKoffi(): Koffi | Missing {
  try {
    const koffi = loadPackage("koffi") as Koffi | null;
    if (!koffi) return { missing: "koffi is not installed" };
    if (typeof koffi.load !== "function" || typeof koffi.address !== "function")
      return { missing: `koffi ${koffi.version ?? ""} has no load and address: version 2.6 or later is needed` };
    return koffi;
  } catch (error) {
    return { missing: `koffi does not load: ${errorText(error)}` };
  }
}

/** A function of the library, or null where it has none of the name. */
export function optional(
  library: SharedObject,
  name: string,
  result: CType,
  args: readonly CType[],
): ForeignFunction | null {
  try {
    return library.func(name, result, args);
  } catch {
    return null;
  }
}

const [hugePages, collapse] = [14, 25];
/** Bytes that are moved at once; more would take a second. */
const mostMoved = 2 ** 29;

/**
 * Asks Linux for pages of 2 MB in a range of memory, where it has the rule to give them on demand: matrices whose rows are thousands of
 * bytes apart, and random rows of tables, need a page each. What is in use already is moved where the kernel can (6.1 and later). Source: madvise(2).
 */
export function useLargePages(
  koffi: Koffi,
  range: { readonly address: number; readonly used: number; readonly whole: number },
): void {
  if (platform().system !== "linux") return;
  try {
    const advise = koffi.load(null).func("madvise", "int", ["uintptr_t", "size_t", "int"]);
    const page = 2 ** 21;
    const begin = Math.ceil(range.address / page) * page;
    const end = (bytes: number) => Math.floor((range.address + bytes) / page) * page;
    if (end(range.whole) > begin) advise(begin, end(range.whole) - begin, hugePages);
    if (end(range.used) > begin && range.used < mostMoved) advise(begin, end(range.used) - begin, collapse);
  } catch {
    // Advice alone: pages of the usual size do as well.
  }
}

/** Memory that stays where it is, for what C functions read and fill in. */
export interface Arena {
  readonly buffer: ArrayBuffer;
  readonly view: DataView;
  readonly address: number;
  /** The address of so many zeroed bytes, until `reset`. */
  take(sizeBytes: number): number;
  /** Whole numbers of 64 bits. */
  longs(values: readonly number[]): number;
  /** Fills a pointer by a call that returns a status, and gives it with that. */
  pointer(call: (out: number) => number): { readonly status: number; readonly value: number };
  reset(): void;
}

export function createArena(koffi: Koffi, sizeBytes: number): Arena {
  const buffer = new ArrayBuffer(sizeBytes);
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const address = Number(koffi.address(bytes));
  let top = 0;
  const take = (size: number): number => {
    const at = top;
    top += Math.ceil(size / 64) * 64;
    if (top > sizeBytes) throw new Error(`bug: an arena of ${sizeBytes} bytes is full`);
    bytes.fill(0, at, top);
    return address + at;
  };
  return {
    buffer,
    view,
    address,
    take,
    longs(values) {
      const at = take(8 * values.length);
      values.forEach((value, i) => {
        view.setBigInt64(at - address + 8 * i, BigInt(value), true);
      });
      return at;
    },
    pointer(call) {
      const at = take(8);
      const status = call(at);
      return { status, value: Number(view.getBigUint64(at - address, true)) };
    },
    reset() {
      top = 0;
    },
  };
}
