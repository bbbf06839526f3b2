/** `tf.variableScope` and `tf.getVariable`: variables shared by name. Source: tensorflow/python/ops/variable_scope.py. */
import { type DType, float32 } from "../../core/dtype.ts";
import { RuntimeError, TypeError, ValueError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import { around } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { plainShape } from "../../graph/tensor_shape.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { GraphKeys } from "../collections.ts";
import { resourceVariablesEnabled } from "./nodes.ts";
import {
  type CustomGetter,
  type GetVariableOptions,
  type InitializerLike,
  type Partitioner,
  type Regularizer,
  VariableStore,
} from "./store.ts";
import type { Constraint, Variable } from "./variable.ts";

/** Reuse what exists, make what does not. */
export const AUTO_REUSE: unique symbol = Symbol("tf.AUTO_REUSE");
export type Reuse = boolean | typeof AUTO_REUSE;

export interface ScopeDefaults {
  readonly initializer?: InitializerLike | null;
  readonly regularizer?: Regularizer | null;
  readonly cachingDevice?: string | null;
  readonly partitioner?: Partitioner | null;
  readonly customGetter?: CustomGetter | null;
  readonly dtype?: DType;
  readonly useResource?: boolean;
  readonly constraint?: Constraint | null;
}

export interface VariableScopeOptions extends ScopeDefaults {
  readonly reuse?: Reuse | null;
  /** The scope's name when none is given, made unique. */
  readonly defaultName?: string;
  /** False keeps the current name scope. */
  readonly auxiliaryNameScope?: boolean;
}

/** Prefix and defaults of variables made with `getVariable`. */
export class VariableScope {
  readonly name: string;
  /** The name scope that was opened with it, with a trailing "/". */
  readonly originalNameScope: string;
  #reuse: Reuse;
  #defaults: ScopeDefaults;

  constructor(name: string, originalNameScope: string, reuse: Reuse, defaults: ScopeDefaults) {
    this.name = name;
    this.originalNameScope = originalNameScope;
    this.#reuse = reuse;
    this.#defaults = defaults;
  }

  get reuse(): Reuse {
    return this.#reuse;
  }

  get defaults(): ScopeDefaults {
    return this.#defaults;
  }

  get initializer(): InitializerLike | null {
    return this.#defaults.initializer ?? null;
  }

  get regularizer(): Regularizer | null {
    return this.#defaults.regularizer ?? null;
  }

  get partitioner(): Partitioner | null {
    return this.#defaults.partitioner ?? null;
  }

  get customGetter(): CustomGetter | null {
    return this.#defaults.customGetter ?? null;
  }

  get cachingDevice(): string | null {
    return this.#defaults.cachingDevice ?? null;
  }

  get constraint(): Constraint | null {
    return this.#defaults.constraint ?? null;
  }

  get useResource(): boolean | undefined {
    return this.#defaults.useResource;
  }

  get dtype(): DType {
    return this.#defaults.dtype ?? float32;
  }

  reuseVariables(): void {
    this.#reuse = true;
  }

  setInitializer(initializer: InitializerLike | null): void {
    this.#defaults = { ...this.#defaults, initializer };
  }

  setRegularizer(regularizer: Regularizer | null): void {
    this.#defaults = { ...this.#defaults, regularizer };
  }

  setPartitioner(partitioner: Partitioner | null): void {
    this.#defaults = { ...this.#defaults, partitioner };
  }

  setCustomGetter(customGetter: CustomGetter | null): void {
    this.#defaults = { ...this.#defaults, customGetter };
  }

  setCachingDevice(cachingDevice: string | null): void {
    this.#defaults = { ...this.#defaults, cachingDevice };
  }

  setDtype(dtype: DType): void {
    this.#defaults = { ...this.#defaults, dtype };
  }

  setUseResource(useResource: boolean): void {
    this.#defaults = { ...this.#defaults, useResource };
  }

  getCollection<T = unknown>(name: string): T[] {
    return getDefaultGraph().getCollection<T>(name, this.name ? `${this.name}/` : "");
  }

  globalVariables(): Variable[] {
    return this.getCollection(GraphKeys.GLOBAL_VARIABLES);
  }

  localVariables(): Variable[] {
    return this.getCollection(GraphKeys.LOCAL_VARIABLES);
  }

  trainableVariables(): Variable[] {
    return this.getCollection(GraphKeys.TRAINABLE_VARIABLES);
  }
}

/** What a graph knows of its variable scopes. */
interface ScopeState {
  current: VariableScope;
  /** How often each scope was opened: unique default names. */
  counts: Map<string, number>;
  store: VariableStore;
}

const stateKey = Symbol("variable scopes");

function scopeState(graph: Graph = getDefaultGraph()): ScopeState {
  let state = graph.extras.get(stateKey) as ScopeState | undefined;
  if (!state) {
    state = { current: new VariableScope("", "", false, {}), counts: new Map(), store: new VariableStore() };
    graph.extras.set(stateKey, state);
  }
  return state;
}

/** The variable scope in whose callback we are; its name is a prefix of getVariable's. */
export const getVariableScope = (): VariableScope => scopeState().current;

const given = (options: ScopeDefaults): ScopeDefaults => {
  const { initializer, regularizer, cachingDevice, partitioner, dtype, useResource } = options;
  const entries = Object.entries({ initializer, regularizer, cachingDevice, partitioner, dtype, useResource });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null));
};

