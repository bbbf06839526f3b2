/**
 * Gradients through a loop: a loop of gradients that runs as often as the forward one, backwards. The gradients of loop variables are its
 * variables; those of what the forward loop only reads are summed up in accumulators. Source: control_flow_grad.py, control_flow_ops.py.
 */
import { TypeError } from "../../../core/error.ts";
import { isFull } from "../../../core/shape.ts";
import { IndexedSlices } from "../../../graph/indexed_slices.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import {
  add,
  concat,
  constant,
  greaterEqual,
  loopCondOp,
  maximum,
  shape,
  subtract,
  zeros,
  zerosLike,
} from "../../../ops/index.ts";
import type { FlowContext } from "../context.ts";
import { closeLoop, enter, exit, type Flowing, merge, nextIteration, switchOf } from "../nodes.ts";
import type { WhileContext } from "../while_context.ts";
import type { GradientLoop } from "./loop.ts";

/** Counts the iterations of the forward loop: the total when it leaves, and the counter of the next iteration. */
export function addForwardCounter(context: WhileContext, outer: GradientLoop | null): { total: Tensor; next: Tensor } {
  const zero = constant(0, { name: "f_count" });
  if (outer) zero.op.addControlInputs([outer.forwardIndex.op.inputs[0]!.op]);
  return context.within(() => {
    context.values.add(zero);
    const entered = context.enterValue(zero, { name: "f_count" });
    context.loopEnters.push(entered);
    const merged = merge([entered, entered]) as Tensor;
    const [leaving, goingOn] = switchOf(merged, context.pivot!);
    const next = nextIteration(add(goingOn, 1));
    merged.op.updateInput(1, next);
    const total = exit(leaving, "f_count");
    context.loopExits.push(total);
    context.exitResult([total]);
    return { total, next };
  });
}

/** Counts down from the forward loop's iterations: the condition of the loop of gradients. The counter of the next iteration. */
export function addBackwardCounter(context: WhileContext, count: Tensor, outer: GradientLoop | null): Tensor {
  const one = constant(1, { name: "b_count" });
  return context.within(() => {
    context.values.add(count);
    const entered = context.enterValue(count, { name: "b_count" });
    context.loopEnters.push(entered);
    const merged = merge([entered, entered]) as Tensor;
    context.pivotForPred = merged;
    const isLeft = greaterEqual(merged, one);
    context.pivot = loopCondOp({ input: isLeft }, "b_count");
    const [leaving, goingOn] = switchOf(merged, context.pivot);
    const index = subtract(goingOn, one);
    context.pivotForBody = index;
    const next = nextIteration(index);
    merged.op.updateInput(1, next);
    const final = exit(leaving, "b_count");
    context.loopExits.push(final);
    outer?.gradientSync.addControlInputs([final.op]);
    context.exitResult([final]);
    return next;
  });
}

/** The gradient of a forward loop's Switch: the Merge of the loop of gradients, whose back edge comes with the second call. */
export function loopSwitchGradient(op: Operation, dys: readonly (Flowing | null)[]): Flowing | null {
  const loop = (op.graph.controlFlowContext as FlowContext | null)!.gradientLoop!;
  const merged = loop.merges.get(op);
  const [leaving, goingOn] = dys;
  if (merged) {
    if (goingOn) closeLoop(merged, goingOn, false);
    return null;
  }
  if (!leaving) return null;
  const start = merge([leaving, leaving], "b_switch");
  loop.merges.set(op, start);
  return start;
}

/** Where the forward loop was left, the loop of gradients is entered. */
export function exitGradient(context: WhileContext, op: Operation, dy: Flowing): Flowing | null {
  if (!context.settings.backProp) return null;
  if ((op.controlFlowContext as FlowContext | null)?.gradientLoop) {
    throw new TypeError("Second-order gradient for while loops not supported.");
  }
  for (const tensor of dy instanceof IndexedSlices ? [dy.values, dy.indices, dy.denseShape] : [dy]) {
    if (tensor) context.values.add(tensor);
  }
  return context.within(() => {
    const entered = enter(dy, {
      frameName: context.name,
      parallelIterations: context.settings.parallelIterations,
      name: "b_exit",
    });
    if (entered instanceof Tensor) context.loopEnters.push(entered);
    return entered;
  });
}

