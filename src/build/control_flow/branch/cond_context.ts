/**
 * One branch of cond. What comes from outside goes through a Switch on the branch's predicate, so it is dead in the branch not taken.
 * Source: control_flow_ops.py, CondContext; control_flow_grad.py.
 */

import { getDefaultGraph } from "../../../graph/graph.ts";
import { IndexedSlices } from "../../../graph/indexed_slices.ts";
import { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { withDependencies } from "../../../ops/index.ts";
import { FlowContext, isInContext } from "../context.ts";
import { type Flowing, merge, switchBeside } from "../nodes.ts";
import type { WhileContext } from "../while_context.ts";

export class CondContext extends FlowContext {
  readonly pred: Tensor;
  /** Alive in this branch only. */
  readonly pivot: Tensor;
  /** 1 for the true branch. */
  readonly branch: 0 | 1;

  constructor(pred: Tensor, pivot: Tensor, branch: 0 | 1, name?: string) {
    super(name ?? getDefaultGraph().uniqueName("cond_text"));
    this.pred = pred;
    this.pivot = pivot;
    this.branch = branch;
    if (name !== undefined) return;
    this.values.add(pred);
    this.externals.set(pred, pred);
    this.values.add(pivot);
    pivot.op.controlFlowContext = this;
  }

  override get controlPivot(): Tensor {
    return this.pivot;
  }

  override isWhileContext(): boolean {
    return false;
  }

  override isCondContext(): boolean {
    return true;
  }

  override whileContext(): WhileContext | null {
    return this.outerContext?.whileContext() ?? null;
  }

  override addValue(tensor: Tensor): Tensor {
    if (this.values.has(tensor)) return this.externals.get(tensor) ?? tensor;
    this.values.add(tensor);
    let outer = tensor;
    if (this.outerContext) {
      outer = this.outerContext.addValue(tensor);
      this.values.add(outer);
      this.externals.set(outer, outer);
    }
    const inner = this.graph.controlDependencies(null, () => {
      const switched = switchBeside(outer, this.pred)[this.branch];
      this.outerContext?.addInnerOp(switched.op);
      return switched;
    });
    this.graph.preventFetching(inner.op);
    inner.op.controlFlowContext = this;
    for (let context: FlowContext | null = this; context !== null; context = context.outerContext)
      context.values.add(inner);
    this.externals.set(tensor, inner);
    return inner;
  }

  override addOp(op: Operation): void {
    this.adopt(op);
  }

  override adopt(op: Operation): void {
    if (op.inputs.length === 0) {
      this.removeExternalControls(op);
      if (!op.controlInputs.some((input) => isInContext(input, this))) op.addControlInputs([this.pivot.op]);
    } else {
      for (const [i, input] of op.inputs.entries()) {
        if (op.definition.flow === "merge" && input.op.definition.flow === "nextIteration") continue;
        const real = this.addValue(input);
        if (real !== input) op.updateInput(i, real);
      }
      this.removeExternalControls(op);
    }
    for (let context: FlowContext | null = this; context !== null; context = context.outerContext) {
      for (const output of op.outputs) context.values.add(output);
    }
    if (this.outerContext || op.definition.flow !== "exit") this.graph.preventFetching(op);
    this.outerContext?.addInnerOp(op);
  }

  /** The branch's value of what its function returned. */
  #branchTensor(value: Operation | TensorLike | IndexedSlices): Flowing {
    if (value instanceof Operation) return withDependencies([value], this.pivot);
    if (value instanceof IndexedSlices) {
      const part = (tensor: Tensor): Tensor => this.#output(tensor);
      return new IndexedSlices(part(value.values), part(value.indices), value.denseShape && part(value.denseShape));
    }
    return this.#output(convertToTensor(value));
  }

  #output(tensor: Tensor): Tensor {
    if (this.values.has(tensor)) return this.externals.get(tensor) ?? tensor;
    this.values.add(tensor);
    let real = tensor;
    if (this.outerContext) {
      real = this.outerContext.addValue(tensor);
      this.values.add(real);
      this.externals.set(real, real);
    }
    real = switchBeside(real, this.pred)[this.branch];
    this.externals.set(tensor, real);
    return real;
  }

  /** Calls the branch's function; its leaves as tensors of the branch, by `flatten`. */
  build<R>(
    fn: () => R,
    flatten: (result: R) => readonly (Operation | TensorLike | IndexedSlices)[],
  ): { result: R; tensors: Flowing[] } {
    const result = fn();
    return { result, tensors: flatten(result).map((leaf) => this.#branchTensor(leaf)) };
  }

  override switchGradient(op: Operation, dys: readonly (Flowing | null)[]): Flowing | null {
    const other = dys[1 - this.branch] ?? null;
    const own = dys[this.branch] ?? null;
    if (other === null) {
      return op.inputs[0]!.dtype.base === "resource" && own ? merge([own, own], "cond_resource_grad") : null;
    }
    return merge(dys as Flowing[], "cond_grad");
  }

  override mergeGradient(_op: Operation, dy: Flowing): readonly Flowing[] {
    const loop = (this.graph.controlFlowContext as FlowContext | null)?.gradientLoop ?? null;
    return switchBeside(dy, loop ? loop.realPredicate(this.pred) : this.pred, "cond_grad");
  }
}

/** The innermost branch around an operation up to a context. */
export function branchAround(op: Operation, until: FlowContext | null): CondContext | null {
  for (let at = op.controlFlowContext as FlowContext | null; at !== null && at !== until; at = at.outerContext) {
    if (at instanceof CondContext) return at;
  }
  return null;
}
