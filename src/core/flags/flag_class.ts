/** A flag as an object: its text's parser, its value, how it is written back. Source: absl/flags/_flag.py, _defines.py. */
import { TypeError, ValueError } from "../error.ts";
import { FLAGS, type FlagHolder, type FlagValues } from "../flags.ts";
import { printValue } from "../print.ts";
import {
  type ArgumentParser,
  ArgumentSerializer,
  BooleanParser,
  EnumClassListSerializer,
  EnumClassParser,
  EnumClassSerializer,
  EnumParser,
} from "./parsers.ts";
import { FlagError, type FlagSpec, type FlagValue } from "./value.ts";

interface Serializer {
  serialize(value: never): string;
}

export interface FlagOptions {
  /** One letter: `-q`. */
  readonly shortName?: string | null | undefined;
  /** Given as `--name` and `--noname`. */
  readonly boolean?: boolean | undefined;
  /** Another definition may take this one's place. */
  readonly allowOverride?: boolean | undefined;
}

export interface EnumFlagOptions extends FlagOptions {
  readonly caseSensitive?: boolean | undefined;
}

/** A flag and its value. A default that is a text is read; throws FlagError for one that the parser refuses. */
export class Flag<T = unknown> {
  readonly name: string;
  readonly help: string;
  readonly shortName: string | null;
  readonly boolean: boolean;
  readonly allowOverride: boolean;
  readonly parser: ArgumentParser;
  readonly serializer: Serializer | null;
  default: T | null;
  /** The text or value that the default was given as. */
  readonly defaultUnparsed: T | string | null;
  /** How often the flag was given. */
  present = 0;
  usingDefaultValue = true;
  #value: T | null;

  constructor(
    parser: ArgumentParser,
    serializer: Serializer | null,
    name: string,
    defaultValue: T | string | null,
    helpString: string | null,
    options: FlagOptions = {},
  ) {
    this.parser = parser;
    this.serializer = serializer;
    this.name = name;
    this.help = helpString ?? "(no help available)";
    this.shortName = options.shortName ?? null;
    this.boolean = options.boolean ?? false;
    this.allowOverride = options.allowOverride ?? false;
    this.defaultUnparsed = defaultValue;
    this.default = this.initial(defaultValue);
    this.#value = this.default;
  }

  get value(): T | null {
    return this.#value;
  }

  set value(value: T | null) {
    this.#value = value;
  }

  /** The default as help shows it; null for none. */
  get defaultAsStr(): string | null {
    if (this.default === null) return null;
    if (this.boolean) return `'${this.default ? "true" : "false"}'`;
    return `'${this.serializer ? this.written(this.default) : this.default}'`;
  }

  flagType(): string {
    return this.parser.flagType().replace("integer", "int");
  }

  /** Reads a text. Throws FlagError, in absl's words, for one that is no value. */
  parse(argument: string): void {
    const value = this.read(argument);
    this.#value = value;
    this.present++;
    this.usingDefaultValue = false;
  }

  /** Back to the default. */
  unparse(): void {
    this.#value = this.default;
    this.usingDefaultValue = true;
    this.present = 0;
  }

  /** The arguments that set this value; empty for none. Throws TypeError for a flag that cannot write values. */
  serialize(): string {
    const value = this.#value;
    if (value === null) return "";
    if (this.boolean) return value ? `--${this.name}` : `--no${this.name}`;
    if (!this.serializer) throw new TypeError(`Serializer not present for flag ${this.name}`);
    return `--${this.name}=${this.written(value)}`;
  }

  /** How FLAGS holds the flag. */
  spec(): FlagSpec {
    const parser = {
      parse: (text: string): unknown => {
        this.parse(text);
        return this.#value;
      },
    };
    return { ...this.plainSpec(), parser } as FlagSpec;
  }

  protected plainSpec(): FlagSpec {
    const { help, default: value, shortName, serializer, boolean } = this;
    const kind = boolean ? "bool" : "string";
    const short = shortName ? { short: shortName } : {};
    return { kind, default: value as FlagValue, help, ...short, ...(serializer && { serializer }) };
  }

  protected initial(given: T | string | null): T | null {
    return typeof given === "string" ? this.read(given) : given;
  }

  protected read(argument: string): T {
    try {
      return this.parser.parse(argument) as T;
    } catch (error) {
      if (!(error instanceof ValueError || error instanceof TypeError)) throw error;
      throw new FlagError("value", this.name, `flag --${this.name}=${argument}: ${error.message}`, { given: argument });
    }
  }

  protected written(value: unknown): string {
    return this.serializer!.serialize(value as never);
  }
}

/** True or false: `--name`, `--noname`, `--name=true`. */
export class BooleanFlag extends Flag<boolean> {
  constructor(name: string, defaultValue: boolean | string | null, help: string | null, options: FlagOptions = {}) {
    super(new BooleanParser(), null, name, defaultValue, help, { ...options, boolean: true });
  }
}

