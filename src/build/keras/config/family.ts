/**
 * Functions that Keras knows by a name, by a class, or as data: initializers, regularizers and constraints are such families.
 *
 *     "l2"   { class_name: "L2", config: { l2: 0.01 } }   new L2(0.1)   an object with `call`   a function
 *
 * Source: tf_keras/src/saving/legacy/serialization.py.
 */
import { byName as argumentsByName, type Rest } from "../../../ops/options.ts";
import { nameOfKind } from "../state.ts";
import {
  byName,
  type Config,
  deserializeObject,
  getCustomObjects,
  identify,
  isSerialized,
  optionsFrom,
  type Serialized,
} from "./registry.ts";

type Made<A extends readonly unknown[], T> = ((...args: A) => T) &
  (new (
    ...args: A
  ) => T) & { fromConfig(config: Config): T };

/**
 * A class of functions: with `new`, as Python's classes have it in TypeScript, or without. Its options go by place, in the order of
 * `names`, or by name; `config` says them by Python's names.
 */
export function functionClass<O extends object, const K extends readonly (keyof O)[], T extends object>(
  className: string,
  names: K,
  make: (options: O) => T,
  config: (options: O) => Config,
): Made<Rest<O, K>, T> {
  const made = (options: O): T => identify(make(options), className, config(options));
  const kind = function kind(...rest: Rest<O, K>): T {
    return made(argumentsByName<O>(rest, names));
  } as unknown as Made<Rest<O, K>, T>;
  return Object.assign(kind, { fromConfig: (given: Config): T => made(optionsFrom(given) as O) });
}

/** A class of one's own, an object of which is used as a function. */
interface Own<F> {
  /** The class that those of one's own extend. */
  readonly base: abstract new () => object;
  /** The function that an object of it is. */
  readonly asFunction: (object: never) => F;
}

interface Family<F> {
  /** The function of a name with its defaults, or that data describe. Throws ValueError for names that Keras has not. */
  get(identifier: unknown): F;
  deserialize(given: Serialized): F;
}

/** A family by the word that messages have for it and its members by name; a member is a class of functions. */
export function familyOf<F extends object>(
  word: string,
  members: Readonly<Record<string, unknown>>,
  own: Own<F>,
): Family<F> {
  const table = members as Readonly<Record<string, { (): F; fromConfig(config: Config): F }>>;
  const isOwn = (value: unknown): value is new () => object =>
    (value as { readonly prototype?: unknown }).prototype instanceof own.base;
  const get = (identifier: unknown): F => {
    if (isSerialized(identifier)) return deserialize(identifier);
    if (identifier instanceof own.base) {
      const { getConfig } = identifier as { getConfig?: () => Config };
      return identify(
        own.asFunction(identifier as never),
        identifier.constructor.name,
        getConfig?.call(identifier) ?? {},
      );
    }
    if (typeof identifier !== "string") return identifier as F;
    const found = byName<object>(word, table, identifier);
    if (isOwn(found)) return get(new found());
    return found === getCustomObjects().get(identifier) ? (found as F) : (found as () => F)();
  };
  const deserialize = (given: Serialized): F =>
    get(deserializeObject(word, (name) => table[nameOfKind(name)] ?? table[name.toLowerCase()], given));
  return { get, deserialize };
}
