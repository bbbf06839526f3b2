/** Checks of values that some public functions add to the graph. */
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import * as tf from "../../../index.ts";

/**
 * `equal` gives an operation that fails unless x and y are equal. The layer that has `cond` replaces it by Python's `assert_equal`,
 * which prepares its words only on failure.
 */
export const assertions: { equal: (x: Tensor, y: Tensor) => Operation } = {
  equal(x, y) {
    const isEqual = tf.reduceAll(tf.equal(x, y));
    return tf.assertOp({
      condition: isEqual,
      data: ["Condition x == y did not hold element-wise:", x, y],
      summarize: 3,
    });
  },
};
