/** `tf.contrib.framework`'s variables of models: made in collections, found by scope, suffix or name. Source: contrib/framework variables.py. */
import { type DType, float32 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { GraphKeys, getCollection } from "../../collections.ts";
import { getGlobalStep } from "../../global_step.ts";
import { getVariable, getVariableScope, VariableScope } from "../../variables/scope.ts";
import type { Getter, GetVariableOptions, ResolvedOptions } from "../../variables/store.ts";
import { Variable } from "../../variables/variable.ts";
import { scoped } from "./arg_scope.ts";

export interface ScopedVariableOptions extends Omit<GetVariableOptions, "customGetter"> {
  /** Where the variable lies: a device, or a function of its operation. */
  readonly device?: string | ((op: Operation) => string) | null | undefined;
  /** Makes the variable in getVariable's place; null leaves it to getVariable. */
  readonly customGetter?: ((name: string, options: GetVariableOptions) => Variable) | null | undefined;
}

const places = [
  "shape",
  "dtype",
  "initializer",
  "regularizer",
  "trainable",
  "collections",
  "cachingDevice",
  "device",
  "partitioner",
  "customGetter",
  "useResource",
  "synchronization",
  "aggregation",
] as const;

/** Python's None is left out. */
const withoutNull = (options: ScopedVariableOptions): GetVariableOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null && value !== undefined));

/** The variable of this name in the current scope, in the collections alone that are named (GLOBAL_VARIABLES by default). */
export const variable = scoped<[name: string], ScopedVariableOptions, typeof places, Variable>(
  "variable",
  1,
  places,
  (name, { device, customGetter, ...options }) => {
    const make = (): Variable =>
      (customGetter ?? getVariable)(name, {
        ...withoutNull(options),
        collections: [...new Set(options.collections ?? [GraphKeys.GLOBAL_VARIABLES])],
      });
    return device ? getDefaultGraph().device(device, make) : make();
  },
);

/** As `variable`, float32 unless told, and in MODEL_VARIABLES too. */
export const modelVariable = scoped<[name: string], ScopedVariableOptions, typeof places, Variable>(
  "model_variable",
  1,
  places,
  (name, options) =>
    variable(name, {
      ...options,
      dtype: options.dtype ?? float32,
      collections: [...(options.collections ?? []), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES],
    }),
);

/** A getter of variables for layers: variables of models, and those of `rename` under another last name. */
export const modelVariableGetter =
  (rename: Readonly<Record<string, string>> = {}) =>
  (getter: Getter, name: string, options: ResolvedOptions): Variable => {
    const parts = name.split("/");
    const last = rename[parts.at(-1)!];
    const full = last === undefined ? name : [...parts.slice(0, -1), last].join("/");
    const resolved = (own: GetVariableOptions): ResolvedOptions => ({
      ...options,
      ...own,
      dtype: own.dtype ?? options.dtype,
      trainable: own.trainable ?? options.trainable,
      validateShape: options.validateShape,
      useResource: own.useResource ?? options.useResource,
      reuse: getVariableScope().reuse || options.reuse,
    });
    const { shape, dtype, initializer, regularizer, trainable, collections, cachingDevice, partitioner } = options;
    const { useResource, synchronization, aggregation } = options;
    return modelVariable(full, {
      shape,
      dtype,
      initializer,
      regularizer,
      trainable,
      collections,
      cachingDevice,
      partitioner,
      useResource,
      synchronization,
      aggregation,
      customGetter: (own, ownOptions) => getter(own, resolved(ownOptions)),
    });
  };

interface NamedOptions {
  readonly validateShape?: boolean | undefined;
  readonly name?: string | undefined;
  readonly useResource?: boolean | undefined;
}

