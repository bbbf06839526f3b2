/**
 * What Keras knows by a name: functions and classes in tables, objects of one's own in scopes, and how both are written down.
 *
 *     "glorot_uniform"   { class_name: "GlorotUniform", config: { seed: null, dtype: "float32" } }   an object
 *
 * Source: tf_keras/src/saving/legacy/serialization.py, object_registration.py.
 */
import { DType, dtypeOf } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { nameOfKind } from "../state.ts";

/** Values of a configuration, by Python's names. */
export type Config = Record<string, unknown>;

/** An object as data. */
export interface Serialized {
  readonly class_name: string;
  readonly config: Config;
}

export const isSerialized = (value: unknown): value is Serialized =>
  typeof value === "object" && value !== null && "class_name" in value;

export const camel = (name: string): string =>
  name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
export const snake = (name: string): string =>
  name.replace(/(?<=[a-z])(\d$)|([A-Z])/g, (_, digit, letter) => `_${digit ?? letter.toLowerCase()}`);
/** Options from a configuration: Python's names as ours. */
export const optionsFrom = (config: Config): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      camel(name),
      name === "dtype" && typeof value === "string" ? dtypeOf(value) : value,
    ]),
  );

const identities = new WeakMap<object, Serialized>();

/** Remembers what a function is in Keras: its class and configuration. */
export function identify<F extends object>(fn: F, className: string, config: Config): F {
  identities.set(fn, { class_name: className, config });
  return fn;
}

const custom = new Map<string, unknown>();

/** Names of one's own that may be used where Keras takes a name: of classes and functions. */
export const getCustomObjects = (): Map<string, unknown> => custom;

/** A scope of names of one's own, as an object. */
export class CustomObjectScope {
  readonly #objects: Readonly<Record<string, unknown>>;
  #before: ReadonlyMap<string, unknown> | null = null;

  constructor(objects: Readonly<Record<string, unknown>>) {
    this.#objects = objects;
  }

  enter(): this {
    this.#before = new Map(custom);
    for (const [name, value] of Object.entries(this.#objects)) custom.set(name, value);
    return this;
  }

  exit(): void {
    custom.clear();
    for (const [name, value] of this.#before ?? []) custom.set(name, value);
  }
}

/** What `fn` makes may use names of one's own. */
export function customObjectScope<R>(objects: Readonly<Record<string, unknown>>, fn: () => R): R {
  const scope = new CustomObjectScope(objects).enter();
  try {
    return fn();
  } finally {
    scope.exit();
  }
}

/** Makes a class known under `package>name`, and under its own name. */
export function registerKerasSerializable<C extends { readonly name: string }>(value: C, packageName = "Custom"): C {
  custom.set(value.name, value);
  custom.set(`${packageName}>${value.name}`, value);
  return value;
}

export const getRegisteredObject = (name: string): unknown => custom.get(name) ?? null;
export const getRegisteredName = (value: unknown): string =>
  [...custom].findLast(([, known]) => known === value)?.[0] ?? (value as { name: string }).name;

const unknown = (kind: string, name: string): ValueError =>
  new ValueError(
    `Unknown ${kind}: '${name}'. Please ensure you are using a \`keras.utils.custom_object_scope\` and that this object is included in the scope. See https://www.tensorflow.org/guide/keras/save_and_serialize#registering_the_custom_object for details.`,
  );

/** What a table or a scope has under a name, in Python's or in a class's spelling: "he_normal", "HeNormal". Throws ValueError. */
export function byName<F extends object>(kind: string, table: Readonly<Record<string, F>>, identifier: string | F): F {
  if (typeof identifier !== "string") return identifier;
  const found =
    custom.get(identifier) ?? table[identifier] ?? table[identifier.toLowerCase()] ?? table[nameOfKind(identifier)];
  if (found) return found as F;
  throw unknown(kind, identifier);
}

/** A class that makes itself from its configuration. */
export interface Configurable {
  fromConfig?(config: Config): unknown;
  readonly prototype?: unknown;
}

/** The object that data describe: of a class that the table or a scope has. Throws ValueError for other classes. */
export function deserializeObject<T>(kind: string, table: (name: string) => unknown, given: Serialized): T {
  const { class_name: name, config } = given;
  const found = custom.get(name) ?? custom.get(name.split(">").at(-1)!) ?? table(name);
  if (!found) throw unknown(kind, name);
  const maker = found as Configurable & (new (options: unknown) => T);
  if (maker.fromConfig) return maker.fromConfig(config) as T;
  return new maker(optionsFrom(config));
}

/** An object as data: by its identity, its getConfig, or its name in Keras. */
export function serializeObject(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  const known = identities.get(value as object);
  if (known) return known;
  const { getConfig } = value as { getConfig?: () => Config };
  if (getConfig) return { class_name: (value as object).constructor.name, config: getConfig.call(value) };
  return nameOfFunction(value as { readonly name: string });
}

const nameOfFunction = ({ name }: { readonly name: string }): string => snake(name);

/** Values of configurations as JSON has them: dtypes by name. */
export function plainValue(value: unknown): unknown {
  if (value instanceof DType) return value.name;
  if (value === undefined) return null;
  return value;
}

/** An object as data: its name, or its class and configuration. */
export const serializeKerasObject = (instance: unknown): unknown => serializeObject(instance);

/**
 * The object of a name, or that data describe: of `moduleObjects` or of names of one's own. Throws ValueError for what neither has;
 * `printableModuleName` is the message's word for it.
 */
export function deserializeKerasObject(
  identifier: unknown,
  moduleObjects: Readonly<Record<string, unknown>> = {},
  customObjects: Readonly<Record<string, unknown>> = {},
  printableModuleName = "object",
): unknown {
  if (identifier === null || identifier === undefined) return null;
  if (!isSerialized(identifier) && typeof identifier !== "string") return identifier;
  return customObjectScope(customObjects, () => {
    if (isSerialized(identifier))
      return deserializeObject(printableModuleName, (name) => moduleObjects[name], identifier);
    const found = custom.get(identifier) ?? moduleObjects[identifier];
    if (found !== undefined) return found;
    throw unknown(printableModuleName, identifier);
  });
}
