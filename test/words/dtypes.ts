/** dtypes and structures that do not fit. */
import { printValue } from "../../src/core/print.ts";
import * as tf from "../../src/index.ts";
import { P, type Statements } from "./statement.ts";

const { float32: f32, float64: f64, int32: i32, int64: i64, string: st, bool: bo } = tf;
const scalar = (value: unknown, name: string): tf.Variable => new tf.Variable(value as never, { name });

export const dtypes: Statements = {
  d_add: () => tf.add(P([2]), P([2], f64)),
  d_add_operator: () => P([2], i32).add(P([2])),
  d_add_float_constant: () => P([2], i32).add(1.5),
  d_add_string: () => P([2]).add("a" as never),
  d_mul_int_var: () => scalar(tf.constant(2), "n").mul(1.5),
  d_matmul: () => tf.matmul(P([2, 2]), P([2, 2], i32)),
  d_sqrt_int: () => tf.sqrt(P([2], i32)),
  d_log_int: () => tf.log(P([2], i32)),
  d_not_float: () => tf.logicalNot(P([2])),
  d_and_float: () => tf.logicalAnd(P([2]), P([2])),
  d_reduce_any: () => tf.reduceAny(P([2])),
  d_reduce_mean_bool: () => tf.reduceMean(P([2], bo)),
  d_equal: () => tf.equal(P([2]), P([2], i32)),
  d_where: () => tf.where(P([2], bo), P([2]), P([2], i32)),
  d_assign: () => tf.assign(scalar(1, "v"), P([], i32)),
  d_assign_text: () => tf.assign(scalar(1, "v"), ["a"]),
  d_constant_text: () => tf.constant("a", f32),
  d_constant_float_as_int: () => tf.constant([1.5, 2.5], i32),
  d_constant_int_as_text: () => tf.constant(1, st),
  d_constant_bool_as_float: () => tf.constant(true, f32),
  d_constant_int_as_bool: () => tf.constant(1, bo),
  d_constant_range: () => tf.constant(300, tf.uint8),
  d_constant_big: () => tf.constant(2 ** 40, i32),
  d_conv_int: () =>
    tf.nn.conv2d(P([1, 5, 5, 1], i64), P([3, 3, 1, 1], i64), { strides: [1, 1, 1, 1], padding: "SAME" }),
  d_softmax_int: () => tf.nn.softmax(P([2, 2], i32)),
  d_relu_string: () => tf.nn.relu(P([2], st)),
  d_one_hot_float: () => tf.oneHot(P([2]), 3),
  d_sparse_xent_float: () => tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: P([2]), logits: P([2, 3]) }),
  d_random_int: () => tf.randomUniform([2], { dtype: i32 }),
  d_gradients_int: () => printValue(tf.gradients(P([], i32).mul(2), [tf.constant(1, f32)])),
  d_variable_none: () => new tf.Variable(undefined as never),
  d_cast_none: () => tf.cast(null as never, f32),
  d_join: () => tf.stringJoin([P([2], st), P([3], st)]),
  d_dtype_name: () => tf.asDtype("float33" as never),
  d_get_variable_dtype: () => tf.getVariable("v", { shape: [2], dtype: st }),
  d_cond_not_callable: () => tf.cond(P([], bo), 1 as never, 2 as never),
  d_cond_structure: () =>
    tf.cond(
      P([], bo),
      () => [tf.constant(1), tf.constant(2)] as never,
      () => tf.constant(1),
    ),
  d_while_structure: () =>
    tf.whileLoop(
      (i) => i.less(3),
      (i) => [i, i] as never,
      [tf.constant(0)],
    ),
  d_while_dtype: () =>
    tf.whileLoop(
      (i) => i.less(3),
      (i) => tf.cast(i, f32) as tf.Tensor,
      [tf.constant(0)],
    ),
  d_normal_int: () => tf.randomNormal([2], { dtype: tf.int32 }),
  d_while_no_vars: () =>
    tf.whileLoop(
      () => true as never,
      () => 1 as never,
      [],
    ),
};