/** The outer scope's getter runs inside the inner one's. */
function wrapGetter(inner: CustomGetter | null | undefined, outer: CustomGetter | null): CustomGetter | null {
  if (!inner) return outer;
  if (!outer) return inner;
  return (getter, name, options) => inner((name, options) => outer(getter, name, options), name, options);
}

const opened = (state: ScopeState, name: string): void => {
  state.counts.set(name, (state.counts.get(name) ?? 0) + 1);
};

/** Enters a scope by name (below the current one) or again by object; `nameScope` is the name scope opened with it. */
function pureScope<R>(
  target: string | VariableScope,
  nameScope: string,
  options: VariableScopeOptions,
  fn: (scope: VariableScope) => R,
): R {
  const state = scopeState();
  const old = state.current;
  const reuse = options.reuse || null;
  const base = typeof target === "string" ? old : target;
  const name = typeof target !== "string" ? target.name : old.name ? `${old.name}/${target}` : target;
  const customGetter = wrapGetter(options.customGetter, base.customGetter);
  const scope = new VariableScope(
    name,
    typeof target === "string" ? nameScope : target.originalNameScope,
    reuse ?? base.reuse,
    {
      ...base.defaults,
      ...given(options),
      constraint: options.constraint ?? null,
      customGetter,
    },
  );
  opened(state, name);
  const counts = typeof target === "string" ? null : new Map(state.counts);
  state.current = scope;
  return around(
    () => fn(scope),
    () => {
      if (state.current !== scope) throw new RuntimeError("Improper nesting of variable_scope.");
      if (counts) state.counts = counts;
      else for (const key of state.counts.keys()) if (key.startsWith(`${name}/`)) state.counts.set(key, 0);
      state.current = old;
    },
  );
}

function uniqueScopeName(prefix: string): string {
  const { counts, current } = scopeState();
  const full = current.name ? `${current.name}/${prefix}` : prefix;
  const isUsed = (name: string): boolean => (counts.get(name) ?? 0) > 0;
  if (!isUsed(full)) return prefix;
  let i = 1;
  while (isUsed(`${full}_${i}`)) i++;
  return `${prefix}_${i}`;
}

type InScope<R> = (scope: VariableScope) => R;

/**
 * Variables made with `getVariable` in fn lie below this scope, and operations below a name scope of the same name. With null, the option
 * defaultName is used and made unique; it may stand in the second place, and the tensors that a function was given in the third (they lie
 * in the default graph). `reuse: true` takes existing variables only, AUTO_REUSE either. Throws ValueError for another `reuse`, TypeError
 * where no name is given.
 */