/** Where the forward loop was entered, the loop of gradients is left: with the last gradient, or with a sum for a constant. */
export function enterGradient(context: WhileContext, op: Operation, dy: Flowing): Flowing {
  if (!context.settings.backProp || !context.ownGradientLoop) return dy;
  if (op.getAttr<boolean>("is_constant")) {
    return dy instanceof IndexedSlices ? accumulateSlices(context, op, dy) : accumulate(context, op, dy);
  }
  const result = exit(dy);
  if (result instanceof Tensor) context.loopExits.push(result);
  context.exitResult([result]);
  return result;
}

/** Makes nodes around the loop of gradients, if there is a context around. */
const outside = <R>(context: WhileContext, fn: () => R): R =>
  context.outerContext ? context.outerContext.within(fn) : fn();

/** The sum of dy over all iterations. The caller is inside the context, and stays there. */
function accumulate(context: WhileContext, op: Operation, dy: Tensor): Tensor {
  context.exit();
  const zero = initialSum(context, op, dy);
  context.enter();
  context.values.add(zero);
  const entered = context.enterValue(zero, { name: "b_acc" });
  context.loopEnters.push(entered);
  const merged = merge([entered, entered], "b_acc") as Tensor;
  const [leaving, goingOn] = switchOf(merged, context.pivot!);
  merged.op.updateInput(1, nextIteration(add(goingOn, dy)));
  const sum = exit(leaving, "b_acc");
  context.loopExits.push(sum);
  context.exitResult([sum]);
  return sum;
}

function initialSum(context: WhileContext, op: Operation, dy: Tensor): Tensor {
  if (isFull(dy.shape)) {
    const full = dy.shape;
    return outside(context, () => constant(0, { dtype: dy.dtype, shape: full, name: "b_acc" }));
  }
  const value = op.inputs[0]!;
  const outerLoop = context.outerContext?.isWhileContext() ? context.outerContext.gradientLoop : null;
  if (!outerLoop) return outside(context, () => zeros(shape(value, { optimize: false }), dy.dtype));
  const loop = context.ownGradientLoop!;
  const zerosShape = loop.forward.outerContext!.within(() => shape(value, { optimize: false }));
  const history = loop.outer!.pushForward(zerosShape);
  return outside(context, () => zeros(loop.outer!.popBackward(history, zerosShape), dy.dtype));
}

/** The rows of all iterations, one after the other. */
function accumulateSlices(context: WhileContext, op: Operation, dy: IndexedSlices): IndexedSlices {
  context.exit();
  const [indices, values, denseShape] = outside(context, () => {
    const rowShape = dy.values.shape;
    const firstValues =
      rowShape !== null && isFull(rowShape)
        ? outside(context, () =>
            constant(0, { dtype: dy.values.dtype, shape: [1, ...rowShape.slice(1)], name: "b_acc" }),
          )
        : zeros(concat([[1], shape(op.inputs[0]!, { optimize: false }).at("1:")], 0), dy.values.dtype);
    const firstIndices = constant([0], { dtype: dy.indices.dtype });
    return [firstIndices, firstValues, dy.denseShape && initialDenseShape(context, op, dy.denseShape)] as const;
  });
  context.enter();
  const starts = denseShape ? [indices, values, denseShape] : [indices, values];
  for (const start of starts) context.values.add(start);
  const enters = starts.map((start) => context.enterValue(start, { usesInputShape: false, name: "b_acc" }));
  enters[0]!.setShape([null]);
  if (values.shape) enters[1]!.setShape([null, ...values.shape.slice(1)]);
  context.loopEnters.push(...enters);
  const merges = enters.map((entered) => merge([entered, entered], "b_acc") as Tensor);
  const switches = merges.map((merged) => switchOf(merged, context.pivot!));
  const sums = [dy.indices, dy.values].map((part, i) => concat([switches[i]![1], part], 0));
  if (denseShape) sums.push(maximum(dy.denseShape!, switches[2]![1]));
  const nexts = sums.map((sum) => nextIteration(sum));
  for (const [i, merged] of merges.entries()) merged.op.updateInput(1, nexts[i]!);
  const results = switches.map(([leaving]) => exit(leaving, "b_acc"));
  context.loopExits.push(...results);
  context.exitResult(results);
  return new IndexedSlices(results[1]!, results[0]!, results[2] ?? null);
}

function initialDenseShape(context: WhileContext, op: Operation, denseShape: Tensor): Tensor {
  if (isFull(denseShape.shape)) {
    const full = denseShape.shape;
    return outside(context, () => constant(0, { dtype: denseShape.dtype, shape: full }));
  }
  return zerosLike(shape(op.inputs[0]!, { optimize: false, outType: denseShape.dtype }), { optimize: false });
}
