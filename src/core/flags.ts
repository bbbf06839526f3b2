/**
 * tf.app.flags: flags that a program or a model defines, and their values.
 *
 * Values come from, first to last: the command line and flagfiles in the order given, TSFLOW_<NAME> in the environment, the default.
 * Source: absl-py, absl/flags; tensorflow/python/platform/flags.py.
 */

import { KeyError } from "./error.ts";
import {
  type ArgumentOptions,
  environmentSettings,
  parseArguments,
  type Setting,
  unknownFlag,
} from "./flags/arguments.ts";
import { abslHelp } from "./flags/help.ts";
import { checkValues, type Validator } from "./flags/validate.ts";
import { FlagError, type FlagKind, type FlagSpec, type FlagValue, flagLines } from "./flags/value.ts";
import { args } from "./host.ts";

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** The type of a flag by its default: T, or also null where the default is. */
type Typed<D, T> = FlagSpec<D extends null ? T | null : T>;

const specOf = <D, T>(kind: FlagKind, value: D, help: string, more: object = {}) =>
  ({ kind, default: value, help, ...more }) as unknown as Typed<D, T>;

/** Flags of models and commands, typed by their defaults: `flag.int(100, "examples per step", { min: 1 })`. */
export const flag = {
  int: <D extends number | null>(value: D, help: string, bounds?: Bounds) =>
    specOf<D, number>("int", value, help, bounds),
  float: <D extends number | null>(value: D, help: string, bounds?: Bounds) =>
    specOf<D, number>("float", value, help, bounds),
  /** A time in seconds, given as `90`, `90s`, `15m`, `2h`, `1d`. */
  seconds: <D extends number | null>(value: D, help: string, bounds?: Bounds) =>
    specOf<D, number>("seconds", value, help, bounds),
  string: <D extends string | null>(value: D, help: string) => specOf<D, string>("string", value, help),
  bool: <D extends boolean | null>(value: D, help: string) => specOf<D, boolean>("bool", value, help),
  enum: <const V extends readonly string[], D extends NoInfer<V>[number] | null>(value: D, values: V, help: string) =>
    specOf<D, V[number]>("enum", value, help, { values }),
  list: <D extends readonly string[] | null>(value: D, help: string) =>
    specOf<D, readonly string[]>("list", value, help),
  /** A text that may be given several times. */
  multi: <D extends readonly string[] | null>(value: D, help: string) =>
    specOf<D, readonly string[]>("multi", value, help),
};

export interface ParseOptions extends ArgumentOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A flag just defined: its value, typed, once flags are parsed. */
export class FlagHolder<T> {
  readonly name: string;
  readonly default: T;
  readonly #values: FlagValues;

  constructor(values: FlagValues, name: string, value: T) {
    this.#values = values;
    this.name = name;
    this.default = value;
  }

  get value(): T {
    return this.#values.get(this.name) as T;
  }

  /** Whether the flag was given or set: 1 or 0. */
  get present(): number {
    return this.#values.origin(this.name) === undefined ? 0 : 1;
  }

  /** The arguments that set this value. */
  serialize(): string {
    return flagLines(this.name, this.#values.specs.get(this.name)!, this.value as FlagValue).join("\n");
  }
}

/** A table of flags with their values. */
export class FlagValues {
  readonly #specs = new Map<string, FlagSpec>();
  readonly #settings = new Map<string, Setting>();
  readonly #required = new Set<string>();
  readonly #validators: Validator[] = [];
  #parsed = false;
  readonly #arguments: (() => readonly string[]) | null;

  /** Given the arguments of the process, a first look at a value reads them where nobody has: what is unknown there is passed over. */
  constructor(processArguments: (() => readonly string[]) | null = null) {
    this.#arguments = processArguments;
  }

  /** Adds a flag. Defining it again in the same way changes nothing; in another way it is a FlagError. */
  define<T>(name: string, spec: FlagSpec<T>): FlagHolder<T> {
    const before = this.#specs.get(name);
    if (before && JSON.stringify(before) !== JSON.stringify(spec)) {
      throw new FlagError("duplicate", name, `The flag '${name}' is defined twice.`);
    }
    this.#specs.set(name, spec as FlagSpec);
    return new FlagHolder(this, name, spec.default);
  }

