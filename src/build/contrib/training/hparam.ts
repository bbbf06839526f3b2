/** `tf.contrib.training.HParams`: named settings of a model, typed by their first values. Source: contrib/training hparam.py. */
import { ValueError } from "../../../core/error.ts";

export type HParamScalar = number | string | boolean | null | ((...args: never[]) => unknown);
export type HParamValue = HParamScalar | readonly HParamScalar[];
type Kind = "int" | "float" | "str" | "bool" | "NoneType" | "function";

interface HParamType {
  readonly kind: Kind;
  readonly isList: boolean;
}

/** Whole numbers are int, as everywhere; a setting that is to be a float begins as one that is not whole, or is declared with `float()`. */
const kindOf = (value: HParamScalar): Kind => {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "str";
  if (typeof value === "function") return "function";
  return Number.isInteger(value) ? "int" : "float";
};

const shown = (value: unknown): string => {
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  return value === null ? "None" : String(value);
};
const plain = (value: unknown): string => (typeof value === "string" ? value : shown(value));

function cast(name: string, kind: Kind, value: HParamScalar): HParamScalar {
  const own = kindOf(value);
  if (own === kind || kind === "NoneType" || kind === "function") return value;
  const isNumber = own === "int" || own === "float";
  // A whole number that becomes a fraction: JavaScript cannot tell 1 from 1.0, so an int setting stays one only while values are whole.
  if (kind === "float" && isNumber) return value;
  throw new ValueError(`Could not cast hparam '${name}' of type '<class '${kind}'>' from value ${shown(value)}`);
}

const pattern = /([a-zA-Z][\w.]*)(?:\[\s*(\d+)\s*\])?\s*=\s*(?:([^,[]*)|\[([^\]]*)\])(?:$|,\s*)/y;

const parsers: Readonly<Partial<Record<Kind, (text: string) => HParamScalar | undefined>>> = {
  int: (text) => (/^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : undefined),
  float: (text) => (text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : undefined),
  str: (text) => text,
  bool: (text) => {
    if (/^[tT]rue$/.test(text)) return true;
    if (/^[fF]alse$/.test(text)) return false;
    return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) !== 0 : undefined;
  },
};

type Parsed = Record<string, HParamScalar | HParamScalar[] | Record<number, HParamScalar>>;

/**
 * Settings from text: `a=1,b=[1,2],c[0]=x`, by the kinds of their names. Throws ValueError for text of another form, for names that are
 * not known (unless they are to be left out) or named twice, and for values of another kind.
 */
export function parseValues(
  values: string,
  typeMap: Readonly<Record<string, Kind>>,
  options: { readonly ignoreUnknown?: boolean } = {},
): Parsed {
  const found: Parsed = {};
  const fail = (name: string, value: string): never => {
    throw new ValueError(
      `Could not parse hparam '${name}' of type '${typeMap[name]}' with value '${value}' in ${values}`,
    );
  };
  const reuse = (name: string): never => {
    throw new ValueError(`Multiple assignments to variable '${name}' in ${values}`);
  };
  for (let at = 0; at < values.length; ) {
    pattern.lastIndex = at;
    const match = pattern.exec(values);
    if (!match) throw new ValueError(`Malformed hyperparameter value: ${values.slice(at)}`);
    at = pattern.lastIndex;
    const [, name, index, single, list] = match as unknown as [string, string, ...(string | undefined)[]];
    const kind = typeMap[name];
    if (kind === undefined) {
      if (options.ignoreUnknown) continue;
      throw new ValueError(`Unknown hyperparameter type for ${name}`);
    }
    const parse = (text: string): HParamScalar => parsers[kind]?.(text) ?? fail(name, single ?? list ?? "");
    if (list !== undefined) {
      if (index !== undefined) throw new ValueError("Assignment of a list to a list index.");
      if (name in found) reuse(name);
      found[name] = list.split(/[ ,]/).filter(Boolean).map(parse);
    } else if (index === undefined) {
      const value = parse(single!);
      if (name in found) reuse(name);
      found[name] = value;
    } else {
      const value = parse(single!);
      const existing = found[name] ?? {};
      if (typeof existing !== "object" || existing === null || Array.isArray(existing)) return reuse(name);
      if (Number(index) in existing) reuse(`${name}[${index}]`);
      found[name] = { ...existing, [Number(index)]: value } as Record<number, HParamScalar>;
    }
  }
  return found;
}

/** Settings by name: `new HParams({ learningRate: 0.1 }).learningRate`, read and changed as properties or by the methods. */
export class HParams {
  // biome-ignore lint/suspicious/noExplicitAny: settings are properties of one's own names
  [name: string]: any;
  readonly #types = new Map<string, HParamType>();

