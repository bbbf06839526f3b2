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
} = { differentiate: null };