  /** Demands a value other than null when flags are parsed. */
  require(name: string): void {
    this.#required.add(name);
  }

  /** Values that do not pass are refused when flags are parsed and when one of them is set. Throws KeyError for an unknown flag. */
  addValidator(validator: Validator): void {
    for (const name of validator.names) if (!this.#specs.has(name)) throw new KeyError(name);
    this.#validators.push(validator);
    if (this.#parsed) checkValues([validator], (name) => this.get(name));
  }

  /** Another default; nothing changes where the flag was set. */
  setDefault(name: string, value: FlagValue): void {
    const spec = this.#specs.get(name);
    if (!spec) throw unknownFlag(name, this.#specs);
    this.#specs.set(name, { ...spec, default: value });
  }

  get specs(): ReadonlyMap<string, FlagSpec> {
    return this.#specs;
  }

  /**
   * Reads arguments (without the program's name) and gives back the words among them. Throws FlagError in absl's words for unknown
   * flags and wrong values; then no value has changed.
   */
  parse(argv: readonly string[], options: ParseOptions = {}): string[] {
    const { settings, words, unknown } = parseArguments(this.#specs, argv, options);
    if (unknown[0]) throw unknownFlag(unknown[0].name, this.#specs);
    const environment = environmentSettings(this.#specs, options.environment ?? {});
    for (const name of this.#required) {
      const setting = settings.get(name) ?? environment.get(name) ?? this.#settings.get(name);
      if ((setting ? setting.value : this.#specs.get(name)?.default) !== null) continue;
      throw new FlagError("required", name, `flag --${name}=None: Flag --${name} must have a value other than None.`);
    }
    checkValues(this.#validators, (name) => {
      const setting = settings.get(name) ?? environment.get(name) ?? this.#settings.get(name);
      return setting ? setting.value : this.#specs.get(name)!.default;
    });
    for (const [name, setting] of [...environment, ...settings]) this.#settings.set(name, setting);
    this.#parsed = true;
    return [...words];
  }

  /** The value of a flag. Throws FlagError for an unknown flag, and before flags are parsed unless the value was set. */
  get(name: string): FlagValue {
    const spec = this.#specs.get(name);
    if (!spec) throw unknownFlag(name, this.#specs);
    if (spec.aliasOf !== undefined) return this.get(spec.aliasOf);
    const setting = this.#settings.get(name);
    if (setting) return setting.value;
    if (this.#parsed) return spec.default;
    if (this.#arguments) {
      const { settings } = parseArguments(this.#specs, this.#arguments());
      this.#parsed = true;
      for (const [flagName, given] of settings) if (!this.#settings.has(flagName)) this.#settings.set(flagName, given);
      return this.get(name);
    }
    throw new FlagError("unparsed", name, `Trying to access flag --${name} before flags were parsed.`);
  }

  /** Sets a value from within the program. */
  set(name: string, value: FlagValue, origin = "program"): void {
    const spec = this.#specs.get(name);
    if (!spec) throw unknownFlag(name, this.#specs);
    if (spec.aliasOf !== undefined) {
      this.set(spec.aliasOf, value, origin);
      return;
    }
    const concerned = this.#validators.filter(({ names }) => names.includes(name));
    const current = (other: string): FlagValue => this.#settings.get(other)?.value ?? this.#specs.get(other)!.default;
    checkValues(concerned, (other) => (other === name ? value : current(other)));
    this.#settings.set(name, { value, origin });
  }

  /** Where the value was set, as in Setting; undefined for a default. */
  origin(name: string): string | undefined {
    return this.#settings.get(name)?.origin;
  }

  /** All values by name, defaults included. */
  values(): Record<string, FlagValue> {
    return Object.fromEntries([...this.#specs].map(([name, spec]) => [name, this.#valueOf(name, spec)]));
  }

  /** A flagfile that repeats all values. */
  toFlagfile(): string {
    const lines = [...this.#specs].flatMap(([name, spec]) => flagLines(name, spec, this.#valueOf(name, spec)));
    return lines.map((line) => `${line}\n`).join("");
  }

  #valueOf(name: string, spec: FlagSpec): FlagValue {
    const setting = this.#settings.get(name);
    return setting ? setting.value : spec.default;
  }
}

/** What the type checker cannot know: a flag's value by a name that was defined elsewhere. */
type Dynamic = ReturnType<JSON["parse"]>;

/** Values as properties, `FLAGS.max_step`, before the methods of FlagValues. */
export const attributes = (values: FlagValues): FlagValues & Record<string, Dynamic> =>
  new Proxy(values, {
    get(target, name) {
      if (typeof name === "string" && target.specs.has(name)) return target.get(name);
      const member: unknown = Reflect.get(target, name, target);
      if (member === undefined && typeof name === "string" && name !== "then") return target.get(name);
      return typeof member === "function" ? member.bind(target) : member;
    },
    set(target, name, value: FlagValue) {
      target.set(String(name), value);
      return true;
    },
    has: (target, name) => typeof name === "string" && target.specs.has(name),
    ownKeys: (target) => [...target.specs.keys()],
    getOwnPropertyDescriptor: (target, name) =>
      typeof name === "string" && target.specs.has(name)
        ? { configurable: true, enumerable: true, value: target.values()[name] }
        : undefined,
  }) as FlagValues & Record<string, Dynamic>;

/** The flags of this program. Source: tensorflow/python/platform/flags.py, _FlagValuesWrapper. */
export const FLAGS = attributes(new FlagValues(() => args().slice(2)));

interface NumberBounds {
  readonly lowerBound?: number;
  readonly upperBound?: number;
}

const bounds = ({ lowerBound, upperBound }: NumberBounds): Bounds => ({
  ...(lowerBound !== undefined && { min: lowerBound }),
  ...(upperBound !== undefined && { max: upperBound }),
});

type Text = string | null;
type Texts = readonly string[] | string | null;
const textList = (value: Texts) => (typeof value === "string" ? value.split(",") : value);

export const DEFINE_integer = <D extends number | null>(
  name: string,
  value: D,
  help: string,
  limits: NumberBounds = {},
) => FLAGS.define(name, flag.int(value, help, bounds(limits)));
export const DEFINE_float = <D extends number | null>(
  name: string,
  value: D,
  help: string,
  limits: NumberBounds = {},
) => FLAGS.define(name, flag.float(value, help, bounds(limits)));
export const DEFINE_string = <D extends Text>(name: string, value: D, help: string) =>
  FLAGS.define(name, flag.string(value, help));
export const DEFINE_boolean = <D extends boolean | null>(name: string, value: D, help: string) =>
  FLAGS.define(name, flag.bool(value, help));
export const DEFINE_bool = DEFINE_boolean;
export const DEFINE_enum = (name: string, value: Text, values: readonly string[], help: string) =>
  FLAGS.define(name, flag.enum(value, values, help));
export const DEFINE_list = (name: string, value: Texts, help: string) =>
  FLAGS.define(name, flag.list(textList(value), help));
export const DEFINE_multi_string = (name: string, value: Texts, help: string) =>
  FLAGS.define(name, flag.multi(typeof value === "string" ? [value] : value, help));
export const markFlagAsRequired = (name: string): void => FLAGS.require(name);

/** What a program is to do after its flags: run main with these words, or print and leave. */
export type Start =
  | { readonly words: string[] }
  | { readonly exit: number; readonly stdout: string; readonly stderr: string };

/** Parses a program's flags as tf.app.run does: help and faults are texts to print before leaving with 1. Source: absl/app.py. */
export function startProgram(program: string, argv: readonly string[], options: ParseOptions = {}): Start {
  try {
    const wantsHelp = argv.some((argument) => /^--?(help|helpshort|helpfull|\?)$/.test(argument));
    if (wantsHelp) return { exit: 1, stdout: abslHelp(program, FLAGS.specs), stderr: "" };
    return { words: FLAGS.parse(argv, options) };
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    const message = error.message.includes("\n") ? `\n${error.message.replace(/^/gm, "  ")}` : ` ${error.message}`;
    const stderr = `FATAL Flags parsing error:${message}\nPass --helpshort or --helpfull to see help on flags.\n`;
    return { exit: 1, stdout: "", stderr };
  }
}