/** One of some texts. */
export class EnumFlag extends Flag<string> {
  constructor(
    name: string,
    defaultValue: string | null,
    help: string | null,
    enumValues: readonly string[],
    options: EnumFlagOptions = {},
  ) {
    const parser = new EnumParser(enumValues, options.caseSensitive ?? true);
    super(parser, new ArgumentSerializer(), name, defaultValue, `<${enumValues.join("|")}>: ${help}`, options);
  }
}

type EnumClass = Readonly<Record<string, unknown>>;

const membersOf = (enumClass: EnumClass, caseSensitive: boolean): string =>
  new EnumClassParser(enumClass, caseSensitive).memberNames.join("|");

/** One of the values of an object, by its key. */
export class EnumClassFlag extends Flag {
  constructor(
    name: string,
    defaultValue: unknown,
    help: string | null,
    enumClass: EnumClass,
    options: EnumFlagOptions = {},
  ) {
    const { caseSensitive = false } = options;
    const parser = new EnumClassParser(enumClass, caseSensitive);
    const serializer = new EnumClassSerializer(enumClass, !caseSensitive);
    super(parser, serializer, name, defaultValue, `<${membersOf(enumClass, caseSensitive)}>: ${help}`, options);
  }
}

/** A flag that collects a value each time it is given. */
export class MultiFlag<T = unknown> extends Flag<readonly T[]> {
  constructor(
    parser: ArgumentParser,
    serializer: Serializer | null,
    name: string,
    defaultValue: readonly (T | string)[] | T | string | null,
    help: string | null,
    options: FlagOptions = {},
  ) {
    const text = `${help};\n    repeat this option to specify a list of values`;
    super(parser, serializer, name, defaultValue as readonly T[] | null, text, options);
  }

  override get defaultAsStr(): string | null {
    return this.default === null ? null : `'${printValue(this.default)}'`;
  }

  override flagType(): string {
    return `multi ${super.flagType()}`;
  }

  override parse(argument: string): void {
    const before = this.present > 0 ? (this.value ?? []) : [];
    super.parse(argument);
    this.value = [...before, ...(this.value ?? [])];
  }

  override serialize(): string {
    if (!this.serializer) throw new TypeError(`Serializer not present for flag ${this.name}`);
    return (this.value ?? []).map((item) => `--${this.name}=${this.written(item)}`).join("\n");
  }

  override spec(): FlagSpec {
    const parser = {
      parse: (text: string): unknown => {
        this.parse(text);
        return this.value!.at(-1);
      },
    };
    const item: FlagSpec = { kind: "string", default: null, help: "", parser };
    return { ...this.plainSpec(), kind: "multi", item } as FlagSpec;
  }

  protected override initial(given: readonly T[] | string | null): readonly T[] | null {
    if (given === null) return null;
    const list = Array.isArray(given) ? (given as readonly unknown[]) : [given];
    return list.map((each) => (typeof each === "string" ? this.read(each)[0]! : (each as T)));
  }

  protected override read(argument: string): readonly T[] {
    return [super.read(argument) as unknown as T];
  }
}

/** Values of an object, by their keys, any number of times. */
export class MultiEnumClassFlag extends MultiFlag {
  constructor(
    name: string,
    defaultValue: readonly unknown[] | unknown,
    help: string | null,
    enumClass: EnumClass,
    options: EnumFlagOptions = {},
  ) {
    const { caseSensitive = false } = options;
    const parser = new EnumClassParser(enumClass, caseSensitive);
    const serializer = new EnumClassListSerializer(",", enumClass, !caseSensitive);
    super(parser, serializer, name, defaultValue, `<${membersOf(enumClass, caseSensitive)}>: ${help}`, options);
  }
}

/** Adds a flag that was made beforehand. Throws FlagError when the name has another flag already. */
export function DEFINE_flag<T>(
  flag: Flag<T>,
  flagValues: FlagValues = FLAGS,
  options: { readonly required?: boolean } = {},
): FlagHolder<T | null> {
  const holder = flagValues.define(flag.name, flag.spec() as unknown as FlagSpec<T | null>);
  if (options.required) flagValues.require(flag.name);
  return holder;
}

/** Marks a flag as one that short help shows; all of a program's flags are. Throws ValueError for a flag that is not there. */
export function declareKeyFlag(flagName: string, flagValues: FlagValues = FLAGS): void {
  if (flagValues.specs.has(flagName)) return;
  throw new ValueError(`Flag --${flagName} is undefined. To set a flag as a key flag first define it in Python.`);
}

/** Takes a module's flags into short help; those of all modules of a program are there. Throws FlagError for what is no module. */
export function adoptModuleKeyFlags(module: unknown): void {
  if (typeof module === "object" && module !== null) return;
  throw new FlagError("value", "", `Expected a module object, not ${printValue(module)}.`);
}

/** For modules whose flags others adopt: their flags stay in help, where all flags of a program are. */
export function disclaimKeyFlags(): void {}
