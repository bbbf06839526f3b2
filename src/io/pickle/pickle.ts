/**
 * Python's pickles, to read: numbers, strings, lists, tuples, dicts, sets and numpy's arrays, protocols 0 to 5.
 *
 *     80 02            protocol 2
 *     5d 71 00         an empty list, kept as number 0
 *     28 4b 01 4b 05   a mark, 1, 5
 *     65 2e            both into the list; stop
 *
 * A pickle is a program that may name any function. Here it may name those that numpy's arrays and plain containers are made by; no other.
 * Source: Python's Lib/pickletools.py; numpy/_core/src/multiarray/methods.c (array_setstate).
 */
import { DataLossError, UnimplementedError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { arrayOf, readHeader } from "../npy.ts";
import {
  build,
  called,
  finished,
  fromLatin1,
  isList,
  isMap,
  isObjects,
  keyOf,
  latin1,
  named,
  type ObjectArray,
  type PickleValue,
  utf8,
  whole,
} from "./objects.ts";

const mark = Symbol("mark");
/** The value of a pickle. DATA_LOSS for a damaged one, UNIMPLEMENTED for objects of other classes than those named above. */
export function readPickle(bytes: Uint8Array, path: string): PickleValue {
  try {
    return new Unpickler(bytes, path).run();
  } catch (error) {
    if (error instanceof RangeError) throw new DataLossError(`${path}: the pickle is damaged`, { path, cause: error });
    throw error;
  }
}

/** The objects of a .npy file of dtype object, or the array of any other. */
export function readObjects(bytes: Uint8Array, path: string): NdArray | ObjectArray {
  const header = readHeader(bytes, path);
  const content = bytes.subarray(header.dataAt);
  if (!/^[|<>=]?O/.test(header.descr)) return arrayOf(header, content, path);
  const value = readPickle(content, path);
  if (isObjects(value)) return value;
  if (value instanceof NdArray) return value;
  throw new DataLossError(`${path}: its pickle holds no array`, { path });
}

class Unpickler {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #path: string;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  #at = 0;

  constructor(bytes: Uint8Array, path: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#path = path;
  }

  run(): PickleValue {
    for (;;) {
      const code = this.#byte();
      if (code === 0x2e) return finished(this.#pop(), 0) as PickleValue;
      this.#step(code);
    }
  }

  #bad(why: string): DataLossError {
    return new DataLossError(`${this.#path}: ${why} at byte ${this.#at} of the pickle`, { path: this.#path });
  }

  #byte(): number {
    return this.#take(1)[0]!;
  }

  #take(count: number): Uint8Array {
    if (count < 0 || count > this.#bytes.length - this.#at) throw this.#bad("the file ends");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  #uint32(): number {
    this.#take(4);
    return this.#view.getUint32(this.#at - 4, true);
  }

  #uint64(): number {
    this.#take(8);
    return Number(this.#view.getBigUint64(this.#at - 8, true));
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw this.#bad("a line without an end");
    const text = latin1(this.#take(end - this.#at));
    this.#at++;
    return text;
  }

  #pop(): unknown {
    if (this.#stack.length === 0 || this.#stack.at(-1) === mark) throw this.#bad("a value is missing");
    return this.#stack.pop();
  }

  #sinceMark(): unknown[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw this.#bad("a mark is missing");
    const items = this.#stack.splice(at + 1);
    this.#stack.pop();
    return items;
  }

  #top<T>(is: (value: unknown) => value is T): T {
    const value = this.#stack.at(-1);
    if (!is(value)) throw this.#bad("a container is missing");
    return value;
  }

  #tuple(count: number): unknown[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #remember(index: number): void {
    if (this.#stack.length === 0) throw this.#bad("a value is missing");
    this.#memo.set(index, this.#stack.at(-1));
  }

  #recall(index: number): unknown {
    if (!this.#memo.has(index)) throw this.#bad(`no value is kept under ${index}`);
    return this.#memo.get(index);
  }

  #step(code: number): void {
    const stack = this.#stack;
    const symbol = String.fromCharCode(code);
    const pushed = this.#pushed(symbol, code);
    if (pushed !== undefined) {
      stack.push(pushed);
      return;
    }
    if (symbol === "0") this.#pop();
    else if (symbol === "1") this.#sinceMark();
    else if (symbol === "2") stack.push(stack.at(-1));
    else if (symbol === "a") {
      const item = this.#pop();
      this.#top(isList).push(item);
    } else if (symbol === "e" || code === 0x90) {
      const items = this.#sinceMark();
      const list = this.#top(isList);
      for (const item of items) list.push(item);
    } else if (symbol === "s") {
      const value = this.#pop();
      const key = this.#pop();
      this.#top(isMap).set(keyOf(key), value);
    } else if (symbol === "u") {
      const items = this.#sinceMark();
      const map = this.#top(isMap);
      for (let i = 0; i + 1 < items.length; i += 2) map.set(keyOf(items[i]), items[i + 1]);
    } else if (symbol === "p") this.#remember(Number(this.#line()));
    else if (symbol === "q") this.#remember(this.#byte());
    else if (symbol === "r") this.#remember(this.#uint32());
    else if (code === 0x94) this.#remember(this.#memo.size);
    else if (symbol === "b") {
      const state = this.#pop();
      build(this.#path, stack.at(-1), state);
    } else if (code === 0x80) this.#take(1);
    else if (code === 0x95) this.#take(8);
    else throw new UnimplementedError(`${this.#path}: pickles with code ${code} are not read`, { path: this.#path });
  }

  /** What a code puts on the stack; undefined for codes that do something else. */
  #pushed(symbol: string, code: number): unknown {
    switch (symbol) {
      case "(":
        return mark;
      case "N":
        return null;
      case "]":
      case ")":
        return [];
      case "}":
        return new Map();
      case "t":
      case "l":
        return this.#sinceMark();
      case "d": {
        const items = this.#sinceMark();
        return new Map(items.flatMap((key, i) => (i % 2 ? [] : [[keyOf(key), items[i + 1]] as const])));
      }
      case "I": {
        const text = this.#line();
        return text === "00" || text === "01" ? text === "01" : whole(BigInt(text));
      }
      case "J": {
        this.#take(4);
        return this.#view.getInt32(this.#at - 4, true);
      }
      case "K":
        return this.#byte();
      case "M": {
        this.#take(2);
        return this.#view.getUint16(this.#at - 2, true);
      }
      case "L":
        return whole(BigInt(this.#line().replace(/L$/, "")));
      case "F":
        return Number(this.#line());
      case "G": {
        this.#take(8);
        return this.#view.getFloat64(this.#at - 8);
      }
      case "S":
        return fromLatin1(unquoted(this.#line()));
      case "V":
        return this.#line().replace(/\\(?:u([0-9a-f]{4})|U([0-9a-f]{8}))/gi, (_, short, long) =>
          String.fromCodePoint(Number.parseInt(short ?? long, 16)),
        );
      case "T":
      case "B":
        return this.#take(this.#uint32());
      case "U":
      case "C":
        return this.#take(this.#byte());
      case "X":
        return utf8(this.#take(this.#uint32()));
      case "g":
        return this.#recall(Number(this.#line()));
      case "h":
        return this.#recall(this.#byte());
      case "j":
        return this.#recall(this.#uint32());
      case "c": {
        const module = this.#line();
        return named(this.#path, module, this.#line());
      }
      case "R": {
        const args = this.#pop();
        return called(this.#path, this.#pop(), args);
      }
      default:
        return this.#pushedByLater(code);
    }
  }

  /** Codes of protocol 2 and above. */
  #pushedByLater(code: number): unknown {
    switch (code) {
      case 0x81: {
        const args = this.#pop();
        return called(this.#path, this.#pop(), args);
      }
      case 0x85:
      case 0x86:
      case 0x87:
        return this.#tuple(code - 0x84);
      case 0x88:
        return true;
      case 0x89:
        return false;
      case 0x8a:
        return littleEndian(this.#take(this.#byte()));
      case 0x8b:
        return littleEndian(this.#take(this.#uint32()));
      case 0x8c:
        return utf8(this.#take(this.#byte()));
      case 0x8d:
        return utf8(this.#take(this.#uint64()));
      case 0x8e:
      case 0x96:
        return this.#take(this.#uint64());
      case 0x8f:
        return [];
      case 0x91:
        return this.#sinceMark();
      case 0x93: {
        const name = this.#pop();
        return named(this.#path, String(this.#pop()), String(name));
      }
      default:
        return undefined;
    }
  }
}

function littleEndian(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of [...bytes].reverse()) value = (value << 8n) | BigInt(byte);
  return whole(BigInt.asIntN(8 * bytes.length, value));
}

/** A string as protocol 0 writes it: quoted, with Python's escapes. */
const unquoted = (text: string): string =>
  text
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-f]{2})|(.))/gi, (_, hex, other) =>
      hex ? String.fromCharCode(Number.parseInt(hex, 16)) : ({ n: "\n", r: "\r", t: "\t" }[other as string] ?? other),
    );
