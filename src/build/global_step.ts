/** The variable that counts training steps. Source: tensorflow/python/training/training_util.py. */

import { int64 } from "../core/dtype.ts";
import { KeyError, TypeError, ValueError } from "../core/error.ts";
import { formatShapePython, isFull } from "../core/shape.ts";
import * as logging from "../core/text/logging.ts";
import { type Graph, getDefaultGraph } from "../graph/graph.ts";
import { Tensor } from "../graph/tensor.ts";
import { GraphKeys } from "./collections.ts";
import { zerosInitializer } from "./initializers.ts";
import { getVariable } from "./variables/scope.ts";
import { Variable, VariableAggregation } from "./variables/variable.ts";

/** The graph's global step, or null. Throws TypeError when what is there is no integer scalar. */
export function getGlobalStep(graph: Graph = getDefaultGraph()): Variable | null {
  const found = graph.getCollection<Variable>(GraphKeys.GLOBAL_STEP);
  if (found.length > 1) {
    logging.error("Multiple tensors in global_step collection.");
    return null;
  }
  const step = found[0] ?? byName(graph);
  if (step) assertGlobalStep(step);
  return step;
}

function byName(graph: Graph): Variable | null {
  try {
    return graph.getTensorByName("global_step:0") as unknown as Variable;
  } catch (error) {
    if (error instanceof KeyError) return null;
    throw error;
  }
}

/** An int64 variable `global_step` of value 0, not trained. Throws ValueError when there is one. */
export function createGlobalStep(graph: Graph = getDefaultGraph()): Variable {
  if (getGlobalStep(graph) !== null) throw new ValueError('"global_step" already exists.');
  return graph.asDefault(() =>
    graph.nameScope(null, () =>
      getVariable(GraphKeys.GLOBAL_STEP, {
        shape: [],
        dtype: int64,
        initializer: zerosInitializer(),
        trainable: false,
        collections: [GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        aggregation: VariableAggregation.ONLY_FIRST_REPLICA,
      }),
    ),
  );
}

export const getOrCreateGlobalStep = (graph: Graph = getDefaultGraph()): Variable =>
  getGlobalStep(graph) ?? createGlobalStep(graph);

export function assertGlobalStep(step: unknown): void {
  if (!(step instanceof Variable || step instanceof Tensor)) {
    throw new TypeError(`Existing "global_step" must be a Variable or Tensor: ${String(step)}.`);
  }
  const dtype = step.dtype.baseDtype;
  if (!dtype.isInteger) throw new TypeError(`Existing "global_step" does not have integer type: ${step.dtype}`);
  if (step.shape?.length !== 0 && isFull(step.shape)) {
    throw new TypeError(`Existing "global_step" is not scalar: ${formatShapePython(step.shape)}`);
  }
}
