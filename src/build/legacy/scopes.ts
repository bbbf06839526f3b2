/** Scopes as older programs open them. Source: tensorflow/python/framework/ops.py (op_scope), variable_scope.py (variable_op_scope). */
import { getDefaultGraph } from "../../graph/graph.ts";
import { type VariableScope, type VariableScopeOptions, variableScope } from "../variables/scope.ts";

/** `tf.nameScope` with the values that its ops take, which decide nothing here. */
export const opScope = <R>(
  _values: readonly unknown[],
  name: string | null,
  defaultName: string | null,
  fn: (scope: string) => R,
): R => getDefaultGraph().nameScope(name ?? defaultName, fn);

/** `tf.variableScope` with the values that its ops take, which decide nothing here. */
export const variableOpScope = <R>(
  _values: readonly unknown[],
  nameOrScope: string | VariableScope | null,
  defaultName: string | null,
  options: VariableScopeOptions | ((scope: VariableScope) => R),
  body?: (scope: VariableScope) => R,
): R => {
  const settings = typeof options === "function" ? {} : options;
  const fn = typeof options === "function" ? options : body!;
  return variableScope(nameOrScope, defaultName === null ? settings : { ...settings, defaultName }, fn);
};
