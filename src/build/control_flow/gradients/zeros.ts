/** Zeros for an output that no gradient reached. Source: control_flow_state.py, ZerosLike. */
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { identity, shape, variableShapeOp, zeros, zerosLike } from "../../../ops/index.ts";
import { CondContext } from "../branch/cond_context.ts";
import { switchOf } from "../nodes.ts";

/** Null for a handle whose contents are not known. */
export function zerosLikeOutput(op: Operation, index: number): Tensor | null {
  const value = op.outputs[index]!;
  const isHandle = value.dtype.base === "resource" || value.dtype.base === "variant";
  if (isHandle && value.handleData?.length !== 1) return null;
  const context = op.controlFlowContext;
  if (op.definition.flow !== "switch" || !(context instanceof CondContext)) {
    if (value.dtype.base === "resource") return zeros(variableShapeOp({ input: value }), value.handleData![0]!.dtype);
    return zerosLike(value, { optimize: false });
  }
  // The zeros are made in the branch that is taken when this output is dead.
  const other = switchOf(op.inputs[0]!, context.pred)[context.branch === 1 ? 0 : 1];
  const pivot = identity(other);
  const graph = getDefaultGraph();
  if (value.dtype.base === "resource") {
    return graph.controlDependencies([pivot], () =>
      zeros(variableShapeOp({ input: other }), value.handleData![0]!.dtype),
    );
  }
  const zerosShape = shape(other, { optimize: false });
  return graph.controlDependencies([pivot], () => zeros(zerosShape, value.dtype.baseDtype));
}
