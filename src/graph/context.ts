/** Control-flow contexts as the graph sees them: where new operations are made inside a cond branch or a while body. */
import { ValueError } from "../core/error.ts";
import type { IndexedSlices } from "./indexed_slices.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

type Gradient = Tensor | IndexedSlices | null;

/** A branch of cond or a while loop under construction. Source: control_flow_ops.py. */
export interface ControlFlowContext {
  readonly name: string;
  readonly outerContext: ControlFlowContext | null;
  /** The loop whose gradients are built in this one. */
  readonly forwardContext: ControlFlowContext | null;
  /** Called for each operation made inside: routes its inputs through Switch or Enter, adds control edges to the pivot. */
  addOp(op: Operation): void;
  /** The tensor that stands for an outer one inside this context. */
  addValue(tensor: Tensor): Tensor;
  isWhileContext(): boolean;
  isCondContext(): boolean;
  /** This loop, or the innermost one around a branch. */
  whileContext(): ControlFlowContext | null;
  /** The gradient of the data of a Switch that belongs to this context. */
  switchGradient(op: Operation, dys: readonly Gradient[]): Gradient;
  /** The gradients of the inputs of a Merge whose inputs come from this context. */
  mergeGradient(op: Operation, dy: Tensor | IndexedSlices): readonly Gradient[];
  /** The gradient of an Exit of the loop whose gradients are built here. */
  exitGradient(op: Operation, dy: Tensor | IndexedSlices): Gradient;
  /** The gradient of an Enter of that loop. */
  enterGradient(op: Operation, dy: Tensor | IndexedSlices): Gradient;
}

/** Operations that everything made inside waits for. */
export interface ControlScope {
  readonly inputs: readonly Operation[];
  /** Operations made inside this scope: an op that takes one of them as input needs no control edge of its own. */
  readonly made: Set<Operation>;
  readonly context: ControlFlowContext | null;
  readonly isClearing: boolean;
}

/** The context in which an operation's outputs are: an Exit's are outside its loop. */
export const outputContext = (op: Operation): ControlFlowContext | null =>
  op.definition.flow === "exit" ? (op.controlFlowContext?.outerContext ?? null) : op.controlFlowContext;

/** Is `outer` the context itself, or around it? */
export function isInside(context: ControlFlowContext | null, outer: ControlFlowContext | null): boolean {
  for (let at = context; ; at = at.outerContext) {
    if (at === outer) return true;
    if (at === null) return false;
  }
}

/** Throws ValueError in Python's words for an input from a loop that the operation is not in. Source: control_flow_util.py. */
export function checkInputContexts(op: Operation): void {
  for (const input of op.inputs) {
    if (isValidInput(op, input.op)) continue;
    const why = op.controlFlowContext?.whileContext()
      ? "because they are in different while loops."
      : `because '${input.op.name}' is in a while loop.`;
    throw new ValueError(
      `Cannot use '${input.op.name}' as input to '${op.name}' ${why} See info log for more details.`,
    );
  }
}

function isValidInput(op: Operation, input: Operation): boolean {
  const from = outputContext(input);
  if (from === null || from === op.controlFlowContext) return true;
  const loop = op.controlFlowContext?.whileContext() ?? null;
  const fromLoop = from.whileContext();
  const { flow } = op.definition;
  if (loop === null) return fromLoop === null || flow === "enter" || flow === "switch";
  if (isInside(loop, fromLoop)) return true;
  const { forwardContext } = loop;
  if (forwardContext) {
    if (isInside(forwardContext, fromLoop)) return true;
    if (fromLoop && forwardContext === fromLoop.outerContext) return true;
  }
  const fromForward = fromLoop?.forwardContext ?? null;
  return fromForward !== null && (fromForward === loop || fromForward.forwardContext?.forwardContext === loop);
}
