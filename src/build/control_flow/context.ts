/** What branches of cond and loops have in common while they are built. Source: control_flow_ops.py, ControlFlowContext. */
import { type ControlFlowContext, isInside, outputContext } from "../../graph/context.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { GradientLoop } from "./gradients/loop.ts";
import type { Flowing } from "./nodes.ts";
import type { WhileContext } from "./while_context.ts";

export abstract class FlowContext implements ControlFlowContext {
  readonly graph: Graph = getDefaultGraph();
  readonly name: string;
  readonly outerContext: FlowContext | null;
  readonly nested: FlowContext[] = [];
  /** Tensors that may be used inside as they are. */
  readonly values = new Set<Tensor>();
  /** What stands inside for a tensor from outside. */
  readonly externals = new Map<Tensor, Tensor>();
  readonly #entered: (ControlFlowContext | null)[] = [];

  constructor(name: string) {
    this.name = name;
    this.outerContext = this.graph.controlFlowContext as FlowContext | null;
    this.outerContext?.nested.push(this);
  }

  abstract addOp(op: Operation): void;
  /** As addOp, for an operation that was made elsewhere. */
  abstract adopt(op: Operation): void;
  abstract addValue(tensor: Tensor): Tensor;
  abstract isWhileContext(): boolean;
  abstract isCondContext(): boolean;
  abstract whileContext(): WhileContext | null;
  /** What operations without inputs wait for. */
  abstract get controlPivot(): Tensor | null;
  abstract switchGradient(op: Operation, dys: readonly (Flowing | null)[]): Flowing | null;
  abstract mergeGradient(op: Operation, dy: Flowing): readonly (Flowing | null)[];

  /** The state of the gradient loop around, if this is one or lies in one. */
  get gradientLoop(): GradientLoop | null {
    return this.whileContext()?.ownGradientLoop ?? null;
  }

  get forwardContext(): ControlFlowContext | null {
    return this.gradientLoop?.forward ?? null;
  }

  exitGradient(_op: Operation, _dy: Flowing): Flowing | null {
    throw new Error("bug: the gradient of an exit outside a loop of gradients");
  }

  enterGradient(_op: Operation, dy: Flowing): Flowing | null {
    return dy;
  }

  enter(): void {
    this.#entered.push(this.graph.controlFlowContext);
    this.graph.setControlFlowContext(this);
  }

  exit(): void {
    this.graph.setControlFlowContext(this.#entered.pop() ?? null);
  }

  /** Makes nodes inside. */
  within<R>(fn: () => R): R {
    this.enter();
    try {
      return fn();
    } finally {
      this.exit();
    }
  }

  /** Results are values of the context around. */
  exitResult(results: readonly (Flowing | null)[]): void {
    if (!this.outerContext) return;
    for (const result of results) {
      if (result === null) continue;
      for (const tensor of result instanceof IndexedSlices ? [result.values, result.indices] : [result]) {
        this.outerContext.values.add(tensor);
      }
    }
  }

  addInnerOp(op: Operation): void {
    this.outerContext?.addInnerOp(op);
  }

  /** Takes away control inputs from outside the loop around; those that stay, and those taken. */
  protected removeExternalControls(op: Operation): { internal: readonly Operation[]; external: readonly Operation[] } {
    const loop = this.whileContext();
    const all = [...op.controlInputs];
    if (loop === null) return { internal: all, external: [] };
    const internal = all.filter((input) => outputContext(input)?.whileContext() === loop);
    if (internal.length === all.length) return { internal, external: [] };
    op.removeControlInputs();
    op.addControlInputs(internal);
    return { internal, external: all.filter((input) => !internal.includes(input)) };
  }

  toString(): string {
    return this.name;
  }
}

export const isInContext = (op: Operation, context: ControlFlowContext): boolean =>
  isInside(op.controlFlowContext, context);
