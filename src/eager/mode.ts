/** Turning eager execution on. Source: tensorflow/python/framework/ops.py, context.py. */
import { disableControlFlowV2, enableControlFlowV2 } from "../build/functions/behavior.ts";
import { disableResourceVariables, enableResourceVariables } from "../build/variables/nodes.ts";
import { ValueError } from "../core/error.ts";
import { Graph, getDefaultGraph } from "../graph/graph.ts";
import { globalGraph } from "../graph/scopes.ts";
import { disableV2Tensorshape, enableV2Tensorshape } from "../graph/tensor_shape.ts";
import "./execute.ts";
import { EagerGraph } from "./graph.ts";

/** Ops run at once from here on. Throws ValueError when the program has made a graph already. */
export function enableEagerExecution(): void {
  if (globalGraph.current?.isEager) return;
  if (globalGraph.current) throw new ValueError("tf.enable_eager_execution must be called at program startup.");
  globalGraph.current = new EagerGraph();
}

/** Ops make nodes from here on. */
export function disableEagerExecution(): void {
  if (globalGraph.current?.isEager) globalGraph.current = new Graph();
}

/** All that TensorFlow 2 does otherwise: ops run at once, variables are resources, conditions and loops call functions, shapes print so. */
export function enableV2Behavior(): void {
  enableEagerExecution();
  enableV2Tensorshape();
  enableResourceVariables();
  enableTensorEquality();
  enableControlFlowV2();
}

/** TensorFlow 1's ways, as they are at start. */
export function disableV2Behavior(): void {
  disableEagerExecution();
  disableV2Tensorshape();
  disableResourceVariables();
  disableTensorEquality();
  disableControlFlowV2();
}

/** Taken for programs that say it: JavaScript's `==` compares what tensors are, never their values; `tf.equal` compares these. */
export const enableTensorEquality = (): void => {};

export const disableTensorEquality = (): void => {};

/** Do ops run at once outside of the function that is being written? */
export const executingEagerlyOutsideFunctions = (): boolean =>
  getDefaultGraph().initScope(() => getDefaultGraph().isEager);

/** Do ops run at once here? */
export const executingEagerly = (): boolean => getDefaultGraph().isEager;

/** Eager execution inside fn, whatever is outside. */
export const eagerMode = <R>(fn: () => R): R => new EagerGraph().asDefault(fn);

/** Graphs inside fn: ops make nodes of a fresh one. */
export const graphMode = <R>(fn: () => R): R => new Graph().asDefault(fn);
