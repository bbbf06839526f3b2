/**
 * A while loop in its frame:
 *     v ─► Enter ─► Merge ─► Switch(LoopCond) ─► Identity ─► body ─► NextIteration ─► (Merge)
 *                                  └─► Exit
 * What the body takes from outside comes through constant Enters. Source: control_flow_ops.py, WhileContext.
 */
import { ValueError } from "../../core/error.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import { outputContext } from "../../graph/context.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { identity, loopCondOp, rankOp, refIdentityOp, shapeOp, sizeOp } from "../../ops/index.ts";
import { FlowContext } from "./context.ts";
import type { GradientLoop } from "./gradients/loop.ts";
import { enterGradient, exitGradient, loopSwitchGradient } from "./gradients/while.ts";
import { closeLoop, enter, exit, type Flowing, isWithin, merge, switchBeside } from "./nodes.ts";

export interface LoopSettings {
  readonly maximumIterations: Tensor | null;
  readonly parallelIterations: number;
  readonly backProp: boolean;
  readonly swapMemory: boolean;
}

/** What `fromProto` knows of a loop that exists already. */
export interface LoopParts {
  readonly pivotForPred: Tensor;
  readonly pivotForBody: Tensor;
  readonly pivot: Tensor;
  readonly loopExits: readonly Tensor[];
  readonly loopEnters: readonly Tensor[];
}

const shapeFacts = () => [shapeOp, sizeOp, rankOp].map((builder) => builder.definition);

export class WhileContext extends FlowContext {
  readonly settings: LoopSettings;
  /** Set for a loop of gradients. */
  readonly ownGradientLoop: GradientLoop | null;
  pivotForPred: Tensor | null = null;
  pivotForBody: Tensor | null = null;
  /** The loop's condition. */
  pivot: Tensor | null = null;
  loopExits: Tensor[] = [];
  loopEnters: Tensor[] = [];

  constructor(
    settings: LoopSettings,
    options: { name?: string; wholeName?: string; gradientLoop?: GradientLoop } = {},
  ) {
    if (!Number.isInteger(settings.parallelIterations) || settings.parallelIterations <= 0) {
      throw new ValueError(`'parallel_iterations' must be a positive integer: ${settings.parallelIterations}`);
    }
    super(options.wholeName ?? getDefaultGraph().uniqueName(options.name ?? "while_context"));
    this.settings = settings;
    this.ownGradientLoop = options.gradientLoop ?? null;
  }

  override isWhileContext(): boolean {
    return true;
  }

  override isCondContext(): boolean {
    return false;
  }

  override whileContext(): WhileContext {
    return this;
  }

  override get controlPivot(): Tensor | null {
    return this.pivotForBody ?? this.pivotForPred;
  }

  /** Into this loop's frame. */
  enterValue<T extends Flowing>(
    data: T,
    options: { isConstant?: boolean; usesInputShape?: boolean; name?: string } = {},
  ): T {
    return enter(data, { frameName: this.name, parallelIterations: this.settings.parallelIterations, ...options });
  }

  override addValue(tensor: Tensor): Tensor {
    if (this.values.has(tensor) || tensor.op.controlFlowContext === this) return this.externals.get(tensor) ?? tensor;
    this.values.add(tensor);
    const real = this.#valueOfForward(tensor);
    if (real) {
      this.externals.set(tensor, real);
      return real;
    }
    const outer = this.outerContext ? this.outerContext.addValue(tensor) : tensor;
    const entered = this.graph.controlDependencies(null, () => {
      const constant = this.enterValue(outer, { isConstant: true });
      this.graph.preventFeeding(constant);
      this.outerContext?.addInnerOp(constant.op);
      return constant;
    });
    this.#settle([entered]);
    this.values.add(entered);
    this.externals.set(tensor, entered);
    return entered;
  }

