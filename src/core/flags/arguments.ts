/**
 * A command line becomes settings of flags, words, and what nobody knows.
 *
 *     --max_step 10  --max-step=10  -max_step=10    a value
 *     --shuffle  --noshuffle  --no-shuffle          a boolean, which never takes the next word
 *     --flagfile=f                                  f's lines stand here; they may name further flagfiles
 *     --undefok=a,b                                 a and b may be unknown
 *     --                                            only words follow
 *
 * Flags and words mix freely. Source: absl/flags/_flagvalues.py; hyphens for underscores are an addition.
 */
import { suggestNames } from "../suggest.ts";
import { FlagError, type FlagSpec, type FlagValue, parseFlagValue } from "./value.ts";

export interface Setting {
  readonly value: FlagValue;
  /** Where it was set: `command line`, a flagfile's path, or an environment variable's name. */
  readonly origin: string;
}

export interface UnknownFlag {
  readonly name: string;
  /** As typed. */
  readonly argument: string;
  /** The index in `words` of the word after it, which may be its value. */
  readonly nextWord: number | undefined;
}

export interface ParsedArguments {
  readonly settings: ReadonlyMap<string, Setting>;
  readonly words: readonly string[];
  readonly unknown: readonly UnknownFlag[];
}

export interface ArgumentOptions {
  /** Reads a flagfile; without it --flagfile is unknown. */
  readonly readFile?: (path: string) => string;
}

interface Argument {
  readonly text: string;
  readonly origin: string;
}

const commandLine = "command line";

/** Reads arguments (without the program's name) by a table of flags. Throws FlagError for a wrong or missing value. */
export function parseArguments(
  specs: ReadonlyMap<string, FlagSpec>,
  argv: readonly string[],
  options: ArgumentOptions = {},
): ParsedArguments {
  const args = options.readFile ? expandFlagfiles(fromCommandLine(argv), options.readFile, []) : fromCommandLine(argv);
  const shorts = new Map([...specs].flatMap(([name, { short }]) => (short ? [[short, name] as const] : [])));
  const settings = new Map<string, Setting>();
  const words: string[] = [];
  const unknown: UnknownFlag[] = [];
  const undefok = new Set<string>();

  for (let i = 0; i < args.length; i++) {
    const { text, origin } = args[i]!;
    if (text === "--") {
      words.push(...args.slice(i + 1).map((argument) => argument.text));
      break;
    }
    const flag = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(text);
    if (!flag) {
      words.push(text);
      continue;
    }
    const typed = flag[1]!;
    const given = flag[2];
    const nextValue = (): string => {
      const value = given ?? args[++i]?.text;
      if (value !== undefined) return value;
      throw new FlagError("missing", typed, `Missing value for flag ${text}`, { ...maybeSpec(specs, typed) });
    };
    if (typed === "undefok") {
      for (const name of nextValue().split(",")) undefok.add(name.trim()).add(`no${name.trim()}`);
      continue;
    }
    const found = findFlag(specs, shorts, typed);
    if (!found) {
      const next = given === undefined ? args[i + 1]?.text : undefined;
      const nextWord = next === undefined || /^--?[^=-]/.test(next) ? undefined : words.length;
      unknown.push({ name: typed, argument: text, nextWord });
      continue;
    }
    const { name, spec, negated } = found;
    if (negated && given !== undefined) {
      throw new FlagError("value", name, `${text} does not take an argument`, { given, spec });
    }
    const value = negated ? false : spec.kind === "bool" ? parseFlagValue(name, spec, given ?? "true") : undefined;
    const parsed = value ?? parseFlagValue(name, spec, nextValue());
    const before = settings.get(name)?.value;
    const collected = spec.kind === "multi" && before ? [...(before as string[]), ...(parsed as string[])] : parsed;
    settings.set(name, { value: collected, origin });
  }
  return { settings, words, unknown: unknown.filter(({ name }) => !undefok.has(name)) };
}

const fromCommandLine = (argv: readonly string[]): Argument[] => argv.map((text) => ({ text, origin: commandLine }));

const maybeSpec = (specs: ReadonlyMap<string, FlagSpec>, typed: string): { spec?: FlagSpec } => {
  const spec = specs.get(typed.replaceAll("-", "_"));
  return spec ? { spec } : {};
};

/** The flag that a typed name means: itself, by its letter, with hyphens for underscores, or a boolean after no, no_ or no-. */
function findFlag(specs: ReadonlyMap<string, FlagSpec>, shorts: ReadonlyMap<string, string>, typed: string) {
  const plain = typed.replaceAll("-", "_");
  for (const name of [typed, plain, shorts.get(typed)]) {
    const spec = name === undefined ? undefined : specs.get(name);
    if (spec) return { name: spec.aliasOf ?? name!, spec, negated: false };
  }
  for (const prefix of ["no", "no_"]) {
    if (!plain.startsWith(prefix)) continue;
    const name = plain.slice(prefix.length);
    const spec = specs.get(name);
    if (spec?.kind === "bool") return { name: spec.aliasOf ?? name, spec, negated: true };
  }
  return undefined;
}

/** Puts the lines of flagfiles where the files are named. A file that names itself again is read once. */
function expandFlagfiles(
  args: readonly Argument[],
  readFile: (path: string) => string,
  open: readonly string[],
): Argument[] {
  const out: Argument[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!;
    if (argument.text === "--") return [...out, ...args.slice(i)];
    const flag = /^--?flagfile(?:=(.*))?$/s.exec(argument.text);
    if (!flag) {
      out.push(argument);
      continue;
    }
    const path = flag[1] ?? args[++i]?.text;
    if (!path) throw new FlagError("missing", "flagfile", `Missing value for flag ${argument.text}`);
    if (open.includes(path)) continue;
    const lines = flagfileArguments(openFlagfile(path, readFile)).map((text) => ({ text, origin: path }));
    out.push(...expandFlagfiles(lines, readFile, [...open, path]));
  }
  return out;
}

function openFlagfile(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FlagError("flagfile", "flagfile", `ERROR:: Unable to open flagfile: ${why}`, { given: path });
  }
}

/** One argument a line; empty lines and lines that begin with # or // are comments; `--name value` counts as two arguments. */
function flagfileArguments(text: string): string[] {
  return text.split(/\r?\n/).flatMap((raw) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith("//")) return [];
    const pair = /^(--?[^\s=]+)\s+(.*)$/s.exec(line);
    return pair ? [pair[1]!, pair[2]!] : [line];
  });
}

/** The error of a flag that nobody defines, with absl's suggestions. */
export function unknownFlag(name: string, specs: ReadonlyMap<string, FlagSpec>): FlagError {
  const plain = name.replaceAll("-", "_");
  const suggestions = suggestNames(plain, [...specs.keys(), "help", "helpfull", "helpshort"]);
  const tip = suggestions.length === 0 ? "" : `. Did you mean: ${suggestions.join(", ")} ?`;
  return new FlagError("unknown", name, `Unknown command line flag '${name}'${tip}`, { suggestions });
}

/** Settings by TSFLOW_<NAME> in the environment. Throws FlagError for a wrong value. */
export function environmentSettings(
  specs: ReadonlyMap<string, FlagSpec>,
  environment: Readonly<Record<string, string | undefined>>,
): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  for (const [name, spec] of specs) {
    const origin = `TSFLOW_${name.toUpperCase()}`;
    const given = environment[origin];
    if (given !== undefined) settings.set(name, { value: parseFlagValue(name, spec, given), origin });
  }
  return settings;
}
