/** The loops between ys and xs while gradients are built. Source: control_flow_state.py, _ControlFlowState. */
import { isFull } from "../../../core/shape.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { constant, shape, variableShapeOp, zeros, zerosLike } from "../../../ops/index.ts";
import type { CondContext } from "../branch/cond_context.ts";
import type { FlowContext } from "../context.ts";
import { nextIteration, switchBeside } from "../nodes.ts";
import type { WhileContext } from "../while_context.ts";
import { GradientLoop } from "./loop.ts";
import type { LoopExits, LoopState } from "./state.ts";
import { zerosLikeOutput } from "./zeros.ts";

/** A loop of gradients for each loop whose exits lie between; all its exits then do. Null without loops. */
export function makeLoopState(between: Set<Operation>, beside: <R>(op: Operation, fn: () => R) => R): LoopState | null {
  let state: Loops | null = null;
  for (const op of between) {
    if (op.definition.flow !== "exit" || !op.controlFlowContext) continue;
    state ??= new Loops();
    beside(op, () => state!.add(op, between));
  }
  return state;
}

const loopOf = (op: Operation): WhileContext | null =>
  (op.controlFlowContext as FlowContext | null)?.whileContext() ?? null;

class Loops implements LoopState {
  readonly #loops = new Map<WhileContext, GradientLoop>();

  add(exit: Operation, between: Set<Operation>): void {
    const forward = loopOf(exit)!;
    if (this.#loops.has(forward)) return;
    const around = forward.outerContext?.whileContext() ?? null;
    const loop = new GradientLoop(forward, (around && this.#loops.get(around)) ?? null);
    this.#loops.set(forward, loop);
    for (const each of loop.forwardExits) between.add(each.op);
  }

  /** Before its gradient, an exit counts as outside its loop. */
  #loopFor(op: Operation, before: boolean): GradientLoop | null {
    let forward = loopOf(op);
    if (before && op.definition.flow === "exit") forward = forward?.outerContext?.whileContext() ?? null;
    return (forward && this.#loops.get(forward)) ?? null;
  }

  enter(op: Operation, before: boolean): void {
    this.#loopFor(op, before)?.context.enter();
  }

  exit(op: Operation, before: boolean): void {
    this.#loopFor(op, before)?.context.exit();
  }

  exitsOf(op: Operation): LoopExits {
    return this.#loopFor(op, false)!;
  }

  unusedExits(counts: Map<Operation, number>, ys: ReadonlySet<Operation>): readonly Tensor[] {
    const found: Tensor[] = [];
    const isIdle = (tensor: Tensor): boolean => (counts.get(tensor.op) ?? 0) === 0;
    for (const loop of this.#loops.values()) {
      for (const exit of loop.forwardExits) {
        if (!isIdle(exit)) continue;
        loop.pendingExits--;
        if (!ys.has(exit.op)) loop.unusedExits.push(exit);
        if (loop.pendingExits === 0) found.push(...loop.unusedExits);
      }
      // Enters are never ready by count: their gradients come when the loop is done.
      for (const entered of loop.forward.loopEnters) if (isIdle(entered)) counts.set(entered.op, 1);
    }
    return found;
  }

  zerosForExit(exit: Tensor): Tensor {
    const forward = loopOf(exit.op)!;
    const around = forward.outerContext?.whileContext() ?? null;
    const outer = (around && this.#loops.get(around)) ?? null;
    const full = isFull(exit.shape) ? exit.shape : null;
    if (!outer) return full ? zeros([...full], exit.dtype) : zerosLike(exit, { optimize: false });
    if (full) return outer.context.within(() => zeros([...full], exit.dtype));
    const exitShape = forward.outerContext!.within(() => shape(exit, { optimize: false }));
    const history = outer.pushForward(exitShape);
    return outer.context.within(() => zeros(outer.popBackward(history, exitShape), exit.dtype));
  }

  zerosLike(op: Operation, index: number): Tensor | null {
    if (isLoopSwitch(op)) return null;
    const forward = loopOf(op);
    const loop = (forward && this.#loops.get(forward)) ?? null;
    if (!loop) return zerosLikeOutput(op, index);
    const value = op.outputs[index]!;
    const branch = op.definition.flow === "switch" ? (op.controlFlowContext as CondContext) : null;
    if (isFull(value.shape)) {
      const zero =
        value.dtype.base === "resource"
          ? zeros(variableShapeOp({ input: value }), value.handleData![0]!.dtype)
          : constant(0, { shape: value.shape, dtype: value.dtype });
      if (!branch) return zero;
      return switchBeside(zero, loop.realPredicate(branch.pred))[branch.branch === 1 ? 0 : 1];
    }
    const zerosShape = branch
      ? this.#shapeOfOtherBranch(op, branch)
      : (op.controlFlowContext as FlowContext).within(() => shape(value, { optimize: false }));
    loop.context.exit();
    const history = loop.pushForward(zerosShape, { isDeadBranch: branch !== null });
    loop.context.enter();
    const real = loop.popBackward(history, zerosShape, { isDeadBranch: branch !== null });
    return zeros(real, value.dtype.baseDtype);
  }

  #shapeOfOtherBranch(op: Operation, branch: CondContext): Tensor {
    const [value, zerosShape] = branch.outerContext!.within(() => {
      const value = switchBeside(op.inputs[0]!, branch.pred)[branch.branch === 1 ? 0 : 1];
      return [value, shape(value, { optimize: false })] as const;
    });
    value.op.controlFlowContext = branch;
    zerosShape.op.controlFlowContext = branch;
    return zerosShape;
  }

  finish(): void {
    for (const loop of this.#loops.values()) {
      for (const merged of loop.merges.values()) {
        const { op } = merged;
        if (op.inputs[0] !== op.inputs[1]) continue;
        // Nothing flows back into the loop: the gradient is zero from the second iteration on.
        const start = op.inputs[0]!;
        const full = isFull(start.shape) ? start.shape : null;
        const next = full
          ? loop.context.within(() => nextIteration(constant(0, { dtype: start.dtype, shape: full })))
          : this.#zerosAround(loop, start);
        op.updateInput(1, next);
      }
    }
  }

  #zerosAround(loop: GradientLoop, start: Tensor): Tensor {
    const outside = loop.context.outerContext;
    const make = (): Tensor => zeros(shape(start.op.inputs[0]!, { optimize: false }), start.dtype);
    const zero = outside ? outside.within(make) : make();
    return loop.context.within(() => nextIteration(zero));
  }
}

/** The switch of a loop variable, not one of a branch inside the loop. */
export function isLoopSwitch(op: Operation): boolean {
  if (op.definition.flow !== "switch" || !op.controlFlowContext?.isWhileContext()) return false;
  const users = op.outputs.flatMap((output) => output.users);
  const isOfBranch = users.every((user) => {
    const context = user.definition.flow === "enter" ? user.controlFlowContext?.outerContext : user.controlFlowContext;
    return context?.isCondContext() ?? false;
  });
  return !(op.outputs.length > 0 && isOfBranch);
}
