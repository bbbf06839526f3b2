/** Values of constant subgraphs while the graph is built, computed as a session would. */
import { OpError } from "../core/error.ts";
import { NdArray } from "../core/nd_array.ts";
import { createBuilder, NeedsValue } from "../engine/builder.ts";
import type { Value } from "../engine/primitive.ts";
import type { NodeFacts } from "../graph/definition.ts";
import { constantFolder, recordOf } from "../graph/infer.ts";
import type { Operation } from "../graph/operation.ts";
import { hasLowering, hasStrings } from "./plan/classify.ts";

/** Lets shape inference see through ops whose inputs are constant. Source: evaluate_constant_tensor.cc. */
export function installFolder(): void {
  constantFolder.fold = fold;
}

function fold(op: Operation, inputs: readonly NdArray[]): readonly NdArray[] | null {
  if (!hasLowering(op)) return computed(op, inputs);
  if (hasStrings(op)) return null;
  const builder = createBuilder({ variable: () => ({ shape: null }) });
  const lowering = builder.lowering({
    randomSlot: () => {
      throw new Error("bug: a random op is not constant");
    },
    wrapError: (error) => error,
  });
  try {
    const record = recordOf<Value>(
      op,
      inputs.map((input) => lowering.constant(input)),
    );
    const result = op.definition.lower!(lowering, record, factsOf(op));
    const values = result === undefined ? [] : Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
    const arrays = values.map((value) => lowering.constantOf(value));
    if (!arrays.every((array) => array !== undefined)) return null;
    return arrays.map((array, i) => new NdArray(op.outputs[i]!.dtype, array.shape, array.data));
  } catch (error) {
    if (error instanceof NeedsValue || error instanceof OpError) return null;
    throw error;
  }
}

/** Ops that are plain code over arrays. */
function computed(op: Operation, inputs: readonly NdArray[]): readonly NdArray[] | null {
  const { compute } = op.definition;
  if (!compute) return null;
  const none = (): never => {
    throw new OpError("FAILED_PRECONDITION", "no session while the graph is built");
  };
  try {
    const result = compute(recordOf<NdArray>(op, inputs), {
      node: factsOf(op),
      nodeState: (create) => create(),
      randomWords: none,
      variable: none,
      resource: none,
      makeResource: none,
      deleteResource: none,
      nextId: none,
      call: none,
      permit: none,
      keep: none,
      atEnd: none,
    });
    if (result === undefined) return null;
    return Array.isArray(result) ? (result as readonly NdArray[]) : [result as NdArray];
  } catch (error) {
    if (error instanceof OpError) return null;
    throw error;
  }
}

const factsOf = (op: Operation): NodeFacts => ({
  name: op.name,
  type: op.type,
  device: op.device,
  outputDtypes: op.outputs.map((output) => output.dtype),
  outputShapes: op.outputs.map((output) => output.shape),
});
