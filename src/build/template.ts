/** `tf.makeTemplate`: a function whose variables are shared by all its calls. Source: template.py. */
import { ValueError } from "../core/error.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import { byKeyword } from "../ops/options.ts";
import { GraphKeys } from "./collections.ts";
import { type VariableScope, variableScope } from "./variables/scope.ts";
import type { CustomGetter } from "./variables/store.ts";
import type { Variable } from "./variables/variable.ts";

export interface TemplateOptions {
  /** Opens the variable scope here rather than at the first call. */
  readonly createScopeNow?: boolean;
  /** This name exactly, instead of one made unique. */
  readonly uniqueName?: string;
  readonly customGetter?: CustomGetter;
}

export interface Template<A extends readonly unknown[], R> {
  (...given: A): R;
  readonly variableScope: VariableScope | null;
  readonly variables: readonly Variable[];
  readonly trainableVariables: readonly Variable[];
}

/**
 * fn, with the variables that `getVariable` makes in its first call taken again in the others. Throws ValueError when a later call makes a
 * trainable variable.
 */
export const makeTemplate = byKeyword(["name", "func"], function makeTemplate<
  A extends readonly unknown[],
  R,
>(name: string, fn: (...given: A) => R, options: TemplateOptions = {}): Template<A, R> {
  if (name === null || name === undefined) throw new ValueError("name cannot be None.");
  const { uniqueName, customGetter } = options;
  const getter = customGetter ? { customGetter } : {};
  let scope: VariableScope | null = null;
  let wasCalled = false;
  if (options.createScopeNow) {
    scope = variableScope(
      uniqueName ?? null,
      { defaultName: name, auxiliaryNameScope: false, ...getter },
      (opened) => opened,
    );
  }
  const collected = (key: string): Variable[] =>
    wasCalled && scope ? getDefaultGraph().getCollection<Variable>(key, `${scope.name}/`) : [];
  const call = (given: A): R => {
    if (!wasCalled) {
      const result = fn(...given);
      wasCalled = true;
      return result;
    }
    const trained = getDefaultGraph().getCollectionRef<Variable>(GraphKeys.TRAINABLE_VARIABLES);
    const before = trained.length;
    const result = fn(...given);
    if (trained.length !== before) {
      throw new ValueError(
        `Trainable variable created when calling a template after the first time, perhaps you used tf.Variable when you meant tf.get_variable: [${trained.slice(before).join(", ")}]`,
      );
    }
    return result;
  };
  const template = (...given: A): R => {
    if (scope) return variableScope(scope, { reuse: wasCalled || null }, () => call(given));
    return variableScope(uniqueName ?? null, { defaultName: name, ...getter }, (opened) => {
      scope = opened;
      return call(given);
    });
  };
  return Object.defineProperties(template, {
    variableScope: { get: () => scope },
    trainableVariables: { get: () => collected(GraphKeys.TRAINABLE_VARIABLES) },
    variables: {
      get: () => [...collected(GraphKeys.GLOBAL_VARIABLES), ...collected(GraphKeys.LOCAL_VARIABLES)],
    },
  }) as unknown as Template<A, R>;
});
