/** `tf.Module`: an object that finds the variables and modules in it. Source: tensorflow/python/module/module.py. */
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { flatten, type Nested } from "../control_flow/structure.ts";
import { Variable } from "../variables/variable.ts";

export interface ModuleOptions {
  /** A word of letters, digits and underscores; the class's name in snake_case by default. */
  readonly name?: string | null | undefined;
}

/** Calls a function below a module's name; its `name` is the scope, with its trailing "/". */
export interface ModuleScope {
  <R>(fn: () => R): R;
  readonly name: string;
}

const snakeCase = (name: string): string =>
  name.replace(/(?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z])/g, (letter) => `_${letter}`).toLowerCase();

/**
 * The base class of parts of a model: what has variables in its properties (also in lists and records) and in modules there.
 *     class Dense extends tf.Module { w = new tf.Variable(…); call = tf.Module.withNameScope(function (this: Dense, x) { … }) }
 * Throws ValueError for a name that is no identifier.
 */
export class Module {
  readonly #name: string;
  readonly #scope: string;

  constructor(options: ModuleOptions | string | null = {}) {
    const given = typeof options === "string" ? options : (options?.name ?? null);
    const name = given ?? snakeCase(new.target.name);
    if (!/^[A-Za-z_][A-Za-z_0-9]*$/.test(name)) {
      throw new ValueError(
        `'${name}' is not a valid module name. Module names must be valid Python identifiers (e.g. a valid class name).`,
      );
    }
    this.#name = name;
    this.#scope = getDefaultGraph().nameScope(name, (scope) => scope);
  }

  get name(): string {
    return this.#name;
  }

  /** Runs a function with names below the module's: `this.nameScope(() => new tf.Variable(…))`. */
  get nameScope(): ModuleScope {
    const scope = this.#scope;
    const within = <R>(fn: () => R): R => getDefaultGraph().nameScope(scope, fn);
    return Object.defineProperty(within, "name", { value: scope }) as ModuleScope;
  }

  /** The variables in it: its own by the names of the properties, then those of its modules. */
  get variables(): readonly Variable[] {
    return found(this, isVariable);
  }

  get trainableVariables(): readonly Variable[] {
    return this.variables.filter((variable) => variable.trainable);
  }

  get nonTrainableVariables(): readonly Variable[] {
    return this.variables.filter((variable) => !variable.trainable);
  }

  /** The modules in it, and in those. */
  get submodules(): readonly Module[] {
    return found(this, isModule);
  }

  /** The method, called below the module's name; also a decorator. */
  static withNameScope<M extends Module, A extends unknown[], R>(
    method: (this: M, ...args: A) => R,
  ): (this: M, ...args: A) => R {
    return function (this: M, ...args: A): R {
      return this.nameScope(() => method.apply(this, args));
    };
  }
}

const isVariable = (value: unknown): value is Variable => value instanceof Variable;
const isModule = (value: unknown): value is Module => value instanceof Module;

function found<T>(module: Module, isWanted: (value: unknown) => value is T, seen = new Set<unknown>([module])): T[] {
  const results: T[] = [];
  const inner: Module[] = [];
  for (const key of Object.keys(module).sort()) {
    for (const leaf of flatten((module as unknown as Record<string, unknown>)[key] as Nested<unknown>)) {
      if (typeof leaf !== "object" || leaf === null || seen.has(leaf)) continue;
      seen.add(leaf);
      if (isWanted(leaf)) results.push(leaf);
      if (isModule(leaf)) inner.push(leaf);
    }
  }
  return [...results, ...inner.flatMap((each) => found(each, isWanted, seen))];
}
