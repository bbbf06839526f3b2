/** What ops on resource variables share: dtype and shape behind a handle, and reads that word a missing value. */
import type { DType } from "../../core/dtype.ts";
import { FailedPreconditionError, invalidArgument, NotFoundError } from "../../core/error.ts";
import type { Lowering, VariableRef } from "../../engine/lowering.ts";
import type { Value } from "../../engine/primitive.ts";
import { cppName } from "../../graph/def/node_text.ts";
import type { HandleData, ShapeContext } from "../../graph/definition.ts";

/** What the handle says of its variable. Throws INVALID_ARGUMENT when the op takes it for another dtype. */
export function variableData(context: ShapeContext, dtype: DType, input = "resource"): HandleData {
  const data = context.handle(input)?.[0];
  if (!data) return { dtype, shape: null };
  if (data.dtype.baseDtype !== dtype.baseDtype) {
    throw invalidArgument(
      `Trying to read variable with wrong dtype. Expected ${cppName(data.dtype)} got ${cppName(dtype)}`,
    );
  }
  return data;
}

const missing = ({ name, hasContainer = true }: VariableRef): string =>
  hasContainer
    ? `Resource localhost/${name}/N10tensorflow3VarE does not exist.`
    : `Container localhost does not exist. (Could not find resource: localhost/${name})`;

/** NOT_FOUND, for ops that change a variable or take parts of it. */
export const unknownResource = (variable: VariableRef): NotFoundError => new NotFoundError(missing(variable));

/** The words of ReadVariableOp. */
const unreadable = (variable: VariableRef): FailedPreconditionError =>
  new FailedPreconditionError(
    `Could not find variable ${variable.name}. This could mean that the variable has been deleted. In TF1, it can also mean the variable is uninitialized. Debug info: container=localhost, status error message=${missing(variable)}`,
  );

/** The variable's value. Throws FAILED_PRECONDITION while it has none. */
export function readVariable(p: Lowering, variable: VariableRef): Value {
  if (p.shapeOf(variable) === null) throw unreadable(variable);
  return p.read(variable);
}

/** The variable's value. Throws NOT_FOUND while it has none. */
export function readResource(p: Lowering, variable: VariableRef): Value {
  if (p.shapeOf(variable) === null) throw unknownResource(variable);
  return p.read(variable);
}