const inCollection =
  (collection: string) =>
  (
    initialValue: TensorLike | (() => TensorLike),
    ...rest: Rest<NamedOptions, ["validateShape", "name", "useResource"]>
  ): Variable => {
    const options: NamedOptions = byName(rest, ["validateShape", "name", "useResource"]);
    return new Variable(initialValue, { ...options, trainable: false, collections: [collection] });
  };

/** A variable that is not trained, in LOCAL_VARIABLES. */
export const localVariable = inCollection(GraphKeys.LOCAL_VARIABLES);

/** A variable that is not trained, in GLOBAL_VARIABLES. */
export const globalVariable = inCollection(GraphKeys.GLOBAL_VARIABLES);

/** Adds a variable to MODEL_VARIABLES, once. */
export function addModelVariable(variable: Variable): void {
  const models = getDefaultGraph().getCollectionRef<Variable>(GraphKeys.MODEL_VARIABLES);
  if (!models.includes(variable)) models.push(variable);
}

interface FilterOptions {
  /** A scope, or a regular expression that names begin with. */
  readonly scope?: string | VariableScope | null | undefined;
  /** What names end in, the output's number aside. */
  readonly suffix?: string | null | undefined;
  readonly collection?: string | undefined;
}

function found({ scope, suffix, collection = GraphKeys.GLOBAL_VARIABLES }: FilterOptions): Variable[] {
  const prefix = scope instanceof VariableScope ? scope.name : (scope ?? "");
  if (suffix === undefined || suffix === null) return getCollection<Variable>(collection, prefix || undefined);
  return getCollection<Variable>(collection, `${prefix}.*${suffix.includes(":") ? suffix : `${suffix}:`}`);
}

type ScopeAndSuffix = Rest<Omit<FilterOptions, "collection">, ["scope", "suffix"]>;

/** Variables of a collection (GLOBAL_VARIABLES) by scope and suffix. */
export const getVariables = (...rest: Rest<FilterOptions, ["scope", "suffix", "collection"]>): Variable[] =>
  found(byName(rest, ["scope", "suffix", "collection"]));

const of =
  (collection: string) =>
  (...rest: ScopeAndSuffix): Variable[] =>
    found({ ...byName<FilterOptions>(rest, ["scope", "suffix"]), collection });

/** Variables of MODEL_VARIABLES by scope and suffix. */
export const getModelVariables = of(GraphKeys.MODEL_VARIABLES);

/** Variables of LOCAL_VARIABLES by scope and suffix. */
export const getLocalVariables = of(GraphKeys.LOCAL_VARIABLES);

/** Variables of TRAINABLE_VARIABLES by scope and suffix. */
export const getTrainableVariables = of(GraphKeys.TRAINABLE_VARIABLES);

interface RestoreOptions {
  /** Scopes to take; all by default. */
  readonly include?: readonly string[] | null | undefined;
  /** Scopes to leave out. */
  readonly exclude?: readonly string[] | null | undefined;
}

/** Global variables of the scopes in `include`, without those of `exclude`. Throws TypeError for what is no list. */
export function getVariablesToRestore(...rest: Rest<RestoreOptions, ["include", "exclude"]>): Variable[] {
  const { include, exclude }: RestoreOptions = restoreOptions(rest);
  const listed = (scopes: readonly string[] | null | undefined, what: string): Variable[] => {
    if (!Array.isArray(scopes)) throw new TypeError(`${what} is provided but is not a list or a tuple.`);
    return (scopes as readonly string[]).flatMap((scope) => found({ scope }));
  };
  const taken = include === undefined || include === null ? found({}) : listed(include, "include");
  const left = new Set(exclude === undefined || exclude === null ? [] : listed(exclude, "exclude"));
  return taken.filter((each) => !left.has(each));
}

const restoreOptions = (rest: readonly unknown[]): RestoreOptions => byName(rest, ["include", "exclude"]);

export const getVariablesBySuffix = (suffix: string, scope?: string | VariableScope | null): Variable[] =>
  found({ scope, suffix });

