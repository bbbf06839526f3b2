/** The variables of the default graph, and the operations that initialize or check them. Source: variables.py. */

import { string } from "../../core/dtype.ts";
import * as logging from "../../core/text/logging.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { booleanMask, constant, group, logicalNot, noOp, rankOp, stack } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { GraphKeys, getCollection } from "../collections.ts";
import { isVariableInitialized } from "./state.ts";
import type { Variable } from "./variable.ts";

/** The variables that are shared and saved, in the order of their making. */
export const globalVariables = (scope?: string): Variable[] => getCollection(GraphKeys.GLOBAL_VARIABLES, scope);
/** The variables of this process, which savers leave out. */
export const localVariables = (scope?: string): Variable[] => getCollection(GraphKeys.LOCAL_VARIABLES, scope);
/** The variables that a model's inference needs. */
export const modelVariables = (scope?: string): Variable[] => getCollection(GraphKeys.MODEL_VARIABLES, scope);
/** The variables that optimizers update. */
export const trainableVariables = (scope?: string): Variable[] => getCollection(GraphKeys.TRAINABLE_VARIABLES, scope);
/** The variables that have moving averages. */
export const movingAverageVariables = (scope?: string): Variable[] =>
  getCollection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope);

/** One operation that runs the initializers of these variables. */
export const variablesInitializer = (variables: readonly Variable[], options: { name?: string } = {}): Operation => {
  const { name = "init" } = options;
  return variables.length ? group(...variables.map((variable) => variable.initializer), { name }) : noOp({ name });
};

/** Covers the variables that exist when it is called. */
export const globalVariablesInitializer = (): Operation => variablesInitializer(globalVariables());

export const localVariablesInitializer = (): Operation => variablesInitializer(localVariables());

const warned = new WeakSet<() => unknown>();

/** TensorFlow's warning of a deprecated function, once a process. */
function warnDeprecated(fn: () => unknown, name: string, date: string, instead: string): void {
  if (warned.has(fn)) return;
  warned.add(fn);
  logging.warn(
    `${name} (from tensorflow.python.ops.variables) is deprecated and will be removed after ${date}.\nInstructions for updating:\nUse \`${instead}\` instead.`,
  );
}

/** The old name of globalVariablesInitializer. */
export function initializeAllVariables(): Operation {
  warnDeprecated(initializeAllVariables, "initialize_all_variables", "2017-03-02", "tf.global_variables_initializer");
  return globalVariablesInitializer();
}

/** As localVariablesInitializer, by its older name. */
export function initializeLocalVariables(): Operation {
  warnDeprecated(
    initializeLocalVariables,
    "initialize_local_variables",
    "2017-03-02",
    "tf.local_variables_initializer",
  );
  return localVariablesInitializer();
}

/** As variablesInitializer, by its older name. */
export function initializeVariables(variables: readonly Variable[], options?: { name?: string }): Operation {
  warnDeprecated(
    initializeVariables as () => unknown,
    "initialize_variables",
    "2017-03-02",
    "tf.variables_initializer",
  );
  return variablesInitializer(variables, options);
}

/** As globalVariables, by its older name. */
export function allVariables(): Variable[] {
  warnDeprecated(allVariables, "all_variables", "2017-03-02", "tf.global_variables");
  return globalVariables();
}

/** References without a Variable object count when the graph has no variables in its collections. */
function variablesOrReferences(given: readonly Variable[] | undefined): readonly (Variable | Tensor)[] {
  const listed = given ?? [...globalVariables(), ...localVariables()];
  if (given || listed.length) return listed;
  return getDefaultGraph()
    .operations.filter((op) => op.definition.variable === "ref")
    .map((op) => op.outputs[0]!);
}

type ReportUninitializedOptions = { readonly varList?: readonly Variable[]; readonly name?: string };
const reportUninitializedPlaces = ["varList", "name"] as const;

/** A string vector: the names of variables that have no value. */
export function reportUninitializedVariables(
  ...rest: Rest<ReportUninitializedOptions, typeof reportUninitializedPlaces>
): Tensor {
  const options = byName<ReportUninitializedOptions>(rest, reportUninitializedPlaces);
  const graph = getDefaultGraph();
  const list = variablesOrReferences(options.varList);
  return graph.nameScope(options.name ?? "report_uninitialized_variables", () => {
    const initialized = list.map((variable) => isVariableInitialized(variable));
    return graph.device("/cpu:0", () => {
      if (list.length === 0) return constant([], { dtype: string, shape: [0] });
      const mask = logicalNot(stack(initialized));
      return booleanMask(constant(list.map((variable) => variable.op.name)), mask);
    });
  });
}

/** Fails when run while a variable has no value; null in a graph without variables. */
export function assertVariablesInitialized(variables?: readonly Variable[]): Tensor | null {
  const list = variablesOrReferences(variables);
  if (list.length === 0) return null;
  const ranks = list.map((variable) =>
    getDefaultGraph().colocateWith(variable.op, () => rankOp({ input: variable }, "Rank")),
  );
  return ranks.length === 1 ? ranks[0]! : stack(ranks);
}

/** What gives variables their values from a checkpoint: filled by the layer that reads files. */
export const checkpointSource: { restore: ((source: string, name: string, variable: Variable) => void) | null } = {
  restore: null,
};
