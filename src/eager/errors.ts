/** The words of eager execution for what goes wrong. Source: pywrap_tfe_src.cc, execute.cc, ops.py. */

import type { DType } from "../core/dtype.ts";
import { invalidArgument, type OpError, opError, TypeError } from "../core/error.ts";
import { cppName } from "../graph/def/node_text.ts";
import type { OpDefinition } from "../graph/definition.ts";
import type { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";
import { isSymbolic } from "../ops/convert.ts";
import { EagerTensor } from "./tensor.ts";

const place = "/job:localhost/replica:0/task:0/device:CPU:0";

/** A kernel's error with the op. Calls with plain values go another way in TensorFlow, which does not tell the name. */
export function raised(
  error: OpError,
  op: Operation,
  record: Record<string, unknown>,
  name: string | null | undefined,
): OpError {
  const isPlain = op.definition.inputs.some((input) => {
    const value = record[input.name];
    return Array.isArray(value) ? !value.every(isSymbolic) : !isSymbolic(value);
  });
  const suffix = isPlain ? "" : ` name: ${name ?? ""}`;
  return opError(
    error.code,
    `{{function_node __wrapped__${op.type}_device_${place}}} ${error.message} [Op:${op.type}]${suffix}`,
    {
      cause: error,
    },
  );
}

/** Throws INVALID_ARGUMENT for tensors of two dtypes where one is wanted. */
export function mixedDtypes(definition: OpDefinition, record: Record<string, unknown>): void {
  const first = new Map<string, DType>();
  for (const [i, input] of definition.inputs.entries()) {
    const value = record[input.name];
    if (!input.typeAttr || !isSymbolic(value)) continue;
    const { dtype } = value as Tensor;
    const wanted = first.get(input.typeAttr) ?? dtype;
    first.set(input.typeAttr, wanted);
    if (wanted.baseDtype === dtype.baseDtype) continue;
    throw invalidArgument(
      `cannot compute ${definition.type} as input #${i}(zero-based) was expected to be a ${cppName(wanted)} tensor but is a ${cppName(dtype)} tensor [Op:${definition.type}] name: `,
    );
  }
}

/** Throws TypeError for a tensor of a graph. */
export function strangers(inputs: readonly Tensor[]): void {
  for (const input of inputs) {
    if (input instanceof EagerTensor) continue;
    throw new TypeError(
      `${input.repr()} is out of scope and cannot be used here. Use return values, explicit Python locals or TensorFlow collections to access it.\nPlease see https://www.tensorflow.org/guide/function#all_outputs_of_a_tffunction_must_be_return_values for more information.`,
    );
  }
}
