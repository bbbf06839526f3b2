/** What a command is: its words, its flags, and one function. The flags that all commands have. */
import type { FlagSpec, FlagSpecs, FlagsOf } from "../core/flags/value.ts";
import { type FlagValues, flag } from "../core/flags.ts";
import type { Output } from "./output.ts";

export const commonFlags = {
  help: { ...flag.bool(false, "show examples and the flags of the command"), short: "h" },
  helpfull: flag.bool(false, "show all flags with type, default and origin"),
  helpshort: flag.bool(false, "show the flags of the model, or of the command"),
  version: flag.bool(false, "show the version"),
  print_flags: flag.bool(false, "write the effective flags as a flagfile, and leave"),
  json: flag.bool(false, "write JSON, one object a line"),
  quiet: { ...flag.bool(false, "leave out hints, and all but the last line of a run"), short: "q" },
  verbose: { ...flag.bool(false, "show the stack of an error"), short: "v" },
  color: flag.enum("auto", ["auto", "always", "never"], "colours: where the stream is a terminal, always, never"),
  ui: flag.enum("auto", ["auto", "tty", "plain", "none"], "how a run is shown: panel or lines, chosen by the terminal"),
} satisfies FlagSpecs;

export interface Call<S extends FlagSpecs> {
  /** Values by name, typed by their defaults. */
  readonly flags: FlagsOf<S> & FlagsOf<typeof commonFlags>;
  /** The same values with their origins. */
  readonly given: FlagValues;
  readonly words: readonly string[];
  readonly out: Output;
}

/** What is known of a command line before the flags of the model are. */
export interface FirstLook {
  /** The value of a flag of the command, if it was given. */
  readonly value: (name: string) => unknown;
  /** Words that cannot be values of flags yet unknown, then those that might be. */
  readonly words: readonly string[];
  readonly doubtful: readonly string[];
}

export interface CommandSpec<S extends FlagSpecs = FlagSpecs> {
  /** What stands behind the name: `INPUT... --out FILE`. */
  readonly usage: string;
  readonly about: string;
  /** Command lines without `tsflow`. */
  readonly examples: readonly string[];
  readonly flags: S;
  /** How many words it takes. */
  readonly words: readonly [least: number, most: number];
  /** Flags that depend on what was given: those of a model, with its name. */
  readonly extend?: (look: FirstLook) => Promise<{ readonly owner: string; readonly flags: FlagSpecs }>;
  /** Gives the exit code, 0 if nothing. */
  readonly run: (call: Call<S>) => Promise<number | undefined> | number | undefined;
}

/** A command, its flags typed; the table of commands needs only the general type. */
export const defineCommand = <const S extends Record<string, FlagSpec>>(spec: CommandSpec<S>): CommandSpec =>
  spec as unknown as CommandSpec;

/** Wrong use: exit code 2. */
export class Misuse extends Error {
  override name = "Misuse";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
