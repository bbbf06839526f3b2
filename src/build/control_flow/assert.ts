/** `tf.Assert`: fails the run when a condition is false. Source: tensorflow/python/ops/control_flow_assert.py. */

import { int32, string } from "../../core/dtype.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { assertOp, noOp } from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { assertAtOnce } from "./at_once.ts";
import { cond } from "./branch/cond.ts";

export interface AssertOptions {
  /** How many elements of each tensor are printed; 3 by default. */
  readonly summarize?: number | undefined;
  readonly name?: string | undefined;
}

const assertThatPlaces = ["summarize", "name"] as const;

/** An operation that fails with INVALID_ARGUMENT and the data when `condition` is false. The data is computed only then, unless it is words and int32s. */
export const assertThat = byKeyword(
  ["condition", "data"],
  function assertThat(
    condition: TensorLike,
    data: readonly TensorLike[],
    ...rest: Rest<AssertOptions, typeof assertThatPlaces>
  ): Operation {
    const options = byName<AssertOptions>(rest, assertThatPlaces);
    const summarize = options.summarize ?? 3;
    if (getDefaultGraph().isEager) {
      assertAtOnce(condition, data, summarize);
      return noOp();
    }
    return getDefaultGraph().nameScope(options.name || "Assert", () => {
      const tensors = data.map((item) => convertToTensor(item));
      if (tensors.every((tensor) => tensor.dtype === string || tensor.dtype === int32)) {
        return assertOp({ condition, data, summarize }, "Assert");
      }
      const converted = convertToTensor(condition, { name: "Condition" });
      const guarded = cond(
        converted,
        () => noOp(),
        () => assertOp({ condition: converted, data, summarize }, "Assert"),
        { name: "AssertGuard" },
      );
      // A condition without results in a function is the node that calls the branches.
      return (guarded as Tensor | null)?.op ?? getDefaultGraph().getOperations().at(-1)!;
    });
  },
);
