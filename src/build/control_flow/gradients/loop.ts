/**
 * One forward loop and its loop of gradients. Values of forward iterations that gradients need are pushed onto stacks by the forward
 * loop and popped in the reverse order. Source: control_flow_state.py, _GradLoopState.
 */

import { int32 } from "../../../core/dtype.ts";
import { TypeError } from "../../../core/error.ts";
import { outputContext } from "../../../graph/context.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { constantValue } from "../../../graph/infer.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  constant,
  constOp,
  controlTriggerOp,
  identityOp,
  refIdentityOp,
  refSwitchOp,
  stackPopV2Op,
  stackPushV2Op,
  stackV2Op,
  switchOp,
} from "../../../ops/index.ts";
import { branchAround, CondContext } from "../branch/cond_context.ts";
import type { FlowContext } from "../context.ts";
import { type Flowing, switchBeside } from "../nodes.ts";
import { isConstantEnter, WhileContext } from "../while_context.ts";
import type { LoopExits } from "./state.ts";
import { addBackwardCounter, addForwardCounter } from "./while.ts";

const within = <R>(context: FlowContext | null, fn: () => R): R => (context ? context.within(fn) : fn());

/** Makes a node outside all control dependencies, in no context. */
const apart = <R>(fn: () => R): R => getDefaultGraph().controlDependencies(null, fn);

export class GradientLoop implements LoopExits {
  readonly forward: WhileContext;
  readonly outer: GradientLoop | null;
  /** The loop of gradients. */
  readonly context: WhileContext;
  readonly forwardIndex: Tensor;
  readonly #backwardIndex: Tensor;
  /** The merge in the loop of gradients for each Switch of the forward loop. */
  readonly merges = new Map<Operation, Flowing>();
  readonly #history = new Map<Tensor, Tensor>();
  #forwardSync: Operation | null = null;
  #gradientSync: Operation | null = null;
  readonly forwardExits: readonly Tensor[];
  readonly deferredExits: Tensor[] = [];
  readonly unusedExits: Tensor[] = [];
  pendingExits: number;

