/** Control-flow contexts as the graph sees them: where new operations are made inside a cond branch or a while body. */
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** A branch of cond or a while loop under construction. Source: control_flow_ops.py. */
export interface ControlFlowContext {
  readonly name: string;
  readonly outerContext: ControlFlowContext | null;
  /** Called for each operation made inside: routes its inputs through Switch or Enter, adds control edges to the pivot. */
  addOp(op: Operation): void;
  /** The tensor that stands for an outer one inside this context. */
  addValue(tensor: Tensor): Tensor;
  isWhileContext(): boolean;
  isCondContext(): boolean;
}
