/** Flags with parsers of one's own, and enums given several times. Source: absl/flags/_defines.py, _flag.py. */
import { FLAGS, type FlagHolder, type FlagValues, flag } from "../flags.ts";
import { type ArgumentParser, EnumClassListSerializer, EnumClassParser } from "./parsers.ts";
import { type FlagSpec, type FlagValue, parseFlagValue } from "./value.ts";

interface Serializer {
  serialize(value: never): string;
}

interface Where {
  readonly flagValues?: FlagValues | undefined;
  readonly serializer?: Serializer | null | undefined;
  readonly shortName?: string | undefined;
  readonly required?: boolean | undefined;
}

function put<T>(name: string, spec: FlagSpec, { flagValues = FLAGS, shortName, required }: Where): FlagHolder<T> {
  const holder = flagValues.define(name, { ...spec, ...(shortName && { short: shortName }) } as FlagSpec<T>);
  if (required) flagValues.require(name);
  return holder;
}

/** What a parser makes of a default: a text is read, a value stands as it is. */
const initial = (name: string, spec: FlagSpec, value: unknown): FlagValue =>
  typeof value === "string" ? parseFlagValue(name, spec, value) : (value as FlagValue);

/** A flag whose text a parser reads. Throws FlagError for a default that the parser refuses. */
export function DEFINE<T>(
  parser: ArgumentParser,
  name: string,
  value: T | string | null,
  help: string,
  where: Where = {},
): FlagHolder<T | null> {
  const { serializer } = where;
  const spec: FlagSpec = { ...(flag.string(null, help) as FlagSpec), parser, ...(serializer && { serializer }) };
  return put(name, { ...spec, default: initial(name, spec, value) }, where);
}

/** As DEFINE, of a flag that may be given several times. */
export function DEFINE_multi<T>(
  parser: ArgumentParser,
  serializer: Serializer | null,
  name: string,
  value: readonly (T | string)[] | T | string | null,
  help: string,
  where: Where = {},
): FlagHolder<readonly T[] | null> {
  const item: FlagSpec = { ...(flag.string(null, help) as FlagSpec), parser, ...(serializer && { serializer }) };
  const given = value === null ? null : Array.isArray(value) ? value : [value];
  const list = given?.map((each) => initial(name, item, each)) ?? null;
  return put(name, { ...(flag.multi(null, help) as FlagSpec), default: list as FlagValue, item }, where);
}

/** Values of an object, given by their keys in any case, any number of times. */
export const DEFINE_multi_enum_class = <const E extends Readonly<Record<string, unknown>>>(
  name: string,
  value: readonly (E[keyof E] | (string & keyof E))[] | E[keyof E] | (string & keyof E) | null,
  enumClass: E,
  help: string,
  where: Where & { readonly caseSensitive?: boolean } = {},
): FlagHolder<readonly E[keyof E][] | null> =>
  DEFINE_multi<E[keyof E]>(
    new EnumClassParser(enumClass, where.caseSensitive ?? false),
    new EnumClassListSerializer(",", enumClass),
    name,
    value as E[keyof E] | null,
    help,
    where,
  );
