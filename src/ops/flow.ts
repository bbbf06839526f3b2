/**
 * TF1's control flow: what cond and while_loop are made of. Nodes have roles that the session's executor knows; their gradients are
 * those of the context they belong to. Source: control_flow_ops.cc, control_flow_grad.py.
 */
import { AbortedError } from "../core/error.ts";
import { type Shape, withRank } from "../core/shape.ts";
import { outputContext } from "../graph/context.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { IndexedSlices } from "../graph/indexed_slices.ts";
import type { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineOp } from "./define.ts";

type Gradient = Tensor | IndexedSlices | null;

/** Data goes to one of two outputs, the other one is dead. */
export const switchOp = defineOp("Switch", {
  inputs: ["data: T", "pred: bool"],
  outputs: ["output_false: T", "output_true: T"],
  attrs: ["T: type"],
  flow: "switch",
  shape: ({ data, pred }, context) => switched(data, pred, context.handle("data")),
  gradient: (_tf, { op, pred }, dyFalse, dyTrue) => ({
    data: switchGradient(op, pred, [dyFalse ?? null, dyTrue ?? null]),
  }),
});

export const refSwitchOp = defineOp("RefSwitch", {
  inputs: ["data: Ref(T)", "pred: bool"],
  outputs: ["output_false: Ref(T)", "output_true: Ref(T)"],
  attrs: ["T: type"],
  flow: "switch",
  shape: ({ data, pred }) => switched(data, pred, null).shapes,
  gradient: (_tf, { op, pred }, dyFalse, dyTrue) => ({
    data: switchGradient(op, pred, [dyFalse ?? null, dyTrue ?? null]),
  }),
});

const switched = <H>(data: Shape, pred: Shape, handle: H) => {
  withRank(pred, 0);
  return { shapes: [data, data], handles: [handle, handle] };
};

function switchGradient(op: Operation, pred: Tensor, dys: readonly Gradient[]): Gradient {
  if (op.controlFlowContext) return op.controlFlowContext.switchGradient(op, dys);
  const [dyFalse, dyTrue] = dys as Tensor[];
  const onFalse = switchOp({ data: dyFalse!, pred }).output_false;
  const onTrue = switchOp({ data: dyTrue!, pred }).output_true;
  return mergeOp({ inputs: [onFalse, onTrue] }).output;
}

/** The first live input, and its place. */
export const mergeOp = defineOp("Merge", {
  inputs: ["inputs: N * T"],
  outputs: ["output: T", "value_index: int32"],
  attrs: ["T: type", "N: int >= 1"],
  flow: "merge",
  shape: ({ inputs }, context) => ({ shapes: [merged(inputs), []], handles: [context.handle("inputs"), null] }),
  gradient: (tf, { op, value_index }, dy) => ({ inputs: mergeGradient(tf, op, value_index, dy!) }),
});

export const refMergeOp = defineOp("RefMerge", {
  inputs: ["inputs: Ref(N * T)"],
  outputs: ["output: Ref(T)", "value_index: int32"],
  attrs: ["T: type", "N: int >= 1"],
  flow: "merge",
  shape: ({ inputs }) => [merged(inputs as unknown as readonly Shape[]), []],
  gradient: (tf, { op, value_index }, dy) => ({ inputs: mergeGradient(tf, op, value_index, dy!) as never }),
});

/** What all inputs have in common: dimensions that differ are unknown. */
function merged(inputs: readonly Shape[]): Shape {
  const [first, ...others] = inputs;
  if (!first || others.some((shape) => shape === null || shape.length !== first.length)) return null;
  return first.map((d, i) => (others.every((shape) => shape![i] === d) ? d : null));
}

// biome-ignore lint/suspicious/noExplicitAny: the gradient tools
function mergeGradient(tf: any, op: Operation, valueIndex: Tensor, dy: Tensor | IndexedSlices): Gradient[] {
  const context = outputContext(op.inputs[0]!.op);
  if (context) return [...context.mergeGradient(op, dy)];
  const places: Tensor[] = op.inputs.map((_, i) => tf.equal(valueIndex, i));
  return places.map((place) => switchOp({ data: dy as Tensor, pred: place }).output_true);
}

