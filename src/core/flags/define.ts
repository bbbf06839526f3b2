/** tf.app.flags beside the plain kinds: flags given several times, enums of one's own, aliases, validators. Source: absl/flags/_defines.py, _validators.py. */
import { FLAGS, type FlagHolder, flag } from "../flags.ts";
import { ValidationError } from "./validate.ts";
import { type FlagSpec, type FlagValue, parseFlagValue } from "./value.ts";

interface NumberBounds {
  readonly lowerBound?: number;
  readonly upperBound?: number;
}

const bounds = ({ lowerBound, upperBound }: NumberBounds) => ({
  ...(lowerBound !== undefined && { min: lowerBound }),
  ...(upperBound !== undefined && { max: upperBound }),
});

type Several<T> = readonly T[] | T | null;

/** A flag that collects a value each time it is given. */
function defineMulti<T>(
  name: string,
  value: Several<T>,
  help: string,
  item: FlagSpec,
): FlagHolder<readonly T[] | null> {
  const list = value === null || Array.isArray(value) ? (value as readonly T[] | null) : [value as T];
  for (const each of list ?? []) parseFlagValue(name, item, String(each));
  const spec = { ...flag.multi(null, help), default: list, item } as unknown as FlagSpec<readonly T[] | null>;
  return FLAGS.define(name, spec);
}

export const DEFINE_multi_integer = (name: string, value: Several<number>, help: string, limits: NumberBounds = {}) =>
  defineMulti(name, value, help, flag.int(null, help, bounds(limits)) as FlagSpec);

export const DEFINE_multi_float = (name: string, value: Several<number>, help: string, limits: NumberBounds = {}) =>
  defineMulti(name, value, help, flag.float(null, help, bounds(limits)) as FlagSpec);

export const DEFINE_multi_enum = (name: string, value: Several<string>, values: readonly string[], help: string) =>
  defineMulti(name, value, help, flag.enum(null, values, help) as FlagSpec);

/** A list with spaces between its items. */
export function DEFINE_spaceseplist(name: string, value: readonly string[] | string | null, help: string) {
  const list = typeof value === "string" ? value.split(/\s+/).filter((item) => item !== "") : value;
  return FLAGS.define(name, { ...flag.list(list, help), bySpaces: true });
}

/** One of the values of an object, given by its key in any case: `{ SGD: 0, ADAM: 1 }`. Throws FlagError for a default that is none. */
export function DEFINE_enum_class<const E extends Readonly<Record<string, unknown>>>(
  name: string,
  value: E[keyof E] | (string & keyof E) | null,
  enumClass: E,
  help: string,
): FlagHolder<E[keyof E] | null> {
  const members = Object.fromEntries(Object.entries(enumClass).map(([key, member]) => [key.toLowerCase(), member]));
  const plain = flag.enum(null, Object.keys(members), help);
  const spec = { ...plain, members } as unknown as FlagSpec;
  const isMember = value === null || Object.values(enumClass).includes(value);
  const initial = isMember ? value : parseFlagValue(name, spec, String(value));
  return FLAGS.define(name, { ...spec, default: initial } as unknown as FlagSpec<E[keyof E] | null>);
}

/** Another name for a flag. Throws FlagError for an unknown one. */
export function DEFINE_alias(name: string, originalName: string): void {
  FLAGS.get(originalName);
  FLAGS.define(name, { ...FLAGS.specs.get(originalName)!, aliasOf: originalName });
}

export const markFlagsAsRequired = (names: readonly string[]): void => {
  for (const name of names) FLAGS.require(name);
};

// biome-ignore lint/suspicious/noExplicitAny: a flag's value is of the type that its definition gives
type Value = any;

/** Refuses values of a flag for which `checker` is not true, or that it throws a ValidationError for. Throws KeyError for an unknown flag. */
export const registerValidator = (
  name: string,
  checker: (value: Value) => unknown,
  message = "Flag validation failed",
): void => FLAGS.addValidator({ names: [name], isSingle: true, check: (values) => checker(values[name]), message });

/** As registerValidator, of several flags' values by name. */
export const registerMultiFlagsValidator = (
  names: readonly string[],
  checker: (values: Value) => unknown,
  message = "Flags validation failed",
): void => FLAGS.addValidator({ names, isSingle: false, check: checker, message });

/** `validator("n", "must be odd")(n => n % 2 === 1)`: the function itself, registered. */
export const validator =
  (name: string, message?: string) =>
  <F extends (value: Value) => unknown>(checker: F): F => {
    registerValidator(name, checker, message);
    return checker;
  };

export const multiFlagsValidator =
  (names: readonly string[], message?: string) =>
  <F extends (values: Value) => unknown>(checker: F): F => {
    registerMultiFlagsValidator(names, checker, message);
    return checker;
  };

const ruleOf = (required: boolean): string => (required ? "Exactly" : "At most");

/** At most one of the flags, or exactly one, has a value. */
export function markFlagsAsMutualExclusive(names: readonly string[], { required = false } = {}): void {
  const check = (values: Readonly<Record<string, FlagValue>>): boolean => {
    const given = Object.values(values).filter((value) => value !== null).length;
    return given === 1 || (!required && given === 0);
  };
  const message = `${ruleOf(required)} one of (${names.join(", ")}) must have a value other than None.`;
  registerMultiFlagsValidator(names, check, message);
}

/** At most one of the flags, or exactly one, is true. Throws ValidationError for a flag of another kind. */
export function markBoolFlagsAsMutualExclusive(names: readonly string[], { required = false } = {}): void {
  for (const name of names) {
    if (FLAGS.specs.get(name)?.kind !== "bool") {
      throw new ValidationError(
        `Flag --${name} is not Boolean, which is required for flags used in mark_bool_flags_as_mutual_exclusive.`,
        name,
      );
    }
  }
  const check = (values: Readonly<Record<string, FlagValue>>): boolean => {
    const on = Object.values(values).filter(Boolean).length;
    return on === 1 || (!required && on === 0);
  };
  registerMultiFlagsValidator(names, check, `${ruleOf(required)} one of (${names.join(", ")}) must be True.`);
}

/** Another default for a flag that was defined elsewhere. */
export const setDefault = <T>(holder: FlagHolder<T>, value: T): void =>
  FLAGS.setDefault(holder.name, value as FlagValue);

/** The flag has this value, whatever the command line says. */
export const overrideValue = <T>(holder: FlagHolder<T>, value: T): void => FLAGS.set(holder.name, value as FlagValue);
