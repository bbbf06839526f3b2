/** Values of constant subgraphs while the graph is built, computed as a session would. */
import { OpError } from "../core/error.ts";
import { NdArray } from "../core/nd_array.ts";
import { createBuilder, NeedsValue } from "../engine/builder.ts";
import type { Value } from "../engine/primitive.ts";
import { constantFolder, recordOf } from "../graph/infer.ts";
import type { Operation } from "../graph/operation.ts";
import { hasLowering, hasStrings } from "./plan/classify.ts";

/** Lets shape inference see through ops whose inputs are constant. Source: evaluate_constant_tensor.cc. */
export function installFolder(): void {
  constantFolder.fold = fold;
}

function fold(op: Operation, inputs: readonly NdArray[]): readonly NdArray[] | null {
  if (!hasLowering(op) || hasStrings(op)) return null;
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
    const result = op.definition.lower!(lowering, record, {
      name: op.name,
      type: op.type,
      device: op.device,
      outputDtypes: op.outputs.map((output) => output.dtype),
      outputShapes: op.outputs.map((output) => output.shape),
    });
    const values = result === undefined ? [] : Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
    const arrays = values.map((value) => lowering.constantOf(value));
    if (!arrays.every((array) => array !== undefined)) return null;
    return arrays.map((array, i) => new NdArray(op.outputs[i]!.dtype, array.shape, array.data));
  } catch (error) {
    if (error instanceof NeedsValue || error instanceof OpError) return null;
    throw error;
  }
}
