/** What Python's pickles are made of: containers, numpy's arrays and types, and the functions that make them. */
import { DataLossError, UnimplementedError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { elementCount, type FullShape } from "../../core/shape.ts";
import { arrayOf } from "../npy.ts";

/** An array of Python's objects, row-major. */
export interface ObjectArray {
  readonly shape: FullShape;
  readonly items: readonly PickleValue[];
}

/** Dicts are maps, whose keys in bytes are read as UTF-8; lists, tuples and sets are arrays; bytes and Python 2's strings are Uint8Array. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | NdArray
  | ObjectArray
  | readonly PickleValue[]
  | ReadonlyMap<PickleValue, PickleValue>;

/** A function that the pickle names. */
class Named {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** An array or a type on the way: what BUILD fills. */
class Unfinished {
  readonly kind: "array" | "dtype";
  descr = "";
  value: NdArray | ObjectArray | null = null;
  constructor(kind: "array" | "dtype", descr = "") {
    this.kind = kind;
    this.descr = descr;
  }
}

const bad = (path: string, why: string): DataLossError => new DataLossError(`${path}: ${why} in the pickle`, { path });

export const isObjects = (value: PickleValue): value is ObjectArray =>
  typeof value === "object" && value !== null && "items" in value;

const known = new Set([
  "numpy.core.multiarray._reconstruct",
  "numpy.core.multiarray.scalar",
  "numpy.core.numeric._frombuffer",
  "numpy.ndarray",
  "numpy.dtype",
  "_codecs.encode",
  "collections.OrderedDict",
  ...["dict", "set", "frozenset", "list", "tuple", "bytes", "bytearray"].map((name) => `builtins.${name}`),
]);

export const isList = (value: unknown): value is unknown[] => Array.isArray(value);
export const isMap = (value: unknown): value is Map<unknown, unknown> => value instanceof Map;
export const keyOf = (key: unknown): unknown => (key instanceof Uint8Array ? utf8(key) : key);
export const utf8 = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
export const fromLatin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const textOf = (value: unknown): string => (value instanceof Uint8Array ? latin1(value) : String(value));
const bytesOf = (value: unknown): Uint8Array => (value instanceof Uint8Array ? value : fromLatin1(String(value)));
export const whole = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

/** The function of this name. UNIMPLEMENTED for all but those that containers and arrays are made by. */
export function named(path: string, module: string, name: string): Named {
  const full = `${module.replace("numpy._core", "numpy.core").replace("__builtin__", "builtins")}.${name}`;
  if (known.has(full)) return new Named(full);
  throw new UnimplementedError(`${path}: a pickle that calls ${module}.${name} is not read, it could run any code`, {
    path,
  });
}

/** What a call gives: a container, or an array that `build` fills. DATA_LOSS for what is no call. */
export function called(path: string, fn: unknown, args: unknown): unknown {
  if (!(fn instanceof Named) || !isList(args)) throw bad(path, "a call of what is no function");
  switch (fn.name) {
    case "numpy.core.multiarray._reconstruct":
      return new Unfinished("array");
    case "numpy.dtype":
      return new Unfinished("dtype", textOf(args[0]));
    case "numpy.core.multiarray.scalar": {
      const { descr } = args[0] as Unfinished;
      return arrayOf({ descr, isFortran: false, shape: [] }, bytesOf(args[1]), path).item();
    }
    case "numpy.core.numeric._frombuffer": {
      const [buffer, dtype, shape, order] = args as [unknown, Unfinished, number[], unknown];
      return arrayOf({ descr: dtype.descr, isFortran: textOf(order) === "F", shape }, bytesOf(buffer), path);
    }
    case "_codecs.encode":
      return fromLatin1(textOf(args[0]));
    case "collections.OrderedDict":
    case "builtins.dict":
      return new Map();
    case "builtins.set":
    case "builtins.frozenset":
    case "builtins.list":
    case "builtins.tuple":
      return isList(args[0]) ? [...args[0]] : [];
    case "builtins.bytes":
    case "builtins.bytearray":
      return args.length === 0
        ? new Uint8Array()
        : isList(args[0])
          ? Uint8Array.from(args[0] as number[])
          : bytesOf(args[0]);
    default:
      throw bad(path, `a call of ${fn.name}`);
  }
}

/** Fills an array or a type with its state. DATA_LOSS for states of no such form. */
export function build(path: string, target: unknown, state: unknown): void {
  if (!(target instanceof Unfinished) || !isList(state)) throw bad(path, "a state for what has none");
  if (target.kind === "dtype") {
    const order = textOf(state[1]);
    target.descr = `${order === "|" || order === "=" ? "<" : order}${target.descr}`;
    return;
  }
  const [, shape, dtype, isFortran, content] = state as [number, number[], Unfinished, boolean, unknown];
  if (!isList(shape) || !(dtype instanceof Unfinished) || !shape.every((d) => Number.isSafeInteger(d) && d >= 0))
    throw bad(path, "an array without shape or type");
  if (isList(content)) {
    if (content.length !== elementCount(shape)) throw bad(path, `${content.length} objects for an array of (${shape})`);
    if (isFortran && shape.length > 1)
      throw new UnimplementedError(`${path}: objects in Fortran's order are not read`, { path });
    target.value = { shape, items: content as PickleValue[] };
    return;
  }
  const descr = dtype.descr.replace(/^[<>](?=[biu]1$|[SV])/, "|");
  target.value = arrayOf({ descr, isFortran, shape }, bytesOf(content), path);
}

const depthMax = 1_000;

/** The value with its arrays in place. Throws for values inside values without end. */
export function finished(value: unknown, depth: number): unknown {
  if (depth > depthMax) throw new RangeError("values inside values");
  if (value instanceof Unfinished) {
    if (value.value && isObjects(value.value)) {
      return { shape: value.value.shape, items: value.value.items.map((item) => finished(item, depth + 1)) };
    }
    return value.kind === "dtype" ? value.descr : value.value;
  }
  if (isList(value)) return value.map((item) => finished(item, depth + 1));
  if (isMap(value))
    return new Map([...value].map(([key, item]) => [finished(key, depth + 1), finished(item, depth + 1)]));
  return value instanceof Named ? value.name : value;
}
