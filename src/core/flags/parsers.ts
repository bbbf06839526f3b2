/** Parsers of flags' texts and serializers of their values, for flags of one's own kind. Source: absl/flags/_argument_parser.py. */
import { TypeError, ValueError } from "../error.ts";
import { printValue } from "../print.ts";
import { type FlagKind, type FlagSpec, joinList, syntacticHelp, valueOfText } from "./value.ts";

const typeOf = (value: unknown): string =>
  `<class '${{ number: Number.isInteger(value) ? "int" : "float", boolean: "bool", string: "str" }[typeof value as string] ?? "object"}'>`;

/** Takes any text as it is; others read it in `parse`, which throws ValueError for a text that is none. */
export class ArgumentParser {
  syntacticHelp = "";

  parse(argument: string): unknown {
    if (typeof argument !== "string") throw new TypeError(`flag value must be a string, found "${typeOf(argument)}"`);
    return argument;
  }

  flagType(): string {
    return "string";
  }
}

/** Writes a value as a text that its parser reads. */
export class ArgumentSerializer {
  serialize(value: unknown): string {
    return printValue(value);
  }
}

const specOf = (kind: FlagKind, more: object = {}): FlagSpec => ({ kind, default: null, help: "", ...more });

type Bound = number | null | undefined;
const boundsOf = (lower: Bound, upper: Bound) => ({
  ...(lower != null && { min: lower }),
  ...(upper != null && { max: upper }),
});

/** A parser that reads texts as flags of a kind do. */
class KindParser extends ArgumentParser {
  readonly #spec: FlagSpec;

  constructor(spec: FlagSpec) {
    super();
    this.#spec = spec;
    this.syntacticHelp = syntacticHelp(spec);
  }

  override parse(argument: string | number | boolean): unknown {
    return valueOfText(this.#spec, String(argument));
  }
}

/** Numbers, within bounds where they are given. */
export class FloatParser extends KindParser {
  constructor(lowerBound?: Bound, upperBound?: Bound) {
    super(specOf("float", boundsOf(lowerBound, upperBound)));
  }

  override flagType(): string {
    return "float";
  }
}

export class IntegerParser extends KindParser {
  constructor(lowerBound?: Bound, upperBound?: Bound) {
    super(specOf("int", boundsOf(lowerBound, upperBound)));
  }

  override flagType(): string {
    return "int";
  }
}

export class BooleanParser extends KindParser {
  constructor() {
    super(specOf("bool"));
  }

  override flagType(): string {
    return "bool";
  }
}

/** One of some texts, in any case where the case does not count. Throws ValueError without any. */
export class EnumParser extends ArgumentParser {
  readonly enumValues: readonly string[];
  readonly caseSensitive: boolean;

  constructor(enumValues: readonly string[], caseSensitive = true) {
    super();
    if (!enumValues || enumValues.length === 0)
      throw new ValueError(`enum_values cannot be empty, found "${printValue(enumValues)}"`);
    if (typeof enumValues === "string") throw new ValueError(`enum_values cannot be a str, found "${enumValues}"`);
    this.enumValues = enumValues;
    this.caseSensitive = caseSensitive;
  }

  override parse(argument: string): string {
    const same = (value: string): boolean =>
      value === argument || (!this.caseSensitive && value.toUpperCase() === argument.toUpperCase());
    const found = this.enumValues.find(same);
    if (found === undefined) throw new ValueError(`value should be one of <${this.enumValues.join("|")}>`);
    return found;
  }

  override flagType(): string {
    return "string enum";
  }
}

type EnumClass = Readonly<Record<string, unknown>>;

/** The value of an object that has this key. Throws ValueError for an object without keys. */
export class EnumClassParser extends ArgumentParser {
  readonly enumClass: EnumClass;
  readonly caseSensitive: boolean;

  constructor(enumClass: EnumClass, caseSensitive = true) {
    super();
    if (Object.keys(enumClass).length === 0) throw new ValueError('enum_class cannot be empty, but "{}" is empty.');
    this.enumClass = enumClass;
    this.caseSensitive = caseSensitive;
  }

  get memberNames(): string[] {
    return Object.keys(this.enumClass).map((name) => (this.caseSensitive ? name : name.toLowerCase()));
  }

  override parse(argument: unknown): unknown {
    if (typeof argument !== "string") return argument;
    const wanted = this.caseSensitive ? argument : argument.toLowerCase();
    const at = this.memberNames.indexOf(wanted);
    if (at < 0) throw new ValueError(`value should be one of <${this.memberNames.join("|")}>`);
    return Object.values(this.enumClass)[at];
  }

  override flagType(): string {
    return "enum class";
  }
}

/** Lists with a separator between their items. */
export class ListSerializer {
  readonly listSep: string;

  constructor(listSep: string) {
    this.listSep = listSep;
  }

  serialize(value: readonly unknown[]): string {
    return value.map(String).join(this.listSep);
  }
}

/** A list as one line of a CSV file. */
export class CsvListSerializer extends ListSerializer {
  override serialize(value: readonly string[]): string {
    return joinList(value);
  }
}

/** A value of an object by its key. */
export class EnumClassSerializer {
  readonly #enumClass: EnumClass;
  readonly #lowercase: boolean;

  constructor(enumClass: EnumClass, lowercase = true) {
    this.#enumClass = enumClass;
    this.#lowercase = lowercase;
  }

  serialize(value: unknown): string {
    const name = Object.entries(this.#enumClass).find(([, member]) => member === value)?.[0] ?? String(value);
    return this.#lowercase ? name.toLowerCase() : name;
  }
}

export class EnumClassListSerializer extends ListSerializer {
  readonly #item: EnumClassSerializer;

  constructor(listSep: string, enumClass: EnumClass, lowercase = true) {
    super(listSep);
    this.#item = new EnumClassSerializer(enumClass, lowercase);
  }

  override serialize(value: unknown): string {
    return (Array.isArray(value) ? value : [value]).map((item) => this.#item.serialize(item)).join(this.listSep);
  }
}

/** Items with a mark between them. */
export class BaseListParser extends KindParser {
  constructor(bySpaces: boolean) {
    super(specOf("list", bySpaces ? { bySpaces } : {}));
    if (bySpaces) this.syntacticHelp = "a whitespace separated list";
  }

  override parse(argument: string | number | boolean | readonly string[]): unknown {
    if (typeof argument === "object") return argument;
    return argument === "" ? [] : super.parse(argument);
  }

  override flagType(): string {
    return `${this.syntacticHelp.slice(2, -" separated list".length)} separated list of strings`;
  }
}

export class ListParser extends BaseListParser {
  constructor() {
    super(false);
  }
}

/** Items with spaces between them; with commaCompat commas separate too. */
export class WhitespaceSeparatedListParser extends BaseListParser {
  readonly #commaCompat: boolean;

  constructor(commaCompat = false) {
    super(true);
    this.#commaCompat = commaCompat;
    if (commaCompat) this.syntacticHelp = "a whitespace or comma separated list";
  }

  override parse(argument: string | number | boolean | readonly string[]): unknown {
    return super.parse(typeof argument === "string" && this.#commaCompat ? argument.replaceAll(",", " ") : argument);
  }
}
