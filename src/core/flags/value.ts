/** One flag: what it may hold, how its text is read, and how its value is written back. */
import { TypeError, ValueError } from "../error.ts";

export type FlagKind = "int" | "float" | "string" | "bool" | "enum" | "list" | "multi" | "seconds";
export type FlagValue = number | string | boolean | null | readonly string[];

/** T is the type of the value, which its default gives. */
export interface FlagSpec<T = FlagValue> {
  readonly kind: FlagKind;
  readonly default: T;
  readonly help: string;
  /** Bounds of numbers, both included. */
  readonly min?: number;
  readonly max?: number;
  /** What an enum may be. */
  readonly values?: readonly string[];
  /** One letter: `-q`. */
  readonly short?: string;
  /** What each text of a `multi` flag is. */
  readonly item?: FlagSpec;
  /** A list with spaces between its items. */
  readonly bySpaces?: boolean;
  /** What the names of an enum stand for. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Reads the text in place of the kind's own way. */
  readonly parser?: { parse(text: string): unknown };
  /** Writes the value in place of the kind's own way. */
  readonly serializer?: { serialize(value: never): string };
  /** Another name of this flag. */
  readonly aliasOf?: string;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

/** The values of a table of flags, typed by their defaults. */
export type FlagsOf<S extends FlagSpecs> = { [K in keyof S]: S[K] extends FlagSpec<infer T> ? T : never };

export type FlagFault = "unknown" | "value" | "missing" | "flagfile" | "duplicate" | "unparsed" | "required" | "method";

/** What is wrong with the flags given. `.message` has absl's words; the other fields are for words of one's own. */
export class FlagError extends Error {
  override name = "FlagError";
  readonly fault: FlagFault;
  readonly flag: string;
  readonly given: string | undefined;
  readonly spec: FlagSpec | undefined;
  readonly suggestions: readonly string[];

  constructor(
    fault: FlagFault,
    flag: string,
    message: string,
    facts: { given?: string; spec?: FlagSpec; suggestions?: readonly string[] } = {},
  ) {
    super(message);
    this.fault = fault;
    this.flag = flag;
    this.given = facts.given;
    this.spec = facts.spec;
    this.suggestions = facts.suggestions ?? [];
  }
}

const multipliers: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6, G: 1e9 };
const units: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86400 };
const decimal = /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?$/i;

const fromDecimal = (text: string): number => (decimal.test(text) ? Number(text.replaceAll("_", "")) : Number.NaN);

/** `1500`, `1_500`, `1.5k`, `15e2`, `0x5dc`, `0o2734`; NaN for anything else, and for what is not whole or beyond 2^53. */
function toInteger(text: string): number {
  const based = /^0x[0-9a-f]+$|^0o[0-7]+$/i.test(text);
  const multiplier = multipliers[text.at(-1)!];
  const value = based
    ? Number(text)
    : multiplier === undefined
      ? fromDecimal(text)
      : Number((fromDecimal(text.slice(0, -1)) * multiplier).toPrecision(15)); // 1.1k is 1100
  return Number.isSafeInteger(value) ? value + 0 : Number.NaN;
}

function toFloat(text: string): number | undefined {
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (word) return word[2]!.toLowerCase() === "nan" ? Number.NaN : word[1] === "-" ? -Infinity : Infinity;
  const value = fromDecimal(text);
  return Number.isNaN(value) ? undefined : value;
}

/** `90`, `90s`, `1.5m`, `2h`, `1d`, in seconds. */
function toSeconds(text: string): number {
  const unit = units[/[a-z]$/.exec(text)?.[0] ?? ""];
  return unit === undefined ? Number.NaN : fromDecimal(text.replace(/[a-z]$/, "")) * unit;
}

/** Python's repr of a float, which absl's words show. */
const pythonFloat = (x: number): string =>
  Number.isInteger(x) && Math.abs(x) < 1e16 ? `${x}.0` : Number.isNaN(x) ? "nan" : String(x).replace("Infinity", "inf");

/** `a non-negative integer`, `a number in the range [0, 1]`. Source: absl/flags/_argument_parser.py. */
export function syntacticHelp({ kind, min, max }: FlagSpec): string {
  if (kind === "list") return "a comma separated list";
  if (kind !== "int" && kind !== "float" && kind !== "seconds") return "";
  const noun = kind === "int" ? "integer" : "number";
  const article = kind === "int" ? "an" : "a";
  if (min !== undefined && max !== undefined) return `${article} ${noun} in the range [${min}, ${max}]`;
  if (kind === "int" && min === 1) return `a positive ${noun}`;
  if (kind === "int" && max === -1) return `a negative ${noun}`;
  if (min === 0) return `a non-negative ${noun}`;
  if (max === 0) return `a non-positive ${noun}`;
  if (max !== undefined) return `${noun} <= ${max}`;
  if (min !== undefined) return `${noun} >= ${min}`;
  return `${article} ${noun}`;
}

