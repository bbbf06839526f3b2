/** Turning eager execution on. Source: tensorflow/python/framework/ops.py, context.py. */
import { ValueError } from "../core/error.ts";
import { Graph, getDefaultGraph } from "../graph/graph.ts";
import { globalGraph } from "../graph/scopes.ts";
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

/** Do ops run at once here? */
export const executingEagerly = (): boolean => getDefaultGraph().isEager;

/** Eager execution inside fn, whatever is outside. */
export const eagerMode = <R>(fn: () => R): R => new EagerGraph().asDefault(fn);

/** Graphs inside fn: ops make nodes of a fresh one. */
export const graphMode = <R>(fn: () => R): R => new Graph().asDefault(fn);
