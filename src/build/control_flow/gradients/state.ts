/** What the gradients of while loops keep while gradients are built backwards. Source: tensorflow/python/ops/control_flow_state.py. */
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";

/** The exits of one forward loop, as `gradients` walks back over them. */
export interface LoopExits {
  /** Exits whose gradients are not all there yet. */
  pendingExits: number;
  readonly deferredExits: Tensor[];
  readonly unusedExits: Tensor[];
}

/** The loops between ys and xs. */
export interface LoopState {
  enter(op: Operation, before: boolean): void;
  exit(op: Operation, before: boolean): void;
  /** Exits that no y uses, of loops that ys do use: they need zeros. */
  unusedExits(counts: Map<Operation, number>, ys: ReadonlySet<Operation>): readonly Tensor[];
  zerosForExit(exit: Tensor): Tensor;
  /** Zeros for an output that got no gradient. */
  zerosLike(op: Operation, index: number): Tensor | null;
  exitsOf(op: Operation): LoopExits;
  /** Closes the loops of gradients: what enters them and does not change is zero. */
  finish(): void;
}
