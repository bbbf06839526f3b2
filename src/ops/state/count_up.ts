/** The step of CountUpTo and ResourceCountUpTo. Source: count_up_to_op.cc. */
import { invalidArgument, OutOfRangeError } from "../../core/error.ts";
import { formatShape } from "../../core/shape.ts";
import type { Lowering, VariableRef } from "../../engine/lowering.ts";
import type { Value } from "../../engine/primitive.ts";

/** Takes a scalar variable's value and adds one; fails once it is at the limit. */
export function countUp(p: Lowering, variable: VariableRef, limit: number): Value {
  const value = p.read(variable);
  if (value.shape.length) throw invalidArgument(`input is not a scalar: ${formatShape(value.shape)}`);
  p.check(p.lt(value, p.scalar(limit, value.dtype)), () => new OutOfRangeError(`Reached limit of ${limit}`));
  p.write(variable, p.add(value, p.scalar(1, value.dtype)));
  return value;
}