export function variableScope<R>(nameOrScope: string | VariableScope | null, fn: InScope<R>): R;
export function variableScope<R>(
  nameOrScope: string | VariableScope | null,
  options: VariableScopeOptions | string | null,
  fn: InScope<R>,
): R;
export function variableScope<R>(
  nameOrScope: string | VariableScope | null,
  defaultName: string | null,
  values: readonly TensorLike[] | null,
  fn: InScope<R>,
): R;
export function variableScope<R>(nameOrScope: string | VariableScope | null, ...more: readonly unknown[]): R {
  const fn = more.at(-1) as InScope<R>;
  const second = more.length > 1 ? (more[0] as VariableScopeOptions | string | null) : null;
  const settings: VariableScopeOptions = typeof second === "string" ? { defaultName: second } : (second ?? {});
  const { defaultName, auxiliaryNameScope = true, reuse } = settings;
  const graph = getDefaultGraph();
  if (![true, false, null, undefined, AUTO_REUSE].includes(reuse)) {
    throw new ValueError("The reuse parameter must be True or False or None.");
  }
  if (nameOrScope === null && defaultName === undefined) {
    throw new TypeError("If default_name is None then name_or_scope is required");
  }
  const inNameScope = (name: string, inner: (scope: string) => R): R => {
    if (auxiliaryNameScope) return graph.nameScope(name, inner);
    const current = graph.getNameScope();
    return graph.nameScope(current === "" ? null : `${current}/`, inner);
  };
  if (nameOrScope === null) {
    if (reuse) throw new ValueError("reuse=True cannot be used without a name_or_scope");
    return inNameScope(defaultName!, (scope) => pureScope(uniqueScopeName(defaultName!), scope, settings, fn));
  }
  if (typeof nameOrScope !== "string" && !(nameOrScope instanceof VariableScope)) {
    throw new TypeError("VariableScope: name_or_scope must be a string or VariableScope.");
  }
  const name = typeof nameOrScope === "string" ? nameOrScope : nameOrScope.name.split("/").at(-1)!;
  if (name === "" && auxiliaryNameScope) return pureScope(nameOrScope, "", settings, fn);
  return inNameScope(name, (scope) => pureScope(nameOrScope, scope, settings, fn));
}

/** Eager execution makes a variable each time, unless a store keeps them. */
const eagerReuse = (store: VariableStore): Reuse => (store.keepsEager ? AUTO_REUSE : false);

/** Runs fn with `getVariable` keeping its variables in this store. */
export function withStore<R>(store: VariableStore, fn: () => R): R {
  const state = scopeState();
  const outer = state.store;
  state.store = store;
  return around(fn, () => {
    state.store = outer;
  });
}

/** The shape may be a number. */
const shaped = (options: GetVariableOptions): GetVariableOptions =>
  options.shape === undefined || options.shape === null ? options : { ...options, shape: plainShape(options.shape) };

type GetVariableArguments = Rest<GetVariableOptions, ["shape", "dtype", "initializer", "regularizer", "trainable"]>;
const byPlace = ["shape", "dtype", "initializer", "regularizer", "trainable"] as const;

/**
 * The variable of this name in the current variable scope: made here, or the existing one under reuse. Without an initializer (nor one
 * from the scope) floats are glorot uniform and integers zero. Throws ValueError in Python's words when it exists and may not, or
 * the other way round, or with another shape or dtype.
 */
export function getVariable(name: string | null, ...rest: GetVariableArguments): Variable {
  const options = shaped(byName(rest, byPlace));
  const scope = getVariableScope();
  const { store } = scopeState();
  const full = scope.name && name !== null ? `${scope.name}/${name}` : (name ?? scope.name);
  return getDefaultGraph().nameScope(null, () => {
    const { dtype, initializer } = options;
    if (dtype && initializer !== undefined && initializer !== null && typeof initializer !== "function") {
      const own = convertToTensor(initializer, { preferredDtype: dtype }).dtype.baseDtype;
      if (own !== dtype.baseDtype)
        throw new ValueError(`Initializer type '${own}' and explicit dtype '${dtype}' don't match.`);
    }
    return store.getVariable(full, {
      shape: options.shape,
      dtype: dtype?.baseDtype ?? scope.dtype.baseDtype,
      hasOwnDtype: dtype !== undefined,
      initializer: initializer ?? scope.initializer,
      regularizer: options.regularizer ?? scope.regularizer,
      reuse: getDefaultGraph().isEager ? eagerReuse(store) : scope.reuse,
      trainable: options.trainable ?? true,
      collections: options.collections,
      cachingDevice: options.cachingDevice ?? scope.cachingDevice ?? undefined,
      partitioner: options.partitioner ?? scope.partitioner,
      validateShape: options.validateShape ?? true,
      useResource: options.useResource ?? scope.useResource ?? resourceVariablesEnabled(),
      customGetter: options.customGetter ?? scope.customGetter,
      constraint: options.constraint ?? scope.constraint ?? undefined,
      synchronization: options.synchronization,
      aggregation: options.aggregation,
    });
  });
}

/** As getVariable, in LOCAL_VARIABLES and never trained. */
export function getLocalVariable(name: string, ...rest: GetVariableArguments): Variable {
  const options = shaped(byName(rest, byPlace));
  return getVariable(name, {
    ...options,
    trainable: false,
    collections: [...(options.collections ?? []), GraphKeys.LOCAL_VARIABLES],
  });
}

export type { Shape, Tensor };