const enterAttrs = [
  "T: type",
  "frame_name: string",
  "is_constant: bool = false",
  "parallel_iterations: int = 10",
] as const;

/** Into iteration 0 of a child frame; a constant comes again in each iteration. */
export const enterOp = defineOp("Enter", {
  inputs: ["data: T"],
  outputs: ["output: T"],
  attrs: enterAttrs,
  flow: "enter",
  shape: ({ data, is_constant }, context) => ({
    shapes: [is_constant ? data : null],
    handles: [context.handle("data")],
  }),
  gradient: (_tf, { op }, dy) => ({ data: enterGradient(op, dy!) }),
});

export const refEnterOp = defineOp("RefEnter", {
  inputs: ["data: Ref(T)"],
  outputs: ["output: Ref(T)"],
  attrs: enterAttrs,
  flow: "enter",
  shape: ({ data }) => [data],
  gradient: (_tf, { op }, dy) => ({ data: enterGradient(op, dy!) }),
});

const enterGradient = (op: Operation, dy: Tensor | IndexedSlices): Gradient =>
  getDefaultGraph().controlFlowContext?.enterGradient(op, dy) ?? dy;

/** Out of a loop, into the parent frame. */
export const exitOp = defineOp("Exit", {
  inputs: ["data: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  flow: "exit",
  shape: ({ data }, context) => ({ shapes: [data], handles: [context.handle("data")] }),
  gradient: (_tf, { op }, dy) => ({ data: getDefaultGraph().controlFlowContext!.exitGradient(op, dy!) }),
});

export const refExitOp = defineOp("RefExit", {
  inputs: ["data: Ref(T)"],
  outputs: ["output: Ref(T)"],
  attrs: ["T: type"],
  flow: "exit",
  shape: ({ data }) => [data],
  gradient: (_tf, { op }, dy) => ({ data: getDefaultGraph().controlFlowContext!.exitGradient(op, dy!) }),
});

/** Into the next iteration of its frame. */
export const nextIterationOp = defineOp("NextIteration", {
  inputs: ["data: T"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  flow: "nextIteration",
  shape: ({ data }, context) => ({ shapes: [data], handles: [context.handle("data")] }),
  gradient: (_tf, _op, dy) => ({ data: dy! }),
});

export const refNextIterationOp = defineOp("RefNextIteration", {
  inputs: ["data: Ref(T)"],
  outputs: ["output: Ref(T)"],
  attrs: ["T: type"],
  flow: "nextIteration",
  shape: ({ data }) => [data],
  gradient: (_tf, _op, dy) => ({ data: dy! }),
});

/** Whether the loop goes on. */
export const loopCondOp = defineOp("LoopCond", {
  inputs: ["input: bool"],
  outputs: ["output: bool"],
  flow: "loopCond",
  shape: ({ input }) => [withRank(input, 0)],
  gradient: () => ({}),
});

/** Done when all its control inputs are, dead or not. */
export const controlTriggerOp = defineOp("ControlTrigger", {
  flow: "controlTrigger",
  shape: () => [],
  gradient: "unregistered",
});

/** The input at this place. */
export const refSelectOp = defineOp("RefSelect", {
  inputs: ["index: int32", "inputs: Ref(N * T)"],
  outputs: ["output: Ref(T)"],
  attrs: ["T: type", "N: int >= 1"],
  shape: ({ index, inputs }) => {
    withRank(index, 0);
    return [merged(inputs as unknown as readonly Shape[])];
  },
  lower: (p, { index, inputs }) => (inputs as unknown as readonly never[])[p.numbers(index)[0]!],
  gradient: "unregistered",
});

/** Ends the run with ABORTED, or quietly. */
export const abortOp = defineOp("Abort", {
  attrs: ["error_msg: string = ''", "exit_without_error: bool = false"],
  shape: () => [],
  run({ error_msg, exit_without_error }) {
    if (!exit_without_error) throw new AbortedError(`Abort_op intentional failure; ${error_msg}`);
  },
  gradient: "unregistered",
});
