import { float32 } from "../../../src/core/dtype.ts";
import { ndarray } from "../../../src/core/nd_array.ts";
import type { Operation } from "../../../src/graph/operation.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Places, Programs } from "./program.ts";

const one = () => tf.constant(1, { dtype: float32 });
const after = (...checks: readonly Operation[]): Tensor => tf.controlDependencies(checks, one);

export const checks: Programs = {
  check_equal: ({ x }: Places) => after(tf.assertEqual(x!, x!, { message: "m", summarize: 2 })),
  check_less: ({ x }: Places) =>
    after(tf.assertLess(x!, 2), tf.assertLessEqual(tf.constant(1), tf.constant(2)), tf.assertNoneEqual(x!, 5)),
  check_greater: ({ x }: Places) => after(tf.assertGreater(x!, -2), tf.assertGreaterEqual(x!, -2, { data: [x!] })),
  check_signs: ({ x }: Places) =>
    after(
      tf.assertPositive(x!),
      tf.assertNonNegative(x!, { message: "m" }),
      tf.assertNegative(x!.neg()),
      tf.assertNonPositive(x!.neg()),
    ),
  check_near: ({ x }: Places) => after(tf.assertNear(x!, x!), tf.assertNear(x!, x!, { rtol: 0.1, atol: 0.2 })),
  check_rank: ({ x }: Places) =>
    after(
      tf.assertRank(x!, 2),
      tf.assertRankAtLeast(x!, 1),
      tf.assertRankIn(x!, [1, 2]),
      tf.assertInteger(tf.constant(3)),
      tf.assertType(x!, float32),
    ),
  check_rank_dynamic({ x }: Places) {
    const y = tf.placeholderWithDefault(x!, null);
    return after(tf.assertRank(y, 2), tf.assertRankAtLeast(y, 1), tf.assertRankIn(y, [1, 2]));
  },
  check_rank_of_tensor: ({ x, r }: Places) => after(tf.assertRank(x!, r!)),
  check_monotonic: ({ x }: Places) => [tf.isNonDecreasing(x!), tf.isStrictlyIncreasing(x!)],
  weights_dynamic({ x }: Places) {
    const v = tf.placeholderWithDefault(x!, null);
    const w = tf.placeholderWithDefault(tf.constant(ndarray([[1], [0], [2]], "float32")), null);
    return tf.losses.computeWeightedLoss(v, { weights: w });
  },
};

const scatter =
  (useResource: boolean) =>
  ({ x }: Places): Tensor[] => {
    const v = tf.getVariable("v", { initializer: tf.zeros([3, 4]), useResource });
    const i = tf.constant([0, 2]);
    const rows = x!.at(":2");
    const a = tf.controlDependencies([v.initializer], () => tf.scatterUpdate(v, i, rows));
    const b = tf.controlDependencies([a], () => tf.scatterAdd(v, i, rows, { name: "more" }));
    const c = tf.controlDependencies([b], () =>
      tf.scatterNdUpdate(v, tf.constant([[1, 1]]), tf.constant([9], { dtype: float32 })),
    );
    return tf.controlDependencies([c], () => [tf.identity(tf.scatterMax(v, i, rows))]);
  };

export const updates: Programs = { scatter_reference: scatter(false), scatter_resource: scatter(true) };
