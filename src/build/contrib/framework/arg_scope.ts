/**
 * `tf.contrib.framework.arg_scope`: optional arguments that functions take unless a call says otherwise. A function that can be scoped is
 * wrapped once, by `addArgScope` or, among those here, by `scoped`; the wrapper is what scopes name. Source: contrib/framework arg_scope.py.
 */
import { TypeError, ValueError } from "../../../core/error.ts";
import { around } from "../../../graph/scopes.ts";
import type { Rest } from "../../../ops/options.ts";

// biome-ignore lint/suspicious/noExplicitAny: functions of many signatures stand in one list
export type ScopedFunction = (...args: any[]) => unknown;
export type ArgScope = ReadonlyMap<ScopedFunction, Readonly<Record<string, unknown>>>;

const scopes: ArgScope[] = [new Map()];
/** Optional arguments of the functions that can be scoped. */
const scopable = new WeakMap<ScopedFunction, readonly string[]>();

export const currentArgScope = (): ArgScope => scopes.at(-1)!;

/** Is it a function that `argScope` can name? */
export const hasArgScope = (fn: ScopedFunction): boolean => scopable.has(fn);

/** The key of a function in a scope: the function itself. */
export const argScopeFuncKey = (fn: ScopedFunction): ScopedFunction => fn;

/** Names of the optional arguments of a function that can be scoped. */
export function argScopedArguments(fn: ScopedFunction): readonly string[] {
  const names = scopable.get(fn);
  if (!names) throw undecorated(fn);
  return names;
}

const undecorated = (fn: ScopedFunction): ValueError =>
  new ValueError(`('__main__', '${fn.name}') is not decorated with @add_arg_scope`);

export const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

function within<R>(scope: ArgScope, fn: (scope: ArgScope) => R): R {
  scopes.push(scope);
  return around(
    () => fn(scope),
    () => {
      scopes.pop();
    },
  );
}

/**
 * Within fn, the functions take these arguments unless a call gives its own; or all those of a scope that an earlier `argScope` handed to
 * its fn. Throws ValueError for a function that is not wrapped, TypeError for what is no list.
 */
export function argScope<R>(scope: ArgScope, fn: (scope: ArgScope) => R): R;
export function argScope<R>(
  functions: readonly ScopedFunction[],
  options: Readonly<Record<string, unknown>>,
  fn: (scope: ArgScope) => R,
): R;
export function argScope<R>(
  given: readonly ScopedFunction[] | ArgScope,
  options: Readonly<Record<string, unknown>> | ((scope: ArgScope) => R),
  body?: (scope: ArgScope) => R,
): R {
  const fn = typeof options === "function" ? (options as (scope: ArgScope) => R) : body!;
  const own = typeof options === "function" ? {} : options;
  if (given instanceof Map) {
    if (Object.keys(own).length > 0) {
      throw new ValueError("When attempting to re-use a scope by suppling adictionary, kwargs must be empty.");
    }
    return within(new Map(given as ArgScope), fn);
  }
  if (!Array.isArray(given)) {
    throw new TypeError("list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)");
  }
  const scope = new Map(currentArgScope());
  for (const each of given as readonly ScopedFunction[]) {
    if (!hasArgScope(each)) throw undecorated(each);
    scope.set(each, { ...scope.get(each), ...own });
  }
  return within(scope, fn);
}

/** Makes of a function, whose last argument is an object of options, one that takes options from scopes too. */
export function addArgScope<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  names: readonly string[] = [],
): (...args: A) => R {
  const wrapper = (...args: A): R => {
    const own = currentArgScope().get(wrapper as ScopedFunction);
    if (!own) return fn(...args);
    const last = args.at(-1);
    const merged = isPlainObject(last) ? [...args.slice(0, -1), { ...own, ...last }] : [...args, own];
    return fn(...(merged as unknown as A));
  };
  Object.defineProperty(wrapper, "name", { value: fn.name });
  scopable.set(wrapper as ScopedFunction, names);
  return wrapper;
}

/** The values of a call under their names: those by place, those of the object at the end, those that scopes give. */
function named(
  python: string,
  args: readonly unknown[],
  required: number,
  places: readonly string[],
  scope: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const rest = args.slice(required);
  const last = rest.at(-1);
  const hasOptions = isPlainObject(last);
  const values = hasOptions || last === undefined ? rest.slice(0, -1) : rest;
  if (values.length > places.length) {
    throw new TypeError(
      `${python}() takes at most ${required + places.length} positional arguments but ${required + values.length} were given`,
    );
  }
  const found: Record<string, unknown> = { ...scope };
  for (const [i, value] of values.entries()) {
    const name = places[i]!;
    if (name in scope) throw new TypeError(`${python}() got multiple values for argument '${name}'`);
    if (value !== undefined) found[name] = value;
  }
  if (hasOptions) for (const [name, value] of Object.entries(last)) if (value !== undefined) found[name] = value;
  return found;
}

/**
 * A function of the library that can be scoped: `body(required…, options)` behind `fn(required…, by place or by name…)`. What is null stays
 * null (Python's None), what is not given is missing.
 */
export function scoped<A extends readonly unknown[], O, const K extends readonly (keyof O & string)[], R>(
  python: string,
  required: A["length"],
  places: K,
  body: (...args: [...A, O]) => R,
): (...args: [...A, ...Rest<O, K>]) => R {
  const wrapper = (...args: [...A, ...Rest<O, K>]): R => {
    const scope = currentArgScope().get(wrapper as ScopedFunction) ?? {};
    const options = named(python, args, required, places, scope);
    return body(...([...args.slice(0, required), options] as unknown as [...A, O]));
  };
  Object.defineProperty(wrapper, "name", { value: python });
  scopable.set(wrapper as ScopedFunction, places);
  return wrapper;
}
