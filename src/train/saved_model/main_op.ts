/** The op that a SavedModel runs when it is loaded. Source: tensorflow/python/saved_model/main_op_impl.py. */
import { tablesInitializer } from "../../build/lookup/table.ts";
import { globalVariablesInitializer, localVariablesInitializer } from "../../build/variables/initialize.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { group } from "../../ops/index.ts";

/** Initializes all variables, local ones and tables. */
export const mainOp = (): Operation =>
  group(globalVariablesInitializer(), localVariablesInitializer(), tablesInitializer());

/** The same, and then the op that restores a checkpoint. */
export const mainOpWithRestore = (restoreOp: Operation): Operation =>
  getDefaultGraph().controlDependencies([mainOp()], () => group(restoreOp));
