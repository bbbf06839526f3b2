/** The tape under optimizers: gradients of a loss that is a function. Set by eager execution, which has the tape. */
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import type { Variable } from "../variables/variable.ts";
import type { Gradient } from "./aggregate.ts";

export interface TapedLoss {
  readonly loss: Tensor;
  /** The variables asked for, or those that the loss read. */
  readonly variables: readonly Variable[];
  readonly gradients: readonly (Gradient | null)[];
}

export const taped: {
  differentiate:
    | ((
        loss: () => TensorLike,
        variables: readonly Variable[] | undefined,
        gradLoss: TensorLike | undefined,
      ) => TapedLoss)
    | null;
  /** What fn gives, and the trainable variables that it read. */
  watch: (<R>(fn: () => R) => readonly [result: R, variables: readonly Variable[]]) | null;
  /** The gradients of what fn computes from the sources, for these gradients of its results. */
  pull:
    | ((
        fn: () => readonly Tensor[],
        sources: readonly (Tensor | Variable)[],
        dys: readonly Tensor[],
      ) => readonly (Gradient | null)[])
    | null;
} = { differentiate: null, watch: null, pull: null };