/** `an integer >= 0`, `one of adam, sgd`: what a value should have been, in plain words. */
export function expectedValue({ kind, min, max, values }: FlagSpec): string {
  const bounds =
    min !== undefined && max !== undefined
      ? ` from ${min} to ${max}`
      : min !== undefined
        ? ` >= ${min}`
        : max !== undefined
          ? ` <= ${max}`
          : "";
  if (kind === "int") return `an integer${bounds}`;
  if (kind === "float") return `a number${bounds}`;
  if (kind === "seconds") return `a time${bounds}`;
  if (kind === "bool") return "true or false";
  return kind === "enum" ? `one of ${values!.join(", ")}` : kind === "string" ? "a text" : "a comma separated list";
}

/** `1500, 1_500, 1.5k`: values that the flag would take. */
export const exampleValues: Readonly<Partial<Record<FlagKind, string>>> = {
  int: "1500, 1_500, 1.5k",
  float: "0.1, 1e-3",
  seconds: "90s, 15m, 2h",
};

/** The text of a flag as its value. Throws FlagError in absl's words. Several texts of a `multi` flag are several calls. */
export function parseFlagValue(name: string, spec: FlagSpec, given: string): FlagValue {
  try {
    return valueOfText(spec, given);
  } catch (error) {
    if (!(error instanceof ValueError || error instanceof TypeError)) throw error;
    throw new FlagError("value", name, `flag --${name}=${given}: ${error.message}`, { given, spec });
  }
}

/** The text as a value of this kind. Throws ValueError that says why it is none. */
export function valueOfText(spec: FlagSpec, given: string): FlagValue {
  if (spec.parser) return spec.parser.parse(given) as FlagValue;
  const refuse = (why: string) => new ValueError(why);
  const inBounds = (value: number, shown: string): number => {
    const { min, max } = spec;
    const outside = (min !== undefined && !(value >= min)) || (max !== undefined && !(value <= max));
    if (outside) throw refuse(`${shown} is not ${syntacticHelp(spec)}`);
    return value;
  };
  switch (spec.kind) {
    case "int": {
      const value = toInteger(given.trim());
      if (Number.isNaN(value)) throw refuse(`invalid literal for int() with base 10: '${given}'`);
      return inBounds(value, String(value));
    }
    case "float": {
      const value = toFloat(given.trim());
      if (value === undefined) throw refuse(`could not convert string to float: '${given}'`);
      return inBounds(value, pythonFloat(value));
    }
    case "seconds": {
      const value = toSeconds(given.trim());
      if (Number.isNaN(value)) throw refuse(`'${given}' is not a time`);
      return inBounds(value, String(value));
    }
    case "bool": {
      const word = given.toLowerCase();
      if (word === "true" || word === "t" || word === "1") return true;
      if (word === "false" || word === "f" || word === "0") return false;
      throw refuse(`('Non-boolean argument to boolean flag', '${given}')`);
    }
    case "enum":
      if (spec.members) {
        const found = given.toLowerCase();
        if (spec.values!.includes(found)) return spec.members[found] as FlagValue;
      }
      if (!spec.values!.includes(given)) throw refuse(`value should be one of <${spec.values!.join("|")}>`);
      return given;
    case "list":
      if (spec.bySpaces) return given.split(/\s+/).filter((item) => item !== "");
      return given === "" ? [] : splitList(given);
    case "multi":
      return [spec.item ? valueOfText(spec.item, given) : given] as readonly string[];
    case "string":
      return given;
  }
}

/** Comma separated items; `"a,b",c` keeps the comma, `""` is one quote. */
function splitList(text: string): string[] {
  const items: string[] = [];
  const item = /("(?:[^"]|"")*"|[^,]*)(,|$)/y;
  for (;;) {
    const [, found, comma] = item.exec(text)!;
    items.push(/^".*"$/s.test(found!) ? found!.slice(1, -1).replaceAll('""', '"') : found!.trim());
    if (comma === "") return items;
  }
}

export const joinList = (items: readonly string[]): string =>
  items.map((item) => (/[",]|^\s|\s$/.test(item) ? `"${item.replaceAll('"', '""')}"` : item)).join(",");

/** The value as text that parseFlagValue reads back. */
export const formatFlagValue = (value: FlagValue): string =>
  typeof value === "object" ? (value === null ? "" : joinList(value)) : String(value);

/** The lines of a flagfile that set a flag to a value; none for null, which is the absence of a value. */
export function flagLines(name: string, spec: FlagSpec, value: FlagValue): string[] {
  if (value === null) return [];
  if (spec.serializer && spec.kind !== "multi") return [`--${name}=${spec.serializer.serialize(value as never)}`];
  if (spec.kind === "bool") return [value ? `--${name}` : `--no${name}`];
  if (spec.kind === "multi") return (value as readonly string[]).map((item) => `--${name}=${item}`);
  return [`--${name}=${formatFlagValue(value)}`];
}

/** Errors of some faults as a class of their own, so that programs can tell them apart by instanceof. */
const errorsOf = (...faults: readonly FlagFault[]) =>
  class extends FlagError {
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof FlagError && faults.includes(value.fault);
    }
  };

export class IllegalFlagValueError extends errorsOf("value", "required") {}
export class UnrecognizedFlagError extends errorsOf("unknown") {}
export class DuplicateFlagError extends errorsOf("duplicate") {}
export class UnparsedFlagAccessError extends errorsOf("unparsed") {}
export class CantOpenFlagFileError extends errorsOf("flagfile") {}
export class FlagNameConflictsWithMethodError extends errorsOf("method") {}