/** Variables whose last name is this one. */
export const getVariablesByName = (name: string, scope?: string | VariableScope | null): Variable[] =>
  found({ scope, suffix: `/${name}:|^${name}:` });

/** The variable of this operation. Throws ValueError where there is none. */
export function getUniqueVariable(opName: string): Variable {
  const candidates = found({ scope: opName });
  if (candidates.length === 0) throw new ValueError(`Couldn't find variable ${opName}`);
  const exact = candidates.find(({ op }) => op.name === opName);
  if (!exact) throw new ValueError(`Variable ${opName} does not uniquely identify a variable`);
  return exact;
}

/** The name in checkpoints: that of the whole, for a part. */
export const getVariableFullName = (variable: Variable): string => variable.saveSliceInfo?.fullName ?? variable.op.name;

interface PatternOptions {
  readonly includePatterns?: readonly string[] | null | undefined;
  readonly excludePatterns?: readonly string[] | null | undefined;
  /** True: a pattern may lie anywhere in the name; false: at its start. */
  readonly regSearch?: boolean | undefined;
}

/** Variables whose names match one of the patterns, and none of those that exclude. */
export function filterVariables(
  variables: readonly Variable[],
  ...rest: Rest<PatternOptions, ["includePatterns", "excludePatterns", "regSearch"]>
): Variable[] {
  const {
    includePatterns,
    excludePatterns,
    regSearch = true,
  }: PatternOptions = byName(rest, ["includePatterns", "excludePatterns", "regSearch"]);
  const matches = (patterns: readonly string[], { name }: Variable): boolean =>
    patterns.some((pattern) => new RegExp(regSearch ? pattern : `^(?:${pattern})`).test(name));
  return variables.filter(
    (each) =>
      (includePatterns ? matches(includePatterns, each) : true) && !(excludePatterns && matches(excludePatterns, each)),
  );
}

/** The global step given, or that of the graph. Throws TypeError for what cannot be one. */
export const assertOrGetGlobalStep = (globalStep?: Variable | null): Variable | null => {
  if (globalStep === undefined || globalStep === null) return getGlobalStep();
  assertIsStep(globalStep);
  return globalStep;
};

function assertIsStep(step: Variable): void {
  const dtype: DType = step.dtype.baseDtype;
  if (!dtype.isInteger) throw new TypeError(`Existing "global_step" does not have integer type: ${step.dtype.name}`);
  if (step.shape && step.shape.length !== 0)
    throw new TypeError(`Existing "global_step" is not scalar: (${step.shape.join(", ")})`);
}

/** Puts variables on parameter servers in turn, or on this machine where there are none. */
export class VariableDeviceChooser {
  readonly #parts: readonly string[];
  readonly #tasks: number;
  readonly #job: string;
  #next = 0;

  constructor(...rest: Rest<DeviceChooserOptions, ["numTasks", "jobName", "deviceType", "deviceIndex", "replica"]>) {
    const options: DeviceChooserOptions = byName(rest, ["numTasks", "jobName", "deviceType", "deviceIndex", "replica"]);
    const { numTasks = 0, jobName = "ps", deviceType = "CPU", deviceIndex = 0, replica } = options;
    this.#tasks = numTasks;
    this.#job = jobName;
    const own = `/device:${deviceType}:${deviceIndex}`;
    this.#parts = [replica === undefined || replica === null ? "" : `/replica:${replica}`, own];
  }

  /** The device of the next variable. */
  choose(): string {
    const [replica, device] = this.#parts;
    if (this.#tasks === 0) return `${replica}${device}`;
    const task = this.#next;
    this.#next = (task + 1) % this.#tasks;
    return `/job:${this.#job}${replica}/task:${task}${device}`;
  }
}

interface DeviceChooserOptions {
  readonly numTasks?: number;
  readonly jobName?: string;
  readonly deviceType?: string;
  readonly deviceIndex?: number;
  readonly replica?: number | null;
}