  constructor(values: Readonly<Record<string, HParamValue>> = {}) {
    for (const [name, value] of Object.entries(values)) this.addHparam(name, value);
  }

  /** Throws ValueError for a name that is taken, and for an empty list. */
  addHparam(name: string, value: HParamValue): void {
    if (this[name] !== undefined && this[name] !== null) {
      throw new ValueError(`Hyperparameter name is reserved: ${name}`);
    }
    const isList = Array.isArray(value);
    if (isList && value.length === 0) {
      throw new ValueError(`Multi-valued hyperparameters cannot be empty: ${name}`);
    }
    this.#types.set(name, { kind: kindOf((isList ? value[0] : value) as HParamScalar), isList });
    this[name] = value;
  }

  #cast(name: string, kind: Kind, value: HParamScalar): HParamScalar {
    return cast(name, kind, value);
  }

  /** Throws ValueError for a value of another kind, and for a list in the place of one value or the other way round. */
  setHparam(name: string, value: HParamValue): void {
    const type = this.#types.get(name);
    if (!type) throw new ValueError(`Unknown hyperparameter type for ${name}`);
    if (Array.isArray(value)) {
      if (!type.isList) throw new ValueError(`Must not pass a list for single-valued parameter: ${name}`);
      this[name] = value.map((each) => this.#cast(name, type.kind, each));
      return;
    }
    if (type.isList) throw new ValueError(`Must pass a list for multi-valued parameter: ${name}.`);
    this[name] = this.#cast(name, type.kind, value as HParamScalar);
  }

  delHparam(name: string): void {
    if (!this.#types.delete(name)) return;
    delete this[name];
  }

  /** Changes settings by text: `learning_rate=0.2,layers=[1,2]`. */
  parse(values: string): this {
    const kinds = Object.fromEntries([...this.#types].map(([name, { kind }]) => [name, kind]));
    return this.overrideFromDict(parseValues(values, kinds) as Record<string, HParamValue>);
  }

  overrideFromDict(values: Readonly<Record<string, HParamValue>>): this {
    for (const [name, value] of Object.entries(values)) this.setHparam(name, value);
    return this;
  }

  setFromMap(values: Readonly<Record<string, HParamValue>>): this {
    return this.overrideFromDict(values);
  }

  parseJson(values: string): this {
    return this.overrideFromDict(JSON.parse(values) as Record<string, HParamValue>);
  }

  /** As Python's json writes it; with an indent one setting a line. */
  toJson(options: { readonly indent?: number | null; readonly sortKeys?: boolean } = {}): string {
    const names = Object.keys(this.values());
    if (options.sortKeys) names.sort();
    const values = Object.fromEntries(names.map((name) => [name, this[name] as HParamValue]));
    if (options.indent !== undefined && options.indent !== null) return JSON.stringify(values, null, options.indent);
    const json = (value: unknown): string =>
      Array.isArray(value) ? `[${value.map(json).join(", ")}]` : JSON.stringify(value);
    return `{${Object.entries(values)
      .map(([name, value]) => `"${name}": ${json(value)}`)
      .join(", ")}}`;
  }

  values(): Record<string, HParamValue> {
    return Object.fromEntries([...this.#types.keys()].map((name) => [name, this[name] as HParamValue]));
  }

  /** The setting, or `fallback` where there is none. Throws ValueError for a fallback of another kind. */
  get(name: string, fallback: HParamValue = null): HParamValue {
    const type = this.#types.get(name);
    if (!type) return fallback;
    if (fallback !== null) {
      const kind = type.isList ? `list<<class '${type.kind}'>>` : `<class '${type.kind}'>`;
      const message = `Hparam '${name}' of type '${kind}' is incompatible with default=${plain(fallback)}`;
      if (type.isList !== Array.isArray(fallback)) throw new ValueError(message);
      for (const each of (type.isList ? fallback : [fallback]) as HParamScalar[]) {
        try {
          this.#cast(name, type.kind, each);
        } catch (error) {
          throw new ValueError(`${message}. ${(error as Error).message}`);
        }
      }
    }
    return this[name] as HParamValue;
  }

  /** Python's `name in hparams`. */
  contains(name: string): boolean {
    return this.#types.has(name);
  }

  toString(): string {
    return Object.entries(this.values())
      .map(([name, value]) => `${name}=${plain(value)}`)
      .join(",");
  }

  repr(): string {
    const pairs = Object.entries(this.values()).sort(([a], [b]) => (a < b ? -1 : 1));
    return `HParams([${pairs.map(([name, value]) => `('${name}', ${shown(value)})`).join(", ")}])`;
  }
}