  constructor(forward: WhileContext, outer: GradientLoop | null) {
    this.forward = forward;
    this.outer = outer;
    this.forwardExits = [...forward.loopExits];
    this.pendingExits = this.forwardExits.length;
    const around = outer ? outer.forward : forward.outerContext;
    const { total, next } = within(around, () => addForwardCounter(forward, outer));
    this.forwardIndex = next;
    const make = (): WhileContext => new WhileContext(forward.settings, { name: forward.name, gradientLoop: this });
    if (outer) {
      around!.values.add(total);
      const history = outer.pushForward(total);
      outer.context.enter();
      this.context = make();
      const count = outer.popBackward(history, total);
      this.#backwardIndex = addBackwardCounter(this.context, count, outer);
      outer.context.exit();
    } else {
      [this.context, this.#backwardIndex] = within(around, () => {
        const context = make();
        return [context, addBackwardCounter(context, total, null)] as const;
      });
    }
  }

  /** What pushes of this loop's branches are waited for at. */
  get forwardSync(): Operation {
    if (!this.#forwardSync) {
      this.#forwardSync = apart(() => controlTriggerOp({}, "f_sync"));
      this.#forwardSync.controlFlowContext = this.forward;
      this.forwardIndex.op.addControlInputs([this.#forwardSync]);
    }
    return this.#forwardSync;
  }

  get gradientSync(): Operation {
    if (!this.#gradientSync) {
      this.#gradientSync = apart(() => controlTriggerOp({}, "b_sync"));
      this.#gradientSync.controlFlowContext = this.context;
      this.#backwardIndex.op.addControlInputs([this.#gradientSync]);
      this.context.outerContext?.addInnerOp(this.#gradientSync);
    }
    return this.#gradientSync;
  }

  /** Makes the forward loop push the value in each iteration; the stack's handle. */
  pushForward(value: Tensor, options: { isDeadBranch?: boolean } = {}): Tensor {
    const graph = getDefaultGraph();
    const current = graph.controlFlowContext as FlowContext | null;
    return apart(() => {
      const stack = within(current, () =>
        graph.colocateWith(value.op, () =>
          stackV2Op(
            { max_size: constant(-1, { dtype: int32 }), elem_type: value.dtype.baseDtype, stack_name: "" },
            "f_acc",
          ),
        ),
      );
      const entered = this.forward.addValue(stack);
      const push = (): Tensor =>
        stackPushV2Op({ handle: entered, elem: value, swap_memory: this.forward.settings.swapMemory });
      const from = outputContext(value.op) as FlowContext | null;
      let pushed: Tensor;
      if (from === this.forward) {
        pushed = this.forward.within(push);
        this.forwardIndex.op.addControlInputs([pushed.op]);
      } else {
        if (!(from instanceof CondContext)) throw new TypeError(`value_ctxt is not a CondContext: ${from}`);
        if (options.isDeadBranch) {
          pushed = within(from.outerContext, push);
          pushed.op.controlFlowContext = from;
        } else pushed = from.within(push);
        this.forwardSync.addControlInputs([pushed.op]);
      }
      pushed.op.addControlInputs([this.forwardIndex.op.inputs[0]!.op]);
      return stack;
    });
  }

  /** The value pushed in the iteration at hand. */
  popBackward(history: Tensor, value: Tensor, options: { isDeadBranch?: boolean } = {}): Tensor {
    const branch = branchAround(value.op, history.op.controlFlowContext as FlowContext | null);
    const popped = apart(() =>
      this.context.within(() => {
        let handle = history;
        if (branch) {
          let pred: Tensor | undefined;
          for (let loop: GradientLoop | null = this; loop && !pred; loop = loop.outer)
            pred = loop.#history.get(branch.pred);
          const place = options.isDeadBranch ? 1 - branch.branch : branch.branch;
          handle = switchBeside(history, pred ?? branch.pred)[place as 0 | 1];
        }
        const top = stackPopV2Op({ handle, elem_type: value.dtype.baseDtype });
        top.setShape(value.shape);
        return top;
      }),
    );
    if (this.context.settings.parallelIterations > 1) this.gradientSync.addControlInputs([popped.op]);
    return popped;
  }

  /** What a value of the forward loop was in the iteration at hand. Called inside the loop of gradients. */
  realValue(value: Tensor): Tensor {
    const known = this.#history.get(value);
    if (known) return known;
    const real = this.#findValue(value);
    this.#history.set(value, real);
    return real;
  }

  #findValue(value: Tensor): Tensor {
    let current = value;
    let loop: GradientLoop = this;
    for (;;) {
      const entered = constantEnterBehind(current);
      if (entered) {
        current = entered.inputs[0]!;
        if (!loop.outer) return this.context.addValue(current);
        loop = loop.outer;
        continue;
      }
      if (current.op.definition === constOp.definition)
        return constant(constantValue(current)!, { dtype: current.dtype });
      this.context.exit();
      const history = loop.pushForward(current);
      this.context.enter();
      const real = loop.popBackward(history, current);
      return loop === this ? real : this.context.addValue(real);
    }
  }

  /** The predicate of a branch as it was in the iteration at hand. */
  realPredicate(pred: Tensor): Tensor {
    const known = this.#history.get(pred);
    if (known) return known;
    this.context.exit();
    const history = this.pushForward(pred);
    this.context.enter();
    const real = this.popBackward(history, pred);
    this.#history.set(pred, real);
    return real;
  }

  knownPredicate(pred: Tensor): Tensor | undefined {
    return this.#history.get(pred);
  }
}

const passing = () => [switchOp, refSwitchOp, identityOp, refIdentityOp].map((builder) => builder.definition);

/** The constant Enter that a value comes from, through switches and identities. */
function constantEnterBehind(value: Tensor): Operation | null {
  let { op } = value;
  const through = passing();
  while (through.includes(op.definition)) op = op.inputs[0]!.op;
  return isConstantEnter(op) ? op : null;
}