  /** In a loop of gradients: what a value of the forward loop was in the iteration at hand. */
  #valueOfForward(tensor: Tensor): Tensor | null {
    const loop = (this.graph.controlFlowContext as FlowContext | null)?.gradientLoop ?? null;
    if (!loop) return null;
    let from = tensor.op.controlFlowContext?.whileContext() ?? null;
    if (tensor.op.definition.flow === "exit") from = from?.outerContext?.whileContext() ?? null;
    return from === loop.forward ? loop.realValue(tensor) : null;
  }

  override addOp(op: Operation): void {
    const loop = (this.graph.controlFlowContext as FlowContext | null)?.gradientLoop ?? null;
    if (loop && shapeFacts().includes(op.definition)) {
      // The shape of a forward value is taken there: it is smaller to keep than the value.
      const from = op.inputs[0]!.op;
      if (from.controlFlowContext?.whileContext() === loop.forward) {
        op.controlFlowContext = from.controlFlowContext;
        (from.controlFlowContext as FlowContext | null)?.adopt(op);
        return;
      }
    }
    this.adopt(op);
  }

  override adopt(op: Operation): void {
    let external: readonly Operation[];
    if (op.inputs.length === 0) {
      const controls = this.removeExternalControls(op);
      external = controls.external;
      if (controls.internal.length === 0) op.addControlInputs([this.controlPivot!.op]);
    } else {
      for (const [i, input] of op.inputs.entries()) {
        const real = this.addValue(input);
        if (real !== input) op.updateInput(i, real);
      }
      external = this.removeExternalControls(op).external;
      if (op.controlInputs.length === 0 && op.inputs.every((input) => isConstantEnter(input.op)))
        op.addControlInputs([this.controlPivot!.op]);
    }
    for (const output of op.outputs) this.values.add(output);
    if (external.length) {
      const waits = this.graph.controlDependencies(null, () =>
        this.within(() =>
          external.filter((each) => each.outputs.length > 0).map((each) => identity(each.outputs[0]!).op),
        ),
      );
      op.addControlInputs(waits);
    }
    if (this.outerContext || op.definition.flow !== "exit") {
      this.graph.preventFetching(op);
      for (const output of op.outputs) this.graph.preventFeeding(output);
    }
    this.outerContext?.addInnerOp(op);
  }

  /** Enters belong to the loop and wait only for what lies in the branches around it. */
  #settle(enters: readonly Tensor[]): void {
    for (const entered of enters) {
      const controls = this.graph.controlInputsFor([entered.op.inputs[0]!]);
      const around = this.outerContext?.whileContext() ?? null;
      const kept = controls.filter((control) => {
        const from = outputContext(control);
        for (let at = this.outerContext; at !== from; at = at.outerContext)
          if (at === null || at === around) return false;
        return true;
      });
      entered.op.controlFlowContext = this;
      entered.op.addControlInputs(kept);
      this.graph.noteMade(entered.op);
    }
  }

  #setValues(tensors: readonly Tensor[]): void {
    this.values.clear();
    for (const tensor of tensors) this.values.add(tensor);
  }

  /** Builds the loop's nodes; the values that leave it, flat. */
  build(
    loopVariables: readonly Tensor[],
    invariants: readonly Shape[],
    condition: (variables: readonly Tensor[]) => TensorLike,
    body: (variables: readonly Tensor[]) => readonly TensorLike[],
  ): Tensor[] {
    this.#setValues(loopVariables);
    const outer = loopVariables.map((tensor) => this.outerContext?.addValue(tensor) ?? tensor);
    const enters = this.graph.controlDependencies(null, () =>
      outer.map((tensor, i) => this.#enterVariable(tensor, invariants[i]!)),
    );
    let pivot: Tensor | null = null;
    for (let at = this.outerContext; at !== null && pivot === null; at = at.outerContext) pivot = at.controlPivot;
    if (pivot) {
      for (const entered of enters)
        if (isConstantEnter(entered.op.inputs[0]!.op)) entered.op.addControlInputs([pivot.op]);
    }
    this.#settle(enters);
    this.#setValues(enters);
    this.loopEnters = enters;
    const merges = enters.map((entered) => merge([entered, entered]) as Tensor);
    this.pivotForPred = merges[0]!;
    this.pivot = loopCondOp({ input: convertToTensor(condition(merges)) }, "LoopCond");
    const switches = merges.map((tensor) => switchBeside(tensor, this.pivot!));
    const inside = switches.map(([, goingOn]) =>
      goingOn.dtype.isRef ? refIdentityOp({ input: goingOn }) : identity(goingOn),
    );
    this.pivotForBody = inside[0]!;
    const results = body(inside);
    if (results.length !== merges.length) {
      throw new ValueError(
        `Number of inputs and outputs of 'body' must match 'loop_vars'. Got ${merges.length} for the number of inputs/outputs, and ${results.length} for 'loop_vars'.`,
      );
    }
    const converted = results.map((result) => convertToTensor(result));
    for (const [i, start] of merges.entries()) closeLoop(start, converted[i]!);
    this.loopExits = switches.map(([leaving]) => exit(leaving));
    this.exitResult(this.loopExits);
    return this.loopExits;
  }

  #enterVariable(tensor: Tensor, invariant: Shape): Tensor {
    const entered = this.enterValue(tensor, { usesInputShape: false });
    if (!isWithin(tensor.shape, invariant)) {
      throw new ValueError(
        `The shape invariant specified for ${tensor.name} is not compatible with the initial shape of the loop variable. It enters the loop with shape ${formatShapePython(tensor.shape)}, but the specified shape invariant is ${formatShapePython(invariant)}.`,
      );
    }
    entered.setShape(invariant);
    this.graph.preventFeeding(entered);
    this.outerContext?.addInnerOp(entered.op);
    return entered;
  }

  override switchGradient(op: Operation, dys: readonly (Flowing | null)[]): Flowing | null {
    return loopSwitchGradient(op, dys);
  }

  override mergeGradient(_op: Operation, dy: Flowing): readonly Flowing[] {
    return switchBeside(dy, (this.graph.controlFlowContext as WhileContext).pivot!);
  }

  override exitGradient(op: Operation, dy: Flowing): Flowing | null {
    return exitGradient(this, op, dy);
  }

  override enterGradient(op: Operation, dy: Flowing): Flowing | null {
    return enterGradient(this, op, dy);
  }
}

export const isConstantEnter = (op: Operation): boolean =>
  op.definition.flow === "enter" && op.getAttr<boolean>("is_constant");
